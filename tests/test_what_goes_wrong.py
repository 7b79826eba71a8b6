"""Failures that were seen elsewhere: each has a test, and here are those that no room has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config import PROJECT
from intake.services.tries import FREE_TRIES
from intake.store.tables import ReferralRow, ReportRow
from intake.vault.own import VisitorSecret
from tests.site import PASSPHRASE, Site, token_in

NAMED = re.compile("`(test_[a-z0-9_]+)`")
DEFINED = re.compile(r"^def (test_[a-z0-9_]+)\(", re.MULTILINE)


def rows_of_the_table() -> list[str]:
    text = (PROJECT / "docs" / "what-goes-wrong.md").read_text("utf-8")
    return [line for line in text.splitlines() if line.startswith("| ")][1:]


def test_every_failure_names_tests_and_each_of_them_is_there() -> None:
    files = Path(__file__).parent.rglob("test_*.py")
    defined = {name for file in files for name in DEFINED.findall(file.read_text("utf-8"))}
    rows = rows_of_the_table()
    assert len(rows) >= 15
    for row in rows:
        named = NAMED.findall(row.rpartition("|")[0].rpartition("|")[2])
        assert named, row
        assert set(named) <= defined, row


ONE_ADDRESS = {"REMOTE_ADDR": "192.0.2.7"}  # a school's: everybody there comes from it


def sign_in(site: Site, name: str, passphrase: str) -> int:
    client = site.client()
    data = {"name": name, "passphrase": passphrase}
    data["csrf_token"] = token_in(client.get("/sign-in", environ_base=ONE_ADDRESS).text)
    return client.post("/sign-in", data=data, environ_base=ONE_ADDRESS).status_code


def test_whoever_shares_an_address_with_a_guesser_gets_in(site: Site) -> None:
    answers = [sign_in(site, "soc", f"arvaus {number}") for number in range(FREE_TRIES + 2)]
    assert answers[-1] == 429
    assert sign_in(site, "soc", PASSPHRASE) == 429
    assert sign_in(site, "pol", PASSPHRASE) == 303


def test_wrong_codes_from_an_address_keep_no_right_code_out(site: Site) -> None:
    code = site.send().code.text
    client = site.client()
    token = token_in(client.get("/status", environ_base=ONE_ADDRESS).text)

    def ask(typed: str) -> str:
        data = {"code": typed, "csrf_token": token}
        return client.post("/status", data=data, environ_base=ONE_ADDRESS).text

    for _ in range(60):
        assert "Tallennettu" not in ask(VisitorSecret.new().receipt_code.text)
    assert "Tallennettu, ei vielä avattu" in ask(code)


def test_references_that_are_drawn_twice_make_no_second_report_of_that_name(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = ["K7-204193", "K7-204193", "K7-204194"]
    monkeypatch.setattr("intake.services.refer.new_reference", lambda: drawn.pop(0))
    for _ in range(2):
        site.send()
    assert drawn == []
    with site.parts.database.read() as connection:
        references = connection.scalars(select(ReferralRow.reference)).all()
        reports = connection.scalar(select(func.count()).select_from(ReportRow))
    assert sorted(references) == ["K7-204193", "K7-204194"]
    assert reports == 2
