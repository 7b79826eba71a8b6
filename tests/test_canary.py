"""A canary in every field, looked for wherever the site leaves bytes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from intake.domain.referral import Move
from intake.services.draft import Draft
from intake.services.respond import Entry
from intake.vault.own import VisitorSecret
from tests.site import Site, worry_answers

CANARY = "KANARIALINTU"
FREE_TEXT = {
    "reporter": ("name", "post", "organisation", "phone", "already_called", "notice_address"),
    "children": ("name", "language", "school_name", "school_class", "whereabouts"),
    "guardians": ("name", "contact"),
    "observations": ("seen", "when", "own_view", "done_already", "health"),
    "consent": ("informed_reason",),
}


def canaries() -> dict[str, Any]:
    """A worry with a canary of its own in every field that takes free text."""
    answers = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        consent={"child_consent": "given", "consent_to": ["ANK", "YOU"]},
    )
    answers["guardians"] = [
        {"name": "", "contact": "", "lives_with_child": "yes", "suspected_perpetrator": "no"}
    ]
    for page, fields in FREE_TEXT.items():
        target = answers[page][0] if isinstance(answers[page], list) else answers[page]
        for field in fields:
            assert field in target, f"{page}.{field} is no longer a field"
            target[field] = f"{CANARY} {page} {field}"
    return answers


def places(site: Site) -> list[Path]:
    """Every file of the site: database, write-ahead log, keys, letters."""
    return [path for path in site.parts.settings.data.rglob("*") if path.is_file()]


def test_no_canary_is_left_anywhere(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    caplog.set_level(logging.DEBUG)
    answers = canaries()
    Draft(site.parts.database).save(VisitorSecret.new(), answers, site.hands())
    site.send(answers)
    visit = site.visit("ank")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    assert CANARY in str(site.parts.read(visit, row.id, site.hands()).sections)
    entry = Entry(Move.RETURN, reason=f"{CANARY} reason")
    site.parts.respond(visit, row.id, entry, site.hands())
    site.parts.chase(site.hands.move(days=30))
    assert site.parts.deliver(site.hands()) > 0
    files = places(site) + [path for path in temporary.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".sqlite3", ".sqlite3-wal", ".eml"}
    for path in files:
        content = path.read_bytes()
        for form in (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.lower().encode()):
            assert form not in content, path.name
    assert CANARY not in caplog.text


def test_the_search_would_find_a_canary_that_is_not_sealed(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE leak (words TEXT)")
        connection.exec_driver_sql("INSERT INTO leak VALUES (?)", (CANARY,))
    assert any(CANARY.encode() in path.read_bytes() for path in places(site))


def test_a_reporters_status_names_nothing_of_the_content(site: Site) -> None:
    from intake.services.status import Status

    code = site.send(canaries()).code
    assert CANARY not in str(Status(site.parts.database, site.parts.directory).by_code(code))
