"""Codes and sheets that were ever printed still open what they opened then."""

from __future__ import annotations

import json
from itertools import permutations
from uuid import UUID

import pytest

from intake.vault.blind import open_index_secret
from intake.vault.keyring import PrivateKey, is_vouched
from intake.vault.printed_key import combined, open_with_printed, vouched
from intake.vault.recovery import RecoveryCode, unlock_for_recovery
from intake.vault.seal import PublicKey
from intake.vault.shares import Share
from tests.vault import make_golden_keys

GOLDEN: dict[str, str] = json.loads(make_golden_keys.FILE.read_text("utf-8"))
AGENCY = PrivateKey("agency", bytes.fromhex(GOLDEN["agency_private"]))


def raw(name: str) -> bytes:
    return bytes.fromhex(GOLDEN[name])


def test_every_kind_is_there() -> None:
    assert set(GOLDEN) == set(make_golden_keys.golden())


def test_golden_recovery_codes_open() -> None:
    person, code = UUID(GOLDEN["person_id"]), RecoveryCode.parse(GOLDEN["recovery_code"])
    locked, pepper = raw("locked_for_recovery"), raw("pepper")
    opened = unlock_for_recovery(locked, code, pepper, person, "person")
    assert opened.raw == raw("person_private")


@pytest.mark.parametrize(("one", "other"), list(permutations((1, 2, 3), 2)))
def test_golden_sheets_open(one: int, other: int) -> None:
    shares = (Share.parse(GOLDEN[f"sheet_{number}"]) for number in (one, other))
    printed = combined(next(shares), next(shares), "soc")
    assert printed.key_id == GOLDEN["printed_key_id"]
    assert open_with_printed(printed, raw("sealed_to_printed"), "agency") == AGENCY


def test_golden_vouchers_and_index_secrets_open() -> None:
    public = vouched(AGENCY, raw("vouched"), GOLDEN["printed_key_id"])
    assert public.raw == raw("printed_public")
    person = PublicKey("person", raw("person_public"))
    assert is_vouched(AGENCY, person, UUID(GOLDEN["person_id"]), raw("voucher"))
    secret = open_index_secret(AGENCY, "soc", raw("sealed_index_secret"))
    assert secret.raw == raw("index_secret")
    assert secret.blind("hetu", "010516A901V") == raw("blind")
