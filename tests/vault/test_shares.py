"""Two of three sheets give the secret back; one alone, a wrong one or a slip gives nothing."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.vault.shares import (
    SHEETS,
    Share,
    ShareMistyped,
    SharesUnfit,
    combine,
    inverse,
    split,
    times,
)

SECRETS = st.binary(min_size=32, max_size=32)
BYTES = st.integers(0, 255)
SECRET, SET = bytes(range(32)), b"set"


@pytest.mark.parametrize(
    ("one", "other", "product"),
    [(0x57, 0x83, 0xC1), (0x57, 0x13, 0xFE), (0x53, 0xCA, 0x01), (0x02, 0x80, 0x1B)],
)
def test_products_are_those_of_the_field_of_aes(one: int, other: int, product: int) -> None:
    assert times(one, other) == times(other, one) == product  # FIPS 197, 4.2


@given(BYTES, BYTES, BYTES)
def test_the_field_s_laws_hold(a: int, b: int, c: int) -> None:
    assert times(a, b ^ c) == times(a, b) ^ times(a, c)
    assert times(a, times(b, c)) == times(times(a, b), c)
    assert a == 0 or times(a, inverse(a)) == 1


@given(SECRETS)
def test_any_two_sheets_give_the_secret_back(secret: bytes) -> None:
    for one, other in permutations(split(secret, SET), 2):
        assert combine(Share.parse(one.text), Share.parse(other.text)) == secret


@given(SECRETS, SECRETS)
def test_one_sheet_fits_every_secret(secret: bytes, other: bytes) -> None:
    """For each other secret there is a draw that gives this very sheet."""
    sheet = split(secret, SET)[0]
    slope = bytes(y ^ o for y, o in zip(sheet.value, other, strict=True))
    assert split(other, SET, lambda _: slope)[0] == sheet


def test_sheets_of_two_sets_and_one_sheet_twice_do_not_combine() -> None:
    mine, theirs = split(SECRET, SET), split(SECRET, b"xyz")
    for one, other in ((mine[0], mine[0]), (mine[0], theirs[1])):
        with pytest.raises(SharesUnfit):
            combine(one, other)


def test_a_sheet_is_typed_in_any_case_and_spacing() -> None:
    (share, *_) = split(SECRET, SET)
    typed = share.text.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert Share.parse(typed) == share
    assert len(share.text.split("-")) == 16


def test_every_slip_of_one_character_or_of_two_that_changed_places_shows() -> None:
    text = split(SECRET, SET, lambda size: b"\x42" * size)[1].text.replace("-", "")
    slips = {
        text[:place] + symbol + text[place + 1 :]
        for place in range(len(text))
        for symbol in "0Z9QK"
    }
    slips |= {
        text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :]
        for i, j in combinations(range(len(text)), 2)
    }
    for slip in slips - {text}:
        with pytest.raises(ShareMistyped):
            Share.parse(slip)


@given(st.text())
def test_any_other_text_is_refused(typed: str) -> None:
    with pytest.raises(ShareMistyped):
        Share.parse(typed)


def test_a_share_is_never_shown_and_a_secret_of_another_size_is_refused() -> None:
    assert "value" not in repr(split(SECRET, SET)[0])
    assert len(split(SECRET, SET)) == SHEETS
    with pytest.raises(ValueError, match="bytes"):
        split(b"short", SET)
