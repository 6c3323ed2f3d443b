"""What people read: golden texts, money as on the pages, one short message, JSON by its schema."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import columns
from engine.alerts.change import AlertChange
from jobs.notices.groups import at_risk, grouped, settle
from jobs.notices.html import html
from jobs.notices.mail import mail, message_id, text
from jobs.notices.news import News, confirmation, from_record, news_of, to_record
from jobs.notices.parts import subject
from jobs.notices.payload import body, payload
from jobs.notices.sms import LENGTH, gsm, gsm_length, short_message
from jobs.notices.words import Letterhead, amounts, instant, money, subject_of

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/notices"
AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PARIS = AT.astimezone(ZoneInfo("Europe/Paris"))
HEAD = Letterhead("EUR", "Acme Foods", "https://plan.example.com/")


def change(number: int, **told: Any) -> News:
    base: dict[str, Any] = {
        "change_id": f"change-{number}",
        "change": "opened",
        "alert_type": "stockout",
        "sku": f"{number:03d}",
        "location": "S01",
        "source": "SUP1",
        "category": "Dairy",
        "product_name": f"Yoghurt natural {number}00 g",
        "location_name": "Store Lyon Centre",
        "severity": 820.4,
        "previous_severity": 0.0,
        "level": "critical",
        "cause": "Stock runs out on 26 Nov: shortage of 48 until 1 Dec (820.40 EUR); 12 on hand, 0 on order.",
        "act": "Order 48 by 24 Nov: it saves 40, but 8 stay short.",
        "covered_by": "covered if approved by 24 Nov 2026",
        "link": f"item?sku={number:03d}&location=S01",
        "run_id": "20261123-1a",
        "at": AT,
    }
    return news_of(AlertChange(**{**base, **told}))


DIGEST = [
    change(1),
    change(2, severity=1_420.0, product_name="Crème brûlée <4×100 g> & co"),
    change(
        3, change="worsened", alert_type="expiry", severity=310.0, previous_severity=120.0, level="warning",
        cause="60 of the 200 on hand and on order expire before they sell, at 9 a day (310.00 EUR).",
        act="Mark down or move 60 before they expire.", covered_by="", link="expiry?locations=S01",
    ),
    change(
        4, change="resolved", severity=95.0, previous_severity=95.0, level="info",
        cause="Received 48 on 23 Nov: stock lasts until 9 Dec.",
    ),
    change(
        5, change="resolved", alert_type="data_stale", sku="", product_name="", location="", location_name="",
        source="sales", category="", severity=0.0, previous_severity=0.0,
        cause="Sales are there up to 22 Nov.", link="data_health",
    ),
    confirmation(
        "order.approved", of="PO-20261123-SUP1-1F3A", cause="Order PO-20261123-SUP1-1F3A: 3 lines from SUP1.",
        at=AT, author="ana", source="SUP1", worth=512.0, link="orders",
    ),
]  # fmt: skip


def golden(name: str, made: str) -> None:
    """Compare with a text that somebody has read and found good."""
    assert made == (GOLDEN / name).read_text(encoding="utf-8"), f"{GOLDEN / name} differs"


def test_a_digest_reads_well() -> None:
    golden("digest.txt", text(DIGEST, HEAD, recipient="Ana", at=PARIS))
    golden("digest.html", html(DIGEST, HEAD, recipient="Ana", at=PARIS))
    golden("digest.sms.txt", short_message(DIGEST, HEAD) + "\n")


def test_a_single_alert_reads_well() -> None:
    one = [change(1)]
    golden("single.txt", text(one, HEAD, recipient="Ana", at=PARIS))
    golden("single.sms.txt", short_message(one, HEAD) + "\n")
    bare = Letterhead("SEK")
    golden("without-dashboard.txt", text(one, bare, recipient="Ana", at=AT))
    golden("without-dashboard.sms.txt", short_message(one, bare) + "\n")


def test_a_flood_is_short() -> None:
    flood = [change(number, severity=float(number)) for number in range(1, 3001)]
    made = text(flood, HEAD, recipient="Ana", at=PARIS)
    assert len(made) < 8_000
    assert "New: 3,000 alerts, €4,501,500" in made
    assert "… and 2,980 more, €4,441,690: https://plan.example.com/alerts" in made
    assert "1. €3,000" in made
    assert len(html(flood, HEAD, recipient="Ana", at=PARIS)) < 40_000  # Gmail cuts mails at 102 kB


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (DIGEST, "€2,550 at risk: 2 new, 1 worse, 2 resolved, 1 done"),
        (DIGEST[:1], "€820 at risk: Stockout · Yoghurt natural 100 g at Store Lyon Centre"),
        (DIGEST[2:3], "Worse, €310 at risk: Expiry risk · Yoghurt natural 300 g at Store Lyon Centre"),
        (DIGEST[3:4], "Resolved: Stockout · Yoghurt natural 400 g at Store Lyon Centre"),
        (DIGEST[3:5], "Shelfcast: 2 resolved"),
        (DIGEST[5:], "Order approved · SUP1"),
    ],
)
def test_a_subject_says_what_it_is_about_in_money(news: list[News], line: str) -> None:
    assert subject(news, HEAD) == line


def test_a_mail_has_both_forms_and_a_name_of_its_own() -> None:
    made = mail(
        DIGEST, HEAD, recipient="Ana\r\nBcc: eve@example.com", to="ana@example.com",
        sender="shelfcast@example.com", message=message_id(DIGEST, "ana"), at=PARIS,
    )  # fmt: skip
    assert made.as_bytes().isascii()
    read = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert read["Subject"] == "€2,550 at risk: 2 new, 1 worse, 2 resolved, 1 done"
    assert read["Bcc"] is None
    assert read["Message-ID"] == f"<{message_id(DIGEST, 'ana')}@example.com>"
    assert read["Date"].datetime == AT
    plain, rich = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().replace("\r\n", "\n").startswith("Acme Foods, as of 23 Nov 2026 10:30 CET.")
    assert "Crème brûlée &lt;4×100 g&gt; &amp; co" in rich.get_content()


def test_a_message_is_named_by_what_it_tells_whom() -> None:
    assert message_id(DIGEST, "ana") == message_id(DIGEST[::-1], "ana")
    assert len({message_id(DIGEST, "ana"), message_id(DIGEST, "bo"), message_id(DIGEST[1:], "ana")}) == 3


MONEY = st.floats(-1e9, 1e9)


@given(MONEY, st.sampled_from(["EUR", "USD", "GBP", "JPY", "CHF", "PLN", "SEK"]))
def test_money_is_written_as_on_the_pages(value: float, currency: str) -> None:
    assert money(value, currency) == columns.money(value, currency)


def test_what_worsened_says_from_where() -> None:
    assert amounts(DIGEST[2], "EUR") == "€310, was €120"
    assert subject_of(DIGEST[4]) == "sales"


def test_instants_carry_their_zone() -> None:
    assert instant(PARIS) == "23 Nov 2026 10:30 CET"
    assert instant(PARIS + timedelta(days=200)) == "11 Jun 2027 10:30 CEST"


# what became of an alert in the end


def turns(*changes: tuple[str, float]) -> list[News]:
    return [
        change(
            7,
            change_id=f"c{step}",
            change=turn,
            severity=now,
            previous_severity=10.0,
            at=AT + timedelta(hours=step),
        )
        for step, (turn, now) in enumerate(changes)
    ]


@pytest.mark.parametrize(
    ("steps", "turn", "severity", "previous"),
    [
        ([("opened", 50.0), ("worsened", 90.0)], "opened", 90.0, 0.0),
        ([("opened", 50.0), ("resolved", 50.0)], "resolved", 50.0, 10.0),
        ([("resolved", 50.0), ("opened", 70.0)], "opened", 70.0, 10.0),
        ([("worsened", 50.0), ("worsened", 90.0)], "worsened", 90.0, 10.0),
        ([("worsened", 50.0), ("resolved", 90.0)], "resolved", 90.0, 10.0),
    ],
)
def test_a_digest_says_what_became_of_an_alert_in_the_end(
    steps: list[tuple[str, float]], turn: str, severity: float, previous: float
) -> None:
    (one,) = settle(reversed(turns(*steps)))
    assert (one.turn, one.severity, one.previous_severity) == (turn, severity, previous)
    assert at_risk(turns(*steps)) == (severity if turn != "resolved" else 0.0)


def test_groups_come_dearest_first() -> None:
    assert [(group.turn, [one.news_id for one in group.news][:2]) for group in grouped(DIGEST)] == [
        ("opened", ["change-2", "change-1"]),
        ("worsened", ["change-3"]),
        ("resolved", ["change-4", "change-5"]),
        ("confirmed", [DIGEST[5].news_id]),
    ]


# short messages


GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The table of 3GPP TS 23.038, §6.2.1, by position."""


def septets(words: str) -> int:
    """Count by the standard's own table: a character of the extension table is an escape and itself."""
    extension = set("\f^{}\\[~]|€")
    for character in words:
        assert character in GSM_BASIC or character in extension, character
    return sum(1 if character in GSM_BASIC else 2 for character in words)


@given(
    st.text(max_size=120), st.text(max_size=120), st.text(max_size=200), st.floats(0, 1e9),
    st.sampled_from(["EUR", "SEK"]), st.sampled_from(["", "https://plan.example", "https://x" + "y" * 150]),
    st.integers(1, 3), st.sampled_from(["opened", "worsened", "resolved"]),
)  # fmt: skip
def test_a_short_message_is_one_whatever_it_says(
    product: str, place: str, act: str, severity: float, currency: str, url: str, number: int, turn: str
) -> None:
    news = [
        change(one, change=turn, product_name=product, location_name=place, act=act, severity=severity)
        for one in range(number)
    ]
    made = short_message(news, Letterhead(currency, "", url))
    assert 0 < septets(made) == gsm_length(made) <= LENGTH


def test_what_gsm_has_not_is_written_without() -> None:
    assert gsm("Łódź – “crème brûlée” × 2… 酒") == 'Lodz - "crème brulée" x 2... ?'
    assert len(GSM_BASIC) == 128


# machines


SCHEMA = json.loads((ROOT / "docs/events/alert.notification.json").read_text())


def told(news: list[News]) -> dict[str, Any]:
    return payload(news, HEAD, message=message_id(news, "erp"), subscription="erp", at=AT)


def test_the_payload_keeps_its_published_schema() -> None:
    validator = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
    validator.validate(json.loads(body(told(DIGEST))))
    for part in ("data", "eventId", "timestamp"):
        broken = {name: value for name, value in told(DIGEST).items() if name != part}
        assert not validator.is_valid(broken)


def test_the_payload_is_golden() -> None:
    golden("digest.json", json.dumps(told(DIGEST), indent=2, ensure_ascii=False) + "\n")


def test_a_hundred_changes_fit_a_queue() -> None:
    long = [change(number, cause="ä" * 400, act="ö" * 400) for number in range(100)]
    assert len(body(told(long)).encode()) < 256 * 1024


@given(
    st.builds(
        change,
        st.integers(0, 999),
        severity=MONEY,
        cause=st.text(),
        at=st.datetimes().map(lambda at: at.replace(tzinfo=UTC)),
    )
)
def test_news_survives_storage(news: News) -> None:
    assert from_record(json.loads(json.dumps(to_record(news)))) == news


def test_nothing_in_a_text_is_left_unfilled() -> None:
    for file in [*GOLDEN.glob("*.txt"), *GOLDEN.glob("*.html")]:
        assert not re.search(r"\b(None|nan)\b", file.read_text(encoding="utf-8")), file.name
