"""What a referral's page shows beside its sections: deadlines, tasks, steps so far, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from intake.domain.clock import Clock, Kind
from intake.domain.deadline import Certificate, Why, local_date
from intake.domain.directory import Directory
from intake.domain.masked import is_open, masked
from intake.domain.message import Message, mark
from intake.domain.note import STATES as WRITTEN_IN
from intake.domain.note import Contact, Note
from intake.domain.referral import MOVES, Move, State
from intake.language import Language
from intake.services.hand_on import WAYS, live
from intake.services.read import Opened
from intake.store.columns import AnyRow
from intake.web.deadline_words import changed
from intake.web.due import Due, due
from intake.web.forms.moves import WORDS
from intake.web.keyed.told import KeyedWords
from intake.web.names import Names
from intake.web.timeline import Timeline
from intake.web.told import Telling, Told
from intake.web.words import (
    AGE_UNCERTAIN,
    KINDS,
    MAYBE_ADULT,
    NOTICES,
    REPORT_TYPES,
    STATES,
    TAKEN_OVER,
    TYPE_REASONS,
)

_NOT_TICKED = frozenset({Move.RESPOND, Move.REOPEN, Move.WITHDRAW, Move.TAKE_OVER})
_ENDED: Mapping[str, str] = {
    Move.CLOSE: mark("Not met: the handling ended"),
    Move.WITHDRAW: mark("Ended: the report was withdrawn"),
}
_MOVED_ON = mark("Ended: the report moved on")


def clock_title(language: Language, clocks: Mapping[str, Clock], clock: str) -> str:
    """A clock's title; the id of one that a later rule set no longer has."""
    return language.text(clocks[clock].title) if clock in clocks else clock


@dataclass(frozen=True)
class ShownDeadline:
    """One deadline in words. ``due`` is None once it has been met; ``ended`` says what stopped it
    where nothing met it.
    """

    clock: str
    title: str
    law: str | None
    due: Due | None
    by: str
    extended: str
    met: str
    met_late: bool
    ended: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """Makes the page's words for one reader at one instant."""

    language: Language
    directory: Directory
    clocks: Mapping[str, Clock]
    now: datetime

    def context(
        self, opened: Opened, moves: tuple[Move, ...], *, revealed: bool = False
    ) -> dict[str, Any]:
        """Everything that the template asks for; a protected place only if it is ``revealed``."""
        telling = Telling(self.language, self.directory, local_date(self.now))
        told = telling(opened.sections if revealed else masked(opened.sections))
        keyed = opened.reasons.get("keyed_in")
        return {
            **self.frame(opened, revealed=revealed),
            "keyed_in": KeyedWords(self.language, keyed).rows() if keyed else [],
            "told": told,
            "earlier": opened.earlier,
            "states": {s: self.language.gettext(word) for s, (_, word) in STATES.items()},
            "why": self._why(opened, self.names(opened, revealed=revealed)),
            "masked": any(child.masked for child in told.children),
            "revealed": revealed,
            "notices": self._notices(opened.reasons, told),
            "can_accept": Move.ACCEPT in moves,
            "tasks": list(self._tasks(opened, moves)),
            "can_note": bool(moves) and opened.referral.state in WRITTEN_IN[Note],
            "can_contact": bool(moves) and opened.referral.state in WRITTEN_IN[Contact],
        }

    def frame(self, opened: Opened, *, revealed: bool = False) -> dict[str, Any]:
        """What is shown also of a referral that was withdrawn, or whose content was deleted."""
        referral, names = opened.referral, self.names(opened, revealed=revealed)
        taken = next((move for move in opened.moves if move.move == Move.TAKE_OVER), None)
        kind, state = TAKEN_OVER if taken else STATES[referral.state]
        way = next((name for name in WAYS if name in opened.reasons), "")
        if referral.came_from and not way:
            way = "sent_on"
        return {
            "referral": referral,
            "agency": self.directory.agency(referral.agency_id),
            "state_kind": kind,
            "state": self.language.gettext(state),
            "taken": self._taken(opened, taken, names) if taken else None,
            "deadlines": [self.deadline(row, opened.changes) for row in opened.deadlines],
            "events": [
                (event.what, self.language.date_and_time(event.at), event.details)
                for event in Timeline(self.language, names)(opened, way)
            ],
        }

    def names(self, opened: Opened, *, revealed: bool = False) -> Names:
        """The names of agencies: unmasked where it is known that nothing is protected."""
        own = None if revealed or is_open(opened.sections) else {opened.referral.agency_id}
        return Names(self.language, self.directory, own)

    def _taken(self, opened: Opened, move: AnyRow, names: Names) -> dict[str, Any]:
        """Who took over a referral on which nothing was recorded here, and why."""
        desk = live(opened.successors)
        name = names(desk.agency_id) if desk else ""
        return {
            "by": f"{name} ({move.person_name})",
            "reason": opened.move_reasons.get(move.id, ""),
        }

    def deadline(self, row: AnyRow, changes: Sequence[AnyRow]) -> ShownDeadline:
        """A stored deadline, as it was counted, with its own of these changes."""
        clock = self.clocks.get(row.clock)
        pressing = due(row.due_at, self.now)
        extended = row.due_extended_on != row.due_on
        met = clock is None or row.met_by in clock.met_by
        ended = _ENDED.get(row.met_by, _MOVED_ON) if row.met_at and not met else ""
        return ShownDeadline(
            clock=row.clock,
            title=clock_title(self.language, self.clocks, row.clock),
            law=clock.law if clock else None,
            due=pressing if row.met_at is None else None,
            by=pressing.by(self.language),
            extended=self.language.date(row.due_extended_on) if extended else "",
            met=self.language.date(row.met_on or row.met_at) if row.met_at else "",
            met_late=bool(row.met_at) and _met_late(row),
            ended=self.language.gettext(ended),
            changes=tuple(changed(self.language, c) for c in changes if c.deadline_id == row.id),
        )

    def _tasks(self, opened: Opened, moves: tuple[Move, ...]) -> Iterator[tuple[Any, ...]]:
        """What can be recorded, with the deadline that it would meet; what has been, as done."""
        made = {Move(row.move) for row in opened.moves}
        running = [row for row in opened.deadlines if row.met_at is None]
        for move in MOVES:
            text = self.language.gettext(WORDS[move].do)
            if move in moves and move is not Move.ACCEPT:
                kind, word = self._pressure(move, running)
                yield text, move.value, kind, word
            elif move in made and move not in _NOT_TICKED and _stands(move, opened.referral):
                yield self.language.gettext(WORDS[move].done), None, "done", ""

    def _pressure(self, move: Move, running: list[AnyRow]) -> tuple[str, str]:
        """The tag of the earliest deadline that the move would meet; none for sending it away."""
        if move in (Move.RETURN, Move.HAND_OVER):
            return "", ""
        for row in running:  # the earliest comes first
            clock = self.clocks.get(row.clock)
            if clock and move.value in clock.met_by:
                pressing = due(row.due_at, self.now)
                by = Message(mark("by %(day)s"), {"day": pressing.by(self.language)})
                return pressing.kind or "new", self.language.message(pressing.word or by)
        return "", ""

    def _notices(self, reasons: Mapping[str, Any], told: Told) -> list[str]:
        """What the rules tell the agency. The warning of a suspected guardian says one already,
        and that nobody may get the report holds at another possible age.
        """
        say = {name: text for name, text in NOTICES.items() if name != "consent_or_consult"}
        if told.guardian_suspected:
            del say["nothing_to_guardians"]
        if "age" in reasons["uncertain"]:
            say["adult_services"] = MAYBE_ADULT
        return [self.language.gettext(say[n]) for n in reasons["notices"] if n in say]

    def _why(self, opened: Opened, names: Names) -> dict[str, Any]:
        """The rules' reasons and bases, the report's type and what was left out."""
        reasons, sections = opened.reasons, opened.sections
        say, text = self.language.gettext, self.language.text
        type_reason = reasons["type_reason"]
        way = next((name for name in WAYS if name in reasons), "")
        came = reasons.get(way, {})
        return {
            "type": say(REPORT_TYPES[reasons["report_type"]]),
            "type_reason": say(TYPE_REASONS.get(type_reason, type_reason)),
            "alert": reasons["alert"],
            "reasons": [
                (text(r["title"]), text(r["because"]), self._led_by(r["rule"], reasons, sections))
                for r in reasons["reasons"]
            ],
            "bases": [(text(b["text"]), b["law"], b["confirmed"]) for b in reasons["bases"]],
            "withheld": [(say(KINDS[w["kind"]]), text(w["because"])) for w in reasons["withheld"]],
            "uncertain": say(AGE_UNCERTAIN) if "age" in reasons["uncertain"] else "",
            "way": way,
            "by": names(came["by"]) if came else "",
            "reason": came.get("reason", ""),
            "consent": came.get("consent", ""),
        }

    def _led_by(
        self, rule: str, reasons: Mapping[str, Any], sections: Mapping[str, Any]
    ) -> list[int]:
        """The children for whom a rule held, where the agency has several; else nothing."""
        shown = {slot.partition("_")[2] for slot in sections} - {""}
        children: list[int] = reasons.get("children", {}).get(rule, [])
        return children if len(shown) > 1 else []


def _stands(move: Move, referral: AnyRow) -> bool:
    """Whether a move that was recorded still counts: an ending may have been taken back."""
    leads_to = MOVES[move].leads_to
    return leads_to in (None, State.ACCEPTED) or referral.state == leads_to


def _met_late(row: AnyRow) -> bool:
    """Whether it was met after its last moment; the day that the worker gave counts."""
    if row.met_on is not None:
        return bool(row.met_on > row.due_on)
    return bool(row.met_at > row.due_at)


@dataclass(frozen=True)
class Run:
    """A day of a certificate, or days up to ``last`` that are shown as one line."""

    first: date
    last: date | None
    counts: bool
    message: Message


def runs(certificate: Certificate, language: str) -> list[Run]:
    """Every day of a certificate; of a count in months, where each day counts, only the ends."""
    counted = [day for day in certificate.days if day.why is Why.COUNTED]
    folded = counted[:-1] if certificate.rule.kind is Kind.MONTHS else []
    made = [
        Run(day.date, None, day.counts, day.message(language))
        for day in certificate.days
        if day not in folded
    ]
    if folded:
        message = Message(mark("Days 1–%(last)s"), {"last": folded[-1].number})
        made.insert(1, Run(folded[0].date, folded[-1].date, True, message))
    return made
