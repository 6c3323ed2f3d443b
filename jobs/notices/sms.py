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
    """Return the news as one short message: the sum, the dearest, its act, and where to look if it fits.

    An act is there whole or not at all: half of one may say another quantity or another day.
    """
    groups = grouped(news)
    said = _cut(gsm(subject(news, head)), LENGTH)
    if not groups:
        return said
    dearest = groups[0].news[0]
    several = sum(len(group.news) for group in groups) > 1
    if several:
        name = _cut(gsm(f". {label(dearest.news_type)}: {subject_of(dearest)}"), LENGTH - gsm_length(said))
        said += name if gsm_length(name) > _LEAST_NAME else ""
    act = _act(dearest)
    link = address(head, "alerts" if several or not dearest.link else dearest.link)
    for more in (f". {act}" if act else "", f" {link}" if link else ""):
        whole = gsm(more)
        if gsm_length(said) + gsm_length(whole) <= LENGTH:
            said += whole
    return said


_LEAST_NAME = 12
"""A name cut shorter than this says nothing."""


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
