"""A canary in every field, looked for wherever the site leaves bytes."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from intake.domain.referral import Move
from intake.services.respond import Entry
from tests import databases
from tests.site import Site, worry_answers
from tests.web.reporter_walk import WAY, Walk

CANARY = "KANARIALINTU"
HETU = "010516A901V"
TYPED: dict[str, dict[str, Any]] = {
    "who": {},
    "reporter": {"name": CANARY, "post": CANARY, "organisation": CANARY},
    "child/1": {"name": CANARY, "hetu": HETU},
    "observations": {"seen": CANARY, "own_view": CANARY, "health": CANARY},
}
"""What a reporter types over HTTP and has not sent yet."""
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
    own = [path for path in site.parts.settings.data.rglob("*") if path.is_file()]
    return own + databases.files()


def test_no_canary_is_left_anywhere(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    caplog.set_level(logging.DEBUG)
    typing = Walk(site.client())
    for page, fields in TYPED.items():
        typing.post(f"/report/{page}", WAY[page] | fields)
    Walk(site.client()).client.post("/report/observations", data={"seen": CANARY * 20_000})
    site.send(canaries())
    worker = site.signed_in("ank")
    visit = site.visit("ank")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    assert CANARY in worker.get(f"/referrals/{row.id}").text
    entry = Entry(Move.RETURN, reason=f"{CANARY} reason")
    site.parts.respond(visit, row.id, entry, site.hands())
    site.parts.chase(site.hands.move(days=30))
    assert site.parts.deliver(site.hands()) > 0
    files = places(site) + [path for path in temporary.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".eml"}
    assert {path.name for path in files} & {"intake.sqlite3", "pg_control"}
    for path in files:
        content = path.read_bytes()
        for word in (CANARY, CANARY.lower(), HETU):
            for form in (word.encode(), word.encode("utf-16-le")):
                assert form not in content, path.name
    assert CANARY not in caplog.text
    assert HETU not in caplog.text


def test_the_search_would_find_a_canary_that_is_not_sealed(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(text("CREATE TABLE leak (words TEXT)"))
        connection.execute(text("INSERT INTO leak VALUES (:words)"), {"words": CANARY})
    assert any(CANARY.encode() in path.read_bytes() for path in places(site))


def test_a_reporters_status_names_nothing_of_the_content(site: Site) -> None:
    from intake.services.status import Status

    code = site.send(canaries()).code
    assert CANARY not in str(Status(site.parts.database, site.parts.directory).by_code(code))
