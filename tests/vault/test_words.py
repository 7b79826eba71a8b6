"""Words that stand for a key: told apart by voice, and typed by people."""

from __future__ import annotations

from itertools import combinations

import pytest

from intake.vault.words import SPOKEN, WORDS, are_words_of, words_of

ONE, OTHER = bytes(range(32)).hex(), bytes(range(1, 33)).hex()


def differ_in_two(one: str, other: str) -> bool:
    """No letter that is left out, added or changed makes one of the other."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return True
    if len(short) == len(long):
        return sum(a != b for a, b in zip(short, long, strict=True)) > 1
    return all(long[:place] + long[place + 1 :] != short for place in range(len(long)))


def test_each_of_256_words_stands_for_a_byte_and_no_two_are_near() -> None:
    assert len(WORDS) == len(set(WORDS)) == 256
    assert all(word.isascii() and word.isalpha() and 3 < len(word) < 9 for word in WORDS)
    assert [pair for pair in combinations(WORDS, 2) if not differ_in_two(*pair)] == []


def test_the_words_of_a_key_never_change() -> None:
    assert words_of(ONE) == "aalto aamu aasi ahven airo aitta ankkuri apina"
    assert len(words_of(OTHER).split()) == SPOKEN == 8
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        words_of("00")


def test_words_are_known_however_they_are_typed_and_others_are_not() -> None:
    words = words_of(ONE)
    for typed in (
        words,
        words.upper(),
        words.replace(" ", ", "),
        f" {words}.\u200b",
        "1. " + words,
    ):
        assert are_words_of(typed, ONE)
    first, *rest = words.split()
    for wrong in (
        "",
        " ".join(rest),
        " ".join([*rest, first]),
        f"{words} {first}",
        words_of(OTHER),
    ):
        assert not are_words_of(wrong, ONE)
