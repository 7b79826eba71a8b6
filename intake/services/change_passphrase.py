"""Change one's own passphrase: the same key, locked anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from intake.domain.trail import Action
from intake.services.refuse_weak import refuse_weak
from intake.services.sign_in import SignIn, SignInRefused, Visit
from intake.services.tell_person import Event, tell
from intake.store import people, sessions, trail
from intake.vault.keyring import DeviceSecret, lock_person_key


@dataclass(frozen=True)
class ChangePassphrase:
    """By the old one."""

    sign_in: SignIn

    def about(self, visit: Visit) -> tuple[str, ...]:
        """What a passphrase of this person must not be made of."""
        with self.sign_in.database.read() as connection:
            name = people.sign_in_name(connection, visit.person.id)
        return visit.person.name, visit.person.email, name

    def __call__(
        self, visit: Visit, old: str, new: str, now: datetime, device: DeviceSecret | None
    ) -> None:
        """Lock the key under the new passphrase, and end every other session.

        Raises PassphraseTooShort, PassphraseTooPlain, PassphraseKnown, PassphraseGuessable, and
        what a sign-in does.
        """
        refuse_weak(new, self.about(visit))
        was = self.sign_in.check(visit, old, now, device)
        person_id = visit.person.id
        locked = lock_person_key(
            visit.key,
            new,
            self.sign_in.pepper,
            person_id,
            cost=self.sign_in.cost,
            queue=self.sign_in.queue,
            known=True,
        )
        with self.sign_in.database.write() as connection:
            if not people.lock_anew(connection, person_id, was, locked):
                raise SignInRefused  # it was changed, or replaced, meanwhile
            sessions.end_others(connection, person_id, visit.secret.session_id, now)
            trail.write_line(
                connection, at=now, action=Action.CHANGE_PASSPHRASE, person_id=person_id
            )
            tell(connection, person_id, now, Event.CHANGED_PASSPHRASE)
