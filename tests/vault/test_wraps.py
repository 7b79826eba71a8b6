from __future__ import annotations

from typing import Any

import pytest

from intake.vault.envelope import SLOTS, EnvelopeDamaged, SlotUnknown, note_context, wrap_context
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for, open_wrap
from intake.vault.seal import (
    KeyUnusable,
    PublicKey,
    SectionKeys,
    new_section_key,
    seal_for,
    seal_sections,
    wrap,
)
from tests.vault.invented import (
    AGENCY,
    OTHER_AGENCY,
    OTHER_REFERRAL,
    OTHER_REPORT,
    REFERRAL,
    REPORT,
)

KEYS = {slot: bytes([index]) * 32 for index, slot in enumerate(SLOTS)}
PLACE: dict[str, Any] = {"report_id": REPORT, "referral_id": REFERRAL, "purpose": "recipient"}


def wrapped(*slots: str) -> bytes:
    return wrap({slot: KEYS[slot] for slot in slots}, recipient=AGENCY.public(), **PLACE)


def test_a_wrap_gives_exactly_the_keys_that_were_put_in() -> None:
    for slots in ([], [*SLOTS], ["reporter"], ["place_6"], ["concern", "reasons", "identity_1"]):
        opened = open_wrap(AGENCY, wrapped(*slots), key_id="agency-1", **PLACE)
        assert dict(opened) == {slot: KEYS[slot] for slot in slots}


def test_a_wrap_has_one_size_for_any_number_of_keys() -> None:
    assert {len(wrapped(*SLOTS[:count])) for count in range(18)} == {1684}


def test_a_slot_without_a_key_is_filled_with_random_bytes() -> None:
    info = wrap_context(REPORT, REFERRAL, "recipient", "agency-1")
    one, other = (AGENCY.open(wrapped("concern"), info) for _ in range(2))
    assert one[:3] == other[:3]
    for index, slot in enumerate(SLOTS):
        field = slice(3 + 32 * index, 35 + 32 * index)
        assert (one[field] == other[field] == KEYS[slot]) is (slot == "concern")


@pytest.mark.parametrize(
    "change",
    [
        {"report_id": OTHER_REPORT},
        {"referral_id": OTHER_REFERRAL},
        {"purpose": "standby"},
        {"key_id": "agency-2"},
    ],
    ids=str,
)
def test_a_wrap_of_another_place_does_not_open(change: dict[str, Any]) -> None:
    sealed = wrapped(*SLOTS)
    with pytest.raises(EnvelopeDamaged):
        open_wrap(AGENCY, sealed, **{"key_id": "agency-1"} | PLACE | change)


def test_a_wrap_of_another_recipient_does_not_open() -> None:
    with pytest.raises(EnvelopeDamaged):
        open_wrap(OTHER_AGENCY, wrapped(*SLOTS), key_id="agency-1", **PLACE)


def test_a_wrap_that_somebody_else_made_too_short_does_not_open() -> None:
    info = wrap_context(REPORT, REFERRAL, "recipient", "agency-1")
    for size in (0, 1, 546, 548):
        forged = AGENCY.public().seal(b"\xff" * size, info)
        with pytest.raises(EnvelopeDamaged):
            open_wrap(AGENCY, forged, key_id="agency-1", **PLACE)


def test_a_wrap_takes_only_section_keys() -> None:
    with pytest.raises(SlotUnknown):
        wrap({"identity_7": bytes(32)}, recipient=AGENCY.public(), **PLACE)
    with pytest.raises(ValueError, match="32 bytes"):
        wrap({"concern": bytes(31)}, recipient=AGENCY.public(), **PLACE)


def test_a_holder_can_hand_over_part_of_what_it_holds() -> None:
    _, keys = seal_sections(REPORT, {})
    reasons = new_section_key()
    given = keys.only(["concern", "place_1"]).with_reasons(reasons)
    assert dict(given) == {
        "concern": keys["concern"],
        "place_1": keys["place_1"],
        "reasons": reasons,
    }
    with pytest.raises(SlotUnknown):
        given.only(["health"])


def test_something_sealed_for_one_key_opens_with_that_key_and_context_only() -> None:
    sealed = seal_for(AGENCY.public(), b"moved to town", "move", b"\x01")
    assert open_for(AGENCY, sealed, "move", b"\x01") == b"moved to town"
    for key, parts in (
        (OTHER_AGENCY, ("move", b"\x01")),
        (PrivateKey("agency-9", AGENCY.raw), ("move", b"\x01")),
        (AGENCY, ("move", b"\x02")),
        (AGENCY, ("move",)),
    ):
        with pytest.raises(EnvelopeDamaged):
            open_for(key, sealed, *parts)


def test_notes_are_padded() -> None:
    sizes = {len(seal_for(AGENCY.public(), b"x" * size)) for size in (0, 1, 2044)}
    assert sizes == {2048 + 1137}


def test_a_forged_note_whose_length_lies_does_not_open() -> None:
    info = note_context("agency-1", ("move",))
    forged = AGENCY.public().seal((9).to_bytes(4, "big") + b"12345678", info)
    with pytest.raises(EnvelopeDamaged):
        open_for(AGENCY, forged, "move")


def test_a_public_key_that_could_not_be_sealed_to_is_refused() -> None:
    raw = AGENCY.public().raw
    for bad in (b"", raw[:-1], raw + b"\0", b"\xff" * 1184 + raw[1184:], raw[:1184] + bytes(32)):
        with pytest.raises(KeyUnusable):
            PublicKey("agency-1", bad)
    with pytest.raises(KeyUnusable):
        PublicKey("", raw)


def test_section_keys_are_never_shown() -> None:
    keys = SectionKeys({"concern": b"k" * 32})
    for shown in (repr(keys), str(keys), f"{keys}"):
        assert "kkk" not in shown
        assert b"k".hex() * 3 not in shown
