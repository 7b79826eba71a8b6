"""Whatever a file holds: it loads, or RulesInvalid says in short clear lines why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.domain.rule_tables import BESIDE
from routing_rules.document import read_document
from routing_rules.load import Beside, Context, build, load
from routing_rules.reading import MOST_PROBLEMS, Table
from routing_rules.vocabulary import RulesInvalid
from tests.rules.parcels import DEFAULT, HEAD, SHELVES, VOCABULARY, rule, write
from tests.rules.refused import refused
from tests.rules.shipped import BOOK


def of_text(folder: Path, text: str) -> list[str]:
    return refused(lambda: load(write(folder, text), beside=SHELVES))


def of_bytes(folder: Path, content: bytes) -> list[str]:
    write(folder, "").write_bytes(content)
    return refused(lambda: load(folder / "parcels.toml", beside=SHELVES))


DEEP = 20_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00", "not TOML"),
        (b"a = 1\x00", "not TOML"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"a = '\xc3'", "it is not UTF-8 text"),
        (b"#" * 10_000_000, "larger than 4 MB"),
        (b"[" * DEEP, "nested too deep"),
        (b"a = " + b"[" * DEEP, "nested too deep"),
        (b"a = " + b"[" * DEEP + b"]" * DEEP, "nested too deep"),
        (b"a = " + b"{a=" * DEEP + b"1" + b"}" * DEEP, "nested too deep"),
        (b".".join([b"a"] * DEEP) + b" = 1", "nested too deep"),
        (b"[" + b".".join([b"a"] * DEEP) + b"]", "nested too deep"),
        (b"a = " + b"9" * 5_000, "a number is too long"),
        (b"a = 1\na = 2\n", "line 2, column 6: not TOML: Cannot overwrite"),
        (b"a = [1,", "at the end: not TOML"),
        (b"", '"ruleset" is missing'),
        (b"\xef\xbb\xbf" + HEAD.encode(), "not TOML"),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else None,
)
def test_content_that_no_set_has_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    found = of_bytes(tmp_path, content)
    assert any(said in line for line in found) or said == "nested too deep", found
    assert len(found) <= 3


def test_nesting_that_is_read_is_refused_all_the_same(tmp_path: Path) -> None:
    for depth in (50, 200, 500, 900, 1_500):
        nested = "{ a = " * depth + "1" + " }" * depth
        of_text(tmp_path, HEAD + DEFAULT + f"[x]\ny = {nested}\n")
        of_text(tmp_path, HEAD + rule("x", "alert = true", f"paid = {nested}"))


HUGE = "x" * 1_000_000
ODD = [
    "07:32:00",
    "1979-05-27T07:32:00",
    "1979-05-27",
    "1.5",
    "nan",
    "-inf",
    "1e400",
    "-1",
    "9" * 4_000,
    "true",
    "[]",
    "[[]]",
    "[{}]",
    "{}",
    '""',
    '"\\u0000"',
    '"a\\nb"',
    '"\\u2028"',
    f'"{HUGE}"',
    f'["{HUGE}"]',
    f'{{ "{HUGE}" = 1 }}',
    "[1, 'a', 1979-05-27]",
]
PLACES = [
    ('id = "parcels"', "id = {}"),
    ('title = { fi = "Paketit", sv = "Paket", en = "Parcels" }', "title = {}"),
    ('fi = "Paketit"', "fi = {}"),
    ("valid_from = 2026-01-01\n\n[us", "valid_from = {}\n\n[us"),
    ('sections = ["label", "content"]', "sections = {}"),
    ('kind = "default"', "kind = {}"),
    ('id = "x"', "id = {}"),
    ('tier = "house"', "tier = {}"),
    ('basis = "custom"\ntitle', "basis = {}\ntitle"),
    ('when = { weight = "3" }', "when = {}"),
    ('weight = "3"', "weight = {}"),
    ('weight = "3"', "paid = {}"),
    ('weight = "3"', "marks = {}"),
    ('weight = "3"', "marks = {{ any = {} }}"),
    ("then = { alert = true }", "then = {}"),
    ("alert = true", "alert = {}"),
    ("alert = true", "lead = {}"),
    ("alert = true", "notices = {}"),
    ("alert = true", "desk = {}"),
    ("alert = true", "desk = {{ DOCK = {} }}"),
    ("alert = true", "withhold = {}"),
]
NOT_WRONG = {
    ("valid_from = {}\n\n[us", "1979-05-27"),
    ("alert = {}", "true"),
    ("when = {}", "{}"),
}


@pytest.mark.parametrize(("right", "wrong"), PLACES, ids=[wrong for _, wrong in PLACES])
def test_a_value_of_another_kind_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    text = HEAD + rule("x", "alert = true", 'weight = "3"') + DEFAULT
    assert right in text
    for odd in ODD:
        changed = text.replace(right, wrong.format(odd), 1)
        if wrong.startswith("fi = ") and odd.startswith('"') and odd not in ('""',):
            continue  # any text is a text
        if (wrong, odd) in NOT_WRONG:
            load(write(tmp_path, changed), beside=SHELVES)
        else:
            assert of_text(tmp_path, changed), odd


@pytest.mark.parametrize(
    "text",
    ["0-999999999", "999999999-0", "0-1000000000000", "-1-3", "1-2-3", "٣", "1_0", " 3", "3 ", "-"],
)
def test_a_range_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    of_text(tmp_path, HEAD + rule("x", "alert = true", f'weight = "{text}"'))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("to = 9", "to = 99999999999999999999"),
        ("from = 0", "from = -99999999999999999999"),
        ("to = 9", "to = 1979-05-27"),
        ("unknown_to = 8", "unknown_to = 1e3"),
        ("[fields.paid]", '[fields."pa\\nid"]\nfoo = 1\n[fields.paid]'),
        ("tiers = [", "tiers = [[], "),
        ('kind = "set"\nvalues = ["fragile", "cold", "heavy"]', 'kind = "set"\nvalues = []'),
        ('values = ["DOCK", "LAB", "SAFE"]', "values = []"),
        ('member_of = "marks"', 'member_of = "main"'),
        ("[names]", "names = 3\n[name]"),
        ('"counter"]\notherwise', '"counter"]\nfoo'),
        ('values = ["night", "side", "counter"]', "values = []"),
        (VOCABULARY, ""),
    ],
)
def test_a_vocabulary_that_is_none_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    assert right in VOCABULARY
    path = write(tmp_path, HEAD + DEFAULT, VOCABULARY.replace(right, wrong, 1))
    assert refused(lambda: load(path, beside=SHELVES))


def test_of_thousands_of_faults_the_first_ones_are_said(tmp_path: Path) -> None:
    faults = "".join(rule(f"r{number}", 'lead = "DUCK", foo = 1') for number in range(1_400))
    found = of_text(tmp_path, HEAD + faults)
    assert (len(found), found[-1]) == (MOST_PROBLEMS + 1, "and more: mend these first")
    many = "".join(f"k{number} = 1\n" for number in range(5_000))
    assert len(of_text(tmp_path, many + HEAD + DEFAULT)) == MOST_PROBLEMS + 1


def test_more_rules_than_any_set_has_are_refused(tmp_path: Path) -> None:
    tables = "".join(f'[[rule]]\nid = "r{number}"\n' for number in range(1_501))
    assert any("rules are too many" in line for line in of_text(tmp_path, HEAD + tables))


def _unread(top: Table, _: Context) -> dict[str, object]:
    for name in BESIDE:
        top.has(name)
    return {}


UNREAD: Beside = dict.fromkeys(BESIDE, _unread)
SHIPPED_TEXTS = [BOOK.vocabulary.text, *(each.text for each in BOOK.documents.values())]


@st.composite
def garbled(draw: st.DrawFn) -> tuple[int, str]:
    """One of the shipped texts with a few random edits, and which one it is."""
    number = draw(st.integers(0, len(SHIPPED_TEXTS) - 1))
    content = bytearray(SHIPPED_TEXTS[number].encode())
    lines = SHIPPED_TEXTS[number].splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(("flip", "cut", "twice", "without", "moved", "word")))
        at = draw(st.integers(0, len(content) - 1))
        line = draw(st.integers(0, len(lines) - 1))
        if kind == "flip":
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del content[at : at + draw(st.integers(1, 40))]
        elif kind == "word":
            content[at:at] = draw(st.sampled_from(ODD[:18])).encode()
        else:
            old = lines[line].encode()
            place = content.find(old)
            if place >= 0:
                if kind != "twice":
                    del content[place : place + len(old)]
                if kind != "without":
                    content[at:at] = old
    return number, content.decode("utf-8", "replace")


@given(garbled())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_shipped_files_with_random_edits_load_or_are_refused(edited: tuple[int, str]) -> None:
    loads_or_is_refused(*edited)


@pytest.mark.slow
@given(garbled())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_shipped_files_with_many_random_edits_load_or_are_refused(
    edited: tuple[int, str],
) -> None:
    loads_or_is_refused(*edited)


def loads_or_is_refused(number: int, text: str) -> None:
    def read() -> None:
        document = read_document(text, "garbled.toml")
        parts = [BOOK.vocabulary, BOOK.documents["finland"], BOOK.documents["ita-uusimaa"]]
        parts[number] = document
        # The readers of the tables beside the rules know the shipped vocabulary alone.
        build(parts[0], parts[1:], BESIDE if number else UNREAD)

    try:
        read()
    except RulesInvalid:
        refused(read)
