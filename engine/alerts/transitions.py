"""When an alert's state changes: a pure function of what is found now, what stands, and what people did.

An alert has a key (type, product, location, source). Each time its cause appears a new *episode* opens;
within an episode it may worsen by stated steps, and it is resolved when the cause is gone. A change is named
by key, episode and step, so the same change has the same id for ever, however often it is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from engine.alerts.change import AlertChange, Change, Level
from engine.contracts import ALERT_LEVELS


class Key(NamedTuple):
    """What an alert is about; '' where it is not about one."""

    alert_type: str
    sku: str
    location: str
    source: str


@dataclass(frozen=True)
class Finding:
    """What a rule finds now."""

    key: Key
    severity: float
    """Money at risk [money]."""
    firm: bool
    """Reaches its thresholds. Not firm: between them and their release, where a standing alert goes on."""
    level: Level
    worsen_share: float
    worsen_money: float
    by_level: bool
    """Worsens by a higher level: its money says little of how bad it is."""
    cause: str
    act: str
    covered_by: str
    link: str
    category: str = ""
    product_name: str = ""
    location_name: str = ""


@dataclass(frozen=True)
class Transition:
    """One recorded change."""

    change: AlertChange
    episode: int
    """1 for the first."""
    step: int
    """0 as it opens, then 1, 2, … within the episode."""
    told: bool = True
    """Anybody is told of it; not of the end of an alert that a person closed."""

    @property
    def key(self) -> Key:
        """What it is about."""
        return Key(self.change.alert_type, self.change.sku, self.change.location, self.change.source)


@dataclass(frozen=True)
class Standing:
    """An alert after its last change."""

    last: Transition
    opened_at: datetime
    """When its last episode opened."""
    told_severity: float
    """Money at risk when last told as opened or worsened [money]."""
    told_level: Level

    @property
    def episode(self) -> int:
        """How often it opened so far."""
        return self.last.episode

    @property
    def is_open(self) -> bool:
        """Its cause was there at the last change."""
        return self.last.change.change != "resolved"


@dataclass(frozen=True)
class Handled:
    """What people did with the episode that stands; the last act counts."""

    state: Literal["in_progress", "snoozed", "closed"]
    author: str
    reason: str
    at: datetime
    until: date | None = None
    """Day on which a snooze ends; None: with the next change."""


Book = dict[Key, Standing]
"""Every alert that ever opened, as it stands."""


def change_id(key: Key, episode: int, step: int) -> str:
    """Name a change.

    Examples
    --------
    >>> change_id(Key("stockout", "007", "S1", "Acme"), 1, 0)
    '20b2451911ee2800ce64032483c72d30'
    """
    text = json.dumps([*key, episode, step], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def fold(book: Book, transitions: Iterable[Transition]) -> Book:
    """Return what stands after more changes, in order; a change that was applied already adds nothing."""
    book = dict(book)
    for made in transitions:
        known = book.get(made.key)
        if known is not None and (known.episode, known.last.step) >= (made.episode, made.step):
            continue
        change = made.change
        opened = change.change == "opened"
        if opened or known is None:
            book[made.key] = Standing(made, change.at, change.severity, change.level)
        elif change.change == "worsened":
            book[made.key] = replace(known, last=made, told_severity=change.severity, told_level=change.level)
        else:
            book[made.key] = replace(known, last=made)
    return book


def decide(
    findings: Iterable[Finding],
    book: Mapping[Key, Standing],
    handled: Mapping[Key, Handled],
    *,
    at: datetime,
    run_id: str,
    unknown: Callable[[Key], bool] = lambda _key: False,
) -> list[Transition]:
    """Return the changes of state, dearest first, then by key.

    Parameters
    ----------
    findings
        What the rules find now, one a key.
    book
        What stands.
    handled
        What people did with the standing episodes.
    at, run_id
        Written into the changes.
    unknown
        Whether nothing can be said of a key now (its line is held for bad data): it stays as it stands.

    Returns
    -------
    list of Transition
        Empty if nothing changed; the same findings again therefore give nothing.

    Notes
    -----
    - opened: firm, and no episode stands. Also a new episode of one that a person closed, if it is dearer by
      the stated step than when it was closed.
    - worsened: dearer than last told by the stated step, and not snoozed to a day that is still to come.
      A cheaper alert is not told, and does not lower what was told.
    - resolved: neither firm nor held by its release. Told unless a person closed it.
    """
    found = {finding.key: finding for finding in findings}
    made = []
    for key, finding in found.items():
        transition = _appeared(finding, book.get(key), handled.get(key), at, run_id)
        if transition is not None:
            made.append(transition)
    for key, standing in book.items():
        if standing.is_open and key not in found and not unknown(key):
            made.append(_resolved(standing, handled.get(key), at, run_id))
    return sorted(
        made, key=lambda each: (-max(each.change.severity, each.change.previous_severity), each.key)
    )


def is_worse(severity: float, level: Level, finding: Finding, than: float, told: Level) -> bool:
    """Whether money went up by the stated step, or the level did where money says little."""
    if finding.by_level:
        return ALERT_LEVELS.index(level) > ALERT_LEVELS.index(told)
    return severity >= than * (1.0 + finding.worsen_share) and severity >= than + finding.worsen_money


def snoozed(handled: Handled | None, today: date) -> bool:
    """Whether nothing is told of an alert today that only got worse."""
    return (
        handled is not None
        and handled.state == "snoozed"
        and handled.until is not None
        and today < handled.until
    )


def _appeared(
    finding: Finding, standing: Standing | None, handled: Handled | None, at: datetime, run_id: str
) -> Transition | None:
    if standing is None or not standing.is_open:
        episode = 1 if standing is None else standing.episode + 1
        return _made(finding, "opened", 0.0, episode, 0, at, run_id) if finding.firm else None
    told, level = standing.told_severity, standing.told_level
    if not finding.firm or not is_worse(finding.severity, finding.level, finding, told, level):
        return None
    if handled is not None and handled.state == "closed":
        return _made(finding, "opened", 0.0, standing.episode + 1, 0, at, run_id)
    if snoozed(handled, at.date()):
        return None
    return _made(finding, "worsened", told, standing.episode, standing.last.step + 1, at, run_id)


def _made(
    finding: Finding, change: Change, previous: float, episode: int, step: int, at: datetime, run_id: str
) -> Transition:
    return Transition(
        AlertChange(
            change_id=change_id(finding.key, episode, step),
            change=change,
            alert_type=finding.key.alert_type,
            sku=finding.key.sku,
            location=finding.key.location,
            source=finding.key.source,
            category=finding.category,
            product_name=finding.product_name,
            location_name=finding.location_name,
            severity=finding.severity,
            previous_severity=previous,
            level=finding.level,
            cause=finding.cause,
            act=finding.act,
            covered_by=finding.covered_by,
            link=finding.link,
            run_id=run_id,
            at=at,
        ),
        episode,
        step,
    )


def _resolved(standing: Standing, handled: Handled | None, at: datetime, run_id: str) -> Transition:
    last, step = standing.last.change, standing.last.step + 1
    key = standing.last.key
    return Transition(
        replace(
            last,
            change_id=change_id(key, standing.episode, step),
            change="resolved",
            severity=0.0,
            previous_severity=standing.told_severity,
            level="info",
            cause=f"No longer so: {last.cause}",
            act="",
            covered_by="",
            run_id=run_id,
            at=at,
        ),
        standing.episode,
        step,
        told=handled is None or handled.state != "closed",
    )
