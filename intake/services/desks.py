"""Which desk takes a share: by the directory, and by who can open there now."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from intake.domain.directory import FALLBACK, Agency, AgencyMissing, Desk, Directory, Kind
from intake.domain.report import Child
from intake.domain.rule_tables import Standby

log = logging.getLogger(__name__)


class NobodyCanOpen(Exception):
    """No agency has a member who could open this report: it must not be taken in."""


@dataclass(frozen=True)
class Place:
    """Where a child's desks are looked for; an id that the directory lacks counts as unknown."""

    residence: str | None
    school: str | None = None
    whereabouts: str | None = None
    urgent: bool = False

    @classmethod
    def of(cls, child: Child, *, urgent: bool) -> Place:
        """A child's."""
        whereabouts = child.whereabouts_municipality or None
        return cls(child.municipality, child.school or None, whereabouts, urgent)


@dataclass(frozen=True)
class Desks:
    """Which desks are asked, and in which order."""

    directory: Directory
    standby: Mapping[str, Standby]

    def find(self, kind: str, desk: str, place: Place, manned: Container[str]) -> Agency:
        """The first desk of the kind that is manned, else a last resort that is.

        ``manned``: the ids of agencies that somebody can open. Raises NobodyCanOpen.
        """
        if found := next((a for a in self.of_kind(kind, desk, place) if a.id in manned), None):
            return found
        log.error("no desk of kind %s can be opened: its report goes to a last resort", kind)
        if found := self.last_resort(place, manned):
            return found
        raise NobodyCanOpen

    def last_resort(self, place: Place, manned: Container[str]) -> Agency | None:
        """The first last resort that is manned."""
        return next((a for a in self._last_resorts(place) if a.id in manned), None)

    def of_kind(self, kind: str, desk: str, place: Place) -> Iterator[Agency]:
        """The desk asked, then others of its kind."""
        found = (self._resolve(kind, step, place) for step in FALLBACK[Desk(desk)])
        return (agency for agency in found if agency)

    def standbys(self, kind: str, place: Place, manned: Container[str]) -> Iterator[Agency]:
        """The manned standby desk of a lead of this kind, then the manned last resorts."""
        standby = self.standby[kind]
        own = self.of_kind(standby.to, standby.desk, place)
        first = islice((agency for agency in own if agency.id in manned), 1)
        return chain(first, (a for a in self._last_resorts(place) if a.id in manned))

    def _last_resorts(self, place: Place) -> Iterator[Agency]:
        """Who takes what nobody else does: social services' triage and duty desks of the place,
        the named duty desk, any other duty desk.
        """
        near = (self._resolve("SOC", step, place) for step in (Desk.TRIAGE, Desk.DUTY))
        yield from (agency for agency in near if agency)
        yield self.directory.agency(self.directory.fallback_duty_desk)
        for agency in self.directory.agencies.values():
            if agency.in_use and agency.kind is Kind.SOC and agency.desk is Desk.DUTY:
                yield agency

    def _resolve(self, kind: str, desk: Desk, place: Place) -> Agency | None:
        try:
            return self.directory.resolve(
                Kind(kind),
                desk,
                residence=place.residence,
                school=place.school,
                whereabouts=place.whereabouts,
                urgent=place.urgent,
            )
        except AgencyMissing:
            return None
