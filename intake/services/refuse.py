"""Leave a line when somebody tries a page that is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import trail
from intake.store.database import Database


@dataclass(frozen=True)
class Refuse:
    """Records a refusal before it is shown."""

    database: Database
    now: Callable[[], datetime]

    def __call__(self, visit: Visit, what: str, action: Action = Action.REFUSED) -> None:
        """``what``: the name of the page, never what was in its address."""
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=self.now(),
                action=action,
                person_id=visit.person.id,
                purpose=f"page {what}",
            )
