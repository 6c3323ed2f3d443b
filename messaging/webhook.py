"""Send JSON to a webhook, signed, so that its receiver knows who sent it, when, and that it is whole.

The header `Shelfcast-Signature: t=<seconds since 1970>,v1=<hex>` holds HMAC-SHA256 of `<seconds>.<body>`
under the secret that both sides know. A receiver calls `verify`, or does the same in its own language:
compare in constant time, refuse what is older than five minutes, and pass over a `Shelfcast-Delivery` that
it has seen.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import re
import ssl
from urllib.parse import urlsplit

from messaging.delivery import DeliveryError

SIGNATURE = "Shelfcast-Signature"
DELIVERY = "Shelfcast-Delivery"

TIMEOUT_SECONDS = 10.0
TOLERANCE_SECONDS = 300
_READ = 2048
"""Bytes of an answer that are looked at."""


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """Return the signature header of a body.

    Parameters
    ----------
    timestamp
        When it is sent [s since 1970].

    Examples
    --------
    >>> sign("a secret of both", b"{}", 1763884800)[:16]
    't=1763884800,v1='
    """
    return f"t={timestamp},v1={_mac(secret, body, timestamp)}"


def verify(secret: str, body: bytes, header: str, *, now: int, tolerance: int = TOLERANCE_SECONDS) -> bool:
    """Whether a body came from who knows the secret, unchanged, within `tolerance` seconds of `now`.

    The comparison takes the same time wherever the signatures differ, so that it gives nothing away.

    Examples
    --------
    >>> header = sign("a secret of both", b"{}", 1763884800)
    >>> verify("a secret of both", b"{}", header, now=1763884810)
    True
    >>> verify("a secret of both", b"{ }", header, now=1763884810)
    False
    """
    found = re.fullmatch(r"t=(\d{1,15}),v1=([0-9a-f]{64})", header)
    if not found:
        return False
    timestamp = int(found[1])
    right = hmac.compare_digest(_mac(secret, body, timestamp), found[2])
    return right and abs(now - timestamp) <= tolerance


def post(
    url: str,
    body: bytes,
    *,
    secret: str,
    delivery: str,
    timestamp: int,
    context: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> None:
    """Post a signed body to a webhook; any answer 2xx is success. Redirects are not followed.

    Parameters
    ----------
    delivery
        Names the message; the same on every try.
    context
        How certificates are checked; without: against what this computer trusts, host name included.

    Raises
    ------
    DeliveryError
        It cannot be reached, or answers otherwise; the message names host and status, not path or secret.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        trust = context or ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=trust)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Shelfcast",
        SIGNATURE: sign(secret, body, timestamp),
        DELIVERY: delivery,
    }
    try:
        connection.request("POST", path, body, headers)
        with connection.getresponse() as answer:
            said = answer.read1(_READ).decode(errors="replace")  # once: a slow answer must not hold us up
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(
            f"webhook at {host} shows a certificate that is not trusted: {error.verify_message}",
            unreachable=True,
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryError(
            f"webhook at {host} cannot be reached: {error or type(error).__name__}", unreachable=True
        ) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        reason = f"webhook at {host} answered {answer.status} {answer.reason}: {said[:200].strip()}"
        busy = answer.status >= 500 or answer.status == http.HTTPStatus.TOO_MANY_REQUESTS
        raise DeliveryError(reason.rstrip(": "), unreachable=busy)


def _mac(secret: str, body: bytes, timestamp: int) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
