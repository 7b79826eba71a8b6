"""A canary in every field, looked for wherever the site leaves bytes."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from intake import logs
from intake.domain.note import Contact, Means, Note
from intake.domain.referral import Move
from intake.jobs import Timetable
from intake.post.letter import Letter, LetterNotTaken
from intake.services.deliver import Deliver
from intake.services.hand_over import Told
from intake.services.read import Read
from intake.services.record import Entry
from intake.services.sign_in import Visit
from tests import databases
from tests.site import HEA, Site, token_in, worry_answers
from tests.web.keying import keyed
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


def write_everything(site: Site, visit: Visit, referral: UUID) -> None:
    """A canary in each text of staff, and back to where it was."""
    contact = Contact(site.hands().date(), None, Means.PHONE, CANARY, True, CANARY)
    for written in (Note(CANARY), contact):
        site.parts.write_note(visit, referral, uuid4(), written, site.hands())
    told = Told(HEA, "consent", ("concern",), f"{CANARY} hand-over", f"{CANARY} consent")
    site.parts.hand_over(visit, referral, told, site.hands.move(minutes=1))
    entry = Entry(Move.WITHDRAW, reason=f"{CANARY} mistake")
    site.parts.withdraw(visit, referral, entry, site.hands.move(minutes=1))


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
    arrival = {"channel": "letter", "day": ["1", "4", "2026"], "late_reason": CANARY}
    canary = dict.fromkeys(("seen", "own_view", "health"), CANARY)
    taking = keyed(site, arrival=arrival, child_1=TYPED["child/1"], observations=canary)
    taking.get(f"{taking.under}/report/check")
    keyed(site, arrival=arrival, reporter=TYPED["reporter"], observations=canary).send()
    worker = site.signed_in("ank")
    visit = site.visit("ank")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    assert CANARY in worker.get(f"/referrals/{row.id}").text
    write_everything(site, visit, row.id)
    entry = Entry(Move.RETURN, reason=f"{CANARY} reason")
    site.parts.respond(visit, row.id, entry, site.hands())
    site.parts.chase(site.hands.move(days=30))
    assert site.parts.notify(site.hands()) == 1
    assert site.parts.deliver(site.hands()) > 0
    files = places(site) + [path for path in temporary.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".eml"}
    assert {path.name for path in files} & {"intake.sqlite3", "pg_control"}
    for path in files:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # the server has just deleted it
            continue
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


@pytest.fixture(params=["json", "text"])
def written(request: pytest.FixtureRequest) -> Iterator[StringIO]:
    """What a process of ours would log, every level of it."""
    stream, root = StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Line(request.param, "all"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


class Refusing:
    """A post that takes nothing, and says so in words that it should not."""

    def __init__(self, kind: type[Exception]) -> None:
        self.kind = kind

    def close(self) -> None:
        pass

    def send(self, _letter: Letter) -> None:
        try:
            raise OSError(28, CANARY, CANARY)
        except OSError as error:
            raise self.kind(CANARY) from error


def test_no_canary_is_logged_where_everything_fails(
    site: Site, written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"cannot cope with {CANARY}, {HETU}")

    typing = Walk(site.client())
    typing.fill(**{page.replace("/", "_"): fields for page, fields in TYPED.items()})
    page = typing.get("/report/check")
    site.send(canaries())
    site.parts.chase(site.hands.move(days=30))
    worker = site.signed_in("ank")
    (row,) = site.parts.read.inbox(site.visit("ank"), ("sent",))
    site.app.testing = False
    with monkeypatch.context() as patched:
        patched.setattr(Read, "__call__", fail)
        assert worker.get(f"/referrals/{row.id}?{CANARY}").status_code == 500
    client = site.client()
    form = {"name": CANARY, "passphrase": CANARY, CANARY: CANARY}
    form["csrf_token"] = token_in(client.get("/sign-in").text)
    client.post(f"/sign-in?next=/{CANARY}", data=form)
    client.get(f"/{CANARY}", headers={"Host": CANARY, "User-Agent": CANARY})
    for kind in (LetterNotTaken, ValueError):
        post = Refusing(kind)
        Deliver(site.parts.database, post, lambda _row: fail())(site.hands())
        Deliver(site.parts.database, post, site.parts.deliver.write)(site.hands.move(hours=7))

    def broken(_now: datetime) -> int:
        return int(fail())

    assert Timetable(site.parts.database, site.hands, (("broken", broken, 30),)).once() == 1
    site.break_writes("INSERT ON trail")
    typing.press(page, "/report/send", 503)
    words = written.getvalue()
    for told in ("RuntimeError", "ValueError", "LetterNotTaken from OSError ENOSPC"):
        assert told in words, told
    assert "job broken failed" in words
    for canary in (CANARY, CANARY.lower(), HETU):
        assert canary not in words
