"""What carries messages on AWS, as data: the one source of the template, of `shelfcast dev-aws` and of tests.

    machines ── telemetry ───────→ telemetry ────┐
                sales ───────────→ sales ────────┤ inventory_processor ──→ ledger of facts
    people, ─── stock-acts.fifo ─→ stock-acts ───┤    │ changed keys → replan     │ acts → decisions.fifo
    ERP         orders.fifo ─────→ orders ───────┘    ↓                           ↓
    people ──── decisions.fifo ──→ decisions ───→ optimization_engine ──→ runs, alerts ─→ notifications
    files below incoming/ ───────→ incoming ────────┘                                        ↓
    e-mail, SMS, webhooks, queues ←── alerts ←────────────────────────────── notification_handler

One topic a family of events, one queue a topic, and **no filter on the way in**: SNS drops, without a word,
what no policy lets through, and also every message without attributes (`exists: false` matches only where
some attribute is). Unfiltered, a message that nobody understands becomes a dead letter with its reason.
Filters belong on the way out, on `alerts`, where not to be told is the wish: `jobs.notify_filter`.

Facts commute, so a fact is right on any queue, a wrong one included: order on the FIFO queues makes a state
*timely*, the fold of the ledger makes it *right*.
"""

from __future__ import annotations

from infra.shapes import (
    BucketNotification,
    Function,
    Queue,
    Ref,
    Schedule,
    SourceMapping,
    Subscription,
    Topic,
    Topology,
)

TELEMETRY = ("inventory.updated",)
SALES = ("sale.recorded", "sale")
STOCK_ACTS = ("inventory.counted", "inventory.transferred", "inventory.written_off")
ORDERS = ("order.placed", "order.changed", "order.sent", "order.received", "order.cancelled")

_LAKE = {"SHELFCAST_LAKE": Ref("lake")}
_REPLAN = {"SHELFCAST_REPLAN_QUEUE": Ref("queue", "replan")}
_DECISIONS = {"SHELFCAST_DECISIONS_QUEUE": Ref("queue", "decisions.fifo")}
_NOTIFICATIONS = {"SHELFCAST_NOTIFICATIONS_QUEUE": Ref("queue", "notifications")}
_ALERTS = {"SHELFCAST_ALERTS_TOPIC": Ref("topic", "alerts")}


TOPOLOGY = Topology(
    topics=(
        Topic("telemetry", TELEMETRY),
        Topic("sales", SALES),
        Topic("stock-acts.fifo", STOCK_ACTS),
        Topic("orders.fifo", ORDERS),
        Topic("decisions.fifo", people=True),
        Topic("alerts"),
    ),
    queues=(
        # visibility: six times the function's timeout, and the window in which a batch is gathered
        Queue("telemetry", 190),
        Queue("sales", 190),
        Queue("stock-acts.fifo", 180),
        Queue("orders.fifo", 180),
        Queue("decisions.fifo", 1800),
        Queue("replan", 1840, max_receive_count=3),
        Queue("incoming", 1800, max_receive_count=3),
        Queue("notifications", 360),
        Queue("reports", 720, max_receive_count=3),
    ),
    subscriptions=(
        Subscription("telemetry", "telemetry"),
        Subscription("sales", "sales"),
        Subscription("stock-acts.fifo", "stock-acts.fifo"),
        Subscription("orders.fifo", "orders.fifo"),
        Subscription("decisions.fifo", "decisions.fifo"),
    ),
    mappings=(
        SourceMapping("telemetry", "inventory_processor", 1000, 5, max_concurrency=10),
        SourceMapping("sales", "inventory_processor", 1000, 5, max_concurrency=10),
        SourceMapping("stock-acts.fifo", "inventory_processor", 10, max_concurrency=10),
        SourceMapping("orders.fifo", "inventory_processor", 10, max_concurrency=10),
        SourceMapping("decisions.fifo", "optimization_engine", 10),
        SourceMapping("replan", "optimization_engine", 1000, 30),
        SourceMapping("incoming", "optimization_engine", 1),
        SourceMapping("notifications", "notification_handler", 10),
        SourceMapping("reports", "report_generator", 1),
    ),
    functions=(
        Function("inventory_processor", 512, 30, _LAKE | _REPLAN | _DECISIONS),
        Function("optimization_engine", 6144, 300, _LAKE | _REPLAN | _NOTIFICATIONS),
        Function("notification_handler", 1024, 60, _LAKE | _ALERTS),
        Function("report_generator", 2048, 120, _LAKE),
        Function("api", 1024, 29, _LAKE),
    ),
    schedules=(
        Schedule("plan", "optimization_engine", "cron(0 4 * * ? *)", {"job": "plan"}),
        Schedule("compact", "optimization_engine", "rate(1 hour)", {"job": "compact"}),
        Schedule("alerts", "optimization_engine", "rate(15 minutes)", {"job": "alerts"}),
        Schedule("digests", "notification_handler", "rate(15 minutes)", {"job": "digests"}),
        Schedule(
            "report", "report_generator", "cron(30 5 ? * MON *)", {"job": "report", "kind": "performance"}
        ),
    ),
    notifications=(BucketNotification("incoming/", "incoming"),),
)
"""The whole of it. `infra.rules.faults` says what is wrong with a topology; of this one, nothing."""
