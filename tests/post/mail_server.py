"""Mail servers of our own on loopback: real ones with real TLS, and ones that misbehave."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.processes import free_port

USER, PASSWORD = "ankkuri", "salaisuus-997"
HOST = "127.0.0.1"
PATIENCE = 2  # seconds
PATIENCE_ENDED = b"nobody left"


class Authority:
    """A certificate authority for one test, and the servers that it vouches for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.file = folder / "authority.pem"
        certificate = self._signed(self._name, self._key, x509.BasicConstraints(True, None))
        self.file.write_bytes(certificate)

    def server(self, name: str) -> ssl.SSLContext:
        """What a server needs that may call itself ``name``, a host name or an IP address."""
        key, file = ec.generate_private_key(ec.SECP256R1()), self.folder / f"{name}.pem"
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        try:
            named: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            named = x509.DNSName(name)
        certificate = self._signed(subject, key, x509.SubjectAlternativeName([named]))
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> bytes:
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass
class Taken:
    """A letter as a server got it."""

    sender: str
    readers: list[str]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        """The letter, read."""
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass
class Postmaster:
    """What one server does with letters. ``refuses``: what it answers to whom.

    ``at_data`` is called with the server at each letter, before it is taken; a text that it
    returns is the answer, and the letter is not taken.
    """

    refuses: dict[str, str] = field(default_factory=dict)
    at_data: Callable[[Any], str | None] = field(default=lambda _server: None)
    taken: list[Taken] = field(default_factory=list)
    peers: set[object] = field(default_factory=set)
    encrypted: set[bool] = field(default_factory=set)

    @property
    def message_ids(self) -> list[str]:
        """The letters by their names, in the order in which they came."""
        return [str(letter.mail["Message-ID"]) for letter in self.taken]

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Refuse who is to be refused."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take the letter."""
        answer = self.at_data(server)
        if answer is not None:
            return answer
        self.taken.append(Taken(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        self.peers.add(session.peer)
        self.encrypted.add(server.transport.get_extra_info("sslcontext") is not None)
        return "250 Taken"


@contextmanager
def running(
    postmaster: Postmaster,
    *,
    implicit: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    login: bool = False,
    port: int = 0,
) -> Iterator[int]:
    """A mail server; gives its port."""
    options: dict[str, Any] = {"ident": "test"}
    if starttls:
        options |= {"tls_context": starttls, "require_starttls": True}
    if login:
        options |= {"authenticator": _authenticate, "auth_required": True}
    controller = _Office(
        postmaster, hostname=HOST, port=port or free_port(), ssl_context=implicit, **options
    )
    controller.start()
    try:
        yield controller.port
    finally:
        asyncio.run_coroutine_threadsafe(_Connection.hang_up(), controller.loop).result()
        controller.stop()


class _Connection(SMTP):
    """A connection that can be hung up: aiosmtpd leaves it open when it stops."""

    made: ClassVar[list[tuple[Any, Any]]] = []

    def connection_made(self, transport: Any) -> None:
        """Remember how to end it."""
        self.made.append((transport, transport.get_extra_info("socket")))
        super().connection_made(transport)

    @classmethod
    async def hang_up(cls) -> None:
        """End all, and return once they are."""
        for transport, wire in cls.made:
            if wire.fileno() >= 0:
                with suppress(AttributeError):  # one that is about to end
                    transport.abort()
        while any(wire.fileno() >= 0 for _, wire in cls.made):
            await asyncio.sleep(0)
        cls.made.clear()


class _Office(Controller):
    """A server of such connections."""

    def factory(self) -> _Connection:
        """One for each connection."""
        return _Connection(self.handler, **self.SMTP_kwargs)


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@contextmanager
def scripted(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says each answer once the one before was replied to, then nothing more.

    Gives its port and, growing, all that was said to it; PATIENCE_ENDED where nobody left it.
    """
    heard: list[bytes] = []
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        thread = Thread(target=_say, args=(listener, answers, heard), daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _say(listener: socket.socket, answers: tuple[bytes, ...], heard: list[bytes]) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            client.settimeout(PATIENCE)
            with client, suppress(OSError):
                for answer in answers:
                    client.sendall(answer)
                    heard.append(client.recv(4096))
                try:
                    while said := client.recv(4096):
                        heard.append(said)
                except TimeoutError:
                    heard.append(PATIENCE_ENDED)
