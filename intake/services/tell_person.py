"""Tell people by letter what happens to their signing in: what and when, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.message import mark
from intake.services.tries import Tries
from intake.store import outbox

LETTER = "signing_in"


class Event(StrEnum):
    """What people are told of. A used recovery code and a new key have letters of their own."""

    NEW_BROWSER = "new_browser"
    MANY_WRONG = "many_wrong"
    AFTER_WRONG = "after_wrong"
    SECOND_STEP_FAILED = "second_step_failed"
    CHANGED_PASSPHRASE = "changed_passphrase"  # noqa: S105 # nosec B105 # no passphrase
    ADDED_FACTOR = "added_factor"
    REMOVED_FACTOR = "removed_factor"
    MADE_CODES = "made_codes"
    MADE_RECOVERY_CODE = "made_recovery_code"
    CHANGED_ADDRESS = "changed_address"


WORDS: Mapping[str, str] = {
    Event.NEW_BROWSER: mark(
        "Signed in by both steps, in a browser that was not known or by a command."
    ),
    Event.MANY_WRONG: mark("Many wrong passphrases or recovery codes were typed."),
    Event.AFTER_WRONG: mark("The right passphrase or code was typed after several wrong ones."),
    Event.SECOND_STEP_FAILED: mark("The passphrase was right, but the second step failed."),
    Event.CHANGED_PASSPHRASE: mark("The passphrase was changed."),
    Event.ADDED_FACTOR: mark("An app or a passkey was added for the second step."),
    Event.REMOVED_FACTOR: mark("An app or a passkey was removed from the second step."),
    Event.MADE_CODES: mark("New printed codes were made; the former ones are good no more."),
    Event.MADE_RECOVERY_CODE: mark("A new recovery code was made; the former is good no more."),
    Event.CHANGED_ADDRESS: mark("Letters go to another e-mail address from now on."),
}


def tell(
    connection: Connection, person_id: UUID, now: datetime, *events: Event, to: str = ""
) -> None:
    """Write one letter in the caller's transaction. ``to``: an address other than the person's."""
    if not events:
        return
    params = {"events": [event.value for event in events], "at": now.isoformat()}
    if to:
        params["address"] = to
    letter = outbox.new_letter(LETTER, now, params, person_id=person_id)
    outbox.put_letters(connection, [letter])


def tell_of_tries(
    connection: Connection, tries: Tries, person_id: UUID, event: Event, now: datetime
) -> None:
    """The same of what a stranger can bring about: once a day."""
    if tries.first_of_day(connection, event, person_id, now):
        tell(connection, person_id, now, event)
