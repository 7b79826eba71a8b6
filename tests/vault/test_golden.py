"""Envelopes of every suite that was ever in use still open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest

from intake.vault.envelope import SUITE
from intake.vault.keyring import (
    PrivateKey,
    SessionSecret,
    open_grant,
    open_person_key,
    unlock_person_key,
)
from intake.vault.open import open_facts, open_for, open_section, open_wrap
from intake.vault.own import VisitorSecret, open_copy, open_draft
from tests.vault import make_golden

FILES = sorted(make_golden.FOLDER.glob("*.json"))


class Golden:
    def __init__(self, file: Path) -> None:
        self.values: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        self.report = UUID(self["report_id"])
        self.referral = UUID(self["referral_id"])
        self.person = UUID(self["person_id"])
        self.agency = PrivateKey("agency", self.raw("agency_private"))
        self.person_key = PrivateKey("person", self.raw("person_private"))

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def raw(self, name: str) -> bytes:
        return bytes.fromhex(self[name])


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(request.param)


def test_the_suite_in_use_has_a_golden_envelope_of_every_kind() -> None:
    current = Golden(make_golden.FOLDER / f"suite_{SUITE[0]}.json")
    assert set(current.values) == set(make_golden.golden())


def test_golden_sections_open(golden: Golden) -> None:
    opened = open_section(
        golden.raw("section_key"), golden.report, "reporter", golden.raw("section")
    )
    assert opened.decode() == "Opettaja Ötökkä"


@pytest.mark.parametrize(("name", "purpose"), [("wrap", "recipient"), ("standby_wrap", "standby")])
def test_golden_wraps_open(
    golden: Golden, name: str, purpose: Literal["recipient", "standby"]
) -> None:
    keys = open_wrap(
        golden.agency,
        golden.raw(name),
        report_id=golden.report,
        referral_id=golden.referral,
        purpose=purpose,
        key_id="agency",
    )
    assert dict(keys) == {"reporter": golden.raw("section_key"), "place_6": bytes(32)}


def test_golden_notes_open(golden: Golden) -> None:
    opened = open_for(golden.agency, golden.raw("note"), "move", golden.referral.bytes)
    assert opened == b"note"


def test_golden_facts_open(golden: Golden) -> None:
    replay = PrivateKey("replay", golden.raw("replay_private"))
    sealed_key, sealed = golden.raw("facts_key"), golden.raw("facts")
    opened = open_facts(replay, sealed_key, sealed, golden["facts_key_id"], golden.report)
    assert opened == b'{"age": "unknown"}'


def test_golden_cookies_still_give_their_draft_copy_and_code(golden: Golden) -> None:
    visitor = VisitorSecret.parse(golden["visitor_cookie"])
    assert str(visitor.draft_id) == golden["draft_id"]
    assert visitor.csrf_key == golden.raw("csrf_key")
    assert visitor.receipt_code.text == golden["receipt_code"]
    assert visitor.receipt_code.lookup_id == golden.raw("lookup_id")
    assert visitor.receipt_code.key == golden.raw("receipt_key")
    assert open_draft(visitor, golden.raw("draft")) == b"draft"
    assert open_copy(visitor, golden.raw("copy")) == b"copy"


def test_golden_keys_open(golden: Golden) -> None:
    locked, pepper = golden.raw("locked_key"), golden.raw("pepper")
    person_key = unlock_person_key(locked, golden["passphrase"], pepper, golden.person, "person")
    assert person_key == golden.person_key
    assert open_grant(person_key, golden.raw("grant"), "agency", golden.person) == golden.agency
    assert golden.agency.public().raw == golden.raw("agency_public")


def test_golden_sessions_open(golden: Golden) -> None:
    session = SessionSecret.parse(golden["session_cookie"])
    assert session.session_id == golden.raw("session_id")
    opened = open_person_key(session, golden.raw("session_row"), "person", golden.person)
    assert opened == golden.person_key
