"""Whatever a file holds: it loads, or RulesInvalid says in short clear lines why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.domain.rule_tables import BESIDE
from routing_rules.book import load_book
from routing_rules.document import read_document
from routing_rules.load import Beside, Context, build, load
from routing_rules.reading import MOST_PROBLEMS, Table
from routing_rules.vocabulary import LONGEST_LINE, RulesInvalid
from tests.rules.parcels import DEFAULT, HEAD, SHELVES, VOCABULARY, over, rule, write
from tests.rules.shipped import BOOK

ON = date(2026, 6, 1)


def refused(read: Callable[[], object]) -> list[str]:
    """The problems, each a short line."""
    with pytest.raises(RulesInvalid) as caught:
        read()
    lines = caught.value.problems
    assert lines
    for line in lines:
        assert line.isprintable(), line
        assert len(line) <= LONGEST_LINE, line
    assert len(lines) <= MOST_PROBLEMS + 1
    return lines


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
        (b"a = 1\na = 2", "not TOML"),
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
    faults = "".join(rule(f"r{number}", 'lead = "DUCK", foo = 1') for number in range(3_000))
    found = of_text(tmp_path, HEAD + faults)
    assert (len(found), found[-1]) == (MOST_PROBLEMS + 1, "and more: mend these first")
    many = "".join(f"k{number} = 1\n" for number in range(5_000))
    assert len(of_text(tmp_path, many + HEAD + DEFAULT)) == MOST_PROBLEMS + 1


def test_more_rules_than_any_set_has_are_refused(tmp_path: Path) -> None:
    tables = "".join(f'[[rule]]\nid = "r{number}"\n' for number in range(5_001))
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
@settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


def test_of_two_files_of_one_set_the_days_may_not_overlap_or_leave_a_gap(tmp_path: Path) -> None:
    first = HEAD.replace("valid_from = 2026-01-01\n\n[us", "{}\n\n[us")
    days = "valid_from = 2026-01-01\nvalid_to = 2026-06-30"
    write(tmp_path, first.replace("{}", days) + DEFAULT, name="one")
    for start, said in [
        ("2026-06-30", "its days overlap those of one.toml"),
        ("2026-07-02", "days are missing after one.toml"),
        ("2025-01-01", "its days overlap those of two.toml"),
    ]:
        write(tmp_path, first.replace("{}", f"valid_from = {start}") + DEFAULT, name="two")
        (line,) = refused(lambda: load_book(tmp_path, ON))
        assert said in line
    write(tmp_path, first.replace("{}", "valid_from = 2026-07-01") + DEFAULT, name="two")
    for day, version in [(date(2026, 6, 30), "one"), (date(2026, 7, 1), "two"), (date.min, "one")]:
        chosen = load_book(tmp_path, day).documents["parcels"]
        assert chosen.name == f"{version}.toml"


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({"a": over("a", "b"), "b": over("b", "a")}, "exactly one set extends no other: none"),
        (
            {"base": HEAD, "a": over("a", "b"), "b": over("b", "a")},
            "the sets extend one another in a circle",
        ),
        ({"base": HEAD, "a": over("a", "a")}, "the sets extend one another in a circle"),
        ({"base": HEAD, "a": over("a", "parcel")}, 'did you mean "parcels"'),
        ({"base": HEAD, "other": HEAD.replace('"parcels"', '"other"')}, "exactly one set extends"),
        ({"base": HEAD, "none": "[ruleset]\n"}, "[ruleset] has no id"),
        ({}, "exactly one set extends no other: none"),
        (
            {
                "base": HEAD,
                "a": over("a", more='areas = ["x", "y"]'),
                "b": over("b", more='areas = ["y"]'),
            },
            'the area "y" is also that of "a", and neither extends the other',
        ),
        ({"base": HEAD, "a": over("a", more='areas = ["x", "x"]')}, "names a word twice"),
        ({"base": HEAD, "a": over("a", more="areas = 3")}, "must be a list of words"),
        ({"base": HEAD, "a": over("a").replace('"house"', '"hose"')}, 'did you mean "house"'),
        (
            {"base": HEAD, "a": over("a") + rule("x", "alert = true", tier="law")},
            'tier "law" is not for this set to use',
        ),
        (
            {"base": HEAD, "a": over("a", more='without = { rules = ["defalt"] }')},
            'no "defalt" to leave out (did you mean "default"?)',
        ),
        ({"base": HEAD, "a": over("a", more="without = { rule = [] }")}, 'unknown key "rule"'),
    ],
)
def test_sets_that_do_not_fit_together_are_refused(
    tmp_path: Path, sets: dict[str, str], said: str
) -> None:
    (tmp_path / "vocabulary.toml").write_text(VOCABULARY, "utf-8")
    for name, text in sets.items():
        rules = DEFAULT if text == HEAD else ""
        (tmp_path / f"{name}.toml").write_text(text + rules, "utf-8")
    found = refused(lambda: load_book(tmp_path, ON, SHELVES))
    assert any(said in line for line in found), found


@pytest.mark.parametrize("extends", ["x", "a", "../parcels", "/etc/passwd", "a/b", ".", "\\u0000"])
def test_a_file_that_extends_what_is_not_there_is_refused(tmp_path: Path, extends: str) -> None:
    path = write(tmp_path, over("a", extends), name="a")
    assert refused(lambda: load(path, beside=SHELVES))
