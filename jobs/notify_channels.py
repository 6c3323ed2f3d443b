"""How news leaves the house: which channels this installation has, and what each is given."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.notices.mail import mail, message_id, text
from jobs.notices.news import News
from jobs.notices.parts import subject
from jobs.notices.payload import body, payload
from jobs.notices.sms import short_message
from jobs.notices.words import Letterhead
from jobs.notify_filter import attributes
from jobs.subscription_endpoints import FROM_ENVIRONMENT
from jobs.subscriptions import TOPIC, Subscription
from messaging.delivery import DeliveryError
from messaging.smtp import SmtpServer, send_mail, smtp_server
from messaging.webhook import post

if TYPE_CHECKING:
    from email.message import EmailMessage

    from messaging.notices import Texts

SMTP_URL = "SHELFCAST_SMTP_URL"
MAIL_FROM = "SHELFCAST_MAIL_FROM"
ALERTS_TOPIC = "SHELFCAST_ALERTS_TOPIC"
"""Variables of the environment that say which channels there are."""


@dataclass(frozen=True)
class Outgoing:
    """One message to one subscription."""

    subscription: Subscription
    news: tuple[News, ...]
    head: Letterhead
    decided_at: datetime
    """When it was decided to tell."""
    at: datetime
    """Now."""

    @property
    def name(self) -> str:
        """The same on every try."""
        return message_id(self.news, self.subscription.subscription)

    def json(self) -> str:
        """The message as machines read it."""
        who = self.subscription.subscription
        return body(payload(self.news, self.head, message=self.name, subscription=who, at=self.decided_at))


Send = Callable[[Outgoing], None]
"""Sends one message; DeliveryError says why it could not."""


@dataclass(frozen=True)
class Channels:
    """What this installation can send by; None: it cannot, and Settings says what to set."""

    email: Send | None = None
    sms: Send | None = None
    webhook: Send | None = None
    queue: Send | None = None
    topic: Send | None = None
    """A topic that is told of every change, for subscribers of its own."""

    def send(self, message: Outgoing) -> None:
        """Send by the subscription's channel; DeliveryError says what is missing if there is none."""
        channel = message.subscription.channel
        chosen: Send | None = getattr(self, channel)
        if chosen is None:
            raise DeliveryError(_MISSING[channel], unreachable=True)
        try:
            chosen(message)
        except DeliveryError:
            raise
        except Exception as error:  # a message that cannot be made must not keep others back
            raise DeliveryError(f"it could not be made: {type(error).__name__}: {error}") from error


_MISSING = {
    "email": f"no mail server is set: set {SMTP_URL} to smtps://user:password@host:port",
    "sms": f"short messages go out by SNS: set {ALERTS_TOPIC} and AWS credentials",
    "webhook": "webhooks are switched off here",
    "queue": "queues are switched off here",
    "topic": f"no topic is set: set {ALERTS_TOPIC}",
}


def channels_of(environment: Mapping[str, str] | None = None) -> Channels:
    """Return the channels that the environment sets up.

    Parameters
    ----------
    environment
        `SHELFCAST_SMTP_URL`, `SHELFCAST_MAIL_FROM`, `SHELFCAST_ALERTS_TOPIC`, and the variables that secrets
        `env:NAME` name; without: this process's.

    Returns
    -------
    Channels
        A variable that is not understood breaks its own channel alone: each message then fails with what is
        wrong with it.
    """
    known = os.environ if environment is None else environment
    topic_arn = known.get(ALERTS_TOPIC, "")
    email: Send | None = None
    if known.get(SMTP_URL):
        email = _by_smtp_as_set(known[SMTP_URL], known.get(MAIL_FROM, ""))
    elif topic_arn:
        email = by_topic_to_one(topic_arn)
    return Channels(
        email=email,
        sms=by_sms if topic_arn else None,
        webhook=by_webhook(known),
        queue=by_queue,
        topic=by_topic(topic_arn) if topic_arn else None,
    )


def by_smtp(server: SmtpServer, *, sender: str) -> Send:
    """Return what sends mail through a server, from one address."""

    def send(message: Outgoing) -> None:
        send_mail(server, mail_of(message, sender))

    return send


def _by_smtp_as_set(url: str, sender: str) -> Send:
    try:
        server = smtp_server(url)
    except ValueError as error:
        return _broken(f"{SMTP_URL}: {error}")
    sender = sender or (server.user if "@" in server.user else "shelfcast@localhost")
    if not re.fullmatch(r"[^@\s<>]+@[A-Za-z0-9.-]+", sender):
        return _broken(f"{MAIL_FROM} is {sender!r}; it must be an address such as shelfcast@example.com")
    return by_smtp(server, sender=sender)


def _broken(reason: str) -> Send:
    def refuse(_: Outgoing) -> None:
        raise DeliveryError(reason, unreachable=True)

    return refuse


def mail_of(message: Outgoing, sender: str) -> EmailMessage:
    """Return a message as a mail."""
    to = message.subscription
    return mail(
        message.news,
        message.head,
        recipient=to.recipient,
        to=to.endpoint,
        sender=sender,
        message=message.name,
        at=message.at.astimezone(to.schedule.zone),
    )


def by_webhook(environment: Mapping[str, str]) -> Send:
    """Return what posts to webhooks; secrets `env:NAME` are looked up in `environment`."""

    def send(message: Outgoing) -> None:
        to = message.subscription
        secret = to.secret
        if secret.startswith(FROM_ENVIRONMENT):
            name = secret.removeprefix(FROM_ENVIRONMENT)
            secret = environment.get(name, "")
            if not secret:
                raise DeliveryError(f"the webhook's secret is to be in {name}, which is not set")
        post(
            to.endpoint,
            message.json().encode(),
            secret=secret,
            delivery=message.name,
            timestamp=int(message.at.timestamp()),
        )

    return send


def by_queue(message: Outgoing) -> None:
    """Send to an SQS queue."""
    from messaging.notices import send_to_queue

    to = message.subscription
    send_to_queue(to.endpoint, message.json(), name=message.name, group=to.subscription)


def by_sms(message: Outgoing) -> None:
    """Send a short message by SNS."""
    from messaging.notices import send_sms

    send_sms(message.subscription.endpoint, short_message(message.news, message.head))


def by_topic(topic_arn: str) -> Send:
    """Return what publishes changes, each a message of its own, with the attributes that SNS filters by."""

    def send(message: Outgoing) -> None:
        alone = [replace(message, news=(one,)) for one in message.news]
        _publish(topic_arn, [(one, attributes(one.news[0])) for one in alone])

    return send


def by_topic_to_one(topic_arn: str) -> Send:
    """Return what publishes mail for one subscription, which filters by the attribute `subscription`."""

    def send(message: Outgoing) -> None:
        _publish(topic_arn, [(message, {"subscription": message.subscription.subscription})])

    return send


def _publish(topic_arn: str, messages: Sequence[tuple[Outgoing, Mapping[str, str | float]]]) -> None:
    from messaging.notices import publish_texts

    publish_texts(topic_arn, [_texts(message, told) for message, told in messages])


def _texts(message: Outgoing, told: Mapping[str, str | float]) -> Texts:
    from messaging.notices import Texts

    to, news, head = message.subscription, message.news, message.head
    line = subject(news, head).replace("€", "EUR ").replace("£", "GBP ").replace("¥", "JPY ")
    by_protocol = {
        "email": text(news, head, recipient=to.recipient, at=message.at.astimezone(to.schedule.zone)),
        "sms": short_message(news, head),
    }
    return Texts(line, message.json(), by_protocol, told)


def lane_of(subscription: Subscription) -> str:
    """Name what a subscription's messages wait behind: one mail server, one SNS, or its own endpoint."""
    own = subscription.channel in ("webhook", "queue")
    return subscription.subscription if own else subscription.channel


def topic_subscription() -> Subscription:
    """Return the topic as a subscription: told at once of every change of an alert."""
    return Subscription(TOPIC, "topic", "", "SNS")
