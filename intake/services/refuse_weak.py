"""Look at a passphrase before it locks a key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SHORTEST_PASSPHRASE = 15
FEWEST_DIFFERENT = 8  # characters: a key held down, or a short word repeated, is long and no secret
FEWEST_GUESSES = 10**10  # 100 years of one core at today's cost of a try, pepper and database known
KNOWN = Path(__file__).parent.parent / "data" / "refused_passphrases.txt"
SERVICE_WORDS = (
    *("ankkuri", "ankkuritoiminta", "huoli", "ilmoitus", "huoli-ilmoitus", "lastensuojelu"),
    *("lastensuojeluilmoitus", "hyvinvointialue", "sosiaali", "poliisi", "salalause", "salasana"),
    *("ankare", "ankararbete", "oro", "anmälan", "barnskydd", "välfärdsområde", "lösenfras"),
    *("worry", "report", "child", "welfare", "passphrase"),
)
_LOOKED_AT = 72  # characters: looking at more costs much and finds little
_KNOWN_REST = 10  # characters that a known phrase may have around it and still be one
_BETWEEN = re.compile(r"[\W_]+")


class PassphraseTooShort(Exception):
    """A passphrase has at least SHORTEST_PASSPHRASE characters."""


class PassphraseTooPlain(Exception):
    """A passphrase has at least FEWEST_DIFFERENT different characters."""


class PassphraseKnown(Exception):
    """A passphrase is no line that many people know by heart."""


class PassphraseGuessable(Exception):
    """A passphrase takes a guesser more than names, sequences and the commonest words."""


WEAK = (PassphraseTooShort, PassphraseTooPlain, PassphraseKnown, PassphraseGuessable)


def refuse_weak(passphrase: str, about: Iterable[str] = ()) -> None:
    """Raises PassphraseTooShort, PassphraseTooPlain, PassphraseKnown, PassphraseGuessable.

    ``about``: names and addresses of the person, which are no secret.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise PassphraseTooShort
    if len(set(passphrase.casefold())) < FEWEST_DIFFERENT:
        raise PassphraseTooPlain
    bare = _bare(passphrase)
    if any(_is_mostly(line, bare) for line in _known()):
        raise PassphraseKnown
    from zxcvbn import zxcvbn  # its word lists take 30 MB, which only new passphrases need

    words = {word for text in about for word in (text, *_BETWEEN.split(text)) if len(word) > 2}
    named = [*SERVICE_WORDS, *sorted(words)]
    for text in (passphrase, bare):  # spaces between common words make them no harder to guess
        if zxcvbn(text[:_LOOKED_AT], user_inputs=named)["guesses"] < FEWEST_GUESSES:
            raise PassphraseGuessable


def _is_mostly(line: str, bare: str) -> bool:
    return bare in line or (line in bare and len(bare) < len(line) + _KNOWN_REST)


@cache
def _known() -> frozenset[str]:
    lines = KNOWN.read_text("utf-8").splitlines()
    return frozenset(_bare(line) for line in lines if line and not line.startswith("#"))


def _bare(text: str) -> str:
    """Without what people vary: letters' case, spaces and punctuation."""
    return _BETWEEN.sub("", text.casefold())
