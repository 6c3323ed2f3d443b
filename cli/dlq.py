"""`shelfcast dlq`: messages that could not be read: list, show, repair, replay, discard."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import complain, say, show_table, warn
from cli.dlq_queues import addresses, look
from cli.options import AuthorOption, LakeOption, absolute, who
from jobs.dlq_text import told, with_told
from jobs.errors import JobError

if TYPE_CHECKING:
    from data_lake.lake import Lake

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Messages that could not be read, and why."
)

LetterArgument = Annotated[str, typer.Argument(metavar="LETTER", help="Name as `shelfcast dlq list` says.")]
SqsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sqs",
        metavar="QUEUE=URL",
        envvar="SHELFCAST_DEAD_QUEUES",
        show_envvar=True,
        help="On AWS: a queue and the address of its dead-letter queue. Its messages are joined with the "
        "reasons kept in the lake, and deleted once they are done with. May be given several times.",
    ),
]
ToOption = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="QUEUE=URL",
        help="On AWS: the address of a queue whose messages only its function reads (replan, notifications, "
        "reports): they are sent back to it. May be given several times.",
    ),
]
PlanOption = Annotated[
    bool, typer.Option("--plan/--no-plan", help="Plan again what changed, and tell of alerts.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; recorded.")]


@app.command("list")
def list_(
    lake: LakeOption = "./lake",
    queue: Annotated[str, typer.Option(help="Of this queue only.")] = "",
    closed: Annotated[bool, typer.Option("--closed", help="Those that are done with instead.")] = False,
    sqs: SqsOption = None,
) -> None:
    """List the messages that wait for somebody, oldest first, each with its reason."""
    from jobs.dlq_states import list_dead

    opened = _opened(lake)
    look(opened, sqs)
    states = list_dead(opened, queue, closed=closed)
    if not states:
        say("No message is done with yet." if closed else "No message waits: every message could be read.")
        return
    show_table(
        ("message", "state", "first seen, UTC", "reason", "first fault"),
        (
            (
                state.name,
                state.status,
                f"{state.letter.first_seen:%Y-%m-%d %H:%M}",
                state.reason,
                (state.faults or ("",))[0],
            )
            for state in states
        ),
    )
    if not closed:
        say(f"{len(states):,} waiting. Next: shelfcast dlq show {states[0].name}")


@app.command()
def show(
    letter: LetterArgument,
    lake: LakeOption = "./lake",
    body: Annotated[bool, typer.Option("--body", help="Its text alone, to be repaired.")] = False,
) -> None:
    """Show one message: why it could not be read, its text, and what was done with it."""
    from jobs.dlq_states import inspect

    state = inspect(_opened(lake), letter)
    if body:
        say(told(state.body))
        return
    say(f"{state.name}: {state.status}, first seen {state.letter.first_seen:%Y-%m-%d %H:%M} UTC")
    if state.reason:
        say(f"Reason: {state.reason}")
    for fault in state.faults:
        say(f"- {fault}")
    for event in state.history:
        done = event.event_type.partition(".")[2]
        outcome = f", {event.data['outcome']}" if "outcome" in event.data else ""
        note = f": {event.reason}" if event.reason else ""
        say(f"{event.timestamp:%Y-%m-%d %H:%M} UTC {done}{outcome} by {event.author}{note}")
    if state.body != state.letter.body:
        say("As it came:")
        say(told(state.letter.body))
        say("Repaired:")
    say(told(state.body))


@app.command()
def repair(
    letter: LetterArgument,
    reason: ReasonOption,
    body: Annotated[
        str,
        typer.Option("--from", metavar="FILE", help="What it should have said; - reads standard input."),
    ],
    lake: LakeOption = "./lake",
    replay_it: Annotated[bool, typer.Option("--replay", help="Replay it at once.")] = False,
    author: AuthorOption = "",
    sqs: SqsOption = None,
    to: ToOption = None,
    plan: PlanOption = True,
) -> None:
    """Give a message another text; it must be readable, and the old text is kept.

    Examples:

        shelfcast dlq show telemetry/5f2c --body > message.json

        shelfcast dlq repair telemetry/5f2c --from message.json --reason "quantity was a word" --replay
    """
    from jobs.dlq_acts import repair as repair_letter
    from jobs.dlq_states import inspect

    opened = _opened(lake)
    state = inspect(opened, letter)
    text = with_told(state.body, _text_of(body))
    repair_letter(
        opened, letter, text, author=who(author), reason=reason, at=datetime.now(UTC), seen=state.body
    )
    say(f"{letter} is repaired.")
    if replay_it:
        _replay(opened, [letter], who(author), reason, sqs, to, plan=plan)
    else:
        say(f"Next: shelfcast dlq replay {letter}")


@app.command()
def replay(
    letters: Annotated[list[str] | None, typer.Argument(metavar="[LETTER...]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every message that waits.")] = False,
    queue: Annotated[str, typer.Option(help="With --all: of this queue only.")] = "",
    lake: LakeOption = "./lake",
    reason: ReasonOption = "",
    author: AuthorOption = "",
    sqs: SqsOption = None,
    to: ToOption = None,
    plan: PlanOption = True,
) -> None:
    """Read messages again, one or all; those that cannot be read stay, with the new reason.

    A message is read under the id that it came with: replaying it twice adds nothing.
    """
    from jobs.dlq_states import list_dead

    opened = _opened(lake)
    look(opened, sqs)
    chosen = _chosen(letters, everything, [state.name for state in list_dead(opened, queue)])
    if chosen:
        _replay(opened, chosen, who(author), reason, sqs, to, plan=plan)


@app.command()
def discard(
    reason: ReasonOption,
    letters: Annotated[list[str] | None, typer.Argument(metavar="[LETTER...]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every message that waits.")] = False,
    queue: Annotated[str, typer.Option(help="With --all: of this queue only.")] = "",
    lake: LakeOption = "./lake",
    author: AuthorOption = "",
    sqs: SqsOption = None,
) -> None:
    """Say that nobody will repair messages. They are kept, and no longer wait."""
    from jobs.dlq_acts import discard as discard_letters
    from jobs.dlq_states import list_dead

    opened = _opened(lake)
    chosen = _chosen(letters, everything, [state.name for state in list_dead(opened, queue)])
    done = discard_letters(opened, chosen, author=who(author), reason=reason, at=datetime.now(UTC))
    look(opened, sqs)
    say(f"{len(done)} discarded; `shelfcast dlq list --closed` has them.")


def _opened(lake: str) -> Lake:
    from data_lake.lake import Lake

    return Lake(absolute(lake))


def _chosen(letters: Sequence[str] | None, everything: bool, waiting: list[str]) -> list[str]:
    if bool(letters) == everything:
        raise typer.BadParameter("name messages, or give --all")
    if everything and not waiting:
        say("No message waits: every message could be read.")
    return waiting if everything else list(letters or ())


def _replay(
    lake: Lake,
    letters: Sequence[str],
    author: str,
    reason: str,
    sqs: Sequence[str] | None,
    to: Sequence[str] | None,
    *,
    plan: bool,
) -> None:
    from jobs.dlq_acts import replay as replay_letters
    from jobs.dlq_queue import with_queues

    done = replay_letters(
        lake,
        letters,
        author=author,
        reason=reason,
        at=datetime.now(UTC),
        deliver=with_queues(addresses(to, "--to")),
    )
    look(lake, sqs)
    for name, why in done.already.items():
        say(f"{name}: {why}")
    if done.accepted:
        say(f"{len(done.accepted)} read, {len(done.changed)} product-locations changed")
    if done.accepted and plan:
        from cli.event_words import show_followed
        from jobs.react import follow

        show_followed(follow(lake, at=datetime.now(UTC)))
    for name, why in done.refused.items():
        warn(f"{name}: {why}; `shelfcast dlq show {name}` lists every fault")
    if done.refused:
        complain(f"{len(done.refused)} of {len(letters)} messages could not be read; they stay")
        raise typer.Exit(1)


def _text_of(path: str) -> str:
    if path == "-":
        return sys.stdin.read()
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise JobError(f"cannot read {path}: {error}") from error
