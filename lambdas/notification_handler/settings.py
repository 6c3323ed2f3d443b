"""What notification_handler needs to know. Webhook secrets `env:NAME` are looked up when they are used."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.settings import is_topic, lake_setting, setting


@dataclass(frozen=True)
class Settings:
    """Where subscriptions are, and by what notices leave; `jobs.notify_channels` reads the channels."""

    lake: str = lake_setting()
    alerts_topic: str = setting(
        "SHELFCAST_ALERTS_TOPIC",
        "ARN of the topic of alerts, such as arn:aws:sns:eu-central-1:123456789012:alerts",
        rule=is_topic,
    )
    smtp_url: str = setting(
        "SHELFCAST_SMTP_URL",
        "mail server, such as smtps://user:password@host:port; without one mail leaves by the topic",
        default="",
    )
    mail_from: str = setting(
        "SHELFCAST_MAIL_FROM", "address that mail comes from, such as shelfcast@example.com", default=""
    )
