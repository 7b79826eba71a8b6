"""Alembic's entry. On SQLite: batch mode with foreign keys off, checked afterwards."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, event, pool

import intake.store.people_tables  # noqa: F401  (registers its tables)
from intake.store.tables import Base

_ONE_AT_A_TIME = 0x416E6B6B  # an advisory lock of our own: "Ankk"


def run() -> None:
    """Run the migrations in one transaction; refuse to commit a dangling reference."""
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    on_sqlite = engine.dialect.name == "sqlite"
    if on_sqlite:
        event.listen(engine, "connect", _by_hand)
        event.listen(engine, "begin", _begin)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            if not on_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
            context.run_migrations()
            if on_sqlite:
                dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if dangling:
                    raise RuntimeError(f"migration left {len(dangling)} dangling references")


def _by_hand(connection, _record):  # type: ignore[no-untyped-def]  # the driver's object
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=OFF")  # batch copies would cascade otherwise


def _begin(connection):  # type: ignore[no-untyped-def]  # SQLAlchemy's listener signature
    connection.exec_driver_sql("BEGIN IMMEDIATE")


run()
