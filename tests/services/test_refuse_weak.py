"""Passphrases that are refused: each for the reason that its page tells."""

from __future__ import annotations

import time

import pytest

from intake.services.refuse_weak import (
    KNOWN,
    PassphraseGuessable,
    PassphraseKnown,
    PassphraseTooPlain,
    PassphraseTooShort,
    refuse_weak,
)
from tests.site import PASSPHRASE

MAIJA = ("Maija Meikäläinen", "maija.meikalainen@kunta.invalid", "maija.meikalainen")


@pytest.mark.parametrize(
    ("passphrase", "error"),
    [
        ("liian lyhyt", PassphraseTooShort),
        ("x" * 40, PassphraseTooPlain),
        ("maija.meikalainen", PassphraseGuessable),
        ("Maija Meikäläinen 1", PassphraseGuessable),
        ("meikalainen@kunta", PassphraseGuessable),
        ("ankkuri-ilmoitus 2026", PassphraseGuessable),
        ("abcdefghijklmnopqrst", PassphraseGuessable),
        ("1234567890123456", PassphraseGuessable),
        ("salasana salasana", PassphraseTooPlain),
        ("password12345678", PassphraseGuessable),
        ("sunshine monkey dragon", PassphraseGuessable),
        ("Maamme-laulu, Suomenmaa!", PassphraseKnown),
        ("vaka vanha Väinämöinen 1", PassphraseKnown),
        ("Täällä Pohjantähden alla", PassphraseKnown),
        ("Du gamla, du fria!", PassphraseKnown),
        ("oi maamme suomi", PassphraseKnown),
        ("correct horse battery staple", PassphraseKnown),
        ("To be, or not to be: that is the question", PassphraseKnown),
        ("qwertyuiopasdfghjkl", PassphraseKnown),
    ],
)
def test_what_is_easily_guessed_is_refused(passphrase: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        refuse_weak(passphrase, MAIJA)


@pytest.mark.parametrize(
    "passphrase",
    [
        PASSPHRASE,
        "uusi oma tunnuslause",
        "lumme kelluu lahdella",
        "sju gröna grodor sover",
        "teapot wanders over gravel",
        "kukko katiska pöllö räystäs",
        "väinämöinen ja kahdeksan harmaata polkupyörää",
    ],
)
def test_words_that_nobody_has_put_together_are_taken(passphrase: str) -> None:
    refuse_weak(passphrase, MAIJA)


def test_a_very_long_one_is_looked_at_quickly() -> None:
    began = time.monotonic()
    refuse_weak("kaisla humisee rannalla, " * 40, MAIJA)
    assert time.monotonic() - began < 5


def test_every_known_line_is_long_enough_to_be_chosen_or_part_of_one() -> None:
    lines = [x for x in KNOWN.read_text("utf-8").splitlines() if x and not x.startswith("#")]
    assert len(lines) >= 100
    assert len(set(lines)) == len(lines)
    for line in lines:
        with pytest.raises((PassphraseKnown, PassphraseTooShort, PassphraseTooPlain)):
            refuse_weak(line)
