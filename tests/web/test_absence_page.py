"""The pages on which absences are recorded: typed in a hurry, by oneself or by a unit's head."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from intake.store.reminder_tables import AbsenceRow
from tests.look.page_faults import page_faults
from tests.site import Site, token_in
from tests.web.test_staff_referral import english

EMPTY = ("", "", "")


def record(
    client: Any, first: tuple[str, ...], last: tuple[str, ...] = EMPTY, path: str = "/absence"
) -> Any:
    token = token_in(client.get(path).text)
    typed = {"csrf_token": token, "first_day": [*first], "last_day": [*last], "stand_in": ""}
    return client.post(path, data=typed)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (EMPTY, EMPTY, "Write the first day of the absence."),
        (("31", "2", "2026"), EMPTY, "There is no day 31.2.2026."),
        (("2", "6", "26"), EMPTY, "(four figures) in numbers."),
        (("2", "6", "2026"), ("x", "6", "2026"), "(four figures) in numbers."),
        (("9", "6", "2026"), ("8", "6", "2026"), "cannot be before the first day"),
        (("1", "6", "2026"), ("1", "6", "2026"), "The last day is over already."),
        (("1", "1", "2028"), EMPTY, "a year ago or ahead at most. Check the year."),
        (("1", "1", "0001"), EMPTY, "a year ago or ahead at most. Check the year."),
        (("2", "6", "2026"), ("31", "12", "9999"), "five years ahead at most. Check the year."),
    ],
)
def test_days_that_cannot_be_are_refused_with_what_was_typed(
    site: Site, first: tuple[str, ...], last: tuple[str, ...], said: str
) -> None:
    answer = record(english(site, "soc"), first, last)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert said in answer.text
    for part in filter(None, first + last):
        assert f'value="{part}"' in answer.text
    with site.parts.database.read() as connection:
        assert connection.execute(select(AbsenceRow.id)).all() == []


def test_a_head_records_for_a_member_and_takes_it_back_in_two_tabs(site: Site) -> None:
    client = english(site, "soc-head")
    path = f"/absence/of/{site.people['soc']}"
    assert f'href="{path}"' in client.get("/absence").text
    assert page_faults(client.get(path).text) == []
    answer = record(client, ("2", "6", "2026"), ("1", "6", "2027"), path)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert page_faults(page) == []
    assert "Withdraw" in page.partition("Absences of members")[2]
    with site.parts.database.read() as connection:
        found = connection.scalar(select(AbsenceRow.id))
    for _ in range(2):
        answer = client.post(f"/absence/{found}/withdraw", data={"csrf_token": token_in(page)})
        assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "The absence has been withdrawn." in page
    assert "Absences of members" not in page
