"""What a referral's page shows beside its sections: deadlines, tasks, steps so far, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from intake.domain.clock import Clock, Kind
from intake.domain.deadline import Certificate, Why, local_date
from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.referral import MOVES, Move
from intake.language import Language
from intake.services.read import Opened
from intake.store.columns import AnyRow
from intake.web.due import Due, due
from intake.web.forms.moves import CHOICES, WORDS
from intake.web.keyed.told import KeyedWords
from intake.web.told import Telling, Told
from intake.web.words import ASKED, KINDS, NOTICES, REPORT_TYPES, STATES, TYPE_REASONS

_ARRIVED = mark("Arrived in the service")
_TWICE = frozenset({Move.RESPOND})


def clock_title(language: Language, clocks: Mapping[str, Clock], clock: str) -> str:
    """A clock's title; the id of one that a later rule set no longer has."""
    return language.text(clocks[clock].title) if clock in clocks else clock


@dataclass(frozen=True)
class ShownDeadline:
    """One deadline in words. ``due`` is None once it has been met."""

    clock: str
    title: str
    law: str | None
    due: Due | None
    by: str
    extended: str
    met: str
    met_late: bool
    unmet: bool


@dataclass(frozen=True)
class Case:
    """Makes the page's words for one reader at one instant."""

    language: Language
    directory: Directory
    clocks: Mapping[str, Clock]
    now: datetime

    def context(self, opened: Opened, moves: tuple[Move, ...]) -> dict[str, Any]:
        """Everything that the template asks for."""
        referral = opened.referral
        telling = Telling(self.language, self.directory, local_date(self.now))
        told = telling(opened.sections)
        kind, state = STATES[referral.state]
        keyed = self._keyed(opened)
        return {
            "referral": referral,
            "agency": self.directory.agency(referral.agency_id),
            "state_kind": kind,
            "state": self.language.gettext(state),
            "told": told,
            "why": self._why(opened.reasons),
            "notices": self._notices(opened.reasons["notices"], told),
            "deadlines": [self.deadline(row) for row in opened.deadlines],
            "can_accept": Move.ACCEPT in moves,
            "tasks": list(self._tasks(opened, moves)),
            "events": list(self._events(opened)),
            "keyed_in": keyed.rows() if keyed else [],
        }

    def deadline(self, row: AnyRow) -> ShownDeadline:
        """A stored deadline, as it was counted."""
        clock = self.clocks.get(row.clock)
        pressing = due(row.due_at, self.now)
        extended = row.due_extended_on != row.due_on
        return ShownDeadline(
            clock=row.clock,
            title=clock_title(self.language, self.clocks, row.clock),
            law=clock.law if clock else None,
            due=pressing if row.met_at is None else None,
            by=pressing.by(self.language),
            extended=self.language.date(row.due_extended_on) if extended else "",
            met=self.language.date(row.met_on or row.met_at) if row.met_at else "",
            met_late=bool(row.met_at) and _met_late(row),
            unmet=row.met_at is not None and clock is not None and row.met_by not in clock.met_by,
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
            elif move in made and move not in _TWICE:
                yield self.language.gettext(WORDS[move].done), None, "done", ""

    def _pressure(self, move: Move, running: list[AnyRow]) -> tuple[str, str]:
        """The tag of the earliest deadline that the move would meet."""
        for row in running:  # the earliest comes first
            clock = self.clocks.get(row.clock)
            if clock and move.value in clock.met_by and move is not Move.RETURN:
                pressing = due(row.due_at, self.now)
                by = Message(mark("by %(day)s"), {"day": pressing.by(self.language)})
                return pressing.kind or "new", self.language.message(pressing.word or by)
        return "", ""

    def _events(self, opened: Opened) -> Iterator[tuple[str, str, str]]:
        """The steps so far, oldest first: what, when, and by whom with which reason."""
        referral, say = opened.referral, self.language
        came = mark("Arrived here, returned") if referral.came_from else _ARRIVED
        events = [(referral.arrived_at, say.gettext(came), "")]
        if keyed := self._keyed(opened):
            events = [*keyed.events(), *(events if referral.came_from else ())]
        if referral.opened_at and referral.opened_at not in [at for at, *_ in events]:
            events.append((referral.opened_at, say.gettext(mark("Opened for the first time")), ""))
        for row in opened.moves:
            detail = [row.person_name]
            if row.choice:
                detail.append(say.gettext(CHOICES[row.choice]))
            if row.happened_on and row.happened_on != local_date(row.made_at):
                happened = Message(mark("happened on %(day)s"), {"day": row.happened_on})
                detail.append(say.message(happened))
            if reason := opened.move_reasons.get(row.id):
                detail.append(say.message(Message(mark("Reason: %(reason)s"), {"reason": reason})))
            if Move(row.move) is Move.RETURN and opened.moved_to:
                to = self.directory.agency(opened.moved_to).name
                detail.append(say.message(Message(mark("Moved to: %(agency)s"), {"agency": to})))
            what = say.gettext(WORDS[Move(row.move)].done)
            events.append((row.made_at, what, " · ".join(detail)))
        for at, what, text in sorted(events, key=lambda event: event[0]):
            yield what, say.date_and_time(at), text

    def _keyed(self, opened: Opened) -> KeyedWords | None:
        """How the report came, if a member of an agency keyed it in."""
        keyed = opened.reasons.get("keyed_in")
        return KeyedWords(self.language, keyed) if keyed else None

    def _notices(self, notices: list[str], told: Told) -> list[str]:
        """What the rules tell the agency; the warning of a suspected guardian says one already."""
        said = {"nothing_to_guardians"} if told.guardian_suspected else set()
        return [
            self.language.gettext(NOTICES[n]) for n in notices if n in NOTICES and n not in said
        ]

    def _why(self, reasons: Mapping[str, Any]) -> dict[str, Any]:
        """The rules' reasons and bases, the report's type and what was left out."""
        say, text = self.language.gettext, self.language.text
        returned, type_reason = reasons.get("returned"), reasons["type_reason"]
        return {
            "type": say(REPORT_TYPES[reasons["report_type"]]),
            "type_reason": say(TYPE_REASONS.get(type_reason, type_reason)),
            "alert": reasons["alert"],
            "reasons": [(text(r["title"]), text(r["because"])) for r in reasons["reasons"]],
            "bases": [(text(b["text"]), b["law"], b["confirmed"]) for b in reasons["bases"]],
            "withheld": [(say(KINDS[w["kind"]]), text(w["because"])) for w in reasons["withheld"]],
            "uncertain": [say(ASKED[fact]) for fact in reasons["uncertain"] if fact in ASKED],
            "returned_by": self.directory.agency(returned["by"]).name if returned else None,
            "returned_reason": returned["reason"] if returned else "",
        }


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
