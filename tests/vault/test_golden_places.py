"""What services sealed to an agency's key, in every suite, still opens in the place it has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intake.vault.directory_signing import unlock_directory_key
from intake.vault.envelope import SUITE
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for
from tests.vault import make_golden_places as made

FILES = sorted(made.FOLDER.glob("*.json"))


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def golden(request: pytest.FixtureRequest) -> dict[str, bytes]:
    file: Path = request.param
    values: dict[str, str] = json.loads(file.read_text("ascii"))
    return {name: bytes.fromhex(value) for name, value in values.items()}


def test_the_suite_in_use_has_each() -> None:
    current = json.loads((made.FOLDER / f"suite_{SUITE[0]}.json").read_text("ascii"))
    assert set(current) == set(made.golden())


@pytest.mark.parametrize("name", made.PLACES)
def test_golden_reasons_notes_and_requests_open(golden: dict[str, bytes], name: str) -> None:
    agency = PrivateKey("agency", golden["agency_private"])
    assert open_for(agency, golden[name], *made.PLACES[name]) == name.encode()


def test_the_golden_directory_key_opens_and_has_signed(golden: dict[str, bytes]) -> None:
    key = unlock_directory_key(golden["directory_locked"], made.PASSPHRASE)
    assert key.seed == golden["directory_seed"]
    assert key.public().has_signed("membership", "body", golden["signed_entry"])
