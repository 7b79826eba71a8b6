"""The steps so far on a referral, in words: arrivals, openings, moves, notes and contacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.domain.deadline import local_date, local_instant
from intake.domain.message import Message, mark
from intake.domain.note import Note, Written
from intake.domain.referral import Move, State
from intake.language import Language
from intake.services.read import Opened
from intake.store.columns import AnyRow
from intake.web.forms.moves import CHOICES, WORDS
from intake.web.forms.note import MEANS, REACHED
from intake.web.keyed.told import KeyedWords
from intake.web.names import Names
from intake.web.rights_words import ASKED_FOR, OUTCOMES, RIGHT_BASES
from intake.web.words import part

ARRIVED = {
    "": mark("Arrived in the service"),
    "returned": mark("Arrived here, returned"),
    "handed_over": mark("Arrived here, handed over"),
    "taken_over": mark("Taken over by this desk"),
    "sent_on": mark("Arrived here from another agency"),
}
_SENT_ON = frozenset({Move.RETURN, Move.HAND_OVER, Move.TAKE_OVER})


@dataclass(frozen=True)
class Event:
    """One step: ``details`` are its lines, the first with who did it."""

    at: datetime
    what: str
    details: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """Puts a referral's history into one reader's words."""

    language: Language
    names: Names

    def __call__(self, opened: Opened, way: str) -> list[Event]:
        """Oldest first. ``way``: how it came here, a key of ``ARRIVED``."""
        referral, say = opened.referral, self.language.gettext
        sender = [opened.sender] if opened.sender else []
        came = (self._say(mark("From: %(agency)s"), agency=self.names(who)) for who in sender)
        events = [Event(referral.arrived_at, say(ARRIVED[way]), tuple(came))]
        if keyed := opened.reasons.get("keyed_in"):
            told = KeyedWords(self.language, keyed).events()
            events = [Event(at, what, (text,)) for at, what, text in told] + (events if way else [])
        if referral.opened_at and referral.opened_at not in [event.at for event in events]:
            first = say(mark("Opened for the first time"))
            events.append(Event(referral.opened_at, first, ()))
        for row in opened.moves:
            what = say(WORDS[Move(row.move)].done)
            events.append(Event(row.made_at, what, tuple(self._move(opened, row))))
        for row in opened.notes:
            events.append(self._note(row, opened.written.get(row.id)))
        for line, reason in opened.rights:
            events.append(self._right(line, reason))
        return sorted(events, key=lambda event: event.at)

    def _move(self, opened: Opened, row: AnyRow) -> Iterator[str]:
        move = Move(row.move)
        yield " · ".join(self._by(opened, row))
        if move in _SENT_ON:
            # A move and what it made have one instant.
            for sent in opened.successors:
                if sent.arrived_at == row.made_at:
                    yield self._say(mark("Moved to: %(agency)s"), agency=self.names(sent.agency_id))
        if move is Move.WITHDRAW:
            yield from self._withdrawn(opened, row)
        if told := opened.disclosed.get(row.id):
            yield from self._disclosed(told)

    def _by(self, opened: Opened, row: AnyRow) -> Iterator[str]:
        yield row.person_name
        if row.choice:
            yield self.language.gettext(CHOICES[row.choice])
        if row.happened_on and row.happened_on != local_date(row.made_at):
            yield self._say(mark("happened on %(day)s"), day=row.happened_on)
        if reason := opened.move_reasons.get(row.id):
            yield self._say(mark("Reason: %(reason)s"), reason=reason)

    def _withdrawn(self, opened: Opened, row: AnyRow) -> Iterator[str]:
        """Whether anybody had opened what was withdrawn: then it has been disclosed."""
        if opened.referral.state == State.WITHDRAWN:
            sent = opened.referral
        else:
            sent = next(s for s in opened.successors if s.moved_at == row.made_at)
            yield self._say(mark("Withdrawn from: %(agency)s"), agency=self.names(sent.agency_id))
        if sent.opened_at:
            yield self._say(
                mark("It had been opened there %(at)s: what it says has been disclosed."),
                at=sent.opened_at,
            )
        else:
            yield self.language.gettext(mark("Nobody had opened it there."))

    def _disclosed(self, told: Mapping[str, Any]) -> Iterator[str]:
        yield self._say(mark("Legal basis: %(basis)s"), basis=basis(self.language, told["basis"]))
        slots = told["sections"]
        parts = ", ".join(part(self.language, slot, slots) for slot in slots)
        yield self._say(mark("Parts: %(parts)s"), parts=parts)
        if told["consent"]:
            yield self._say(mark("Consent: %(consent)s"), consent=told["consent"])

    def _right(self, line: AnyRow, reason: str) -> Event:
        say = self.language.gettext
        unread = mark("It is sealed to a key that you have not been given.")
        details = (
            " · ".join((line.name or "", say(OUTCOMES[line.purpose]))),
            self._say(mark("Legal basis: %(basis)s"), basis=Message(RIGHT_BASES[line.basis])),
            reason or say(unread),
        )
        return Event(line.at, say(ASKED_FOR[line.action]), details)

    def _note(self, row: AnyRow, written: Written | None) -> Event:
        say = self.language.gettext
        if written is None:
            unread = say(mark("It is sealed to a key that you have not been given."))
            return Event(row.made_at, say(mark("Note")), (row.person_name, unread))
        if isinstance(written, Note):
            return Event(row.made_at, say(mark("Note")), (row.person_name, written.text))
        when: object = written.on
        if written.at:
            when = local_instant(written.on, written.at)
        details = (
            " · ".join((row.person_name, say(REACHED["yes" if written.reached else "no"]))),
            self._say(mark("When: %(when)s"), when=when),
            self._say(mark("With whom: %(who)s"), who=written.with_whom),
            written.text,
        )
        what = self._say(mark("Contact: %(means)s"), means=Message(MEANS[written.means]))
        return Event(row.made_at, what, tuple(text for text in details if text))

    def _say(self, key: str, **params: object) -> str:
        return self.language.message(Message(key, params))


def basis(language: Language, told: Mapping[str, Any]) -> str:
    """A legal basis with its provision, and whether it has been confirmed."""
    text = language.text(told["text"])
    if told["law"]:
        text = f"{text} ({told['law']})"
    if told["confirmed"]:
        return text
    return f"{text} – {language.gettext(mark('To be confirmed'))}"
