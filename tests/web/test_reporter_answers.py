from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.site import Site, open_site
from tests.web.reporter_walk import (
    CHILD,
    CONSENT,
    OBSERVATIONS,
    REPORTER,
    URGENCY,
    WAY,
    WORRY,
    Walk,
    errors_in,
)

NOT_A_CHOICE = "Valitse kohtaan ”{}” jokin tämän sivun vaihtoehdoista."
NOT_ASKED = (
    "Sivulta lähetettiin vastaus kysymykseen, jota siinä ei ole. Tarkista vastaukset ja jatka."
)
UNPRINTABLE = (
    "Kohdassa ”{}” on merkki, jota ei voi käyttää ({}, alusta lukien 5. merkki). Poista se."
)
ADDRESS = "Kirjoita sähköpostiosoite kokonaan, esimerkiksi nimi@esimerkki.fi."
CODE = "Tarkista henkilötunnus: tällaista tunnusta ei voi olla."
CODE_OLD = (
    "Henkilötunnuksen mukaan lapsi on yli satavuotias. Tarkista välimerkki: vuonna 2000 tai sen "
    "jälkeen syntyneellä se on esimerkiksi A."
)
NO_DAY = "Päivää 31.2.2016 ei ole. Tarkista päivämäärä."
UNCLEAR_DAY = (
    "Kirjoita kohtaan ”Syntymäaika” päivä, kuukausi ja vuosi numeroin, vuosi neljällä numerolla. "
    "Jos tiedossa on vain vuosi, jätä päivä ja kuukausi tyhjiksi."
)
FUTURE = "Syntymäaika ei voi olla tulevaisuudessa."
TOO_OLD = "Syntymäajasta on yli 120 vuotta. Tarkista vuosi."
AGE = "Kirjoita ikä täysinä vuosina, 0–120."
DATES_DIFFER = "Syntymäaika ei ole sama kuin henkilötunnuksessa. Korjaa tai poista toinen."
AGES_DIFFER = (
    "Ikä ei sovi yhteen syntymäajan tai henkilötunnuksen kanssa. Korjaa tai poista toinen."
)
UNBORN_HAS_AGE = "Valitsit, että lapsi ei ole vielä syntynyt. Poista iän tiedot tai peru valinta."
DUE_PAST = "Laskettu aika on jo mennyt. Onko lapsi syntynyt?"
DUE_FAR = "Laskettu aika on liian kaukana. Tarkista päivämäärä."
DUE_OF_BORN = "Kirjoita laskettu aika vain, jos lapsi ei ole vielä syntynyt."
SCHOOL_TWICE = "Valitse koulu luettelosta tai kirjoita sen nimi, älä molempia."
NO_REASON = "Kirjoita, miksi ilmoituksesta ei ole kerrottu."
NO_RECIPIENT = "Valitse, kenelle tietoja saa antaa."
NO_CONSENT = (
    "Valitsit vastaanottajia, mutta vastaustesi mukaan kukaan ei ole suostunut. Korjaa jompikumpi."
)


@pytest.fixture(scope="module")
def one_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all: each test has a cookie of its own."""
    with open_site(tmp_path_factory.mktemp("answers") / "data") as opened:
        yield opened


@pytest.fixture
def walk(one_site: Site) -> Walk:
    walk = Walk(one_site.client())
    walk.post("/report/who", WAY["who"])
    return walk


PLACE = {"municipality": "vantaa", "turvakielto": "no"}


@pytest.mark.parametrize(
    ("page", "answers", "said"),
    [
        ("who", {}, ["Valitse, kuka olet."]),
        ("worry", {}, ["Valitse ainakin yksi aihe.", "Valitse lapsen osuus."]),
        ("primary", {}, ["Valitse, mikä on tärkein."]),
        ("observations", {"seen": " \r\n "}, ["Kirjoita, mitä olet nähnyt tai kuullut."]),
        (
            "child/1",
            {},
            [
                "Kirjoita henkilötunnus, syntymäaika tai arvio iästä.",
                "Valitse lapsen kotikunta tai ”En tiedä”.",
                "Valitse, onko lapsella turvakielto.",
            ],
        ),
        ("guardian/1", {}, ["Valitse, epäiletkö huoltajaa."]),
        # forged choices
        ("who", {"kind": "admin"}, [NOT_A_CHOICE.format("Kuka olet?")]),
        ("who", {"kind": ["child", "guardian"]}, [NOT_A_CHOICE.format("Kuka olet?")]),
        (
            "worry",
            WORRY | {"categories": ["neglect", "fraud"]},
            [NOT_A_CHOICE.format("Mitä huoli koskee?")],
        ),
        (
            "child/1",
            CHILD | {"school": "school-elsewhere", "municipality": "helsinki"},
            [
                NOT_A_CHOICE.format("Lapsen kotikunta"),
                NOT_A_CHOICE.format("Koulu"),
            ],
        ),
        (
            "child/1",
            CHILD | {"hetu": "", "unborn": "yes"},
            [NOT_A_CHOICE.format("Lapsi ei ole vielä syntynyt")],
        ),
        (
            "worry",
            WORRY | {"lead": "POL"},
            [NOT_ASKED],
        ),
        # what cannot be printed
        (
            "observations",
            OBSERVATIONS | {"seen": "Näin\x07 sen"},
            [UNPRINTABLE.format("Mitä olet nähnyt tai kuullut?", "U+0007")],
        ),
        (
            "observations",
            OBSERVATIONS | {"seen": "Näin\x85 sen"},
            [UNPRINTABLE.format("Mitä olet nähnyt tai kuullut?", "U+0085")],
        ),
        (
            "reporter",
            REPORTER | {"name": "Outi\nOpettaja"},
            [UNPRINTABLE.format("Nimesi", "U+000A")],
        ),
        # who reports
        ("reporter", REPORTER | {"notice_address": "outi@koulu"}, [ADDRESS]),
        # how old
        ("child/1", CHILD | {"hetu": "010516A902V"}, [CODE]),
        ("child/1", CHILD | {"hetu": "310216A901V"}, [CODE]),
        ("child/1", CHILD | {"hetu": "010516-901V"}, [CODE_OLD]),
        ("child/1", PLACE | {"birth_date": ["31", "2", "2016"]}, [NO_DAY]),
        (
            "child/1",
            PLACE | {"birth_date": ["1", "", "16"]},
            [UNCLEAR_DAY],
        ),
        (
            "child/1",
            PLACE | {"birth_date": ["1", "2"]},
            [UNCLEAR_DAY],
        ),
        ("child/1", PLACE | {"birth_date": ["3", "6", "2026"]}, [FUTURE]),
        ("child/1", PLACE | {"birth_date": ["1", "6", "1905"]}, [TOO_OLD]),
        # a year alone
        ("child/1", PLACE | {"birth_date": ["1", "", "2016"]}, [UNCLEAR_DAY]),
        ("child/1", PLACE | {"birth_date": ["", "5", "2016"]}, [UNCLEAR_DAY]),
        ("child/1", PLACE | {"birth_date": ["", "", "16"]}, [UNCLEAR_DAY]),
        ("child/1", PLACE | {"birth_date": ["", "", "0000"]}, [UNCLEAR_DAY]),
        ("child/1", PLACE | {"birth_date": ["", "", "2027"]}, [FUTURE]),
        ("child/1", PLACE | {"birth_date": ["", "", "1905"]}, [TOO_OLD]),
        ("child/1", CHILD | {"birth_date": ["", "", "2015"]}, [DATES_DIFFER]),
        ("child/1", PLACE | {"birth_date": ["", "", "2016"], "age": "8"}, [AGES_DIFFER]),
        ("child/1", PLACE | {"birth_date": ["", "", "2016"], "age": "11"}, [AGES_DIFFER]),
        ("child/1", PLACE | {"birth_date": ["", "", "2016"], "unborn": "y"}, [UNBORN_HAS_AGE]),
        ("child/1", PLACE | {"age": "121"}, [AGE]),
        ("child/1", PLACE | {"age": "kymmenen"}, [AGE]),
        (
            "child/1",
            CHILD | {"birth_date": ["2", "5", "2016"]},
            [DATES_DIFFER],
        ),
        ("child/1", CHILD | {"age": "11"}, [AGES_DIFFER]),
        (
            "child/1",
            CHILD | {"unborn": "y"},
            [UNBORN_HAS_AGE],
        ),
        (
            "child/1",
            PLACE | {"unborn": "y", "due_date": ["1", "6", "2026"]},
            [DUE_PAST],
        ),
        (
            "child/1",
            PLACE | {"unborn": "y", "due_date": ["1", "6", "2028"]},
            [DUE_FAR],
        ),
        (
            "child/1",
            CHILD | {"due_date": ["1", "9", "2026"]},
            [DUE_OF_BORN],
        ),
        (
            "child/1",
            CHILD | {"school_name": "Muu koulu"},
            [SCHOOL_TWICE],
        ),
        # who knows
        (
            "consent",
            CONSENT | {"informed_reason": ""},
            [NO_REASON],
        ),
        (
            "consent",
            CONSENT | {"child_consent": "given"},
            [NO_RECIPIENT],
        ),
        (
            "consent",
            CONSENT | {"consent_to": ["ANK"]},
            [NO_CONSENT],
        ),
    ],
)
def test_what_is_wrong_is_named_linked_and_kept(
    walk: Walk, page: str, answers: dict[str, Any], said: list[str]
) -> None:
    shown = walk.post(f"/report/{page}", answers, 422)
    assert errors_in(shown) == said
    for name, value in answers.items():
        if isinstance(value, str) and value.strip() and f'name="{name}" type="text"' in shown:
            assert f'value="{value}"' in shown
        if isinstance(value, list) and len(value) == 3 and any(value):
            assert re.findall(rf'name="{name}"[^>]*value="([^"]*)"', shown) == value
    assert "<title>Virhe:" in shown


@pytest.mark.parametrize(
    "answers",
    [
        PLACE | {"age": "0"},
        PLACE | {"unborn": "y"},
        PLACE | {"unborn": "y", "due_date": ["1", "9", "2026"]},
        PLACE | {"birth_date": [" 01", "05 ", "2016"]},
        CHILD | {"birth_date": ["1", "5", "2016"], "age": "10"},
        PLACE | {"birth_date": ["", " ", " 2016"]},
        PLACE | {"birth_date": ["", "", "2026"]},
        PLACE | {"birth_date": ["", "", "2016"], "age": "9"},
        PLACE | {"birth_date": ["", "", "2016"], "age": "10"},
        CHILD | {"birth_date": ["", "", "2016"], "age": "10"},
        CHILD | {"hetu": " 010516a901v "},
        CHILD | {"municipality": "unknown", "school": "", "turvakielto": "unknown"},
        CHILD | {"municipality": "elsewhere", "school": "", "school_name": "Keksitty koulu"},
    ],
)
def test_what_holds_is_taken(walk: Walk, answers: dict[str, Any]) -> None:
    walk.fill(child_1=None)
    walk.post("/report/child/1", answers)
    walk.send()


def test_too_long_names_the_limit_and_the_length_and_cuts_nothing(walk: Walk) -> None:
    text = "ä" * 10_001
    page = walk.post("/report/observations", OBSERVATIONS | {"seen": text}, 422)
    assert errors_in(page) == [
        "Kohtaan ”Mitä olet nähnyt tai kuullut?” mahtuu 10\u00a0000 merkkiä, ja siinä on nyt "
        "10\u00a0001. Lyhennä tekstiä."
    ]
    assert text in page
    assert text in walk.get("/report/observations")


def test_ten_thousand_characters_fit(walk: Walk) -> None:
    lines = ("rivi\r\n" * 2000)[:-2]  # 9,999 characters once a line break counts as one
    walk.post("/report/observations", OBSERVATIONS | {"seen": lines, "own_view": "€" * 10_000})


def test_a_megabyte_is_refused_with_everything_on_the_page(walk: Walk) -> None:
    walk.post("/report/observations", OBSERVATIONS)
    text = "x" * 1_000_000
    page = walk.post("/report/observations", OBSERVATIONS | {"seen": text}, 422)
    assert errors_in(page)[0].startswith("Tekstiä on enemmän kuin palvelu voi tallentaa.")
    assert text in page
    assert OBSERVATIONS["seen"] in walk.get("/report/observations")


def test_urgency_asks_everything(walk: Walk) -> None:
    page = walk.post("/report/urgency", URGENCY | {"weapon": ""}, 422)
    assert errors_in(page) == ["Valitse, liittyykö asiaan ase."]


def test_marks_that_turn_the_reading_round_are_left_out(walk: Walk) -> None:
    walk.post("/report/who", WAY["who"])
    walk.post("/report/reporter", REPORTER | {"phone": "\u202a040 \u2066765\u2069 4321\u202c"})
    assert "040 765 4321" in walk.get("/report/check")


@pytest.mark.parametrize("name", ["\u200b", " \u2060 ", "\ufeff", "\ufffd"])
def test_a_name_that_nobody_can_see_is_missing(walk: Walk, name: str) -> None:
    walk.post("/report/who", WAY["who"])
    page = walk.post("/report/reporter", REPORTER | {"name": name}, 422)
    assert errors_in(page) == ["Kirjoita nimesi."]


def test_what_a_sheet_pastes_along_with_a_name_is_left_out(walk: Walk) -> None:
    walk.post("/report/who", WAY["who"])
    walk.post("/report/reporter", REPORTER | {"name": "Aino Opettaja\t\r\n"})
    assert "Aino Opettaja" in walk.get("/report/check")
