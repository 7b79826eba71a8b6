"""Where a test's rows are: in a SQLite file, or in a PostgreSQL database of its own."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import make_url

from benchmarks.cluster import Cluster, programs
from intake.store.database import Database
from intake.store.privileges import ROLES, role_name

_cluster: Cluster | None = None
_template = ""
_made: dict[Path, str] = {}
_of_roles: dict[str, Database] = {}


def postgresql_is_there() -> bool:
    """Whether its programs are installed."""
    return programs() is not None


@contextmanager
def on_postgresql() -> Iterator[None]:
    """Tests within use PostgreSQL."""
    global _cluster, _template
    found = programs()
    assert found, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    _cluster = Cluster(found)
    try:
        _cluster.start()
        _cluster.execute(*(f"CREATE ROLE {role_name(door)} LOGIN" for door in ROLES))
        _template = _cluster.new_database()
        database = Database(_cluster.url(_template))
        database.upgrade()
        database.engine.dispose()
        yield
    finally:
        _cluster.stop("immediate")
        _cluster.remove()
        _cluster = None


def address(folder: Path) -> str:
    """The database of a site in this folder, as ``ANKKURI_DATABASE`` says it."""
    if _cluster is None:
        return f"sqlite:///{folder / 'intake.sqlite3'}"
    if folder not in _made:
        _made[folder] = _cluster.new_database(_template)
    return _cluster.url(_made[folder]).replace("+psycopg", "")


def make_schema(folder: Path) -> None:
    """Let the database of a site in this folder have this version's schema, which upgrades make
    once in this process; one on PostgreSQL begins with it.
    """
    if _cluster is None:
        shutil.copyfile(_file_with_schema(), folder / "intake.sqlite3")


@cache
def _file_with_schema() -> Path:
    kept = Path(mkdtemp(prefix="ankkuri-schema-"))
    atexit.register(shutil.rmtree, kept)
    database = Database(f"sqlite:///{kept / 'intake.sqlite3'}")
    database.upgrade()
    database.engine.dispose()
    return kept / "intake.sqlite3"


def copy(source: Path, folder: Path) -> None:
    """Give the site in ``folder`` the rows of that in ``source``; a file comes with its folder."""
    if _cluster is not None:
        _made[folder] = _cluster.new_database(_made[source])


def rounds(on_sqlite: int) -> int:
    """How often a slow proof tries: less often on PostgreSQL, whose other proofs do the like."""
    return on_sqlite if _cluster is None else max(on_sqlite // 4, 3)


def has_roles() -> bool:
    """Whether each door has a role of its own."""
    return _cluster is not None


def of_role(database: Database, door: str) -> Database:
    """The same database for the role of a door, until it is forgotten."""
    url = address_of_role(database.url, door)
    if url not in _of_roles:
        _of_roles[url] = Database(url, database.signed)
    return _of_roles[url]


def address_of_role(url: str, door: str) -> str:
    """The same address for the role of a door."""
    return url.replace("owner@", f"{role_name(door)}@")


def empty_address(folder: Path) -> str:
    """A database without a schema, as SQLAlchemy says it."""
    if _cluster is None:
        return f"sqlite:///{folder / 'empty.sqlite3'}"
    return _cluster.url(_cluster.new_database())


def files() -> list[Path]:
    """The files of the server, its log of writes among them."""
    if _cluster is None:
        return []
    _cluster.execute("CHECKPOINT")
    return _cluster.files()


def mend_writes(database: Database, table: str) -> None:
    """Let writes to the table succeed again."""
    with database.write() as connection:
        if _cluster is None:
            connection.exec_driver_sql("DROP TRIGGER full_disk")
            return
        connection.exec_driver_sql(f"DROP TRIGGER full_disk ON {table}")
        connection.exec_driver_sql("DROP FUNCTION full_disk")


def cluster() -> Cluster:
    """The PostgreSQL server of this run."""
    assert _cluster is not None
    return _cluster


def cluster_or_none() -> Cluster | None:
    """The PostgreSQL server of this run, where there is one."""
    return _cluster


def keep_sections_in(database: Database, folder: Path) -> None:
    """Let PostgreSQL keep the content of reports in that folder; SQLite's file lies there."""
    if _cluster is None:
        return
    _cluster.own(folder)
    _cluster.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
    _cluster.execute("ALTER TABLE section SET TABLESPACE small", database=_name(database))


def move_sections_back(database: Database) -> None:
    """Undo it."""
    cluster().execute("ALTER TABLE section SET TABLESPACE pg_default", database=_name(database))
    cluster().execute("DROP TABLESPACE small")


def _name(database: Database) -> str:
    return make_url(database.url).database or ""


def forget(folder: Path) -> None:
    """Drop the database of a site in this folder; a file goes with its folder."""
    for url in list(_of_roles):
        _of_roles.pop(url).engine.dispose()
    if _cluster is not None:
        _cluster.drop_database(_made.pop(folder))


def break_writes(database: Database, what: str) -> None:
    """Let every ``what`` (such as ``INSERT ON trail``) fail with the word *full*."""
    with database.write() as connection:
        if _cluster is None:
            connection.exec_driver_sql(
                f"CREATE TRIGGER full_disk BEFORE {what} BEGIN SELECT RAISE(FAIL, 'full'); END"
            )
            return
        connection.exec_driver_sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER full_disk BEFORE {what} FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
