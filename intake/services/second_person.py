"""What lets an agency come, or get more, takes two people: what one asks for waits for another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from intake.domain.people import Administrator
from intake.domain.trail import Action
from intake.services.differences import Amended, write_lines
from intake.store import directory, directory_proposals, entries

MOST_WAITING = 50
"""Proposals of one person: each may be a register of 8 MB, and every list of agencies reads all."""


class TooManyWait(Exception):
    """As much as one person may propose waits already."""


class SecondPersonNeeded(Exception):
    """An operator alone asks for what takes two; the message says who else it takes."""


def propose(
    connection: Connection,
    admin: Administrator,
    changes: Sequence[Mapping[str, Any]],
    amended: Amended,
    now: datetime,
) -> bool:
    """Let changes of an administrator's wait if they take two; whether they do. Sent twice, they
    wait once. Raises TooManyWait.
    """
    if admin.id is None or not amended.more:
        return False
    if directory_proposals.propose(connection, changes, admin.id, now):
        if directory_proposals.count(connection, admin.id) > MOST_WAITING:
            raise TooManyWait
        tell(connection, admin, Action.PROPOSE_DIRECTORY, amended, now)
    return True


def still(connection: Connection, admin: Administrator, today: date) -> Administrator:
    """With what they administer today: their role may have ended since they came."""
    if admin.id is None:
        return admin
    held = entries.administrators(connection, today).get(admin.id, frozenset())
    return Administrator(admin.id, admin.controllers & held)


def refuse_alone(
    connection: Connection, amended: Amended, beside: Collection[Administrator]
) -> None:
    """Raise SecondPersonNeeded if those beside an operator do not administer all that comes or gets
    more. For a controller that nobody administers any of them will do; before anybody was signed as
    an administrator of anything, the operator is alone.
    """
    held = entries.administrators(connection, amended.on).values()
    needed = frozenset(amended.more.values())
    here = frozenset[str]().union(*(one.controllers for one in beside))
    missing = needed & frozenset[str]().union(*held) - here
    has_begun = entries.was_once_administered(connection)
    if has_begun and needed and (missing or not here):
        raise SecondPersonNeeded(
            f"New, or to get more than now: {', '.join(amended.more)}. That takes a second person: "
            f"add --by with an administrator of {', '.join(sorted(missing)) or 'any controller'}"
        )


def tell_beside(
    connection: Connection, amended: Amended, beside: Collection[Administrator], now: datetime
) -> None:
    """Lines of those who stood beside an operator, each of their own agencies."""
    for admin in beside:
        of_theirs = [one for one in amended.of_more if amended.more[one.id] in admin.controllers]
        write_lines(connection, admin, Action.CONFIRM_DIRECTORY, of_theirs, now)


def tell(
    connection: Connection, admin: Administrator, action: Action, amended: Amended, now: datetime
) -> None:
    """A line for each agency that comes or gets more."""
    to_come = amended.more.keys() - directory.kinds(connection).keys()
    write_lines(connection, admin, action, amended.of_more, now, to_come=to_come)
