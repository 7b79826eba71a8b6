"""A writer's lines of the trail are numbered without a gap, whatever went wrong between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError, OperationalError

from intake.domain.trail import Action
from intake.store import trail
from intake.store.database import Database
from intake.store.tables import TrailRow
from tests.site import TUESDAY, Site


@pytest.fixture
def database(site: Site) -> Iterator[Database]:
    fresh = Database(site.parts.database.url)
    yield fresh
    fresh.engine.dispose()


def write(database: Database, *, then: BaseException | None = None) -> None:
    with database.write() as connection:
        trail.write_line(connection, at=TUESDAY, action=Action.SIGN_OUT)
        trail.write_line(connection, at=TUESDAY, action=Action.SIGN_OUT)
        if then:
            raise then


def numbers(database: Database) -> list[list[int]]:
    """Those of each writer."""
    found: dict[UUID, list[int]] = {}
    with database.read() as connection:
        asked = select(TrailRow.writer, TrailRow.sequence).order_by(TrailRow.sequence)
        for row in connection.execute(asked.where(TrailRow.action == Action.SIGN_OUT)):
            found.setdefault(row.writer, []).append(row.sequence)
    return list(found.values())


def test_a_connection_goes_on_counting(database: Database) -> None:
    for _ in range(3):
        write(database)
    assert numbers(database) == [[1, 2, 3, 4, 5, 6]]


def what_was_done_fails(_: Site, database: Database) -> None:
    with pytest.raises(LookupError):
        write(database, then=LookupError())


def the_line_fails(site: Site, database: Database) -> None:
    site.break_writes("INSERT ON trail")
    with pytest.raises(DBAPIError, match="full"):
        write(database)
    site.mend_writes("trail")


def the_commit_fails(_: Site, database: Database) -> None:
    def full(*_: Any) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(database.engine, "commit", full)
    with pytest.raises(OperationalError):
        write(database)
    event.remove(database.engine, "commit", full)


@pytest.mark.parametrize("fail", [what_was_done_fails, the_line_fails, the_commit_fails])
def test_lines_that_were_not_kept_leave_no_gap(
    site: Site, database: Database, fail: Callable[[Site, Database], None]
) -> None:
    write(database)
    fail(site, database)
    write(database)
    assert numbers(database) == [[1, 2], [1, 2]]
