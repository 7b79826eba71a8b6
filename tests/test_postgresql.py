"""What PostgreSQL adds: a role for each door, and writers side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, ProgrammingError

import config
import intake.store.schema  # noqa: F401  (registers all tables)
from intake import wiring
from intake.commands import doctor
from intake.doctor.finding import Level
from intake.domain.row_id import new_id
from intake.domain.trail import OF_SIGNING_IN, Action
from intake.services.sign_in import SignInRefused
from intake.services.tries import FREE_TRIES, SignInTooSoon
from intake.store import drafts, reports, trail
from intake.store.database import Database
from intake.store.postgresql import TransactionAborted
from intake.store.privileges import ROLES
from intake.store.tables import Base, ChaseRow, DeadlineRow, DeletionRow, SectionRow, TrailRow
from intake.vault.own import VisitorSecret
from tests import databases
from tests.loaded import ankkuri
from tests.site import Site, environment

pytestmark = pytest.mark.postgresql

SEALED = [
    (table.name, column.name)
    for table in Base.metadata.sorted_tables
    for column in table.c
    if column.name.startswith("sealed_")
]
OWN = {
    "reporter": {"draft", "receipt"},
    "agency": {
        *("section", "referral", "wrap", "move", "note", "draft", "receipt"),
        *("agency_grant", "agency_index_key", "content_hold", "recusal", "section_request"),
        *("agency_recovery", "recovery_seal", "trail"),
    },
    "rules": {"decision", "facts_key"},  # which the replay key opens
}
"""Whose sealed columns a door reads, beside those that let its staff in."""
LETS_IN = {"person", "session", "factor"}


def readable(connection: Connection) -> set[str]:
    """The tables of which this role may read a sealed column."""
    found = set()
    for table, column in SEALED:
        asked = text("SELECT has_column_privilege(:table, :column, 'SELECT')")
        if connection.scalar(asked, {"table": table, "column": column}):
            found.add(table)
    return found


@pytest.mark.parametrize("door", ROLES)
def test_a_door_reads_what_is_sealed_only_where_it_is_its_own(site: Site, door: str) -> None:
    own = OWN.get(door, set())
    if door in config.STAFF_DOORS:
        own = own | LETS_IN
    if door == "jobs":
        own = {"receipt", "notice"}  # whether there is a copy to erase; where news goes
    with databases.of_role(site.parts.database, door).read() as connection:
        assert readable(connection) == own


def test_the_reporters_role_cannot_select_what_it_inserts(site: Site) -> None:
    site.send()
    reporter = databases.of_role(site.parts.database, "reporter")
    for table in ("section", "wrap", "decision", "facts_key"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            reporter.read() as connection,
        ):
            connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 (our own names)


def test_the_reporters_role_cannot_shut_the_way_of_another_referral(site: Site) -> None:
    asked = text("SELECT has_column_privilege('referral', 'came_from', 'INSERT')")
    for door, may in (("reporter", False), ("agency", True)):
        with databases.of_role(site.parts.database, door).read() as connection:
            assert connection.scalar(asked) is may


def test_every_table_belongs_to_some_door() -> None:
    granted = {table for rights in ROLES.values() for table in rights}
    assert granted == set(Base.metadata.tables) | {"alembic_version"}


def listed_as(site: Site, door: str, **what: Any) -> None:
    at = site.hands()
    entry = {"id": new_id(at), "of_row": [str(new_id(at))], "of_column": None, "value": None}
    with databases.of_role(site.parts.database, door).write() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE section (id uuid) ON COMMIT DROP"))
        connection.execute(insert(DeletionRow).values(**entry | what, at=at))


@pytest.mark.parametrize("door", ["reporter", "agency", "jobs"])
@pytest.mark.parametrize(
    "what",
    [
        {"of_table": "section", "of_row": [str(UUID(int=1)), "concern"]},
        {"of_table": "report"},
        {"of_table": "deadline", "of_column": "due_at"},
        {"of_table": "membership", "of_column": "valid_to"},
        {"of_table": "membership", "of_column": "role", "value": "head"},
        {"of_table": "nothing"},
        {"of_table": "pg_temp.section"},
    ],
)
def test_no_role_lists_for_restores_what_it_may_not_erase_itself(
    site: Site, door: str, what: dict[str, Any]
) -> None:
    with pytest.raises(ProgrammingError, match=r"row-level security|does not exist"):
        listed_as(site, door, **what)


def test_a_role_lists_what_it_erases(site: Site) -> None:
    listed_as(site, "reporter", of_table="notice")
    listed_as(site, "agency", of_table="wrap")
    listed_as(site, "jobs", of_table="notice")
    assert site.parts.list_deletions(site.hands()) == 3


@pytest.mark.parametrize("door", ROLES)
def test_no_role_changes_the_trail_or_the_schema(site: Site, door: str) -> None:
    for statement in (
        "UPDATE trail SET action = 'x'",
        "DELETE FROM trail",
        "CREATE TABLE public.own (id integer)",
        "TRUNCATE report CASCADE",
    ):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            databases.of_role(site.parts.database, door).write() as connection,
        ):
            connection.execute(text(statement))


@pytest.mark.parametrize("door", [*sorted(config.STAFF_DOORS), "jobs"])
def test_a_role_that_reads_no_whole_lines_of_the_trail_sees_those_of_signing_in_alone(
    site: Site, door: str
) -> None:
    acts = set(Action)
    with site.parts.database.write() as connection:
        for act in acts:
            trail.write_line(connection, at=site.hands(), action=act)
    seen = {"agency": acts, "audit": acts, "jobs": acts}
    seen["rules"] = {*OF_SIGNING_IN, Action.REHEARSE_RULES}
    with databases.of_role(site.parts.database, door).read() as connection:
        found = set(connection.scalars(select(TrailRow.action)))
    assert found & acts == seen.get(door, set(OF_SIGNING_IN))


@pytest.mark.parametrize("door", ROLES)
def test_times_are_counted_by_the_agencys_role_and_read_by_the_supervisors_alone(
    site: Site, door: str
) -> None:
    rights = {"SELECT": ("agency", "supervisor"), "INSERT": ("agency",), "DELETE": ()}
    with databases.of_role(site.parts.database, door).read() as connection:
        for right, doors in rights.items():
            asked = text("SELECT has_table_privilege('timing', :right)")
            assert connection.scalar(asked, {"right": right}) is (door in doors)
        for column in ("count", "bucket", "agency_id"):
            asked = text("SELECT has_column_privilege('timing', :column, 'UPDATE')")
            may = door == "agency" and column == "count"
            assert connection.scalar(asked, {"column": column}) is may


def test_the_reporters_door_refuses_a_role_that_reads_reports(site: Site) -> None:
    alone = replace(site.parts.settings, doors=("reporter",))
    others = config.SECRETS["staff"], config.SECRETS["pepper"]
    for name in (*others, config.REPLAY_PRIVATE, config.TRAIL_PRIVATE):
        (alone.keys / name).unlink()
    with pytest.raises(config.SettingsUnusable, match="ankkuri_reporter"):
        wiring.build(alone)
    own = databases.address_of_role(alone.database, "reporter")
    wiring.build(replace(alone, database=own)).database.engine.dispose()


STOCK = {"letters", "jobs", "reconciliation", "checkpoints"}
SKIPPED = {
    "reporter": {"trail", "entries"} | STOCK,
    "agency": STOCK,
    "admin": STOCK,
    "rules": STOCK,
    "audit": {"reachable", "openers", "entries"} | STOCK - {"checkpoints"},
    "jobs": set[str](),
}
"""By role, the checks that look at what it may not see; the other roles see least."""


@pytest.mark.parametrize("role", ROLES)
def test_the_doctor_can_be_asked_as_any_role_and_skips_what_that_one_may_not_see(
    site: Site, role: str
) -> None:
    address = site.parts.settings.database
    asked = replace(site.parts.settings, database=databases.address_of_role(address, role))
    as_owner, as_door = (
        {f.check: f for f in doctor.examination(settings, site.hands)}
        for settings in (site.parts.settings, asked)
    )
    least = {"reachable", "openers", "entries"} | STOCK
    skipped = {name for name, found in as_door.items() if found.level is Level.SKIP}
    assert skipped == SKIPPED.get(role, least)
    assert {name: found.level for name, found in as_door.items() if name not in skipped} == {
        name: found.level for name, found in as_owner.items() if name not in skipped
    }


@pytest.mark.parametrize("what", ["server", "schema", "role"])
def test_what_is_not_there_is_told_in_one_line(site: Site, tmp_path: Path, what: str) -> None:
    settings = site.parts.settings
    address = {
        "server": f"postgresql://owner@/ankkuri?host={tmp_path}",
        "schema": databases.empty_address(tmp_path).replace("+psycopg", ""),
        "role": environment(settings.data)["ANKKURI_DATABASE"].replace("owner@", "nobody@"),
    }[what]
    done = ankkuri("jobs", "--once", **environment(settings.data) | {"ANKKURI_DATABASE": address})
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    words = "no database yet" if what == "schema" else "cannot be read"
    assert words in line


def test_reading_writes_nothing(site: Site) -> None:
    with (
        pytest.raises(DBAPIError, match="read-only"),
        site.parts.database.read() as connection,
    ):
        connection.execute(text("DELETE FROM heartbeat"))


def test_a_failure_that_is_passed_over_is_not_committed_as_if_all_were_well(site: Site) -> None:
    def pass_over() -> None:
        with site.parts.database.write() as connection, pytest.raises(IntegrityError):
            connection.execute(text("INSERT INTO agency (id) VALUES (NULL)"))

    with pytest.raises(TransactionAborted):
        pass_over()


@pytest.mark.parametrize(
    "begin",
    [Database.glance, Database.read, Database.write, Database.write_alone],
)
def test_a_connection_that_broke_in_the_pool_is_replaced(
    site: Site, begin: Callable[[Database], AbstractContextManager[Connection]]
) -> None:
    database = databases.of_role(site.parts.database, "reporter")
    with database.read() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    with site.parts.database.write() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    with begin(database) as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != backend


def test_who_reads_cannot_write(site: Site) -> None:
    with (
        pytest.raises(InternalError, match="read-only transaction"),
        site.parts.database.read() as connection,
    ):
        drafts.erase(connection, VisitorSecret.new().draft_id)


def test_the_server_does_not_try_to_compress_what_is_sealed(site: Site) -> None:
    asked = text(
        "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relkind = 'r' AND attstorage = 'e'"
    )
    with site.parts.database.read() as connection:
        assert sorted(map(tuple, connection.execute(asked))) == sorted(SEALED)


def test_a_read_leaves_the_driver_what_it_has_prepared(site: Site) -> None:
    database = databases.of_role(site.parts.database, "reporter")
    for _ in range(10):
        with database.read() as connection:
            reports.was_sent(connection, VisitorSecret.new().draft_id)
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_prepared_statements"))


def test_a_scheduler_passes_over_what_another_is_chasing(site: Site) -> None:
    site.send()
    site.send()
    now = site.hands.move(days=30)
    with site.parts.database.write() as connection:
        held = connection.scalars(
            select(DeadlineRow.id)
            .where(DeadlineRow.next_chase_at <= now)
            .limit(1)
            .with_for_update()
        ).one()
        assert site.parts.chase(now) > 0
    with site.parts.database.read() as connection:
        chased = select(func.count()).where(ChaseRow.deadline_id == held)
        assert connection.scalar(chased) == 0
        due = select(DeadlineRow.id).where(DeadlineRow.next_chase_at <= now)
        assert connection.scalars(due).all() == [held]
    assert site.parts.chase(now) > 0
    with site.parts.database.read() as connection:
        assert connection.scalar(chased)


def test_writers_at_the_same_time_leave_no_gap_in_the_trail(site: Site) -> None:
    def write(_: int) -> None:
        with site.parts.database.write() as connection:
            trail.write_line(connection, at=site.hands(), action=Action.SIGN_OUT)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(200)))
    with site.parts.database.read() as connection:
        lines = connection.execute(
            select(TrailRow.writer, func.count().label("lines"), func.max(TrailRow.sequence))
            .where(TrailRow.action == Action.SIGN_OUT)
            .group_by(TrailRow.writer)
        ).all()
        numbered = connection.execute(
            select(TrailRow.writer, func.count(), func.max(TrailRow.sequence)).group_by(
                TrailRow.writer
            )
        ).all()
    assert sum(line.lines for line in lines) == 200
    assert all(count == last for _, count, last in numbered)


def test_guesses_at_the_same_time_count_each_other(site: Site) -> None:
    def guess(_: int) -> type[Exception]:
        with pytest.raises((SignInRefused, SignInTooSoon)) as told:
            site.parts.sign_in("soc", "väärä tunnuslause", site.hands())
        return told.type

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(guess, range(12)))
    assert told.count(SignInRefused) <= FREE_TRIES


def test_the_jobs_delete_content_by_a_function_that_refuses_what_somebody_works_on(
    site: Site,
) -> None:
    report = site.send().report_id
    asked = text("SELECT public.delete_content(:report, now(), 'x')")
    with databases.of_role(site.parts.database, "jobs").write() as connection:
        assert connection.scalar(asked, {"report": report}) is False
    for door in set(ROLES) - {"jobs"}:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            databases.of_role(site.parts.database, door).write() as connection,
        ):
            connection.scalar(asked, {"report": report})
    with site.parts.database.read() as connection:
        stored = select(func.count()).select_from(SectionRow).where(SectionRow.report_id == report)
        assert connection.scalar(stored)
