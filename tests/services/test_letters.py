"""Letters: what is due, to whom and where to; nothing about a child or why it came."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

import config
from intake.post.letter import Letter
from intake.services.letters import Letters
from intake.store.people_tables import PersonRow
from intake.vault.keyring import new_key_pair
from tests.site import PRI, SOC, TUESDAY, YOU, Site
from tests.web.test_staff_referral import family

ROW = UUID(int=7)
REPLAY = new_key_pair("replay-1")
PARAMS: dict[str, Any] = {
    "reference": "K7-204193",
    "referral": "11111111-2222-3333-4444-555555555555",
    "agency": SOC,
    "clock": "accept",
    "due_on": "2026-06-11",
    "late": False,
    "number": 2,
    "of": 6,
    "to": "worker",
    "reader": "worker",
    "next_to": "head",
    "next_at": "2026-06-12T06:00:00+00:00",
}


@pytest.fixture
def letters(site: Site) -> Letters:
    return Letters(
        config.PROJECT / "templates",
        site.parts.directory,
        site.parts.clocks,
        "https://ankkuri.invalid",
        "https://ilmoita.invalid",
        REPLAY,
    )


def written(letters: Letters, language: str = "fi", **changes: Any) -> Letter:
    row: Any = SimpleNamespace(
        id=ROW,
        report_id=None,
        letter="chase",
        params=PARAMS | changes,
        email="saana@ankkuri.invalid",
        name="Saana Sosiaali",
        language=language,
        created_at=TUESDAY,
    )
    return letters(row)


def test_a_reminder_says_what_is_due_by_when_and_what_comes_next(letters: Letters) -> None:
    letter = written(letters)
    assert letter.text == (
        "Muistutus 2/6. Ilmoitus K7-204193: käsittelyyn ottamista ei ole kirjattu.\n"
        "Kirjaa viimeistään to 11.6.2026.\n"
        "Saat tämän viranomaisen käsittelijänä.\n"
        "Muuten asia siirtyy esihenkilölle pe 12.6.2026 klo 9.00.\n"
        "\n"
        "Kirjaudu palveluun:\n"
        "https://ankkuri.invalid/referrals/11111111-2222-3333-4444-555555555555\n"
    )
    assert letter.message_id == f"{ROW}@intake"
    assert (letter.to_name, letter.to_address) == ("Saana Sosiaali", "saana@ankkuri.invalid")
    assert letter.as_mail("Ankkuri <a@ankkuri.invalid>").as_bytes()


def test_a_late_one_says_that_the_deadline_was(letters: Letters) -> None:
    text = written(letters, late=True).text
    assert "Määräaika oli to 11.6.2026. Kirjaa heti." in text
    assert "viimeistään" not in text


def test_the_last_one_promises_no_next(letters: Letters) -> None:
    text = written(letters, next_to=None, next_at=None).text
    assert "Muuten" not in text
    assert "Seuraava" not in text


def test_the_same_reader_is_told_when_the_next_one_comes(letters: Letters) -> None:
    assert (
        "Seuraava muistutus tulee pe 12.6.2026 klo 9.00." in written(letters, next_to="worker").text
    )


def test_a_supervisor_is_led_to_the_deadlines_never_to_the_report(letters: Letters) -> None:
    text = written(letters, reader="supervisor", late=True).text
    assert text.endswith("https://ankkuri.invalid/deadlines\n")
    assert "Viranomainen: Vantaan ja Keravan hyvinvointialue, lastensuojelu." in text
    assert "/referrals/" not in text


def test_every_letter_has_the_one_subject_of_its_language(letters: Letters) -> None:
    for language in ("fi", "sv", "en"):
        subjects = {
            written(letters, language, clock=clock, late=late).subject
            for clock in letters.clocks
            for late in (True, False)
        }
        assert len(subjects) == 1
        assert "K7" not in subjects.pop()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_clock_has_words_in_every_language(letters: Letters, language: str) -> None:
    for clock in [*letters.clocks, "brought_later"]:
        for reader in ("worker", "deputy", "head", "supervisor", "duty_desk"):
            letter = written(letters, language, clock=clock, reader=reader, next_to=reader)
            assert letter.language == language
            assert "%(" not in letter.text
            assert letter.text.count("\n\n") == 1


@pytest.mark.parametrize("agency", [PRI, YOU])
def test_a_desk_on_duty_is_told_the_kind_alone_of_who_tells_where_a_child_lives(
    letters: Letters, agency: str
) -> None:
    name = letters.directory.agency(agency).name["fi"]
    kind = {PRI: "Koulu", YOU: "Nuorisopalvelut"}[agency]
    text = written(letters, reader="duty_desk", agency=agency).text
    assert f"Viranomainen: {kind}." in text
    assert name not in text
    assert name in written(letters, reader="supervisor", agency=agency).text


def test_a_clock_without_words_of_its_own_is_told_by_its_title(letters: Letters) -> None:
    assert "kirjaus puuttuu: brought_later" in written(letters, clock="brought_later").text


def test_a_letter_in_place_of_somebody_says_of_whom_and_until_when(letters: Letters) -> None:
    absent: dict[str, Any] = {"for": {"name": "Disa Sijainen", "until": "2026-06-30"}}
    text = written(letters, **absent).text
    assert "Disa Sijainen on poissa ti 30.6.2026 asti: saat tämän hänen sijastaan." in text
    assert "Saat tämän viranomaisen" not in text
    absent["for"]["until"] = None
    without_end = written(letters, **absent).text
    assert "Disa Sijainen on poissa: saat tämän hänen sijastaan." in without_end


def test_a_desk_on_duty_is_told_whose_matter_it_is_and_whether_it_may_take_it_over(
    letters: Letters,
) -> None:
    text = written(letters, reader="duty_desk", late=True).text
    assert "Viranomainen: Vantaan ja Keravan hyvinvointialue, lastensuojelu." in text
    assert text.endswith("https://ankkuri.invalid/inbox\n")
    assert "vastuulleen" not in text
    assert (
        "ottaa asian vastuulleen" in written(letters, reader="duty_desk", may_take_over=True).text
    )


def test_a_reminder_that_comes_again_counts_on(letters: Letters) -> None:
    assert written(letters, number=9, of=None).text.startswith("Muistutus 9. Ilmoitus K7-204193:")


def test_several_reminders_are_told_in_one_letter_each_with_all_it_needs(letters: Letters) -> None:
    other = {"reference": "A1-000001", "clock": "urgency", "late": True, "reader": "head"}
    row: Any = SimpleNamespace(
        id=ROW,
        report_id=None,
        letter="digest",
        params={"reminders": [PARAMS, PARAMS | other]},
        email="saana@ankkuri.invalid",
        name="Saana Sosiaali",
        language="fi",
        created_at=TUESDAY,
    )
    letter = letters(row)
    assert letter.subject == written(letters).subject
    assert letter.text == (
        "2 muistutusta:\n"
        "\n"
        "Muistutus 2/6. Ilmoitus K7-204193: käsittelyyn ottamista ei ole kirjattu.\n"
        "Kirjaa viimeistään to 11.6.2026.\n"
        "Saat tämän viranomaisen käsittelijänä.\n"
        "Muuten asia siirtyy esihenkilölle pe 12.6.2026 klo 9.00.\n"
        "\n"
        "Muistutus 2/6. Ilmoitus A1-000001: kiireellisyyttä ei ole kirjattu.\n"
        "Määräaika oli to 11.6.2026. Kirjaa heti.\n"
        "Saat tämän yksikön esihenkilönä.\n"
        "Seuraava muistutus tulee pe 12.6.2026 klo 9.00.\n"
        "\n"
        "Kirjaudu palveluun:\n"
        "https://ankkuri.invalid/reminders\n"
    )


def test_letters_to_real_readers_tell_nothing_of_the_report(site: Site) -> None:
    site.send(family())
    for _ in range(24 * 20):
        site.parts.chase(site.hands.move(hours=1))
    assert site.parts.deliver(site.hands()) > 0
    while site.parts.deliver(site.hands()):
        pass
    texts = [path.read_text("utf-8") for path in site.parts.settings.letters.glob("*.eml")]
    assert len(texts) > 4
    for text in texts:
        for told in ("eväitä", "Kaisla", "Kari", "010516A901V", "Outi", "Tikkukiv", "neglect"):
            assert told not in text


def test_a_letter_whose_asked_reader_is_missing_leads_the_next_one_up_to_their_own_page(
    site: Site,
) -> None:
    site.send()
    with site.parts.database.write() as connection:
        connection.execute(
            update(PersonRow)
            .where(PersonRow.sign_in_name.in_(["soc", "soc-deputy", "soc-head"]))
            .values(left_at=site.hands())
        )
    site.parts.chase(site.hands.move(hours=2))
    site.parts.deliver(site.hands())
    (letter,) = site.parts.settings.letters.glob("*.eml")
    assert "supervisor@ankkuri.invalid" in letter.read_text("utf-8")


def test_the_mail_says_its_language_and_its_date_and_is_the_same_at_every_attempt(
    letters: Letters,
) -> None:
    letter = written(letters)
    mail = letter.as_mail("Ankkuri <ankkuri@intake.invalid>")
    assert mail["Content-Language"] == "fi"
    assert mail["Date"].datetime == TUESDAY
    assert mail["Message-ID"] == f"<{ROW}@intake>"
    assert mail.as_bytes() == letter.as_mail("Ankkuri <ankkuri@intake.invalid>").as_bytes()
