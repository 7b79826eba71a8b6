"""Which desk takes a share: by the directory, and by who can open there now."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from intake.domain.directory import FALLBACK, Agency, AgencyMissing, Desk, Directory, Kind
from intake.domain.report import Child
from intake.vault.seal import PublicKey
from routing_rules.rule import Standby

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
    """The desks as they are manned now: ``keys`` by agency, of those that somebody can open."""

    directory: Directory
    standby: Mapping[str, Standby]
    keys: Mapping[str, PublicKey]

    def find(self, kind: str, desk: str, place: Place) -> Agency:
        """The desk asked; where nobody can open, another of its kind, else a last resort.

        Raises NobodyCanOpen.
        """
        for step in FALLBACK[Desk(desk)]:
            agency = self._resolve(kind, step, place)
            if agency is not None and agency.id in self.keys:
                return agency
        log.error("no desk of kind %s can be opened: its report goes to a last resort", kind)
        return next(self.last_resorts(place))

    def last_resorts(self, place: Place) -> Iterator[Agency]:
        """Who takes what nobody else does: social services' triage and duty desks of the place,
        the named duty desk, any other duty desk. At least one, else raises NobodyCanOpen.
        """
        near = (self._resolve("SOC", step, place) for step in (Desk.TRIAGE, Desk.DUTY))
        named = self.directory.agency(self.directory.fallback_duty_desk)
        duty = (
            agency
            for agency in self.directory.agencies.values()
            if agency.kind is Kind.SOC and agency.desk is Desk.DUTY
        )
        found = dict.fromkeys(
            agency.id for agency in chain(near, (named,), duty) if agency and agency.id in self.keys
        )
        if not found:
            raise NobodyCanOpen
        return map(self.directory.agency, found)

    def standbys(self, kind: str, place: Place) -> Iterator[Agency]:
        """The standby desk of a lead of this kind, then the last resorts."""
        standby = self.standby[kind]
        return chain((self.find(standby.to, standby.desk, place),), self.last_resorts(place))

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
