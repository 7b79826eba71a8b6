"""The public half: what this module seals, it cannot open again.

The reporter's process imports this and `intake.vault.own`, and nothing else of the vault but the
format and the box below them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PublicKey,
    Suite,
)

from intake.vault import box
from intake.vault.draw import Draw
from intake.vault.envelope import (
    BITMAP_SIZE,
    BLOCK_SIZE,
    FACTS_MINIMUM,
    KEY_SIZE,
    NOTE_MINIMUM,
    SLOT_MINIMUM,
    SLOTS,
    SUITE,
    Purpose,
    SlotUnknown,
    facts_context,
    facts_key_context,
    note_context,
    pad,
    section_context,
    wrap_context,
)

HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MLKEM_PUBLIC = 1184
_X25519_PUBLIC = 32


class KeyUnusable(ValueError):
    """These bytes are not a key of this suite, or the key has no id."""


@dataclass(frozen=True)
class PublicKey:
    """A hybrid public key: ML-KEM-768 (1,184 bytes), then X25519 (32 bytes).

    Raises `KeyUnusable` on anything that could not be sealed to.
    """

    key_id: str
    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.key_id:
            raise KeyUnusable("a public key needs an id")
        _parsed(self.raw)

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """One HPKE envelope; `info` (see `context`) is not stored and must be known to open it."""
        return SUITE + HPKE.encrypt(plaintext, _parsed(self.raw), info)


@lru_cache(maxsize=1024)
def _parsed(raw: bytes) -> MLKEM768X25519PublicKey:
    if len(raw) != _MLKEM_PUBLIC + _X25519_PUBLIC:
        raise KeyUnusable(f"a public key has {_MLKEM_PUBLIC + _X25519_PUBLIC} bytes")
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC])
        x25519 = X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:])
        # A point of low order parses but refuses every exchange: better now than at a report.
        X25519PrivateKey.generate().exchange(x25519)
    except ValueError as error:
        raise KeyUnusable("not a public key") from error
    return MLKEM768X25519PublicKey(mlkem, x25519)


class SectionKeys(Mapping[str, bytes]):
    """The keys of one report's sections by slot; never shown."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)

    def __getitem__(self, slot: str) -> bytes:
        return self._keys[slot]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"SectionKeys({', '.join(self._keys)})"

    def only(self, slots: Iterable[str]) -> SectionKeys:
        """The keys of these slots. Raises `SlotUnknown` for one without a key."""
        try:
            return SectionKeys({slot: self._keys[slot] for slot in slots})
        except KeyError as error:
            raise SlotUnknown(error.args[0]) from None

    def with_further(self, others: SectionKeys) -> SectionKeys:
        """These keys and others of the same report; of one slot this one stays."""
        return SectionKeys({**others, **self._keys})

    def with_reasons(self, key: bytes) -> SectionKeys:
        """These keys and that of one referral's own reasons."""
        return SectionKeys(self._keys | {"reasons": key})


def new_section_key(draw: Draw = os.urandom) -> bytes:
    """A fresh key for one section (32 random bytes)."""
    return draw(KEY_SIZE)


def seal_section(
    key: bytes, report_id: UUID, slot: str, content: bytes, draw: Draw = os.urandom
) -> bytes:
    """Seal one section, padded to its slot's bucket. Raises `SlotUnknown`."""
    place = section_context(report_id, slot)
    return box.close(key, place, pad(content, SLOT_MINIMUM[slot]), draw)


def seal_sections(
    report_id: UUID, contents: Mapping[str, bytes], draw: Draw = os.urandom
) -> tuple[dict[str, bytes], SectionKeys]:
    """Seal every slot but `reasons`, each under its own new key; a slot without content is sealed
    empty, so that all always exist. Raises `SlotUnknown`, also for `reasons`: those are sealed
    per referral with `seal_section`.
    """
    for slot in contents:
        if slot not in SLOTS or slot == "reasons":
            raise SlotUnknown(slot)
    keys = {slot: new_section_key(draw) for slot in SLOTS if slot != "reasons"}
    sealed = {
        slot: seal_section(key, report_id, slot, contents.get(slot, b""), draw)
        for slot, key in keys.items()
    }
    return sealed, SectionKeys(keys)


def wrap(
    keys: Mapping[str, bytes],
    *,
    report_id: UUID,
    referral_id: UUID,
    purpose: Purpose,
    recipient: PublicKey,
    draw: Draw = os.urandom,
) -> bytes:
    """Seal section keys to one recipient. The size is the same for any number of keys: a slot
    without one gets random bytes. Raises `SlotUnknown`.
    """
    entitled = 0
    block = bytearray(draw(BLOCK_SIZE))
    for slot, key in keys.items():
        if slot not in SLOTS:
            raise SlotUnknown(slot)
        if len(key) != KEY_SIZE:
            raise ValueError(f"a section key has {KEY_SIZE} bytes")
        index = SLOTS.index(slot)
        entitled |= 1 << index
        block[index * KEY_SIZE : (index + 1) * KEY_SIZE] = key
    info = wrap_context(report_id, referral_id, purpose, recipient.key_id)
    return recipient.seal(entitled.to_bytes(BITMAP_SIZE, "big") + block, info)


def seal_for(public_key: PublicKey, plaintext: bytes, *context_parts: str | bytes) -> bytes:
    """Seal something directly to one key, padded; `context_parts` say what and where it is."""
    info = note_context(public_key.key_id, context_parts)
    return public_key.seal(pad(plaintext, NOTE_MINIMUM), info)


@dataclass(frozen=True)
class SealedFacts:
    """One report's facts. `sealed_key` is the same for every report with this `key_id`, so one
    row for each `key_id` is enough.
    """

    key_id: str
    sealed_key: bytes
    sealed_facts: bytes


class FactsSealer:
    """Seals facts for replay under a data key that only the replay key's holder can recover.

    The data key lives in this process for `uses` reports, then it is forgotten. Safe to share
    between threads.
    """

    def __init__(self, replay_key: PublicKey, uses: int = 100) -> None:
        if uses < 1:
            raise ValueError("a data key is used at least once")
        self._replay_key = replay_key
        self._uses = uses
        self._lock = Lock()
        self._renew()

    def seal(self, report_id: UUID, facts: bytes, draw: Draw = os.urandom) -> SealedFacts:
        """Seal one report's facts (padded) under a key of this report alone."""
        with self._lock:
            if self._left == 0:
                self._renew()
            self._left -= 1
            key_id, data_key, sealed_key = self._key_id, self._data_key, self._sealed_key
        place = facts_context(key_id, report_id)
        return SealedFacts(
            key_id, sealed_key, box.close(data_key, place, pad(facts, FACTS_MINIMUM), draw)
        )

    def _renew(self) -> None:
        self._key_id = os.urandom(16).hex()
        self._data_key = os.urandom(KEY_SIZE)
        info = facts_key_context(self._replay_key.key_id, self._key_id)
        self._sealed_key = self._replay_key.seal(self._data_key, info)
        self._left = self._uses
