"""The migrations make exactly the tables that the code reads and writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

import intake.store.people_tables  # noqa: F401  (registers its tables)
from intake.domain.people import Membership, Role
from intake.services.enrol import Enrol
from intake.services.keys_that_open import KeysThatOpen
from intake.store.database import Database, DatabaseNotReady, _alembic
from intake.store.tables import Base
from tests import databases
from tests.site import CHEAP, PASSPHRASE, POL, TUESDAY, lay_out

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
    database = Database(settings.database)
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


def test_the_schema_goes_down_again_and_leaves_nothing(tmp_path: Path) -> None:
    database = Database(databases.empty_address(tmp_path))
    database.upgrade()
    command.downgrade(_alembic(database.url), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.engine.dispose()
