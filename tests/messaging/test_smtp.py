"""Mail over a real SMTP server: plain on this computer, encrypted everywhere else, certificates checked."""

from __future__ import annotations

import socket
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from messaging.delivery import DeliveryError
from messaging.smtp import SmtpServer, send_mail, smtp_server


def letter() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "shelfcast@example.com",
        "Ana <ana@example.com>",
        "€820 at risk",
    )
    mail.set_content("Ordnen Sie 48 Stück bis morgen.\n")
    return mail


def test_a_mail_arrives_as_it_was_written(sink: Any) -> None:
    send_mail(smtp_server(f"smtp://127.0.0.1:{sink.port}"), letter())
    (mail,) = sink.mails
    assert mail["Subject"] == "€820 at risk"
    assert mail.get_content().strip() == "Ordnen Sie 48 Stück bis morgen."


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_it_signs_in_over_tls_only(scheme: str, open_sink: Callable[..., Any], certificate: Any) -> None:
    options = (
        {"ssl_context": certificate.server, "auth_require_tls": False}
        if scheme == "smtps"
        else {"tls_context": certificate.server, "require_starttls": True}
    )
    with open_sink(password="right", **options) as sink:
        encryption = "?encryption=starttls" if scheme == "smtp" else ""
        server = smtp_server(f"{scheme}://ana:right@127.0.0.1:{sink.port}{encryption}")
        send_mail(server, letter(), context=certificate.trust)
        assert len(sink.mails) == 1
        with pytest.raises(DeliveryError, match="not trusted") as refused:
            send_mail(server, letter())
        assert refused.value.unreachable
        wrong = smtp_server(f"{scheme}://ana:wrong@127.0.0.1:{sink.port}{encryption}")
        with pytest.raises(DeliveryError, match="refused the name or password") as refused:
            send_mail(wrong, letter(), context=certificate.trust)
        assert "wrong" not in str(refused.value)
        assert len(sink.mails) == 1


def test_a_server_without_encryption_gets_nothing(sink: Any) -> None:
    server = SmtpServer("127.0.0.1", sink.port, encryption="starttls")
    with pytest.raises(DeliveryError, match="lacks what is needed: STARTTLS"):
        send_mail(server, letter())
    assert sink.mails == []


def test_refusals_say_what_was_refused(sink: Any) -> None:
    server = smtp_server(f"smtp://127.0.0.1:{sink.port}")
    sink.refuse = "554 5.7.1 not today"
    with pytest.raises(DeliveryError, match=r"refused: 554 5\.7\.1 not today") as refused:
        send_mail(server, letter())
    assert not refused.value.unreachable
    sink.refused_address = "ana@example.com"
    with pytest.raises(DeliveryError, match=r"refused the recipient: 550 5\.1\.1 no such mailbox"):
        send_mail(server, letter())
    sink.refused_sender = "shelfcast@example.com"
    with pytest.raises(DeliveryError, match=r"refused: 550 5\.7\.1 not from you") as refused:
        send_mail(server, letter())
    assert refused.value.unreachable  # no mail of ours will be taken


def test_letters_beyond_ascii_in_an_address_are_the_matter_of_that_mail_alone(
    open_sink: Callable[..., Any],
) -> None:
    mail = letter()
    mail.replace_header("To", "jörg@example.com")
    with open_sink(enable_SMTPUTF8=False) as sink:
        server = smtp_server(f"smtp://127.0.0.1:{sink.port}")
        with pytest.raises(DeliveryError, match="SMTPUTF8") as refused:
            send_mail(server, mail)
        assert not refused.value.unreachable
    with open_sink() as sink:
        send_mail(smtp_server(f"smtp://127.0.0.1:{sink.port}"), mail)
        assert len(sink.mails) == 1


def test_silence_and_absence_are_told_apart_from_refusals() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(DeliveryError, match=r"cannot be reached: .*timed out") as refused:
            send_mail(SmtpServer("127.0.0.1", port, encryption="none"), letter(), timeout=0.1)
        assert refused.value.unreachable
    with pytest.raises(DeliveryError, match="cannot be reached") as refused:
        send_mail(SmtpServer("127.0.0.1", port, encryption="none"), letter())
    assert refused.value.unreachable


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://a%40b:p%3Ass@mail.example.com", SmtpServer("mail.example.com", 465, "a@b", "p:ss", "tls")),
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, encryption="starttls")),
        ("smtp://localhost:2525", SmtpServer("localhost", 2525, encryption="none")),
        ("smtp://[::1]:25", SmtpServer("::1", 25, encryption="none")),
        ("smtp://relay:25?encryption=none", SmtpServer("relay", 25, encryption="none")),
    ],
)
def test_addresses(url: str, expected: SmtpServer) -> None:
    assert smtp_server(url) == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mail.example.com:25", "must be smtps://"),
        ("http://ana:secret@mail", "must be smtps://"),
        ("smtp://ana:secret@relay?encryption=none", "unencrypted"),
        ("smtp://ana:secret@mail:port", "not understood"),
        ("smtps://ana:secret@mail?encryption=ssl", "encryption=ssl is not known"),
    ],
)
def test_wrong_addresses_are_refused_without_the_password(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        smtp_server(url)
    assert "secret" not in str(refused.value)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(smtp_server("smtps://ana:secret@mail.example.com"))
