"""Settings from the environment or a TOML file; half-set settings refuse to start."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
import stat
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

DOORS = ("reporter", "agency", "supervisor", "coordinator", "rules", "admin", "audit")
STAFF_DOORS = frozenset(DOORS) - {"reporter"}
PROJECT = Path(__file__).parent
RULES = PROJECT / "routing_rules" / "rulesets"
DIRECTORY = PROJECT / "intake" / "data" / "directory.toml"
CALENDAR = PROJECT / "intake" / "data" / "school_calendar.toml"
_SMTP = "SMTP_"
KNOWN = frozenset(
    {
        *("DATA", "DATABASE", "DOORS", "KEYS", "RULES", "SECURE_COOKIES", "MAIL", "BASE_URL"),
        *("REPORTER_URL", "BANNER", "LOG", "METRICS", "PROXY", "DELETIONS", "CALENDAR"),
        *("KEEP_DAYS", "KEEP_CLOSED_DAYS", "CHECKPOINTS", "DIRECTORY_KEY", "TURNS"),
    }
) | {f"{_SMTP}{name}" for name in ("HOST", "PORT", "TLS", "FROM", "USER", "CA")}
SECRETS = {"reporter": "reporter.secret", "staff": "staff.secret", "pepper": "pepper.secret"}
LONGEST_SOCKET = 107  # bytes that the system has for a socket's path
REPLAY_PUBLIC = "replay.public"
REPLAY_PRIVATE = "replay.private"
TRAIL_PUBLIC = "trail.public"
TRAIL_PRIVATE = "trail.private"
SMTP_PASSWORD = "smtp.secret"  # noqa: S105 # nosec B105 # a file's name
_SMTP_PORTS = {"implicit": 465, "starttls": 587, "none": 25}
_MOST_PORT = 65535
_MOST_DAYS = 36500  # a century
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w+'=-]+(\.[\w+'=-]+)*@[\w-]+(\.[\w-]+)+", re.ASCII)
BACKUP_PUBLIC = "backup.public"
DIRECTORY_PUBLIC = "directory.public"
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class SettingsUnusable(Exception):
    """The settings cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Smtp:
    """A mail server. ``sender``: the mailbox in From; ``ca``: whose certificates alone are good."""

    host: str
    port: int
    tls: str
    sender: str
    user: str | None
    ca: Path | None


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
    smtp: Smtp | None
    base_url: str
    reporter_url: str
    banner: str
    log: str
    metrics: tuple[str, int] | None
    proxies: int
    deletions: Path
    checkpoints: Path
    calendar: Path
    keep_days: int
    keep_closed_days: int
    directory_key: str
    turns: Path

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
    odd = sorted(name for name, value in values.items() if "\0" in value)
    if odd:
        raise SettingsUnusable(f"ANKKURI_{odd[0]} holds a NUL character: take it out")
    data = Path(values.get("DATA", "data")).absolute()
    mail = _one_of("MAIL", values.get("MAIL", "files"), ("files", "null", "smtp"))
    base_url = _address("BASE_URL", values.get("BASE_URL", "http://127.0.0.1:8000"))
    settings = Settings(
        data=data,
        database=_database(values.get("DATABASE", f"sqlite:///{data / 'intake.sqlite3'}")),
        keys=Path(values.get("KEYS", data / "keys")).absolute(),
        doors=_doors(values.get("DOORS", ",".join(DOORS))),
        rules=Path(values.get("RULES", RULES)).absolute(),
        secure_cookies=_flag("SECURE_COOKIES", values.get("SECURE_COOKIES", "yes")),
        mail=mail,
        smtp=_smtp(values, mail),
        base_url=base_url,
        reporter_url=_address("REPORTER_URL", values.get("REPORTER_URL", base_url)),
        banner=_one_of("BANNER", values.get("BANNER", "none"), ("none", "demo")),
        log=_one_of("LOG", values.get("LOG", _usual_log()), ("text", "json")),
        metrics=_loopback(values["METRICS"]) if "METRICS" in values else None,
        proxies=int(_one_of("PROXY", values.get("PROXY", "0"), tuple("0123456789"))),
        deletions=Path(values.get("DELETIONS", data / "deletions.jsonl")).absolute(),
        checkpoints=Path(values.get("CHECKPOINTS", data / "checkpoints.notes")).absolute(),
        calendar=Path(values.get("CALENDAR", CALENDAR)).absolute(),
        keep_days=_days("KEEP_DAYS", values.get("KEEP_DAYS", "90")),
        keep_closed_days=_days("KEEP_CLOSED_DAYS", values.get("KEEP_CLOSED_DAYS", "365")),
        directory_key=_fingerprint(values.get("DIRECTORY_KEY", "")),
        turns=Path(values.get("TURNS", data)).absolute(),
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
        raise SettingsUnusable(
            f"Key file {name} is missing: run `ankkuri init`, or bring it from where it is kept"
        ) from None
    except (PermissionError, ValueError):
        raise SettingsUnusable(f"Key file {name} cannot be read as hexadecimal text") from None
    if len(content) < 32:
        raise SettingsUnusable(f"Key file {name} is too short: restore it from its backup")
    return content


def read_directory_key(settings: Settings) -> bytes:
    """The public half of the directory key, which the settings pin. Raises SettingsUnusable."""
    if not settings.directory_key:
        raise SettingsUnusable(
            "ANKKURI_DIRECTORY_KEY is not set: make a directory key offline with "
            "`ankkuri keys directory-key FILE`, and set what it prints"
        )
    if not (settings.keys / DIRECTORY_PUBLIC).exists():
        raise SettingsUnusable(
            f"Key file {DIRECTORY_PUBLIC} is missing: copy there what `ankkuri keys directory-key` "
            "wrote beside the directory key"
        )
    public = read_secret(settings.keys, DIRECTORY_PUBLIC)
    if hashlib.sha256(public).hexdigest() != settings.directory_key:
        raise SettingsUnusable(
            f"Key file {DIRECTORY_PUBLIC} is not the key that ANKKURI_DIRECTORY_KEY names: bring "
            "the right file, and change the setting only if the directory key itself was changed"
        )
    return public


def read_password(keys: Path) -> str:
    """The mail server's password, one line of ASCII text in ``keys``. Raises SettingsUnusable."""
    refuse_open_keys(keys)
    try:
        password = (keys / SMTP_PASSWORD).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        password = ""  # nosec B105 # none
    if not password.isprintable() or not password:
        raise SettingsUnusable(
            f"ANKKURI_SMTP_USER is set: write the password as one line of ASCII text into "
            f"{SMTP_PASSWORD} in the key folder"
        )
    return password


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


def refuse_taken_socket(path: Path) -> None:
    """Raise SettingsUnusable unless a server can listen at this path: nothing, or a dead socket."""
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        raise SettingsUnusable(f"{path} is too long for a socket: choose a shorter path")
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        if path.parent.is_dir() and os.access(path.parent, os.W_OK):
            return
        raise SettingsUnusable(
            f"No socket can be made in {path.parent}: make the folder and let this user write there"
        ) from None
    except OSError as error:
        raise SettingsUnusable(f"{path} cannot be used as a socket: {error.strerror}") from None
    if not stat.S_ISSOCK(mode):
        raise SettingsUnusable(f"{path} is there and is no socket: choose another path")
    with socket.socket(socket.AF_UNIX) as trial:
        if trial.connect_ex(str(path)) == 0:
            raise SettingsUnusable(f"{path} is in use: stop what uses it, or choose another path")


def refuse_secrets_of_other_doors(settings: Settings) -> None:
    """A reporter-only process must not be able to read what opens reports or signs staff in."""
    if set(settings.doors) & STAFF_DOORS:
        return
    for name in (SECRETS["staff"], SECRETS["pepper"], REPLAY_PRIVATE, TRAIL_PRIVATE, SMTP_PASSWORD):
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
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsUnusable(f"ANKKURI_CONFIG cannot be read: {error}") from None
    return {name.upper(): str(value) for name, value in table.items()}


def _database(text: str) -> str:
    """The address with the driver that SQLAlchemy shall use."""
    if text.startswith("postgresql://"):
        address = _split("DATABASE", text)
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


def _days(name: str, text: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", text) and 1 <= int(text) <= _MOST_DAYS:
        return int(text)
    raise SettingsUnusable(f"ANKKURI_{name} is {text!r}: give a number of days, 1 to {_MOST_DAYS}")


def _flag(name: str, text: str) -> bool:
    return _one_of(name, text.lower(), ("yes", "no")) == "yes"


def _one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise SettingsUnusable(f"ANKKURI_{name} is {text!r}: choose of {', '.join(choices)}")
    return text


def _fingerprint(text: str) -> str:
    text = text.strip().lower()
    if text and not _FINGERPRINT.fullmatch(text):
        raise SettingsUnusable(
            "ANKKURI_DIRECTORY_KEY is no fingerprint: give the 64 hexadecimal digits that "
            "`ankkuri keys directory-key` printed"
        )
    return text


def _usual_log() -> str:
    return "text" if sys.stderr.isatty() else "json"


def _loopback(text: str) -> tuple[str, int]:
    """The host and the port of an address that only this machine can reach."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    try:
        if ipaddress.ip_address(host).is_loopback and 0 < int(port) < 65536:
            return host, int(port)
    except ValueError:
        pass
    raise SettingsUnusable(
        f"ANKKURI_METRICS is {text!r}: give a loopback address and a port, such as 127.0.0.1:9100"
    )


def _address(name: str, text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise SettingsUnusable(f"ANKKURI_{name} must begin with http:// or https://")
    _split(name, text)
    return text.rstrip("/")


def _split(name: str, text: str) -> SplitResult:
    try:
        address = urlsplit(text)
        _ = address.port  # checked only when it is asked for
    except ValueError as error:
        raise SettingsUnusable(f"ANKKURI_{name} is no address: {error}") from None
    return address


def _smtp(values: Mapping[str, str], mail: str) -> Smtp | None:
    """The mail server, whole or not at all."""
    given = {name.removeprefix(_SMTP): v for name, v in values.items() if name.startswith(_SMTP)}
    if mail != "smtp":
        if given:
            raise SettingsUnusable(
                f"ANKKURI_SMTP_{min(given)} is set but ANKKURI_MAIL is {mail}: "
                "set ANKKURI_MAIL to smtp, or unset the former"
            )
        return None
    for name in ("SMTP_HOST", "SMTP_FROM", "BASE_URL"):
        if name not in values:
            raise SettingsUnusable(f"ANKKURI_MAIL is smtp but ANKKURI_{name} is not set: set it")
    host, user = _host(given["HOST"]), given.get("USER")
    tls = _one_of("SMTP_TLS", given.get("TLS", "implicit"), tuple(_SMTP_PORTS))
    if tls == "none":
        if not (_is_address(host) and ip_address(host).is_loopback):
            raise SettingsUnusable(
                "ANKKURI_SMTP_TLS is none, which only a relay at a loopback address such as "
                f"127.0.0.1 may have, but ANKKURI_SMTP_HOST is {host}"
            )
        if user or "CA" in given:
            raise SettingsUnusable(
                "ANKKURI_SMTP_TLS is none: unset ANKKURI_SMTP_USER and ANKKURI_SMTP_CA"
            )
    return Smtp(
        host=host,
        port=_port(given.get("PORT", str(_SMTP_PORTS[tls]))),
        tls=tls,
        sender=_mailbox(given["FROM"]),
        user=user,
        ca=Path(given["CA"]).absolute() if "CA" in given else None,
    )


def _host(text: str) -> str:
    if not (_HOST.fullmatch(text) or _is_address(text)):
        raise SettingsUnusable(
            f"ANKKURI_SMTP_HOST is {text!r}: give a host name or an IP address, such as "
            "mail.example.fi"
        )
    return text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) <= _MOST_PORT:
        raise SettingsUnusable(f"ANKKURI_SMTP_PORT is {text!r}: give a port number such as 465")
    return int(text)


def _mailbox(text: str) -> str:
    name, address = parseaddr(text)
    if not _ADDRESS.fullmatch(address) or text not in (address, f"{name} <{address}>"):
        raise SettingsUnusable(
            f"ANKKURI_SMTP_FROM is {text!r}: give a mailbox such as Ankkuri <ankkuri@example.fi>"
        )
    return str(Address(name, addr_spec=address))
