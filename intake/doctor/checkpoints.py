"""The checkpoints of the trail: signed each minute, and where nobody here can change them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from intake.doctor.finding import Level, Said, fine_unless
from intake.services import checkpoint_file
from intake.services.checkpoint_file import CheckpointsNotExported
from intake.store import checkpoints, trail_pass
from intake.store.database import Database

LATE = timedelta(minutes=10)


def signed_and_exported(
    database: Database, file: Path, data: Path, now: datetime, *, in_earnest: bool
) -> list[Said]:
    """No line waits for its number, and the newest checkpoint is in the file, which lies elsewhere
    than the data where the service works ``in_earnest``.
    """
    beside = Level.FAIL if in_earnest else Level.WARN
    return fine_unless(
        [*_unsigned(database, now), *_not_exported(database, file, data, now, beside)],
        f"every line is signed, and the checkpoints are in {file}",
    )


def _unsigned(database: Database, now: datetime) -> Iterator[Said]:
    with database.read() as connection:
        waiting, _ = trail_pass.without_number(connection, now - LATE, 1)
    if waiting:
        yield (
            Level.FAIL,
            f"{waiting} lines of the trail are not signed after ten minutes: start `ankkuri jobs`",
        )


def _not_exported(
    database: Database, file: Path, data: Path, now: datetime, beside: Level
) -> Iterator[Said]:
    with database.read() as connection:
        last = checkpoints.last_checkpoint(connection)
    if last is None:
        return
    if file.is_relative_to(data):
        yield (
            beside,
            "checkpoints lie beside the data: set ANKKURI_CHECKPOINTS to a place where nobody who "
            "runs this service can change them",
        )
    try:
        there = checkpoint_file.last_note(file)
    except CheckpointsNotExported as error:
        yield Level.FAIL, str(error)
        return
    if there != last.note and now - last.at > LATE:
        yield (
            Level.FAIL,
            f"the checkpoint of {last.at:%Y-%m-%d %H:%M} UTC is not in {file}: see the jobs' log",
        )
