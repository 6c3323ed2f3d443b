"""Alert: judge the current plan, and record each change of an alert's state exactly once.

What is found is compared with what stands; changes are appended as one numbered act that only one writer can
create. So a second call, a restart, a replay or two at once repeat nothing, and a crash loses nothing: an act
is there whole or not at all, and `pending_changes` names what is recorded and not yet handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from data_lake.lake import Lake
from data_lake.ledger import read_events
from data_lake.runs import Run, latest_run
from engine.alerts.change import AlertChange
from engine.alerts.transitions import Book, Finding, Transition, decide, fold
from jobs import alert_book, alert_told
from jobs.alert_findings import Found, find
from jobs.alert_people import fold_handled
from jobs.alert_table import materialise

__all__ = ["alert", "mark_told", "pending_changes", "record"]


def alert(lake: Lake, *, at: datetime, run: Run | None = None) -> list[AlertChange]:
    """Decide which alerts open, worsen or are resolved, record it, and return the new changes.

    Parameters
    ----------
    lake
        Where runs, ledger and record are.
    at
        Now [UTC]; written into the changes.
    run
        The run to judge; default: the current one, looked up again should another plan be made meanwhile.

    Returns
    -------
    list of AlertChange
        What this call recorded, dearest first; [] if nothing changed, as on a second call. A first call opens
        everything at once, in one act.

    Notes
    -----
    Approved and sent orders are supply, proposals are not: see `AlertChange.covered_by`. The table `alerts`
    is renewed on every call.
    """
    judged = run or latest_run(lake)

    def newer(found: Found) -> Found | None:
        newest = None if run else latest_run(lake)
        return find(lake, newest, at) if newest and newest != found.run else None

    changes = record(lake, find(lake, judged, at), at=at, newer=newer)
    return [each.change for each in changes if each.told]


def record(
    lake: Lake, found: Found, *, at: datetime, newer: Callable[[Found], Found | None] = lambda _: None
) -> list[Transition]:
    """Record the changes that findings make to what stands, and renew the table `alerts`.

    Parameters
    ----------
    lake, found, at
        See `alert`.
    newer
        Returns findings that replace these, if there are any by now.
    """
    while True:
        found = newer(found) or found
        recorded = alert_book.read_book(lake)
        events = read_events(lake)
        findings = _one_a_shortage(found.findings, recorded.book)
        changes = decide(
            findings,
            recorded.book,
            fold_handled(events, recorded.book),
            at=at,
            run_id=found.run.run_id if found.run else "",
            unknown=found.unknown,
        )
        if not changes:
            break
        if alert_book.append_act(lake, recorded.number + 1, changes):
            break
    # one instant a run, so that another call leaves the table as it is
    seen = found.run.created_at if found.run else at
    book = fold(recorded.book, changes)
    materialise(lake, book, fold_handled(events, book), findings, seen=seen)
    return changes


def pending_changes(lake: Lake) -> list[AlertChange]:
    """Return the changes that are recorded and not yet marked as told, in the order of recording."""
    return alert_told.pending(lake)


def mark_told(lake: Lake, changes: Sequence[AlertChange]) -> None:
    """Record that changes are handed over durably; `pending_changes` leaves them out from now on."""
    alert_told.mark_told(lake, [change.change_id for change in changes])


def _one_a_shortage(findings: Sequence[Finding], book: Book) -> list[Finding]:
    """Leave out "below reorder point" of lines with a stockout alert: one shortage is told once."""
    short = {
        finding.key[1:]
        for finding in findings
        if finding.key.alert_type == "stockout"
        and (finding.firm or (finding.key in book and book[finding.key].is_open))
    }
    return [
        finding
        for finding in findings
        if finding.key.alert_type != "below_reorder_point" or finding.key[1:] not in short
    ]
