"""Settings from the environment or a TOML file; half-set settings refuse to start."""

from __future__ import annotations

import os
import socket
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

DOORS = ("reporter", "agency", "supervisor", "coordinator", "rules", "admin", "audit")
STAFF_DOORS = frozenset(DOORS) - {"reporter"}
PROJECT = Path(__file__).parent
RULES = PROJECT / "routing_rules" / "rulesets" / "ita-uusimaa.toml"
DIRECTORY = PROJECT / "intake" / "data" / "directory.toml"
KNOWN = frozenset(
    {
        "DATA",
        "DATABASE",
        "DOORS",
        "KEYS",
        "RULES",
        "SECURE_COOKIES",
        "MAIL",
        "BASE_URL",
        "BANNER",
        "DELETIONS",
    }
)
SECRETS = {"reporter": "reporter.secret", "staff": "staff.secret", "pepper": "pepper.secret"}
REPLAY_PUBLIC = "replay.public"
REPLAY_PRIVATE = "replay.private"
BACKUP_PUBLIC = "backup.public"


class SettingsUnusable(Exception):
    """The settings cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Settings:
    """Everything that a process is told from outside. Secrets are read at start, by door."""

    data: Path
    database: str
    keys: Path
    doors: tuple[str, ...]
    rules: Path
    secure_cookies: bool
    mail: str
    base_url: str
    banner: str
    deletions: Path

    @property
    def letters(self) -> Path:
        """Where letters go while ``mail`` is ``files``."""
        return self.data / "letters"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read ``ANKKURI_*`` over the TOML file that ``ANKKURI_CONFIG`` names, if any.

    Raises SettingsUnusable for an unknown or half-set name or an unusable value.
    """
    values = _from_file(environ.get("ANKKURI_CONFIG"))
    for name, value in environ.items():
        if name.startswith("ANKKURI_") and name != "ANKKURI_CONFIG":
            values[name.removeprefix("ANKKURI_")] = value
    unknown = sorted(set(values) - KNOWN)
    if unknown:
        raise SettingsUnusable(
            f"Unknown setting ANKKURI_{unknown[0]}: the known ones are "
            + ", ".join(f"ANKKURI_{name}" for name in sorted(KNOWN))
        )
    blank = sorted(name for name, value in values.items() if not value.strip())
    if blank:
        raise SettingsUnusable(f"ANKKURI_{blank[0]} is set but empty: give it a value or unset it")
    data = Path(values.get("DATA", "data")).absolute()
    settings = Settings(
        data=data,
        database=_database(values.get("DATABASE", f"sqlite:///{data / 'intake.sqlite3'}")),
        keys=Path(values.get("KEYS", data / "keys")).absolute(),
        doors=_doors(values.get("DOORS", ",".join(DOORS))),
        rules=Path(values.get("RULES", RULES)).absolute(),
        secure_cookies=_flag("SECURE_COOKIES", values.get("SECURE_COOKIES", "yes")),
        mail=_one_of("MAIL", values.get("MAIL", "files"), ("files", "null")),
        base_url=_address(values.get("BASE_URL", "http://127.0.0.1:8000")),
        banner=_one_of("BANNER", values.get("BANNER", "none"), ("none", "demo")),
        deletions=Path(values.get("DELETIONS", data / "deletions.jsonl")).absolute(),
    )
    if settings.base_url.startswith("https://") and not settings.secure_cookies:
        raise SettingsUnusable(
            "ANKKURI_SECURE_COOKIES is no but ANKKURI_BASE_URL is https: unset the former"
        )
    return settings


def read_secret(keys: Path, name: str) -> bytes:
    """Read 32 secret bytes of ``keys/name``; refuse a missing, short or widely readable file."""
    refuse_open_keys(keys)
    try:
        content = bytes.fromhex((keys / name).read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise SettingsUnusable(f"Key file {name} is missing: run `ankkuri init`") from None
    except (PermissionError, ValueError):
        raise SettingsUnusable(f"Key file {name} cannot be read as hexadecimal text") from None
    if len(content) < 32:
        raise SettingsUnusable(f"Key file {name} is too short: restore it from its backup")
    return content


def refuse_open_keys(keys: Path) -> None:
    """Raise SettingsUnusable if others than the owner can enter the key folder or use a file there.

    Every file is looked at, whatever this process needs of them.
    """
    if not keys.is_dir():
        return
    if _open_to_others(keys):
        raise SettingsUnusable(f"The key folder can be entered by others: run `chmod 700 {keys}`")
    for file in sorted(keys.iterdir()):
        if _open_to_others(file):
            raise SettingsUnusable(
                f"Key file {file.name} can be read by others: "
                f"run `chmod 600 {file.name}` in the key folder"
            )


def _open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def refuse_taken_port(host: str, port: int) -> None:
    """Raise SettingsUnusable unless a server can listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host.strip("[]"), port))
        except (OSError, OverflowError) as error:
            raise SettingsUnusable(
                f"Port {port} of {host} cannot be used ({error}): "
                "stop what uses it, or choose another one"
            ) from None


def refuse_secrets_of_other_doors(settings: Settings) -> None:
    """A reporter-only process must not be able to read what opens reports or signs staff in."""
    if set(settings.doors) & STAFF_DOORS:
        return
    for name in (SECRETS["staff"], SECRETS["pepper"], REPLAY_PRIVATE):
        if os.access(settings.keys / name, os.R_OK):
            raise SettingsUnusable(
                f"The reporter door can read {name}, which belongs to another door: "
                "give each door its own ANKKURI_KEYS folder"
            )


def _from_file(path: str | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        with Path(path).open("rb") as file:
            table = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsUnusable(f"ANKKURI_CONFIG cannot be read: {error}") from None
    return {name.upper(): str(value) for name, value in table.items()}


def _database(text: str) -> str:
    """The address with the driver that SQLAlchemy shall use."""
    if text.startswith("postgresql://"):
        address = urlsplit(text)
        if address.password or "password" in parse_qs(address.query):
            raise SettingsUnusable(
                "ANKKURI_DATABASE must not hold a password: "
                "let the server know the system's user (peer), or name a file in PGPASSFILE"
            )
        if not address.path.strip("/"):
            raise SettingsUnusable("ANKKURI_DATABASE must name a database after the host")
        return text.replace("postgresql://", "postgresql+psycopg://", 1)
    file = text.removeprefix("sqlite:///")
    if file in (text, "", ":memory:") or "?" in file:
        raise SettingsUnusable(
            "ANKKURI_DATABASE must be a sqlite:/// address of a file, without ?, "
            "or a postgresql:// address"
        )
    return text


def _doors(text: str) -> tuple[str, ...]:
    doors = tuple(part.strip() for part in text.split(","))
    for door in doors:
        if door not in DOORS:
            raise SettingsUnusable(f"ANKKURI_DOORS names {door!r}: choose of {', '.join(DOORS)}")
        if doors.count(door) > 1:
            raise SettingsUnusable(f"ANKKURI_DOORS names {door} twice: once is enough")
    return doors


def _flag(name: str, text: str) -> bool:
    return _one_of(name, text.lower(), ("yes", "no")) == "yes"


def _one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise SettingsUnusable(f"ANKKURI_{name} is {text!r}: choose of {', '.join(choices)}")
    return text


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise SettingsUnusable("ANKKURI_BASE_URL must begin with http:// or https://")
    return text.rstrip("/")
