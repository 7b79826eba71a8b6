"""The directory: which desk of which controller serves a child, by kind and by place.

Nouns and one verb, ``Directory.resolve``. Names, numbers and hours are data, read by
``intake.domain.directory_file``. Each county, each municipality and the police department is a
controller of its own, so that each resolved desk is a separate disclosure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")

Text: TypeAlias = Mapping[str, str]
"""One name in ``fi``, ``sv`` and ``en``; all three are there (``en`` is ``fi`` where not given)."""


class Kind(StrEnum):
    """What an agency is, as the rules name it."""

    SOC = "SOC"
    POL = "POL"
    ANK = "ANK"
    HEA = "HEA"
    YOU = "YOU"
    WEL = "WEL"
    PRI = "PRI"


class Desk(StrEnum):
    """Which door of the agency; ``holiday`` stands in while the schools are closed."""

    OFFICE = "office"
    TRIAGE = "triage"
    HOLIDAY = "holiday"
    DUTY = "duty"


FALLBACK: Mapping[Desk, tuple[Desk, ...]] = {
    Desk.OFFICE: (Desk.OFFICE, Desk.TRIAGE, Desk.DUTY, Desk.HOLIDAY),
    Desk.TRIAGE: (Desk.TRIAGE, Desk.OFFICE, Desk.DUTY, Desk.HOLIDAY),
    Desk.HOLIDAY: (Desk.HOLIDAY, Desk.TRIAGE, Desk.OFFICE, Desk.DUTY),
    Desk.DUTY: (Desk.DUTY, Desk.OFFICE, Desk.TRIAGE, Desk.HOLIDAY),
}
"""The desks tried, in order, for the desk asked. All four stand in each row: a kind with any desk
in a municipality always resolves there."""


class LineUse(StrEnum):
    """What a telephone line on the start page is for."""

    CHILD_WELFARE = "child_welfare"
    EMERGENCY = "emergency"


class AgencyMissing(LookupError):
    """No agency of this kind serves the place; never raised for SOC and POL."""

    def __init__(self, kind: Kind, place: str | None) -> None:
        super().__init__(f"no agency of kind {kind} serves {place or 'an unknown place'}")
        self.kind = kind
        self.place = place


class AgencyUnknown(LookupError):
    """No agency has this id."""


class MunicipalityUnknown(LookupError):
    """No municipality has this id."""


@dataclass(frozen=True)
class Controller:
    """A controller (rekisterinpitäjä): a county, a municipality or the police department.

    ``keep_days``: for how long the content of a report is kept after it was recorded in the client
    system; ``keep_closed_days``: after its handling ended. None: as long as the settings say.
    """

    id: str
    name: Text = field(hash=False)
    keep_days: int | None = None
    keep_closed_days: int | None = None


@dataclass(frozen=True)
class County:
    """A wellbeing services county (hyvinvointialue)."""

    id: str
    name: Text = field(hash=False)
    controller: str


@dataclass(frozen=True)
class Municipality:
    id: str
    name: Text = field(hash=False)
    county: str
    controller: str


@dataclass(frozen=True)
class Hours:
    """Opening hours in Helsinki time: (opens, closes) for Monday to Friday, None = closed all day.

    Closed on every day that is not a working day, unless ``always_open``.
    """

    week: tuple[tuple[time, time] | None, ...] = (None,) * 5
    always_open: bool = False

    def open_at(self, at: datetime, is_working_day: bool) -> bool:
        """Whether someone answers at this instant; the closing minute itself is closed.

        ``is_working_day`` says it of the Helsinki date of ``at``. ValueError if ``at`` is naive.
        """
        if at.tzinfo is None:
            raise ValueError("opening hours need an aware datetime")
        if self.always_open:
            return True
        local = at.astimezone(HELSINKI)
        if not is_working_day or local.weekday() >= len(self.week):
            return False
        span = self.week[local.weekday()]
        return span is not None and span[0] <= local.time() < span[1]


@dataclass(frozen=True)
class Agency:
    """One desk that receives referrals. ``school`` is set for a principal (PRI office) alone."""

    id: str
    kind: Kind
    desk: Desk
    controller: str
    name: Text = field(hash=False)
    phone: str
    hours: Hours
    municipalities: tuple[str, ...]
    school: str | None
    languages: tuple[str, ...]
    out_of_use_from: date | None = None
    in_use: bool = True
    """On the day for which the directory was read. What is out of use gets nothing new."""


@dataclass(frozen=True)
class School:
    """A school; ``language`` is that of its teaching, ``agency`` its principal's."""

    id: str
    name: Text = field(hash=False)
    municipality: str
    language: str
    agency: str
    out_of_use_from: date | None = None
    in_use: bool = True


@dataclass(frozen=True)
class Agreement:
    """A municipality's cooperation agreement on an Ankkuri team; both days are within it."""

    id: str
    municipality: str
    agency: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class PhoneLine:
    """A county's line on the start page and the receipt; number and hours are its agency's unless
    it has its own.
    """

    id: str
    county: str
    use: LineUse
    agency: str
    name: Text = field(hash=False)
    phone: str
    hours: Hours


@dataclass(frozen=True, eq=False)
class Directory:
    """All of it, by id and in the order of the data file, as it is on one day.

    What is out of use stays in it: reports that came before name it.
    """

    controllers: Mapping[str, Controller]
    counties: Mapping[str, County]
    municipalities: Mapping[str, Municipality]
    schools: Mapping[str, School]
    agencies: Mapping[str, Agency]
    agreements: tuple[Agreement, ...]
    phone_lines: tuple[PhoneLine, ...]
    fallback_duty_desk: str

    def agency(self, agency_id: str) -> Agency:
        """The agency of this id; AgencyUnknown if there is none."""
        try:
            return self.agencies[agency_id]
        except KeyError:
            raise AgencyUnknown(agency_id) from None

    def county_of(self, municipality_id: str) -> County:
        """The county the municipality belongs to; MunicipalityUnknown if there is none."""
        try:
            return self.counties[self.municipalities[municipality_id].county]
        except KeyError:
            raise MunicipalityUnknown(municipality_id) from None

    def area_of(self, controller_id: str) -> tuple[str, ...]:
        """The municipalities of a controller: a county's, a municipality's own, else all."""
        of_county = tuple(
            one.id
            for one in self.municipalities.values()
            if self.counties[one.county].controller == controller_id
        )
        own = tuple(o.id for o in self.municipalities.values() if o.controller == controller_id)
        return of_county or own or tuple(self.municipalities)

    def kinds_of(self, controller_id: str) -> tuple[Kind, ...]:
        """The kinds of agency that a controller may have: a county's services, a municipality's, or
        the police's; an Ankkuri team may be anybody's.
        """
        if any(county.controller == controller_id for county in self.counties.values()):
            return (Kind.SOC, Kind.HEA, Kind.WEL, Kind.ANK)
        if any(one.controller == controller_id for one in self.municipalities.values()):
            return (Kind.YOU, Kind.PRI, Kind.ANK)
        return (Kind.POL, Kind.ANK)

    def agreement_in_force(self, municipality_id: str, on: date) -> Agreement | None:
        """The municipality's Ankkuri agreement in force on this Helsinki date, if there is one."""
        for agreement in self.agreements:
            if (
                agreement.municipality == municipality_id
                and agreement.valid_from <= on <= agreement.valid_to
            ):
                return agreement
        return None

    def resolve(
        self,
        kind: Kind,
        desk: Desk,
        *,
        residence: str | None,
        school: str | None,
        whereabouts: str | None = None,
        urgent: bool = False,
    ) -> Agency:
        """The desk that gets a child's report. An id the directory lacks counts as unknown.

        - residence picks SOC, HEA, YOU and ANK;
        - the school's municipality picks WEL and the school its principal (PRI); without a school,
          the residence picks WEL and its education provider (PRI triage);
        - whereabouts, if urgent, pick POL and SOC's duty desk;
        - residence unknown: SOC triage (duty if asked) of the county that the school, else the
          whereabouts give, else the fallback duty desk; POL by the same places, else the police
          of the fallback duty desk's area;
        - a desk that does not exist or is out of use gives way in the order of ``FALLBACK``.

        AgencyMissing for the other kinds where none serves the place (then SOC is to be asked).
        An agreement is not looked at here: that is ``agreement_in_force``.
        """
        pupil_of = self.schools.get(school or "")
        home = self._known(residence)
        school_at = pupil_of.municipality if pupil_of else None
        seen_at = self._known(whereabouts)

        places: tuple[str | None, ...]
        if urgent and (kind is Kind.POL or (kind is Kind.SOC and desk is Desk.DUTY)):
            places = (seen_at, home, school_at)
        elif kind in (Kind.SOC, Kind.POL):
            places = (home, school_at, seen_at)
        elif kind in (Kind.WEL, Kind.PRI):
            places = (school_at, home)
        else:
            places = (home,)
        place = next((place for place in places if place), None)

        if kind is Kind.SOC and home is None and desk is not Desk.DUTY:
            desk = Desk.TRIAGE
        if place is None and kind in (Kind.SOC, Kind.POL):
            fallback = self.agencies[self.fallback_duty_desk]
            if kind is Kind.SOC:
                return fallback
            place = fallback.municipalities[0]

        for step in FALLBACK[desk]:
            if kind is Kind.PRI and step is Desk.OFFICE and pupil_of:
                principal = self.agencies[pupil_of.agency]
                if principal.in_use:
                    return principal
            if place and (found := self._serving.get((kind, step, place))):
                return found
        raise AgencyMissing(kind, place)

    def _known(self, municipality_id: str | None) -> str | None:
        return municipality_id if municipality_id in self.municipalities else None

    @cached_property
    def _serving(self) -> Mapping[tuple[Kind, Desk, str], Agency]:
        return {
            (agency.kind, agency.desk, municipality): agency
            for agency in self.agencies.values()
            if agency.in_use and agency.school is None
            for municipality in agency.municipalities
        }
