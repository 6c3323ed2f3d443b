"""Options that several commands share."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

LakeOption = Annotated[
    str,
    typer.Option(
        "--lake",
        envvar="SHELFCAST_LAKE",
        help="Where the data are: a folder, file:///path or s3://bucket/prefix.",
        show_envvar=True,
    ),
]

AuthorOption = Annotated[
    str,
    typer.Option(
        "--author",
        envvar="SHELFCAST_USER",
        help="Who acts; recorded. Default: who you are signed in as on this computer.",
    ),
]


def who(author: str) -> str:
    """Return the author given, or the person signed in on this computer."""
    return author or getpass.getuser()


def absolute(lake: str) -> str:
    """Make a folder's address independent of the current folder."""
    return lake if "://" in lake else str(Path(os.path.expanduser(lake)).absolute())
