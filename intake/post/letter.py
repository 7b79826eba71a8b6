"""A letter and the port through which every kind of post takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Protocol


class AddressUnusable(ValueError):
    """No mail server could be asked to bring a letter there."""


class LetterNotTaken(Exception):
    """The post did not take the letter; it may at the next attempt.

    The message says why in a word and a number, never to whom or in another server's words.
    """


class LetterRefused(LetterNotTaken):
    """The post says that it will never take this letter."""


class PostOutOfReach(LetterNotTaken):
    """The post takes no letter now, whichever. ``in_letter``: it failed in the midst of one."""

    def __init__(self, reason: str, *, in_letter: bool = False) -> None:
        super().__init__(reason)
        self.in_letter = in_letter


@dataclass(frozen=True)
class Letter:
    """A letter to one reader; nothing in it is about a child."""

    message_id: str
    to_name: str
    to_address: str
    language: str
    subject: str
    text: str
    written_at: datetime

    @property
    def recipient(self) -> Address:
        """Name and address as mail servers know them. Raises LetterRefused for an unusable one."""
        try:
            return mailbox(self.to_name, self.to_address)
        except AddressUnusable:
            raise LetterRefused("its address cannot be written to") from None

    def as_mail(self, sender: str) -> EmailMessage:
        """The letter as RFC 5322 text, the same bytes at every attempt. Raises LetterRefused."""
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = self.recipient
        mail["Subject"] = self.subject
        mail["Date"] = self.written_at
        mail["Message-ID"] = f"<{self.message_id}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text)
        mail["Content-Language"] = self.language  # after the content, which clears such headers
        return mail


class Sender(Protocol):
    """A post, used for one round of letters at a time."""

    def send(self, letter: Letter) -> None:
        """Return once the letter is safely taken, else raise LetterNotTaken."""
        ...

    def close(self) -> None:
        """The round is over: let go of what was held for it."""
        ...


def mailbox(name: str, address: str) -> Address:
    """A reader as mail servers know one, the domain in ASCII. Raises AddressUnusable."""
    local, _, host = address.rpartition("@")
    try:
        plain = f"{local}@{host.encode('idna').decode()}"
        plain.encode("ascii")
        return Address(name, addr_spec=plain)
    except (ValueError, HeaderParseError, IndexError):  # the parser's ways to refuse
        raise AddressUnusable from None
