"""A mail that a person wants to read: money first, then why, and the one act that helps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jobs.notices.groups import Group, grouped
from jobs.notices.html import html
from jobs.notices.news import News
from jobs.notices.parts import MOST_LINES, footer, heading, intro, left_out, remedy, subject, what, worth
from jobs.notices.words import Letterhead, address


def message_id(news: Iterable[News], subscription: str) -> str:
    """Name a message by what it tells whom: a repeat of it has the same name, whoever sends it."""
    told = "\n".join([subscription, *sorted(one.news_id for one in news)])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def text(news: Sequence[News], head: Letterhead, *, recipient: str, at: datetime) -> str:
    """Return the mail as plain text.

    Parameters
    ----------
    at
        When it is sent, in the recipient's time zone.
    """
    parts = [intro(news, head, at=at)]
    parts += [_section(group, head) for group in grouped(news)]
    parts.append(f"-- \n{footer(head, recipient=recipient)}")
    return "\n\n".join(parts) + "\n"


def _section(group: Group, head: Letterhead) -> str:
    title = heading(group, head)
    lines = [title, "=" * len(title)]
    for number, one in enumerate(group.news[:MOST_LINES], 1):
        lines += ["", *_item(number, one, head)]
    if rest := left_out(group, head):
        where = address(head, "alerts")
        lines += ["", f"{rest}: {where}" if where else f"{rest}, on the page Alerts."]
    return "\n".join(lines)


def _item(number: int, news: News, head: Letterhead) -> list[str]:
    first = "  ".join(part for part in (worth(news, head), what(news)) if part)
    act, *covered = [*remedy(news), ""]
    link = address(head, news.link) if news.link else ""
    below = [news.cause, f"→ {act}" if act else "", *covered, link]
    return [f"{number}. {first}", *(f"   {line}" for line in below if line)]


def mail(
    news: Sequence[News],
    head: Letterhead,
    *,
    recipient: str,
    to: str,
    sender: str,
    message: str,
    at: datetime,
) -> EmailMessage:
    """Return the mail: plain text, and the same as HTML.

    Parameters
    ----------
    message
        Its name (`message_id`): the Message-ID is made of it and of the sender's domain.
    at
        When it is sent, in the recipient's time zone.
    """
    # 7bit: not every server passes 8-bit texts on as they are
    made = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    made["Subject"] = " ".join(subject(news, head).split())
    made["From"] = Address("Shelfcast", addr_spec=sender)
    made["To"] = Address(" ".join(recipient.split()), addr_spec=to)
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{message}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text(news, head, recipient=recipient, at=at))
    made.add_alternative(html(news, head, recipient=recipient, at=at), subtype="html")
    return made
