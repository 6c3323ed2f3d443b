"""When a subscription is told: at once, hourly or daily, and never in its quiet hours. Pure functions.

All by the wall clock of the subscription's time zone. A time that a change of the clocks leaves out is the
instant it would have been by the clock before; of a time that comes twice the first counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

Digest = Literal["immediately", "hourly", "daily"]
DIGESTS: tuple[Digest, ...] = get_args(Digest)


@dataclass(frozen=True)
class Schedule:
    """When news may go out."""

    digest: Digest = "immediately"
    digest_at: str = "07:00"
    """Wall clock of a daily digest, HH:MM."""
    quiet_from: str = ""
    quiet_to: str = ""
    """Nothing goes out between, HH:MM; over midnight if `from` is the later one. '': never quiet."""
    time_zone: str = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)


AT_ONCE = Schedule()
"""No digest, no quiet hours."""


def schedule_faults(schedule: Schedule) -> list[str]:
    """Say what is wrong with a schedule."""
    faults = []
    if schedule.digest not in DIGESTS:
        faults.append(f"digest is {schedule.digest!r}; it must be one of {', '.join(DIGESTS)}")
    if schedule.time_zone not in available_timezones():
        faults.append(f"time zone {schedule.time_zone!r} is not known; write one such as Europe/Paris or UTC")
    if not _is_time(schedule.digest_at):
        faults.append(f"digest time is {schedule.digest_at!r}; write HH:MM, such as 07:30")
    if bool(schedule.quiet_from) != bool(schedule.quiet_to):
        faults.append("quiet hours need both a start and an end")
    faults += [
        f"quiet hours have {value!r}; write HH:MM, such as 22:00"
        for value in (schedule.quiet_from, schedule.quiet_to)
        if value and not _is_time(value)
    ]
    if schedule.quiet_from and schedule.quiet_from == schedule.quiet_to:
        faults.append(f"quiet hours from {schedule.quiet_from} to {schedule.quiet_to} would never end")
    return faults


def release_at(arrived: datetime, schedule: Schedule) -> datetime:
    """Return the instant from which news that arrived then may go out.

    Parameters
    ----------
    arrived
        Instant with a time zone.

    Returns
    -------
    datetime
        UTC, not before `arrived`, never in quiet hours.

    Examples
    --------
    >>> daily = Schedule("daily", "07:30", time_zone="Europe/Paris")
    >>> release_at(datetime(2026, 11, 23, 9, tzinfo=UTC), daily).isoformat()
    '2026-11-24T06:30:00+00:00'
    """
    due = arrived.astimezone(UTC)
    if schedule.digest == "hourly":
        due = _next_hour(due, schedule.zone)
    elif schedule.digest == "daily":
        due = _next(due, _time(schedule.digest_at), schedule.zone)
    return _end_of_quiet(due, schedule)


def is_quiet(at: datetime, schedule: Schedule) -> bool:
    """Whether an instant lies in the quiet hours."""
    # In UTC: an instant that comes twice by the wall clock equals nothing in another zone.
    instant = at.astimezone(UTC)
    return _end_of_quiet(instant, schedule) != instant


def _end_of_quiet(at: datetime, schedule: Schedule) -> datetime:
    if not schedule.quiet_from:
        return at
    start, end = _time(schedule.quiet_from), _time(schedule.quiet_to)
    local = at.astimezone(schedule.zone)
    # The quiet night that this instant may lie in began today or, over midnight, yesterday.
    for day in (local.date() - timedelta(days=1), local.date()):
        begins = _instant(datetime.combine(day, start), schedule.zone)
        last_day = day + timedelta(days=1) if end <= start else day
        ends = _instant(datetime.combine(last_day, end), schedule.zone)
        if begins <= at < ends:
            return ends
    return at


def _next(at: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """Return the first instant at `clock` that is not before `at`."""
    day = at.astimezone(zone).date()
    today = _instant(datetime.combine(day, clock), zone)
    return today if today >= at else _instant(datetime.combine(day + timedelta(days=1), clock), zone)


def _next_hour(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return at if not past else at - past + timedelta(hours=1)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _is_time(text: str) -> bool:
    return bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text))


def _time(text: str) -> time:
    return time.fromisoformat(text)
