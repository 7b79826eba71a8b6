"""An agency's recovery key: a pair whose private half is on sheets of paper and nowhere else.

Its public half lies in a box under the agency's own key, so that whoever can write to the database
alone cannot let the next key be sealed to a pair of theirs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256

from intake.vault import box, shares
from intake.vault.envelope import KEY_SIZE, EnvelopeDamaged, context
from intake.vault.keyring import PrivateKey
from intake.vault.seal import KeyUnusable, PublicKey
from intake.vault.shares import SET_SIZE, Share, SharesUnfit

_PRIVATE = 96  # bytes


@dataclass(frozen=True)
class PrintedKey:
    """A new recovery key's public half, and the shares to be printed."""

    public: PublicKey
    sheets: tuple[Share, ...]


def new_printed_key(agency: str) -> PrintedKey:
    """Its private half lives for the length of this call."""
    seed = os.urandom(KEY_SIZE)
    public = _pair(seed, agency).public()
    return PrintedKey(public, shares.split(seed, _set_id(public)))


def combined(one: Share, other: Share, agency: str) -> PrivateKey:
    """The recovery key of two sheets. Raises `SharesUnfit`, also for those of another agency."""
    private = _pair(shares.combine(one, other), agency)
    if _set_id(private.public()) != one.set_id:
        raise SharesUnfit
    return private


def seal_to_printed(agency_key: PrivateKey, printed: PublicKey) -> bytes:
    """An agency's private key for whoever brings two sheets together."""
    return printed.seal(agency_key.raw, _sealed_place(agency_key.key_id, printed.key_id))


def open_with_printed(printed: PrivateKey, sealed: bytes, agency_key_id: str) -> PrivateKey:
    """The agency's key that `seal_to_printed` sealed. Raises `EnvelopeDamaged`."""
    place = _sealed_place(agency_key_id, printed.key_id)
    try:
        return PrivateKey(agency_key_id, printed.open(sealed, place))
    except KeyUnusable:  # anyone may seal to a public key
        raise EnvelopeDamaged("agency key") from None


def vouch(agency_key: PrivateKey, printed: PublicKey) -> bytes:
    """The recovery key's public half in a box that only a holder of the agency's key can make."""
    return box.close(_voucher(agency_key), _vouched_place(agency_key, printed.key_id), printed.raw)


def vouched(agency_key: PrivateKey, sealed: bytes, printed_key_id: str) -> PublicKey:
    """What `vouch` closed. Raises `EnvelopeDamaged`."""
    place = _vouched_place(agency_key, printed_key_id)
    try:
        return PublicKey(printed_key_id, box.reopen(_voucher(agency_key), place, sealed))
    except KeyUnusable:
        raise EnvelopeDamaged("recovery key") from None


def _pair(seed: bytes, agency: str) -> PrivateKey:
    raw = box.derive(seed, context("printed key", agency), _PRIVATE)
    named = PrivateKey("unnamed", raw).public()
    return PrivateKey(f"recovery-{_set_id(named).hex()}", raw)


def _set_id(public: PublicKey) -> bytes:
    return sha256(public.raw).digest()[:SET_SIZE]


def _sealed_place(agency_key_id: str, printed_key_id: str) -> bytes:
    return context("agency recovery", agency_key_id, printed_key_id)


def _voucher(agency_key: PrivateKey) -> bytes:
    return box.derive(agency_key.raw, context("voucher", agency_key.key_id))


def _vouched_place(agency_key: PrivateKey, printed_key_id: str) -> bytes:
    return context("printed key", agency_key.key_id, printed_key_id)
