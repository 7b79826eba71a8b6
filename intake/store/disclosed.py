"""What an agency has of a referral, and on which basis, as the trail tells it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, and_, or_, select

from intake.domain.contents import SECTIONS
from intake.domain.section_request import RequestState
from intake.domain.trail import Action, joined
from intake.store.need_to_know_tables import SectionRequestRow
from intake.store.tables import TrailRow


@dataclass(frozen=True)
class Disclosed:
    """``parts``: the kinds of sections; ``basis``: provisions or consent, None where no line names
    any.
    """

    parts: tuple[str, ...]
    basis: str | None


def disclosed(connection: Connection, referral_id: UUID) -> Disclosed:
    """By the lines of what came with the referral and of what was granted since, but for what was
    withdrawn: a line of that does not say which grant, the request does, by when it was answered.

    No other words than the kinds: each door's role may add lines, and what does not fit into the
    line of a reading would keep the report from being read.
    """
    standing = select(SectionRequestRow.answered_at).where(
        SectionRequestRow.asker_id == referral_id,
        SectionRequestRow.state == RequestState.GRANTED,
        SectionRequestRow.sealed_keys.is_not(None),
    )
    lines = connection.execute(
        select(TrailRow.purpose, TrailRow.basis)
        .where(
            TrailRow.referral_id == referral_id,
            or_(
                TrailRow.action.in_((Action.SEND, Action.DISCLOSE)),
                and_(TrailRow.action == Action.GRANT_SECTIONS, TrailRow.at.in_(standing)),
            ),
        )
        .order_by(TrailRow.at, TrailRow.sequence)
    ).all()
    told = {part for line in lines if line.purpose for part in line.purpose.split(", ")}
    bases = joined(line.basis for line in lines if line.basis)
    return Disclosed(tuple(sorted(told & SECTIONS.keys())), bases or None)
