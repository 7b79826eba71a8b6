"""Which agencies get a worry, which parts of it each gets, and why: nothing is written here."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

from intake.domain.calendar import Calendar, CalendarTooShort, Term
from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.decision import Decision, Reason, Recipient, Withheld, decision_of
from intake.domain.directory import Agency, Desk, Directory, Kind
from intake.domain.facts import Facts, Surroundings, facts_of
from intake.domain.message import Message
from intake.domain.report import Child, ReportType, Worry, report_type
from intake.services.desks import Desks, NobodyCanOpen, Place
from intake.services.keys_that_open import KeysThatOpen
from intake.services.rulebook import Rulebook
from intake.vault.seal import PublicKey
from routing_rules.book import Book
from routing_rules.decide import decide
from routing_rules.merge import strictest, substance
from routing_rules.rule import Basis
from routing_rules.ruleset import RuleSet

T = TypeVar("T")
log = logging.getLogger(__name__)
NUMBERED = ("identity", "place")


@dataclass
class Share:
    """What one agency gets of a report, by which rules and on which bases.

    ``outcomes``: the decisions of the children of whom it gets something; ``children``: by rule,
    the numbers of those for whom it held; ``schools_at``: the municipalities of their schools,
    none where an address is protected.
    """

    agency: Agency
    lead: bool = False
    slots: set[str] = field(default_factory=set)
    clocks: dict[str, Clock] = field(default_factory=dict)
    bases: list[Basis] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    children: dict[str, list[int]] = field(default_factory=dict)
    outcomes: list[Decision] = field(default_factory=list)
    schools_at: list[str] = field(default_factory=list)

    @property
    def notices(self) -> list[str]:
        """What the rules say of these children beside it all."""
        return _unique(n for outcome in self.outcomes for n in outcome.notices)

    @property
    def uncertain(self) -> list[str]:
        """The facts of these children whose possibilities were weighed."""
        return _unique(u for outcome in self.outcomes for u in outcome.uncertain)

    @property
    def withheld(self) -> list[Withheld]:
        """Who does not get these children's parts."""
        return _unique(w for outcome in self.outcomes for w in outcome.withheld)

    @property
    def alert(self) -> bool:
        """Whether one of these children's matters must be looked at without delay."""
        return any(outcome.alert for outcome in self.outcomes)


@dataclass(frozen=True)
class Plan:
    """How a worry would be routed now. No shares means that nobody may get it as it stands.

    For each child its ``facts``, the ``areas`` whose rules decided (none: those of all areas), and
    its ``places``.
    """

    report_type: ReportType
    type_reason: Message
    shares: tuple[Share, ...]
    standby: Mapping[str, Agency]
    notices: tuple[str, ...]
    uncertain: tuple[str, ...]
    facts: tuple[Facts, ...]
    areas: tuple[tuple[str, ...], ...]
    places: tuple[Place, ...]
    outcomes: tuple[Decision, ...]
    keys: Mapping[str, PublicKey]
    rules_digest: str


@dataclass(frozen=True)
class Route:
    """Decides once for each child and gives each agency one share.

    ``rules``: the tables that hold everywhere, as they stood when this was made.
    """

    directory: Directory
    calendar: Calendar
    rulebook: Rulebook
    rules: RuleSet
    keys_that_open: KeysThatOpen

    def __call__(self, worry: Worry, now: datetime, openers: bytes | None = None) -> Plan:
        """``openers``: the stamp of who can open, if the caller has just read it.

        Raises NobodyCanOpen when not even the duty desk has a member who can open.
        """
        facts = tuple(self._facts(worry, child, now) for child in worry.children)
        book = self.rulebook.to_decide_by(now)
        places = tuple(Place.of(child, urgent=worry.urgent) for child in worry.children)
        areas = tuple(self._areas(place) for place in places)
        tables = [tables_of(book, some) for some in areas]
        outcomes = tuple(map(decide_by, tables, facts))
        keys = self.keys_that_open(local_date(now), openers)
        shares: dict[str, Share] = {}
        standby: dict[str, Agency] = {}
        for number, (child, place, outcome, some) in enumerate(
            zip(worry.children, places, outcomes, tables, strict=True), 1
        ):
            for recipient in outcome.recipients:
                agency = self.desks.find(recipient.kind, recipient.desk, place, keys)
                share = shares.setdefault(agency.id, Share(agency))
                self._add(share, recipient, outcome, number, some, urgent=worry.urgent)
                school = self.directory.schools.get(child.school)
                if school and not worry.protected and school.municipality not in share.schools_at:
                    share.schools_at.append(school.municipality)
                if recipient.kind == outcome.lead:
                    share.lead = True
                    spare = self.desks.standbys(recipient.kind, place, keys)
                    found = next((desk for desk in spare if desk.id != agency.id), None)
                    if found is not None:
                        standby.setdefault(agency.id, found)
        kind, reason = report_type(worry, {share.agency.kind for share in shares.values()})
        return Plan(
            report_type=kind,
            type_reason=reason,
            shares=tuple(sorted(shares.values(), key=lambda share: not share.lead)),
            standby=standby,
            notices=tuple(_unique(n for outcome in outcomes for n in outcome.notices)),
            uncertain=tuple(_unique(u for outcome in outcomes for u in outcome.uncertain)),
            facts=facts,
            areas=areas,
            places=places,
            outcomes=outcomes,
            keys=keys,
            rules_digest=book.digest,
        )

    def standbys_for(self, agency: Agency, now: datetime, *, today: bool = False) -> list[Agency]:
        """The desks that may take what ``agency`` returns, by its area; the agency itself never.

        ``today``: it is urgent, so that desks that are open now come first.
        """
        place = Place(agency.municipalities[0], agency.school)
        keys = self.keys_that_open(local_date(now))
        found = self.desks.standbys(agency.kind, place, keys)
        desks = [desk for desk in found if desk.id != agency.id]
        if today:
            working_day = self.calendar.without_end.is_working_day(local_date(now))
            desks.sort(key=lambda desk: not desk.hours.open_at(now, working_day))
        return desks

    def key_of(self, agency: Agency, now: datetime) -> PublicKey:
        """The key in use of an agency with a member who can open. Raises NobodyCanOpen."""
        try:
            return self.keys_that_open(local_date(now))[agency.id]
        except KeyError:
            raise NobodyCanOpen(agency.id) from None

    def clocks_at(self, agency: Agency, now: datetime, *, today: bool) -> dict[str, Clock]:
        """Every clock by the rules of an agency's area: of several the shortest, for what is to be
        looked at ``today`` or not.
        """
        tables = self._tables_at(agency, now)
        names: Mapping[str, Clock] = self.rules.beside["clock"]
        return {name: _shortest(_described(tables, name), today=today) for name in names}

    def usual_clocks(self, agency: Agency, now: datetime) -> list[str]:
        """Which of them start at the agency whatever brings a report there."""
        gives = (g for t in self._tables_at(agency, now) for g in t.usual.get(agency.kind, ()))
        return _unique(str(give.value) for give in gives if give.output == "clocks")

    def _tables_at(self, agency: Agency, now: datetime) -> list[RuleSet]:
        return tables_of(self.rulebook.to_decide_by(now), agency.municipalities)

    @cached_property
    def desks(self) -> Desks:
        """The desks of the directory."""
        return Desks(self.directory, self.rules.beside["standby"])

    def _facts(self, worry: Worry, child: Child, now: datetime) -> Facts:
        today = local_date(now)
        home = child.municipality if child.municipality in self.directory.municipalities else None
        school = self.directory.schools.get(child.school)
        office = self.directory.resolve(
            Kind.SOC, Desk.OFFICE, residence=home, school=child.school or None
        )
        at = school.municipality if school else home
        return facts_of(
            worry,
            child,
            today,
            Surroundings(
                agreement=bool(home and self.directory.agreement_in_force(home, today)),
                office_open=self._is_open(office, now, today),
                school_term=self._is_term(today, at),
            ),
        )

    def _is_open(self, office: Agency, now: datetime, today: date) -> bool:
        """Whether the office is; an unknown residence leads to a desk that never shuts, and then
        nobody's office is known to be open.
        """
        working_day = self.calendar.without_end.is_working_day(today)
        return office.desk is not Desk.DUTY and office.hours.open_at(now, working_day)

    def _is_term(self, today: date, municipality: str | None) -> bool:
        """Whether schools are in term; beyond the calendar's reach they are taken to be."""
        try:
            return self.calendar.school_term(today, municipality) is Term.TERM
        except CalendarTooShort:
            log.exception("the school calendar does not reach today: extend it")
            return True

    def _areas(self, place: Place) -> tuple[str, ...]:
        """Whose rules decide: the municipality of residence, else of the school, else where the
        child is; where none is known none, and then the rules of all areas do.
        """
        school = self.directory.schools.get(place.school or "")
        known = (place.residence, school.municipality if school else None, place.whereabouts)
        return tuple(a for a in known if a and a in self.directory.municipalities)[:1]

    def _add(
        self,
        share: Share,
        recipient: Recipient,
        outcome: Decision,
        number: int,
        tables: Sequence[RuleSet],
        *,
        urgent: bool,
    ) -> None:
        """Add what one child's recipient gets; a desk of another kind gets it as a stand-in."""
        share.slots.update(
            f"{section}_{number}" if section in NUMBERED else section
            for section in recipient.sections
        )
        if outcome not in share.outcomes:
            share.outcomes.append(outcome)
        own = share.agency.kind == recipient.kind
        standby = self.rules.beside["standby"]
        bases = recipient.bases if own else (standby[recipient.kind].basis,)
        for name in recipient.clocks:
            known = [share.clocks[name]] if name in share.clocks else []
            share.clocks[name] = _shortest([*known, *_described(tables, name)], today=urgent)
        share.bases.extend(basis for basis in bases if basis not in share.bases)
        for reason in outcome.reasons:
            if reason.rule in recipient.rules:
                share.children.setdefault(reason.rule, []).append(number)
                if reason not in share.reasons:
                    share.reasons.append(reason)


def _described(tables: Sequence[RuleSet], name: str) -> list[Clock]:
    return [table.beside["clock"][name] for table in tables]


def _shortest(clocks: Iterable[Clock], *, today: bool) -> Clock:
    return min(clocks, key=lambda clock: clock.about_days(today=today))


def tables_of(book: Book, areas: Sequence[str]) -> list[RuleSet]:
    """The different rule sets of these areas; of none the rule sets of all areas."""
    if not areas:
        return [table for table, _ in book.distinct]
    return list({(table := book.table(area)).digest: table for area in areas}.values())


def decide_by(tables: Sequence[RuleSet], facts: Facts) -> Decision:
    """The decision of these rule sets: of several the stricter of each part."""
    outcomes = [decide(table, facts) for table in tables]
    if len(tables) == 1:
        return decision_of(outcomes[0], tables)
    united = strictest(tables[0].vocabulary, [facts] * len(tables), outcomes)
    uncertain = dict.fromkeys(field for outcome in outcomes for field in outcome.uncertain)
    given = {
        substance(table.vocabulary, outcome)
        for table, outcome in zip(tables, outcomes, strict=True)
    }
    if len(given) > 1:
        uncertain["residence"] = None
    return decision_of(replace(united, uncertain=tuple(uncertain)), tables)


def _unique(values: Iterable[T]) -> list[T]:
    seen: list[T] = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen
