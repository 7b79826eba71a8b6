"""Statements said by libpq itself fail, break and recover as those of the library do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext

import pytest
from sqlalchemy import Connection, ExceptionContext, event, text
from sqlalchemy.exc import DataError, OperationalError

from intake.store import drafts, libpq
from intake.store.database import Database
from intake.store.libpq import MOST, NotAlone, Statement
from intake.vault.own import VisitorSecret
from tests import databases
from tests.site import Site

pytestmark = pytest.mark.postgresql

ONE = Statement("SELECT 'one'::TEXT", ())
WRONG = Statement("SELECT 1 / (SELECT 0)", ())
SLOW = Statement("SELECT pg_sleep(10)", ())


@pytest.fixture
def door(site: Site) -> Database:
    return databases.of_role(site.parts.database, "reporter")


def backend(connection: Connection) -> int:
    return connection.scalar(text("SELECT pg_backend_pid()")) or 0


def prepared(connection: Connection) -> list[str]:
    asked = text(
        "SELECT name FROM pg_prepared_statements WHERE name LIKE 'intake%' ORDER BY prepare_time"
    )
    return list(connection.scalars(asked))


def test_a_statement_is_prepared_once_on_a_connection(door: Database) -> None:
    for _ in range(3):
        with door.glance() as connection:
            drafts.read(connection, VisitorSecret.new().draft_id)
    with door.read() as connection:
        assert len(prepared(connection)) == 1


def test_it_is_prepared_again_where_the_driver_has_let_go_of_it(door: Database) -> None:
    with door.glance() as connection:
        libpq.run(connection, ONE, [])
        connection.exec_driver_sql("DEALLOCATE ALL")
        assert libpq.run(connection, ONE, []).get_value(0, 0) == b"one"


def test_it_is_still_prepared_after_another_has_failed(door: Database) -> None:
    for statement, failure in ((ONE, nullcontext()), (WRONG, pytest.raises(DataError))):
        with failure, door.write_alone() as connection:
            libpq.run(connection, statement, [])
    with door.write_alone() as connection:
        libpq.run(connection, ONE, [])
        assert prepared(connection) == [ONE.name.decode(), WRONG.name.decode()]


def test_what_is_prepared_unknown_to_us_is_taken_as_it_is(door: Database) -> None:
    with door.glance() as connection:
        libpq.run(connection, ONE, [])
        connection.info.clear()
        assert libpq.run(connection, ONE, []).get_value(0, 0) == b"one"
        assert prepared(connection) == [ONE.name.decode()]


def test_only_the_last_used_are_kept_and_those_that_go_come_again(door: Database) -> None:
    with door.glance() as connection:
        libpq.run(connection, ONE, [])
        for number in [*range(MOST), 0]:
            some = Statement(f"SELECT '{number}'::TEXT", ())
            assert libpq.run(connection, some, []).get_value(0, 0) == str(number).encode()
            libpq.run(connection, ONE, [])
        left = prepared(connection)
        assert len(left) == MOST
        assert left[0] == ONE.name.decode()


def test_a_failure_is_told_to_those_who_watch_the_engine(door: Database) -> None:
    told = []

    def note(context: ExceptionContext) -> None:
        told.append(context.is_disconnect)

    event.listen(door.engine, "handle_error", note)
    try:
        with pytest.raises(DataError), door.glance() as connection:
            libpq.run(connection, WRONG, [])
    finally:
        event.remove(door.engine, "handle_error", note)
    assert told == [False]


@pytest.mark.parametrize("begin", [Database.read, Database.write])
def test_what_is_to_be_a_transaction_of_its_own_is_refused_within_another(
    door: Database, begin: Callable[[Database], AbstractContextManager[Connection]]
) -> None:
    with pytest.raises(NotAlone), begin(door) as connection:
        libpq.run(connection, ONE, [])


def test_a_connection_that_breaks_under_it_leaves_the_pool(site: Site, door: Database) -> None:
    with door.glance() as connection:
        broken = backend(connection)
        with site.parts.database.write() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": broken})
        with pytest.raises(OperationalError) as told:
            libpq.run(connection, ONE, [])
        assert told.value.connection_invalidated
    with door.glance() as connection:
        assert backend(connection) != broken
        assert libpq.run(connection, ONE, []).get_value(0, 0) == b"one"


def test_after_one_broke_none_as_old_is_used_again(site: Site, door: Database) -> None:
    with ExitStack() as held:
        found = [held.enter_context(door.glance()) for _ in range(3)]
        backends = [backend(connection) for connection in found]
        with site.parts.database.write() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backends[0]})
        with pytest.raises(OperationalError):
            libpq.run(found[0], ONE, [])
    with ExitStack() as held:
        again = [held.enter_context(door.glance()) for _ in range(3)]
        assert set(backends).isdisjoint(map(backend, again))


def test_it_ends_when_the_server_loses_patience(door: Database) -> None:
    with door.glance() as connection:
        connection.exec_driver_sql("SET statement_timeout = '50ms'")
        with pytest.raises(OperationalError) as told:
            libpq.run(connection, SLOW, [])
        assert not told.value.connection_invalidated
        assert libpq.run(connection, ONE, []).get_value(0, 0) == b"one"
