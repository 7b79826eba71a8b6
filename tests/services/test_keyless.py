"""While no key in use of an agency counts: what is sealed to it, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from intake.domain.note import Note
from intake.domain.recusal import Ground
from intake.domain.referral import Move, State
from intake.services.desks import NobodyCanOpen
from intake.services.record import Entry
from intake.services.recuse import NobodyLeft
from intake.store.tables import MoveRow, NoteRow, WrapRow
from tests.services import asking, keyless
from tests.services.sending import at, gang, hand_over, row_of
from tests.site import ANK, POL, SOC, YOU, Site

TEXT = "Soitto äidille."
Trouble = Callable[[Site, str], None]


def note(site: Site, referral: UUID, name: str = "soc") -> None:
    site.parts.write_note(site.visit(name), referral, uuid4(), Note(TEXT), site.hands())


def notes(site: Site) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(NoteRow)) or 0


@pytest.fixture
def waits(site: Site) -> UUID:
    """A report of social services; their new key waits, and the one before it is signed."""
    site.send()
    keyless.new_key_waits(site, "soc", SOC)
    found: UUID = at(site, SOC).id
    return found


def test_while_the_key_in_use_waits_a_note_is_sealed_to_the_key_of_the_reports_wrap(
    site: Site, waits: UUID
) -> None:
    note(site, waits)
    with site.parts.database.read() as connection:
        key = connection.scalars(select(NoteRow.agency_key_id)).one()
    assert key == keyless.wraps_key(site, waits)
    (written,) = site.parts.read(site.visit("soc-head"), waits, site.hands()).written.values()
    assert written == Note(TEXT)


def test_once_it_is_signed_the_key_in_use_is_sealed_to_again(site: Site, waits: UUID) -> None:
    keyless.sign(site)
    note(site, waits)
    with site.parts.database.read() as connection:
        key = connection.scalars(select(NoteRow.agency_key_id)).one()
    assert key == keyless.in_use(site, SOC)


@pytest.mark.parametrize("trouble", [keyless.unsign, keyless.alter])
def test_a_wraps_key_that_is_not_as_it_was_signed_is_never_sealed_to(
    site: Site, waits: UUID, trouble: Trouble
) -> None:
    trouble(site, keyless.wraps_key(site, waits))
    with pytest.raises(NobodyCanOpen):
        note(site, waits)
    assert notes(site) == 0


def test_the_signed_key_of_another_agency_that_a_wrap_names_is_never_sealed_to(
    site: Site, waits: UUID
) -> None:
    row = row_of(site, waits)
    with site.parts.database.write() as connection:
        renamed = update(WrapRow).where(WrapRow.referral_id == waits)
        connection.execute(renamed.values(agency_key_id=keyless.in_use(site, POL)))
    with pytest.raises(NobodyCanOpen):
        site.parts.respond.key_of(row, site.hands())


def test_nobody_is_shut_out_who_alone_could_open_it_by_the_key_of_its_wrap(
    site: Site, waits: UUID
) -> None:
    for name in ("soc-deputy", "soc-head"):
        site.parts.recuse(
            site.visit("soc"), waits, site.people[name], Ground.PARTY, "", site.hands()
        )
    with pytest.raises(NobodyLeft):
        site.parts.recuse(
            site.visit("soc"), waits, site.people["soc"], Ground.PARTY, "", site.hands()
        )


@pytest.mark.parametrize("trouble", [keyless.unsign, keyless.alter])
def test_what_was_sent_by_mistake_is_withdrawn_from_an_agency_no_key_of_which_counts(
    site: Site, trouble: Trouble
) -> None:
    site.send(gang())
    first = at(site, ANK).id
    sent = hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    trouble(site, keyless.in_use(site, YOU))
    entry = Entry(Move.WITHDRAW, reason="Väärä viranomainen.")
    site.parts.withdraw(site.visit("ank"), first, entry, site.hands.move(minutes=1))
    assert row_of(site, sent).state == State.WITHDRAWN
    with site.parts.database.read() as connection:
        there = select(MoveRow.sealed_reason).where(MoveRow.referral_id == sent)
        assert connection.scalars(there).all() == [None]
    opened = site.parts.read(site.visit("ank"), first, site.hands())
    assert "Väärä viranomainen." in opened.move_reasons.values()


@pytest.mark.parametrize("trouble", [keyless.unsign, keyless.alter])
@pytest.mark.parametrize("agency", [ANK, YOU])
def test_no_parts_are_asked_for_or_given_where_a_key_of_either_side_counts_no_more(
    site: Site, agency: str, trouble: Trouble
) -> None:
    lead, asker = asking.sent(site)
    request = asking.asked(site, lead, asker)
    other, further = asking.sent(site)
    trouble(site, keyless.in_use(site, agency))
    answer = asking.services(site)[1]
    with pytest.raises(NobodyCanOpen):
        answer.refuse(site.visit("ank"), lead, request, TEXT, site.hands())
    with pytest.raises(NobodyCanOpen):
        asking.asked(site, other, further)
