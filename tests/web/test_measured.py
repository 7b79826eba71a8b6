"""Each request has a number, a line in the log and its figures; none tells who or what."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from functools import wraps
from io import StringIO
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError

from intake import logs, metrics
from intake.services.submit import Submit
from tests.site import PASSPHRASE, Site, token_in
from tests.web.reporter_walk import Walk

CANARY = "kanarialintu"
NUMBER = re.compile(r"numero: (\d{3} \d{3} \d{3})\.")


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What the log of a process would hold, every level of it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Line("json", "reporter"))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def requests_in(written: StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    return [line for line in lines if line["logger"] == "intake.request"]


def counted(counter: Any, *labels: str) -> float:
    value: float = counter.labels(*labels)._value.get()
    return value


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def test_a_request_leaves_a_line_with_its_page_and_nothing_of_its_address(
    site: Site, written: StringIO
) -> None:
    client = site.client()
    client.set_cookie("ankkuri_draft", CANARY)
    client.get(f"/status?{CANARY}={CANARY}", headers={"User-Agent": CANARY, "Referer": CANARY})
    client.get(f"/{CANARY}")
    client.open("/", method=CANARY.upper())
    status, unknown, odd = requests_in(written)
    assert (status["method"], status["endpoint"], status["status"]) == (
        "GET",
        "reporter.status",
        200,
    )
    assert (unknown["endpoint"], unknown["status"]) == ("none", 404)
    assert (odd["method"], odd["status"]) == ("other", 405)
    assert status["ms"] > 0
    assert re.fullmatch(r"\d{9}", status["request"])
    assert status["request"] != unknown["request"]
    assert CANARY not in written.getvalue().lower()
    assert "127.0.0.1" not in written.getvalue()
    assert logs.REQUEST.get() == "", "the thread goes on to other requests"


@pytest.mark.parametrize(
    ("error", "status"),
    [(RuntimeError(CANARY), 500), (DatabaseError(CANARY, None, Exception(CANARY)), 503)],
)
def test_a_failed_page_tells_the_number_under_which_the_log_has_the_failure(
    site: Site, written: StringIO, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    walk = Walk(site.client())
    walk.fill()
    page = walk.get("/report/check")
    site.app.testing = False
    monkeypatch.setattr(Submit, "_store", failing(error))
    shown = walk.press(page, "/report/send", status)
    (number,) = NUMBER.findall(shown)
    assert f"{number}. Se ei ole seurantakoodi." in shown
    told = [json.loads(line) for line in written.getvalue().splitlines()]
    of_it = [line for line in told if line["request"] == number.replace(" ", "")]
    assert any(line["level"] == "error" and "place" in line for line in of_it)
    assert requests_in(written)[-1] in of_it
    assert CANARY not in written.getvalue()


@pytest.mark.sqlite  # a view of the whole application is made to fail, and its doors are not apart
def test_a_page_that_fails_and_whose_error_page_fails_too_is_still_logged_without_its_path(
    site: Site, written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.client()
    site.app.testing = False
    views = site.app.view_functions
    broken = wraps(views["reporter.status"])(failing(RuntimeError(CANARY)))
    monkeypatch.setitem(views, "reporter.status", broken)
    monkeypatch.setattr("intake.app.render", failing(RuntimeError(CANARY)))
    answer = client.get(f"/status?x={CANARY}")
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert CANARY not in answer.text
    assert '"error": "RuntimeError' in written.getvalue()
    assert CANARY not in written.getvalue()
    assert "/status" not in written.getvalue().replace("reporter/status", "")


def test_pages_that_went_well_tell_no_number(site: Site) -> None:
    for path in ("/", "/status", "/nowhere", "/sign-in"):
        assert "tukea" not in site.client().get(path).text


def test_requests_are_counted_by_page_and_class_of_status(site: Site) -> None:
    before = counted(metrics.REQUESTS, "reporter", "status", "2xx")
    lost = counted(metrics.REQUESTS, "site", "none", "4xx")
    site.client().get("/status")
    site.client().get("/nowhere/at/all")
    assert counted(metrics.REQUESTS, "reporter", "status", "2xx") == before + 1
    assert counted(metrics.REQUESTS, "site", "none", "4xx") == lost + 1


def test_a_sign_in_is_counted_as_taken_refused_or_too_soon(site: Site) -> None:
    def count(outcome: str) -> float:
        return counted(metrics.OUTCOMES, "account", "sign_in", outcome)

    before = {name: count(name) for name in ("taken", "refused", "too_soon")}
    site.signs_in("soc")
    client = site.client()
    for _ in range(5):
        token = token_in(client.get("/sign-in").text)
        client.post("/sign-in", data={"name": "pol", "passphrase": "väärä", "csrf_token": token})
    now = {name: count(name) - was for name, was in before.items()}
    assert now == {"taken": 1, "refused": 4, "too_soon": 1}
    assert PASSPHRASE not in str(list(metrics.REGISTRY.collect()))


def test_a_send_is_counted_by_how_it_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch, written: StringIO
) -> None:
    def count(outcome: str) -> float:
        return counted(metrics.OUTCOMES, "reporter", "send", outcome)

    names = ("stored", "expired", "not_stored", "incomplete")
    before = {name: count(name) for name in names}
    walk = Walk(site.client())
    walk.fill()
    walk.post_with("stale", "/report/send", {}, 422)
    page = walk.get("/report/check")
    with monkeypatch.context() as patched:
        patched.setattr(Submit, "_store", failing(DatabaseError("", None, Exception())))
        page = walk.press(page, "/report/send", 503)
    walk.press(page, "/report/send")
    empty = Walk(site.client())
    empty.post("/report/who", {"kind": "private_person"})
    empty.post_with(token_in(empty.get("/report/who")), "/report/send", {}, 422)
    assert {name: count(name) - was for name, was in before.items()} == dict.fromkeys(names, 1)
    assert [line["outcome"] for line in requests_in(written) if "outcome" in line] == [
        *("expired", "not_stored", "stored", "incomplete")
    ]


def test_no_label_names_an_agency_a_person_or_a_referral(site: Site) -> None:
    code = site.send().code.text
    client = site.signed_in("soc")
    inbox = client.get("/inbox").text
    referral = re.search(r"/referrals/([0-9a-f-]{36})", inbox)
    assert referral
    client.get(f"/referrals/{referral[1]}")
    labels = {
        value
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
        for value in sample.labels.values()
    }
    assert "referral" in labels
    names = {*site.parts.directory.agencies, *map(str, site.people.values()), "soc"}
    assert not labels & {*names, referral[1], code}


def test_the_database_is_watched_for_use_and_failure(site: Site) -> None:
    def in_use() -> float:
        return metrics.CONNECTIONS._value.get()  # type: ignore[no-any-return]  # a private figure

    free = in_use()
    errors = ("OperationalError", "ProgrammingError")  # as SQLite and PostgreSQL say it

    def failed() -> float:
        return sum(counted(metrics.DATABASE_ERRORS, error) for error in errors)

    before = failed()
    with site.parts.database.read() as connection:
        assert in_use() == free + 1
        with pytest.raises(DatabaseError):
            connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert in_use() == free
    assert failed() == before + 1
