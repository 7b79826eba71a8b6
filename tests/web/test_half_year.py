"""The page of the half-year statistics, its print and its file."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from flask.testing import FlaskClient

from intake.domain.directory import Controller
from intake.domain.half_year import CLOCKS, Kept, Period
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services.half_year import CountyFigures, Figures, HalfYear
from tests.look.page_faults import page_faults
from tests.services.test_half_year import OTHER_COUNTY, own
from tests.site import COUNTY, Site, token_in
from tests.web.test_staff_referral import english, lines

PAGE = "/deadlines/half-year"
FILE = f"{PAGE}/file"
OCTOBER = datetime(2026, 10, 12, 9, tzinfo=UTC)
MARKED = {
    "fi": "Osa hyvinvointialueen luvuista, ei THL:n tilasto",
    "sv": "En del av välfärdsområdets siffror, inte THL:s statistik",
    "en": "Part of the county's figures, not THL's statistics",
}
ASSESSED = Figures(
    Kept(in_time=40, moved=2, later=13),
    {Move.ASSESSMENT_NOT_NEEDED: 7, Move.ALREADY_CLIENT: 3, Move.CLOSE: 0},
    moved_on=11,
    waiting=4,
)


def plain(page: str) -> str:
    return page.replace("&#39;", "'")


def twice(*numbers: str) -> list[str]:
    """Each for the start and for the completion."""
    return [number for number in numbers for _ in CLOCKS]


def with_figures(site: Site, figures: Figures = ASSESSED) -> Any:
    """The same figures for both clocks."""
    county = site.parts.directory.controllers[COUNTY]
    found = CountyFigures(county, Period(date(2026, 4, 1)), dict.fromkeys(CLOCKS, figures), None)
    return patch.object(HalfYear, "__call__", lambda *_: found)


def rows_of(answer: Any) -> list[list[str]]:
    text = answer.get_data().decode("utf-8-sig")
    return list(csv.reader(StringIO(text), delimiter=";"))


@pytest.fixture
def supervisor(site: Site) -> FlaskClient:
    site.hands.at = OCTOBER
    return english(site, "supervisor")


def test_the_page_has_exact_numbers_and_the_print_protected_ones(
    site: Site, supervisor: FlaskClient
) -> None:
    with with_figures(site):
        page = supervisor.get(PAGE).text
    assert page_faults(page) == []
    seen = re.findall(r'<span class="unprinted">(\w+)</span>', page)
    printed = re.findall(r'<span class="printed">(\w+)</span>', page)
    assert seen == ["40", "15", "2", "55"] * 2 + twice("7", "3", "0", "11", "4")
    protected = ["40", "15", "protected", "55"] * 2
    others = twice("7", "protected", "0", "11", "protected")
    assert printed == protected + others


def test_no_bar_is_printed_since_its_length_would_tell(site: Site, supervisor: FlaskClient) -> None:
    with with_figures(site):
        page = supervisor.get(PAGE).text
    assert page.count('class="bar unprinted"') == page.count("<svg") == 8


@pytest.mark.parametrize("language", MARKED)
def test_page_and_file_say_in_each_language_that_they_are_not_thls_statistics(
    site: Site, supervisor: FlaskClient, language: str
) -> None:
    supervisor.set_cookie("ankkuri_language", language)
    page = supervisor.get(PAGE).text
    assert page_faults(page) == []
    assert f"<strong>{MARKED[language]}</strong>" in plain(page)
    _, *numbers = rows_of(supervisor.get(FILE))
    assert numbers
    assert all(row[-1] == MARKED[language] for row in numbers)


def test_what_still_waits_is_told_in_no_file_since_the_files_of_deadlines_tell_the_sum(
    site: Site, supervisor: FlaskClient
) -> None:
    for waiting in (0, 6, 40):
        with with_figures(site, replace(ASSESSED, waiting=waiting)):
            _, *numbers = rows_of(supervisor.get(FILE))
            page = supervisor.get(PAGE).text
        assert [row[5] for row in numbers][8::9] == twice("protected")
        assert re.findall(r'<span class="printed">(\w+)</span>', page)[-2:] == twice("protected")


def test_the_file_is_for_a_spreadsheet_and_small_numbers_are_not_in_it(
    site: Site, supervisor: FlaskClient
) -> None:
    with with_figures(site):
        answer = supervisor.get(FILE)
    assert answer.content_type == "text/csv; charset=utf-8"
    disposition = answer.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="half-year-2026-04.csv"'
    assert answer.get_data().startswith(b'\xef\xbb\xbf"County";"First day";')
    _, *numbers = rows_of(answer)
    assert [row[1:3] for row in numbers] == [["2026-04-01", "2026-09-30"]] * 18
    once = ["40", "15", "protected", "55", "7", "protected", "0", "11", "protected"]
    assert [row[5] for row in numbers] == once * 2
    assert lines(site, Action.TAKE_OUT_HALF_YEAR) == 1


def test_a_county_whose_name_is_a_formula_is_text_in_the_file(site: Site) -> None:
    site.hands.at = OCTOBER
    controllers: Any = site.parts.directory.controllers
    named = Controller(COUNTY, dict.fromkeys(("fi", "sv", "en"), "=1+1"))
    with patch.dict(controllers, {COUNTY: named}):
        _, first, *_ = rows_of(english(site, "supervisor").get(FILE))
    assert first[0] == "'=1+1"


def test_the_last_half_year_that_ended_is_shown_first_and_others_can_be_chosen(
    site: Site, supervisor: FlaskClient
) -> None:
    page = supervisor.get(PAGE).text
    options = re.findall(r'<option value="([-\d]+)"( selected)?>', page)
    assert options == [
        ("2026-10", ""),
        ("2026-04", " selected"),
        ("2025-10", ""),
        ("2025-04", ""),
        ("2024-10", ""),
    ]
    assert "The half-year is still running" not in page
    running = supervisor.get(f"{PAGE}?period=2026-10").text
    assert page_faults(running) == []
    assert "The half-year is still running" in running
    assert 'name="reported_on"' not in running
    for unknown in ("2031-04", "2026-05", "' OR 1=1", ""):
        answer = supervisor.get(PAGE, query_string={"period": unknown})
        assert '<option value="2026-04" selected>' in answer.text


def test_of_several_counties_the_one_that_is_asked_for_is_shown(
    site: Site, supervisor: FlaskClient
) -> None:
    assert 'name="county"' not in supervisor.get(PAGE).text
    own(site, OTHER_COUNTY)
    page = supervisor.get(f"{PAGE}?county={OTHER_COUNTY}").text
    assert page_faults(page) == []
    assert f'<option value="{OTHER_COUNTY}" selected>' in page
    name = site.parts.directory.controllers[OTHER_COUNTY].name["en"]
    assert f"<h2>{name}, April–September 2026</h2>" in page


def test_the_language_changes_and_county_and_half_year_stay(
    site: Site, supervisor: FlaskClient
) -> None:
    page = supervisor.get(f"{PAGE}?period=2025-10&county={COUNTY}").text
    assert f"?period=2025-10&amp;county={COUNTY}&amp;lang=sv" in page


@pytest.mark.parametrize("county", [OTHER_COUNTY, "police", "nowhere"])
def test_another_countys_statistics_are_not_there_and_asking_leaves_a_line(
    site: Site, supervisor: FlaskClient, county: str
) -> None:
    token = token_in(supervisor.get(PAGE).text)
    data = {"csrf_token": token, "reported_on": ["9", "10", "2026"]}
    answers = [
        supervisor.get(f"{PAGE}?county={county}"),
        supervisor.get(f"{FILE}?county={county}"),
        supervisor.post(f"{PAGE}?county={county}", data=data),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert lines(site, Action.REFUSED) == 3
    assert lines(site, Action.TAKE_OUT_HALF_YEAR) == lines(site, Action.REPORT_HALF_YEAR) == 0


def reported(client: FlaskClient, token: str | None = None, **data: Any) -> Any:
    token = token or token_in(client.get(PAGE).text)
    return client.post(f"{PAGE}?period=2026-04&county={COUNTY}", data={"csrf_token": token} | data)


def test_the_day_of_the_report_is_recorded_shown_with_who_said_so_and_taken_back(
    site: Site, supervisor: FlaskClient
) -> None:
    assert "The figures are reported to THL by Sat 17 October 2026." in supervisor.get(PAGE).text
    answer = reported(supervisor, reported_on=["9", "10", "2026"])
    assert answer.status_code == 303
    page = supervisor.get(answer.location).text
    assert page_faults(page) == []
    assert "Reported to THL on Fri 9 October 2026." in page
    assert "Recorded by Valpuri Valvoja Mon 12 October 2026 at 12:00." in page
    assert 'name="reported_on"' not in page
    site.hands.move(minutes=1)
    answer = reported(supervisor, take_back="y")
    assert answer.status_code == 303
    page = supervisor.get(answer.location).text
    assert 'name="reported_on"' in page
    assert "It is recorded no more that the figures were reported." in page
    assert "Recorded." not in page


def test_an_address_alone_says_of_no_report_that_it_was_recorded(supervisor: FlaskClient) -> None:
    assert 'role="status"' not in supervisor.get(f"{PAGE}?done=recorded").text


def test_after_the_17th_the_page_warns_until_somebody_records_the_report(site: Site) -> None:
    site.hands.at = datetime(2026, 10, 17, 20, 59, tzinfo=UTC)  # 23.59 in Helsinki
    client = english(site, "supervisor")
    late = "The figures were to be reported to THL by Sat 17 October 2026."
    assert late not in client.get(PAGE).text
    site.hands.move(minutes=1)
    page = client.get(PAGE).text
    assert page_faults(page) == []
    assert late in page
    assert "Nobody has recorded that they were." in page
    reported(client, reported_on=["17", "10", "2026"])
    assert late not in client.get(PAGE).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["", "", ""], "Write the day on which the figures were reported."),
        (["31", "9", "2026"], "There is no day 31.9.2026."),
        (["30", "9", "2026"], "The day must be after the half-year, and not in the future."),
        (["13", "10", "2026"], "The day must be after the half-year, and not in the future."),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_what_was_typed(
    site: Site, supervisor: FlaskClient, typed: list[str], said: str
) -> None:
    answer = reported(supervisor, reported_on=typed)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert said in answer.text
    for part in filter(None, typed):
        assert f'value="{part}"' in answer.text
    assert lines(site, Action.REPORT_HALF_YEAR) == 0


@pytest.mark.parametrize("data", [{"reported_on": ["9", "10", "2026"]}, {"take_back": "y"}])
def test_nothing_is_recorded_with_a_forged_token(
    site: Site, supervisor: FlaskClient, data: dict[str, Any]
) -> None:
    answer = reported(supervisor, "forged", **data)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert lines(site, Action.REPORT_HALF_YEAR) == lines(site, Action.UNREPORT_HALF_YEAR) == 0


def test_who_watches_no_county_is_told_so(site: Site, supervisor: FlaskClient) -> None:
    with patch.object(HalfYear, "counties", return_value=()):
        page = supervisor.get(PAGE)
        assert supervisor.get(FILE).status_code == 404
    assert page.status_code == 200
    assert page_faults(page.text) == []
    assert "Your organisation is none." in page.text
    assert "<table" not in page.text


@pytest.mark.on_both
def test_the_use_log_tells_of_the_statistics_in_words(site: Site, supervisor: FlaskClient) -> None:
    supervisor.get(FILE)
    reported(supervisor, reported_on=["9", "10", "2026"])
    page = english(site, "auditor").get("/trail").text
    for told in (
        "Half-year statistics taken out",
        "Half-year statistics recorded as reported",
        "Wellbeing Services County of Vantaa and Kerava, April–September 2026",
    ):
        assert told in page, told
