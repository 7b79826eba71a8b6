"""Folders and disks: private, with room left, and on a clock that agrees with ours."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from intake.doctor.finding import Level, Said, fine_unless, some

LITTLE_BYTES, TOO_LITTLE_BYTES = 2 * 1024**3, 256 * 1024**2
SKEW_SECONDS = 5


def modes(data: Path) -> list[Said]:
    """Nothing in the data folder is open to others."""
    bare = [path for path in (data, *sorted(data.rglob("*"))) if _open_to_others(path)]
    names = some(str(path.relative_to(data.parent)) for path in bare)
    return fine_unless(
        [(Level.FAIL, f"open to others: {names}; run `chmod -R go= {data}`")] if bare else [],
        f"{data} and what is in it is its owner's alone",
    )


def space(folders: Iterable[Path]) -> list[Said]:
    """There is room for what comes."""
    return fine_unless(_cramped(folders), "there is room")


def clock(folder: Path, now: Callable[[], datetime]) -> list[Said]:
    """A fresh file there is dated as we would date it (a network disk has a clock of its own)."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as fresh:
        fresh.write(b".")
        fresh.flush()
        written_at = datetime.fromtimestamp(Path(fresh.name).stat().st_mtime, UTC)
    skew = (written_at - now()).total_seconds()
    if abs(skew) <= SKEW_SECONDS:
        return [(Level.OK, "the disk's clock agrees with ours")]
    return [(Level.WARN, f"the disk's clock is {skew:+.0f} s off ours: check the time service")]


def _cramped(folders: Iterable[Path]) -> Iterator[Said]:
    for folder in folders:
        free = shutil.disk_usage(folder).free
        if free < LITTLE_BYTES:
            level = Level.FAIL if free < TOO_LITTLE_BYTES else Level.WARN
            yield level, f"{free // 1024**2} MB are free in {folder}: make room"


def _open_to_others(path: Path) -> bool:
    found = path.lstat().st_mode
    return not stat.S_ISLNK(found) and bool(stat.S_IMODE(found) & 0o077)
