from __future__ import annotations

import pytest

from intake.vault.envelope import (
    MAX_CHILDREN,
    SLOT_MINIMUM,
    SLOTS,
    EnvelopeDamaged,
    EnvelopeFromNewerVersion,
    SlotUnknown,
    context,
)
from intake.vault.open import open_section
from intake.vault.seal import new_section_key, seal_section, seal_sections
from tests.vault.invented import OTHER_REPORT, REPORT

CONTENTS = {"concern": b"Cries at school every morning.", "identity_1": b"Testi Lapsi"}


def test_the_slots_are_seventeen_in_their_fixed_order() -> None:
    children = range(1, MAX_CHILDREN + 1)
    assert list(SLOTS) == [
        *("reporter", "guardians", "concern", "health", "reasons"),
        *(f"identity_{child}" for child in children),
        *(f"place_{child}" for child in children),
    ]
    assert len(SLOTS) == 17


def test_every_slot_but_reasons_is_sealed_and_opens_to_what_was_put_in() -> None:
    sealed, keys = seal_sections(REPORT, CONTENTS)
    assert list(sealed) == list(keys) == [slot for slot in SLOTS if slot != "reasons"]
    opened = {slot: open_section(keys[slot], REPORT, slot, sealed[slot]) for slot in sealed}
    assert opened == dict.fromkeys(sealed, b"") | CONTENTS


def test_reasons_are_sealed_per_referral_under_a_key_of_their_own() -> None:
    key = new_section_key()
    sealed = seal_section(key, REPORT, "reasons", b"law.25")
    assert open_section(key, REPORT, "reasons", sealed) == b"law.25"


@pytest.mark.parametrize("slot", ["reasons", "identity_7", "conzern"])
def test_content_for_a_slot_that_would_not_be_sealed_is_refused(slot: str) -> None:
    with pytest.raises(SlotUnknown):
        seal_sections(REPORT, {slot: b"lost?"})


def test_no_key_seals_two_sections() -> None:
    _, keys = seal_sections(REPORT, CONTENTS)
    _, again = seal_sections(REPORT, CONTENTS)
    assert len({*keys.values(), *again.values()}) == 2 * len(keys)


def test_a_section_opens_only_with_its_key_in_its_slot_of_its_report() -> None:
    sealed, keys = seal_sections(REPORT, CONTENTS)
    for key, report, slot in (
        (keys["identity_2"], REPORT, "identity_1"),
        (keys["identity_1"], OTHER_REPORT, "identity_1"),
        (keys["identity_1"], REPORT, "identity_2"),
    ):
        with pytest.raises(EnvelopeDamaged):
            open_section(key, report, slot, sealed["identity_1"])


@pytest.mark.parametrize("slot", SLOTS)
def test_an_empty_and_a_full_section_have_the_same_size(slot: str) -> None:
    key = new_section_key()
    full = SLOT_MINIMUM[slot] - 4
    sizes = {len(seal_section(key, REPORT, slot, b"x" * n)) for n in (0, 1, full - 1, full)}
    assert sizes == {SLOT_MINIMUM[slot] + 61}


def test_all_identities_and_places_have_one_size() -> None:
    sealed, _ = seal_sections(REPORT, CONTENTS)
    assert len({len(sealed[slot]) for slot in sealed if "_" in slot}) == 1


@pytest.mark.parametrize(
    ("length", "bucket"), [(8188, 8192), (8189, 16384), (16381, 32768), (100_000, 131072)]
)
def test_a_long_concern_grows_by_doubling_and_loses_nothing(length: int, bucket: int) -> None:
    key, text = new_section_key(), b"\xc3\xa4" * (length // 2) + b"." * (length % 2)
    sealed = seal_section(key, REPORT, "concern", text)
    assert len(sealed) == bucket + 61
    assert open_section(key, REPORT, "concern", sealed) == text


def test_zeros_at_the_end_of_a_section_are_content() -> None:
    key = new_section_key()
    sealed = seal_section(key, REPORT, "health", b"a\0\0")
    assert open_section(key, REPORT, "health", sealed) == b"a\0\0"


def test_an_unknown_suite_is_told_apart_from_damage() -> None:
    sealed, keys = seal_sections(REPORT, CONTENTS)
    newer = b"\x02" + sealed["concern"][1:]
    with pytest.raises(EnvelopeFromNewerVersion):
        open_section(keys["concern"], REPORT, "concern", newer)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a",), ("a", "")),
        (("",), ()),
        (("\0\0\0\1a",), ("", "a")),
        (("a", "b"), ("b", "a")),
    ],
)
def test_two_contexts_never_look_alike(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert context(*one) != context(*other)


def test_a_context_takes_text_as_its_utf8() -> None:
    assert context("ä") == context("ä".encode())
