"""Reading and writing rule sets: texts, what is in force since when, drafts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from intake.store.canaries import THERE
from intake.store.columns import AnyRow
from intake.store.deletions import put_for_good
from intake.store.people_tables import PersonRow
from intake.store.rule_tables import PublicationRow, RuleDraftRow, RuleTextRow
from intake.store.tables import DecisionRow, FactsKeyRow

DECISIONS_AT_ONCE = 100  # of some 8 kB each: what is read stays in the processor's cache


def lock(connection: Connection) -> None:
    """Keep others from publishing and withdrawing until this transaction ends."""
    first = select(PublicationRow.id).where(PublicationRow.follows.is_(None))
    connection.execute(first.with_for_update())


def timeline(connection: Connection) -> Sequence[AnyRow]:
    """What was published and not withdrawn: id, layer, digest and since when, the oldest first."""
    return connection.execute(
        select(
            PublicationRow.id,
            PublicationRow.layer,
            PublicationRow.digest,
            PublicationRow.in_force_at,
        )
        .where(PublicationRow.withdrawn_at.is_(None))
        .order_by(PublicationRow.in_force_at, PublicationRow.published_at, PublicationRow.id)
    ).all()


def texts(connection: Connection, digests: Collection[str]) -> Mapping[str, str]:
    """The texts of these digests."""
    rows = connection.execute(
        select(RuleTextRow.digest, RuleTextRow.content).where(RuleTextRow.digest.in_(digests))
    )
    return {row.digest: row.content for row in rows}


def texts_by_prefix(connection: Connection, prefix: str) -> Mapping[str, tuple[str, str]]:
    """Layer and text of each set whose digest begins so."""
    rows = connection.execute(
        select(*RuleTextRow.__table__.c).where(RuleTextRow.digest.startswith(prefix))
    )
    return {row.digest: (row.layer, row.content) for row in rows}


def publications(connection: Connection, layer: str | None = None) -> Sequence[AnyRow]:
    """Every publication with the names of its two people, the last to be in force first."""
    proposer = PersonRow.__table__.alias("proposer")
    publisher = PersonRow.__table__.alias("publisher")
    statement = (
        select(
            *PublicationRow.__table__.c,
            proposer.c.name.label("proposer"),
            publisher.c.name.label("publisher"),
        )
        .outerjoin(proposer, proposer.c.id == PublicationRow.proposed_by)
        .outerjoin(publisher, publisher.c.id == PublicationRow.published_by)
        .order_by(
            PublicationRow.in_force_at.desc(),
            PublicationRow.published_at.desc(),
            PublicationRow.id.desc(),
        )
    )
    if layer is not None:
        statement = statement.where(PublicationRow.layer == layer)
    return connection.execute(statement).all()


def publication(connection: Connection, publication_id: UUID) -> AnyRow | None:
    """One publication."""
    return connection.execute(
        select(*PublicationRow.__table__.c).where(PublicationRow.id == publication_id)
    ).one_or_none()


def last_publication(connection: Connection) -> UUID | None:
    """The one that no other follows yet."""
    following = PublicationRow.__table__.alias("following")
    return connection.scalar(
        select(PublicationRow.id)
        .outerjoin(following, following.c.follows == PublicationRow.id)
        .where(following.c.id.is_(None))
    )


def add_text(connection: Connection, digest: str, layer: str, content: str, now: datetime) -> None:
    """Keep a text, once."""
    known = select(RuleTextRow.digest).where(RuleTextRow.digest == digest)
    if connection.execute(known).one_or_none() is None:
        row = {"digest": digest, "layer": layer, "content": content, "made_at": now}
        connection.execute(insert(RuleTextRow).values(**row))


def publish(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a publication."""
    connection.execute(insert(PublicationRow).values(**row))


def withdraw(
    connection: Connection, publication_id: UUID, now: datetime, *, until: datetime
) -> bool:
    """Withdraw for good a publication that is not in force ``until`` then; whether there was."""
    return bool(
        put_for_good(
            connection,
            cast(InstrumentedAttribute[Any], PublicationRow.withdrawn_at),
            now,
            PublicationRow.id == publication_id,
            PublicationRow.withdrawn_at.is_(None),
            PublicationRow.in_force_at > until,
            at=now,
        )
    )


def drafts(connection: Connection) -> Sequence[AnyRow]:
    """Open drafts with the names of who saved and who proposed them, the newest first."""
    newest = RuleDraftRow.saved_at.desc(), RuleDraftRow.id.desc()
    return connection.execute(_open_drafts().order_by(*newest)).all()


def draft(connection: Connection, draft_id: UUID) -> AnyRow | None:
    """One open draft, with the names of these two."""
    return connection.execute(_open_drafts().where(RuleDraftRow.id == draft_id)).one_or_none()


def _open_drafts() -> Select[Any]:
    saver = PersonRow.__table__.alias("saver")
    proposer = PersonRow.__table__.alias("proposer")
    return (
        select(
            *RuleDraftRow.__table__.c,
            saver.c.name.label("saver"),
            proposer.c.name.label("proposer"),
        )
        .outerjoin(saver, saver.c.id == RuleDraftRow.saved_by)
        .outerjoin(proposer, proposer.c.id == RuleDraftRow.proposed_by)
        .where(RuleDraftRow.closed_at.is_(None))
    )


def add_draft(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a draft."""
    connection.execute(insert(RuleDraftRow).values(**row))


def change_draft(connection: Connection, row: AnyRow, **values: Any) -> bool:
    """Change an open draft unless somebody has saved or proposed it meanwhile; whether it was."""
    changed = connection.execute(
        update(RuleDraftRow)
        .where(
            RuleDraftRow.id == row.id,
            RuleDraftRow.closed_at.is_(None),
            RuleDraftRow.saved_at == row.saved_at,
            RuleDraftRow.proposed_at.is_not_distinct_from(row.proposed_at),
        )
        .values(**values)
    )
    return bool(changed.rowcount)


def decisions(
    connection: Connection, newest: int | None = None, before: datetime | None = None
) -> Iterator[AnyRow]:
    """Each stored decision with its data key, in any order; a few in memory. Not those of canaries.

    ``newest``: only so many of the newest. ``before``: only those of reports that had arrived then.
    """
    statement = select(
        DecisionRow.sealed_facts,
        DecisionRow.facts_key_id,
        FactsKeyRow.sealed_key,
        DecisionRow.report_id,
        DecisionRow.rules_digest,
        DecisionRow.decided_at,
    ).join(FactsKeyRow, FactsKeyRow.id == DecisionRow.facts_key_id)
    if newest is not None:
        last = (
            select(DecisionRow.report_id)
            .where(*_until(before))
            .order_by(DecisionRow.decided_at.desc(), DecisionRow.report_id)
            .limit(newest)
        )
        statement = statement.where(DecisionRow.report_id.in_(last))
    statement = statement.where(*_until(before))
    yield from connection.execute(statement, execution_options={"yield_per": DECISIONS_AT_ONCE})


def count_decisions(connection: Connection, before: datetime | None = None) -> int:
    """How many decisions are stored, or were ``before``."""
    counted = select(func.count()).select_from(DecisionRow).where(*_until(before))
    return connection.scalar(counted) or 0


def _until(before: datetime | None) -> list[ColumnElement[bool]]:
    """Of reports that somebody sent, and whose content is there: facts go with it."""
    real = [DecisionRow.report_id.not_in(THERE), DecisionRow.sealed_facts != b""]
    return real if before is None else [*real, DecisionRow.decided_at < before]
