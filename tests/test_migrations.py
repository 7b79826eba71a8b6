"""The migrations make exactly the tables that the code reads and writes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect, select
from sqlalchemy.exc import IntegrityError

import intake.store.schema  # noqa: F401  (registers every table)
from intake.domain.people import Membership, Role
from intake.services.enrol import Enrol
from intake.services.keys_that_open import KeysThatOpen
from intake.store import privileges
from intake.store.database import Database, DatabaseNotReady, _alembic, _scripts
from intake.store.tables import Base, NoticeRow, OutboxRow, ReferralRow
from tests import databases, keeper
from tests.site import CHEAP, PASSPHRASE, POL, TUESDAY, Site, lay_out, worry_answers

WORKER = Membership(Role.WORKER, POL)


def test_the_migrated_schema_is_that_of_the_tables(tmp_path: Path) -> None:
    database = Database(databases.empty_address(tmp_path))
    database.upgrade()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.engine.dispose()


def test_a_database_of_the_first_schema_goes_up_and_down_with_its_people(tmp_path: Path) -> None:
    settings = lay_out(tmp_path)
    database = Database(settings.database, keeper.signed())
    at = TUESDAY
    enrol = Enrol(database, b"p" * 32, CHEAP)
    person = enrol.person(
        "pol", "Pekka Poliisi", "x@ankkuri.invalid", "fi", PASSPHRASE, (WORKER,), at
    )
    enrol.first_key(POL, (person,), at)
    keys = KeysThatOpen(database)
    for _ in range(2):
        command.downgrade(_alembic(database.url), "0001")
        with pytest.raises(DatabaseNotReady, match="older version: run `ankkuri init`"):
            database.require_current()
        database.upgrade()
        database.require_current()
        assert list(keys(at.date())) == [POL]
    database.engine.dispose()


def test_notice_addresses_and_letters_to_staff_go_down_and_up_again(site: Site) -> None:
    site.send(worry_answers(reporter={"notice_address": "outi@koulu.invalid"}))
    database, soc = site.parts.database, site.visit("soc")
    (row,) = site.parts.read.inbox(soc, ("sent",))
    site.parts.read(soc, row.id, site.hands())
    site.parts.notify(site.hands())
    site.parts.chase(site.hands.move(days=30))

    def kept() -> tuple[list[Any], list[Any]]:
        with database.read() as connection:
            addresses = connection.execute(select(NoticeRow.report_id, NoticeRow.sealed_address))
            letters = connection.execute(
                select(OutboxRow).where(OutboxRow.person_id.is_not(None)).order_by(OutboxRow.id)
            )
            return list(addresses), list(letters)

    before = kept()
    assert [len(rows) > 0 for rows in before] == [True, True]
    command.downgrade(_alembic(database.url), "0003")
    upgrade(database)
    assert kept() == before


def test_the_schema_goes_down_again_and_leaves_nothing(tmp_path: Path) -> None:
    database = Database(databases.empty_address(tmp_path))
    database.upgrade()
    command.downgrade(_alembic(database.url), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.engine.dispose()


def test_reports_go_down_and_up_over_the_rebuilding_of_their_table(site: Site) -> None:
    site.send()
    database = site.parts.database
    before = referrals(database)
    moves = _scripts().get_revision("0005")
    command.downgrade(_alembic(database.url), str(moves.down_revision))
    upgrade(database)
    assert referrals(database) == before
    (row,) = site.parts.read.inbox(site.visit("soc"), ("sent",))
    assert site.parts.read(site.visit("soc"), row.id, site.hands()).sections["concern"]


def test_a_referral_is_sent_on_once_unless_that_was_withdrawn(site: Site) -> None:
    site.send()
    (first,) = referrals(site.parts.database)

    def sent_on(number: int, state: str) -> None:
        with site.parts.database.write() as connection:
            values = {
                "id": UUID(int=number),
                "came_from": first["id"],
                "agency_id": POL,
                "reference": f"X{number}",
                "state": state,
                "arrived_at": TUESDAY + timedelta(minutes=number),
            }
            connection.execute(insert(ReferralRow).values(first | values))

    sent_on(1, "withdrawn")
    sent_on(2, "withdrawn")
    sent_on(3, "sent")
    with pytest.raises(IntegrityError):
        sent_on(4, "accepted")


def upgrade(database: Database) -> None:
    """As ``ankkuri init``: the schema, and the rights of the doors on its new tables."""
    database.upgrade()
    with database.write() as connection:
        privileges.renew(connection)


def referrals(database: Database) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [dict(row._mapping) for row in connection.execute(select(ReferralRow.__table__))]
