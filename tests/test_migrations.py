"""The migrations make exactly the tables that the code reads and writes."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

import intake.store.people_tables  # noqa: F401  (registers its tables)
from intake.store.database import Database, _alembic
from intake.store.tables import Base


def test_the_migrated_schema_is_that_of_the_tables(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    database.upgrade()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.engine.dispose()


def test_the_schema_goes_down_again_and_leaves_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    database.upgrade()
    command.downgrade(_alembic(database.url), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.engine.dispose()
