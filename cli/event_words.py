"""What `shelfcast events send` says of what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.console import complain, say, warn

if TYPE_CHECKING:
    from jobs.react import Followed, Reacted


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
    """Print what followed from events: what was planned again, which alerts changed, who was told."""
    replanned = followed.replanned
    if replanned is None:
        say("Nothing to plan again.")
    elif replanned.needs_full_plan:
        warn(f"a full plan is needed, `shelfcast plan`: {'; '.join(replanned.needs_full_plan)}")
    else:
        say(f"Planned again: {count(len(replanned.lines), 'line')}, run {replanned.run.run_id}")
    for change in followed.changes:
        where = " ".join(part for part in (change.product_name or change.sku, change.location_name) if part)
        say(f"Alert {change.change}: {change.alert_type} {where}: {change.cause} {change.act}".rstrip())
    if followed.notified.sent:
        say(f"{count(followed.notified.sent, 'message')} sent to subscribers")
    for failure in followed.notified.failures:
        warn(f"not delivered yet: {failure.reason}")


def count(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
