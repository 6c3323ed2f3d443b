"""Send mail by SMTP: encrypted, certificates checked, never waiting without end."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from messaging.delivery import DeliveryError

TIMEOUT_SECONDS = 15.0
"""Of each answer of the server."""

Encryption = Literal["tls", "starttls", "none"]


@dataclass(frozen=True)
class SmtpServer:
    """A mail server and who signs in."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    encryption: Encryption = "starttls"


def smtp_server(url: str) -> SmtpServer:
    """Read `smtps://user:password@host:port` (TLS from the start) or `smtp://…` (STARTTLS).

    `smtp://` goes without encryption only to this computer, or where the address ends in `?encryption=none`
    (a relay in one's own network), and then without a password. Names and passwords are percent-encoded.

    Raises
    ------
    ValueError
        The address is not understood; the message does not hold the password.

    Examples
    --------
    >>> smtp_server("smtps://ana:s%40cret@mail.example.com").port
    465
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(
            "the mail server's address is not understood; write smtps://user:password@host:465"
        ) from None
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise ValueError(
            "the mail server's address must be smtps://user:password@host:port or smtp://host:port"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    asked = parse_qs(parts.query).get("encryption", [""])[0]
    encryption: Encryption = "tls" if parts.scheme == "smtps" else "starttls"
    if parts.scheme == "smtp" and (asked == "none" or (not asked and _is_here(host))):
        encryption = "none"
        if user and not _is_here(host):
            raise ValueError(
                "the password would go unencrypted: write smtps://, or leave ?encryption=none out"
            )
    elif asked not in ("", "starttls", "none"):
        raise ValueError(f"encryption={asked} is not known; it can be starttls or none")
    return SmtpServer(host, port or (465 if encryption == "tls" else 587), user, password, encryption)


def send_mail(
    server: SmtpServer,
    message: EmailMessage,
    *,
    context: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> None:
    """Send one message to the addresses in its headers.

    Parameters
    ----------
    context
        How certificates are checked; without: against what this computer trusts, host name included.

    Raises
    ------
    DeliveryError
        The server cannot be reached, or refuses the sender, a recipient or the message.
    """
    trust = context or ssl.create_default_context()
    where = f"mail server {server.host}:{server.port}"
    try:
        with _connected(server, trust, timeout) as connection:
            if server.encryption == "starttls":
                connection.starttls(context=trust)
            if server.user:
                connection.login(server.user, server.password)
            refused = connection.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{where} refused the name or password ({error.smtp_code})", unreachable=True
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        # of the whole server, unless it is this address alone that has letters beyond ASCII
        alone = "SMTPUTF8" in str(error)
        raise DeliveryError(f"{where} lacks what is needed: {error}", unreachable=not alone) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise DeliveryError(f"{where} refused the recipient: {code} {_words(text)}") from error
    except smtplib.SMTPResponseException as error:
        everything = isinstance(
            error, smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPSenderRefused
        )
        said = f"{where} refused: {error.smtp_code} {_words(error.smtp_error)}"
        raise DeliveryError(said, unreachable=everything) from error
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(
            f"{where} shows a certificate that is not trusted: {error.verify_message}", unreachable=True
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"{where} cannot be reached: {error}", unreachable=True) from error
    if refused:
        raise DeliveryError(f"{where} refused {len(refused)} recipients")


def _connected(server: SmtpServer, trust: ssl.SSLContext, timeout: float) -> smtplib.SMTP:
    if server.encryption == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=trust)
    return smtplib.SMTP(server.host, server.port, timeout=timeout)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _words(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text
