"""The supervisor's desk: exact counts of the own agencies on its pages, protected ones in files."""

from __future__ import annotations

import csv
import html
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from benchmarks import two_years
from intake.domain.deadline import HELSINKI
from intake.domain.forecast import day_of
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.store.tables import DeadlineRow, ReferralRow, ReportRow, TrailRow
from intake.store.timing import TimingRow
from intake.web.csv_file import BOM, csv_file
from tests.look.page_faults import page_faults
from tests.site import DUTY, HEA, POL, SOC, WEL, Site
from tests.web.test_staff_referral import english

PAGES = ("/deadlines", "/deadlines/ahead", "/deadlines/ageing", "/deadlines/times")
FILES = tuple(f"/deadlines/{name}.csv" for name in ("pressing", "ahead", "ageing", "times"))
NUMBERS = count(1)
DAY = timedelta(days=1)


def put(
    site: Site,
    agency: str,
    arrived_at: datetime | None = None,
    due: Mapping[str, datetime] | None = None,
    state: str = "sent",
    times: int = 1,
) -> None:
    """Referrals as far as counts know them."""
    arrived_at = arrived_at or site.hands()
    with site.parts.database.write() as connection:
        for _ in range(times):
            report, referral = new_id(arrived_at), new_id(arrived_at)
            connection.execute(insert(ReportRow).values(id=report, received_at=arrived_at))
            connection.execute(
                insert(ReferralRow).values(
                    id=referral,
                    report_id=report,
                    agency_id=agency,
                    reference=f"B1-{next(NUMBERS):06d}",
                    state=state,
                    is_lead=False,
                    arrived_at=arrived_at,
                    moved_at=arrived_at,
                    sealed_reasons=b"",
                )
            )
            for clock, due_at in (due or {}).items():
                connection.execute(
                    insert(DeadlineRow).values(
                        id=new_id(arrived_at),
                        referral_id=referral,
                        agency_id=agency,
                        clock=clock,
                        started_at=arrived_at,
                        today=False,
                        due_on=day_of(due_at),
                        due_extended_on=day_of(due_at),
                        due_at=due_at,
                        calendar_version="",
                        steps=[],
                    )
                )


def took(site: Site, agency: str, month: str, what: str, **buckets: int) -> None:
    with site.parts.database.write() as connection:
        for bucket, referrals in buckets.items():
            key = {"agency_id": agency, "month": month, "what": what, "bucket": int(bucket[1:])}
            connection.execute(insert(TimingRow).values(**key, count=referrals))


def midnight_after(day: int, month: int = 6) -> datetime:
    """When a day of 2026 is over in Helsinki."""
    return (datetime(2026, month, day, tzinfo=HELSINKI) + DAY).astimezone(UTC)


def table(page: str, number: int = 0) -> dict[str, list[str]]:
    """The cells of a table's rows by what names them; of rows alike, the cells of all."""
    body = page.split("<tbody")[number + 1].partition("</tbody>")[0]
    rows: dict[str, list[str]] = defaultdict(list)
    for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
        head = re.search(r"<th.*?</th>", row, re.DOTALL)
        assert head
        cells = re.findall(r"<td(?! role=\"cell\" class=\"bar\").*?</td>", row, re.DOTALL)
        rows[words(head[0])] += [words(cell) for cell in cells]
    return rows


def words(markup: str) -> str:
    seen = re.sub(r'<span class="unseen">.*?</span>', "", markup)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", seen).split()))


def file(client: FlaskClient, path: str) -> list[list[str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.text.removeprefix(BOM)), delimiter=";"))


def name_of(site: Site, agency: str) -> str:
    return site.parts.directory.agency(agency).name["en"]


@pytest.mark.on_both
def test_what_is_late_or_soon_stands_first_by_agency_and_task_and_leads_to_its_list(
    site: Site,
) -> None:
    now = site.hands()
    put(site, SOC, due={"urgency": now - DAY, "lsl26_start": now + 2 * DAY}, times=2)
    put(site, SOC, due={"urgency": now - DAY, "lsl26_start": now + 9 * DAY})
    put(site, HEA, due={"accept": now + 9 * DAY})
    put(site, POL, due={"accept": now - DAY}, times=5)
    client = english(site, "supervisor")
    page = client.get("/deadlines").text
    assert page_faults(page) == []
    assert table(page) == {
        name_of(site, SOC): [
            *("Urgency assessed", "3", "0", "3"),
            *("Service-needs assessment started", "0", "2", "3"),
        ]
    }
    link = re.search(r'href="([^"]*state=late[^"]*)"', page)
    assert link
    late = client.get(html.unescape(link[1])).text
    references = table(late, 1)
    assert len(references) == 3
    assert {cells[1] for cells in references.values()} == {"Urgency assessed"}


@pytest.mark.on_both
def test_the_list_is_filtered_by_task_page_by_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.web.paging.ROWS", 2)
    now = site.hands()
    put(site, SOC, due={"urgency": now + DAY, "lsl26_start": now + 2 * DAY}, times=5)
    client = english(site, "supervisor")
    path = "/deadlines?clock=lsl26_start"
    found: list[str] = []
    for number in range(3):
        page = client.get(path).text
        rows = table(page, 0 if number else 1)
        assert {cells[1] for cells in rows.values()} == {"Service-needs assessment started"}
        found += rows
        assert '<option value="lsl26_start" selected>' in page
        link = re.search(r'<a href="([^"]+)">Next page', page)
        path = html.unescape(link[1]) if link else ""
    assert path == ""
    assert len(found) == len(set(found)) == 5
    everything = client.get("/deadlines?clock=nonsense").text
    assert everything.replace("clock=nonsense&amp;", "") == client.get("/deadlines").text


def test_open_reports_are_counted_by_days_of_the_calendar_at_each_end_of_a_class(
    site: Site,
) -> None:
    today = datetime(2026, 6, 2, tzinfo=HELSINKI)
    for age in (0, 2, 3, 7, 8, 14, 15, 30, 31, 90, 91):
        put(site, SOC, (today - age * DAY).astimezone(UTC))  # the day's first instant
    put(site, SOC, (today - 2 * DAY).astimezone(UTC) - timedelta(microseconds=1))  # 3 days ago
    put(site, HEA, site.hands() - 400 * DAY, state="accepted")
    put(site, HEA, site.hands() - 400 * DAY, state="closed")
    put(site, POL, site.hands())
    page = english(site, "supervisor").get("/deadlines/ageing").text
    assert page_faults(page) == []
    assert table(page) == {
        name_of(site, HEA): ["0", "0", "0", "0", "0", "1", "1"],
        name_of(site, SOC): ["2", "3", "2", "2", "2", "1", "12"],
        "All agencies": ["2", "3", "2", "2", "2", "2", "13"],
    }


def test_days_ahead_name_midsummer_and_hide_nothing_that_falls_due_on_it(site: Site) -> None:
    put(site, SOC, due={"urgency": site.hands() - DAY})
    put(site, SOC, due={"urgency": midnight_after(2)})
    put(site, SOC, due={"lsl26_start": midnight_after(19)}, times=2)  # Midsummer Eve counts
    put(site, SOC, due={"lsl26_complete": midnight_after(20)}, times=3)  # Midsummer Day does not
    put(site, HEA, due={"accept": midnight_after(20) + timedelta(hours=5)})
    put(site, SOC, due={"lsl26_start": midnight_after(30)})
    page = english(site, "supervisor").get("/deadlines/ahead").text
    assert page_faults(page) == []
    rows = table(page)
    assert len(rows) == 1 + 28  # 20 working days, three other weekends, Midsummer's
    totals = {day: cells[-1] for day, cells in rows.items() if cells[-1] not in ("", "0")}
    assert totals == {
        "Late already": "1",
        "Tue 2 June 2026": "1",
        "Fri 19 June 2026 Midsummer Eve": "2",
        "Sat 20 June 2026 Midsummer Day": "3",
        "Sun 21 June 2026 Sunday": "1",
    }
    assert rows["Sat 13 June 2026 Saturday"] == [""] * len(rows["Late already"])
    assert list(rows)[-1] == "Mon 29 June 2026"


def test_days_ahead_pass_over_a_holiday_in_the_week(site: Site) -> None:
    site.hands.at = datetime(2026, 12, 21, 8, tzinfo=UTC)
    client = english(site, "supervisor")
    rows = table(client.get("/deadlines/ahead").text)
    assert "Thu 24 December 2026 Christmas Eve" in rows
    for off in ("Fri 25 December 2026 Christmas Day", "Fri 1 January 2027 New Year's Day"):
        assert set(rows[off]) == {""}
    assert list(rows)[-1] == "Wed 20 January 2027"


@pytest.mark.on_both
def test_times_are_those_of_the_last_twelve_months_by_agency_and_by_month(site: Site) -> None:
    took(site, SOC, "2026-06", "accept", b0=6, b4=3, b60=1)
    took(site, SOC, "2025-07", "accept", b166=2)
    took(site, SOC, "2025-06", "accept", b1=50)
    took(site, HEA, "2026-06", "respond", b48=1)
    took(site, POL, "2026-06", "accept", b0=90)
    client = english(site, "supervisor")
    page = client.get("/deadlines/times").text
    assert page_faults(page) == []
    assert table(page, 0) == {
        name_of(site, SOC): ["12", "1 h", "120 d or more"],
        name_of(site, HEA): ["0", "–", "–"],
    }
    by_month = table(page, 1)
    assert next(iter(by_month)) == "June 2026"
    assert list(by_month)[-1] == "July 2025"
    assert by_month["June 2026"] == ["10", "1 h", "5 h"]
    assert by_month["May 2026"] == ["0", "–", "–"]
    assert table(page, 3)["June 2026"] == ["1", "3 d", "3 d"]
    alone = client.get(f"/deadlines/times?agency={HEA}").text
    assert table(alone, 0)["June 2026"] == ["0", "–", "–"]
    assert name_of(site, SOC) not in alone.partition("</form>")[2].partition("<h2>")[2]


def fill(site: Site) -> None:
    """Something everywhere, at agencies of the own controller and of others."""
    two_years.fill(site.parts, 600, [site.people["soc"]], site.hands())
    for agency in (SOC, HEA, POL):
        took(site, agency, "2026-06", "accept", b0=3, b4=9)
    site.hands.move(days=8)


@pytest.mark.parametrize("path", [*PAGES, *FILES])
def test_an_agency_of_others_in_the_address_shows_nothing_and_tells_not_that_it_is_there(
    site: Site, path: str
) -> None:
    fill(site)
    client = english(site, "supervisor")
    own = client.get(path).text
    for name in (POL, "nowhere"):  # the links to other languages repeat the address alone
        page = client.get(f"{path}?agency={name}").text
        assert page.replace(f"agency={name}&amp;lang", "lang") == own
    foreign = [a for a in site.parts.directory.agencies.values() if "vantaa-kerava" not in a.id]
    assert len(foreign) > 10
    for agency in foreign:
        assert f'"{agency.id}"' not in own
        assert html.escape(agency.name["en"]) not in own


def test_files_open_in_finnish_spreadsheets_and_nobody_keeps_them(site: Site) -> None:
    fill(site)
    client = site.signed_in("supervisor")
    for path in FILES:
        answer = client.get(path)
        assert answer.data.startswith(b"\xef\xbb\xbf")
        assert answer.mimetype == "text/csv"
        assert answer.headers["Cache-Control"] == "no-store"
        assert re.fullmatch(
            r'attachment; filename="[a-z-]+-2026-06-10\.csv"', answer.headers["Content-Disposition"]
        )
        first, second = answer.text.removeprefix(BOM).split("\r\n")[:2]
        assert first.startswith(('"Viranomainen";"', '"Päivä";"'))
        assert first.count(";") == second.count(";") > 1


@pytest.mark.on_both
def test_each_file_leaves_a_line_with_what_it_holds_and_none_leaves_without(site: Site) -> None:
    fill(site)
    client = site.signed_in("supervisor")
    for path in FILES:
        client.get(path)
    with site.parts.database.read() as connection:
        lines = connection.execute(
            select(TrailRow).where(TrailRow.action == Action.EXPORT).order_by(TrailRow.at)
        ).all()
    assert {line.purpose for line in lines} == {
        *("late and soon late", "deadlines ahead", "open reports by age", "times")
    }
    assert {(line.person_id, line.role) for line in lines} == {
        (site.people["supervisor"], "supervisor")
    }
    told = english(site, "auditor").get("/trail").text
    filter_too = 1  # the page offers the kind among those to look for
    assert told.count("Counts taken along as a file") == len(FILES) + filter_too
    site.break_writes("INSERT ON trail")
    assert client.get(FILES[0]).status_code == 500


@pytest.mark.on_both
def test_files_hide_small_numbers_and_the_sums_that_would_tell_them(site: Site) -> None:
    now = site.hands()
    late, today, tomorrow = now - DAY, midnight_after(2), midnight_after(3)
    for times, due_at in ((6, late), (5, today), (2, tomorrow), (7, midnight_after(15))):
        put(site, SOC, due={"lsl26_start": due_at}, times=times)
    for times, due_at in ((3, late), (8, today)):
        put(site, WEL, due={"accept": due_at}, times=times)
    client = english(site, "supervisor")
    start, accept = "Service-needs assessment started", "Taken up"
    soc, wel = name_of(site, SOC), name_of(site, WEL)
    assert file(client, "/deadlines/pressing.csv") == [
        ["Agency", "Task", "Late", "Due within three days"],
        [soc, start, "6", "hidden"],
        [wel, accept, "<5", "8"],
    ]
    assert file(client, "/deadlines/ahead.csv") == [
        ["Day", "Agency", "Task", "Due"],
        ["Late", soc, start, "6"],
        ["Late", wel, accept, "<5"],
        ["2026-06-02", soc, start, "5"],
        ["2026-06-02", wel, accept, "8"],
        ["2026-06-03", soc, start, "hidden"],
        ["2026-06-15", soc, start, "7"],
    ]
    ages = file(client, "/deadlines/ageing.csv")
    hidden = ["<5"] * 6  # 11 and 20 reports are all of these deadlines: they would tell
    assert ages[1:] == [[soc, *hidden], [wel, *hidden]]
    put(site, SOC, now - 5 * DAY, state="accepted", times=6)
    ages = file(client, "/deadlines/ageing.csv")
    assert ages[1:] == [[soc, "20", "6", "0", "0", "0", "0"], [wel, *hidden]]


@pytest.mark.on_both
def test_files_tell_no_time_of_a_few(site: Site) -> None:
    took(site, SOC, "2026-06", "accept", b0=9, b4=3)
    took(site, SOC, "2026-05", "accept", b0=3, b166=1)
    took(site, HEA, "2026-05", "respond", b50=6)
    client = english(site, "supervisor")
    assert [row[1:] for row in file(client, "/deadlines/times.csv")[1:]] == [
        ["2026-05", "0", "", "", "6", "120", ""],  # the 90th percentile would be the slowest one
        ["2026-05", "<5", "", "", "0", "", ""],
        ["2026-06", "12", "1", "5", "0", "", ""],
    ]


def test_two_files_of_one_moment_agree_wherever_both_tell(site: Site) -> None:
    fill(site)
    put(site, DUTY, due={"urgency": site.hands() + DAY}, times=9)
    client = english(site, "supervisor")
    ahead = defaultdict[tuple[str, ...], list[str]](list)
    for day, agency, task, due in file(client, "/deadlines/ahead.csv")[1:]:
        ahead["late" if day == "Late" else day, agency, task].append(due)
    compared = 0
    for agency, task, late, soon in file(client, "/deadlines/pressing.csv")[1:]:
        assert ahead.get(("late", agency, task), ["0"]) == [late]
        days = [ahead.get((f"2026-06-{day}", agency, task), ["0"])[0] for day in (10, 11, 12)]
        if soon == "hidden":
            assert "hidden" in days
        else:
            compared += int(soon) > 0
            assert int(soon) == sum(map(int, days))
    assert compared


def written_of(*rows: Sequence[str | int]) -> str:
    heading, *others = rows
    made = csv_file("x.csv", list(map(str, heading)), others)
    return made.get_data(as_text=True).removeprefix(BOM)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " \r\n=1", "＝1"])
def test_a_name_that_is_a_formula_stays_a_name(formula: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(written_of([formula])), delimiter=";")
    assert cell.startswith("'")


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_no_text_becomes_a_formula_or_another_cell(texts: list[str]) -> None:
    written = written_of(["first"], texts, [7] * len(texts))
    rows = list(csv.reader(io.StringIO(written, newline=""), delimiter=";"))
    assert len(rows) == 3
    assert len(rows[1]) == len(texts)
    assert rows[2] == ["7"] * len(texts)
    for cell in rows[1]:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
        assert not re.search(r"[\x00-\x1f\x7f]", cell)
