from __future__ import annotations

import pytest

from intake.app import create_app
from intake.domain.answers import worry_of
from intake.domain.referral import State
from intake.vault.own import VisitorSecret
from tests.site import SOC, Site, token_in, worry_answers
from tests.web.reporter_walk import (
    CHILD,
    CONSENT,
    GUARDIAN,
    OBSERVATIONS,
    REPORTER,
    WAY,
    WORRY,
    Walk,
    code_in,
    errors_in,
)


@pytest.fixture
def walk(site: Site) -> Walk:
    return Walk(site.client())


def test_a_teacher_goes_the_whole_way_to_a_receipt(site: Site, walk: Walk) -> None:
    assert "09 000 0104" in walk.get("/")
    assert walk.post("/report/who", WAY["who"]) == "/report/reporter"
    assert walk.post("/report/reporter", REPORTER) == "/report/children"
    assert walk.post("/report/child/1", CHILD) == "/report/children"
    assert "Lapsi 1: Kaisla Keksitty" in walk.get("/report/children")
    assert walk.post("/report/guardian/1", GUARDIAN) == "/report/guardians"
    assert walk.post("/report/worry", WORRY) == "/report/urgency"
    assert walk.post("/report/urgency", WAY["urgency"]) == "/report/protection"
    assert walk.post("/report/protection", WAY["protection"]) == "/report/observations"
    assert walk.post("/report/observations", OBSERVATIONS) == "/report/consent"
    assert walk.post("/report/consent", CONSENT) == "/report/check"
    check = walk.get("/report/check")
    assert "Vantaan ja Keravan hyvinvointialue, lastensuojelu" in check
    assert "Lastensuojeluilmoitus" in check
    assert "417/2007 §25.1" in check
    assert OBSERVATIONS["seen"] in check
    code = walk.send()
    receipt = walk.get("/receipt")
    assert code_in(receipt) == code
    assert "Tallennettu ti 2.6.2026 klo 10.42." in receipt
    assert "Kukaan ei ole vielä avannut ilmoitusta." in receipt
    assert "Kiireellisyyden arviointi, viimeistään ti 2.6.2026" in receipt
    (referral,) = site.parts.read.inbox(site.visit("soc"), (State.SENT,))
    assert referral.agency_id == SOC


def test_the_answers_typed_are_the_worry_that_is_sent(site: Site, walk: Walk) -> None:
    walk.fill(guardian_1=None)
    walk.send()
    secret = VisitorSecret.parse(walk.cookie())
    receipt = site.parts.submit.receipt(secret)
    assert receipt is not None
    assert receipt.copy is not None
    assert worry_of(receipt.copy) == worry_of(worry_answers())


def test_what_was_typed_is_there_on_going_back_and_after_a_restart(site: Site, walk: Walk) -> None:
    walk.fill(consent=None)
    again = Walk(create_app(site.parts).test_client())
    again.client.set_cookie("ankkuri_draft", walk.cookie())
    assert 'value="Outi Opettaja"' in again.get("/report/reporter")
    assert 'value="010516A901V"' in again.get("/report/child/1")
    assert OBSERVATIONS["seen"] in again.get("/report/observations")
    assert "Tässä selaimessa on keskeneräinen ilmoitus." in again.get("/")


def test_what_does_not_hold_is_kept_too(walk: Walk) -> None:
    wrong = REPORTER | {"phone": "soita", "post": ""}
    walk.post("/report/who", WAY["who"])
    page = walk.post("/report/reporter", wrong, 422)
    assert errors_in(page) == [
        "Kirjoita tehtäväsi.",
        "Kirjoita puhelinnumero numeroin, esimerkiksi 040 123 4567.",
    ]
    assert 'value="soita"' in page
    assert 'value="soita"' in walk.get("/report/reporter")


def test_change_leads_back_to_the_check_page(walk: Walk) -> None:
    walk.fill()
    assert 'href="/report/observations?from=check#seen"' in walk.get("/report/check")
    changed = OBSERVATIONS | {"seen": "Toinen kertomus."}
    assert walk.post("/report/observations?from=check", changed) == "/report/check"
    assert "Toinen kertomus." in walk.get("/report/check")


def test_a_draft_with_gaps_is_not_sent_and_every_gap_is_linked(walk: Walk) -> None:
    walk.fill(reporter=None, child_1=None, consent=None)
    page = walk.get("/report/check")
    token = token_in(walk.get("/report/who"))
    refused = walk.post_with(token, "/report/send", {}, 422)
    for shown in (page, refused):
        assert "Kirjoita nimesi." in errors_in(shown)
        assert "Kerro ainakin yhdestä lapsesta." in errors_in(shown)
        assert "Valitse, tietääkö lapsi ilmoituksesta." in errors_in(shown)
        assert 'href="/report/reporter?from=check#name"' in shown
        assert 'href="/report/child/1?from=check"' in shown
        assert "Lähetä ilmoitus" not in shown
    walk.get("/receipt", 404)


def test_an_emergency_must_call_112_before_it_is_sent(walk: Walk) -> None:
    emergency = WAY["urgency"] | {"urgency": "emergency"}
    walk.fill(urgency=None)
    assert walk.post("/report/urgency", emergency) == "/report/call-112"
    assert "Soita 112:een ennen kuin lähetät ilmoituksen." in errors_in(walk.get("/report/check"))
    walk.post_with(token_in(walk.get("/report/who")), "/report/send", {}, 422)
    assert 'href="tel:112"' in walk.get("/report/call-112")
    assert walk.post("/report/call-112", {}) == "/report/protection"
    assert "sosiaalipäivystys" in walk.get("/report/check")
    walk.send()


def test_a_new_emergency_asks_for_the_call_again(walk: Walk) -> None:
    emergency = WAY["urgency"] | {"urgency": "emergency"}
    walk.fill(urgency=emergency)
    walk.post("/report/call-112", {})
    assert walk.post("/report/urgency", WAY["urgency"]) == "/report/protection"
    assert walk.post("/report/urgency", emergency) == "/report/call-112"


def test_children_are_added_changed_and_taken_out(walk: Walk) -> None:
    walk.fill()
    for number in range(2, 7):
        child = CHILD | {"name": f"Lapsi Keksitty {number}", "hetu": "", "age": "9"}
        assert walk.post(f"/report/child/{number}", child) == "/report/children"
    page = walk.get("/report/children")
    assert "Yhteen ilmoitukseen mahtuu kuusi lasta." in page
    assert "/report/child/7" not in page
    walk.get("/report/child/7", 404)
    removal = walk.get("/report/child/2/remove")
    assert "Lapsi 2: Lapsi Keksitty 2" in removal
    gone = {"people": "6"}
    walk.post_with(token_in(removal), "/report/child/2/remove", gone)
    walk.post_with(token_in(removal), "/report/child/2/remove", gone)  # the second click
    page = walk.get("/report/children")
    assert "Lapsi Keksitty 2" not in page
    assert "Lapsi 5: Lapsi Keksitty 6" in page


def test_of_several_topics_the_one_that_matters_most_is_asked(walk: Walk) -> None:
    several = WORRY | {"categories": ["bullying", "neglect"]}
    walk.fill(worry=None)
    assert walk.post("/report/worry", several) == "/report/primary"
    page = walk.get("/report/primary")
    assert 'value="bullying"' in page
    assert 'value="gang"' not in page
    assert "Valitse, mikä on tärkein." in errors_in(walk.get("/report/check"))
    assert walk.post("/report/primary", {"primary": "bullying"}) == "/report/urgency"
    walk.send()


def test_a_private_person_may_stay_anonymous(site: Site, walk: Walk) -> None:
    nobody = {"anonymous": "y", "name": "", "phone": "", "already_called": "", "notice_address": ""}
    walk.fill(who={"kind": "private_person"}, reporter=None)
    walk.post("/report/reporter", nobody)
    walk.send()
    receipt = site.parts.submit.receipt(VisitorSecret.parse(walk.cookie()))
    assert receipt is not None
    assert receipt.copy is not None
    assert worry_of(receipt.copy).reporter.anonymous


def test_a_professional_is_never_anonymous(walk: Walk) -> None:
    walk.post("/report/who", WAY["who"])
    assert "nimettömänä" not in walk.get("/report/reporter")
    page = walk.post("/report/reporter", REPORTER | {"anonymous": "y", "name": ""}, 422)
    assert "Kirjoita nimesi." in errors_in(page)


def test_a_child_is_shown_116_111_first(walk: Walk) -> None:
    walk.post("/report/who", {"kind": "child"})
    page = walk.get("/report/reporter")
    assert page.index("116 111") < page.index("<form")


def test_a_child_who_reports_about_itself_is_told_what_to_answer(walk: Walk) -> None:
    hint = "Jos ilmoitus koskee sinua itseäsi, valitse Kyllä."
    assert hint not in walk.get("/report/consent")
    walk.post("/report/who", {"kind": "child"})
    assert hint in walk.get("/report/consent")


def test_who_gets_the_identity_code_is_told_where_there_is_one(walk: Walk) -> None:
    walk.fill(child_1={"hetu": "010516A901V", "age": ""})
    assert "nimi, henkilötunnus, ikä" in walk.get("/report/check")
    walk.post("/report/child/1", CHILD | {"hetu": "", "age": "9"})
    assert "henkilötunnus, ikä" not in walk.get("/report/check")


def test_a_suspected_guardian_is_not_to_be_told(walk: Walk) -> None:
    walk.fill(guardian_1={"suspected_perpetrator": "yes"})
    assert "Älä kerro ilmoituksesta huoltajalle ennen kuin" in walk.get("/report/check")


def test_a_report_past_social_services_says_that_the_duty_is_not_met(walk: Walk) -> None:
    walk.fill(
        worry={"categories": ["offence_by_child"]},
        protection={"may_need_protection": "no"},
        consent={"child_consent": "given", "consent_to": ["ANK"]},
    )
    page = walk.get("/report/check")
    assert "Vain ilmoitus sosiaalipalveluihin täyttää ammattilaisen ilmoitusvelvollisuuden" in page
    assert "Lähetä ilmoitus" in page


def test_a_report_that_nobody_may_get_advises_instead_of_a_button(walk: Walk) -> None:
    walk.fill(child_1={"hetu": "", "age": "19"})
    page = walk.get("/report/check")
    assert "Ilmoitusta ei voi lähettää näillä tiedoilla" in page
    assert "aikuisten sosiaalipalveluihin" in page
    assert "09 000 0104" in page
    assert "Lähetä ilmoitus" not in page
    walk.post_with(token_in(walk.get("/report/who")), "/report/send", {}, 422)
    walk.get("/receipt", 404)


def test_health_goes_only_to_those_who_need_it(walk: Walk) -> None:
    walk.fill(
        observations={"health": "Diabetes."},
        protection={"crime_against_child": "violence"},
    )
    page = walk.get("/report/check")
    social, police = page.split("<h3>")[1:3]
    assert "Tiedot lapsen terveydestä" in social
    assert "poliisilaitos" in police
    assert "Tiedot lapsen terveydestä" not in police


def test_where_only_a_consent_is_missing_the_way_to_it_is_shown(walk: Walk) -> None:
    walk.fill(
        worry={"categories": ["mental_health"]},
        protection={"may_need_protection": "no"},
    )
    page = walk.get("/report/check")
    assert "Pyydä nuorelta suostumus tai kysy neuvoa puhelimitse nimiä mainitsematta." in page
    assert 'href="/report/consent?from=check#child_consent"' in page
    assert "Lähetä ilmoitus" not in page


def test_a_child_who_refused_is_not_to_be_asked_again(walk: Walk) -> None:
    walk.fill(
        worry={"categories": ["mental_health"]},
        protection={"may_need_protection": "no"},
        consent={"child_consent": "refused"},
    )
    page = walk.get("/report/check")
    assert "lapsi on kieltänyt sen" in page
    assert "Pyydä nuorelta" not in page


def test_what_social_services_get_without_a_notification_is_a_contact_for_support(
    walk: Walk,
) -> None:
    walk.fill(worry={"categories": ["other"]}, protection={"may_need_protection": "no"})
    assert "Yhteydenotto tuen tarpeen arvioimiseksi" in walk.get("/report/check")
