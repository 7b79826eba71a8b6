"""One database: how it is opened, read, written and brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from intake.store import libpq, restoring
from intake.store.entries import SIGNED, Signed
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.postgresql import PostgreSQL
from intake.store.proposals import propose_what_lacks
from intake.store.sqlite import SQLite

_MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseNotReady(Exception):
    """The database's schema is not the one this version needs; the message says what to do."""


class Database:
    """Reads see one snapshot and keep nothing; a write is one transaction.

    SQLite's writers take turns. Those of PostgreSQL go side by side and see what others have
    committed: what must not change between a look and a write is locked, or looked at by the write.

    ``signed``: by what people's roles and agencies' keys count; without it none does.
    """

    def __init__(self, url: str, signed: Signed | None = None) -> None:
        self.url = url
        self._kind = PostgreSQL(url) if _is_postgresql(url) else SQLite(url)
        self.engine = self._kind.engine
        self.believe(signed)

    def believe(self, signed: Signed | None) -> None:
        """Let people's roles and agencies' keys count by this from now on."""
        self.signed = signed
        self.engine.update_execution_options(**{SIGNED: signed})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading one snapshot; nothing done on it is kept."""
        with self.engine.connect() as connection:
            self._kind.begin_reading(connection)
            yield connection
            self._kind.end_reading(connection)

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection for one SELECT, which is a snapshot of its own: cheaper than ``read``."""
        with self.engine.connect() as connection:
            self._kind.wake(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: durable when the block ends, nothing kept when it raises.

        What was put into the connection's memory (``info``) is then forgotten too.
        """
        with self._kind.turn(), self.engine.connect() as connection:
            self._kind.begin_writing(connection)
            with _forgetting(connection.info), connection.begin():
                yield connection
                self._kind.refuse_aborted(connection)

    @contextmanager
    def write_alone(self) -> Iterator[Connection]:
        """A connection for one ``insert_alone``, and nothing else: a transaction of its own.

        To PostgreSQL it is one statement, which needs no beginning and no end.
        """
        if self._kind.takes_all_at_once:
            with self.engine.connect() as connection:
                self._kind.wake(connection)
                with _forgetting(connection.info):
                    yield connection
        else:
            with self.write() as connection:
                yield connection

    def empty_log(self) -> bool:
        """Let what was erased be in no file of the database; False where it was busy."""
        return self._kind.empty_log()

    def make_place(self) -> None:
        """Make the folder of the file."""
        self._kind.make_place()

    def upgrade(self, to: str = "head") -> None:
        """Bring the schema up to this version's, or to one before it, creating what is missing.

        Roles and keys from before there were entries are proposed to the keeper. What came later
        without being proposed is nobody's to sign.
        """
        self.make_place()
        before = not inspect(self.engine).has_table(DirectoryEntryRow.__tablename__)
        command.upgrade(_alembic(self.url), to)
        if before and to == "head":
            with self.write() as connection:
                propose_what_lacks(connection, datetime.now(UTC))

    def make_empty(self) -> None:
        """Take down the schema with everything in it."""
        command.downgrade(_alembic(self.url), "base")

    def knows(self, revision: str) -> bool:
        """Whether this version knows a revision of the schema."""
        return revision in {script.revision for script in _scripts().walk_revisions()}

    def head(self) -> str:
        """The revision of this version's schema."""
        return _scripts().get_current_head() or ""

    def refuse_newer(self) -> None:
        """Raise DatabaseNotReady if the schema is one that this version does not know."""
        if (
            self._kind.exists()
            and (found := self._revision()) is not None
            and not self.knows(found)
        ):
            raise DatabaseNotReady(
                "The database is from a newer version of Ankkuri intake: "
                "install that version, or restore a backup made before it"
            )

    def refuse_half_restored(self) -> None:
        """Raise DatabaseNotReady while a restore has not come to its end."""
        if self._kind.exists() and self._is_being_restored():
            raise DatabaseNotReady(
                "A restore into this database has not been finished: run `ankkuri restore` again"
            )

    def require_current(self) -> None:
        """Raise DatabaseNotReady unless the schema is exactly this version's."""
        self.refuse_half_restored()
        if not self._kind.exists() or (found := self._revision()) is None:
            raise DatabaseNotReady("There is no database yet: run `ankkuri init`")
        self.refuse_newer()
        if found != self.head():
            raise DatabaseNotReady("The database is from an older version: run `ankkuri init`")

    def _is_being_restored(self) -> bool:
        with self._readable() as connection:
            return restoring.is_marked(connection)

    def _revision(self) -> str | None:
        with self._readable() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    @contextmanager
    def _readable(self) -> Iterator[Connection]:
        try:
            with self.read() as connection:
                yield connection
        except DatabaseError as error:
            words = str(error.orig).strip().splitlines()[0]
            raise DatabaseNotReady(f"The database cannot be read: {words}") from None


@contextmanager
def _forgetting(memory: dict[Any, Any]) -> Iterator[None]:
    """What was put into a connection's memory goes where this raises, but for what is prepared."""
    try:
        yield
    except BaseException:
        for name in memory.keys() - {libpq.PREPARED}:
            memory.pop(name, None)
        raise


def _is_postgresql(url: str) -> bool:
    return make_url(url).get_backend_name() == "postgresql"


@cache
def _scripts() -> ScriptDirectory:
    """The migrations, read once: they stay as they are while a process runs."""
    return ScriptDirectory(str(_MIGRATIONS))


def _alembic(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
