"""Where nobody can open it is shown and told: once a day, and at once when it changes."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import delete, select, update

from intake.domain.deadline import local_date
from intake.domain.directory import Kind
from intake.services import alarm as alarms
from intake.services.alarm import Alarm
from intake.services.desks import Desks, Place
from intake.services.openers import Served
from intake.store import alarms as store
from intake.store.people_tables import AgencyKeyRow, AlarmRow, GrantRow, MembershipRow, PersonRow
from intake.store.tables import OutboxRow
from tests.site import COUNTY, DUTY, HEA, POL, SOC, TRIAGE, Site


@pytest.fixture
def alarm(site: Site) -> Alarm:
    """The gaps that the invented site has from its start have been told."""
    site.parts.alarm(site.hands())
    return site.parts.alarm


def letters(site: Site) -> list[tuple[Any, ...]]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(PersonRow.sign_in_name, OutboxRow.params)
            .join(PersonRow, PersonRow.id == OutboxRow.person_id)
            .where(OutboxRow.letter == alarms.LETTER)
        )
        return [tuple(row) for row in rows]


def take_grants(site: Site, name: str) -> None:
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.person_id == site.people[name]))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]


def served(site: Site, municipality: str, kind: Kind) -> Served:
    parts, today = site.parts, local_date(site.hands())
    desks = Desks(parts.directory, parts.rules.beside["standby"])
    (row,) = [
        row
        for row in parts.openers.by_municipality(parts.directory, desks, today)
        if (row.municipality.id, row.kind) == (municipality, kind)
    ]
    return row


def test_an_agency_that_loses_its_last_opener_is_told_to_its_administrators(
    site: Site, alarm: Alarm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    take_grants(site, "hea")
    assert alarm(site.hands()) == 1
    line, *places = errors(caplog)
    assert HEA in line
    assert places == [
        f"{town} has nobody else who can open in place of {HEA}" for town in ("vantaa", "kerava")
    ]
    (told,) = [letter for letter in letters(site) if HEA in letter[1]["agencies"]]
    assert told[0] == "admin"
    assert not {SOC, POL} & set(told[1]["agencies"])
    assert told[1]["places"] == [["vantaa", HEA], ["kerava", HEA]]


def test_the_same_gaps_are_told_once_a_day(site: Site, alarm: Alarm) -> None:
    before = len(letters(site))
    assert alarm(site.hands()) == 0
    site.hands.move(hours=8)
    assert alarm(site.hands()) == 0
    assert len(letters(site)) == before
    site.hands.move(hours=16)
    assert alarm(site.hands()) > 0
    assert len(letters(site)) > before


def test_of_two_schedulers_at_once_one_tells(
    site: Site, alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(letters(site))
    monkeypatch.setattr(store, "is_raised", lambda *_: False)
    assert alarm(site.hands()) == 0
    assert len(letters(site)) == before


def test_a_controller_without_an_administrator_is_told_to_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            delete(MembershipRow).where(MembershipRow.person_id == site.people["admin"])
        )
    site.parts.alarm(site.hands())
    assert f"{COUNTY} has no administrator to write to" in errors(caplog)


def test_a_damaged_key_counts_as_nobody(site: Site, alarm: Alarm) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            update(AgencyKeyRow).where(AgencyKeyRow.agency_id == HEA).values(public_key=b"x")
        )
    assert HEA not in site.parts.openers(local_date(site.hands()))
    assert HEA not in site.parts.openers.who(local_date(site.hands()))
    assert alarm(site.hands()) == 1


def test_an_agency_out_of_use_raises_no_alarm(site: Site, alarm: Alarm) -> None:
    agency = replace(site.parts.directory.agency(HEA), in_use=False)
    take_grants(site, "hea")
    directory = replace(
        site.parts.directory, agencies={**site.parts.directory.agencies, HEA: agency}
    )
    assert HEA not in replace(alarm, directory=directory)._gaps(site.hands())[COUNTY].agencies
    assert HEA in alarm._gaps(site.hands())[COUNTY].agencies


def test_old_alarms_are_forgotten(site: Site, alarm: Alarm) -> None:
    site.hands.move(days=31)
    alarm(site.hands())
    with site.parts.database.read() as connection:
        days = set(connection.scalars(select(AlarmRow.day)))
    assert days == {local_date(site.hands())}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fi", "Kukaan ei voi avata näiden viranomaisten ilmoituksia:"),
        ("sv", "Ingen kan öppna anmälningarna till dessa myndigheter:"),
        ("en", "Nobody can open the reports of these agencies:"),
    ],
)
def test_the_letter_names_the_agencies_and_where_to_look(
    site: Site, alarm: Alarm, language: str, told: str
) -> None:
    take_grants(site, "hea")
    alarm(site.hands())
    with site.parts.database.write() as connection:
        connection.execute(update(PersonRow).values(language=language))
    (row,) = [
        r for r in site.claim_letters() if r.letter == alarms.LETTER and HEA in r.params["agencies"]
    ]
    text = site.parts.deliver.write(row).text
    assert told in text
    assert f"- {site.parts.directory.agency(HEA).name[language]}\n" in text
    assert "http://127.0.0.1:8000/directory/openers" in text
    towns = site.parts.directory.municipalities
    assert ", ".join(sorted(towns[t].name[language] for t in ("vantaa", "kerava"))) + "." in text
    assert "%(" not in text


def test_a_long_list_of_agencies_is_cut_in_the_letter(site: Site, alarm: Alarm) -> None:
    row = SimpleNamespace(
        id=1,
        report_id=None,
        letter=alarms.LETTER,
        params={"agencies": list(site.parts.directory.agencies), "places": []},
        language="en",
        name="A",
        email="a@x.fi",
        created_at=site.hands(),
    )
    text = site.parts.deliver.write(cast(Any, row)).text
    assert text.count("\n- ") == 20
    assert "and 49 others" in text


def test_a_kind_without_openers_is_shown_with_who_gets_its_reports(site: Site) -> None:
    whole = served(site, "vantaa", Kind.HEA)
    assert (whole.agency.id, whole.openers) == (HEA, 1)
    assert whole.taker is not None
    assert whole.taker.id == HEA
    take_grants(site, "hea")
    gap = served(site, "vantaa", Kind.HEA)
    assert gap.openers == 0
    assert gap.taker is not None
    assert gap.taker.id == TRIAGE


def test_a_desk_of_the_same_kind_takes_over_before_another_kind(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            update(MembershipRow)
            .where(MembershipRow.agency_id == SOC)
            .values(valid_to=local_date(site.hands.move(days=-1)))
        )
    site.hands.move(days=1)
    row = served(site, "vantaa", Kind.SOC)
    assert (row.agency.id, row.openers) == (SOC, 0)
    assert row.taker is not None
    assert row.taker.id == TRIAGE
    assert row.standby is not None
    assert row.standby.id == DUTY


def test_the_table_says_what_routing_does(site: Site) -> None:
    """Whoever the table names is who would get the report."""
    for name in ("hea", "soc", "soc-deputy", "soc-head", "pol"):
        take_grants(site, name)
        parts, today = site.parts, local_date(site.hands())
        desks = Desks(parts.directory, parts.rules.beside["standby"])
        manned = parts.openers(today)
        for row in parts.openers.by_municipality(parts.directory, desks, today):
            found = desks.find(row.kind, "office", Place(row.municipality.id), manned)
            assert row.taker == found, (name, row.municipality.id, row.kind)


def test_the_ankkuri_team_is_asked_for_only_while_an_agreement_is_in_force(site: Site) -> None:
    parts, today = site.parts, local_date(site.hands())
    desks = Desks(parts.directory, parts.rules.beside["standby"])
    rows = list(parts.openers.by_municipality(parts.directory, desks, today))
    teams = {row.municipality.id for row in rows if row.kind is Kind.ANK}
    assert "vantaa" in teams
    assert "pukkila" not in teams
    assert len({row.municipality.id for row in rows}) == 15
