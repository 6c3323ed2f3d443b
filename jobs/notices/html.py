"""The mail as HTML: what every mail reader shows — tables, styles in place, no pictures, no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from jobs.notices.groups import Group, grouped
from jobs.notices.news import News, Turn
from jobs.notices.parts import MOST_LINES, heading, intro, left_out, remedy, subject, worth
from jobs.notices.words import Letterhead, address, label, subject_of

_COLORS: dict[Turn, str] = {
    "opened": "#B42318",
    "worsened": "#B45309",
    "resolved": "#13703A",
    "confirmed": "#0B5A9D",
}
"""As on the pages: the light theme's red, orange, green and blue."""

_TEXT, _MUTED, _LINE, _LINK = "#0A121C", "#4A5768", "#D5DDE7", "#0B5A9D"
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


def html(news: Sequence[News], head: Letterhead, *, recipient: str, at: datetime) -> str:
    """Return the mail as HTML; `at` is in the recipient's time zone."""
    sections = "".join(_section(group, head) for group in grouped(news))
    settings = address(head, "settings")
    choose = (
        _link(settings, "Choose what you are told") if settings else "Choose what you are told on Settings"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(subject(news, head))}</title></head>"
        f'<body style="margin:0;padding:16px;background:#FFFFFF;color:{_TEXT};{_FONT};'
        'font-size:15px;line-height:1.45">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        'style="max-width:640px;text-align:left"><tr><td>'
        f'<h1 style="font-size:20px;margin:0 0 4px">{escape(subject(news, head))}</h1>'
        f'<p style="margin:0;color:{_MUTED}">{escape(intro(news, head, at=at))}</p>'
        f"{sections}"
        f'<p style="margin:28px 0 0;padding-top:12px;border-top:1px solid {_LINE};color:{_MUTED};'
        f'font-size:13px">For {escape(recipient)}, from Shelfcast. You are told of each change once. '
        f"{choose}.</p>"
        "</td></tr></table></td></tr></table></body></html>\n"
    )


def _section(group: Group, head: Letterhead) -> str:
    color = _COLORS[group.turn]
    rows = "".join(_item(one, head, color) for one in group.news[:MOST_LINES])
    rest = left_out(group, head)
    where = address(head, "alerts")
    more = f'<p style="margin:12px 0 0">{_link(where, rest) if where else escape(rest)}</p>' if rest else ""
    return (
        f'<h2 style="font-size:16px;margin:24px 0 0;padding-bottom:4px;border-bottom:2px solid {color}">'
        f"{escape(heading(group, head))}</h2>"
        f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0">{rows}</table>{more}'
    )


def _item(news: News, head: Letterhead, color: str) -> str:
    name = escape(subject_of(news) or label(news.news_type))
    link = address(head, news.link) if news.link else ""
    title = _link(link, name, escaped=True) if link else name
    kind = escape(label(news.news_type)) if subject_of(news) else ""
    act, *covered = [*remedy(news), ""]
    lines = "".join(
        f'<div style="{style}">{escape(words)}</div>'
        for words, style in (
            (news.cause, f"color:{_MUTED}"),
            (act, "margin-top:4px;font-weight:600"),
            *((one, f"color:{_MUTED}") for one in covered),
        )
        if words
    )
    return (
        f'<tr><td style="padding:12px 0;border-bottom:1px solid {_LINE}">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>'
        f'<td style="font-weight:600;vertical-align:top">{title}</td>'
        '<td align="right" style="font-weight:600;vertical-align:top;white-space:nowrap;padding-left:12px;'
        f'color:{color}">{escape(worth(news, head))}</td></tr></table>'
        f'<div style="color:{color};font-size:13px">{kind}</div>{lines}</td></tr>'
    )


def _link(url: str, words: str, *, escaped: bool = False) -> str:
    return f'<a href="{escape(url)}" style="color:{_LINK}">{words if escaped else escape(words)}</a>'
