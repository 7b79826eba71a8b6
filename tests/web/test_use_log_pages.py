"""Who has looked at a report, one's own log, and what an auditor sees: metadata, never content."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.people import Permission, Role
from intake.domain.trail import Action
from intake.domain.unusual import Opening, Thresholds, unusual
from intake.language import Language
from intake.store.columns import AnyRow
from intake.store.tables import ReferralRow, TrailRow
from intake.web.audit import REFUSED_PAGE, TrailWords
from intake.web.names import Names
from tests.look.page_faults import page_faults
from tests.services.sending import lines
from tests.site import SOC, TUESDAY, Site, token_in

pytestmark = pytest.mark.on_both
REASON = "Isä Matti pyysi, mutta häntä epäillään."


@pytest.fixture
def referral(site: Site) -> AnyRow:
    site.send()
    with site.parts.database.read() as connection:
        here = select(ReferralRow.__table__).where(ReferralRow.agency_id == SOC)
        return connection.execute(here).one()


def record(client: FlaskClient, referral: AnyRow, **typed: str) -> tuple[int, str]:
    address = f"/referrals/{referral.id}/right"
    assert not page_faults(client.get(address).text)
    told = {
        "asked": Action.ACCESS,
        "outcome": "right refused",
        "basis": "1050/2018 §34",
        "reason": REASON,
    }
    token = token_in(client.get(address).text)
    answer = client.post(address, data=told | typed | {"csrf_token": token})
    return answer.status_code, answer.text


def test_who_has_looked_is_told_to_those_of_the_agency(site: Site, referral: AnyRow) -> None:
    site.signed_in("soc").get(f"/referrals/{referral.id}")
    page = site.signed_in("soc-head").get(f"/referrals/{referral.id}")
    assert f"/referrals/{referral.id}/lookers" in page.text
    page = site.signed_in("soc-head").get(f"/referrals/{referral.id}/lookers")
    assert page.status_code == 200
    assert not page_faults(page.text)
    assert "Saana Sosiaali" in page.text
    assert "Eero Esihenkilö" in page.text
    assert site.signed_in("pol").get(f"/referrals/{referral.id}/lookers").status_code == 404


def test_a_refused_access_is_recorded_sealed_and_shown_to_the_agency(
    site: Site, referral: AnyRow
) -> None:
    client = site.signed_in("soc")
    assert record(client, referral)[0] == 303
    with site.parts.database.read() as connection:
        asked = select(TrailRow.__table__).where(TrailRow.action == Action.ACCESS)
        line = connection.execute(asked).one()
    assert (line.purpose, line.basis) == ("right refused", "1050/2018 §34")
    assert REASON.encode() not in line.sealed_detail
    for address in ("", "/lookers"):
        assert REASON in client.get(f"/referrals/{referral.id}{address}").text
    page = site.signed_in("auditor").get(f"/trail/extract?references={referral.reference}").text
    assert "1050/2018" in page
    assert REASON not in page


def test_a_basis_of_another_request_is_refused_and_nothing_is_lost(
    site: Site, referral: AnyRow
) -> None:
    status, page = record(site.signed_in("soc"), referral, asked=Action.RECTIFY)
    assert status == 422
    assert REASON in page
    status, page = record(site.signed_in("soc"), referral, reason="", basis="x")
    assert status == 422
    with site.parts.database.read() as connection:
        asked = select(TrailRow.id).where(TrailRow.action.in_((Action.ACCESS, Action.RECTIFY)))
        assert connection.execute(asked).all() == []


def test_a_worker_sees_the_own_lines_alone_page_by_page(
    site: Site, referral: AnyRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.web.who_looked.LINES", 3)
    site.signed_in("soc-head").get(f"/referrals/{referral.id}")
    client = site.signed_in("soc")
    for _ in range(4):
        client.get(f"/referrals/{referral.id}")
    first = client.get("/account/log").text
    assert referral.reference in first
    assert "Eero Esihenkilö" not in first
    assert "page=1" in first
    assert client.get("/account/log?page=1").status_code == 200
    assert client.get("/account/log?page=x").status_code == 200


def test_the_auditor_finds_lines_by_person_agency_action_and_day(
    site: Site, referral: AnyRow
) -> None:
    site.signed_in("soc").get(f"/referrals/{referral.id}")
    site.hands.move(days=2)
    site.signed_in("soc-head").get(f"/referrals/{referral.id}")
    auditor = site.signed_in("auditor")
    page = auditor.get("/trail?person=saana&action=open").text
    assert "Saana Sosiaali" in page
    assert "Eero Esihenkilö" not in page
    page = auditor.get(f"/trail?agency={SOC}&action=open&since=4.6.2026&until=4.6.2026").text
    assert "Eero Esihenkilö" in page
    assert "Saana Sosiaali" not in page
    for odd in ("person=%25", "page=2", "agency=nowhere"):
        assert auditor.get(f"/trail?{odd}").status_code == 200


def test_a_reading_of_the_log_says_what_was_looked_for(site: Site) -> None:
    auditor = site.signed_in("auditor")
    auditor.get(f"/trail?person=saana&action=open&agency={SOC}&since=4.6.2026&until=5.6.2026")
    auditor.get("/trail?person=" + "x" * 80 + f"&action=confirm_entry&agency={SOC}&since=4.6.2026")
    page = auditor.get("/trail").text
    with site.parts.database.read() as connection:
        asked = select(TrailRow.purpose).where(TrailRow.action == Action.READ_TRAIL)
        told = connection.scalars(asked.order_by(TrailRow.sequence)).all()
    whole = f"searched: saana, open, 2026-06-04–2026-06-05, {SOC}"
    cut = f"searched: {'x' * 30}, confirm_entry, 2026-06-04–, {SOC}"[:80]
    assert set(told) == {whole, cut, "oversight of use"}
    assert "Haettu: saana, Avattu, 2026-06-04–2026-06-05, " in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("since=31.2.2026", "Päivää 31.2.2026 ei ole."),
        ("until=x", "Päivää x ei ole."),
        ("since=24.6.2026&until=23.6.2026", "Viimeinen päivä on ennen ensimmäistä."),
        ("person=" + "x" * 81, "”Nimi tai osa siitä” mahtuu 80 merkkiä, ja siinä on nyt 81."),
        ("until=" + "9" * 81, "Kohtaan ”Päivään asti” mahtuu 80 merkkiä, ja siinä on nyt 81."),
    ],
)
def test_what_cannot_be_looked_for_is_told_and_finds_nothing(
    site: Site, asked: str, said: str
) -> None:
    answer = site.signed_in("auditor").get(f"/trail?{asked}")
    assert answer.status_code == 422
    assert answer.text.count(said) == 2, "above the form and at its box"
    assert "<td" not in answer.text
    assert not page_faults(answer.text)


@pytest.mark.on_both
def test_what_nobody_can_see_in_a_filter_is_left_out(site: Site) -> None:
    client = site.signed_in("auditor")
    for name in ("person", "agency", "action"):
        assert client.get(f"/trail?{name}=so%00c%1f").status_code == 200


def test_a_log_in_which_nothing_is_like_what_was_asked_says_so(site: Site) -> None:
    page = site.signed_in("auditor").get("/trail?person=nobody").text
    assert "Tällaisia rivejä ei ole." in page
    assert "<td" not in page


@pytest.mark.on_both
def test_a_report_that_is_printed_leaves_a_line_that_everybody_at_the_agency_sees(
    site: Site, referral: AnyRow
) -> None:
    client = site.signed_in("soc")
    path = f"/referrals/{referral.id}/printed"
    token = token_in(client.get(f"/referrals/{referral.id}").text)
    assert client.post(path).status_code == 422
    assert lines(site, Action.PRINT) == []
    assert client.post(path, data={"csrf_token": token}).status_code == 204
    (line,) = lines(site, Action.PRINT)
    assert (line.person_id, line.role) == (site.people["soc"], Role.WORKER)
    assert (line.agency_id, line.referral_id) == (SOC, referral.id)
    page = site.signed_in("soc-head").get(f"/referrals/{referral.id}/lookers").text
    assert "Ilmoitus tulostettiin" in page


def test_every_page_that_a_line_may_name_has_a_title(site: Site) -> None:
    words = TrailWords(site.parts.directory, site.parts.clocks, site.parts.rules.bases)
    names = Names(Language("fi"), site.parts.directory, None)
    for endpoint, view in site.app.view_functions.items():
        if getattr(view, "permission", Permission.ANYONE) is not Permission.ANYONE:
            said = words.purpose(names, Action.REFUSED, REFUSED_PAGE + endpoint)
            assert endpoint not in said


def test_an_extract_names_views_and_disclosures_and_leaves_a_line(
    site: Site, referral: AnyRow
) -> None:
    site.signed_in("soc").get(f"/referrals/{referral.id}")
    auditor = site.signed_in("auditor")
    page = auditor.get(f"/trail/extract?references={referral.reference.lower()}").text
    assert not page_faults(page)
    assert "Saana Sosiaali" in page
    file = auditor.get(f"/trail/extract.csv?references={referral.reference}")
    assert file.mimetype == "text/csv"
    assert "Saana Sosiaali" in file.text
    assert "Kaisla" not in page + file.text
    assert "ZZ-000000" not in page
    both = auditor.get(f"/trail/extract?references={referral.reference}+ZZ-000000").text
    assert "ei ole tällaista ilmoitusta: ZZ-000000" in both
    assert not page_faults(both)
    assert "Kirjoita ainakin yksi viite." in auditor.get("/trail/extract?references=").text
    assert "role" in auditor.get("/trail/extract?references=XX-0000").text
    with site.parts.database.read() as connection:
        made = select(TrailRow.referral_id, TrailRow.agency_id, TrailRow.role).where(
            TrailRow.action == Action.EXTRACT
        )
        lines = [tuple(line) for line in connection.execute(made)]
    assert lines.count((None, None, "auditor")) == 4
    assert lines.count((referral.id, SOC, "auditor")) == 3
    assert len(lines) == 7
    lookers = site.signed_in("soc").get(f"/referrals/{referral.id}/lookers").text
    assert lookers.count("Tuula Tietosuoja") == 3


def test_an_extract_tells_nothing_of_other_controllers(site: Site, referral: AnyRow) -> None:
    with site.parts.database.read() as connection:
        others = connection.scalars(
            select(ReferralRow.reference).where(ReferralRow.agency_id.not_like("soc-%"))
        ).all()
    page = site.signed_in("auditor").get(f"/trail/extract?references={referral.reference}").text
    for reference in others:
        assert reference not in page


def openings(name: str, count: int, at: datetime = TUESDAY, **more: object) -> list[Opening]:
    person = uuid4()
    one = Opening(person, name, "worker", SOC, uuid4(), at, own=True, closed_at=None)
    return [replace(one, referral_id=uuid4(), **more) for _ in range(count)]  # type: ignore[arg-type]


def test_reading_much_more_than_colleagues_is_told() -> None:
    usual = [one for n in range(3) for one in openings(f"usual {n}", 6)]
    (found,) = unusual([*usual, *openings("curious", 24)])
    assert (found.name, found.many, found.usual) == ("curious", 24, 6)
    assert unusual([*usual, *openings("busy", 17)]) == []
    assert unusual(openings("alone", 99)) == []


def test_reading_at_night_what_is_not_ones_own_or_long_closed_is_told() -> None:
    night = TUESDAY.replace(hour=23)
    (found,) = unusual(openings("owl", 5, night))
    assert found.at_night == 5
    assert unusual(openings("duty", 5, night, always_open=True)) == []
    (found,) = unusual(openings("stranger", 5, own=False))
    assert found.not_own == 5
    (found,) = unusual(openings("late", 3, closed_at=TUESDAY - timedelta(days=31)))
    assert found.long_after == 3
    assert unusual(openings("early", 4, own=False)) == []
    assert unusual(openings("early", 4, own=False), Thresholds(not_own=4))


def test_the_page_of_unusual_reading_tells_why(site: Site) -> None:
    ids: list[UUID] = []
    for _ in range(5):
        site.send()
    with site.parts.database.read() as connection:
        here = select(ReferralRow.id).where(ReferralRow.agency_id == SOC)
        ids = list(connection.scalars(here))
    auditor = site.signed_in("auditor")
    assert "Saana Sosiaali" not in auditor.get("/trail/unusual").text
    client = site.signed_in("soc")
    for each in ids:
        client.get(f"/referrals/{each}")
    page = auditor.get("/trail/unusual").text
    assert "Saana Sosiaali" in page
    assert "5" in page
