"""What somebody who writes to the database seals in the place of what was sealed there: the key to
seal to is public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from intake.domain.note import Contact, Means, Note
from intake.domain.recusal import Ground
from intake.domain.rights import Outcome, RightBasis
from intake.domain.trail import Action
from intake.services.ask_sections import place as request_place
from intake.services.history import note_place
from intake.services.hold import REASON as HOLD
from intake.services.hold import Hold
from intake.services.line_detail import LINE_DETAIL
from intake.services.record import MOVE_REASON
from intake.services.record_right import RecordRight
from intake.services.recuse import REASON as RECUSAL
from intake.store.columns import AnyRow
from intake.store.need_to_know_tables import RecusalRow, SectionRequestRow
from intake.store.retention_tables import HoldRow
from intake.store.tables import MoveRow, NoteRow, ReferralRow, SectionRow, TrailRow
from intake.vault.open import open_for, open_section
from intake.vault.seal import seal_for, seal_section
from tests.services.asking import asked, granted, sent, services
from tests.services.sending import hand_over, row_of
from tests.site import SOC, Site

REPORT, LOOKED = "/referrals/{}", "/referrals/{}/lookers"
Put = Callable[[bytes], None]


@dataclass(frozen=True)
class Sealed:
    """One thing that is sealed, what it says, and how to put something else there. ``page`` shows
    it to ``reader``.
    """

    name: str
    reader: str
    page: str
    plain: bytes
    put: Put


def story(site: Site) -> list[Sealed]:
    """A report with something of every kind that pages of agencies open."""
    lead, asker = sent(site, children=2, protection={"may_need_protection": "no"})
    granted(site, lead, asker)
    refused = asked(site, lead, asker, "place_1")
    ank, parts = site.visit("ank"), site.parts
    services(site)[1].refuse(ank, lead, refused, "Ei tarvita.", site.hands.move(minutes=1))
    today = site.hands().date()
    contact = Contact(today, None, Means.PHONE, "Äiti", True, "Sovittiin aika.")
    for what in (Note("Soitto äidille."), contact):
        parts.write_note(ank, lead, uuid4(), what, site.hands.move(minutes=1))
    right = RecordRight(parts.database, parts.read, parts.respond)
    decided = Outcome.REFUSED, RightBasis.RESTRICTED
    right(ank, lead, Action.ACCESS, *decided, "Lapsen etu.", site.hands())
    new = hand_over(site, ank, lead, SOC, "notification")
    soc, deputy = site.visit("soc"), site.people["soc-deputy"]
    parts.recuse(soc, new, deputy, Ground.OTHER, "Naapuri.", site.hands.move(minutes=1))
    hold = Hold(parts.database, parts.read, parts.respond, parts.retain)
    last = today + timedelta(days=9)
    hold.put(site.visit("soc-head"), new, "Oikeudenkäynti.", last, site.hands())
    return [*_of_keys(site, lead, asker, new), *_of_sections(site, lead, new)]


def _of_keys(site: Site, lead: UUID, asker: UUID, new: UUID) -> Iterator[Sealed]:
    """What is sealed to an agency's key."""
    for each in _rows(site, NoteRow):
        where = note_place(lead, each.id, each.person_id)
        yield _of_key(site, "note", "ank", lead, NoteRow.sealed_content, each.id, where)
    for each in _rows(site, MoveRow):
        if each.sealed_reason:
            where = (MOVE_REASON, lead.bytes, each.id.bytes)
            yield _of_key(site, "move", "ank", lead, MoveRow.sealed_reason, each.id, where)
    for each in _rows(site, SectionRequestRow):
        for reader, referral, names in (
            ("ank", lead, ("asked", "given")),
            ("you", asker, ("own", "answer")),
        ):
            for name in names:
                column = getattr(SectionRequestRow, f"sealed_{name}")
                where = request_place(name, each.id)
                yield _of_key(site, name, reader, referral, column, each.id, where)
    (shut,) = _rows(site, RecusalRow)
    where = (RECUSAL, shut.report_id.bytes, shut.id.bytes)
    column = RecusalRow.sealed_reason
    yield _of_key(site, "recusal", "soc", new, column, shut.id, where, "/referrals/{}/recusal")
    (held,) = _rows(site, HoldRow)
    column, where = HoldRow.sealed_reason, (HOLD, held.id.bytes)
    yield _of_key(site, "hold", "soc-head", new, column, held.id, where, "/referrals/{}/holds")
    for line in _rows(site, TrailRow):
        if line.sealed_detail:
            reader = "ank" if line.referral_id == lead else "soc"
            where = (LINE_DETAIL, line.action, line.referral_id.bytes)
            column = TrailRow.sealed_detail
            name, page = f"detail of {line.action}", LOOKED
            yield _of_key(site, name, reader, line.referral_id, column, line.id, where, page)


def _of_key(
    site: Site,
    name: str,
    reader: str,
    referral: UUID,
    column: Any,
    row: UUID,
    where: tuple[str | bytes, ...],
    page: str = REPORT,
) -> Sealed:
    key = site.parts.read.agency_key(site.visit(reader), row_of(site, referral))
    place = column.class_.id == row
    with site.parts.database.read() as connection:
        plain = open_for(key, connection.execute(select(column).where(place)).scalar_one(), *where)
    write = partial(_write, site, column, place)
    return Sealed(
        name,
        reader,
        page.format(referral),
        plain,
        lambda said: write(seal_for(key.public(), said, *where)),
    )


def _of_sections(site: Site, lead: UUID, new: UUID) -> Iterator[Sealed]:
    """The sections of who leads, and why it came to both: under keys that a wrap may bring."""
    for reader, referral in (("ank", lead), ("soc", new)):
        row, read = row_of(site, referral), site.parts.read
        visit = site.visit(reader)
        keys = read.section_keys(visit, row, read.agency_key(visit, row))
        for slot in keys:
            whose = (SectionRow.report_id == row.report_id) & (SectionRow.slot == slot)
            column, place = SectionRow.sealed_content, whose
            if slot == "reasons":
                column, place = ReferralRow.sealed_reasons, ReferralRow.id == referral
            elif referral == new:
                continue
            with site.parts.database.read() as connection:
                sealed = connection.execute(select(column).where(place)).scalar_one()
            plain = open_section(keys[slot], row.report_id, slot, sealed)
            if plain:
                yield Sealed(
                    f"{slot} at {reader}",
                    reader,
                    REPORT.format(referral),
                    plain,
                    partial(_put_section, site, column, place, keys[slot], row, slot),
                )


def _put_section(
    site: Site, column: Any, place: Any, key: bytes, row: AnyRow, slot: str, said: bytes
) -> None:
    _write(site, column, place, seal_section(key, row.report_id, slot, said))


def _write(site: Site, column: Any, place: Any, sealed: bytes) -> None:
    with site.parts.database.write() as connection:
        connection.execute(update(column.class_).where(place).values({column.key: sealed}))


def _rows(site: Site, table: Any) -> list[AnyRow]:
    with site.parts.database.read() as connection:
        return list(connection.execute(select(table.__table__)))
