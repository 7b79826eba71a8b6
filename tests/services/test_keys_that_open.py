"""Which keys a report may be sealed to: remembered, and never past a change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.sql.dml import UpdateBase

from intake.services.keys_that_open import KeysThatOpen
from intake.store import people
from intake.store.database import Database
from intake.store.people_tables import (
    AgencyKeyRow,
    GrantRow,
    MembershipRow,
    OpenersStampRow,
    PersonRow,
    SessionRow,
)
from tests.site import POL, SOC, TUESDAY, Site

TODAY, YESTERDAY = TUESDAY.date(), TUESDAY.date() - timedelta(days=1)
OF_POLICE = (
    GrantRow.agency_key_id.in_(select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == POL)),
    AgencyKeyRow.agency_id == POL,
    MembershipRow.agency_id == POL,
)
ENDINGS: dict[str, UpdateBase] = {
    "the grant is withdrawn": update(GrantRow).where(OF_POLICE[0]).values(withdrawn_at=TUESDAY),
    "the grant is deleted": delete(GrantRow).where(OF_POLICE[0]),
    "the key is retired": update(AgencyKeyRow).where(OF_POLICE[1]).values(retired_at=TUESDAY),
    "the role has ended": update(MembershipRow).where(OF_POLICE[2]).values(valid_to=YESTERDAY),
    "the role is deleted": delete(MembershipRow).where(OF_POLICE[2]),
    "the only member has left": update(PersonRow)
    .where(PersonRow.sign_in_name == "pol")
    .values(left_at=TUESDAY),
}


def change(database: Database, statement: UpdateBase) -> None:
    with database.write() as connection:
        connection.execute(statement)


@pytest.fixture
def keys(site: Site) -> KeysThatOpen:
    """They have been asked for once, and the police had one."""
    keys = KeysThatOpen(site.parts.database)
    assert POL in keys(TODAY)
    return keys


def test_keys_are_remembered_while_nothing_changes(
    keys: KeysThatOpen, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[date] = []

    def ask(_connection: Any, on: date) -> dict[str, Any]:
        asked.append(on)
        return {}

    known = keys(TODAY)
    monkeypatch.setattr(people, "agency_keys_that_open", ask)
    assert keys(TODAY) is known
    assert asked == []
    assert keys(TODAY + timedelta(days=1)) == {}
    assert asked == [TODAY + timedelta(days=1)]


def test_a_stamp_that_was_just_read_is_not_read_again_and_another_is_looked_into(
    site: Site, keys: KeysThatOpen, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = site.parts.database
    with database.read() as connection:
        before = people.openers_stamp(connection)
    with monkeypatch.context() as patch:
        patch.setattr(people, "openers_stamp", lambda _connection: pytest.fail("read again"))
        assert POL in keys(TODAY, before)
    change(database, ENDINGS["the grant is deleted"])
    with database.read() as connection:
        after = people.openers_stamp(connection)
    assert POL not in keys(TODAY, after)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_key_that_nobody_can_open_any_more_is_not_remembered(
    site: Site, keys: KeysThatOpen, ending: UpdateBase
) -> None:
    another_process = Database(site.parts.database.url)
    change(another_process, ending)
    another_process.engine.dispose()
    assert POL not in keys(TODAY)


def test_a_damaged_key_costs_its_agency_alone(
    site: Site, keys: KeysThatOpen, caplog: pytest.LogCaptureFixture
) -> None:
    change(site.parts.database, update(AgencyKeyRow).where(OF_POLICE[1]).values(public_key=b"x"))
    assert POL not in keys(TODAY)
    assert SOC in keys(TODAY)
    assert caplog.messages == [
        f"the key of agency {POL} is not as it was signed: nothing is sealed to it"
    ]


def test_a_role_that_ends_with_a_day_ends_with_it_though_nothing_changes(
    site: Site, keys: KeysThatOpen
) -> None:
    change(
        site.parts.database,
        update(MembershipRow).where(MembershipRow.agency_id == POL).values(valid_to=TODAY),
    )
    assert POL in keys(TODAY)
    assert POL not in keys(TODAY + timedelta(days=1))


def test_every_change_of_who_can_open_renews_the_stamp_and_no_other_does(site: Site) -> None:
    database = site.parts.database
    person, key, at = uuid4(), "pol-office-new", TUESDAY
    rows: dict[Any, dict[str, Any]] = {
        PersonRow: {
            "id": person,
            "sign_in_name": "uusi",
            "name": "Uusi Ihminen",
            "email": "uusi@ankkuri.invalid",
            "language": "fi",
            "public_key": b"",
            "sealed_private_key": b"",
            "created_at": at,
        },
        MembershipRow: {
            "id": uuid4(),
            "person_id": person,
            "role": "worker",
            "agency_id": POL,
            "valid_from": at.date(),
        },
        AgencyKeyRow: {
            "id": key,
            "agency_id": POL,
            "public_key": b"",
            "created_at": at,
            "retired_at": at,  # an agency has one in use
        },
        GrantRow: {
            "id": uuid4(),
            "agency_key_id": key,
            "person_id": person,
            "sealed_key": b"",
            "granted_at": at,
        },
        SessionRow: {
            "id": b"session",
            "person_id": person,
            "sealed_person_key": b"",
            "started_at": at,
            "seen_at": at,
        },
    }

    def renewed(statement: UpdateBase) -> bool:
        with database.write() as connection:
            before = people.openers_stamp(connection)
            connection.execute(statement)
            return people.openers_stamp(connection) != before

    added = {row: renewed(insert(row).values(values)) for row, values in rows.items()}
    changed = {
        row: renewed(update(row).where(row.id == v["id"]).values(id=v["id"]))
        for row, v in rows.items()
    }
    deleted = {row: renewed(delete(row).where(row.id == rows[row]["id"])) for row in reversed(rows)}
    watched = {row: row is not SessionRow for row in rows}
    assert added == changed == deleted == watched
    with database.read() as connection:
        assert len(connection.execute(select(OpenersStampRow.__table__)).all()) == 1
