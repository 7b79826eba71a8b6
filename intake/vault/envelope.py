"""The format of every envelope: slots, contexts, padding and errors. Nothing here uses a key.

An envelope is one suite byte and a body. Suite 1 is HPKE (RFC 9180) with the hybrid KEM
MLKEM768-X25519, HKDF-SHA256 and AES-256-GCM for what is sealed to a public key, and the
committing box of `intake.vault.box` for what is sealed under a symmetric key.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal
from uuid import UUID

FORMAT = "ankkuri-vault"
SUITE = b"\x01"
KEY_SIZE = 32
MAX_CHILDREN = 6

Purpose = Literal["recipient", "standby", "further"]

SLOTS = (
    "reporter",
    "guardians",
    "concern",
    "health",
    "reasons",
    *(f"identity_{child}" for child in range(1, MAX_CHILDREN + 1)),
    *(f"place_{child}" for child in range(1, MAX_CHILDREN + 1)),
)

# The smallest padded length of each slot, in bytes. What fits the form's own limits, in
# letters of up to two bytes, fits the minimum, so that the length tells nothing; anything longer
# doubles it rather than being refused.
# Identities and places are the most: sealed, two of 1,920 bytes share a database page of 4,096.
SLOT_MINIMUM = MappingProxyType(
    dict.fromkeys(SLOTS, 1920)
    | {"reporter": 2048, "guardians": 4096, "concern": 8192, "health": 8192, "reasons": 4096}
)
NOTE_MINIMUM = 2048
FACTS_MINIMUM = 8192  # six children's facts fit, so that the length does not count children
DRAFT_MINIMUM = 8192

# What a wrap holds: a bitmap of the slots (bit 0 is the first), then a key for each slot.
BLOCK_SIZE = KEY_SIZE * len(SLOTS)
BITMAP_SIZE = (len(SLOTS) + 7) // 8
WRAPPED_SIZE = BITMAP_SIZE + BLOCK_SIZE

_PREFIX = 4  # bytes of a length, here and in contexts


class EnvelopeDamaged(Exception):
    """The envelope does not open: wrong key, wrong place, changed, or cut short."""


class EnvelopeFromNewerVersion(EnvelopeDamaged):
    """The suite byte is not one this version knows."""


class SlotUnknown(ValueError):
    """The slot is not one of `SLOTS`, or not one that may be used here."""


def context(*parts: str | bytes) -> bytes:
    """Encode format, suite and `parts` so that two different lists never give the same bytes.

    Each part is led by its length (4 bytes, big-endian); a str stands for its UTF-8.
    """
    return _OURS + b"".join(map(_counted, parts))


def _counted(part: str | bytes) -> bytes:
    encoded = part.encode() if isinstance(part, str) else part
    return len(encoded).to_bytes(_PREFIX, "big") + encoded


_OURS = _counted(FORMAT) + _counted(SUITE)


def section_context(report_id: UUID, slot: str) -> bytes:
    """The place of one section. Raises `SlotUnknown`."""
    if slot not in SLOT_MINIMUM:
        raise SlotUnknown(slot)
    return context("section", report_id.bytes, slot)


def wrap_context(report_id: UUID, referral_id: UUID, purpose: Purpose, key_id: str) -> bytes:
    """The place of one recipient's section keys."""
    return context("wrap", purpose, report_id.bytes, referral_id.bytes, key_id)


def note_context(key_id: str, parts: tuple[str | bytes, ...]) -> bytes:
    """The place of something sealed directly to one key; `parts` are its caller's own."""
    return context("note", key_id, *parts)


def facts_key_context(replay_key_id: str, data_key_id: str) -> bytes:
    """The place of a data key that seals facts."""
    return context("facts key", replay_key_id, data_key_id)


def facts_context(data_key_id: str, report_id: UUID) -> bytes:
    """The place of one report's facts."""
    return context("facts", data_key_id, report_id.bytes)


def body_of(envelope: bytes) -> bytes:
    """What follows the suite byte. Raises `EnvelopeDamaged`, `EnvelopeFromNewerVersion`."""
    if not envelope:
        raise EnvelopeDamaged("empty")
    if envelope[:1] != SUITE:
        raise EnvelopeFromNewerVersion(f"suite {envelope[0]}")
    return envelope[1:]


def pad(content: bytes, minimum: int) -> bytes:
    """Length prefix, content, zeros: `minimum` bytes, or its first doubling that holds all."""
    size = minimum
    while size < _PREFIX + len(content):
        size *= 2
    return (len(content).to_bytes(_PREFIX, "big") + content).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """The content of what `pad` made. Raises `EnvelopeDamaged`."""
    end = _PREFIX + int.from_bytes(padded[:_PREFIX], "big")
    if end > len(padded):
        raise EnvelopeDamaged("padding")
    return padded[_PREFIX:end]
