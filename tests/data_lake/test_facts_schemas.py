"""Published schemas are those that messages are checked against, and every example passes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from data_lake.events import EVENT_FIELDS
from data_lake.facts.act_schemas import act_schema, wire_name
from data_lake.facts.acts import MAY_LACK, snake
from data_lake.facts.kinds import ALIASES, KINDS, SCHEMAS, schema_of
from data_lake.facts.messages import Poison, Record, parse_message
from data_lake.facts.publish import main, published

DOCS = Path(__file__).parents[2] / "docs/events"
NOW = datetime(2026, 1, 16, tzinfo=UTC)
SCHEMA_OF = {name: schema_of(name) for name in KINDS} | {name: act_schema(name) for name in EVENT_FIELDS}


def taken(event: Any) -> bool:
    try:
        parse_message(Record("m", json.dumps(event)), NOW)
    except Poison:
        return False
    return True


def test_published_copies_are_the_source(tmp_path: Path) -> None:
    """`python -m data_lake.facts.publish docs/events` makes them equal again."""
    main(str(tmp_path))
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == published()
    assert written == {name: (DOCS / name).read_text() for name in written}


def test_every_schema_is_listed_and_nothing_else_lies_there() -> None:
    text = (DOCS / "README.md").read_text()
    for path in DOCS.glob("*.json"):
        assert f"({path.name})" in text, f"docs/events/README.md says nothing of {path.name}"
    assert {path.stem for path in SCHEMAS.iterdir()} == set(KINDS)
    assert not set(KINDS) & set(EVENT_FIELDS)


@pytest.mark.parametrize("name", SCHEMA_OF)
def test_schema_and_parser_agree(name: str) -> None:
    schema = SCHEMA_OF[name]
    assert meta.is_valid(schema)
    assert schema["title"] == name
    validator = Draft202012Validator(schema, validate_formats=True)
    assert schema["examples"]
    for example in schema["examples"]:
        validator.validate(example)
        assert taken(example)
        for field in schema["required"]:
            without = {key: value for key, value in example.items() if key != field}
            assert not validator.is_valid(without)
            assert not taken(without)
        for field in schema["properties"]["data"].get("required", ()):
            data = {key: value for key, value in example["data"].items() if key != field}
            assert not validator.is_valid(example | {"data": data})
            assert not taken(example | {"data": data})
        for field, rule in schema["properties"]["data"]["properties"].items():
            wrong = "1" if rule.get("type") == "number" else 7
            bad = example | {"data": example["data"] | {field: wrong}}
            assert not validator.is_valid(bad)
            assert not taken(bad)


def test_names_on_the_wire_are_read_back() -> None:
    for name, fields in EVENT_FIELDS.items():
        assert MAY_LACK.get(name, set()) <= set(fields)
        for field in fields:
            assert snake(wire_name(field)) == field
    assert set(MAY_LACK) <= set(EVENT_FIELDS)
    assert set(ALIASES.values()) <= set(KINDS)
