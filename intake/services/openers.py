"""Who can open where: by agency, and for each municipality by kind of agency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from intake.domain.directory import Agency, AgencyMissing, Desk, Directory, Kind, Municipality
from intake.services.desks import Desks, Place
from intake.services.keys_that_open import KeysThatOpen
from intake.store import people
from intake.store.database import Database


@dataclass(frozen=True)
class Served:
    """One kind of agency in one municipality.

    ``agency``: whose reports they are by the directory. ``taker``: who gets them now, None if
    nobody could. ``standby``: who may open them when the agency stays silent.
    """

    municipality: Municipality
    kind: Kind
    agency: Agency
    openers: int
    taker: Agency | None
    standby: Agency | None

    @property
    def is_gap(self) -> bool:
        """Whether no agency of this kind could open a report of this place."""
        return self.taker is None or self.taker.kind is not self.kind


@dataclass(frozen=True)
class Openers:
    """Counts of members who can open; an agency whose key is damaged has none."""

    database: Database
    keys_that_open: KeysThatOpen

    def __call__(self, on: date) -> Mapping[str, int]:
        """By agency, on a day; an agency without any is missing."""
        usable = self.keys_that_open(on)
        with self.database.read() as connection:
            return {a: n for a, n in people.openers(connection, on).items() if a in usable}

    def who(self, on: date) -> Mapping[str, set[UUID]]:
        """By agency, the members who can open on a day."""
        usable = self.keys_that_open(on)
        with self.database.read() as connection:
            found = people.who_can_open(connection, on)
        return {agency: members for agency, members in found.items() if agency in usable}

    def by_municipality(self, directory: Directory, desks: Desks, on: date) -> Iterator[Served]:
        """Every municipality with every kind that its reports may need on a day."""
        openers = self(on)
        for municipality in directory.municipalities.values():
            place = Place(municipality.id)
            for kind in Kind:
                if kind is Kind.ANK and not directory.agreement_in_force(municipality.id, on):
                    continue
                try:
                    agency = directory.resolve(
                        kind, Desk.OFFICE, residence=municipality.id, school=None
                    )
                except AgencyMissing:
                    continue
                of_kind = (a for a in desks.of_kind(kind, Desk.OFFICE, place) if a.id in openers)
                taker = next(of_kind, None) or desks.last_resort(place, openers)
                standbys = desks.standbys(kind, place, openers)
                standby = next((a for a in standbys if taker and a.id != taker.id), None)
                yield Served(municipality, kind, agency, openers.get(agency.id, 0), taker, standby)
