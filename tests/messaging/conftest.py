"""Real servers on 127.0.0.1: a mail sink, a webhook receiver, and certificates that only the tests trust."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


@dataclass
class MailSink:
    """A mail server that keeps what it takes."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: str = ""
    """An answer to every message instead of taking it."""
    refused_address: str = ""
    refused_sender: str = ""

    async def handle_MAIL(  # noqa: N802 - the name is aiosmtpd's
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.refused_sender:
            return "550 5.7.1 not from you"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.refused_address:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


OpenSink = Callable[..., AbstractContextManager[MailSink]]


@pytest.fixture
def open_sink() -> OpenSink:
    """Start a mail sink; keywords go to aiosmtpd."""

    @contextmanager
    def opened(password: str = "", **options: Any) -> Iterator[MailSink]:
        sink = MailSink(free_port())

        def signs_in(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
            right = isinstance(given, LoginPassword) and given.password == password.encode()
            return AuthResult(success=right, handled=False)

        if password:
            options |= {"authenticator": signs_in, "auth_required": True}
        server = Controller(sink, hostname="127.0.0.1", port=sink.port, **options)
        with warnings.catch_warnings():
            # aiosmtpd counts as TLS only what STARTTLS began, and warns of passwords on any other connection
            warnings.simplefilter("ignore", UserWarning)
            server.start()
            try:
                yield sink
            finally:
                server.stop()

    return opened


@pytest.fixture
def sink(open_sink: OpenSink) -> Iterator[MailSink]:
    """A plain mail sink."""
    with open_sink() as opened:
        yield opened


@dataclass(frozen=True)
class Certificate:
    """A certificate of 127.0.0.1."""

    path: Path
    key: Path

    @property
    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context

    @property
    def trust(self) -> ssl.SSLContext:
        """Trusts this certificate alone."""
        return ssl.create_default_context(cafile=str(self.path))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("tls")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(made.key), "-out", str(made.path)),
        ],
        check=True,
        capture_output=True,
    )
    return made


@dataclass
class Received:
    """One request as the receiver saw it."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A webhook's receiver that keeps what it is sent."""

    url: str
    requests: list[Received] = field(default_factory=list)
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    holds: threading.Event | None = None
    """Set: an answer waits for it."""


OpenReceiver = Callable[..., AbstractContextManager[Receiver]]


@pytest.fixture
def open_receiver() -> OpenReceiver:
    """Start a webhook's receiver, with TLS if a context is given."""

    @contextmanager
    def opened(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(Received(self.path, dict(self.headers), body))
                if receiver.holds is not None:
                    receiver.holds.wait()
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.answer)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """A caller that gave up is what some tests are about."""

        server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https" if context else "http"
        receiver = Receiver(f"{scheme}://127.0.0.1:{server.server_port}/hooks/stock?team=a")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            if receiver.holds is not None:
                receiver.holds.set()
            server.shutdown()
            thread.join()
            server.server_close()

    return opened


@pytest.fixture
def receiver(open_receiver: OpenReceiver) -> Iterator[Receiver]:
    """A plain receiver."""
    with open_receiver() as opened:
        yield opened
