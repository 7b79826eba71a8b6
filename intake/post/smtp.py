"""The post over SMTP: encrypted, to the server that its certificate names, or not at all."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email import policy
from email.utils import parseaddr

from intake.post.letter import Letter, LetterNotTaken, LetterRefused, PostOutOfReach

TIMEOUT = 20  # seconds, for connecting and for each answer; all of a letter's stay within its claim
_WIRE = policy.SMTP.clone(cte_type="7bit")  # asks nothing of a server but RFC 5321
_DONE = 250
_FORWARDED = 251
_CLOSING = 421
_NEVER = 500  # and above


@dataclass
class SmtpSender:
    """Letters of one round share a connection, as long as the server keeps it.

    ``tls``: ``implicit`` or ``starttls``; ``none`` only for a relay on this machine, which the
    caller sees to. ``sender``: the mailbox in From, whose address is the envelope's too.
    ``login``: user and password.
    """

    host: str
    port: int
    tls: str
    context: ssl.SSLContext
    sender: str
    login: tuple[str, str] | None = field(default=None, repr=False)
    timeout: float = TIMEOUT
    _server: smtplib.SMTP | None = field(default=None, init=False, repr=False)

    @property
    def address(self) -> str:
        """The envelope's sender."""
        return parseaddr(self.sender)[1]

    def send(self, letter: Letter) -> None:
        """Return once the server has taken the letter; see LetterNotTaken and its kinds."""
        mail = letter.as_mail(self.sender).as_bytes(policy=_WIRE)
        server = self._begun()
        try:
            _expect("RCPT", server.rcpt(letter.recipient.addr_spec)[0], _DONE, _FORWARDED)
            _expect("DATA", _data(server, mail), _DONE)
        except PostOutOfReach:
            self._drop()
            raise
        except LetterNotTaken:
            self._reset(server)
            raise
        except OSError as error:
            self._drop()
            raise PostOutOfReach(_kind(error), in_letter=True) from None

    def check(self) -> None:
        """Raise PostOutOfReach if the server would take no letter now."""
        self._begun()
        self.close()

    def close(self) -> None:
        """Take leave of the server."""
        if self._server is not None:
            with suppress(OSError):
                self._server.quit()
            self._drop()

    def _begun(self) -> smtplib.SMTP:
        """A server that waits for a recipient: the one of the letter before, if it still is there.

        Raises PostOutOfReach: what a server has against our sender, it has against every letter.
        """
        if self._server is not None:
            with suppress(OSError):
                if self._server.mail(self.address)[0] == _DONE:
                    return self._server
            self._drop()
        try:
            server = self._server = self._connected()
            self._greet(server)
            code = server.mail(self.address)[0]
        except (OSError, ValueError) as error:  # ValueError: a name or a password it cannot encode
            self._drop()
            raise PostOutOfReach(_kind(error)) from None
        if code != _DONE:
            self._drop()
            raise PostOutOfReach(f"MAIL {code}")
        return server

    def _connected(self) -> smtplib.SMTP:
        our_name = self.address.partition("@")[2]
        if self.tls == "implicit":
            return smtplib.SMTP_SSL(
                self.host, self.port, our_name, timeout=self.timeout, context=self.context
            )
        return smtplib.SMTP(self.host, self.port, our_name, timeout=self.timeout)

    def _greet(self, server: smtplib.SMTP) -> None:
        if self.tls == "starttls":
            server.starttls(context=self.context)  # raises where the server has none
        server.ehlo_or_helo_if_needed()
        if self.login is not None:
            server.login(*self.login)

    def _reset(self, server: smtplib.SMTP) -> None:
        """Forget the letter that was not taken; a server that cannot is left."""
        try:
            server.rset()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


def _data(server: smtplib.SMTP, mail: bytes) -> int:
    try:
        return server.data(mail)[0]
    except smtplib.SMTPDataError as error:
        return error.smtp_code


def _expect(step: str, code: int, *good: int) -> None:
    """Raise what a server's answer means for the letter."""
    if code in good:
        return
    if code == _CLOSING:
        raise PostOutOfReach(f"{step} {code}", in_letter=True)
    raise (LetterRefused if code >= _NEVER else LetterNotTaken)(f"{step} {code}")


def _kind(error: Exception) -> str:
    """What went wrong, without the server's words: they may repeat an address."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()
