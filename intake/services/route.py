"""Which agencies get a worry, which parts of it each gets, and why: nothing is written here."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from intake.domain.calendar import Calendar, CalendarTooShort, Term
from intake.domain.deadline import local_date
from intake.domain.directory import Agency, AgencyMissing, Desk, Directory, Kind
from intake.domain.facts import Facts, Surroundings, facts_of
from intake.domain.message import Message, mark
from intake.domain.report import Child, ReportType, Worry, report_type
from intake.store import people
from intake.store.database import Database
from intake.vault.seal import PublicKey
from routing_rules.decide import decide
from routing_rules.outcome import Outcome, Reason, Recipient, Withheld
from routing_rules.rule import Basis
from routing_rules.ruleset import RuleSet

T = TypeVar("T")
log = logging.getLogger(__name__)
TO_SOCIAL = mark("Social services assess what support the child needs.")


class NobodyCanOpen(Exception):
    """No agency has a member who could open this report: it must not be taken in."""


@dataclass
class Share:
    """What one agency gets of a report, by which rules and on which bases."""

    agency: Agency
    lead: bool = False
    slots: set[str] = field(default_factory=set)
    clocks: list[str] = field(default_factory=list)
    bases: list[Basis] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    school_at: str | None = None


@dataclass(frozen=True)
class Plan:
    """How a worry would be routed now. No shares means that nobody may get it as it stands."""

    report_type: ReportType
    type_reason: Message
    shares: tuple[Share, ...]
    standby: Mapping[str, Agency]
    withheld: tuple[Withheld, ...]
    notices: tuple[str, ...]
    alert: bool
    uncertain: tuple[str, ...]
    facts: tuple[Facts, ...]
    outcomes: tuple[Outcome, ...]
    keys: Mapping[str, PublicKey]


@dataclass(frozen=True)
class Route:
    """Decides once for each child and gives each agency one share."""

    database: Database
    directory: Directory
    calendar: Calendar
    rules: RuleSet

    def __call__(self, worry: Worry, now: datetime) -> Plan:
        """Raises NobodyCanOpen when not even the duty desk has a member who can open."""
        keys = self._keys()
        facts = tuple(self._facts(worry, child, now) for child in worry.children)
        outcomes = tuple(decide(self.rules, one) for one in facts)
        shares: dict[str, Share] = {}
        standby: dict[str, Agency] = {}
        for number, (child, outcome) in enumerate(zip(worry.children, outcomes, strict=True), 1):
            for recipient in outcome.recipients:
                agency = self._resolve(recipient.kind, recipient.desk, child, worry, keys)
                share = shares.setdefault(agency.id, Share(agency))
                _add(share, recipient, outcome, number)
                school = self.directory.schools.get(child.school)
                share.school_at = share.school_at or (school.municipality if school else None)
                if recipient.kind == outcome.lead:
                    share.lead = True
                    desk = self._standby(recipient.kind, agency, child, worry, keys)
                    if desk is not None:
                        standby.setdefault(agency.id, desk)
        kind, reason = report_type(worry)
        to_social = any(share.agency.kind is Kind.SOC for share in shares.values())
        if kind is ReportType.ANKKURI_CONTACT and to_social:
            kind, reason = ReportType.SUPPORT_CONTACT, Message(TO_SOCIAL)
        return Plan(
            report_type=kind,
            type_reason=reason,
            shares=tuple(sorted(shares.values(), key=lambda share: not share.lead)),
            standby=standby,
            withheld=tuple(_unique(w for outcome in outcomes for w in outcome.withheld)),
            notices=tuple(_unique(n for outcome in outcomes for n in outcome.notices)),
            alert=any(outcome.alert for outcome in outcomes),
            uncertain=tuple(_unique(u for outcome in outcomes for u in outcome.uncertain)),
            facts=facts,
            outcomes=outcomes,
            keys=keys,
        )

    def standby_for(self, agency: Agency) -> Agency:
        """The desk that takes what ``agency`` returns, by the area that it serves."""
        keys = self._keys()
        kind, desk = self._standby_desk(agency.kind)
        home = agency.municipalities[0]
        found = self._open_or_fall_back(
            self._find(kind, desk, home, agency.school, None, urgent=False), home, keys
        )
        return found if found.id != agency.id else self._triage(home, keys)

    def key_of(self, agency: Agency) -> PublicKey:
        """The key in use of an agency with a member who can open. Raises NobodyCanOpen."""
        try:
            return self._keys()[agency.id]
        except KeyError:
            raise NobodyCanOpen(agency.id) from None

    def _keys(self) -> dict[str, PublicKey]:
        with self.database.read() as connection:
            rows = people.agency_keys_that_open(connection)
        return {agency: _public_key(row.id, row.public_key) for agency, row in rows.items()}

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
                office_open=office.hours.open_at(now, self.calendar.is_working_day(today)),
                school_term=self._is_term(today, at),
            ),
        )

    def _is_term(self, today: date, municipality: str | None) -> bool:
        """Whether schools are in term; beyond the calendar's reach they are taken to be."""
        try:
            return self.calendar.school_term(today, municipality) is Term.TERM
        except CalendarTooShort:
            log.exception("the school calendar does not reach today: extend it")
            return True

    def _resolve(
        self, kind: str, desk: str, child: Child, worry: Worry, keys: Mapping[str, PublicKey]
    ) -> Agency:
        home, place = child.municipality, child.whereabouts_municipality or None
        agency = self._find(kind, desk, home, child.school or None, place, urgent=worry.urgent)
        return self._open_or_fall_back(agency, home, keys)

    def _find(
        self,
        kind: str,
        desk: str,
        home: str,
        school: str | None,
        whereabouts: str | None,
        *,
        urgent: bool,
    ) -> Agency:
        where = {"residence": home, "school": school, "whereabouts": whereabouts}
        try:
            return self.directory.resolve(Kind(kind), Desk(desk), urgent=urgent, **where)
        except AgencyMissing:
            log.warning("no agency of kind %s serves %s: social services' triage desk", kind, home)
            return self.directory.resolve(Kind.SOC, Desk.TRIAGE, urgent=urgent, **where)

    def _open_or_fall_back(
        self, agency: Agency, home: str, keys: Mapping[str, PublicKey]
    ) -> Agency:
        if agency.id in keys:
            return agency
        log.error("agency %s has nobody who can open: its reports go to the triage desk", agency.id)
        return self._triage(home, keys)

    def _triage(self, home: str, keys: Mapping[str, PublicKey]) -> Agency:
        triage = self._find("SOC", "triage", home, None, None, urgent=False)
        duty = self._find("SOC", "duty", home, None, None, urgent=False)
        last = self.directory.agency(self.directory.fallback_duty_desk)
        for agency in (triage, duty, last):
            if agency.id in keys:
                return agency
        raise NobodyCanOpen

    def _standby_desk(self, kind: str) -> tuple[str, str]:
        standby = self.rules.standby[kind]
        return standby.to, standby.desk

    def _standby(
        self, kind: str, lead: Agency, child: Child, worry: Worry, keys: Mapping[str, PublicKey]
    ) -> Agency | None:
        """The desk that holds a spare wrap; None where it would be the lead itself."""
        desk = self._resolve(*self._standby_desk(kind), child, worry, keys)
        if desk.id == lead.id:
            desk = self._triage(child.municipality, keys)
        return desk if desk.id != lead.id else None


@lru_cache(maxsize=1024)
def _public_key(key_id: str, raw: bytes) -> PublicKey:
    """The key as an object, checked once a process."""
    return PublicKey(key_id, raw)


def _add(share: Share, recipient: Recipient, outcome: Outcome, number: int) -> None:
    numbered = ("identity", "place")
    share.slots.update(
        f"{section}_{number}" if section in numbered else section for section in recipient.sections
    )
    share.clocks.extend(clock for clock in recipient.clocks if clock not in share.clocks)
    share.bases.extend(basis for basis in recipient.bases if basis not in share.bases)
    share.reasons.extend(
        reason
        for reason in outcome.reasons
        if reason.rule in recipient.rules and reason not in share.reasons
    )


def _unique(values: Iterable[T]) -> list[T]:
    seen: list[T] = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen
