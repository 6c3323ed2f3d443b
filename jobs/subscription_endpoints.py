"""Where news goes: which addresses are accepted, and how much of an address or a secret is shown."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

LEAST_SECRET = 16
"""Characters of a webhook's secret."""

FROM_ENVIRONMENT = "env:"
"""Begins a secret that a variable holds: the lake then never sees it."""


def endpoint_fault(channel: str, endpoint: str) -> list[str]:
    """Say what is wrong with where a channel sends; nothing if it is right."""
    if channel == "email":
        right = re.fullmatch(r"[^@\s,;:<>()\"\[\]\\]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", endpoint)
        return [] if right else [f"{endpoint!r} is not an e-mail address"]
    if channel == "sms":
        if re.fullmatch(r"\+[1-9]\d{6,14}", endpoint):
            return []
        return [f"{endpoint!r} is not a telephone number; write it with + and country, such as +33612345678"]
    if channel in ("webhook", "queue"):
        return _address_faults(channel, endpoint)
    return [f"channel {channel!r} is not known; known are email, sms, webhook, queue"]


def _address_faults(channel: str, endpoint: str) -> list[str]:
    what = "a webhook" if channel == "webhook" else "a queue"
    try:
        url = urlsplit(endpoint)
        loopback = is_loopback(url.hostname or "")
        url.port  # noqa: B018 - reading it is the check
    except ValueError as error:
        return [f"{endpoint!r} is not an address ({error})"]
    if re.search(r"[\s\x00-\x1f]", endpoint) or url.scheme not in ("http", "https") or not url.hostname:
        return [f"{endpoint!r} is not the address of {what}; write https://…"]
    if url.scheme == "http" and not loopback:
        return [f"{shown(url)} is not encrypted; {what} needs https (http only on this computer)"]
    if url.username is not None:
        return [f"{shown(url)} holds a name or password; {what} takes none in its address"]
    return []


def is_loopback(host: str) -> bool:
    """Whether a host is this computer."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def secret_fault(channel: str, secret: str) -> list[str]:
    """Say what is wrong with a secret; nothing if it is right. The secret is not in the message."""
    if channel != "webhook":
        return [f"a secret signs webhooks; {channel} takes none"] if secret else []
    if secret.startswith(FROM_ENVIRONMENT):
        name = secret.removeprefix(FROM_ENVIRONMENT)
        right = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        return [] if right else [f"secret env:{name} does not name a variable"]
    if len(secret) < LEAST_SECRET:
        return [f"a webhook needs a secret of {LEAST_SECRET} characters or more, or env:NAME"]
    return []


def shown(url: SplitResult) -> str:
    """Write an address without what may be secret in it: name, password, query, the path's end."""
    port = f":{url.port}" if url.port else ""
    path = url.path.strip("/").split("/")
    rest = f"/{path[0]}/…" if len(path) > 1 else "/…" if path[0] or url.query else ""
    return f"{url.scheme}://{url.hostname or ''}{port}{rest}"


def hidden(channel: str, endpoint: str) -> str:
    """Write where news goes, so that one knows it again and nobody can use it."""
    if channel == "email":
        name, _, host = endpoint.rpartition("@")
        return f"{name[:1]}…@{host}" if name else ""
    if channel == "sms":
        return f"{endpoint[:3]}…{endpoint[-3:]}" if endpoint else ""
    return shown(urlsplit(endpoint)) if endpoint else ""


def hidden_secret(secret: str) -> str:
    """Write a secret so that one knows it again: its last characters, or where it is."""
    if secret.startswith(FROM_ENVIRONMENT):
        return secret
    return f"…{secret[-4:]}" if secret else ""
