"""Links, addresses and check codes of every suite still lead where they led."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from intake.services.notify import NOTICE_ADDRESS
from intake.vault.envelope import SUITE
from intake.vault.keyring import InvitationSecret, PrivateKey, keyed_secret
from intake.vault.open import open_for, open_section
from intake.vault.own import open_draft
from intake.vault.words import words_of
from tests.vault import make_golden_derived
from tests.vault.make_golden_derived import FOLDER


@pytest.fixture(params=sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def golden(request: pytest.FixtureRequest) -> dict[str, str]:
    file: Path = request.param
    values: dict[str, str] = json.loads(file.read_text("utf-8"))
    return values


def raw(golden: dict[str, str], name: str) -> bytes:
    return bytes.fromhex(golden[name])


def test_the_suite_in_use_has_each() -> None:
    file = FOLDER / f"suite_{SUITE[0]}.json"
    assert json.loads(file.read_text("utf-8")).keys() == make_golden_derived.golden().keys()


def test_a_golden_link_finds_its_invitation(golden: dict[str, str]) -> None:
    link = InvitationSecret.parse(golden["invitation_link"])
    assert link.lookup_id == raw(golden, "invitation_lookup_id")
    assert link.csrf_key == raw(golden, "invitation_csrf_key")


def test_golden_words_are_their_keys(golden: dict[str, str]) -> None:
    public = PrivateKey("person", raw(golden, "person_private")).public()
    assert words_of(sha256(public.raw).hexdigest()) == golden["words"]


def test_a_golden_address_leads_its_worker_to_the_draft_and_the_code(
    golden: dict[str, str],
) -> None:
    person = PrivateKey("person", raw(golden, "person_private"))
    secret = keyed_secret(person, UUID(golden["draft"]))
    assert str(secret.draft_id) == golden["keyed_draft_id"]
    assert secret.receipt_code.text == golden["keyed_code"]
    assert open_draft(secret, raw(golden, "keyed_draft")) == b"keyed in"


def test_golden_addresses_and_reasons_open(golden: dict[str, str]) -> None:
    report = UUID(golden["report_id"])
    replay = PrivateKey("replay", raw(golden, "replay_private"))
    said = open_for(replay, raw(golden, "notice"), NOTICE_ADDRESS, report.bytes)
    assert json.loads(said) == {"address": "outi@ankkuri.invalid", "language": "sv"}
    reasons = raw(golden, "reasons")
    assert open_section(raw(golden, "reasons_key"), report, "reasons", reasons) == b"{}"
