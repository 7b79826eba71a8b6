"""A change of the directory reaches every running process; a broken one stops none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import Client

from intake import app as web
from intake import wiring
from intake.app import Renewing
from intake.domain.answers import worry_of
from intake.domain.directory_file import DirectoryInvalid
from intake.domain.people import Administrator
from intake.jobs import Timetable
from intake.language import Language
from intake.live import LiveParts
from intake.parts import Parts
from intake.services.amend import Change, digest_of
from intake.services.schools import close_school
from intake.store import directory as store
from intake.store.people_tables import DirectoryRow, DirectoryStampRow
from intake.web.forms.family import ChildForm
from intake.web.forms.report_form import Around
from intake.web.told import Telling
from tests.site import COUNTY, HEA, SOC, Site, worry_answers

OPERATOR = Administrator(None, frozenset({COUNTY, "municipality-vantaa"}))


@pytest.fixture
def other(site: Site) -> Iterator[LiveParts]:
    """Another process on the same database, which looks each time."""
    parts = wiring.build(site.parts.settings, site.hands)
    yield LiveParts(parts, seconds=0)
    parts.database.engine.dispose()


def change(site: Site, table: str, entry_id: str, **values: Any) -> None:
    """As an administrator in another process would."""
    amend = site.parts.amend
    entry = amend.stored(site.hands().date()).entry(table, entry_id)
    amend(
        OPERATOR,
        [Change(table, entry_id, {**entry, **values}, digest_of(entry))],
        site.hands(),
    )


def test_a_change_is_seen_by_another_process_with_its_other_parts_kept(
    site: Site, other: LiveParts
) -> None:
    before = other()
    assert other() is before
    change(site, "agency", HEA, phone="09 000 0999")
    after = other()
    assert after.directory.agency(HEA).phone == "09 000 0999"
    assert before.directory.agency(HEA).phone != "09 000 0999"
    assert (after.rules, after.calendar, after.database) == (
        before.rules,
        before.calendar,
        before.database,
    )
    assert other() is after


def test_the_stamp_is_looked_at_no_more_than_once_in_its_time(site: Site) -> None:
    live = LiveParts(site.parts, seconds=3600)
    change(site, "agency", HEA, phone="09 000 0999")
    assert live() is site.parts


def test_a_changed_opening_hour_changes_where_an_urgent_report_goes(
    site: Site, other: LiveParts
) -> None:
    answers = worry_answers(
        urgency={"urgency": "today", "threat_to_life": "to_others", "weapon": "no"},
    )

    def police_desk() -> str:
        (outcome,) = other().route(worry_of(answers), site.hands()).outcomes
        (desk,) = [r.desk for r in outcome.recipients if r.kind == "POL"]
        assert ("call_duty_too" in outcome.notices) is (desk == "duty")
        return desk

    assert police_desk() == "office"
    change(site, "agency", SOC, hours={"wed": "08:00-16:00"})  # and it is Tuesday
    assert police_desk() == "duty"
    change(site, "agency", SOC, hours="office")
    assert police_desk() == "office"


def test_a_desk_goes_out_of_use_with_its_day_though_nothing_is_written_then(
    site: Site, other: LiveParts
) -> None:
    tomorrow = site.hands().date() + timedelta(days=1)
    change(site, "agency", SOC, out_of_use_from=tomorrow)
    worry = worry_of(worry_answers())
    assert SOC in {s.agency.id for s in other().route(worry, site.hands()).shares}
    site.hands.move(days=1)
    shares = other().route(worry, site.hands()).shares
    assert {s.agency.id for s in shares if s.lead} == {"soc-vantaa-kerava-triage"}
    assert other().directory.agency(SOC).name["fi"]


BREAKS: dict[str, Any] = {
    "an entry that lacks its fields": {"id": HEA},
    "an entry that is no entry": [1],
    "a day that is no day": {"out_of_use_from": "soon"},
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_a_directory_that_cannot_be_read_leaves_the_old_one_in_use(
    site: Site, other: LiveParts, caplog: pytest.LogCaptureFixture, broken: Any
) -> None:
    before = other()
    with site.parts.database.write() as connection:
        connection.execute(
            update(DirectoryRow)
            .where(DirectoryRow.kind == "agency", DirectoryRow.id == HEA)
            .values(entry=broken)
        )
        store.renew_stamp(connection)
    assert other() is before
    assert other() is before
    assert [m for m in caplog.messages if "the old one stays" in m] != []
    assert len(caplog.messages) == 1


def test_a_database_that_cannot_be_read_leaves_the_old_one_in_use_and_is_asked_again(
    site: Site, other: LiveParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = other()
    change(site, "agency", HEA, phone="09 000 0999")
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE directory RENAME TO elsewhere")
    assert other() is before
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO directory")
    assert other().directory.agency(HEA).phone == "09 000 0999"


def test_a_process_does_not_start_on_a_directory_that_does_not_hold(site: Site) -> None:
    with site.parts.database.write() as connection:
        store.remove(connection, "agency", HEA)
        connection.execute(update(DirectoryStampRow).values(stamp=b"x"))
    with pytest.raises(DirectoryInvalid):
        wiring.build(site.parts.settings, site.hands)


def test_the_pages_of_another_process_show_the_change_without_a_restart(
    site: Site, other: LiveParts
) -> None:
    renewing = Renewing(other)
    client, first = Client(renewing), renewing.app
    assert "Uusi neuvonta" not in client.get("/").text
    assert renewing.app is first
    name = {"fi": "Uusi neuvonta", "sv": "Ny rådgivning"}
    change(site, "phone_line", "line-vantaa-kerava-child-welfare", name=name)
    assert "Uusi neuvonta" in client.get("/").text
    assert renewing.app is not first


def test_an_application_that_cannot_be_made_anew_leaves_the_old_one_serving(
    site: Site,
    other: LiveParts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    renewing = Renewing(other)
    first = renewing.app
    change(site, "agency", HEA, phone="09 000 0999")

    def broken(_parts: Parts) -> None:
        raise RuntimeError("on fire")

    monkeypatch.setattr(web, "create_app", broken)
    assert Client(renewing).get("/").status_code == 200
    assert renewing.app is first
    assert "the application cannot be made anew: the old one stays" in caplog.messages


def test_somebody_signed_in_stays_so_while_the_directory_changes(
    site: Site, other: LiveParts
) -> None:
    renewing = Renewing(other)
    client = Client(renewing)
    cookie = site.signed_in("soc").get_cookie("ankkuri_staff")
    assert cookie is not None
    client.set_cookie("ankkuri_staff", cookie.value)
    assert client.get("/inbox").status_code == 200
    change(site, "agency", HEA, phone="09 000 0999")
    assert client.get("/inbox").status_code == 200


def test_the_jobs_take_the_directory_as_it_stands(site: Site, other: LiveParts) -> None:
    seen: list[str] = []

    def look(_now: object) -> int:
        seen.append(other().directory.agency(HEA).phone)
        return 0

    timetable = Timetable(site.parts.database, site.hands, (("look", look, 30),))
    timetable.once()
    change(site, "agency", HEA, phone="09 000 0999")
    timetable.once()
    assert seen[1] == "09 000 0999" != seen[0]


def test_a_closed_school_is_offered_no_more_and_stays_named_on_what_came(
    site: Site, other: LiveParts
) -> None:
    today = site.hands().date()
    stored = site.parts.amend.stored(today)
    entry = stored.entry("school", "school-tikkukivi")
    site.parts.amend(OPERATOR, close_school(stored, entry, digest_of(entry), today), site.hands())
    directory = other().directory
    assert not directory.agency("pri-tikkukivi").in_use
    sections = worry_of(worry_answers()).sections()
    told = Telling(Language("fi"), directory, today)(
        {k: json.loads(v) for k, v in sections.items()}
    )
    assert "Tikkukiven koulu" in str(told.children)
    around = Around(Language("fi"), directory, today)
    with site.app.test_request_context():
        form = ChildForm(None, around=around, token_key=b"k" * 32)
    offered = [value for value, _ in form.school.choices]
    assert "school-tikkukivi" not in offered
    assert "school-vuorikielo" in offered
