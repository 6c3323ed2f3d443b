"""What storage tells of files that were dropped: its message as keys of the lake. Standard library only."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus, urlparse

from jobs.errors import JobError

FOLDER = "incoming/"
"""Where files are dropped."""

DONE = f"{FOLDER}done/"
"""Where they go once they are in the lake."""

REPORTS = (".errors.csv", ".errors.txt")
"""Ends of what is laid beside a file that was refused."""

_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", ".partial")
"""Ends of names under which programs keep what they are still writing."""


def is_dropped(key: str) -> bool:
    """Return whether a key is a file that somebody dropped, not one of ours or one being written.

    Examples
    --------
    >>> [is_dropped(f"incoming/{name}") for name in ("sales/a.csv", "done/a.csv", "a.csv.errors.csv", "b/")]
    [True, False, False, False]
    """
    name = key.rpartition("/")[2]
    return (
        key.startswith(FOLDER)
        and not key.startswith(DONE)
        and not key.endswith(REPORTS)
        and bool(name)
        and not name.startswith((".", "~$"))
        and not name.lower().endswith(_UNFINISHED)
    )


def dropped_keys(body: str, lake_uri: str) -> list[str]:
    """Return the keys below the lake that a message of S3 says were created, of files to import only.

    Parameters
    ----------
    body
        An S3 notification (raw or through SNS), S3's test event, or EventBridge's "Object Created".
    lake_uri
        The lake's address, s3://bucket/prefix: the message must be of that bucket.

    Raises
    ------
    JobError
        It is none of these, or of another bucket.
    """
    url = urlparse(lake_uri)
    prefix = f"{url.path.strip('/')}/" if url.path.strip("/") else ""
    keys = []
    for bucket, key in _created(body):
        if bucket != url.netloc:
            raise JobError(f"the message is of bucket {bucket!r}, and this lake is {lake_uri}")
        own = key[len(prefix) :] if key.startswith(prefix) else ""
        if is_dropped(own) and own not in keys:
            keys.append(own)
    return keys


def _created(body: str) -> list[tuple[str, str]]:
    """Return bucket and key of each object that was created."""
    try:
        message = json.loads(body)
        if "Message" in message and "Records" not in message:
            return _created(message["Message"])
        if message.get("Event") == "s3:TestEvent":
            return []
        if message.get("source") == "aws.s3":
            created = message["detail-type"] == "Object Created"
            # EventBridge gives the key as it is
            return [_place(message["detail"], lambda key: key)] if created else []
        return [
            # "+" is a space, and all but letters and digits may be encoded
            _place(record["s3"], unquote_plus)
            for record in message["Records"]
            if record["eventName"].removeprefix("s3:").startswith("ObjectCreated:")
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JobError(f"the message is no S3 notification ({error!r}): {body[:200]}") from error


def _place(told: dict[str, Any], decode: Any) -> tuple[str, str]:
    return str(told["bucket"]["name"]), str(decode(told["object"]["key"]))
