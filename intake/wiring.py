"""The one place where the parts are joined."""

from __future__ import annotations

import logging

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from config import (
    DIRECTORY_PUBLIC,
    STAFF_DOORS,
    Settings,
    SettingsUnusable,
    read_directory_key,
    refuse_open_keys,
    refuse_secrets_of_other_doors,
)
from intake import language, logs, metrics
from intake.domain.calendar import load_calendar
from intake.domain.chase import ChaseInvalid
from intake.domain.deadline import local_date
from intake.domain.directory_file import DirectoryInvalid
from intake.domain.school_year import SchoolCalendarInvalid
from intake.language import CataloguesMissing
from intake.live import stored_directory
from intake.parts import Now, Parts, chasing_of, utc_now
from intake.services.entries import Entries
from intake.services.rulebook import stored_rulebook
from intake.store import privileges
from intake.store.database import Database, DatabaseNotReady
from intake.vault.directory_key import DirectoryKey, DirectoryKeyUnusable
from routing_rules.vocabulary import RulesInvalid

UNUSABLE = (
    SettingsUnusable,
    DatabaseNotReady,
    DirectoryInvalid,
    SchoolCalendarInvalid,
    RulesInvalid,
    ChaseInvalid,
    CataloguesMissing,
)
"""What keeps a process from starting; each says what to do."""
log = logging.getLogger(__name__)


def in_one_line(error: Exception) -> str:
    """Why something was not done. A failure that nobody foresaw is told by kind and place."""
    if isinstance(error, UNUSABLE):
        return str(error).splitlines()[0]
    if isinstance(error, SQLAlchemyError):
        return f"The database failed: {logs.kind(error)}"
    return f"Failed unexpectedly: {logs.kind(error)} at {logs.places(error)[-1]}"


def build(settings: Settings, now: Now = utc_now) -> Parts:
    """Join the parts; refuses to start on a database, directory or rule set that does not hold.

    Raises what UNUSABLE names.
    """
    for code in language.LANGUAGES:
        language.Language(code)
    refuse_open_keys(settings.keys)
    refuse_secrets_of_other_doors(settings)
    database = Database(settings.database)
    try:
        database.require_current()
        with database.read() as connection:
            if not set(settings.doors) & STAFF_DOORS:
                _refuse_a_reader(connection)
        found = stored_directory(database, local_date(now()))
        rulebook = stored_rulebook(database)
        if found is None:
            raise SettingsUnusable("The database has no directory of agencies: run `ankkuri init`")
        if rulebook is None:
            raise SettingsUnusable("The database has no routing rules: run `ankkuri init`")
        database.believe(signed_of(settings))
    except BaseException:
        database.engine.dispose()
        raise
    directory, state = found
    book = rulebook.to_decide_by(now())
    calendar = load_calendar(settings.calendar)
    metrics.watch(database.engine)
    return Parts(
        settings=settings,
        database=database,
        directory=directory,
        calendar=calendar,
        rulebook=rulebook,
        book=book,
        clocks=book.base.beside["clock"],
        chasing=chasing_of(book, calendar),
        now=now,
        directory_state=state,
    )


def signed_of(settings: Settings) -> Entries:
    """What is believed of people's roles and agencies' keys. Raises SettingsUnusable."""
    try:
        return Entries(DirectoryKey(read_directory_key(settings)))
    except DirectoryKeyUnusable:
        raise SettingsUnusable(f"Key file {DIRECTORY_PUBLIC} holds no directory key") from None


def _refuse_a_reader(connection: Connection) -> None:
    if privileges.can_read_reports(connection):
        raise SettingsUnusable(
            "The reporter door's database role can read reports: "
            f"let ANKKURI_DATABASE name the role {privileges.role_name('reporter')}"
        )
