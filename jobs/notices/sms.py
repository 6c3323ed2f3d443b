"""A short message: 160 characters that every telephone shows, so that it is one message and not two."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from jobs.notices.groups import grouped
from jobs.notices.news import News
from jobs.notices.parts import subject
from jobs.notices.words import Letterhead, address, label, subject_of

LENGTH = 160

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
"""GSM 03.38; an extended character takes two."""

_INSTEAD = str.maketrans(
    {"·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "→": "->", "’": "'", "‘": "'", "“": '"', "”": '"'}
    | {"\u00a0": " ", "\u202f": " ", "×": "x", "ł": "l", "Ł": "L", "œ": "oe", "Œ": "OE"}
)


def gsm(words: str) -> str:
    """Write words with GSM 03.38 characters alone: what it has not loses its accent, or becomes '?'.

    Examples
    --------
    >>> gsm("Crème brûlée – 12 …")
    'Crème brulée - 12 ...'
    """
    kept = []
    for character in words.translate(_INSTEAD):
        if character in _BASIC or character in _EXTENDED:
            kept.append(character)
            continue
        plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        kept.append("".join(one for one in plain if one in _BASIC) or "?")
    return "".join(kept)


def gsm_length(words: str) -> int:
    """Return how many of the 160 places words of `gsm` take."""
    return sum(2 if character in _EXTENDED else 1 for character in words)


def short_message(news: Sequence[News], head: Letterhead) -> str:
    """Return the news as one short message: the sum, the dearest, its act, and where to look if it fits."""
    groups = grouped(news)
    dearest = next((group.news[0] for group in groups), None)
    said = gsm(subject(news, head))
    if dearest is None:
        return said
    several = sum(len(group.news) for group in groups) > 1
    details = [f"{label(dearest.news_type)}: {subject_of(dearest)}" if several else "", _act(dearest)]
    link = address(head, "alerts" if several or not dearest.link else dearest.link)
    tail = f" {gsm(link)}" if link and gsm_length(said) + 1 + gsm_length(gsm(link)) <= LENGTH else ""
    for detail in details:
        room = LENGTH - gsm_length(said) - gsm_length(tail)
        added = _cut(f". {gsm(detail)}" if detail else "", room)
        said += added if gsm_length(added) > _LEAST_DETAIL else ""
    return _cut(said, LENGTH - gsm_length(tail)) + tail


_LEAST_DETAIL = 12
"""A detail cut shorter than this says nothing."""


def _act(news: News) -> str:
    if news.turn in ("opened", "worsened"):
        return news.act.partition(":")[0].partition(". ")[0].rstrip(".")
    return news.cause.rstrip(".") if news.turn == "confirmed" else ""


def _cut(words: str, room: int) -> str:
    if gsm_length(words) <= room:
        return words
    while words and gsm_length(words) > room - 2:
        words = words[:-1]
    return f"{words.rstrip(' .,')}.." if room > 2 else ""
