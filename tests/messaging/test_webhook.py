"""Webhooks over real HTTP: signed, verified by their receiver, not redirected, not waiting without end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.delivery import DeliveryError
from messaging.webhook import DELIVERY, SIGNATURE, post, sign, verify

SECRET = "a secret of both sides"
NOW = 1_795_426_200


def send(url: str, **options: Any) -> None:
    post(url, b'{"a":1}', secret=SECRET, delivery="m1", timestamp=NOW, **options)


def test_the_receiver_verifies_what_it_is_sent(receiver: Any) -> None:
    send(receiver.url)
    (request,) = receiver.requests
    assert request.path == "/hooks/stock?team=a"
    assert (request.headers[DELIVERY], request.headers["Content-Type"]) == ("m1", "application/json")
    header = request.headers[SIGNATURE]
    assert verify(SECRET, request.body, header, now=NOW + 299)
    assert not verify(SECRET, request.body, header, now=NOW + 301)
    assert not verify(SECRET, request.body, header, now=NOW - 301)
    assert not verify("another secret of both", request.body, header, now=NOW)
    assert not verify(SECRET, request.body + b" ", header, now=NOW)
    assert not verify(SECRET, request.body, header.replace(f"t={NOW}", f"t={NOW + 1}"), now=NOW)


@given(st.binary(max_size=200), st.binary(max_size=200), st.text(max_size=60))
def test_only_the_very_body_verifies(body: bytes, other: bytes, header: str) -> None:
    signed = sign(SECRET, body, NOW)
    assert verify(SECRET, body, signed, now=NOW)
    assert verify(SECRET, other, signed, now=NOW) == (other == body)
    assert not verify(SECRET, body, header, now=NOW)


def test_tls_is_checked(open_receiver: Callable[..., Any], certificate: Any) -> None:
    with open_receiver(certificate.server) as receiver:
        send(receiver.url, context=certificate.trust)
        with pytest.raises(DeliveryError, match="not trusted") as refused:
            send(receiver.url)
        assert refused.value.unreachable
        assert len(receiver.requests) == 1


def test_an_answer_other_than_2xx_is_a_failure_that_names_no_secret(receiver: Any) -> None:
    receiver.status, receiver.answer = 500, b"out of order"
    with pytest.raises(
        DeliveryError, match=r"webhook at 127\.0\.0\.1 answered 500 .*: out of order"
    ) as refused:
        send(receiver.url)
    assert refused.value.unreachable  # not well: nothing else will be taken now
    assert "hooks" not in str(refused.value)
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    with pytest.raises(DeliveryError, match="answered 302") as refused:
        send(receiver.url)
    assert not refused.value.unreachable
    assert len(receiver.requests) == 2  # not followed


def test_a_receiver_that_hangs_is_given_up(receiver: Any) -> None:
    receiver.holds = threading.Event()
    with pytest.raises(DeliveryError, match="cannot be reached: timed out") as refused:
        send(receiver.url, timeout=0.1)
    assert refused.value.unreachable


def test_nobody_there() -> None:
    with pytest.raises(DeliveryError, match="cannot be reached"):
        send("http://127.0.0.1:1/")
