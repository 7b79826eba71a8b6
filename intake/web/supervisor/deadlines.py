"""The running deadlines: due, late, who was chased when, and reminders that did not arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, abort, redirect, request, url_for

from intake.domain.chase import CHASED
from intake.domain.message import Message, mark
from intake.domain.promised import step_at
from intake.language import Language
from intake.services.oversee import Dead, Oversee, Running
from intake.services.sign_in import Visit
from intake.services.try_again import LetterNotYours, TryAgain
from intake.store.columns import AnyRow
from intake.web.case import clock_title
from intake.web.due import SOON, Due, due
from intake.web.forms.base import PageForm
from intake.web.page import reader_language
from intake.web.paging import Asked
from intake.web.supervisor.room import Room
from intake.web.words import CHASED_AS, STATES

CHASER = "chase"
SILENT_AFTER = timedelta(minutes=10)
SHOWN = ("running", "late", "soon")


class _Shown(NamedTuple):
    """A running deadline in words."""

    id: UUID
    reference: str
    agency: str
    clock: str
    due: Due
    moved: str
    state_kind: str
    state: str
    opened: str
    chased: Sequence[str]
    next: str


class _Pressing(NamedTuple):
    """What runs of one clock at one agency, and the addresses of the lists of it."""

    agency: str
    agency_href: str
    clock: str
    late: int
    late_href: str
    soon: int
    soon_href: str
    running: int
    running_href: str


@dataclass(frozen=True)
class Deadlines:
    """The list of running deadlines."""

    room: Room
    oversee: Oversee
    try_again: TryAgain

    def deadlines(self, visit: Visit) -> Response:
        """What is late or soon late by agency and clock at one's own controllers' agencies, the
        running deadlines themselves, and letters given up.
        """
        return self._page(visit, self.room.form(visit, PageForm))

    def revive(self, visit: Visit, letter_id: UUID) -> Any:
        """Send a letter again that was given up."""
        form = self.room.form(visit, PageForm)
        if not form.validate():
            return self._page(visit, form, 422)
        try:
            self.try_again(visit, letter_id, self.room.now())
        except LetterNotYours:
            self.room.refuse(visit, "supervisor.revive")
            abort(404)
        return redirect(url_for("supervisor.deadlines", revived="y"), 303)

    def _page(self, visit: Visit, form: PageForm, status: int = 200) -> Response:
        now, language = self.room.now(), reader_language()
        own = self.oversee.agencies(visit.person)
        asked = Asked.here(SHOWN, own, self.room.clocks)
        watched = self.oversee.deadlines(
            visit.person,
            now,
            now + SOON,
            asked.limit,
            agency=asked.agency,
            clock=asked.clock,
            span=asked.span(now),
            after=asked.after,
        )
        rows, pages = asked.page(watched.deadlines, "supervisor.deadlines")
        counts = watched.counts
        ran_at = self.oversee.last_run(CHASER)
        undelivered = self.oversee.undelivered(visit.person, now)
        return self.room.render(
            "supervisor/deadlines.html",
            status,
            form=form,
            asked=asked,
            pressing=[self._pressing(language, c) for c in counts if c.late or c.soon],
            late=sum(count.late for count in counts),
            soon=sum(count.soon for count in counts),
            running=sum(count.running for count in counts),
            rows=[self._row(language, row, watched.chases.get(row.key, ()), now) for row in rows],
            pages=pages,
            agencies=[self.room.directory.agency(agency) for agency in sorted(own)],
            clocks=self._clocks(language, counts, asked.clock),
            ran_at=ran_at,
            silent=ran_at is None or now - ran_at > SILENT_AFTER,
            dead=[self._dead(language, letter) for letter in undelivered.dead if not asked.after],
            waiting=undelivered.waiting,
            provisional=self.oversee.provisional(visit.person),
            revived="revived" in request.args,
        )

    def _pressing(self, language: Language, count: Running) -> _Pressing:
        to = partial(url_for, "supervisor.deadlines", agency=count.agency.id)
        clock = count.clock if count.clock in self.room.clocks else None
        return _Pressing(
            language.text(count.agency.name),
            to(),
            clock_title(language, self.room.clocks, count.clock),
            count.late,
            to(clock=clock, state="late"),
            count.soon,
            to(clock=clock, state="soon"),
            count.running,
            to(clock=clock),
        )

    def _clocks(
        self, language: Language, counts: Sequence[Running], chosen: str | None
    ) -> list[tuple[str, str]]:
        """The clocks that the list may be filtered by, with their titles."""
        running = {count.clock for count in counts} | {chosen}
        clocks = [clock for clock in self.room.clocks if clock in running]
        titled = [(clock, clock_title(language, self.room.clocks, clock)) for clock in clocks]
        return sorted(titled, key=itemgetter(1))

    def _dead(self, language: Language, letter: Dead) -> dict[str, Any]:
        titles = [clock_title(language, self.room.clocks, clock) for _, clock in letter.about]
        return {
            "id": letter.id,
            "reader": letter.reader,
            "references": [reference for reference, _ in letter.about],
            "clock": ", ".join(dict.fromkeys(titles)),
            "at": letter.dead_at,
            "attempts": letter.attempts,
        }

    def _row(
        self, language: Language, row: AnyRow, chases: Sequence[AnyRow], now: datetime
    ) -> _Shown:
        kind, state = STATES[row.state]
        opened, moved = language.gettext(mark("not opened yet")), ""
        if row.opened_at:
            opened = language.gettext(mark("opened %(day)s"), day=language.date(row.opened_at))
        if row.due_extended_on != row.due_on:
            day = language.date(row.due_extended_on)
            moved = language.gettext(mark("moved forward: %(day)s"), day=day)
        return _Shown(
            row.key,
            row.reference,
            language.text(self.room.directory.agency(row.agency_id).name),
            clock_title(language, self.room.clocks, row.clock),
            due(row.at, now),
            moved,
            kind,
            language.gettext(state),
            opened,
            tuple(_chased(language, chases)),
            _next(language, row),
        )


def _chased(language: Language, chases: Sequence[AnyRow]) -> Iterator[str]:
    """Who was written to, by the instant at which it was done."""
    for at, steps in groupby(chases, attrgetter("chased_at")):
        upward = sorted(steps, key=lambda chase: CHASED.index(chase.to_role))
        roles = dict.fromkeys([_reader(language, step) for step in upward])
        yield f"{language.date_and_time(at)}: {', '.join(roles)}"


def _reader(language: Language, chase: AnyRow) -> str:
    role = language.gettext(CHASED_AS[chase.to_role])
    if chase.letters:
        return role
    return language.message(Message(mark("%(role)s (nobody to write to)"), {"role": role}))


def _next(language: Language, row: AnyRow) -> str:
    """The step that comes if nothing is recorded before it."""
    if row.next_chase_at is None:
        return language.gettext(mark("No steps left"))
    to = step_at(row.steps, row.next_chase_at)["to"]
    return f"{language.date_and_time(row.next_chase_at)}: {language.gettext(CHASED_AS[to])}"
