"""A function's settings: typed, read once from the environment, whole or not at all. Never read at import."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlparse

T = TypeVar("T")
Rule = Callable[[str], str]
"""Says what is wrong with a value, or ''."""


class SettingsError(Exception):
    """The environment does not hold what a function needs: everything that is missing or wrong is named."""

    def __init__(self, function: str, faults: list[str]) -> None:
        self.faults = tuple(faults)
        count = "1 setting is" if len(faults) == 1 else f"{len(faults)} settings are"
        listed = "\n".join(f"- {fault}" for fault in faults)
        super().__init__(f"{function} cannot work: {count} missing or wrong\n{listed}")


@dataclass(frozen=True)
class Variable:
    """An environment variable that holds a setting."""

    name: str
    meaning: str
    """With an example, for whoever must set it."""
    rule: Rule
    convert: Callable[[str], Any]


def setting(
    name: str,
    meaning: str,
    *,
    rule: Rule = lambda _: "",
    convert: Callable[[str], Any] = str,
    default: Any = MISSING,
) -> Any:
    """Declare a field of a settings dataclass as a variable; without a default it is required."""
    metadata = {"variable": Variable(name, meaning, rule, convert)}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def variables_of(settings: type[Any]) -> dict[str, bool]:
    """Return the environment variables of a settings dataclass, and whether each is required."""
    return {part.metadata["variable"].name: part.default is MISSING for part in fields(settings)}


def read_settings(settings: type[T], environment: Mapping[str, str]) -> T:
    """Read a settings dataclass.

    Raises
    ------
    SettingsError
        Names everything that is missing or wrong, at once.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for part in fields(settings):  # type: ignore[arg-type]
        variable: Variable = part.metadata["variable"]
        given = environment.get(variable.name, "").strip()
        if not given:
            if part.default is MISSING:
                faults.append(f"{variable.name} is missing: {variable.meaning}")
            continue
        fault = variable.rule(given)
        if fault:
            faults.append(f"{variable.name} is {given!r}; it {fault}: {variable.meaning}")
        else:
            values[part.name] = variable.convert(given)
    if faults:
        raise SettingsError(settings.__module__.split(".")[-2], faults)
    return settings(**values)


@cache
def settings_of(settings: type[T]) -> T:
    """Return a function's settings, read from the environment at the first use and never again."""
    return read_settings(settings, os.environ)


def is_lake(value: str) -> str:
    """Rule: the address of a lake."""
    url = urlparse(value)
    known = url.scheme in ("", "file") or (url.scheme == "s3" and url.netloc)
    return "" if known else "is no address of a lake"


def is_queue(value: str) -> str:
    """Rule: the URL of an SQS queue."""
    url = urlparse(value)
    good = url.scheme in ("http", "https") and url.netloc and url.path.strip("/")
    return "" if good else "is no URL of a queue"


def is_topic(value: str) -> str:
    """Rule: the ARN of an SNS topic."""
    return (
        "" if re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+", value) else "is no ARN of a topic"
    )


def is_web_address(value: str) -> str:
    """Rule: an http(s) address."""
    url = urlparse(value)
    return "" if url.scheme in ("http", "https") and url.netloc else "is no address of a web page"


def lake_setting() -> Any:
    """Declare the lake's address."""
    return setting("SHELFCAST_LAKE", "address of the lake, such as s3://bucket/prefix", rule=is_lake)


def queue_setting(name: str, what: str) -> Any:
    """Declare the URL of a queue."""
    example = "such as https://sqs.eu-central-1.amazonaws.com/123456789012/name"
    return setting(name, f"URL of the queue {what}, {example}", rule=is_queue)
