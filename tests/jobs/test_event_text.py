"""Texts of people become messages: documents, lines, flags."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from data_lake.facts.messages import Poison, parse_message
from jobs.event_text import records_of, stock_event

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_document_is_one_message_however_it_is_laid_out() -> None:
    text = json.dumps([{"a": 1}, {"a": 2}], indent=2)
    assert [record.body for record in records_of(text)] == [text]


def test_each_line_is_a_message_where_the_first_is_json_by_itself() -> None:
    good, broken = '{"a": 1}', '{"a": '
    records = records_of(f"{good}\n\n{broken}\n{good}\n")
    assert [record.body for record in records] == [good, broken, good]
    assert len({record.message_id for record in records}) == 3, "two equal lines are two messages"


def test_the_same_text_is_the_same_messages() -> None:
    text = '{"a": 1}\n{"a": 1}\n'
    assert records_of(text) == records_of(text)
    assert records_of(text) != records_of(text + '{"a": 1}\n')


@pytest.mark.parametrize("text", ["", "hello\n", '{\n"a": 1,\n', "[1, 2"])
def test_what_is_no_json_is_one_message(text: str) -> None:
    (record,) = records_of(text)
    assert record.body == text


def test_flags_make_an_event_that_is_read() -> None:
    event = stock_event(sku="007", location="S1", delta=-3, batch="B1", expiry="2026-12-31", at=AT)
    ((fact,), _) = parse_message(records_of(event)[0], AT)
    assert (fact.sku, fact.location, fact.kind, fact.quantity) == ("007", "S1", "delta", -3)
    assert (fact.batch, fact.expiry) == ("B1", "2026-12-31")


def test_faults_of_flags_are_all_told_when_it_is_read() -> None:
    event = stock_event(sku="", location="S1", quantity=1, delta=2, at=AT)
    with pytest.raises(Poison) as caught:
        parse_message(records_of(event)[0], AT)
    assert len(caught.value.faults) >= 2
