"""By what two reports are recognised to be about the same child: exact codes, or name and birth."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from intake.domain.facts import birth_date_of_code

_LETTERS_OF_OURS = "åäö"
_HYPHENS = re.compile("[\u2010-\u2015\u2212]")
_BETWEEN = re.compile(r"[\W\d_]+")
FEWEST_NAMES = 2  # a first name and a birth date are shared by too many


class MarkKind(StrEnum):
    """What a mark is made of."""

    HETU = "hetu"
    NAME_BIRTH = "name_birth"


@dataclass(frozen=True)
class Mark:
    """One sign by which a child is known; equal marks are taken for one child."""

    child: int
    kind: MarkKind
    value: str


def marks(sections: Mapping[str, Any]) -> list[Mark]:
    """The marks of every child whose identity is among these sections.

    An estimated age, a year alone and an unborn child have none: they match nothing.
    """
    found: list[Mark] = []
    for slot, identity in sections.items():
        kind, _, number = slot.partition("_")
        if kind == "identity":
            found += _of_child(int(number), identity)
    return found


def _of_child(number: int, identity: Mapping[str, Any]) -> Iterator[Mark]:
    code = plain_code(identity.get("hetu") or "")
    if code:
        yield Mark(number, MarkKind.HETU, code)
    names = plain_name(identity.get("name") or "")
    born = _born(code, identity.get("birth_date"))
    if born and len(names) >= FEWEST_NAMES:
        yield Mark(number, MarkKind.NAME_BIRTH, " ".join([born.isoformat(), *names]))


def _born(code: str, birth_date: str | None) -> date | None:
    try:
        if code:
            return birth_date_of_code(code)
        return date.fromisoformat(birth_date) if birth_date else None
    except (IndexError, ValueError):
        return None


def plain_code(hetu: str) -> str:
    """An identity code as all write it. Its sign stays: since 2023 it alone may tell two people
    of one birthday apart (690/2022).
    """
    return _HYPHENS.sub("-", "".join(unicodedata.normalize("NFKC", hetu).split())).upper()


def plain_name(name: str) -> list[str]:
    """The names in it without case, order, hyphens and foreign accents; å, ä and ö are letters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    letters = (
        letter if letter in _LETTERS_OF_OURS else unicodedata.normalize("NFD", letter)[0]
        for letter in unicodedata.normalize("NFC", folded)
        if not unicodedata.combining(letter)
    )
    return sorted(_BETWEEN.sub(" ", "".join(letters)).split())
