"""Alembic's entry: batch mode with foreign keys off, checked afterwards."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, event, pool

import intake.store.people_tables  # noqa: F401  (registers its tables)
from intake.store.tables import Base


def run() -> None:
    """Run the migrations in one transaction; refuse to commit a dangling reference."""
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(url, poolclass=pool.NullPool)

    @event.listens_for(engine, "connect")
    def _by_hand(connection, _record):  # type: ignore[no-untyped-def]  # the driver's object
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=OFF")  # batch copies would cascade otherwise

    @event.listens_for(engine, "begin")
    def _begin(connection):  # type: ignore[no-untyped-def]  # SQLAlchemy's listener signature
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if dangling:
                raise RuntimeError(f"migration left {len(dangling)} dangling references")


run()
