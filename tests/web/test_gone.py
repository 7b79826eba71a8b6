"""Pages and forms of reports that were withdrawn, closed or deleted: none of them fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from intake.domain.masked import Need
from intake.domain.referral import Move, State
from intake.domain.trail import Action
from intake.services.read import ReferralWithdrawn
from intake.services.record import Entry
from intake.services.show_protected import ShowProtected
from tests.services.asking import granted, sent
from tests.services.recorded import recorded
from tests.services.sending import at, gang, hand_over, lines, overtaken, row_of
from tests.site import ANK, HEA, Site, token_in
from tests.web.referral_routes import addresses
from tests.web.test_section_requests import ASKED

TYPED: dict[str, Any] = ASKED | {
    "need": "safety",
    "words": "Tarvitaan.",
    "text": "Soitettu.",
    "choice": "contacted",
    "ground": "party",
    "asked": Action.ACCESS.value,
    "outcome": "right refused",
    "basis": "1050/2018 §34",
}


def withdrawn(site: Site) -> tuple[str, UUID]:
    site.send(gang())
    first = at(site, ANK).id
    new = hand_over(site, site.visit("ank"), first, HEA, "consent", consent="Nuori.")
    mistake = Entry(Move.WITHDRAW, reason="Väärä viranomainen.")
    site.parts.withdraw(site.visit("ank"), first, mistake, site.hands.move(minutes=1))
    assert row_of(site, new).state == State.WITHDRAWN
    return "hea", new


def closed(site: Site) -> tuple[str, UUID]:
    lead, asker = sent(site)
    granted(site, lead, asker)
    for entry in (Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="Valmis.")):
        site.parts.respond(site.visit("you"), asker, entry, site.hands.move(minutes=1))
    return "you", asker


def handed_over(site: Site) -> tuple[str, UUID]:
    lead, asker = sent(site)
    granted(site, lead, asker)
    hand_over(site, site.visit("ank"), lead, HEA, "consent", consent="Nuori.")
    return "ank", lead


def deleted(site: Site) -> tuple[str, UUID]:
    _, referral = recorded(site)
    assert site.parts.retain(site.hands.move(days=90)) == 1
    return "soc-head", referral


@pytest.mark.on_both
@pytest.mark.parametrize("made", [withdrawn, closed, handed_over, deleted])
def test_no_page_and_no_form_fails(site: Site, made: Callable[[Site], tuple[str, UUID]]) -> None:
    name, referral = made(site)
    asked = list(addresses(site, str(referral)))
    assert len(asked) > len(Move)
    client = site.signed_in(name)
    token = token_in(client.get("/inbox").text)
    nothing: dict[str, Any] = {}
    for typed in (nothing, TYPED, TYPED | {"step": "withdraw"}, TYPED | {"step": "hand_over"}):
        for method, path in asked:
            site.hands.move(seconds=1)
            data = {"csrf_token": token, **typed} if method == "POST" else None
            answer = client.open(path, method=method, data=data)
            assert answer.status_code < 500, (method, path, typed)


@pytest.mark.on_both
def test_of_a_withdrawn_report_no_place_is_asked_for_or_shown(site: Site) -> None:
    name, referral = withdrawn(site)
    client = site.signed_in(name)
    path = f"/referrals/{referral}/protected"
    assert client.get(path).status_code == 303
    data = {"csrf_token": token_in(client.get("/inbox").text), **TYPED}
    answer = client.post(path, data=data)
    assert (answer.status_code, answer.location) == (303, f"/referrals/{referral}")
    assert lines(site, Action.SHOW_PROTECTED) == []


def test_no_line_says_that_a_place_was_shown_that_was_withdrawn_meanwhile(site: Site) -> None:
    site.send(gang())
    first, ank = at(site, ANK).id, site.visit("ank")
    new = hand_over(site, ank, first, HEA, "consent", consent="Nuori.")
    mistake = Entry(Move.WITHDRAW, reason="Väärä viranomainen.")
    now = site.hands.move(minutes=1)
    show = ShowProtected(site.parts.database, site.parts.read, site.parts.respond)
    late = overtaken(show, partial(site.parts.withdraw, ank, first, mistake, now))
    with pytest.raises(ReferralWithdrawn):
        late(site.visit("hea"), new, Need.SAFETY, "", now)
    assert lines(site, Action.SHOW_PROTECTED) == []
