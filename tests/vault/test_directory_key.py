"""The directory key: what it has signed is believed for just what it is."""

from __future__ import annotations

import pytest

from intake.vault.directory_key import DirectoryKey, DirectoryKeyUnusable
from intake.vault.directory_signing import (
    DirectorySigningKey,
    lock_directory_key,
    unlock_directory_key,
)
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PassphraseWrong
from intake.vault.passphrase import Cost

CHEAP = Cost(iterations=1, memory_kib=8)
KEY = DirectorySigningKey(bytes(32))
PUBLIC = KEY.public()


def test_a_signature_holds_for_its_kind_and_its_words_and_its_key_alone() -> None:
    signature = KEY.sign("membership", "body")
    assert PUBLIC.has_signed("membership", "body", signature)
    assert not PUBLIC.has_signed("agency_key", "body", signature)
    assert not PUBLIC.has_signed("membershipb", "ody", signature)
    assert not PUBLIC.has_signed("membership", "body ", signature)
    assert not DirectorySigningKey.new().public().has_signed("membership", "body", signature)
    for damaged in (b"", signature[:-1], signature + b"x", bytes(len(signature))):
        assert not PUBLIC.has_signed("membership", "body", damaged)


def test_a_signature_made_for_anything_else_is_none() -> None:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

    from intake.vault.directory_key import signed_bytes

    other_use = MLDSA65PrivateKey.from_seed_bytes(bytes(32)).sign(signed_bytes("membership", "x"))
    assert not PUBLIC.has_signed("membership", "x", other_use)


def test_the_key_of_a_seed_never_changes() -> None:
    assert PUBLIC.fingerprint == (
        "085ba380ff386dd52e42349c6eb88489d6058ea541a4e3fb0dce9a3fd1f7a911"
    )
    assert len(PUBLIC.raw) == 1952


def test_what_is_no_directory_key_is_refused() -> None:
    for raw in (b"", PUBLIC.raw[:-1], PUBLIC.raw + b"x"):
        with pytest.raises(DirectoryKeyUnusable):
            DirectoryKey(raw)


def test_the_private_half_opens_with_its_passphrase_alone() -> None:
    locked = lock_directory_key(KEY, "kaisla humisee rannalla", cost=CHEAP)
    assert unlock_directory_key(locked, "kaisla humisee rannalla") == KEY
    assert KEY.seed not in locked
    with pytest.raises(PassphraseWrong):
        unlock_directory_key(locked, "kaisla humisee")
    for damaged in (b"", locked[:-1], locked + b"x"):
        with pytest.raises(EnvelopeDamaged):
            unlock_directory_key(damaged, "kaisla humisee rannalla")


def test_neither_half_is_shown() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY) == "DirectorySigningKey()"
