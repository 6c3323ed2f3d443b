"""What `shelfcast events send` says of what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.alert_words import say_alerts
from cli.console import complain, count, say, warn

if TYPE_CHECKING:
    from jobs.react import Followed, Reacted


MOST_NEW = 5
"""Most products and locations that are named because no plan line stands for them."""


def show(reacted: Reacted) -> None:
    """Say what was stored, told before, done, refused and poison, and what followed."""
    told = f"{count(reacted.stored, 'new fact')} stored"
    if reacted.duplicates:
        told += f", {count(reacted.duplicates, 'duplicate')} (told before: nothing added)"
    say(told)
    for act in reacted.done:
        say(f"Done for {act.author}: {act.event_type}")
    for refused in reacted.refused:
        warn(f"refused: {refused.event.event_type} of {refused.event.author}: {refused.why}")
    for poison in reacted.poison:
        complain(
            f"message {poison.message_id} cannot be read ({poison.reason}); it is kept, see shelfcast dlq"
        )
        for fault in poison.faults:
            say(f"- {fault}")
    if reacted.followed is None:
        say("Not planned again; `shelfcast plan` does, and so does the next event.")
        return
    show_followed(reacted.followed)


def show_followed(followed: Followed) -> None:
    """Say what followed from events: what was planned again, which alerts changed, who was told."""
    replanned = followed.replanned
    if replanned is None:
        say("Nothing to plan again.")
    elif replanned.needs_full_plan:
        warn(f"a full plan is needed, `shelfcast plan`: {'; '.join(replanned.needs_full_plan)}")
    else:
        say(f"Planned again: {count(len(replanned.lines), 'line')}, run {replanned.run.run_id}")
    if replanned is not None and replanned.unplanned:
        new = [f"{sku} at {location}" for sku, location in replanned.unplanned]
        more = f" and {len(new) - MOST_NEW:,} more" if len(new) > MOST_NEW else ""
        warn(f"not in the plan yet, the next `shelfcast plan` takes it in: {', '.join(new[:MOST_NEW])}{more}")
    say_alerts(followed)
