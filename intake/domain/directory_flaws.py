"""What is wrong between the lines of a directory that are each right by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from intake.domain.directory import (
    Agency,
    AgencyMissing,
    County,
    Desk,
    Directory,
    Kind,
    LineUse,
    Municipality,
)
from intake.domain.message import Message, mark

REQUIRED_KINDS = (Kind.SOC, Kind.POL, Kind.HEA, Kind.YOU, Kind.WEL, Kind.PRI)
IMPOSSIBLE = mark("The directory of agencies would not hold with this change.")


@dataclass(frozen=True)
class Flaw:
    """One flaw: ``line`` for a log or a terminal, ``message`` for a page, and the names of the
    fields that it can come from, the likeliest first.
    """

    line: str
    message: Message = field(default_factory=lambda: Message(IMPOSSIBLE))
    fields: tuple[str, ...] = ()

    def from_day(self, day: date) -> Flaw:
        """The same flaw of a later day."""
        key = mark("From %(day)s on: %(problem)s")
        message = Message(key, {"day": day, "problem": self.message})
        return replace(self, line=f"from {day} on: {self.line}", message=message)


def flaws(directory: Directory, on: date) -> Iterator[Flaw]:
    """Every flaw on a day; agreements that have ended by then are not looked at."""
    yield from _controller_flaws(directory)
    yield from _agency_flaws(directory)
    yield from _school_flaws(directory)
    yield from _agreement_flaws(directory, on)
    yield from _gaps(directory)
    yield from _line_flaws(directory)
    yield from _fallback_flaws(directory)


def _gaps(directory: Directory) -> Iterator[Flaw]:
    for municipality in directory.municipalities.values():
        for kind in REQUIRED_KINDS:
            try:
                directory.resolve(kind, Desk.TRIAGE, residence=municipality.id, school=None)
            except AgencyMissing:
                what = "education provider (PRI triage)" if kind is Kind.PRI else kind
                key = mark("%(place)s would have no agency of this kind any more.")
                yield Flaw(
                    f'municipality "{municipality.id}" has no {what}',
                    Message(key, {"place": municipality.name}),
                    ("municipalities", "out_of_use_from", "desk"),
                )


def _line_flaws(directory: Directory) -> Iterator[Flaw]:
    for county in directory.counties.values():
        for use in LineUse:
            if not any((li.county, li.use) == (county.id, use) for li in directory.phone_lines):
                key = mark("%(county)s would have no telephone line for this any more.")
                yield Flaw(
                    f'county "{county.id}" has no {use} phone_line',
                    Message(key, {"county": county.name}),
                    ("use",),
                )
    for line in directory.phone_lines:
        if line.use is LineUse.EMERGENCY and not line.hours.always_open:
            key = mark("The telephone line “%(line)s” is for emergencies: it must always answer.")
            yield Flaw(
                f'phone_line "{line.id}": an emergency line must have hours "always"',
                Message(key, {"line": line.name}),
                ("open", "hours", "agency"),
            )
        if not directory.agency(line.agency).in_use:
            key = mark("The telephone line “%(line)s” belongs to %(agency)s, which is out of use.")
            yield Flaw(
                f'phone_line "{line.id}": agency "{line.agency}" is out of use',
                Message(key, {"line": line.name, "agency": directory.agency(line.agency).name}),
                ("out_of_use_from", "agency"),
            )


def _fallback_flaws(directory: Directory) -> Iterator[Flaw]:
    duty = directory.agencies[directory.fallback_duty_desk]
    as_it_must_be = (Kind.SOC, Desk.DUTY, True, True)
    if (duty.kind, duty.desk, duty.hours.always_open, duty.in_use) != as_it_must_be:
        key = mark(
            "%(agency)s gets the reports whose county nobody knows: it must stay a duty desk that "
            "is always open."
        )
        yield Flaw(
            f'fallback_duty_desk "{duty.id}" must be a SOC duty desk in use with hours "always"',
            Message(key, {"agency": duty.name}),
            ("open", "desk", "out_of_use_from"),
        )


def _controller_flaws(directory: Directory) -> Iterator[Flaw]:
    bodies: list[County | Municipality] = [
        *directory.counties.values(),
        *directory.municipalities.values(),
    ]
    for controller, times in Counter(body.controller for body in bodies).items():
        if times > 1:
            yield Flaw(
                f'controller "{controller}" stands for {times} bodies; '
                "each county and municipality is a controller of its own"
            )


def _agency_flaws(directory: Directory) -> Iterator[Flaw]:
    served: dict[tuple[Kind, Desk, str], Agency] = {}
    for agency in directory.agencies.values():
        if not agency.in_use:
            continue
        if agency.school is not None:
            yield from _principal_flaws(directory, agency)
            continue
        for municipality in agency.municipalities:
            place = (agency.kind, agency.desk, municipality)
            if other := served.get(place):
                key = mark("%(place)s belongs to %(agency)s already, for the same kind of desk.")
                names = {
                    "place": directory.municipalities[municipality].name,
                    "agency": other.name,
                }
                yield Flaw(
                    f'agency "{agency.id}" serves "{municipality}" as {agency.kind} '
                    f'{agency.desk}, but so does "{other.id}"',
                    Message(key, names),
                    ("municipalities", "desk", "out_of_use_from"),
                )
            served[place] = agency


def _principal_flaws(directory: Directory, agency: Agency) -> Iterator[Flaw]:
    where = directory.schools[agency.school or ""].municipality
    if (agency.kind, agency.desk) != (Kind.PRI, Desk.OFFICE):
        yield Flaw(f'agency "{agency.id}" has a school, so it must be a PRI office')
    if agency.municipalities != (where,):
        yield Flaw(f'agency "{agency.id}" must serve "{where}" alone, where its school lies')


def _school_flaws(directory: Directory) -> Iterator[Flaw]:
    for school in directory.schools.values():
        if school.in_use and not directory.agencies[school.agency].in_use:
            key = mark("%(school)s needs its principal while it is in use.")
            yield Flaw(
                f'school "{school.id}" is in use, but its agency "{school.agency}" is not',
                Message(key, {"school": school.name}),
                ("out_of_use_from",),
            )


def _agreement_flaws(directory: Directory, on: date) -> Iterator[Flaw]:
    for number, agreement in enumerate(directory.agreements):
        team = directory.agencies[agreement.agency]
        place = directory.municipalities[agreement.municipality]
        serves = team.in_use and team.kind is Kind.ANK and place.id in team.municipalities
        if agreement.valid_to >= on and not serves:
            key = mark(
                "%(place)s has an agreement with %(agency)s until %(day)s, so that team must "
                "serve it. End the agreement first."
            )
            names = {"place": place.name, "agency": team.name, "day": agreement.valid_to}
            yield Flaw(
                f'agreement "{agreement.id}": agency "{team.id}" is no Ankkuri team '
                f'that serves "{place.id}"',
                Message(key, names),
                ("municipality", "municipalities", "out_of_use_from"),
            )
        for other in directory.agreements[:number]:
            if (
                other.municipality == place.id
                and other.valid_from <= agreement.valid_to
                and agreement.valid_from <= other.valid_to
            ):
                key = mark("%(place)s would have two agreements at once, from %(day)s.")
                day = max(other.valid_from, agreement.valid_from)
                yield Flaw(
                    f'agreement "{agreement.id}" overlaps "{other.id}" in the same municipality',
                    Message(key, {"place": place.name, "day": day}),
                    ("valid_from",),
                )
