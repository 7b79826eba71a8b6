"""Reports that social services have recorded in their client system, for the tests of deleting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from intake.domain.directory import Directory
from intake.domain.note import Note
from intake.domain.referral import Move
from intake.domain.row_id import new_id
from intake.services.record import Entry
from intake.services.retain import Going
from intake.store.tables import Base
from tests.services.sending import at
from tests.site import SOC, Site


def record(site: Site, referral: UUID, *, hand_in: bool = True, name: str = "soc") -> None:
    """Every deadline met at social services; recorded in the client system."""
    visit, now = site.visit(name), site.hands()
    day = now.date()
    entries = [
        Entry(Move.RECORD_URGENCY, choice="not_urgent"),
        Entry(Move.ACCEPT),
        Entry(Move.ASSESSMENT_NOT_NEEDED, reason="Perheellä on jo tuki.", happened_on=day),
    ]
    if hand_in:
        entries.append(Entry(Move.HAND_IN))
    for entry in entries:
        site.parts.respond(visit, referral, entry, site.hands.move(minutes=1))


def recorded(site: Site, **pages: Any) -> tuple[UUID, UUID]:
    """A report that social services alone got, wrote a note on and recorded: report, referral."""
    report = site.send(**pages).report_id
    row = at(site, SOC)
    site.parts.read(site.visit("soc"), row.id, site.hands())
    record(site, row.id)
    now = site.hands()
    site.parts.write_note(site.visit("soc"), row.id, new_id(now), Note("Soitettu kotiin."), now)
    return report, row.id


def preview(site: Site, days: int) -> list[Going]:
    """What goes until then."""
    return site.parts.retain.preview(site.hands(), days)


def count(site: Site, row: type[Base], *where: Any) -> int:
    """How many rows there are."""
    with site.parts.database.read() as connection:
        return len(connection.execute(select(row.__table__).where(*where)).all())


def with_figures(directory: Directory, controller: str, keep_days: int) -> Directory:
    """The directory with a figure of a controller's own."""
    known = directory.controllers
    return replace(
        directory,
        controllers={**known, controller: replace(known[controller], keep_days=keep_days)},
    )
