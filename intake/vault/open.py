"""The agency-keyed half: opens what `intake.vault.seal` closed. The reporter's door never
imports it. Everything here raises `EnvelopeDamaged` for what does not open.
"""

from __future__ import annotations

from uuid import UUID

from intake.vault import box
from intake.vault.envelope import (
    BLOCK_SIZE,
    KEY_SIZE,
    SLOTS,
    WRAPPED_SIZE,
    EnvelopeDamaged,
    Purpose,
    facts_context,
    facts_key_context,
    note_context,
    section_context,
    unpad,
    wrap_context,
)
from intake.vault.keyring import PrivateKey
from intake.vault.seal import PublicKey, SectionKeys


def open_wrap(
    private_key: PrivateKey,
    sealed: bytes,
    *,
    report_id: UUID,
    referral_id: UUID,
    purpose: Purpose,
    key_id: str,
) -> SectionKeys:
    """The section keys that this referral was given. `key_id` names the key it was sealed to."""
    plain = _wrapped(private_key, sealed, wrap_context(report_id, referral_id, purpose, key_id))
    entitled, block = int.from_bytes(plain[:-BLOCK_SIZE], "big"), plain[-BLOCK_SIZE:]
    return SectionKeys(
        {
            slot: block[index * KEY_SIZE : (index + 1) * KEY_SIZE]
            for index, slot in enumerate(SLOTS)
            if entitled >> index & 1
        }
    )


def rewrap(
    private_key: PrivateKey,
    sealed: bytes,
    *,
    report_id: UUID,
    referral_id: UUID,
    purpose: Purpose,
    recipient: PublicKey,
) -> bytes:
    """The same wrap for another key, in the same place; nothing of it is looked at."""
    former, new = (
        wrap_context(report_id, referral_id, purpose, key_id)
        for key_id in (private_key.key_id, recipient.key_id)
    )
    return recipient.seal(_wrapped(private_key, sealed, former), new)


def _wrapped(private_key: PrivateKey, sealed: bytes, info: bytes) -> bytes:
    plain = private_key.open(sealed, info)
    if len(plain) != WRAPPED_SIZE:  # anyone may seal to a public key
        raise EnvelopeDamaged("wrap")
    return plain


def open_section(key: bytes, report_id: UUID, slot: str, sealed: bytes) -> bytes:
    """One section's content; empty if nothing was said."""
    return unpad(box.reopen(key, section_context(report_id, slot), sealed))


def open_for(private_key: PrivateKey, sealed: bytes, *context_parts: str | bytes) -> bytes:
    """What `seal_for` sealed with the same context."""
    return unpad(private_key.open(sealed, note_context(private_key.key_id, context_parts)))


def open_facts(
    replay_private: PrivateKey,
    sealed_key: bytes,
    sealed_facts: bytes,
    key_id: str,
    report_id: UUID,
) -> bytes:
    """One report's facts; `key_id` names the data key, as in `SealedFacts`."""
    return FactsOpener(replay_private)(sealed_key, sealed_facts, key_id, report_id)


class FactsOpener:
    """Opens the facts of many reports. Data keys are kept for the next ones: each process that
    seals has one at a time, for many reports.
    """

    MOST_KEYS = 1000

    def __init__(self, replay_private: PrivateKey) -> None:
        self._replay = replay_private
        self._known: dict[tuple[str, bytes], box.Opener] = {}

    def __call__(
        self, sealed_key: bytes, sealed_facts: bytes, key_id: str, report_id: UUID
    ) -> bytes:
        """One report's facts."""
        opener = self._known.get((key_id, sealed_key))
        if opener is None:
            info = facts_key_context(self._replay.key_id, key_id)
            data_key = self._replay.open(sealed_key, info)
            if len(data_key) != KEY_SIZE:
                raise EnvelopeDamaged("data key")
            if len(self._known) >= self.MOST_KEYS:
                self._known.clear()
            opener = self._known[key_id, sealed_key] = box.Opener(data_key)
        return unpad(opener(facts_context(key_id, report_id), sealed_facts))
