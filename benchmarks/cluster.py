"""A PostgreSQL server of our own for tests and measurements, on a Unix socket in its own folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg

PORT = 54329  # names the socket; nothing listens on a network


def programs() -> Path | None:
    """Where the server's programs are; None where it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = Path("/usr/lib/postgresql")  # Debian's
    servers = sorted(versions.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return servers[-1].parent if servers else None


class Cluster:
    """One server. ``durable`` false: faster, and right as long as the machine stays up."""

    def __init__(self, bin_folder: Path, *, durable: bool = False) -> None:
        self._bin = bin_folder
        self._durable = durable
        self._folder = Path(tempfile.mkdtemp(prefix="ankkuri-pg-"))
        self._user: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}"]
            self._user += ["--clear-groups"]
        self._numbers = count(1)
        self._kept: psycopg.Connection | None = None
        self._run("initdb", "-D", self._data, "-U", "owner", "-A", "trust", "-E", "UTF8", "-N")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        """Start; returns once it answers."""
        options = [f"-k {self._folder} -p {PORT}", "-c listen_addresses=''"]
        options += ["-c max_connections=200"]
        if self._durable:  # for measurements: with room, as docs/deploy.md asks for it
            options += ["-c shared_buffers=2GB", "-c max_wal_size=8GB"]
        else:
            options += ["-c fsync=off", "-c full_page_writes=off", "-c autovacuum=off"]
            options += ["-c wal_level=minimal", "-c max_wal_senders=0"]
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", " ".join(options), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop; ``immediate`` is like a crash."""
        if self._kept:
            self._kept.close()
            self._kept = None
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def remove(self) -> None:
        """Delete its folder."""
        shutil.rmtree(self._folder)

    def url(self, database: str, role: str = "owner") -> str:
        """The address of a database, for a role."""
        return f"postgresql+psycopg://{role}@/{database}?host={self._folder}&port={PORT}"

    def execute(self, *statements: str, database: str = "") -> None:
        """Run statements as the owner, each on its own.

        Without a database they are about the server, on a connection that is kept: to begin one
        is a fifth of what it takes to make a database.
        """
        if not database:
            self._kept = self._kept or self._connection("postgres")
            for statement in statements:
                self._kept.execute(statement)
            return
        with self._connection(database) as connection:
            for statement in statements:
                connection.execute(statement)

    def _connection(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._folder), port=PORT, user="owner", dbname=database, autocommit=True
        )

    def new_database(self, template: str = "template0") -> str:
        """Make a database like ``template``; its name."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        # Copying the files takes half as long as writing each page into the log too.
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever still uses it."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def own(self, folder: Path) -> None:
        """Give a folder to the server's user."""
        if self._user:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)

    def files(self) -> list[Path]:
        """Its files."""
        return [path for path in self._folder.rglob("*") if path.is_file()]

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._user, str(self._bin / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, cwd="/", check=False
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
