"""What signing in stores is still read as it was stored, in its own place alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from intake.vault.envelope import SUITE, EnvelopeDamaged
from intake.vault.keyring import DeviceSecret, PrivateKey, SessionSecret
from intake.vault.one_time import CODES, code_digest, is_code, new_codes
from intake.vault.totp import TotpSecret, kept_totp, open_totp, step_at
from tests.vault import make_golden_signing_in as made

FILES = sorted(made.FOLDER.glob("*.json"))
HOTP = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583")
"""RFC 4226, appendix D, for counters from 0 on."""
PUBLISHED = TotpSecret(b"12345678901234567890")


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def golden(request: pytest.FixtureRequest) -> dict[str, str]:
    file: Path = request.param
    values: dict[str, str] = json.loads(file.read_text("utf-8"))
    return values


def test_the_suite_in_use_has_a_golden_value_of_every_kind() -> None:
    current = json.loads((made.FOLDER / f"suite_{SUITE[0]}.json").read_text("utf-8"))
    assert set(current) == set(made.golden())


def test_golden_secrets_of_apps_open_in_their_own_place_alone(golden: dict[str, str]) -> None:
    key = PrivateKey("person", bytes.fromhex(golden["person_private"]))
    sealed, secret = bytes.fromhex(golden["sealed_totp"]), bytes.fromhex(golden["totp_secret"])
    assert open_totp(key, sealed, made.PERSON, made.FACTOR).raw == secret
    for person, factor in ((UUID(int=1), made.FACTOR), (made.PERSON, UUID(int=1))):
        with pytest.raises(EnvelopeDamaged):
            open_totp(key, sealed, person, factor)
    session = SessionSecret.parse(golden["session_cookie"])
    waiting = bytes.fromhex(golden["waiting_totp"])
    assert kept_totp(session, waiting).raw == secret
    with pytest.raises(EnvelopeDamaged):
        kept_totp(SessionSecret.new(), waiting)


def test_golden_codes_and_browsers_are_still_known(golden: dict[str, str]) -> None:
    digest = code_digest(made.PEPPER, made.PERSON, golden["code"].lower().replace("-", " "))
    assert digest.hex() == golden["code_digest"]
    device = DeviceSecret.parse(golden["device_cookie"])
    assert device.device_id(made.PERSON).hex() == golden["device_id"]
    assert device.device_id(UUID(int=1)).hex() != golden["device_id"]


def test_an_apps_codes_are_those_of_the_standard() -> None:
    assert tuple(PUBLISHED.code(step) for step in range(len(HOTP))) == HOTP
    at = datetime.fromtimestamp(1111111109, UTC)  # RFC 6238, appendix B: 07081804
    assert PUBLISHED.code(step_at(at)) == "081804"
    assert PUBLISHED.step_of("081804", at) == step_at(at)


@pytest.mark.parametrize("typed", ["", "081 804", "०८१८०४", "081804 ", "x" * 1000])
def test_what_is_no_code_is_of_no_step(typed: str) -> None:
    assert PUBLISHED.step_of(typed, datetime.fromtimestamp(1111111109, UTC)) is None


def test_an_app_reads_whose_secret_it_is() -> None:
    address = PUBLISHED.address("maija.meikalainen")
    assert address.startswith("otpauth://totp/Ankkuri:maija.meikalainen?secret=")
    assert PUBLISHED.text in address


def test_secrets_do_not_show_in_what_is_printed_of_them() -> None:
    assert "12345678901234567890" not in repr(PUBLISHED)
    with pytest.raises(ValueError, match="20 bytes"):
        TotpSecret(b"short")


def test_printed_codes_have_a_form_of_their_own() -> None:
    codes = new_codes()
    assert len(set(codes)) == CODES
    assert all(is_code(code) and is_code(f" {code.lower()} ") for code in codes)
    for other in ("123456", codes[0][:-1], codes[0] + "A", codes[0].replace("-", "!"), "É" * 12):
        assert not is_code(other)
