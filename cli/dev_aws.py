"""`shelfcast dev-aws`: the AWS path on this computer, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import say, warn
from cli.options import LakeOption, absolute
from jobs.errors import JobError

if TYPE_CHECKING:
    from cli.devaws.stack import Stack
    from data_lake.lake import Lake

LOOK_SECONDS = 0.5
"""Between two looks into the mailbox."""


def dev_aws(
    lake: LakeOption = "./demo-lake",
    smtp_port: Annotated[
        int,
        typer.Option(
            help="Port of a mail server of your own on this computer. 0: one that keeps every mail."
        ),
    ] = 0,
    mail_to: Annotated[
        str, typer.Option(help="Who gets mail of alerts, if nobody subscribed in that lake.")
    ] = "planner@example.com",
    window: Annotated[
        float, typer.Option(help="Seconds in which messages are gathered; AWS: 5 and 30.", min=0)
    ] = 0.2,
    retry: Annotated[
        int, typer.Option(help="Seconds until a failed message comes again; AWS: minutes.", min=1)
    ] = 10,
) -> None:
    """Run the AWS path on this computer: S3, SNS, SQS, the functions under Lambda's runtime, and mail.

    It works on a copy of the lake in an emulated bucket, listens on 127.0.0.1 alone, reads no AWS account,
    stops and forgets everything on Ctrl-C. Needs `make install-dev` and `sh scripts/aws-emulator.sh`.

    Examples:

        shelfcast demo --no-serve

        shelfcast dev-aws --lake ./demo-lake
    """
    from cli.devaws.stack import Pace, Stack
    from data_lake.lake import Lake

    source = Lake(absolute(lake))
    if not source.objects.list("products/"):
        raise JobError(f"{lake} holds no lake; `shelfcast demo --no-serve` makes one")
    smtp = f"smtp://127.0.0.1:{smtp_port}" if smtp_port else None
    asked_to_stop = threading.Event()
    handlers = {
        number: signal.signal(number, lambda *_: asked_to_stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        say("Starting S3, SNS, SQS, mail and the functions …")
        with Stack(absolute(lake), pace=Pace(window, retry), smtp=smtp, tell=warn) as stack:
            copy = Lake(stack.lake_address, stack.lake_options)
            _prepare(stack, copy, mail_to)
            _introduce(stack, lake, copy)
            _watch(stack, asked_to_stop)
            say("Stopping …")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    say("Stopped; nothing is left running.")


def _prepare(stack: Stack, copy: Lake, mail_to: str) -> None:
    from cli.devaws import rehearsal

    if paused := rehearsal.pause_what_leaves_the_house(copy):
        say(f"Paused in the copy, so that nobody outside is told: {', '.join(paused)}")
    if why := rehearsal.why_plan(copy):
        say(f"Planning the copy, since {why} …")
        rehearsal.make_plan(copy)
    standing = rehearsal.judge(copy, stack.mail_settings)
    say(f"Alerts that stand: {standing:,}. What changes from now on is mailed.")
    rehearsal.have_somebody_told(copy, mail_to)


def _introduce(stack: Stack, name: str, lake: Lake) -> None:
    sku, location = _some_line(lake)
    mail = f"kept in {stack.inbox}" if stack.mail else "your own server"
    say(f"""
S3        {stack.s3.url}   {stack.lake_address}, a copy of {name} ({stack.copied} objects)
SNS, SQS  {stack.messages.url}
Mail      {mail}
Logs      {stack.folder}/<function>.log
Topics    {", ".join(stack.made.topic_arns)}

In another terminal:

  shelfcast events send --endpoint {stack.messages.url} --sku {sku} --location "{location}" --quantity 0

or with any AWS client:

  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
  aws --endpoint-url {stack.messages.url} sns publish --topic-arn {stack.made.topic_arns["telemetry"]} \\
    --message '{{"eventType": "inventory.updated", "timestamp": "'$(date -u +%FT%TZ)'", "data":
    {{"productId": "{sku}", "location": "{location}", "quantity": 0}}}}'

The dashboard on this lake, with the same three variables:

  AWS_ENDPOINT_URL_S3={stack.s3.url} shelfcast serve --lake {stack.lake_address}

Stop with Ctrl-C.
""")


def _some_line(lake: Lake) -> tuple[str, str]:
    """Return a product and a location that the plan orders for."""
    from data_lake.runs import latest_run, read_run_table

    run = latest_run(lake)
    if run is None:
        return "SKU", "LOCATION"
    lines = read_run_table(lake, run, "plan_lines", columns=["sku", "location", "quantity", "value"])
    first = lines.sort_values(["value", "sku", "location"], ascending=[False, True, True]).iloc[0]
    return str(first["sku"]), str(first["location"])


def _watch(stack: Stack, asked_to_stop: threading.Event) -> None:
    """Show mail as it comes, until somebody asks to stop."""
    from cli.devaws.inbox import read_mails

    seen: set[str] = set()
    while not asked_to_stop.wait(LOOK_SECONDS):
        for mail in read_mails(stack.inbox, but=seen):
            seen.add(mail.key)
            say(f"Mail to {mail.message['To']}: {mail.message['Subject']}")
