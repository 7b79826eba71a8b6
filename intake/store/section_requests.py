"""Further sections that agencies asked for: asked, answered, and the keys of what was granted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.orm import aliased

from intake.domain.referral import OPEN, State
from intake.domain.section_request import RequestState
from intake.store.columns import AnyRow
from intake.store.deletions import blank, put_for_good
from intake.store.need_to_know_tables import SectionRequestRow
from intake.store.tables import ReferralRow

GONE = frozenset({State.RETURNED, State.HANDED_OVER, State.WITHDRAWN, State.CANARY})
LEADING = frozenset(State) - GONE
"""In which states who leads a report has it still."""
GIVEN = frozenset({RequestState.GRANTED, RequestState.WITHDRAWN})
_ASKER, _LEAD = aliased(ReferralRow), aliased(ReferralRow)
_BOTH = (
    select(
        *SectionRequestRow.__table__.c,
        _ASKER.agency_id.label("asker_agency"),
        _ASKER.state.label("asker_state"),
        _LEAD.agency_id.label("lead_agency"),
    )
    .join(_ASKER, _ASKER.id == SectionRequestRow.asker_id)
    .join(_LEAD, _LEAD.id == SectionRequestRow.lead_id)
)


def leads(connection: Connection, referral: AnyRow) -> Sequence[AnyRow]:
    """The live referrals of the same report, at other agencies, that lead."""
    return connection.execute(
        select(ReferralRow.__table__)
        .where(
            ReferralRow.report_id == referral.report_id,
            ReferralRow.id != referral.id,
            ReferralRow.is_lead,
            ReferralRow.state.not_in(sorted(GONE)),
        )
        .order_by(ReferralRow.arrived_at, ReferralRow.id)
    ).all()


def of_referral(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """Requests that a referral's agency made, or that were made of it, oldest first; and what those
    granted from whom the referral came.
    """
    came = select(ReferralRow.came_from).where(ReferralRow.id == referral_id)
    former = came.cte("former", recursive=True)
    former = former.union(
        select(ReferralRow.came_from).join(former, former.c.came_from == ReferralRow.id)
    )
    return connection.execute(
        _BOTH.where(
            or_(
                SectionRequestRow.asker_id == referral_id,
                SectionRequestRow.lead_id == referral_id,
                and_(
                    SectionRequestRow.lead_id.in_(select(former.c.came_from)),
                    SectionRequestRow.state.in_(sorted(GIVEN)),
                ),
            )
        ).order_by(SectionRequestRow.asked_at, SectionRequestRow.id)
    ).all()


def waits(connection: Connection, asker_id: UUID) -> bool:
    """Whether a request of a referral waits for a live lead."""
    waiting = _BOTH.where(
        SectionRequestRow.asker_id == asker_id,
        SectionRequestRow.state == RequestState.ASKED,
        _LEAD.state.not_in(sorted(GONE)),
    )
    return connection.execute(waiting).first() is not None


def add(connection: Connection, values: dict[str, Any]) -> bool:
    """Add a request of a referral that is held; False while another of it waits for a live lead."""
    if waits(connection, values["asker_id"]):
        return False
    connection.execute(insert(SectionRequestRow).values(**values))
    return True


def answer(connection: Connection, asked: AnyRow, values: dict[str, Any]) -> bool:
    """Grant or refuse what was asked; False where it has been answered, or names other keys by now
    than those that the answer was sealed to.
    """
    still = _as_asked(asked), SectionRequestRow.state == RequestState.ASKED
    changed = connection.execute(update(SectionRequestRow).where(*still).values(**values))
    return changed.rowcount == 1


def made_of(connection: Connection, lead_id: UUID, *, hold: bool = False) -> Sequence[AnyRow]:
    """The requests made of a referral that wait or were granted. ``hold``: let nobody change them
    until the transaction ends.
    """
    stand = SectionRequestRow.state.in_([RequestState.ASKED, RequestState.GRANTED])
    found = _BOTH.where(SectionRequestRow.lead_id == lead_id, stand).order_by(SectionRequestRow.id)
    return connection.execute(found.with_for_update(of=SectionRequestRow) if hold else found).all()


def withdraw(
    connection: Connection, asked: AnyRow, person_id: UUID, answer: bytes | None, at: datetime
) -> bool:
    """Take the keys of what was granted away, so that no restore brings them back; False where
    nothing was granted, it has been withdrawn, or it names other keys by now.
    """
    this = SectionRequestRow.id == asked.id
    granted = _as_asked(asked), SectionRequestRow.state == RequestState.GRANTED
    state = RequestState.WITHDRAWN.value
    if not put_for_good(connection, SectionRequestRow.state, state, *granted, at=at):
        return False
    blank(connection, SectionRequestRow.sealed_keys, this, at=at)
    put_for_good(connection, SectionRequestRow.withdrawn_at, at, this, at=at)
    connection.execute(
        update(SectionRequestRow).where(this).values(withdrawn_by=person_id, sealed_answer=answer)
    )
    return True


def _as_asked(asked: AnyRow) -> Any:
    """The request, while neither side's key has been changed since it was read."""
    return and_(
        SectionRequestRow.id == asked.id,
        SectionRequestRow.lead_key_id == asked.lead_key_id,
        SectionRequestRow.asker_key_id == asked.asker_key_id,
    )


def granted(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """The sealed keys that a referral's agency was granted."""
    return connection.execute(
        select(SectionRequestRow.asker_key_id, SectionRequestRow.sealed_keys)
        .where(
            SectionRequestRow.asker_id == referral_id,
            SectionRequestRow.state == RequestState.GRANTED,
            SectionRequestRow.sealed_keys.is_not(None),
        )
        .order_by(SectionRequestRow.answered_at, SectionRequestRow.id)
    ).all()


def waiting(
    connection: Connection, agencies: Collection[str], shut: Collection[UUID]
) -> Sequence[AnyRow]:
    """The referrals of these agencies (id, reference) of which a request waits for an answer."""
    found = (
        select(_LEAD.id, _LEAD.reference)
        .join(SectionRequestRow, SectionRequestRow.lead_id == _LEAD.id)
        .join(_ASKER, _ASKER.id == SectionRequestRow.asker_id)
        .where(
            SectionRequestRow.state == RequestState.ASKED,
            _LEAD.agency_id.in_(sorted(agencies)),
            _LEAD.state.not_in(sorted(GONE)),
            _ASKER.state.in_(sorted(OPEN)),
            _LEAD.id.not_in(list(shut)),
        )
        .order_by(SectionRequestRow.asked_at, SectionRequestRow.id)
    )
    return connection.execute(found).all()
