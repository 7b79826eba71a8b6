"""How long a measured process was kept waiting by others: not its own doing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from intake.store.database import Database


class Waiting:
    """Seconds in which this process, or the database's for a door, was ready but not let run."""

    def __init__(self, database: Database) -> None:
        self._files = [Path("/proc/self/schedstat")]
        if database.engine.dialect.name == "postgresql":
            with database.read() as connection:  # the one connection of a pool with one user
                pid = connection.scalar(text("SELECT pg_backend_pid()"))
            self._files.append(Path(f"/proc/{pid}/schedstat"))

    def __call__(self) -> float:
        try:
            return sum(int(file.read_text().split()[1]) for file in self._files) / 1e9
        except OSError:  # not on Linux
            return 0
