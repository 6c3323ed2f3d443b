"""What the copy of a lake needs before events come: nobody outside to tell, a plan, its alerts judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from data_lake.lake import Lake
from data_lake.runs import latest_run
from jobs.alert_book import read_book
from jobs.notify_channels import channels_of
from jobs.plan import plan
from jobs.react import follow
from jobs.replan import replan
from jobs.subscriptions import add_subscription, change_subscription, subscriptions

AUTHOR = "dev-aws"


def pause_what_leaves_the_house(lake: Lake) -> list[str]:
    """Pause subscriptions by webhook, queue and SMS, whose addresses may be real; return their names."""
    paused = [one.subscription for one in subscriptions(lake) if one.channel != "email" and one.active]
    for name in paused:
        change_subscription(lake, name, {"active": False}, author=AUTHOR, reason="a rehearsal", at=_now())
    return paused


def why_plan(lake: Lake) -> str:
    """Say why events could not be planned on the plan that is there; '' if they can."""
    if latest_run(lake) is None:
        return "it has no plan"
    return "; ".join(replan(lake, at=_now()).needs_full_plan)


def make_plan(lake: Lake) -> None:
    """Plan everything."""
    plan(lake)


def judge(lake: Lake, mail_settings: Mapping[str, str]) -> int:
    """Record the alerts that stand, so that the first event does not bring all of them; return how many."""
    follow(lake, (), at=_now(), channels=channels_of(mail_settings))
    return sum(one.is_open for one in read_book(lake).book.values())


def have_somebody_told(lake: Lake, address: str) -> None:
    """Subscribe an address if nobody is told by mail."""
    if not any(one.channel == "email" and one.active for one in subscriptions(lake)):
        add_subscription(
            lake,
            channel="email",
            endpoint=address,
            recipient=address.partition("@")[0],
            author=AUTHOR,
            reason="somebody to tell",
            at=_now(),
        )


def _now() -> datetime:
    return datetime.now(UTC)
