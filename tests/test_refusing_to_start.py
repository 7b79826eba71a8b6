"""Every way in which a process may fail to start ends in one clear line and status 2."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import config
from tests.loaded import Command
from tests.processes import free_port
from tests.site import environment, lay_out

COMMANDS = {
    "serve": ("intake.cli", "serve"),
    "worker": ("intake.server",),  # past what `serve` looks at first: a process of the server
    "jobs": ("intake.cli", "jobs"),
}
STAFF = config.SECRETS["staff"]
pytestmark = pytest.mark.sqlite  # the faults of a copied folder; PostgreSQL's are beside its tests


@dataclass
class Place:
    """A site that is about to be started."""

    data: Path
    environ: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    project: Path | None = None  # a copy of the program, to be run instead of ours
    port: int = 0

    def start(self, names: str) -> dict[str, CompletedProcess[str]]:
        """Start these of COMMANDS at once, and wait until they have ended."""
        begun = {name: self._begin(*COMMANDS[name]) for name in names.split()}
        return {name: end() for name, end in begun.items()}

    def _begin(self, program: str, *command: str) -> Callable[[], CompletedProcess[str]]:
        port = [] if command == ("jobs",) else ["--port", str(self.port or free_port())]
        arguments = (*command, *port, *self.arguments)
        environ = environment(self.data) | self.environ
        if self.project is None:
            return Command(program, *arguments, environ=environ).end
        return partial(
            subprocess.run,
            [sys.executable, "-m", program, *arguments],
            env=os.environ | environ,
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.data / "intake.sqlite3")) as connection:
            connection.execute(statement)
            connection.commit()

    def keyring(self) -> Path:
        return self.data / "keys"


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


def unknown_door(place: Place) -> None:
    place.environ["ANKKURI_DOORS"] = "kitchen"


def missing_key(place: Place) -> None:
    (place.keyring() / STAFF).unlink()


def open_key(place: Place) -> None:
    (place.keyring() / STAFF).chmod(0o644)


def no_database(place: Place) -> None:
    (place.data / "intake.sqlite3").unlink()


def old_database(place: Place) -> None:
    place.sql("UPDATE alembic_version SET version_num = '0001'")


def newer_database(place: Place) -> None:
    place.sql("UPDATE alembic_version SET version_num = '9999'")


def unreachable_database(place: Place) -> None:
    place.environ["ANKKURI_DATABASE"] = f"sqlite:///{place.data}"  # a folder


def broken_database(place: Place) -> None:
    place.sql("DROP TABLE directory")


def no_directory(place: Place) -> None:
    place.sql("DELETE FROM directory")


def broken_directory(place: Place) -> None:
    place.sql("DELETE FROM directory WHERE kind = 'county' AND id = 'vantaa-kerava'")


def broken_rules(place: Place) -> None:
    place.sql("UPDATE rule_text SET content = content || ' ' WHERE layer = 'finland'")
    place.sql("UPDATE rule_text SET content = replace(content, '§25', '§26')")


def no_rules(place: Place) -> None:
    place.sql("DELETE FROM publication")


def no_catalogue(place: Place) -> None:
    place.project = place.data.parent / "project"
    place.project.mkdir()
    for part in ("intake", "routing_rules", "templates"):
        shutil.copytree(config.PROJECT / part, place.project / part)
    shutil.copy(config.PROJECT / "config.py", place.project)
    (place.project / "intake/translations/sv/LC_MESSAGES/messages.mo").unlink()


def no_socket_folder(place: Place) -> None:
    place.arguments += ["--unix", str(place.data / "nowhere" / "door.sock")]


def no_socket(place: Place) -> None:
    place.arguments += ["--unix", str(place.data / "intake.sqlite3")]


def broken_calendar(place: Place) -> None:
    file = place.data / "calendar.toml"
    file.write_text("[[school_year]]\nstarts = 26\n", "utf-8")
    place.environ["ANKKURI_CALENDAR"] = str(file)


def no_calendar(place: Place) -> None:
    place.environ["ANKKURI_CALENDAR"] = str(place.data / "nowhere.toml")


def public_figures(place: Place) -> None:
    place.environ["ANKKURI_METRICS"] = "0.0.0.0:9100"


def no_figures_folder(place: Place) -> None:
    port = free_port()
    (place.data / f"ankkuri-metrics-{os.geteuid()}-{port}").write_text("in the way", "ascii")
    place.environ["ANKKURI_METRICS"] = f"127.0.0.1:{port}"
    place.environ["RUNTIME_DIRECTORY"] = str(place.data)


FAULTS: tuple[tuple[Callable[[Place], None], str, str], ...] = (
    (unknown_door, "serve jobs", "kitchen"),
    (missing_key, "serve worker", f"Key file {STAFF} is missing"),
    (open_key, "serve jobs", f"chmod 600 {STAFF}"),
    (no_database, "serve jobs", "run `ankkuri init`"),
    (old_database, "serve worker", "older version: run `ankkuri init`"),
    (newer_database, "serve jobs", "newer version"),
    (unreachable_database, "serve jobs", "The database cannot be read"),
    (broken_database, "serve worker", "The database failed: OperationalError"),
    (no_directory, "serve jobs", "no directory of agencies: run `ankkuri init`"),
    (broken_directory, "serve worker", "vantaa-kerava"),
    (broken_rules, "serve worker jobs", "not what its digest names"),
    (no_rules, "serve worker jobs", "ankkuri init"),
    (no_catalogue, "serve worker jobs", "run `make install`"),
    (no_socket_folder, "serve worker", "make the folder"),
    (no_socket, "serve", "is no socket"),
    (broken_calendar, "serve jobs", "starts must be a year such as 2026, not 26"),
    (no_calendar, "serve jobs", "nowhere.toml cannot be read"),
    (public_figures, "serve worker jobs", "loopback address"),
    (no_figures_folder, "serve", "metrics folder"),
)


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One site for all, to be copied."""
    folder = tmp_path_factory.mktemp("laid-out") / "data"
    lay_out(folder)
    return folder


@pytest.fixture
def place(laid_out: Path, tmp_path: Path) -> Place:
    shutil.copytree(laid_out, tmp_path / "data")
    return Place(tmp_path / "data")


def refusal(done: CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("ankkuri: ")
    assert done.stdout == ""
    return line


@pytest.mark.parametrize(
    ("fault", "commands", "says"),
    [pytest.param(*one, id=one[0].__name__) for one in FAULTS],
)
def test_a_fault_is_told_in_one_line(
    place: Place, fault: Callable[[Place], None], commands: str, says: str
) -> None:
    fault(place)
    for done in place.start(commands).values():
        assert says in refusal(done)


def test_a_port_in_use_is_told_in_one_line(place: Place) -> None:
    place.port = free_port()
    with taken(place.port):
        for done in place.start("serve worker").values():
            assert str(place.port) in refusal(done)


def test_a_port_for_figures_that_is_in_use_is_told_in_one_line(place: Place) -> None:
    port = free_port()
    place.environ["ANKKURI_METRICS"] = f"127.0.0.1:{port}"
    with taken(port):
        for done in place.start("serve worker jobs").values():
            assert "cannot be" in refusal(done)


def test_a_failure_that_nobody_foresaw_is_told_without_its_words(place: Place) -> None:
    place.sql("UPDATE directory SET entry = '{\"KANARIALINTU\": 1}' WHERE kind = 'agency'")
    for done in place.start("worker jobs").values():
        assert "KANARIALINTU" not in refusal(done)


def test_too_few_threads_for_sign_ins_beside_reports_are_refused(place: Place) -> None:
    place.arguments += ["--threads", "20"]
    for done in place.start("serve worker").values():
        assert "--threads: 20 is too few where staff sign in: 21 or more" in refusal(done)


def test_a_folder_where_no_place_to_hash_can_be_locked_is_told_in_one_line(place: Place) -> None:
    place.environ["ANKKURI_TURNS"] = str(place.data / "intake.sqlite3")
    for done in place.start("worker").values():
        assert "hashing.next" in refusal(done)


def test_a_machine_without_time_zones_is_told_in_one_line(place: Place) -> None:
    """``python -m intake.cli`` would not come as far."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ankkuri"), "jobs", "--once"],
        env=os.environ | environment(place.data) | {"PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "Europe/Helsinki" in line
    assert "tzdata" in line
