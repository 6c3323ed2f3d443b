"""Exactly once, whatever dies when: processes run inside each other and are killed anywhere."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from data_lake.errors import NoSuchObject
from jobs.notices.news import News
from jobs.notify import tell
from jobs.notify_channels import Outgoing
from jobs.notify_decide import decide
from jobs.notify_filter import Filter, matches
from jobs.notify_log import CHECKPOINTS, read_state
from jobs.notify_schedule import Schedule
from jobs.subscriptions import Subscription
from messaging.delivery import DeliveryError

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TYPES = ("stockout", "expiry", "excess")


def piece(number: int, at: datetime = START) -> News:
    return News(
        f"change-{number}", "opened", TYPES[number % 3], f"{number:03d}", "S1", "Acme", "Dairy", "Milk",
        "Lyon", 10.0 * number, 0.0, "warning", "Why.", "Act.", "", "item", "run", "", at,
    )  # fmt: skip


PEOPLE = (
    Subscription("ana", "email", "ana@example.com", "Ana"),
    Subscription("bo", "email", "bo@example.com", "Bo", Filter(types=("expiry",)), Schedule("hourly")),
    Subscription("erp", "queue", "https://sqs.example.com/1/q", "ERP", schedule=Schedule("daily", "07:00")),
    Subscription(
        "cy",
        "sms",
        "+33612345678",
        "Cy",
        Filter(least_money=40.0),
        Schedule("immediately", "07:00", "22:00", "06:00"),
    ),
)


class Killed(BaseException):
    """The process is gone: nothing that it would have done afterwards happens."""


@dataclass
class World:
    """Storage shared by processes; before and after each of a process's steps something may happen."""

    stored: dict[str, bytes] = field(default_factory=dict)
    delivered: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """(subscription, message name, news) as the channels saw them."""
    killed_after_send: int = 0


@dataclass
class Process:
    """One call of `tell` with its own bad luck; it is the `Objects` that the call writes through."""

    world: World
    die_at: int = -1
    """Step at which it is killed; odd: after the step took effect, even: before."""
    inside: dict[int, Callable[[], None]] = field(default_factory=dict)
    """Other processes that run while this one is at a step."""
    refuse: frozenset[str] = frozenset()
    """Subscriptions whose channel fails."""
    step: int = 0

    def _around(self, effect: Callable[[], object], *, sending: bool = False) -> object:
        self.step += 1
        other = self.inside.pop(self.step, None)
        if other is not None:
            other()
        if self.die_at == 2 * self.step:
            raise Killed
        result = effect()
        if self.die_at == 2 * self.step + 1:
            self.world.killed_after_send += sending
            raise Killed
        return result

    def put_new(self, key: str, body: bytes) -> bool:
        def put() -> bool:
            if key in self.world.stored:
                return False
            self.world.stored[key] = body
            return True

        # Dying before the mark that follows a send leaves it sent and unmarked: the one window there is.
        if key.startswith("outbox/sent/") and self.die_at == 2 * (self.step + 1):
            self.world.killed_after_send += 1
        return bool(self._around(put))

    def get(self, key: str) -> bytes:
        if key not in self.world.stored:
            raise NoSuchObject(key)
        return self.world.stored[key]

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        found = self._around(
            lambda: sorted(key for key in self.world.stored if key.startswith(prefix) and key > start_after)
        )
        assert isinstance(found, list)
        return found

    def delete(self, keys: Iterable[str]) -> None:
        raise AssertionError("the outbox deletes nothing")

    def send(self, message: Outgoing) -> None:
        who = message.subscription.subscription
        if who in self.refuse:
            raise DeliveryError("the server says no")
        ids = tuple(one.news_id for one in message.news)
        self._around(lambda: self.world.delivered.append((who, message.name, ids)), sending=True)


@dataclass(frozen=True)
class Call:
    """What one process is asked, and what happens to it."""

    news: tuple[int, ...]
    minutes: int
    """After the call before."""
    die_at: int
    refuse: frozenset[str]
    inside: tuple[tuple[int, Call], ...] = ()


def run(world: World, call: Call, at: datetime) -> None:
    process = Process(world, call.die_at, refuse=call.refuse)
    # A process inside another comes while that one works: well within the five minutes of a claim.
    for step, other in call.inside:
        process.inside[step] = lambda other=other: run(world, other, at + timedelta(seconds=20))
    news = [piece(number) for number in call.news]
    with contextlib.suppress(Killed):
        tell(process, news, PEOPLE, at=at, send=process.send, side_by_side=1)


NUMBERS = st.lists(st.integers(0, 8), max_size=6).map(tuple)


def calls(depth: int) -> st.SearchStrategy[Call]:
    inner = (
        st.just(())
        if depth == 0
        else st.lists(st.tuples(st.integers(1, 14), calls(depth - 1)), max_size=2).map(tuple)
    )
    return st.builds(
        Call,
        news=NUMBERS,
        minutes=st.sampled_from([0, 1, 4, 6, 40, 700]),
        die_at=st.one_of(st.just(-1), st.integers(2, 40)),
        refuse=st.frozensets(st.sampled_from([one.subscription for one in PEOPLE]), max_size=2),
        inside=inner,
    )


@given(st.lists(calls(2), min_size=1, max_size=6))
@effort(max_examples=200)
def test_every_change_is_told_once_to_everybody_who_wants_it(history: list[Call]) -> None:
    world = World()
    at = START
    asked: set[int] = set()
    for call in history:
        at += timedelta(minutes=call.minutes)
        run(world, call, at)
        asked |= _asked(call)
    # Whoever brought the changes brings them again until a call returns, then only time passes.
    for day in range(1, 4):
        again = Call(tuple(asked) if day == 1 else (), 0, -1, frozenset())
        for hours in (0, 7):
            run(world, again, at + timedelta(days=day, hours=hours))

    for who in PEOPLE:
        wanted = {f"change-{number}" for number in asked if matches(who.wanted, piece(number))}
        messages = {name: ids for to, name, ids in world.delivered if to == who.subscription}
        told = Counter(news_id for ids in messages.values() for news_id in ids)
        assert told == Counter(wanted), who.subscription
    sends = Counter(name for _, name, _ in world.delivered)
    assert sum(sends.values()) - len(sends) <= world.killed_after_send


def _asked(call: Call) -> set[int]:
    return set(call.news).union(*(_asked(other) for _, other in call.inside))


def test_without_a_kill_nothing_is_ever_sent_twice() -> None:
    world = World()
    busy = Call(
        (1, 2, 3),
        0,
        -1,
        frozenset(),
        tuple((step, Call((2, 3, 4), 0, -1, frozenset())) for step in (2, 4, 6, 8)),
    )
    for minute in range(3):
        run(world, busy, START + timedelta(minutes=minute))
    assert max(Counter(name for _, name, _ in world.delivered).values()) == 1


def test_a_first_run_with_a_flood_is_one_message() -> None:
    world = World()
    run(world, Call(tuple(range(3000)), 0, -1, frozenset()), START)
    assert [(who, len(ids)) for who, _, ids in world.delivered] == [("ana", 3000), ("cy", 2996)]


def test_machines_get_messages_that_a_queue_takes() -> None:
    state = read_state(Process(World()))
    at_once = replace(PEOPLE[2], schedule=Schedule())
    decided = decide(state, [piece(number) for number in range(250)], [at_once], at=START)
    assert [len(ids) for _, ids in decided.messages] == [100, 100, 50]


def test_checkpoints_keep_what_is_heard_waits_and_is_not_sent() -> None:
    world = World()
    for number in range(140):
        run(world, Call((number,), 0, -1, frozenset({"ana"})), START)
    assert len([key for key in world.stored if key.startswith(CHECKPOINTS)]) == 2
    state = read_state(Process(world))
    assert len(state.heard) == 140
    assert len(state.waiting["erp"]) == 140
    assert sum(message.subscription == "ana" for message in state.messages) == 140
    assert (
        sum(message.subscription == "cy" for message in state.messages) == 140 - 127
    )  # sent before the checkpoint: left out
    run(world, Call(tuple(range(140)), 0, -1, frozenset()), START + timedelta(days=1))
    told = Counter(one for who, _, ids in world.delivered if who == "ana" for one in ids)
    assert told == Counter(f"change-{number}" for number in range(140))


def test_news_too_old_to_be_remembered_is_no_news() -> None:
    world = World()
    process = Process(world)
    old = piece(1, START - timedelta(days=401))
    assert tell(process, [old], PEOPLE, at=START, send=process.send).sent == 0
    assert world.stored == {}


def test_a_failing_channel_is_tried_again_ever_later_and_blocks_nobody() -> None:
    world = World()
    at, tried = START, []
    for minute in range(70):
        process = Process(world, refuse=frozenset({"ana"}))
        done = tell(
            process, [piece(5)] if minute == 0 else [], PEOPLE[:1] + PEOPLE[3:], at=at, send=process.send
        )
        assert done.failed == 1
        assert "says no" in done.failures[0].reason
        tried.append(done.failures[0].tries)
        at += timedelta(minutes=1)
    assert world.delivered[0][0] == "cy"
    first_seen = [tried.index(number) for number in range(1, 8)]
    assert first_seen == [0, 1, 3, 7, 15, 31, 63]


def test_who_was_only_slow_and_marks_in_time_is_not_repeated() -> None:
    world = World()

    def stuck(_: Outgoing) -> None:
        raise Killed

    with contextlib.suppress(Killed):
        tell(Process(world), [piece(1)], PEOPLE[:1], at=START, send=stuck)
    (claim,) = (key for key in world.stored if key.endswith("0001-claim"))
    sent = claim.replace("tries/", "sent/").removesuffix("/0001-claim")

    class Second(Process):
        def put_new(self, key: str, body: bytes) -> bool:
            if key.endswith("0002-claim"):
                self.world.stored[sent] = b"{}"  # the first has sent and marks, just now
            return super().put_new(key, body)

    second = Second(world)
    assert tell(second, [], PEOPLE[:1], at=START + timedelta(minutes=6), send=second.send).sent == 0
    assert world.delivered == []


def test_a_server_that_is_silent_is_asked_once_a_wait_however_much_there_is_for_it() -> None:
    process = Process(World())
    asked = []

    def silent(message: Outgoing) -> None:
        asked.append(message.name)
        raise DeliveryError("nobody answers", unreachable=True)

    for second in (0, 10, 20, 59, 60, 70, 179, 180):
        done = tell(process, [piece(second)], PEOPLE[:1], at=START + timedelta(seconds=second), send=silent)
        assert {one.reason for one in done.failures} == {"nobody answers"}
    assert len(asked) == 3  # at 0, 60 and 180 s
    assert len(set(asked)) == 1
    later = START + timedelta(hours=1)
    assert tell(process, [], PEOPLE[:1], at=later, send=process.send).sent == 8


def test_what_cannot_be_delivered_for_two_weeks_is_given_up() -> None:
    world = World()
    process = Process(world, refuse=frozenset({"ana"}))
    for day in range(16):
        tell(process, [piece(1)], PEOPLE[:1], at=START + timedelta(days=day), send=process.send)
    done = tell(Process(world), [], PEOPLE[:1], at=START + timedelta(days=20), send=Process(world).send)
    assert (done.sent, done.failed, world.delivered) == (0, 0, [])


def test_a_subscription_that_is_gone_gets_nothing_more_and_one_that_pauses_gets_it_later() -> None:
    world = World()
    ana, _, erp, _ = PEOPLE
    process = Process(world, refuse=frozenset({"ana"}))
    tell(process, [piece(1)], [ana, erp], at=START, send=process.send)
    resting = replace(ana, active=False)
    later = START + timedelta(days=1)
    assert tell(process, [piece(2)], [resting], at=later, send=process.send).waiting == 0  # erp is gone
    process = Process(world)
    done = tell(process, [], [ana], at=later, send=process.send)
    assert (done.sent, world.delivered[0][2]) == (1, ("change-1",))  # what came meanwhile is not told
    tell(
        Process(world), [piece(4)], [ana], at=later, send=lambda _: (_ for _ in ()).throw(DeliveryError("no"))
    )
    assert tell(Process(world), [], [], at=later + timedelta(days=1), send=process.send).failed == 0
    assert tell(Process(world), [], [ana], at=later + timedelta(days=2), send=process.send).sent == 0
