"""Look whether every role and key in use is as it was signed, and tell what is not."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from intake.domain.deadline import local_date
from intake.domain.entry import WARNED_BEFORE, RoleEntry, key_entries
from intake.domain.trail import Action
from intake.services.entries import is_overtaken
from intake.services.tell_once import Telling, tell_once
from intake.store import entries, proposals
from intake.store.columns import AnyRow
from intake.store.database import Database

LETTER = "entries"
NOT_AS_SIGNED = "not as it was signed"
MOST_PURPOSE = 80
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """What is wrong with one role or key. ``about``: in a few plain words; ``ends``: the last day
    on which its entry counts, None where it is not as it was signed.
    """

    controller: str
    agency: str | None
    about: str
    ends: date | None = None


@dataclass
class _Told:
    """At one controller."""

    altered: list[Found] = field(default_factory=list)
    ending: list[Found] = field(default_factory=list)


@dataclass(frozen=True)
class CheckEntries:
    """Looks at every role in force and every key in use. The same is told once a day."""

    database: Database

    def __call__(self, now: datetime) -> int:
        """Tell what has not been told today; to how many controllers' administrators."""
        told: dict[str, _Told] = defaultdict(_Told)
        for found in self.found(local_date(now)):
            at = told[found.controller]
            (at.ending if found.ends else at.altered).append(found)
        return sum(self._tell(controller, what, now) for controller, what in told.items())

    def found(self, today: date) -> list[Found]:
        """What is altered, has never been proposed, has run out or will soon."""
        with self.database.read() as connection:
            roles = entries.roles_in_force(connection, today)
            good = {row.held_id: row for row in entries.roles(connection, roles)}
            keys = entries.keys_in_use(connection)
            whole = {row.id for row in entries.keys_among(connection, keys)}
            waiting = proposals.waiting_for(connection)
            numbers = entries.numbers_signed(connection)
        of_keys = _of_keys(keys, whole, waiting, numbers)
        return [*_of_roles(roles, good, waiting, today), *of_keys]

    def _tell(self, controller: str, what: _Told, now: datetime) -> bool:
        altered = [found.about for found in what.altered]
        ending = sorted({found.ends.isoformat() for found in what.ending if found.ends})
        telling = Telling(
            LETTER,
            {
                "altered": len(altered),
                "ending": len(what.ending),
                "first": next(iter(ending), None),
            },
            [altered, ending],
            action=Action.BAD_ENTRY,
            lines=[_line(found) for found in what.altered],
        )
        if not tell_once(self.database, controller, telling, now):
            return False
        if altered:
            log.error(
                "%d roles or keys of %s are not as they were signed", len(altered), controller
            )
        if ending:
            count, first = len(what.ending), ending[0]
            log.error("%d entries of %s run out, the first on %s", count, controller, first)
        return True


def _of_roles(
    roles: list[AnyRow],
    good: dict[UUID, AnyRow],
    waiting: dict[object, set[str]],
    today: date,
) -> Iterator[Found]:
    for row in {row.held_id: row for row in roles}.values():
        place = row.held_agency or row.held_controller
        found = Found(row.under, row.held_agency, f"{row.sign_in_name}: {row.held_role}, {place}")
        signed = good.get(row.held_id)
        if signed is None:
            if not _is_proposed(row, waiting):
                yield found
            continue
        until = RoleEntry.parse(signed.entry_body).until
        if until < min(today + WARNED_BEFORE, row.held_to or date.max):
            yield Found(found.controller, found.agency, found.about, until)


def _is_proposed(row: AnyRow, waiting: dict[object, set[str]]) -> bool:
    """Whether it waits for its signature just as it stands."""
    for body in waiting.get(row.held_id, ()):
        said = RoleEntry.parse(body)
        if said.covers(entries.role_entry(row, said.until)):
            return True
    return False


def _of_keys(
    keys: list[AnyRow],
    whole: set[str],
    waiting: dict[object, set[str]],
    numbers: Mapping[str, Mapping[str, int]],
) -> Iterator[Found]:
    """Also a key that counts though another with a greater number was signed: with its signature a
    key comes into use, so somebody has put this one back.
    """
    for row in {row.id: row for row in keys}.values():
        said = key_entries(waiting.get(row.id, ()))
        proposed = [one.number for one in said if one.covers(entries.key_entry(row))]
        signed = numbers.get(row.agency_id, {})
        own = max(signed.get(row.id, 0), *proposed, 0)
        if is_overtaken(row.id, {**signed, row.id: own}) or not (row.id in whole or proposed):
            yield Found(row.controller_id, row.agency_id, f"key {row.id}")


def _line(found: Found) -> dict[str, Any]:
    return {
        "agency_id": found.agency,
        "purpose": f"{NOT_AS_SIGNED}: {found.about}"[:MOST_PURPOSE],
    }
