"""Notes and contacts: sealed to the agency that wrote them, once for each page, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from intake.domain.note import Contact, Means, Note
from intake.domain.referral import Move, State
from intake.domain.row_id import new_id
from intake.services.read import ReferralNotYours
from intake.services.record import Entry, MoveNotOpen
from intake.services.respond import DayImpossible
from intake.services.write_note import AlreadyWritten
from intake.store.tables import NoteRow
from intake.vault.envelope import EnvelopeDamaged
from tests.services.sending import at, gang, hand_over, lines
from tests.site import ANK, SOC, YOU, Site

NOTE = Note("Soitettu koululle.\nPalataan maanantaina.")
CONTACT = Contact(
    date(2026, 6, 2), time(10, 30), Means.PHONE, "Äiti", False, "Jätettiin soittopyyntö."
)


def stored(site: Site) -> Sequence[Any]:
    with site.parts.database.read() as connection:
        return connection.execute(select(NoteRow.__table__).order_by(NoteRow.made_at)).all()


def write(site: Site, name: str, referral: UUID, what: Any, note_id: UUID | None = None) -> UUID:
    note_id = note_id or new_id(site.hands())
    site.parts.write_note(site.visit(name), referral, note_id, what, site.hands())
    return note_id


def read(site: Site, name: str, referral: UUID) -> list[Any]:
    opened = site.parts.read(site.visit(name), referral, site.hands())
    return [opened.written[note.id] for note in opened.notes]


def test_colleagues_read_them_in_their_order_and_the_trail_has_a_line(site: Site) -> None:
    site.send()
    referral = at(site, SOC).id
    write(site, "soc", referral, NOTE)
    site.hands.move(minutes=5)
    write(site, "soc-head", referral, CONTACT)
    assert read(site, "soc-deputy", referral) == [NOTE, CONTACT]
    assert [line.person_id for line in lines(site, "note")] == [
        site.people["soc"],
        site.people["soc-head"],
    ]


def test_only_times_and_writers_are_open_in_the_database(site: Site) -> None:
    site.send()
    write(site, "soc", at(site, SOC).id, CONTACT)
    (row,) = stored(site)
    assert set(row._mapping) == {
        "id",
        "referral_id",
        "person_id",
        "made_at",
        "agency_key_id",
        "sealed_content",
    }
    for told in ("phone", "contact", "Äiti", "10:30", "2026-06-02"):
        assert told.encode() not in row.sealed_content


def test_a_note_and_a_contact_are_of_one_size(site: Site) -> None:
    site.send()
    for what in (NOTE, CONTACT, Note("x")):
        write(site, "soc", at(site, SOC).id, what)
    assert len({len(row.sealed_content) for row in stored(site)}) == 1


@pytest.mark.parametrize("column", ["id", "person_id", "referral_id"])
def test_a_note_opens_only_where_it_was_written_as_who_wrote_it(site: Site, column: str) -> None:
    site.send()
    site.hands.move(minutes=1)
    site.send()
    first, second = site.parts.read.inbox(site.visit("soc"), tuple(State))
    write(site, "soc", first.id, NOTE)
    moved = {"id": uuid4(), "person_id": site.people["soc-head"], "referral_id": second.id}
    with site.parts.database.write() as connection:
        connection.execute(update(NoteRow).values({column: moved[column]}))
    shown = second.id if column == "referral_id" else first.id
    with pytest.raises(EnvelopeDamaged):
        read(site, "soc", shown)


def test_one_page_sent_twice_makes_one_note(site: Site) -> None:
    site.send()
    referral = at(site, SOC).id
    page = write(site, "soc", referral, NOTE)
    site.hands.move(seconds=1)
    write(site, "soc", referral, NOTE, page)
    assert len(stored(site)) == 1
    assert len(lines(site, "note")) == 1


def test_a_page_sent_again_with_other_words_loses_none_of_them(site: Site) -> None:
    site.send()
    referral = at(site, SOC).id
    page = write(site, "soc", referral, NOTE)
    with pytest.raises(AlreadyWritten):
        write(site, "soc", referral, Note("Jotain muuta."), page)
    with pytest.raises(AlreadyWritten):
        write(site, "soc-head", referral, NOTE, page)
    assert read(site, "soc", referral) == [NOTE]


def test_they_stay_with_the_agency_that_wrote_them(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK).id
    write(site, "ank", first, NOTE)
    new = hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    assert read(site, "you", new) == []
    assert read(site, "ank", first) == [NOTE]
    with pytest.raises(MoveNotOpen):
        write(site, "ank", first, NOTE)


def test_after_the_ending_a_note_is_written_and_no_contact(site: Site) -> None:
    site.send()
    referral = at(site, SOC).id
    for entry in (Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="Valmis.")):
        site.parts.respond(site.visit("soc"), referral, entry, site.hands.move(minutes=1))
    write(site, "soc", referral, NOTE)
    with pytest.raises(MoveNotOpen):
        write(site, "soc", referral, CONTACT)


def test_an_ending_that_comes_first_keeps_a_contact_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send(gang())
    first = at(site, ANK).id
    place = type(site.parts.write_note).place

    def meanwhile(*given: Any) -> Any:
        row = place(*given)
        hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
        return row

    monkeypatch.setattr(type(site.parts.write_note), "place", meanwhile)
    with pytest.raises(MoveNotOpen):
        write(site, "ank", first, CONTACT)
    assert stored(site) == []


@pytest.mark.parametrize(
    ("on", "at_time"),
    [(date(2026, 6, 3), None), (date(2026, 6, 1), None), (date(2026, 6, 2), time(10, 43))],
)
def test_a_contact_is_neither_before_the_arrival_nor_yet_to_come(
    site: Site, on: date, at_time: time | None
) -> None:
    site.send()  # at 10.42
    contact = Contact(on, at_time, Means.PHONE, "Äiti", True)
    with pytest.raises(DayImpossible):
        write(site, "soc", at(site, SOC).id, contact)


def test_another_agency_writes_nothing(site: Site) -> None:
    site.send()
    with pytest.raises(ReferralNotYours):
        write(site, "pol", at(site, SOC).id, NOTE)
    assert stored(site) == []
