from __future__ import annotations

import pytest

from intake.vault import box
from intake.vault.envelope import SUITE, EnvelopeDamaged

KEY, PLACE = bytes(32), b"place"


class Decrypted(Exception):
    """The cipher was asked to decrypt."""


class CipherThatTells:
    def __init__(self, key: bytes) -> None:
        self.key = key

    def decrypt(self, *_: object) -> bytes:
        raise Decrypted


def test_an_altered_commitment_does_not_open_though_the_ciphertext_would() -> None:
    sealed = box.close(KEY, PLACE, b"content")
    for altered in (bytes(32), sealed[1:32] + bytes([sealed[32] ^ 1])):
        with pytest.raises(EnvelopeDamaged, match="commitment"):
            box.reopen(KEY, PLACE, SUITE + altered + sealed[33:])


def test_the_commitment_is_checked_before_anything_is_decrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed = box.close(KEY, PLACE, b"content")
    monkeypatch.setattr(box, "AESGCM", CipherThatTells)
    with pytest.raises(EnvelopeDamaged, match="commitment"):
        box.reopen(b"k" * 32, PLACE, sealed)
    with pytest.raises(Decrypted):
        box.reopen(KEY, PLACE, sealed)


def test_the_commitment_is_of_key_and_context_alone_and_differs_by_either() -> None:
    def commitment(key: bytes, place: bytes) -> bytes:
        return box.close(key, place, b"content")[1:33]

    assert commitment(KEY, PLACE) == commitment(KEY, PLACE)
    assert len({commitment(KEY, PLACE), commitment(b"k" * 32, PLACE), commitment(KEY, b"")}) == 3


def test_the_same_content_never_looks_the_same_twice() -> None:
    one, other = box.close(KEY, PLACE, b"content"), box.close(KEY, PLACE, b"content")
    assert one[33:45] != other[33:45]
    assert one[45:] != other[45:]


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        box.close(bytes(size), PLACE, b"content")
    with pytest.raises(ValueError, match="32 bytes"):
        box.Opener(bytes(size))
