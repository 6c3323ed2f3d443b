"""The API's shell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.api.handler import handler

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]


def test_a_lake_that_cannot_be_read_is_said_without_its_address(
    place: Any, as_deployed: Any, context: Any, sample: Any
) -> None:
    as_deployed(place.of("api") | {"AWS_SECRET_ACCESS_KEY": "wrong"})
    answer = handler(sample("api", "health.json"), context)
    assert answer["statusCode"] == 503
    assert json.loads(answer["body"]) == {"status": "unavailable", "reason": "the lake cannot be read"}


def test_what_is_not_there_is_not_found(place: Any, as_deployed: Any, context: Any, sample: Any) -> None:
    as_deployed(place.of("api"))
    event = sample("api", "health.json")
    event |= {"rawPath": "/secrets", "routeKey": "$default"}
    event["requestContext"]["http"]["path"] = "/secrets"
    assert handler(event, context)["statusCode"] == 404
