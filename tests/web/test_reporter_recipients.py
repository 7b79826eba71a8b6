"""What the check page showed is what is sent, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update

from intake.services.route import Route
from intake.store.people_tables import PersonRow
from intake.store.tables import ReferralRow, ReportRow
from tests.site import SOC, Site, token_in
from tests.web.reporter_walk import Walk, errors_in

OTHERS = "Ilmoituksen saajat tai heidän saamansa tiedot eivät ole enää samat"


@pytest.fixture
def walk(site: Site) -> Walk:
    return Walk(site.client())


def reports(site: Site) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(ReportRow)) or 0


def agencies(site: Site) -> set[str]:
    with site.parts.database.read() as connection:
        return set(connection.scalars(select(ReferralRow.agency_id)))


def test_a_report_does_not_go_to_others_than_were_shown(site: Site, walk: Walk) -> None:
    site.hands.at = datetime(2026, 6, 2, 18, 0, tzinfo=UTC)
    walk.fill(urgency={"urgency": "today"})
    page = walk.get("/report/check")
    with site.parts.database.write() as connection:
        connection.execute(
            update(PersonRow).where(PersonRow.sign_in_name == "duty").values(left_at=site.hands())
        )
    again = walk.press(page, "/report/send", 422)
    assert errors_in(again)[0].startswith(OTHERS)
    assert reports(site) == 0
    walk.send_from(again)
    assert agencies(site) == {SOC}


def test_a_send_without_the_page_shows_the_page_first(site: Site, walk: Walk) -> None:
    walk.fill()
    page = walk.post_with(token_in(walk.get("/report/who")), "/report/send", {}, 422)
    assert errors_in(page)[0].startswith(OTHERS)
    assert reports(site) == 0
    walk.send_from(page)


def test_a_send_routes_once(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.fill()
    page = walk.get("/report/check")
    route, calls = Route.__call__, []

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return route(*arguments)

    monkeypatch.setattr(Route, "__call__", counted)
    walk.press(page, "/report/send")
    assert len(calls) == 1


def test_an_adult_sibling_is_named_as_left_out(walk: Walk) -> None:
    walk.fill()
    said = "Aikuinen Sisarus ei kuulu tähän ilmoitukseen: kukaan ei saa tämän henkilön tietoja."
    adult = {"name": "Aikuinen Sisarus", "hetu": "", "age": "19"}
    assert said not in walk.get("/report/check")
    walk.post("/report/child/2", {"municipality": "vantaa", "turvakielto": "no"} | adult)
    assert said in walk.get("/report/check")


def test_of_several_children_it_is_told_whose_part_somebody_does_not_get(walk: Walk) -> None:
    """Pukkila has no agreement on an Ankkuri team in force."""
    walk.fill(
        worry={"categories": ["gang"], "child_role": "suspected"},
        consent={"child_consent": "given", "consent_to": ["ANK"]},
    )
    of_pukkila = {"name": "Serkku", "hetu": "", "age": "10", "municipality": "pukkila"}
    assert "<dt>Ankkuritiimi</dt>" not in walk.get("/report/check")
    walk.post("/report/child/2", {"turvakielto": "no"} | of_pukkila)
    page = walk.get("/report/check")
    assert "<h3>Ankkuritiimi Vantaa–Kerava</h3>" in page
    assert "<dt>Serkku: Ankkuritiimi</dt>" in page
