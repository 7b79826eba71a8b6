"""The database: there, of this version, safe in a power cut, and on a clock that agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from intake.doctor.finding import Level, Said, fine_unless
from intake.store import stock
from intake.store.database import Database, DatabaseNotReady

SKEW_SECONDS = 5
SQLITE = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
"""What each connection must find: a network disk, for one, cannot keep a write-ahead log."""


def schema(database: Database) -> list[Said]:
    """It can be reached, and its tables are this version's."""
    try:
        database.require_current()
    except DatabaseNotReady as error:
        return [(Level.FAIL, str(error))]
    return [(Level.OK, "reached; its tables are this version's")]


def durability(database: Database) -> list[Said]:
    """SQLite's settings; another database's are its keeper's."""
    if database.engine.dialect.name != "sqlite":
        return [(Level.OK, f"{database.engine.dialect.name} keeps its own settings")]
    return fine_unless(_settings(database), "write-ahead log, foreign keys and full syncing are on")


def clocks(database: Database, now: Callable[[], datetime]) -> list[Said]:
    """The server's clock agrees with ours."""
    return fine_unless(_skewed(database, now), "the database's agrees with ours")


def trail(database: Database, now: Callable[[], datetime]) -> list[Said]:
    """It has no line of the future."""
    return fine_unless(_ahead(database, now), "it ends in the past")


def _settings(database: Database) -> Iterator[Said]:
    with database.read() as connection:
        for name, wanted in SQLITE.items():
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            if found != wanted:
                yield Level.FAIL, f"{name} is {found}, not {wanted}: move it to a local disk"


def _skewed(database: Database, now: Callable[[], datetime]) -> Iterator[Said]:
    with database.read() as connection:
        skew = (stock.server_time(connection) - now()).total_seconds()
    if abs(skew) > SKEW_SECONDS:
        yield Level.WARN, f"the database's clock is {skew:+.0f} s off ours: check the time service"


def _ahead(database: Database, now: Callable[[], datetime]) -> Iterator[Said]:
    with database.read() as connection:
        last = stock.last_line_at(connection)
    if last is not None and (ahead := (last - now()).total_seconds()) > SKEW_SECONDS:
        yield (
            Level.FAIL,
            f"the trail has a line {ahead:.0f} s in the future: the clock was set back; "
            "deadlines count by it, so put it right",
        )
