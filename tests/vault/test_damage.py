"""Whatever happens to what the vault made, opening it says the vault's one error and nothing else:
damaged, put elsewhere, made with another key, or made by somebody who has only the public one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import intake.vault
from tests.vault.kinds import KINDS

SEALED = {name: kind.make(**kind.at()) for name, kind in KINDS.items()}
EACH = pytest.mark.parametrize("name", KINDS)
MLKEM, X25519 = 1 + 1088, 1 + 1088 + 32  # ends of the parts of an HPKE envelope
CHECKED = range(MLKEM - 2, X25519 + 2)  # the point, some of whose bits X25519 itself ignores


def refuse(name: str, sealed: bytes) -> None:
    kind = KINDS[name]
    with pytest.raises(kind.refused):
        kind.reopen(sealed, **kind.at())


def flipped(sealed: bytes) -> Iterator[bytes]:
    """With one bit another, in every region: each byte of both ends, and some in between."""
    size = len(sealed)
    near = {*range(min(64, size)), *range(max(0, size - 18), size), *range(0, size, 41)}
    for place in sorted(near | {each for each in CHECKED if each < size}):
        for bit in {0x80, 1 << place % 7}:
            yield sealed[:place] + bytes([sealed[place] ^ bit]) + sealed[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda sealed: sealed[:0],
    "its first byte alone": lambda sealed: sealed[:1],
    "cut by one": lambda sealed: sealed[:-1],
    "cut by one in front": lambda sealed: sealed[1:],
    "cut in half": lambda sealed: sealed[: len(sealed) // 2],
    "longer by one": lambda sealed: sealed + b"\0",
    "longer by one in front": lambda sealed: b"\0" + sealed,
    "with its first byte twice": lambda sealed: sealed[:1] + sealed,
    "twice": lambda sealed: sealed * 2,
    "turned round": lambda sealed: sealed[:1] + sealed[:0:-1],
    "its halves changed": lambda s: s[:1] + s[len(s) // 2 :] + s[1 : len(s) // 2],
    "of suite 0": lambda sealed: b"\0" + sealed[1:],
    "of suite 2": lambda sealed: b"\x02" + sealed[1:],
    "of suite 255": lambda sealed: b"\xff" + sealed[1:],
    "zeros": lambda sealed: sealed[:1] + bytes(len(sealed) - 1),
    "a point of low order": lambda sealed: sealed[:MLKEM] + bytes(32) + sealed[X25519:],
}


@EACH
def test_an_untouched_envelope_opens(name: str) -> None:
    kind = KINDS[name]
    assert kind.reopen(SEALED[name], **kind.at()) == kind.wanted


@EACH
def test_a_flipped_bit_is_damage(name: str) -> None:
    for sealed in flipped(SEALED[name]):
        refuse(name, sealed)


@EACH
def test_what_was_cut_lengthened_or_put_in_another_order_is_damage(name: str) -> None:
    for how, damage in DAMAGES.items():
        sealed = damage(SEALED[name])
        assert sealed != SEALED[name], how
        refuse(name, sealed)


@EACH
@settings(deadline=None, max_examples=40)
@given(anything=st.binary(max_size=2000))
def test_bytes_from_nowhere_are_damage(name: str, anything: bytes) -> None:
    refuse(name, anything)
    refuse(name, b"\x01" + anything)


ELSEWHERE = [
    pytest.param(name, part, number, id=f"{name}, {part} {number}")
    for name, kind in KINDS.items()
    for part, values in kind.place.items()
    for number in range(1, len(values))
]


@pytest.mark.parametrize(("name", "part", "number"), ELSEWHERE)
def test_what_was_made_for_another_place_or_key_does_not_open(
    name: str, part: str, number: int
) -> None:
    """Of another row, report, referral, section, purpose, agency, person, or generation of a key;
    and what is of this place does not open in that one.
    """
    kind = KINDS[name]
    other = kind.at(**{part: kind.place[part][number]})
    refuse(name, kind.make(**other))
    with pytest.raises(kind.refused):
        kind.reopen(SEALED[name], **other)


SAME = {"wrap", "wrap sealed anew", "wrap to be sealed anew"}
"""Of one place, made or opened in another way."""


@EACH
def test_one_kind_of_envelope_never_opens_as_another(name: str) -> None:
    mine = KINDS[name]
    for other, sealed in SEALED.items():
        if other == name or {name, other} <= SAME:
            continue
        with pytest.raises(mine.refused):
            mine.reopen(sealed, **mine.at())


JUNK = (b"", b"\0", b"\xff" * 4, bytes(31), b"\xff" * 97, bytes(3000))


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.info])
def test_what_somebody_with_the_public_key_alone_made_is_damage_unless_it_has_the_form(
    name: str,
) -> None:
    kind = KINDS[name]
    assert kind.info is not None
    place = kind.at()
    for content in JUNK:
        forged = place["key"].public().seal(content, kind.info(**place))
        if "seal.seal_for" in kind.by and content[:4] == bytes(4):
            assert kind.reopen(forged, **place) == b""  # said, and nothing in it
        else:
            refuse(name, forged)


VAULT = Path(intake.vault.__path__[0])


def sealing() -> set[str]:
    """What of the vault others may call that ends in a cipher or a signature: by the names that it
    calls, and the names that those call.
    """
    calls: dict[str, set[str]] = {}
    for file in VAULT.glob("*.py"):
        for top in ast.parse(file.read_text("utf-8")).body:
            within = top.body if isinstance(top, ast.ClassDef) else [top]
            owner = f"{top.name}." if isinstance(top, ast.ClassDef) else ""
            for each in within:
                if isinstance(each, ast.FunctionDef):
                    calls[f"{file.stem}.{owner}{each.name}"] = called(each)
    ends = {"encrypt", "sign"}
    while True:
        more = {name.rpartition(".")[2] for name, used in calls.items() if used & ends} - {
            "__init__"
        }
        if more <= ends:
            break
        ends |= more
    return {
        name
        for name, used in calls.items()
        if used & ends and not any(part.startswith("_") for part in name.split("."))
    }


def called(function: ast.FunctionDef) -> set[str]:
    """The names of what it calls, without where they stand."""
    found = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {
        each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in found
    }


def test_everything_that_seals_locks_or_signs_is_in_the_table() -> None:
    told = {by for kind in KINDS.values() for by in kind.by}
    assert told == sealing() | {"keyring.voucher"}  # a key derived, which is compared


SERVICES = VAULT.parent


def test_everything_that_a_service_seals_for_a_key_is_in_the_table() -> None:
    """Each module that seals to a key gives a context of its own, and each has its kind."""
    using = {
        file.stem
        for file in SERVICES.rglob("*.py")
        if file.parent != VAULT and "seal_for" in called_in(file)
    }
    assert using == {
        *("record", "write_note", "line_detail", "hold", "recuse"),
        *("ask_sections", "answer_request", "notify"),
        "withdraw",  # an answer to a request, as answer_request seals it
        "rotate",  # seals anew, with the context that it opened
    }


def called_in(file: Path) -> set[str]:
    """The names of all that a file calls."""
    tree = ast.parse(file.read_text("utf-8"))
    found = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {each.id for each in found if isinstance(each, ast.Name)}
