"""More time, once, where the clock allows it: by a supervisor, with a reason of a closed list."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline_change import Reason
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.extend import Extend, NotExtendable
from intake.services.follow_up import DeadlineNotYours
from intake.store.columns import AnyRow
from intake.store.recount_tables import DeadlineChangeRow
from intake.store.tables import ChaseRow, DeadlineRow, TrailRow
from intake.web.deadline_words import REASONS
from tests import databases
from tests.calendars import ABSENCE, use, with_holiday
from tests.look.page_faults import page_faults
from tests.site import POL, WEL, Site, token_in


def deadline(site: Site, clock: str = "accept", agency: str = WEL) -> AnyRow:
    with site.parts.database.read() as connection:
        return connection.execute(
            select(DeadlineRow.__table__).where(
                DeadlineRow.clock == clock, DeadlineRow.agency_id == agency
            )
        ).one()


def rows(site: Site, table: Any) -> list[AnyRow]:
    with site.parts.database.read() as connection:
        return list(connection.execute(select(table.__table__)))


def english(site: Site, name: str) -> FlaskClient:
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", "en")
    return client


def extend(site: Site) -> Extend:
    parts, database = site.parts, site.parts.database
    if databases.has_roles():
        database = databases.of_role(database, "supervisor")
    return Extend(database, parts.directory, parts.clocks, parts.calendar, parts.chasing)


@pytest.fixture
def sent(site: Site) -> Site:
    """Pupil welfare is to take a report of Tuesday 2 June up by Thursday 4 June."""
    site.send(ABSENCE)
    return site


@pytest.mark.on_both
def test_the_supervisor_extends_a_deadline_and_everybody_reads_why(sent: Site) -> None:
    before = deadline(sent)
    supervisor = english(sent, "supervisor")
    address = f"/deadlines/{before.id}/extend"
    assert address in supervisor.get(f"/deadlines/{before.id}").text
    page = supervisor.get(address).text
    assert page_faults(page) == []
    assert "Thu 4 June 2026" in page
    assert "Mon 8 June 2026" in page
    answer = supervisor.post(address, data={"csrf_token": token_in(page), "reason": "absence"})
    assert answer.status_code == 303
    after = deadline(sent)
    assert (after.due_on, after.rule) == (date(2026, 6, 8), "working_days 4")
    assert after.started_at == before.started_at
    said = (
        "Extended from Thu 4 June 2026 to Mon 8 June 2026. Reason: Absence at the agency. "
        "By Valpuri Valvoja, Tue 2 June 2026 at 10:42."
    )
    done = supervisor.get(answer.location).text
    assert page_faults(done) == []
    assert said in done
    worker = english(sent, "wel")
    for path in ("", "/deadlines/accept"):
        told = worker.get(f"/referrals/{before.referral_id}{path}").text
        assert page_faults(told) == []
        assert said in told, path
    assert said not in worker.get(f"/referrals/{before.referral_id}/deadlines/school_talk").text
    (change,) = rows(sent, DeadlineChangeRow)
    assert (change.kind, change.reason, change.was_due_at, change.due_at) == (
        "extended",
        "absence",
        before.due_at,
        after.due_at,
    )
    (line,) = (row for row in rows(sent, TrailRow) if row.action == Action.EXTEND)
    assert (line.person_id, line.agency_id) == (sent.people["supervisor"], WEL)
    assert line.purpose == "accept: 2026-06-04 2026-06-08 absence"


def test_the_auditor_reads_both_days_and_the_reason(sent: Site) -> None:
    extend(sent)(sent.visit("supervisor"), deadline(sent).id, Reason.AGENCY, sent.hands())
    page = english(sent, "auditor").get("/trail").text
    assert page_faults(page) == []
    assert "Deadline extended" in page
    said = "Taken up: from Thu 4 June 2026 to Mon 8 June 2026. Waiting for another agency"
    assert said in page


def test_it_is_extended_once(sent: Site) -> None:
    target = deadline(sent).id
    visit = sent.visit("supervisor")
    extend(sent)(visit, target, Reason.FAMILY, sent.hands())
    with pytest.raises(NotExtendable):
        extend(sent)(visit, target, Reason.FAMILY, sent.hands())
    assert deadline(sent).due_on == date(2026, 6, 8)
    page = english(sent, "supervisor").get(f"/deadlines/{target}/extend").text
    assert "it cannot be extended again" in page
    assert "csrf_token" not in page.partition("<main")[2]
    (first,) = rows(sent, DeadlineChangeRow)
    again = {**first._mapping, "id": new_id(sent.hands())}
    with pytest.raises(IntegrityError), sent.parts.database.write() as connection:
        connection.execute(insert(DeadlineChangeRow).values(again))


@pytest.mark.parametrize(
    ("clock", "changes", "said"),
    [
        ("school_talk", {}, "The law sets this deadline"),
        ("accept", {"rule": "same_day 0", "today": True}, "The rules do not let"),
        ("accept", {"rule": "working_days 1", "today": True}, "The rules do not let"),
        ("accept", {"met_at": "now"}, "has ended already"),
        ("accept", {"due_at": "now"}, "has passed"),
    ],
    ids=["a law's", "urgent", "urgent in days", "met", "due"],
)
def test_what_is_not_to_be_extended_is_not(
    sent: Site, clock: str, changes: dict[str, Any], said: str
) -> None:
    visit = sent.visit("supervisor")
    client = english(sent, "supervisor")
    values = {name: sent.hands() if v == "now" else v for name, v in changes.items()}
    if values:
        with sent.parts.database.write() as connection:
            mine = update(DeadlineRow).where(DeadlineRow.clock == clock)
            connection.execute(mine.values(**values))
    before = deadline(sent, clock)
    with pytest.raises(NotExtendable):
        extend(sent)(visit, before.id, Reason.OTHER, sent.hands())
    page = client.get(f"/deadlines/{before.id}/extend")
    assert said in page.text
    assert page_faults(page.text) == []
    token = token_in(page.text)
    data = {"csrf_token": token, "reason": "other"}
    assert client.post(f"/deadlines/{before.id}/extend", data=data).status_code == 409
    assert deadline(sent, clock) == before
    assert rows(sent, DeadlineChangeRow) == []


def test_a_deadline_without_a_kept_rule_goes_by_its_clock(sent: Site) -> None:
    with sent.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(rule=None))
    extend(sent)(sent.visit("supervisor"), deadline(sent).id, Reason.AGENCY, sent.hands())
    assert deadline(sent).due_on == date(2026, 6, 8)


def test_a_reason_must_be_chosen_of_the_list(sent: Site) -> None:
    client = english(sent, "supervisor")
    address = f"/deadlines/{deadline(sent).id}/extend"
    token = token_in(client.get(address).text)
    for data in ({}, {"reason": "Kaisla on sairaana"}, {"reason": ""}):
        answer = client.post(address, data={"csrf_token": token, **data})
        assert answer.status_code == 422
        assert page_faults(answer.text) == []
    assert client.post(address, data={"reason": "other"}).status_code == 422, "no token"
    assert rows(sent, DeadlineChangeRow) == []
    assert set(REASONS) == set(Reason)


def test_another_controllers_deadline_is_not_found(sent: Site) -> None:
    target = deadline(sent).id
    visit, client = sent.visit("supervisor"), english(sent, "supervisor")
    with sent.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(agency_id=POL))
    for one in (target, uuid4()):
        assert client.get(f"/deadlines/{one}/extend").status_code == 404
        with pytest.raises(DeadlineNotYours):
            extend(sent)(visit, one, Reason.OTHER, sent.hands())
    assert rows(sent, DeadlineChangeRow) == []


@pytest.mark.parametrize("name", ["wel", "soc-head", "coordinator", "admin", "auditor", "rules"])
def test_nobody_else_extends(sent: Site, name: str) -> None:
    target = deadline(sent).id
    client = english(sent, name)
    assert client.get(f"/deadlines/{target}/extend").status_code == 403
    assert client.post(f"/deadlines/{target}/extend").status_code == 403
    with pytest.raises(DeadlineNotYours):
        extend(sent)(sent.visit(name), target, Reason.OTHER, sent.hands())
    assert deadline(sent).due_on == date(2026, 6, 4)


def test_reminders_go_by_the_new_day_and_none_is_sent_twice(sent: Site) -> None:
    target = deadline(sent)
    sent.hands.at = target.due_at - timedelta(hours=6)  # Thursday at 18: two were sent
    sent.parts.chase(sent.hands())

    def steps() -> list[tuple[str, date]]:
        with sent.parts.database.read() as connection:
            done = connection.execute(
                select(ChaseRow.step, ChaseRow.chased_at)
                .where(ChaseRow.deadline_id == target.id)
                .order_by(ChaseRow.chased_at, ChaseRow.step)
            )
            return [(row.step, row.chased_at.date()) for row in done]

    before = steps()
    assert {step for step, _ in before} == {"days-before-1", "days-due"}
    extend(sent)(sent.visit("supervisor"), target.id, Reason.FAMILY, sent.hands())
    for _ in range(24 * 16):
        sent.parts.chase(sent.hands.move(hours=1))
    assert steps() == [
        *before,
        ("days-late-1", date(2026, 6, 9)),
        ("days-late-3", date(2026, 6, 11)),
        ("days-late-5", date(2026, 6, 15)),
    ]


def test_a_later_recount_counts_the_extension_too(sent: Site, tmp_path: Path) -> None:
    sent.parts.recount(sent.hands.move(minutes=11))
    extend(sent)(sent.visit("supervisor"), deadline(sent).id, Reason.FAMILY, sent.hands())
    use(sent, with_holiday(tmp_path, "2026-06-05"))
    sent.parts.recount(sent.hands())
    client = english(sent, "supervisor")
    page = client.get("/deadlines/recount").text
    assert "Mon 8 June 2026" in page
    assert "Tue 9 June 2026" in page


def test_what_was_proposed_before_an_extension_is_not_offered_after_it(
    sent: Site, tmp_path: Path
) -> None:
    """The job may have read the deadline before, and write its proposal after."""
    sent.parts.recount(sent.hands.move(minutes=11))
    use(sent, with_holiday(tmp_path, "2026-06-03"))
    sent.parts.recount(sent.hands())
    target = deadline(sent)
    client = english(sent, "supervisor")
    token = token_in(client.get("/deadlines/recount").text)
    with sent.parts.database.write() as connection:
        later = target.due_at + timedelta(days=3)
        connection.execute(
            update(DeadlineRow).where(DeadlineRow.id == target.id).values(due_at=later)
        )
    address = f"/deadlines/recount/{target.id}"
    assert client.post(address, data={"csrf_token": token}).status_code == 404
