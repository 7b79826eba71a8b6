"""From which instant each clock of a worry that was keyed in counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from intake.domain.clock import Clock, Kind, Rule
from intake.domain.directory import Agency, Desk, Hours
from intake.domain.directory import Kind as AgencyKind
from intake.domain.keyed import Channel, KeyedIn
from intake.domain.people import Role

NOW = datetime(2026, 6, 2, 7, 42, tzinfo=UTC)
CALL = NOW - timedelta(days=1)
NAMES = {"fi": "x", "sv": "x", "en": "x"}
BY_LAW = Clock("lsl26_start", NAMES, "417/2007 §26", Rule(Kind.WORKING_DAYS, 7), ("x",))
BY_HABIT = Clock("accept", NAMES, None, Rule(Kind.WORKING_DAYS, 2), ("accept",))


def agency(name: str, kind: AgencyKind = AgencyKind.SOC, controller: str = "county-a") -> Agency:
    return Agency(
        id=name,
        kind=kind,
        desk=Desk.OFFICE,
        controller=controller,
        name=NAMES,
        phone="",
        hours=Hours(),
        municipalities=(),
        school=None,
        languages=(),
    )


TOOK = agency("office")
KEYED = KeyedIn(UUID(int=1), "Saana", Role.WORKER, TOOK, Channel.PHONE, CALL)


@pytest.mark.parametrize(
    ("asked", "by_law", "by_habit"),
    [
        (TOOK, CALL, CALL),
        (agency("triage"), CALL, NOW),
        (agency("office of another county", controller="county-b"), NOW, NOW),
        (agency("health of the same county", AgencyKind.HEA), NOW, NOW),
    ],
    ids=["the desk that took it", "its authority", "another county", "another service"],
)
def test_the_laws_time_counts_from_the_authoritys_arrival_and_a_desks_own_from_its_own(
    asked: Agency, by_law: datetime, by_habit: datetime
) -> None:
    assert KEYED.start_of(BY_LAW, asked, NOW) == by_law
    assert KEYED.start_of(BY_HABIT, asked, NOW) == by_habit
