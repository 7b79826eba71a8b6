"""A supervisor reminds beside the plan, or lets the desk that stands by in before its step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.calendar import Calendar
from intake.domain.chase import DUTY_DESK
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.people import Permission, Role
from intake.domain.press import Press, step_of
from intake.domain.promised import look
from intake.domain.referral import State
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.follow_up import own_deadline
from intake.services.readers import Reader, Readers
from intake.services.remind import remind
from intake.services.sign_in import Visit
from intake.store import follow_up, reminders, trail
from intake.store.columns import AnyRow
from intake.store.database import Database


class DeadlineEnded(Exception):
    """Something has met the deadline: there is nothing to remind of."""


class PressedToday(Exception):
    """The same reader has been reminded of it by hand today."""


class NobodyToRemind(Exception):
    """Nobody there can be written to."""


class NoStandby(Exception):
    """No desk stands by for it, or the agency has taken it up: it cannot be taken over."""


@dataclass(frozen=True)
class PressOn:
    """Steps of a chase by hand. Like any step they are recorded once, in the transaction of their
    letters, and stop nothing: the plan goes on.
    """

    database: Database
    directory: Directory
    calendar: Calendar

    def __call__(
        self, visit: Visit, deadline_id: UUID, press: Press, to: str, now: datetime
    ) -> int:
        """Write to the ``to`` of a deadline's agency at once; to how many.

        ``STANDBY`` writes to the desk that stands by and to nobody else, for it alone may take the
        report over from now on.
        Raises DeadlineNotYours, DeadlineEnded, PressedToday, NobodyToRemind, NoStandby; nothing is
        kept then.
        """
        try:
            with self.database.write() as connection:
                row = follow_up.deadline(connection, deadline_id)
                row = own_deadline(
                    connection, self.directory, visit.person, row, Permission.CHANGE_DEADLINES
                )
                if row.met_at is not None:
                    raise DeadlineEnded
                if press is Press.STANDBY and not may_stand_in(row):
                    raise NoStandby
                found = self._readers(connection, row, press, to, now)
                if not found:
                    raise NobodyToRemind
                self._record(connection, row, press, to, found, now)
                trail.write_line(
                    connection,
                    at=now,
                    action=Action.PRESS,
                    person_id=visit.person.id,
                    role=Role.SUPERVISOR,
                    agency_id=row.agency_id,
                    referral_id=row.referral_id,
                    purpose=f"{row.clock}: {press} {to}",
                )
        except IntegrityError:
            raise PressedToday from None
        return len(found)

    def _readers(
        self, connection: Connection, row: AnyRow, press: Press, to: str, now: datetime
    ) -> Sequence[Reader]:
        readers = Readers.of(
            connection, self.directory, [row], local_date(now), duty_desk=to == DUTY_DESK
        )
        if press is Press.STANDBY:
            desk = self.directory.agencies.get(row.standby_id)
            return readers.without(row).at_desk(desk) if desk else ()
        return readers(row, to)

    def _record(
        self,
        connection: Connection,
        row: AnyRow,
        press: Press,
        to: str,
        found: Sequence[Reader],
        now: datetime,
    ) -> None:
        _, coming = look(row.steps, now, now, self.calendar)
        chase_id = new_id(now)
        swept = reminders.Swept([], [], [], [], [])
        swept.chases.append(
            {
                "id": chase_id,
                "deadline_id": row.id,
                "step": step_of(press, to, local_date(now)),
                "to_role": to,
                "chased_at": now,
                "letters": len(found),
            }
        )
        for reader in found:
            remind(
                swept,
                row,
                reader,
                chase_id=chase_id,
                to=to,
                number=None,
                of=None,
                coming=coming,
                urgent=True,
                may_take_over=press is Press.STANDBY,
                now=now,
            )
        swept.write(connection)


def may_stand_in(row: AnyRow) -> bool:
    """Whether a desk stands by for the deadline's referral, which nobody has taken up."""
    return bool(row.is_lead and row.standby_id and row.state == State.SENT and row.met_at is None)
