"""How an agency's page tells that a report was keyed in, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.domain.message import Message, mark
from intake.language import Language
from intake.web.forms.words import CHANNELS
from intake.web.words import ROLES

BY = mark("%(name)s (%(role)s)")


@dataclass(frozen=True)
class KeyedWords:
    """What the reasons of a referral say of its keying in, in one reader's words."""

    language: Language
    keyed: Mapping[str, Any]

    def rows(self) -> list[tuple[str, str, None]]:
        """How it came, who keyed it in, and why so late, for the summary."""
        say, when = self.language.gettext, self.language.date_and_time
        rows = [
            (say(mark("Came in")), f"{when(self._at('arrived_at'))}\n{self._came()}"),
            (say(mark("Keyed in by")), f"{self._by()}\n{when(self._at('keyed_at'))}"),
        ]
        if self.keyed["late_reason"]:
            rows.append((say(mark("Why it was keyed in only then")), self.keyed["late_reason"]))
        return [(name, value, None) for name, value in rows]

    def events(self) -> list[tuple[datetime, str, str]]:
        """Both arrivals as steps: at the agency that took it, and in this service."""
        say = self.language.gettext
        return [
            (self._at("arrived_at"), say(mark("Came in to an agency")), self._came()),
            (self._at("keyed_at"), say(mark("Keyed in to the service")), self._by()),
        ]

    def _came(self) -> str:
        how = dict(CHANNELS)[self.keyed["channel"]]
        return f"{self.language.gettext(how)} · {self.language.text(self.keyed['agency'])}"

    def _by(self) -> str:
        role = ROLES[self.keyed["role"]]
        params = {"name": self.keyed["name"], "role": Message(role)}
        return self.language.message(Message(BY, params))

    def _at(self, which: str) -> datetime:
        return datetime.fromisoformat(self.keyed[which])
