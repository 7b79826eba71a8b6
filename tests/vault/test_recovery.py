"""A person's key opens with the printed code and the pepper together, in its own place alone."""

from __future__ import annotations

from uuid import UUID

import pytest

from intake.vault.keyring import new_key_pair
from intake.vault.own import CodeMistyped, ReceiptCode
from intake.vault.recovery import (
    RecoveryCode,
    RecoveryCodeWrong,
    lock_for_recovery,
    unlock_for_recovery,
)

PEPPER, ONE, OTHER = b"p" * 32, UUID(int=1), UUID(int=2)
KEY = new_key_pair(str(ONE))
CODE = RecoveryCode.of(bytes(range(15)))


def test_a_code_opens_what_it_locked_however_it_is_typed() -> None:
    locked = lock_for_recovery(KEY, CODE, PEPPER, ONE)
    typed = RecoveryCode.parse(CODE.text.lower().replace("-", " "))
    assert unlock_for_recovery(locked, typed, PEPPER, ONE, str(ONE)) == KEY
    assert len(locked) == len(lock_for_recovery(KEY, RecoveryCode.new(), PEPPER, ONE))


@pytest.mark.parametrize(
    ("code", "pepper", "person", "key_id"),
    [
        (RecoveryCode.new(), PEPPER, ONE, str(ONE)),
        (CODE, b"q" * 32, ONE, str(ONE)),
        (CODE, PEPPER, OTHER, str(ONE)),
        (CODE, PEPPER, ONE, str(OTHER)),
    ],
)
def test_it_opens_with_nothing_else(
    code: RecoveryCode, pepper: bytes, person: UUID, key_id: str
) -> None:
    with pytest.raises(RecoveryCodeWrong):
        unlock_for_recovery(lock_for_recovery(KEY, CODE, PEPPER, ONE), code, pepper, person, key_id)


@pytest.mark.parametrize("locked", [b"", b"\x01", b"\x02" + b"a" * 200, b"\x01" + b"a" * 200])
def test_what_is_damaged_or_never_was_is_refused_the_same(locked: bytes) -> None:
    with pytest.raises(RecoveryCodeWrong):
        unlock_for_recovery(locked, CODE, PEPPER, ONE, str(ONE))


def test_a_slip_in_typing_shows_and_codes_of_reports_have_other_keys() -> None:
    with pytest.raises(CodeMistyped):
        RecoveryCode.parse(CODE.text[:-1] + ("0" if CODE.text[-1] != "0" else "1"))
    assert ReceiptCode(CODE.symbols).key != CODE.key
    assert CODE.symbols not in repr(CODE)


def test_a_short_pepper_is_refused() -> None:
    with pytest.raises(ValueError, match="pepper"):
        lock_for_recovery(KEY, CODE, b"p", ONE)
