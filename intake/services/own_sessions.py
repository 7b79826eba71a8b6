"""See where one is signed in and who tried to; end it there; forget browsers that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.domain.trail import OF_SIGNING_IN, Action
from intake.services.sign_in import IDLE, LONGEST, Visit
from intake.services.tries import DEVICES_KNOWN
from intake.store import factors, sessions, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

EVENTS_SHOWN = 20


class SessionOver(Exception):
    """The session has ended already, or is another person's."""


class DeviceUnknown(Exception):
    """The browser is not known any more, or is another person's."""


@dataclass(frozen=True)
class OwnSessions:
    """Of one's own."""

    database: Database

    def __call__(self, visit: Visit, now: datetime) -> tuple[Sequence[AnyRow], Sequence[AnyRow]]:
        """The sessions that have not ended, and the browsers that are known."""
        person_id = visit.person.id
        with self.database.read() as connection:
            return (
                sessions.of_person(connection, person_id, now - LONGEST, now - IDLE),
                factors.devices(connection, person_id, now - DEVICES_KNOWN),
            )

    def events(self, visit: Visit) -> Sequence[AnyRow]:
        """The last steps of signing in, taken and failed (at, action), with this person's name."""
        with self.database.read() as connection:
            return trail.acts_of(connection, visit.person.id, OF_SIGNING_IN, EVENTS_SHOWN)

    def end(self, visit: Visit, session_id: bytes, now: datetime) -> None:
        """End one. Raises SessionOver."""
        with self.database.write() as connection:
            if not sessions.end_of_person(connection, visit.person.id, session_id, now):
                raise SessionOver
            trail.write_line(
                connection, at=now, action=Action.END_SESSION, person_id=visit.person.id
            )

    def end_others(self, visit: Visit, now: datetime) -> None:
        """End all but this one."""
        with self.database.write() as connection:
            own = visit.secret.session_id
            ended = sessions.end_others(connection, visit.person.id, own, now)
            about = [{"person_id": visit.person.id}] * ended
            trail.write_lines(connection, at=now, action=Action.END_SESSION, about=about)

    def forget_device(self, visit: Visit, device_id: bytes, now: datetime) -> None:
        """Let a browser be a stranger's again. Raises DeviceUnknown."""
        with self.database.write() as connection:
            if not factors.forget_device(connection, visit.person.id, device_id):
                raise DeviceUnknown
            trail.write_line(
                connection, at=now, action=Action.FORGET_DEVICE, person_id=visit.person.id
            )
