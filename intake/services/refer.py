"""Make the referrals of a report: rows, wraps, sealed reasons and deadlines."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from intake.domain.calendar import Calendar
from intake.domain.chase import Chasing
from intake.domain.clock import Clock, Kind
from intake.domain.counting import certify_anyhow, count
from intake.domain.deadline import Certificate
from intake.domain.directory import Agency
from intake.domain.entitled import known_facts
from intake.domain.keyed import KeyedIn
from intake.domain.promised import next_chase
from intake.domain.referral import State
from intake.domain.report import Worry, canonical
from intake.domain.row_id import new_id
from intake.services.route import Plan, Share
from intake.store.reports import Values
from intake.vault.draw import Draw
from intake.vault.envelope import Purpose
from intake.vault.seal import PublicKey, SectionKeys, new_section_key, seal_section, wrap

log = logging.getLogger(__name__)
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class Referred:
    """Rows of one or more referrals."""

    referrals: list[Values] = field(default_factory=list)
    wraps: list[Values] = field(default_factory=list)
    deadlines: list[Values] = field(default_factory=list)


@dataclass(frozen=True)
class Refer:
    """Makes referrals with the chase steps of the rule set."""

    calendar: Calendar
    chasing: Chasing

    def __call__(
        self,
        report_id: UUID,
        worry: Worry,
        plan: Plan,
        keys: SectionKeys,
        now: datetime,
        keyed: KeyedIn | None = None,
        draw: Draw = os.urandom,
    ) -> Referred:
        """One referral for each share of the plan.

        ``keyed``: the desk that took the worry has it since then, and knows what it says.
        """
        referred = Referred()
        for share in plan.shares:
            self._refer(referred, report_id, worry, plan, share, keys, now, keyed, draw)
        return referred

    def _refer(
        self,
        referred: Referred,
        report_id: UUID,
        worry: Worry,
        plan: Plan,
        share: Share,
        keys: SectionKeys,
        now: datetime,
        keyed: KeyedIn | None,
        draw: Draw,
    ) -> None:
        reasons: dict[str, Any] = {
            "report_type": plan.report_type,
            "type_reason": plan.type_reason.key,
            "reasons": share.reasons,
            "bases": share.bases,
            "notices": share.notices,
            "alert": share.alert,
            "uncertain": share.uncertain,
            "withheld": share.withheld if share.lead else [],
            "known": {"at": now.isoformat(), "rules": plan.rules_digest}
            | known_facts(worry, plan.facts, plan.areas, share.slots),
        }
        if len(plan.facts) > 1:
            reasons["children"] = share.children
        if keyed:
            reasons["keyed_in"] = keyed.told(now)
        known = keyed and keyed.is_known_at(share.agency)
        standby = plan.standby.get(share.agency.id)
        referral_id = self.add(
            referred,
            report_id=report_id,
            agency=share.agency,
            key=plan.keys[share.agency.id],
            keys=keys.only(share.slots),
            reasons=reasons,
            lead=share.lead,
            came_from=None,
            standby=(standby, plan.keys[standby.id]) if standby else None,
            now=now,
            known_since=keyed.arrived_at if keyed and known else None,
            draw=draw,
        )
        started = {
            name: keyed.start_of(clock, share.agency, now) if keyed else now
            for name, clock in share.clocks.items()
        }
        self.start_clocks(
            referred,
            referral_id,
            share.agency,
            started,
            today=worry.urgent,
            municipality=self._strictest_school(
                share.schools_at, started, share.clocks, today=worry.urgent
            ),
            now=now,
            clocks=share.clocks,
        )

    def add(
        self,
        referred: Referred,
        *,
        report_id: UUID,
        agency: Agency,
        key: PublicKey,
        keys: SectionKeys,
        reasons: Mapping[str, Any],
        lead: bool,
        came_from: UUID | None,
        standby: tuple[Agency, PublicKey] | None,
        now: datetime,
        known_since: datetime | None = None,
        draw: Draw = os.urandom,
    ) -> UUID:
        """Add one referral with its wraps; its id.

        ``known_since``: when the worry came to this very agency, if one of its members keys it in.
        """
        referral_id = new_id(now)
        reasons_key = new_section_key(draw)
        keys = keys.with_reasons(reasons_key)
        referred.referrals.append(
            {
                "id": referral_id,
                "report_id": report_id,
                "agency_id": agency.id,
                "reference": new_reference(),
                "state": State.SENT.value,
                "is_lead": lead,
                # Left out where it is none: the reporter's role may not name one.
                **({"came_from": came_from} if came_from else {}),
                "arrived_at": known_since or now,
                "opened_at": now if known_since else None,
                "moved_at": now,
                "sealed_reasons": seal_section(
                    reasons_key, report_id, "reasons", canonical(reasons), draw
                ),
            }
        )
        to: list[tuple[Purpose, Agency, PublicKey]] = [("recipient", agency, key)]
        if standby is not None:
            to.append(("standby", *standby))
        for purpose, desk, public in to:
            referred.wraps.append(
                {
                    "id": new_id(now),
                    "referral_id": referral_id,
                    "purpose": purpose,
                    "agency_id": desk.id,
                    "agency_key_id": public.key_id,
                    "sealed_keys": wrap(
                        keys,
                        report_id=report_id,
                        referral_id=referral_id,
                        purpose=purpose,
                        recipient=public,
                        draw=draw,
                    ),
                }
            )
        return referral_id

    def start_clocks(
        self,
        referred: Referred,
        referral_id: UUID,
        agency: Agency,
        started: Mapping[str, datetime],
        *,
        today: bool,
        municipality: str | None,
        now: datetime,
        clocks: Mapping[str, Clock],
        catch_up: bool = True,
    ) -> None:
        """Add a deadline for each clock, counted from the instant at which it started.

        ``clocks``: as the rules that hold there have them.

        ``catch_up``: whether chase steps of before now are made up for; not at an agency that has
        only now got what another was chased for.
        """
        for clock_id, started_at in started.items():
            clock = clocks[clock_id]
            at_school = municipality if clock.kind is Kind.SCHOOL_DAYS else None
            counted = count(
                clock,
                started_at,
                self.calendar,
                self.chasing,
                today=today,
                municipality=at_school,
            )
            certificate, steps = counted.certificate, counted.steps
            if certificate.provisional:
                log.error("the calendar does not reach clock %s: extend it", clock.id)
            first = datetime.min.replace(tzinfo=UTC) if catch_up else now
            referred.deadlines.append(
                {
                    "id": new_id(now),
                    "referral_id": referral_id,
                    "agency_id": agency.id,
                    "clock": clock_id,
                    "started_at": started_at,
                    "today": today,
                    "rule": str(certificate.rule),
                    "municipality": at_school,
                    "due_on": certificate.due,
                    "due_extended_on": certificate.due_extended,
                    "due_at": certificate.due_at,
                    "calendar_version": certificate.calendar,
                    "steps": steps,
                    "next_chase_at": next_chase(steps, first),
                }
            )

    def _strictest_school(
        self,
        places: Sequence[str],
        started: Mapping[str, datetime],
        clocks: Mapping[str, Clock],
        *,
        today: bool,
    ) -> str | None:
        """Of several children's schools the municipality in which a school clock ends first."""
        counted = [clock for clock in started if clocks[clock].kind is Kind.SCHOOL_DAYS]
        if len(places) < 2 or not counted:
            return places[0] if places else None

        def first_due(place: str) -> datetime:
            return min(
                self.certify(clocks[clock], started[clock], today=today, municipality=place).due_at
                for clock in counted
            )

        return min(places, key=first_due)

    def certify(
        self, clock: Clock, started_at: datetime, *, today: bool, municipality: str | None
    ) -> Certificate:
        """The deadline, provisional where the calendar does not reach it."""
        return certify_anyhow(
            clock, started_at, self.calendar, today=today, municipality=municipality
        )


def new_reference() -> str:
    """A random reference for people, such as K7-204193: it counts and tells nothing."""
    drawn = random.randrange(len(_LETTERS) * 10**7)  # noqa: S311  # nosec B311 # a name for people, which opens nothing
    letter, number = divmod(drawn, 10**7)
    digit, rest = divmod(number, 10**6)
    return f"{_LETTERS[letter]}{digit}-{rest:06d}"
