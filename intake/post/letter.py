"""A letter and the port through which every kind of post takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Protocol


@dataclass(frozen=True)
class Letter:
    """A letter to one member of staff; nothing in it is about a child."""

    message_id: str
    to_name: str
    to_address: str
    language: str
    subject: str
    text: str
    written_at: datetime

    def as_mail(self, sender: str) -> EmailMessage:
        """The letter as RFC 5322 text, the same bytes at every attempt."""
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = Address(self.to_name, addr_spec=self.to_address)
        mail["Subject"] = self.subject
        mail["Date"] = self.written_at
        mail["Message-ID"] = f"<{self.message_id}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text)
        mail["Content-Language"] = self.language  # after the content, which clears such headers
        return mail


class LetterNotTaken(Exception):
    """The post did not take the letter; it may at the next attempt."""


class Sender(Protocol):
    """A post. ``send`` returns once the letter is safely taken, else raises LetterNotTaken."""

    def send(self, letter: Letter) -> None:
        """Take one letter."""
        ...
