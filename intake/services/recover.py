"""Come back after a lost passphrase, by the code that was printed when one joined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from intake.domain.trail import Action
from intake.services.refuse_weak import refuse_weak
from intake.services.sign_in import Visit
from intake.services.tell_person import Event, tell, tell_of_tries
from intake.services.tries import MANY_TRIES, RECOVERY_CODE, Tries
from intake.store import factors, outbox, people, staff, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import DeviceSecret, PrivateKey, lock_person_key
from intake.vault.own import CodeMistyped
from intake.vault.passphrase import HASHING, PRODUCTION, Cost, HashingQueue
from intake.vault.recovery import (
    RecoveryCode,
    RecoveryCodeWrong,
    lock_for_recovery,
    unlock_for_recovery,
)

LETTER = "recovered"


class RecoveryRefused(Exception):
    """The name or the code is wrong, or the code was used before; which one is not told."""


class CodeReplaced(Exception):
    """The recovery code that was to be replaced has been replaced already."""


@dataclass(frozen=True)
class Recover:
    """Use of recovery codes, each once, and making of new ones.

    A right code cannot be guessed and never waits; wrong ones are counted and wait, as sign-ins do.
    """

    database: Database
    pepper: bytes
    cost: Cost = PRODUCTION
    queue: HashingQueue = HASHING

    def __call__(
        self,
        name: str,
        typed: str,
        passphrase: str,
        now: datetime,
        device: DeviceSecret | None = None,
    ) -> RecoveryCode:
        """Lock the person's key under a new passphrase, and end every session; the next code.

        The second factor stays as it is, and for passphrases the browser is known from now on.
        Raises what `refuse_weak` does, RecoveryRefused, SignInTooSoon in its place, HashingBusy.
        """
        name = name.strip().lower()
        refuse_weak(passphrase, (name,))
        with self.database.read() as connection:
            row = people.row_by_sign_in_name(connection, name)
        key = self._unlocked(row, typed)
        if row is None or key is None:
            self._refuse(name, row, now, device)
            raise RecoveryRefused
        code = RecoveryCode.new()
        locked = lock_person_key(
            key, passphrase, self.pepper, row.id, cost=self.cost, queue=self.queue, known=True
        )
        keys = {
            "sealed_private_key": locked,
            "sealed_recovery": lock_for_recovery(key, code, self.pepper, row.id),
        }
        if not self._write(row, keys, device, now):
            self._refuse(name, row, now, device)
            raise RecoveryRefused
        return code

    def new_code(self, visit: Visit, now: datetime, instead_of: str | None = None) -> RecoveryCode:
        """Another code for a person who is signed in; the former one opens nothing any more.

        ``instead_of`` names the former one, so that a page that is sent twice makes one code.
        Raises CodeReplaced where it is another by now.
        """
        code, person = RecoveryCode.new(), visit.person.id
        sealed = lock_for_recovery(visit.key, code, self.pepper, person)
        with self.database.write() as connection:
            there = _name(staff.recovery(connection, person, for_update=True))
            if instead_of not in (None, there):
                raise CodeReplaced
            staff.lock_for_recovery(connection, person, sealed, now)
            action = Action.NEW_RECOVERY_CODE
            trail.write_line(connection, at=now, action=action, person_id=person)
            tell(connection, person, now, Event.MADE_RECOVERY_CODE)
        return code

    def code_there(self, visit: Visit) -> str:
        """What names the code that opens this person's key; nothing where there is none."""
        with self.database.read() as connection:
            return _name(staff.recovery(connection, visit.person.id))

    def _unlocked(self, row: AnyRow | None, typed: str) -> PrivateKey | None:
        """None for whatever is wrong; a name that nobody has costs as much as a wrong code."""
        person_id = row.id if row else UUID(int=0)
        locked = row.sealed_recovery if row else None
        try:
            code = RecoveryCode.parse(typed)
            return unlock_for_recovery(locked or b"", code, self.pepper, person_id, str(person_id))
        except (CodeMistyped, RecoveryCodeWrong):
            return None

    def _write(
        self, row: AnyRow, keys: dict[str, bytes], device: DeviceSecret | None, now: datetime
    ) -> bool:
        """False if the code was used, or replaced, at the same moment."""
        with self.database.write() as connection:
            people.take_turn_to_try(connection)
            if not staff.hold_recovery(connection, row.id, row.sealed_recovery):
                return False
            staff.relock(connection, row.id, keys, now)
            staff.end_sessions(connection, row.id, now)
            if device is not None:
                factors.see_device(connection, device.way_back_id(row.id), row.id, now)
            trail.write_line(connection, at=now, action=Action.RECOVER, person_id=row.id)
            letter = outbox.new_letter(LETTER, now, {}, person_id=row.id)
            outbox.put_letters(connection, [letter])
        return True

    def _refuse(
        self, name: str, row: AnyRow | None, now: datetime, device: DeviceSecret | None
    ) -> None:
        tries, person = Tries(self.pepper), row.id if row else None
        with tries.counting(self.database, now) as connection:
            counted = tries.count(connection, RECOVERY_CODE, name, now, person, device)
            action = Action.RECOVER_FAILED
            trail.write_line(connection, at=now, action=action, person_id=person)
            if person is not None and counted.failed + 1 >= MANY_TRIES:
                tell_of_tries(connection, tries, person, Event.MANY_WRONG, now)


def _name(sealed_recovery: bytes | None) -> str:
    return sha256(sealed_recovery).hexdigest() if sealed_recovery else ""
