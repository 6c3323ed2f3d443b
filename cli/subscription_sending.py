"""`shelfcast subscriptions` test, due and policy: what goes out, and what SNS lets through."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from cli.console import say, warn
from cli.options import LakeOption, absolute
from cli.subscription_options import NameArgument


def send_test(name: NameArgument, lake: LakeOption = "./lake") -> None:
    """Send a made-up alert now, to see whether it arrives.

    Examples:

        SHELFCAST_SMTP_URL=smtps://shelfcast:password@mail.example.com shelfcast subscriptions test ana
    """
    from data_lake.lake import Lake
    from jobs.notify_sample import send_sample

    to = send_sample(Lake(absolute(lake)), name, at=datetime.now(UTC))
    say(f"Sent to {to.recipient} ({to.hidden_endpoint}).")


def due(lake: LakeOption = "./lake") -> None:
    """Send digests whose time came and what waited for the end of quiet hours; try again what failed.

    The laptop's schedule (cron, a timer) calls this; on AWS the function notification_handler does it.

    Examples:

        shelfcast subscriptions due
    """
    from data_lake.lake import Lake
    from jobs.notify import due as send_due

    told = send_due(Lake(absolute(lake)), at=datetime.now(UTC))
    say(f"{told.sent} sent, {told.waiting} waiting for their time.")
    for failure in told.failures:
        warn(f"{failure.subscription}: {failure.reason}")


def policy(name: NameArgument, lake: LakeOption = "./lake") -> None:
    """Print the SNS filter policy, for a subscriber of the alerts topic that wants the same.

    Examples:

        shelfcast subscriptions policy ana
    """
    from data_lake.lake import Lake
    from jobs.subscriptions import find_subscription, sns_filter_policy

    say(
        json.dumps(
            sns_filter_policy(find_subscription(Lake(absolute(lake)), name)), ensure_ascii=False, indent=2
        )
    )
