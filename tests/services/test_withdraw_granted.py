"""What a mistaken receiver granted, or was asked, ends with what was sent to it by mistake."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from intake import upkeep
from intake.domain.referral import Move
from intake.domain.section_request import RequestState
from intake.domain.trail import Action
from intake.services.answer_request import Given
from intake.services.ask_sections import Request, Wanted
from intake.services.list_deletions import read_list
from intake.services.record import Entry, MoveNotOpen
from intake.store.need_to_know_tables import SectionRequestRow
from tests.lived import empty_place, key_pair, making, opened
from tests.services import keyless
from tests.services.asking import CONSENT, WHY, asked, sections, sent, services
from tests.services.sending import hand_over, lines, overtaken
from tests.site import HEA, YOU, Site, built

FIRST = {"concern", "identity_1", "reporter"}
GIVEN = Given("consent", ("guardians",), "", CONSENT)
MISTAKE = Entry(Move.WITHDRAW, reason="Väärä viranomainen.")


def by_mistake(site: Site) -> tuple[UUID, UUID, UUID, UUID]:
    """Handed over by the lead to who is then asked: the three referrals, and the request."""
    lead, asker = sent(site)
    new = hand_over(site, site.visit("ank"), lead, HEA, "consent", consent="Nuori.")
    return lead, asker, new, asked(site, new, asker)


def grant(site: Site, new: UUID, request: UUID) -> None:
    now = site.hands.move(minutes=1)
    services(site)[1].grant(site.visit("hea"), new, request, GIVEN, now)


def withdraw(site: Site, lead: UUID) -> None:
    site.parts.withdraw(site.visit("ank"), lead, MISTAKE, site.hands.move(minutes=1))


def read_by_asker(site: Site, asker: UUID) -> Request:
    you = site.visit("you")
    row = site.parts.read.entitled(you, asker, site.hands())
    (request,) = services(site)[0].requests(you, row)
    return request


def test_what_a_mistaken_receiver_granted_opens_nothing_once_it_is_withdrawn(site: Site) -> None:
    lead, asker, new, request = by_mistake(site)
    grant(site, new, request)
    assert sections(site, "you", asker) == {*FIRST, "guardians"}
    withdraw(site, lead)
    assert sections(site, "you", asker) == FIRST
    read = read_by_asker(site, asker)
    assert (read.state, read.answer) == (RequestState.WITHDRAWN, {"reason": MISTAKE.reason})
    (line,) = lines(site, Action.WITHDRAW_SECTIONS)
    assert (line.agency_id, line.referral_id) == (YOU, asker)
    assert line.person_id == site.people["ank"]
    assert line.role


def test_what_waits_for_a_mistaken_receiver_is_refused_and_can_be_asked_anew(site: Site) -> None:
    lead, asker, new, request = by_mistake(site)
    withdraw(site, lead)
    read = read_by_asker(site, asker)
    assert (read.state, read.answer) == (RequestState.REFUSED, {"reason": MISTAKE.reason})
    assert [line.referral_id for line in lines(site, Action.REFUSE_SECTIONS)] == [asker]
    with pytest.raises(MoveNotOpen):
        grant(site, new, request)
    asked(site, lead, asker)


def test_no_restore_of_an_older_backup_brings_it_back(site: Site, tmp_path: Path) -> None:
    lead, asker, new, request = by_mistake(site)
    grant(site, new, request)
    private = key_pair(site, tmp_path)
    file = making(site)(tmp_path, site.hands()).file
    withdraw(site, lead)
    site.parts.list_deletions(site.hands())
    place = empty_place(tmp_path / "new")
    with upkeep.restore(place) as restore:
        restore(opened(file, private), read_list(site.parts.list_deletions.file), site.hands())
    parts = built(place, site.hands)
    try:
        assert sections(Site(parts, site.hands, site.people), "you", asker) == FIRST
    finally:
        parts.database.engine.dispose()


def test_a_grant_that_overtakes_the_withdrawal_ends_too_if_without_its_reason(site: Site) -> None:
    lead, asker, new, request = by_mistake(site)
    you = site.visit("you")
    ask, _ = services(site)
    wanted = Wanted(new, "consent", ("guardians",), WHY, CONSENT)
    services(site)[1].refuse(site.visit("hea"), new, request, "Ei tarpeen.", site.hands())

    def late() -> None:
        grant(site, new, ask(you, asker, wanted, site.hands.move(minutes=1)))

    overtaken(site.parts.withdraw, late)(site.visit("ank"), lead, MISTAKE, site.hands())
    assert sections(site, "you", asker) == FIRST
    with site.parts.database.read() as connection:
        of_it = select(SectionRequestRow.__table__).where(SectionRequestRow.id != request)
        row = connection.execute(of_it).one()
    assert (row.state, row.sealed_keys, row.sealed_answer) == (RequestState.WITHDRAWN, None, None)


def test_a_grant_to_an_agency_whose_key_does_not_count_ends_without_the_reason(site: Site) -> None:
    lead, asker, new, request = by_mistake(site)
    grant(site, new, request)
    keyless.unsign(site, keyless.wraps_key(site, asker))
    withdraw(site, lead)
    with site.parts.database.read() as connection:
        row = connection.execute(select(SectionRequestRow.__table__)).one()
    assert (row.state, row.sealed_keys, row.sealed_answer) == (RequestState.WITHDRAWN, None, None)
