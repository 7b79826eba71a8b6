"""The rules and the calendars: proved, in force, and reaching far enough ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from intake.doctor.finding import Level, Said, fine_unless, some
from intake.domain.calendar import Calendar, CalendarTooShort
from intake.services.prove import prove
from intake.services.rulebook import Rulebook
from routing_rules.book import Book
from routing_rules.vocabulary import RulesInvalid

REACH = timedelta(days=120)
"""A clock of three months and the reminders after it: with less, days are provisional."""
AHEAD = timedelta(days=240)
YEAR = timedelta(days=365)
SOON = timedelta(days=60)
Kept = Callable[[], Rulebook | None]


def rules(kept: Kept, now: datetime, today: date) -> list[Said]:
    """The rules in force are there, are proved, their cases hold, and they go on."""
    rulebook = kept()
    if rulebook is None:
        return [(Level.FAIL, "no rules are in force: run `ankkuri init`")]
    try:
        book = rulebook.at(now)
    except RulesInvalid as error:
        first, *rest = str(error).splitlines()
        return [(Level.FAIL, first + (f" (and {len(rest)} more)" if rest else ""))]
    proof = prove(book)
    faults = [(Level.FAIL, f"{flaw.message}: see `ankkuri rules check`") for flaw in proof.flaws]
    faults += _unusable(rulebook, now)
    faults += _ending(book, today)
    upcoming = [edition.since for edition in rulebook.editions if edition.since > now]
    return fine_unless(
        faults[:1] if proof.flaws else faults,
        f"{proof.rules} rules proved, {sum(len(t.cases) for t, _ in book.distinct)} cases hold"
        + (
            f"; the next ones come into force at {upcoming[0]:%Y-%m-%d %H:%M} UTC"
            if upcoming
            else ""
        ),
    )


def bases(kept: Kept, now: datetime, today: date) -> list[Said]:
    """The legal bases are in force, and a lawyer has confirmed them."""
    rulebook = kept()
    if rulebook is None:
        return [(Level.FAIL, "no rules are in force: run `ankkuri init`")]
    try:
        tables = [table for table, _ in rulebook.at(now).distinct]
    except RulesInvalid:
        return [(Level.FAIL, "the rules in force cannot be read")]
    known = {basis.id: basis for table in tables for basis in table.bases.values()}.values()
    ended = [basis.id for basis in known if basis.valid_to and basis.valid_to < today]
    unconfirmed = [basis.id for basis in known if not basis.confirmed]
    problems: list[Said] = []
    if ended:
        problems.append((Level.FAIL, f"no longer in force: {some(ended)}"))
    if unconfirmed:
        problems.append(
            (Level.WARN, f"{len(unconfirmed)} wait to be confirmed: {some(unconfirmed)}")
        )
    return fine_unless(problems, "in force and confirmed")


def calendars(calendar: Calendar, on: date) -> list[Said]:
    """Public holidays and every municipality's school years are known far enough ahead."""
    return fine_unless(_short(calendar, on), f"known to {on + AHEAD} and beyond")


def _unusable(rulebook: Rulebook, now: datetime) -> Iterator[Said]:
    """Rules to come that this program cannot decide by: those before them would stay."""
    for edition in rulebook.coming(now)[1:]:
        if refused := rulebook.refusal(edition):
            since = f"{edition.since:%Y-%m-%d %H:%M}"
            yield Level.FAIL, f"the rules of {since} UTC cannot be used: {refused.problems[0]}"


def _ending(book: Book, on: date) -> Iterator[Said]:
    """Sets whose last day has passed, or will soon: they stay in force, but should not."""
    for document in book.documents.values():
        last = document.validity[1]
        if last is not None and on > last:
            yield Level.FAIL, f"{document.id} was for days to {last}: publish its successor"
        elif last is not None and on + SOON > last:
            yield Level.WARN, f"{document.id} is for days to {last}: have its successor ready"


def _short(calendar: Calendar, on: date) -> Iterator[Said]:
    if (on + YEAR).year > calendar.last_year:
        last = calendar.last_year
        yield (
            Level.WARN,
            f"the public holidays of this version end with {last}: install a newer one",
        )
    places = sorted({place for place, _ in calendar.school_years if place})
    for place in (None, *places):
        where = f"{place}: " if place else ""
        for ahead, level, so in (
            (REACH, Level.FAIL, "deadlines are counted provisionally without it: extend it"),
            (AHEAD, Level.WARN, "extend it in time"),
        ):
            try:
                calendar.must_reach(on + ahead)
                calendar.school_term(on, place)
                calendar.school_term(on + ahead, place)
            except CalendarTooShort as error:
                yield level, f"{where}{error}: {so}"
                break
    for place in places:
        last = max(starts for of, starts in calendar.school_years if of == place)
        if on + REACH > date(last + 1, 7, 31):
            yield (
                Level.WARN,
                f"{place} has school years of its own to {last} only: the others' hold",
            )
