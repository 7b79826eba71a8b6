"""Gather the reminders that can wait into letters: one a person, not a flood."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from intake.store import reminders
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.outbox import new_letter

PEOPLE = 100  # of whom the letters are written together
LETTER, DIGEST = "chase", "digest"
"""A letter that tells one reminder, and one that tells several."""
GATHERED_FOR = timedelta(minutes=1)
"""So that what comes in one morning is told in one letter."""
_NOBODY = UUID(int=0)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gather:
    """Each reminder goes into exactly one letter, in the transaction that puts it there."""

    database: Database

    def __call__(self, now: datetime) -> int:
        """Write a letter to everybody whose oldest untold reminder is old enough; how many.

        A person whose letter cannot be written is logged and left for the next time.
        """
        written, last = 0, _NOBODY
        while True:
            with self.database.read() as connection:
                people = reminders.people_waiting(connection, now - GATHERED_FOR, last, PEOPLE)
            try:
                written += self._tell(people, now)
            except Exception as error:
                log.warning("gathering one by one: a batch failed with %s", type(error).__name__)
                written += self._singly(people, now)
            if len(people) < PEOPLE:
                return written
            last = people[-1]

    def _singly(self, people: Sequence[UUID], now: datetime) -> int:
        written = 0
        for person in people:
            try:
                written += self._tell([person], now)
            except OperationalError:
                raise  # the database itself
            except Exception as error:
                log.error("no letter for person %s: %s", person, type(error).__name__)
        return written

    def _tell(self, people: Sequence[UUID], now: datetime) -> int:
        if not people:
            return 0
        with self.database.write() as connection:
            return _write(connection, people, now)


def about(params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What a letter tells of each of its reminders; none of one that tells other things."""
    if "reminders" in params:
        told: Sequence[Mapping[str, Any]] = params["reminders"]
        return told
    return [params] if "clock" in params else []


def _write(connection: Connection, people: Sequence[UUID], now: datetime) -> int:
    letters: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    rows = sorted(reminders.untold(connection, people), key=attrgetter("person_id"))
    for person_id, some in groupby(rows, key=attrgetter("person_id")):
        own: list[AnyRow] = list(some)
        if min(row.created_at for row in own) > now - GATHERED_FOR:
            continue  # another scheduler has the older ones, and is about to tell them
        kind = LETTER if len(own) == 1 else DIGEST
        params = own[0].params if len(own) == 1 else {"reminders": [row.params for row in own]}
        letter = new_letter(kind, now, params, person_id=person_id)
        told += [{"id": row.id, "letter_id": letter["id"]} for row in own]
        letters.append(letter)
    reminders.put_into_letters(connection, letters, told)
    return len(letters)
