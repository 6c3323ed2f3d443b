"""What is wrong with an event, in words for who has to repair it."""

from __future__ import annotations

from typing import Any

from jsonschema_rs import Draft202012Validator

_LONGEST = 200

_WORDS = {
    "oneOf": "exactly one of quantity and delta is required",
    "format:timestamp": "write an instant with its time zone, such as 2026-01-15T10:30:00Z",
    "format:data": "write a day such as 2026-01-15",
    "pattern": "must not be blank",
}


def schema_faults(validator: Draft202012Validator, event: dict[str, Any]) -> list[str]:
    """Return every rule of a schema that an event breaks: where, what was seen, what is expected."""
    faults = set()
    for error in validator.iter_errors(event):
        path = ".".join(str(part) for part in error.instance_path)
        rule = str(error.schema_path[-1]) if error.schema_path else ""
        if rule == "format":
            rule = f"format:{path.partition('.')[0]}"
        seen = repr(error.instance)
        if rule == "oneOf":
            text = _WORDS[rule]
        elif rule in _WORDS:
            text = f"is {seen[:_LONGEST]}: {_WORDS[rule]}"
        else:
            text = error.message if len(error.message) <= _LONGEST else f"{error.message[:_LONGEST]}…"
        faults.add(f"{path}: {text}" if path else text)
    return sorted(faults)
