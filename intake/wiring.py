"""The one place where the parts are joined; a door's modules are imported only when served."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from config import (
    BACKUP_PUBLIC,
    DIRECTORY,
    PROJECT,
    REPLAY_PRIVATE,
    REPLAY_PUBLIC,
    SECRETS,
    STAFF_DOORS,
    Settings,
    SettingsUnusable,
    Smtp,
    read_password,
    read_secret,
    refuse_open_keys,
    refuse_secrets_of_other_doors,
)
from intake import language, logs, metrics
from intake.domain.calendar import Calendar, load_calendar
from intake.domain.chase import ChaseInvalid, ChaseStep, Chasing
from intake.domain.clock import Clock, ClockInvalid
from intake.domain.directory import Directory
from intake.domain.directory_file import DirectoryInvalid, directory_from
from intake.domain.school_year import SchoolCalendarInvalid
from intake.language import CataloguesMissing
from intake.post.files import FileSender
from intake.post.letter import Sender
from intake.post.null import NullSender
from intake.post.smtp import SmtpSender
from intake.store import directory as directory_store
from intake.store import privileges
from intake.store.database import Database, DatabaseNotReady
from intake.vault.seal import FactsSealer, KeyUnusable, PublicKey
from routing_rules.load import load_checked
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import RulesInvalid

if TYPE_CHECKING:
    from intake.services.backup import Backup
    from intake.services.chase import Chase
    from intake.services.deliver import Deliver
    from intake.services.hand_on import HandOn
    from intake.services.hand_over import HandOver
    from intake.services.list_deletions import ListDeletions
    from intake.services.notify import Notify
    from intake.services.read import Read
    from intake.services.refer import Refer
    from intake.services.respond import Respond
    from intake.services.restore import Restore
    from intake.services.route import Route
    from intake.services.sign_in import SignIn
    from intake.services.submit import Submit
    from intake.services.take_over import TakeOver
    from intake.services.take_stock import TakeStock
    from intake.services.tidy import Tidy
    from intake.services.withdraw import Withdraw
    from intake.services.write_note import WriteNote

REPLAY_KEY_ID = "replay-1"
UNUSABLE = (
    SettingsUnusable,
    DatabaseNotReady,
    DirectoryInvalid,
    SchoolCalendarInvalid,
    RulesInvalid,
    ClockInvalid,
    ChaseInvalid,
    CataloguesMissing,
)
"""What keeps a process from starting; each says what to do."""
Now = Callable[[], datetime]
log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of a running system."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """Everything that is made once in a process. ``now`` is passed in so that tests own time."""

    settings: Settings
    database: Database
    directory: Directory
    calendar: Calendar
    rules: RuleSet
    clocks: Mapping[str, Clock]
    chasing: Chasing
    now: Now = utc_now

    @cached_property
    def route(self) -> Route:
        """Routing without writing."""
        from intake.services.keys_that_open import KeysThatOpen
        from intake.services.route import Route

        keys = KeysThatOpen(self.database)
        return Route(self.directory, self.calendar, self.rules, keys)

    @cached_property
    def refer(self) -> Refer:
        """Making of referrals."""
        from intake.services.refer import Refer

        return Refer(self.calendar, self.clocks, self.chasing)

    @cached_property
    def submit(self) -> Submit:
        """Taking reports in."""
        from intake.services.submit import Submit

        raw = read_secret(self.settings.keys, REPLAY_PUBLIC)
        replay = PublicKey(REPLAY_KEY_ID, raw)
        return Submit(self.database, self.route, self.refer, FactsSealer(replay), replay)

    @cached_property
    def sign_in(self) -> SignIn:
        """Staff sessions."""
        from intake.services.sign_in import SignIn

        return SignIn(self.database, read_secret(self.settings.keys, SECRETS["pepper"]))

    @cached_property
    def read(self) -> Read:
        """Opening of referrals."""
        from intake.services.read import Read

        return Read(self.database)

    @cached_property
    def hand_on(self) -> HandOn:
        """What a referral is sent on as."""
        from intake.services.hand_on import HandOn

        return HandOn(self.database, self.directory, self.clocks, self.route, self.refer)

    @cached_property
    def respond(self) -> Respond:
        """Moves on referrals."""
        from intake.services.respond import Respond

        return Respond(self.database, self.directory, self.clocks, self.read, self.hand_on)

    @cached_property
    def hand_over(self) -> HandOver:
        """Handing over."""
        from intake.services.hand_over import HandOver

        return HandOver(
            self.database, self.directory, self.clocks, self.read, self.respond, self.hand_on
        )

    @cached_property
    def withdraw(self) -> Withdraw:
        """Withdrawing what was sent on."""
        from intake.services.withdraw import Withdraw

        return Withdraw(self.database, self.clocks, self.read, self.respond)

    @cached_property
    def take_over(self) -> TakeOver:
        """What the desk that stands by may do."""
        from intake.services.take_over import TakeOver

        return TakeOver(self.database, self.directory, self.clocks, self.read, self.hand_on)

    @cached_property
    def write_note(self) -> WriteNote:
        """Notes and contacts."""
        from intake.services.write_note import WriteNote

        return WriteNote(self.database, self.read, self.respond)

    @cached_property
    def chase(self) -> Chase:
        """The sweep."""
        from intake.services.chase import Chase

        return Chase(self.database, self.directory)

    @cached_property
    def deliver(self) -> Deliver:
        """Letters to the post."""
        from intake.services.deliver import Deliver
        from intake.services.letters import Letters
        from intake.vault.keyring import PrivateKey

        try:
            replay = PrivateKey(REPLAY_KEY_ID, read_secret(self.settings.keys, REPLAY_PRIVATE))
        except KeyUnusable:
            raise SettingsUnusable(
                f"Key file {REPLAY_PRIVATE} is no private key: restore it from its backup"
            ) from None
        letters = Letters(
            PROJECT / "templates",
            self.directory,
            self.clocks,
            self.settings.base_url,
            self.settings.reporter_url,
            replay,
        )
        return Deliver(self.database, metrics.CountedPost(self.sender), letters)

    @cached_property
    def notify(self) -> Notify:
        """News to reporters."""
        from intake.services.notify import Notify

        return Notify(self.database)

    @cached_property
    def tidy(self) -> Tidy:
        """The purge."""
        from intake.services.tidy import Tidy

        return Tidy(self.database)

    @cached_property
    def take_stock(self) -> TakeStock:
        """Counts of what waits."""
        from intake.services.take_stock import TakeStock

        return TakeStock(self.database, self.directory)

    @cached_property
    def list_deletions(self) -> ListDeletions:
        """What was erased, to the list outside the database."""
        from intake.services.list_deletions import ListDeletions

        return ListDeletions(self.database, self.settings.deletions)

    @cached_property
    def sender(self) -> Sender:
        """The post."""
        return sender_of(self.settings)


def _smtp_sender(smtp: Smtp, keys: Path) -> SmtpSender:
    try:
        context = ssl.create_default_context(cafile=smtp.ca)
    except OSError as error:
        raise SettingsUnusable(
            f"ANKKURI_SMTP_CA names {smtp.ca}, which holds no certificates: "
            f"{error.strerror or type(error).__name__}"
        ) from None
    return SmtpSender(
        smtp.host,
        smtp.port,
        smtp.tls,
        context,
        smtp.sender,
        (smtp.user, read_password(keys)) if smtp.user else None,
    )


def sender_of(settings: Settings) -> Sender:
    """The post that the settings name."""
    if settings.smtp is not None:
        return _smtp_sender(settings.smtp, settings.keys)
    return FileSender(settings.letters) if settings.mail == "files" else NullSender()


def in_one_line(error: Exception) -> str:
    """Why something was not done. A failure that nobody foresaw is told by kind and place."""
    if isinstance(error, UNUSABLE):
        return str(error).splitlines()[0]
    if isinstance(error, SQLAlchemyError):
        return f"The database failed: {logs.kind(error)}"
    return f"Failed unexpectedly: {logs.kind(error)} at {logs.places(error)[-1]}"


@dataclass(frozen=True)
class LaidOut:
    """What laying out a place has made, and which roles PostgreSQL has not got."""

    secrets: list[str]
    roles_missing: list[str]


def lay_out(settings: Settings, directory: Path = DIRECTORY, on: date = date.min) -> LaidOut:
    """Make key files, schema, directory and the rights of the doors' roles, where missing.

    ``on``: from which day on members keep an agency in the directory. Raises DatabaseNotReady,
    KeyFileLost, SettingsUnusable and DirectoryInvalid.
    """
    from intake.services import settle

    database = Database(settings.database)
    try:
        database.refuse_half_restored()
        database.refuse_newer()
        database.upgrade()
        secrets, replay = SECRETS.values(), (REPLAY_PRIVATE, REPLAY_PUBLIC)
        settle.refuse_lost_keys(database, settings.keys, secrets, replay)
        made = settle.make_secrets(settings.keys, secrets)
        settle.make_replay_keys(settings.keys, *replay, REPLAY_KEY_ID)
        refuse_open_keys(settings.keys)
        settle.load_directory(database, directory, on)
        with database.write() as connection:
            missing = privileges.renew(connection)
    finally:
        database.engine.dispose()
    return LaidOut(made, missing)


@contextmanager
def backup(settings: Settings) -> Iterator[Backup]:
    """Making of backups. Raises SettingsUnusable, also without a backup key, DatabaseNotReady."""
    from intake.services.backup import Backup
    from intake.services.list_deletions import ListDeletions
    from intake.vault.backup import backup_public

    if not (settings.keys / BACKUP_PUBLIC).exists():
        raise SettingsUnusable("There is no backup key: make one with `ankkuri backup-key FILE`")
    try:
        to = backup_public(read_secret(settings.keys, BACKUP_PUBLIC))
    except KeyUnusable:
        raise SettingsUnusable(f"Key file {BACKUP_PUBLIC} holds no backup key") from None
    database = Database(settings.database)
    try:
        database.require_current()
        lists = ListDeletions(database, settings.deletions)
        yield Backup(database, settings.keys, to, lists)
    finally:
        database.engine.dispose()


@contextmanager
def restore(settings: Settings) -> Iterator[Restore]:
    """Restoring of backups. Raises SettingsUnusable."""
    from intake.services.restore import Restore

    refuse_open_keys(settings.keys)
    database = Database(settings.database)
    try:
        replay = (REPLAY_PRIVATE, REPLAY_PUBLIC)
        yield Restore(database, settings.keys, replay, REPLAY_KEY_ID)
    finally:
        database.engine.dispose()


def build(settings: Settings, now: Now = utc_now) -> Parts:
    """Join the parts; refuses to start on a database, directory or rule set that does not hold.

    Raises what UNUSABLE names.
    """
    for code in language.LANGUAGES:
        language.Language(code)
    refuse_open_keys(settings.keys)
    refuse_secrets_of_other_doors(settings)
    rules = load_checked(settings.rules)
    database = Database(settings.database)
    try:
        database.require_current()
        with database.read() as connection:
            if not set(settings.doors) & STAFF_DOORS:
                _refuse_a_reader(connection)
            tables = directory_store.tables(connection)
    except BaseException:
        database.engine.dispose()
        raise
    if not tables:
        raise SettingsUnusable("The database has no directory of agencies: run `ankkuri init`")
    calendar = load_calendar()
    metrics.watch(database.engine)
    return Parts(
        settings=settings,
        database=database,
        directory=directory_from(tables),
        calendar=calendar,
        rules=rules,
        clocks={clock.id: clock for clock in map(Clock.parse, rules.clocks)},
        chasing=Chasing(tuple(map(ChaseStep.parse, rules.chases)), calendar),
        now=now,
    )


def _refuse_a_reader(connection: Connection) -> None:
    if privileges.can_read_reports(connection):
        raise SettingsUnusable(
            "The reporter door's database role can read reports: "
            f"let ANKKURI_DATABASE name the role {privileges.role_name('reporter')}"
        )


def blueprints(parts: Parts) -> list[Blueprint]:
    """The doors that the settings name; the sign-in page comes with any door of staff."""
    made = [_DOORS[door](parts) for door in parts.settings.doors]
    made.append(_probe(parts))
    if set(parts.settings.doors) & STAFF_DOORS:
        made.append(_account(parts))
    return made


def _reporter(parts: Parts) -> Blueprint:
    from intake.services.draft import Draft
    from intake.services.status import Status
    from intake.services.stop_notices import StopNotices
    from intake.web.reporter.door import make_blueprint

    return make_blueprint(
        draft=Draft(parts.database),
        route=parts.route,
        submit=parts.submit,
        status=Status(parts.database, parts.directory),
        stop_notices=StopNotices(parts.database),
        directory=parts.directory,
        clocks=parts.clocks,
        door_secret=read_secret(parts.settings.keys, SECRETS["reporter"]),
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _agency(parts: Parts) -> Blueprint:
    from intake.web.agency import make_blueprint

    blueprint = make_blueprint(
        read=parts.read,
        respond=parts.respond,
        hand_over=parts.hand_over,
        withdraw=parts.withdraw,
        take_over=parts.take_over,
        write_note=parts.write_note,
        directory=parts.directory,
        clocks=parts.clocks,
        refuse=_refuse(parts),
        door_secret=_staff_secret(parts),
        now=parts.now,
    )
    blueprint.register_blueprint(_keyed(parts))
    return blueprint


def _keyed(parts: Parts) -> Blueprint:
    from intake.services.draft import Draft
    from intake.services.status import Status
    from intake.web.keyed.door import make_blueprint

    return make_blueprint(
        draft=Draft(parts.database),
        route=parts.route,
        submit=parts.submit,
        status=Status(parts.database, parts.directory),
        directory=parts.directory,
        clocks=parts.clocks,
        refuse=_refuse(parts),
        door_secret=_staff_secret(parts),
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _supervisor(parts: Parts) -> Blueprint:
    from intake.services.oversee import Oversee
    from intake.services.try_again import TryAgain
    from intake.web.supervisor import make_blueprint

    return make_blueprint(
        oversee=Oversee(parts.database, parts.directory),
        try_again=TryAgain(parts.database, parts.directory),
        directory=parts.directory,
        clocks=parts.clocks,
        refuse=_refuse(parts),
        door_secret=_staff_secret(parts),
        now=parts.now,
    )


def _coordinator(parts: Parts) -> Blueprint:
    from intake.services.oversee import Oversee
    from intake.web.coordinator import make_blueprint

    return make_blueprint(oversee=Oversee(parts.database, parts.directory), refuse=_refuse(parts))


def _rules(parts: Parts) -> Blueprint:
    from intake.web.rules import make_blueprint

    return make_blueprint(rules=parts.rules, clocks=parts.clocks, refuse=_refuse(parts))


def _admin(parts: Parts) -> Blueprint:
    from intake.services.oversee import Oversee
    from intake.web.admin import make_blueprint

    return make_blueprint(
        oversee=Oversee(parts.database, parts.directory),
        directory=parts.directory,
        refuse=_refuse(parts),
        now=parts.now,
    )


def _audit(parts: Parts) -> Blueprint:
    from intake.services.audit import Audit
    from intake.web.audit import make_blueprint

    return make_blueprint(
        audit=Audit(parts.database),
        directory=parts.directory,
        clocks=parts.clocks,
        refuse=_refuse(parts),
        now=parts.now,
    )


def _account(parts: Parts) -> Blueprint:
    from intake.web.account import make_blueprint

    return make_blueprint(
        sign_in=parts.sign_in,
        refuse=_refuse(parts),
        door_secret=_staff_secret(parts),
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _probe(parts: Parts) -> Blueprint:
    from intake.services.ready import Ready
    from intake.web.probe import make_blueprint

    return make_blueprint(Ready(parts.database))


def _refuse(parts: Parts) -> Callable[..., None]:
    from intake.services.refuse import Refuse

    return Refuse(parts.database, parts.now)


def _staff_secret(parts: Parts) -> bytes:
    return read_secret(parts.settings.keys, SECRETS["staff"])


_DOORS: Mapping[str, Callable[[Parts], Blueprint]] = {
    "reporter": _reporter,
    "agency": _agency,
    "supervisor": _supervisor,
    "coordinator": _coordinator,
    "rules": _rules,
    "admin": _admin,
    "audit": _audit,
}
