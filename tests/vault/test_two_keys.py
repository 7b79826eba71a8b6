"""One ciphertext that AES-GCM opens under two keys is refused by the box, which commits to its key.

The ciphertext is made as Dodis, Grubbs, Ristenpart and Woodage (2018, "Fast message franking") and
Albertini et al. (2022, "How to abuse and fix authenticated encryption without key commitment")
show: GHASH is a polynomial of the blocks, so that one free block makes both tags the same.
"""

from __future__ import annotations

import os

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from intake.vault import box
from intake.vault.envelope import SUITE, EnvelopeDamaged

POLYNOMIAL = 0xE1 << 120
NONCE, PLACE = bytes(range(12)), b"place"


def times(x: int, y: int) -> int:
    """The product in GF(2^128) as NIST SP 800-38D §6.3 has it: the first bit is the highest."""
    product = 0
    for bit in range(127, -1, -1):
        if y >> bit & 1:
            product ^= x
        x = x >> 1 ^ (POLYNOMIAL if x & 1 else 0)
    return product


def inverse(x: int) -> int:
    """x^(2^128 - 2)."""
    result, power = 1 << 127, x
    for _ in range(127):
        power = times(power, power)
        result = times(result, power)
    return result


def block(key: bytes, content: bytes) -> int:
    """One block of AES, which is all that GCM is made of."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 (to build GCM's parts)
    return int.from_bytes(cipher.update(content), "big")


def under_two_keys(one: bytes, other: bytes) -> bytes:
    """A ciphertext of two blocks with a tag that is right under both keys.

    With blocks C1 C2, length block L and H = AES(0): tag = C1·H³ + C2·H² + L·H + AES(nonce 1).
    """
    first, length = int.from_bytes(os.urandom(16), "big"), 256
    h = [block(key, bytes(16)) for key in (one, other)]
    masks = [block(key, NONCE + b"\0\0\0\1") for key in (one, other)]
    squares = [times(each, each) for each in h]
    known = [
        times(first, times(square, each)) ^ times(length, each) ^ mask
        for each, square, mask in zip(h, squares, masks, strict=True)
    ]
    second = times(known[0] ^ known[1], inverse(squares[0] ^ squares[1]))
    tag = known[0] ^ times(second, squares[0])
    return b"".join(part.to_bytes(16, "big") for part in (first, second, tag))


def test_bare_gcm_opens_it_under_both_keys_and_under_no_third() -> None:
    one, other = os.urandom(32), os.urandom(32)
    sealed = under_two_keys(one, other)
    assert AESGCM(one).decrypt(NONCE, sealed, None) != AESGCM(other).decrypt(NONCE, sealed, None)
    with pytest.raises(InvalidTag):
        AESGCM(os.urandom(32)).decrypt(NONCE, sealed, None)


def test_the_box_opens_it_under_one_key_at_most() -> None:
    keys = [os.urandom(32), os.urandom(32)]
    ciphers, commitments = zip(*(box.split(key, PLACE) for key in keys), strict=True)
    sealed = under_two_keys(*ciphers)
    for commitment, key, stranger in zip(commitments, keys, reversed(keys), strict=True):
        envelope = SUITE + commitment + NONCE + sealed
        assert len(box.reopen(key, PLACE, envelope)) == 32
        with pytest.raises(EnvelopeDamaged, match="commitment"):
            box.reopen(stranger, PLACE, envelope)


def test_the_same_for_two_places_under_one_key() -> None:
    key = os.urandom(32)
    ciphers, commitments = zip(*(box.split(key, place) for place in (b"a", b"b")), strict=True)
    envelope = SUITE + commitments[0] + NONCE + under_two_keys(*ciphers)
    assert len(box.reopen(key, b"a", envelope)) == 32
    with pytest.raises(EnvelopeDamaged, match="commitment"):
        box.reopen(key, b"b", envelope)
