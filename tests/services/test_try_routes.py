"""Invented reports try every route, count nowhere, are seen by nobody and leave nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from intake.domain.answers import worry_of
from intake.domain.canary import Canary, Fault, canaries
from intake.domain.deadline import local_date
from intake.domain.referral import DONE, OPEN, State
from intake.services import try_routes
from intake.services.audit import Audit
from intake.services.oversee import Oversee
from intake.services.past import Past
from intake.services.read import ReferralNotYours
from intake.services.submit import Submit
from intake.services.try_routes import SWEPT_WITHIN
from intake.store import canaries as store
from intake.store.people_tables import AgencyKeyRow, GrantRow
from intake.store.tables import (
    ChaseRow,
    DeadlineRow,
    DecisionRow,
    FactsKeyRow,
    OutboxRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    WrapRow,
)
from intake.store.watch_tables import CanaryRow
from intake.vault.envelope import SLOTS
from tests import databases
from tests.calendars import use, with_holiday
from tests.site import ANK, HEA, POL, SOC, Site, worry_answers

CONTENT = (ReportRow, ReceiptRow, SectionRow, DecisionRow, ReferralRow, WrapRow, DeadlineRow)
FEW = {"office:vantaa", "team:vantaa", "unknown:vantaa-kerava"}
"""Routes at which somebody of the tests' site can open at each agency."""


@pytest.fixture(autouse=True)
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three routes; all where a test is marked so."""
    if "every" not in request.node.name:
        monkeypatch.setattr(try_routes, "canaries", _few)


def _few(*where: Any) -> list[Canary]:
    return [canary for canary in canaries(*where) if canary.route in FEW]


def rows(site: Site) -> dict[str, Any]:
    with site.parts.database.read() as connection:
        return store.latest(connection, local_date(site.hands()))


def count(site: Site, row: Any) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(row)) or 0


def sweep(site: Site) -> None:
    site.parts.chase(site.hands.move(minutes=5))


def test_a_report_goes_along_each_route_is_swept_and_leaves_nothing(site: Site) -> None:
    before = {row: count(site, row) for row in CONTENT}
    assert site.parts.try_routes(site.hands()) == 3
    found = rows(site)
    assert set(found) == FEW
    assert {row.fault for row in found.values()} == {None}
    team = found["team:vantaa"]
    assert team.arrived_at == team.sent_at == site.hands()
    assert {ANK, SOC} <= set(team.reached)
    assert count(site, ReportRow) == 3
    with site.parts.database.read() as connection:
        states = set(connection.scalars(select(ReferralRow.state)))
        assert states == {State.CANARY}
        assert set(connection.scalars(select(DeadlineRow.met_by))) == {"canary"}
        parts = connection.scalar(select(func.count()).select_from(SectionRow))
        assert parts == 3 * (len(SLOTS) - 1)
    sweep(site)
    assert site.parts.try_routes(site.hands()) == 3
    assert {row: count(site, row) for row in CONTENT} == before
    assert count(site, ChaseRow) == 0
    done = rows(site)["team:vantaa"]
    assert done.chased_at == done.erased_at == site.hands()
    assert site.parts.try_routes(site.hands.move(hours=1)) == 0  # once a day
    assert site.parts.try_routes(site.hands.move(days=1)) == 3
    assert count(site, FactsKeyRow) == 1


def test_what_no_sweep_has_been_by_is_told(site: Site) -> None:
    site.parts.try_routes(site.hands())
    site.parts.try_routes(site.hands.move(minutes=5))
    assert {row.erased_at for row in rows(site).values()} == {None}
    site.parts.try_routes(site.hands() + SWEPT_WITHIN)
    assert rows(site)["team:vantaa"].fault == Fault.NOT_CHASED
    assert site.parts.take_stock(site.hands()).routes_faulty > 0
    site.parts.try_routes(site.hands.move(days=2))
    assert count(site, ReportRow) == 3  # those of the new day
    sweep(site)
    site.parts.try_routes(site.hands())
    assert count(site, ReportRow) == 0


def agents(site: Site) -> list[tuple[str, Callable[[], Any]]]:
    """Everything that lists or counts reports."""
    parts, now = site.parts, site.hands()
    soc, supervisor = site.visit("soc"), site.visit("supervisor")
    oversee = Oversee(parts.database, parts.directory)

    def page(who: str, path: str) -> str:
        told = site.signed_in(who).get(path).text
        _, _, rest = told.partition("<main")
        return rest.replace(token(rest), "")

    def token(told: str) -> str:
        _, _, rest = told.partition('name="csrf_token" value="')
        return rest.partition('"')[0] or "\0"

    def past() -> int:
        return Past(parts.database, parts._replay_private()).count()

    def trail_lines() -> list[str]:
        return [
            row.action
            for row in Audit(parts.database)(site.visit("auditor"), now)
            if row.action not in ("first_step", "sign_in", "read_trail", "look")
        ]

    def waiting() -> list[Any]:
        stock = parts.take_stock(now)
        return [stock.unopened, stock.lost, stock.differing]

    def counted() -> list[Any]:
        parts.reconcile(now)
        from intake.services.reconcile import ShowReconciliation

        shown = ShowReconciliation(parts.database, parts.directory)(supervisor.person, now)
        return [tuple(row)[1:9] for row in shown.days]

    return [
        ("inbox", lambda: [r.id for r in parts.read.inbox(soc, tuple(State))]),
        ("inbox page", lambda: page("soc", "/inbox")),
        ("closed page", lambda: page("soc", "/inbox?state=closed")),
        ("late page", lambda: page("soc", "/inbox?state=late")),
        ("desk", lambda: oversee.deadlines(supervisor.person, now, now, 50)),
        ("desk page", lambda: page("supervisor", "/deadlines").count("<tr")),
        ("picture", oversee.picture),
        ("picture page", lambda: page("coordinator", "/picture")),
        ("impact", past),
        ("trail", trail_lines),
        ("letters", lambda: count(site, OutboxRow)),
        ("offers", lambda: parts.take_over.offers(site.visit("duty"))),
        ("reconciliation", counted),
        ("figures", waiting),
    ]


def test_no_canary_is_in_any_list_or_count(site: Site) -> None:
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    site.parts.reconcile(site.hands())
    before = [(name, ask()) for name, ask in agents(site)]
    site.parts.try_routes(site.hands())
    assert count(site, ReportRow) == 4
    assert [(name, ask()) for name, ask in agents(site)] == before
    with site.parts.database.write() as connection:  # once the sweep has been by
        connection.execute(
            update(DeadlineRow).where(DeadlineRow.met_by == "canary").values(next_chase_at=None)
        )
    assert [(name, ask()) for name, ask in agents(site)] == before


def test_the_sweep_writes_nobody_of_a_canary_and_no_line_of_the_trail(site: Site) -> None:
    site.parts.try_routes(site.hands())
    assert site.parts.chase(site.hands.move(minutes=1)) == 0, "it is no step of anybody's"
    swept = count(site, ChaseRow)
    assert swept == count(site, DeadlineRow) > 0
    assert count(site, OutboxRow) == 0
    lines = Audit(site.parts.database)(site.visit("auditor"), site.hands())
    assert not {row.action for row in lines} & {"canary", "send", "chase"}
    site.parts.chase(site.hands())
    assert count(site, ChaseRow) == swept


def test_a_canary_is_nobodys_to_open_or_to_move(site: Site) -> None:
    assert State.CANARY not in OPEN | DONE
    site.parts.try_routes(site.hands())
    with site.parts.database.read() as connection:
        own = select(ReferralRow.id).where(ReferralRow.agency_id == SOC)
        referral = connection.scalars(own).first()
    assert referral is not None
    with pytest.raises(ReferralNotYours):
        site.parts.read(site.visit("soc"), referral, site.hands())
    client = site.signed_in("soc")
    for path in ("", "/accept", "/hand_over", "/take_over"):
        assert client.get(f"/referrals/{referral}{path}").status_code == 404, path


def fault_of(site: Site, route: str = "team:vantaa") -> tuple[Any, list[str]]:
    site.parts.try_routes(site.hands())
    row = rows(site)[route]
    return row.fault, row.agencies


def test_an_agency_whose_key_is_gone_is_named(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with site.parts.database.write() as connection:
        key = select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == ANK).scalar_subquery()
        connection.execute(delete(GrantRow).where(GrantRow.agency_key_id == key))
        connection.execute(delete(AgencyKeyRow).where(AgencyKeyRow.agency_id == ANK))
    assert fault_of(site) == (Fault.NOBODY_OPENS, [ANK])
    assert any("team:vantaa does not work: nobody_opens" in line for line in caplog.messages)
    site.parts.reconcile(site.hands())
    with site.parts.database.read() as connection:
        told = connection.scalars(
            select(OutboxRow.params).where(OutboxRow.letter == "reconciliation")
        ).all()
    assert any(ANK in params["routes"] for params in told)
    assert site.parts.take_stock(site.hands()).routes_faulty > 0


def test_an_agency_that_is_listed_no_more_keeps_nothing_from_being_told(site: Site) -> None:
    with site.parts.database.write() as connection:
        key = select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == ANK).scalar_subquery()
        connection.execute(delete(GrantRow).where(GrantRow.agency_key_id == key))
        connection.execute(delete(AgencyKeyRow).where(AgencyKeyRow.agency_id == ANK))
    assert fault_of(site) == (Fault.NOBODY_OPENS, [ANK])
    agencies = {**site.parts.directory.agencies}
    del agencies[ANK]
    directory = replace(site.parts.directory, agencies=agencies)
    replace(site.parts.reconcile, directory=directory)(site.hands())
    with site.parts.database.read() as connection:
        told = select(OutboxRow.params).where(OutboxRow.letter == "reconciliation")
        assert not any(ANK in params["routes"] for params in connection.scalars(told))


def test_a_desk_that_is_missing_is_found_where_its_reports_go_instead(site: Site) -> None:
    agencies = {**site.parts.directory.agencies}
    agencies[ANK] = replace(agencies[ANK], in_use=False)
    directory = replace(site.parts.directory, agencies=agencies)
    route = replace(site.parts.try_routes.route, directory=directory)
    trying = replace(site.parts.try_routes, directory=directory, route=route)
    trying(site.hands())
    row = rows(site)["team:vantaa"]
    assert row.fault == Fault.NO_DESK
    assert ANK not in row.agencies
    assert row.agencies


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (SectionRow, Fault.NOT_WHOLE),
        (ReceiptRow, Fault.NOT_WHOLE),
        (WrapRow, Fault.NO_WRAP),
        (DeadlineRow, Fault.NO_DEADLINE),
    ],
)
def test_what_is_not_stored_is_found(
    site: Site, monkeypatch: pytest.MonkeyPatch, row: Any, fault: Fault
) -> None:
    submit = Submit.__call__

    def forgetful(self: Submit, *told: Any, **more: Any) -> None:
        submit(self, *told, **more)
        with site.parts.database.write() as connection:
            connection.execute(delete(row))

    monkeypatch.setattr(Submit, "__call__", forgetful)
    assert fault_of(site)[0] == fault


def test_a_wrap_to_a_key_that_is_not_in_use_is_found(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = Submit.__call__

    def late(self: Submit, *told: Any, **more: Any) -> None:
        submit(self, *told, **more)
        this = AgencyKeyRow.agency_id == (ANK if told[1].concern.primary == "gang" else "")
        with site.parts.database.write() as connection:
            connection.execute(update(AgencyKeyRow).where(this).values(retired_at=site.hands()))

    monkeypatch.setattr(Submit, "__call__", late)
    assert fault_of(site) == (Fault.NO_WRAP, [ANK])


def test_what_is_not_taken_is_tried_again_and_then_told_to_all(site: Site) -> None:
    site.break_writes("INSERT ON decision")
    for tries in range(1, 4):
        site.parts.try_routes(site.hands.move(minutes=11))
        assert rows(site)["team:vantaa"].attempt == tries
        faulty = site.parts.take_stock(site.hands()).routes_faulty
        assert faulty == (len(FEW) if tries == 3 else 0)
    site.parts.try_routes(site.hands.move(minutes=11))
    assert rows(site)["team:vantaa"].attempt == 3
    site.mend_writes("decision")
    site.parts.reconcile(site.hands())
    with site.parts.database.read() as connection:
        told = connection.scalars(
            select(OutboxRow.params).where(OutboxRow.letter == "reconciliation")
        ).all()
    assert told
    assert all(params["unsent"] for params in told)
    site.parts.try_routes(site.hands.move(days=1))
    assert rows(site)["team:vantaa"].fault is None


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_a_killed_run_left_is_erased_and_sent_again(
    site: Site, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Killed before the report was stored, or after it and before that was noted."""
    submit = Submit.__call__

    class Killed(BaseException):
        pass

    def killed(self: Submit, *told: Any, **more: Any) -> None:
        if moment == "after":
            submit(self, *told, **more)
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(Submit, "__call__", killed)
        with pytest.raises(Killed):
            site.parts.try_routes(site.hands())
    assert count(site, ReportRow) == (moment == "after")
    site.parts.try_routes(site.hands.move(minutes=1))  # perhaps another is still at it
    left = [row for row in rows(site).values() if row.sent_at is None]
    assert len(left) == 1
    sweep(site)
    site.parts.try_routes(site.hands.move(minutes=6))
    assert {row.attempt for row in rows(site).values()} == {1, 2}
    sweep(site)
    site.parts.try_routes(site.hands())
    assert count(site, ReportRow) == 0
    site.parts.try_routes(site.hands.move(days=1, hours=1))
    with site.parts.database.read() as connection:
        there = {row.day for row in store.not_erased(connection)}
    assert there == {local_date(site.hands())}


def test_the_deadline_of_one_is_nobodys_to_follow_or_to_press(site: Site) -> None:
    site.parts.try_routes(site.hands())
    with site.parts.database.read() as connection:
        own = select(DeadlineRow.id).where(DeadlineRow.agency_id == SOC)
        found = connection.scalars(own).first()
    client = site.signed_in("supervisor")
    for page in ("", "/standby", "/extend"):
        assert client.get(f"/deadlines/{found}{page}").status_code == 404


def test_a_changed_calendar_keeps_none_of_them_there(site: Site, tmp_path: Path) -> None:
    site.parts.try_routes(site.hands())
    site.parts.recount(site.hands.move(minutes=15))
    use(site, with_holiday(tmp_path, "2026-06-09"))
    assert site.parts.recount(site.hands()) == 0
    sweep(site)
    site.parts.try_routes(site.hands())
    assert {row.fault for row in rows(site).values()} <= {None}
    assert count(site, ReportRow) == 0


def test_two_schedulers_at_once_send_one_set(site: Site) -> None:
    own = [
        replace(site.parts, database=databases.of_role(site.parts.database, "jobs"))
        if databases.has_roles()
        else replace(site.parts)
        for _ in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda parts: parts.try_routes(site.hands()), own))
    assert sum(sent) == count(site, CanaryRow) == count(site, ReportRow) == len(FEW)


def test_nothing_but_a_canary_that_is_noted_is_ever_erased(site: Site) -> None:
    real = site.send().report_id
    site.parts.try_routes(site.hands())
    with site.parts.database.read() as connection:
        noted = connection.scalars(select(CanaryRow.report_id)).all()
        last = connection.scalars(
            select(ReferralRow.id).where(ReferralRow.report_id == noted[0])
        ).first()

    def erased(report_id: UUID) -> bool:
        with site.parts.try_routes.database.write() as connection:
            return store.erase(connection, report_id)

    with site.parts.try_routes.database.write() as connection:  # even if it is noted as one
        begun = {"day": local_date(site.hands()), "route": "x", "attempt": 1}
        store.begin(connection, {"report_id": real, "begun_at": site.hands(), **begun})
    assert not erased(real)
    with site.parts.database.write() as connection:  # one referral of it is real
        connection.execute(update(ReferralRow).where(ReferralRow.id == last).values(state="sent"))
    assert not erased(noted[0])
    with site.parts.database.write() as connection:
        connection.execute(delete(CanaryRow).where(CanaryRow.report_id == noted[1]))
    assert not erased(noted[1])
    assert erased(noted[2])
    assert count(site, ReportRow) == 3


@pytest.mark.postgresql
def test_the_jobs_role_erases_no_report_itself_and_no_other_role_may_ask(site: Site) -> None:
    site.send()
    for door in ("jobs", "reporter", "agency", "supervisor", "rules", "admin"):
        own = databases.of_role(site.parts.database, door)
        for row in CONTENT if door == "jobs" else ():
            with pytest.raises(DBAPIError, match="permission denied"), own.write() as connection:
                connection.execute(text(f"DELETE FROM {row.__tablename__}"))  # noqa: S608 (ours)
        if door == "jobs":
            continue
        with pytest.raises(DBAPIError, match="permission denied"), own.write() as connection:
            connection.execute(text("SELECT public.erase_canary(gen_random_uuid())"))


def test_every_agency_is_reached_but_those_to_which_the_rules_send_nothing(site: Site) -> None:
    """On a school day: all but the desks that stand in while schools are on holiday."""
    now = datetime.fromisoformat("2026-09-15T08:00+00:00")
    directory = site.parts.directory
    trying = site.parts.try_routes
    reached: set[str] = set()
    for canary in canaries(directory, local_date(now)):
        meant = trying._meant(worry_of(canary.answers), canary.decided_at(now))
        assert meant.shares, canary.route
        reached |= {share.agency.id for share in meant.shares}
    left = {agency for agency in directory.agencies if agency not in reached}
    assert left == {agency for agency in directory.agencies if agency.endswith("-holiday")}


def test_every_canary_is_clearly_invented(site: Site) -> None:
    for canary in canaries(site.parts.directory, local_date(site.hands())):
        told = canary.answers
        assert "Koe" in told["reporter"]["name"]
        assert not told["reporter"]["notice_address"]
        assert all("Koe" in child["name"] and not child["hetu"] for child in told["children"])
        assert "keksinyt" in told["observations"]["seen"]


def test_routes_that_do_not_work_are_shown_to_whom_they_concern(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.person_id == site.people["hea"]))
    site.parts.try_routes(site.hands())
    client = site.signed_in("supervisor")
    client.set_cookie("ankkuri_language", "en")
    told = client.get("/deadlines/reconciliation").text
    names = {agency: site.parts.directory.agency(agency).name["en"] for agency in (HEA, POL)}
    assert "Vantaa: Substances and a suspected crime" in told
    assert "Nobody can open there" in told
    assert names[HEA] in told
    assert names[POL] not in told
    assert " of 3</strong>" in told


def test_canaries_of_a_month_ago_are_forgotten(site: Site) -> None:
    site.parts.try_routes(site.hands())
    sweep(site)
    site.parts.try_routes(site.hands())
    site.parts.try_routes(site.hands.move(days=41))
    assert count(site, CanaryRow) == len(FEW)
