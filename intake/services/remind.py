"""What is written of one step for one of its readers: a reminder, and an urgent one's letter."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from intake.domain.promised import Taking
from intake.domain.row_id import new_id
from intake.services.gather import LETTER
from intake.services.readers import Reader
from intake.store.columns import AnyRow
from intake.store.outbox import new_letter
from intake.store.reminders import Swept


def remind(
    swept: Swept,
    row: AnyRow,
    reader: Reader,
    *,
    chase_id: UUID,
    to: str,
    number: int | None,
    of: int | None,
    coming: Taking | None,
    urgent: bool,
    may_take_over: bool,
    now: datetime,
) -> None:
    """Add it to what is to be written of a deadline's ``row``.

    ``to``: whom the step is for. ``number``, ``of``: which reminder of how many it is; None beside
    the plan, or where it has no end. ``coming``: what comes if nothing is recorded.
    """
    absent = reader.absent
    until = absent.until.isoformat() if absent and absent.until else None
    params = {
        "reference": row.reference,
        "referral": str(row.referral_id),
        "deadline": str(row.id),
        "agency": row.agency_id,
        "clock": row.clock,
        "due_on": row.due_on.isoformat(),
        "late": row.due_at <= now,
        "number": number,
        "of": of,
        "to": to,
        "reader": reader.role,
        "for": {"name": absent.name, "until": until} if absent else None,
        "urgent": urgent,
        "may_take_over": may_take_over,
        "next_to": coming.to if coming else None,
        "next_at": coming.at.isoformat() if coming else None,
    }
    letters = [new_letter(LETTER, now, params, person_id=reader.person_id)] if urgent else []
    swept.letters += letters
    swept.reminders.append(
        {
            "id": new_id(now),
            "person_id": reader.person_id,
            "deadline_id": row.id,
            "chase_id": chase_id,
            "role": reader.role,
            "for_id": absent.person_id if absent else None,
            "urgent": urgent,
            "params": params,
            "created_at": now,
            "letter_id": letters[0]["id"] if letters else None,
        }
    )
