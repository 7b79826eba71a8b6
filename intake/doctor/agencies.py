"""Whether every report finds somebody who can open it, today and in the weeks to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from intake.doctor.finding import Level, Said, fine_unless, some
from intake.domain.directory import Desk, Directory, Kind
from intake.domain.directory_flaws import REQUIRED_KINDS
from intake.domain.rule_tables import Standby
from intake.services.desks import Desks, Place

SOON = timedelta(days=60)


def openable(
    directory: Directory, standby: Mapping[str, Standby], openers: Mapping[str, int], on: date
) -> list[Said]:
    """In every municipality somebody can open what comes for each kind of agency."""
    desks = Desks(directory, standby)
    problems: list[Said] = []
    for kind in (*REQUIRED_KINDS, Kind.ANK):
        closed = [
            place
            for place in directory.municipalities
            if (kind is not Kind.ANK or directory.agreement_in_force(place, on))
            and not any(
                agency.id in openers for agency in desks.of_kind(kind, Desk.OFFICE, Place(place))
            )
        ]
        if closed:
            problems.append(
                (Level.FAIL, f"nobody can open reports for {kind} in {some(closed)}: add a member")
            )
    if directory.fallback_duty_desk not in openers:
        problems.append(
            (
                Level.FAIL,
                f"nobody can open at {directory.fallback_duty_desk}, where reports go that no "
                "other desk takes: add a member",
            )
        )
    return fine_unless(problems, "each kind of agency can be reached in every municipality")


def openers_enough(directory: Directory, openers: Mapping[str, int]) -> list[Said]:
    """Every agency in use has two people who can open, so that one may fall ill."""
    return fine_unless(_too_few(directory, openers), "every agency has two who can open, or more")


def agreements(directory: Directory, on: date) -> list[Said]:
    """Cooperation agreements reach beyond the coming weeks; without one the Ankkuri team is out."""
    return fine_unless(_ending(directory, on), f"none ends within {SOON.days} days")


def _too_few(directory: Directory, openers: Mapping[str, int]) -> Iterator[Said]:
    in_use = [agency.id for agency in directory.agencies.values() if agency.in_use]
    nobody = [agency for agency in in_use if agency not in openers]
    alone = [agency for agency in in_use if openers.get(agency) == 1]
    if nobody:
        yield Level.WARN, f"nobody can open at {some(nobody)}: another desk gets its reports"
    if alone:
        yield Level.WARN, f"one person alone can open at {some(alone)}: grant a colleague the key"


def _ending(directory: Directory, on: date) -> Iterator[Said]:
    for municipality in directory.municipalities:
        own = [a.valid_to for a in directory.agreements if a.municipality == municipality]
        if not own:
            continue
        if not directory.agreement_in_force(municipality, on):
            yield (
                Level.WARN,
                f"{municipality} has no agreement in force: its last one was to {max(own)}",
            )
        elif not directory.agreement_in_force(municipality, on + SOON):
            yield Level.WARN, f"the agreement of {municipality} ends on {max(own)}: renew it"
