"""One boto3 client for each service, made at the first use: importing boto3 costs most of a second."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

_MAKING = threading.Lock()


def client(service: str) -> Any:
    """Return the process's client of a service; address, region and keys come from the environment."""
    with _MAKING:  # boto3 clients are thread-safe, making one is not
        return _made(service)


def forget_clients() -> None:
    """Make new clients at the next use: address, region or keys of the environment have changed."""
    _made.cache_clear()


@cache
def _made(service: str) -> Any:
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 4}
    return boto3.client(service, config=Config(retries=retries, connect_timeout=5, read_timeout=30))
