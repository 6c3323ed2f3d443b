"""Mail that the SMTP server of `shelfcast dev-aws` keeps, a file each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path


@dataclass(frozen=True)
class Mail:
    """A mail that arrived."""

    key: str
    """Name of its file."""
    message: EmailMessage

    @property
    def text(self) -> str:
        """What a person reads."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body is not None else ""


def read_mails(folder: Path, *, but: Collection[str] = ()) -> list[Mail]:
    """Return the mails of a Maildir, oldest first, without those whose key is in `but`."""
    files = [file for file in (folder / "new").glob("*") if file.name not in but]
    mails = []
    for file in sorted(files, key=lambda file: file.stat().st_mtime_ns):
        message = message_from_bytes(file.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        mails.append(Mail(file.name, message))
    return mails
