"""The key files of one process: there, whole, its own, and nobody else's to read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from intake.doctor.finding import Level, Said, fine_unless
from intake.vault.keyring import PrivateKey

SECRET_SIZE = 32


def key_files(keys: Path, secrets: Iterable[str], publics: Iterable[str]) -> list[Said]:
    """The secrets and the public keys that this process needs, and the modes of all."""
    secrets, publics = list(secrets), list(publics)
    problems = [*_modes(keys), *_contents(keys, secrets, publics)]
    needed = ", ".join([*secrets, *publics]) or "no key is needed; those that"
    return fine_unless(problems, f"{needed} are there, and private")


def replay_pair(keys: Path, private: str, public: str, key_id: str) -> list[Said]:
    """The two halves of the replay key belong together, where both are here."""
    if not (keys / public).exists():
        return [(Level.OK, f"{public} is not here: nothing is sealed to it here")]
    if not (keys / private).exists():
        return [(Level.OK, f"{private} is not here; keep it where the rule desk and the jobs are")]
    half = PrivateKey(key_id, _hexadecimal(keys / private)).public().raw
    if half == _hexadecimal(keys / public):
        return [(Level.OK, "the two halves belong together")]
    return [
        (
            Level.FAIL,
            f"{public} is not the public half of {private}: what is sealed now cannot be "
            "replayed; restore both from one backup",
        )
    ]


def other_doors(keys: Path, names: Iterable[str]) -> list[Said]:
    """No key of another door can be read here."""
    return fine_unless(
        (
            (Level.FAIL, f"{name} belongs to another door and can be read here: take it away")
            for name in names
            if os.access(keys / name, os.R_OK)
        ),
        "no key of another door is here",
    )


def _contents(keys: Path, secrets: list[str], publics: list[str]) -> Iterator[Said]:
    for name in [*secrets, *publics]:
        try:
            size = len(_hexadecimal(keys / name))
        except FileNotFoundError:
            yield (
                Level.FAIL,
                f"{name} is missing: restore it from its backup, or run `ankkuri init`",
            )
        except (OSError, ValueError):
            yield Level.FAIL, f"{name} cannot be read as hexadecimal text: restore it"
        else:
            if size < SECRET_SIZE or (name in secrets and size != SECRET_SIZE):
                yield Level.FAIL, f"{name} has {size} bytes: restore it from its backup"


def _modes(keys: Path) -> Iterator[Said]:
    if not keys.is_dir():
        yield Level.FAIL, f"there is no key folder {keys}: run `ankkuri init`"
        return
    for path in (keys, *sorted(keys.iterdir())):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            right = 700 if path.is_dir() else 600
            yield Level.FAIL, f"{path.name} is open to others ({mode:o}): run `chmod {right}` on it"


def _hexadecimal(path: Path) -> bytes:
    return bytes.fromhex(path.read_text("ascii").strip())
