"""Long lists: every row stands on some page, whatever happens between two pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, update

from benchmarks import two_years
from intake.domain.people import Person
from intake.domain.referral import OPEN, State
from intake.services.oversee import Oversee
from intake.services.sign_in import Visit
from intake.services.survey import Survey
from intake.store import lists, referrals
from intake.store.columns import AnyRow
from intake.store.lists import ANY_TIME, Place, Span
from intake.store.tables import DeadlineRow, ReferralRow
from tests import databases
from tests.site import COUNTY, DUTY, POL, SOC, TRIAGE, Site

OPEN_STATES = tuple(state for state in State if state in OPEN)
CLOSED = tuple(state for state in State if state not in OPEN)
FILTERS = [
    OPEN_STATES,
    CLOSED,
    tuple(State),
    (State.SENT,),
    (State.ACCEPTED, State.RETURNED),
]
SOON = timedelta(days=3)
Row = dict[str, Any]


@pytest.fixture
def crowded(site: Site) -> Site:
    """400 invented referrals of the last three days, a tenth of the open ones late."""
    two_years.fill(site.parts, 400, [site.people["soc"], site.people["pol"]], site.hands())
    site.hands.move(days=8)
    return site


def person_of(site: Site, name: str) -> Person:
    return site.visit(name).person


def everything(site: Site) -> list[Row]:
    """Each referral with its running deadlines' ends, as a plain look at the tables finds them."""
    with site.parts.database.read() as connection:
        rows = connection.execute(select(ReferralRow.__table__)).mappings().all()
        deadlines = connection.execute(
            select(DeadlineRow.referral_id, DeadlineRow.due_at).where(DeadlineRow.met_at.is_(None))
        ).all()
    ends: dict[Any, list[datetime]] = {}
    for deadline in deadlines:
        ends.setdefault(deadline.referral_id, []).append(deadline.due_at)
    return [{**row, "ends": sorted(ends.get(row["id"], []))} for row in rows]


def of(row: Row) -> tuple[int, float]:
    """Where a referral belongs in an inbox; rows alike may stand either way."""
    if row["state"] not in OPEN:
        return 3, -row["moved_at"].timestamp()
    if row["ends"]:
        return 1, row["ends"][0].timestamp()
    return 2, row["moved_at"].timestamp()


def place(row: AnyRow) -> Place:
    return Place(lists.Part(row.part), row.at, row.key)


def pages(ask: Callable[[Place | None], list[AnyRow]]) -> Iterator[list[AnyRow]]:
    after = None
    for _ in range(1000):
        if not (page := ask(after)):
            return
        yield page
        after = place(page[-1])
    raise AssertionError("the pages do not end")


def inbox_pages(
    site: Site, visit: Visit, states: tuple[str, ...], limit: int, **asked: Any
) -> Iterator[list[AnyRow]]:
    def ask(after: Place | None) -> list[AnyRow]:
        return site.parts.read.inbox(visit, states, limit, after=after, **asked)

    return pages(ask)


@pytest.mark.parametrize("states", FILTERS)
def test_the_pages_of_an_inbox_show_every_report_once_and_in_order(
    crowded: Site, states: tuple[State, ...]
) -> None:
    visit = crowded.visit("soc")
    by_id = {row["id"]: row for row in everything(crowded)}
    own = {r["id"] for r in by_id.values() if r["agency_id"] in (SOC, TRIAGE)}
    expected = {id_ for id_ in own if by_id[id_]["state"] in states}
    found = [row for page in inbox_pages(crowded, visit, states, 3) for row in page]
    assert len(expected) > 3
    assert len(found) == len(expected)
    assert {row.id for row in found} == expected
    places = [of(by_id[row.id]) for row in found]
    assert places == sorted(places)
    for row in found:
        ends = by_id[row.id]["ends"]
        assert row.due_at == (ends[0] if ends else None)


def test_one_page_is_what_several_show_one_after_the_other(crowded: Site) -> None:
    visit = crowded.visit("pol")
    whole = crowded.parts.read.inbox(visit, tuple(State), 1000)
    in_turn = [row for page in inbox_pages(crowded, visit, tuple(State), 1) for row in page]
    assert [row.id for row in in_turn] == [row.id for row in whole]
    assert {row.part for row in whole} == set(lists.Part)


def test_a_report_that_changes_between_pages_is_never_missed_and_no_other_moves(
    crowded: Site,
) -> None:
    dice = Random(7)  # noqa: S311 (no secrets)
    visit = crowded.visit("soc")
    before = {row["id"] for row in everything(crowded) if row["agency_id"] in (SOC, TRIAGE)}
    changed: set[Any] = set()
    seen: list[Any] = []
    for page in inbox_pages(crowded, visit, tuple(State), 5):
        seen += [row.id for row in page]
        crowded.hands.move(seconds=1)
        running = [r for r in everything(crowded) if r["id"] in before and r["state"] in OPEN]
        for row in dice.sample(running, min(2, len(running))):
            changed.add(row["id"])
            with crowded.parts.database.write() as connection:
                _handle(connection, row, dice.random() < 0.5, crowded.hands())
        crowded.send()
    assert len(changed) > 20
    assert set(seen) >= before
    unchanged = [id_ for id_ in seen if id_ not in changed]
    assert len(unchanged) == len(set(unchanged))


def _handle(connection: Connection, row: Row, closes: bool, now: datetime) -> None:
    """What a recorded move does: it meets the earliest deadline, or closes the matter."""
    met = update(DeadlineRow).where(
        DeadlineRow.referral_id == row["id"], DeadlineRow.met_at.is_(None)
    )
    if not closes and row["ends"]:
        met = met.where(DeadlineRow.due_at == row["ends"][0])
    connection.execute(met.values(met_at=now, next_chase_at=None))
    connection.execute(
        update(ReferralRow)
        .where(ReferralRow.id == row["id"])
        .values(moved_at=now, state=State.CLOSED if closes else State.ACCEPTED)
    )


def test_late_and_soon_are_what_a_plain_look_finds(crowded: Site) -> None:
    own = [r for r in everything(crowded) if r["agency_id"] in (SOC, TRIAGE) and r["ends"]]
    now = crowded.hands.at = sorted(row["ends"][0] for row in own)[len(own) // 2]  # to the instant
    visit = crowded.visit("soc")
    late = {row["id"] for row in own if row["ends"][0] <= now}
    soon = {row["id"] for row in own if now < row["ends"][0] <= now + SOON}
    assert late
    assert soon
    for span, expected in ((Span(until=now), late), (Span(now, now + SOON), soon)):
        found = [r for page in inbox_pages(crowded, visit, OPEN_STATES, 4, span=span) for r in page]
        assert len(found) == len(expected)
        assert {row.id for row in found} == expected
    pressure = crowded.parts.read.pressure(visit, now, now + SOON)
    assert (pressure.late, pressure.late_or_soon) == (len(late), len(late) + len(soon))


def test_a_place_before_what_is_asked_for_brings_nothing_else_in(crowded: Site) -> None:
    visit, now = crowded.visit("soc"), crowded.hands()
    (first, *_) = crowded.parts.read.inbox(visit, OPEN_STATES)
    assert first.due_at <= now
    soon = Span(now, now + SOON)
    found = crowded.parts.read.inbox(visit, OPEN_STATES, span=soon, after=place(first))
    assert found == crowded.parts.read.inbox(visit, OPEN_STATES, span=soon)


def test_the_counts_of_an_inbox_are_what_a_plain_look_finds(crowded: Site) -> None:
    visit, now = crowded.visit("soc"), crowded.hands()
    own = [r for r in everything(crowded) if r["agency_id"] in (SOC, TRIAGE) and r["state"] in OPEN]
    assert crowded.parts.read.pressure(visit, now, now + SOON).open == len(own)
    at_triage = [row for row in own if row["agency_id"] == TRIAGE]
    counted = crowded.parts.read.pressure(visit, now, now + SOON, agency=TRIAGE)
    assert counted.open == len(at_triage)


def test_no_filter_opens_another_agencys_list(crowded: Site) -> None:
    soc, now = crowded.visit("soc"), crowded.hands()
    assert crowded.parts.read.inbox(crowded.visit("pol"), tuple(State))
    assert crowded.parts.read.inbox(soc, tuple(State), agency=POL) == []
    foreign = crowded.parts.read.pressure(soc, now, now + SOON, agency=POL)
    assert (foreign.open, foreign.late_or_soon) == (0, 0)
    oversee = Oversee(crowded.parts.database, crowded.parts.directory)
    watched = oversee.deadlines(person_of(crowded, "supervisor"), now, now + SOON, 1000, agency=POL)
    assert watched.deadlines == ()
    mine = crowded.parts.directory.agencies
    assert all(mine[count.agency.id].controller == COUNTY for count in watched.counts)


def test_a_referral_whose_deadline_names_another_agency_shows_at_its_own_alone(
    crowded: Site,
) -> None:
    (row, *_) = crowded.parts.read.inbox(crowded.visit("pol"), OPEN_STATES)
    with crowded.parts.database.write() as connection:
        connection.execute(
            update(DeadlineRow).where(DeadlineRow.referral_id == row.id).values(agency_id=SOC)
        )
    for name, shows in (("soc", False), ("pol", True)):
        shown = crowded.parts.read.inbox(crowded.visit(name), tuple(State), 1000)
        assert (row.id in {row.id for row in shown}) is shows


def watch(site: Site, after: Place | None = None, limit: int = 4, **asked: Any) -> Any:
    now = site.hands()
    oversee = Oversee(site.parts.database, site.parts.directory)
    supervisor = person_of(site, "supervisor")
    return oversee.deadlines(supervisor, now, now + SOON, limit, after=after, **asked)


@pytest.mark.parametrize("span", ["any", "late", "soon"])
def test_the_supervisors_pages_show_every_running_deadline_once(crowded: Site, span: str) -> None:
    now = crowded.hands()
    asked = {"any": ANY_TIME, "late": Span(until=now), "soon": Span(now, now + SOON)}[span]
    own = {a.id for a in crowded.parts.directory.agencies.values() if a.controller == COUNTY}
    with crowded.parts.database.read() as connection:
        expected = {
            row.id
            for row in connection.execute(select(DeadlineRow.__table__))
            if row.agency_id in own
            and row.met_at is None
            and asked.since < row.due_at <= asked.until
        }
    found = [
        row
        for page in pages(lambda after: list(watch(crowded, after, span=asked).deadlines))
        for row in page
    ]
    assert len(expected) > 4
    assert len(found) == len(expected)
    assert {row.key for row in found} == expected
    assert all(a.at <= b.at for a, b in pairwise(found))


def test_the_supervisors_counts_are_of_everything_whatever_the_page_shows(crowded: Site) -> None:
    now = crowded.hands()
    expected: dict[tuple[str, str], list[int]] = {}
    own = {a.id for a in crowded.parts.directory.agencies.values() if a.controller == COUNTY}
    with crowded.parts.database.read() as connection:
        for row in connection.execute(select(DeadlineRow.__table__)):
            if row.agency_id in own and row.met_at is None:
                counted = expected.setdefault((row.agency_id, row.clock), [0, 0, 0])
                counted[0] += row.due_at <= now
                counted[1] += now < row.due_at <= now + SOON
                counted[2] += 1
    assert len(expected) > 2
    last = list(watch(crowded, limit=1000).deadlines)[-1]
    for watched in (
        watch(crowded),
        watch(crowded, place(last)),
        watch(crowded, agency=DUTY),
        watch(crowded, span=Span(until=now)),
    ):
        told = {(c.agency.id, c.clock): [c.late, c.soon, c.running] for c in watched.counts}
        assert told == expected


def test_the_page_has_the_reminders_of_its_own_deadlines(crowded: Site) -> None:
    crowded.parts.chase(crowded.hands())
    watched = watch(crowded, limit=30)
    with crowded.parts.database.read() as connection:
        for row in watched.deadlines:
            chases = referrals.chases(connection, [row.key])
            assert list(watched.chases.get(row.key, [])) == list(chases)
    assert any(len(chases) > 1 for chases in watched.chases.values())


BIG = ("referral", "deadline", "chase", "heartbeat", "wrap", "outbox", "move")

FEW = ("ix_referral_id_sent_lead", "ix_outbox_next_attempt_at_waiting")
"""Indexes of some rows alone, which may be read whole: what nobody has answered, what waits."""


def plans(connection: Connection, statement: str, values: Any) -> list[str]:
    """Each step of how the database answers; on PostgreSQL as if every table were big."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [row.detail for row in rows]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return list(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())


def scanned(step: str) -> bool:
    """Whether a step reads one of the big tables from its first row to its last."""
    words = step.replace("->", " ").split()
    if words[:1] == ["SCAN"]:
        return words[1] in BIG and words[-1] not in FEW
    return words[:2] == ["Seq", "Scan"] and words[3] in BIG


def test_no_list_and_no_count_reads_a_table_from_end_to_end(crowded: Site) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _ctx: Any, _many: bool) -> None:
        asked.append((statement, values))

    now, parts = crowded.hands(), crowded.parts
    soc, duty = crowded.visit("soc"), crowded.visit("duty")
    supervisor = person_of(crowded, "supervisor")
    engines = {parts.read.database.engine, parts.database.engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    parts.read.inbox(soc, tuple(State), 1000)
    parts.read.pressure(soc, now, now + SOON)
    oversee = Oversee(parts.database, parts.directory)
    oversee.deadlines(supervisor, now, now + SOON, 50)
    oversee.deadlines(supervisor, now, now + SOON, 50, clock="urgency")
    oversee.undelivered(supervisor, now)
    oversee.last_run("chase")
    parts.take_over.offers(duty)
    survey = Survey(parts.database, parts.directory, parts.calendar)
    survey.ages(supervisor, now)
    survey.ahead(supervisor, now)
    survey.taken(supervisor, now)
    survey.taken_by_month(supervisor, now)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 3 * 1 + 3 + 1 + 2 * 4 + 3 + 1 + 2 + 1 + 1 + 2 + 1
    with parts.database.read() as connection:
        steps = [
            step for statement, values in asked for step in plans(connection, statement, values)
        ]
    assert steps
    assert [step for step in steps if scanned(step)] == []
    if databases.cluster_or_none() is None:
        assert any("agency_id=? AND (due_at,id)>(?,?)" in step for step in steps)
        assert any("agency_id=? AND state=? AND (moved_at,id)<(?,?)" in step for step in steps)
        index = "ix_referral_agency_id_state_moved_at_id (agency_id=? AND state=?)"
        assert f"SEARCH referral USING COVERING INDEX {index}" in steps
