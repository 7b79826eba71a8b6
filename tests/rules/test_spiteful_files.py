"""A set that loads badly, or well, is read in a moment however it is written."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Iterable, Iterator

import pytest

from routing_rules.document import read_document
from routing_rules.load import build
from routing_rules.load_rules import MOST_RULES
from routing_rules.problem import LONGEST_COMPARED, MOST_COMPARED
from routing_rules.reading import MOST_SUGGESTED
from routing_rules.toml_text import MOST_PARTS, read_toml
from routing_rules.vocabulary import RulesInvalid
from tests.rules.parcels import DEFAULT, HEAD, VOCABULARY, over, rule

SECONDS = 4.0
"""Of the processor, not the clock: read again and again such a line takes over ten, once 0.1."""
WORDS = read_document(VOCABULARY, "vocabulary.toml")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789abcd"


def shuffled(seed: int = 1) -> Iterator[str]:
    """Long words that nearly are one another."""
    chance = random.Random(seed)  # noqa: S311  (words, no secrets)
    while True:
        yield "".join(chance.sample(LETTERS, len(LETTERS)))


def quoted(words: Iterator[str], count: int) -> str:
    return ", ".join(f'"{word}"' for word in itertools.islice(words, count))


def case(name: str, facts: str, hits: str = '"default"') -> str:
    return f"""
[[case]]
id = "{name}"
title = "x"
facts = {{ {facts} }}
expect = {{ lead = "DOCK", recipients = ["DOCK"] }}
hits = [{hits}]
"""


MAIN = 'main = "cold", weight = 3, paid = "yes"'
AGES = ", ".join(map(str, range(10)))
NAMES = list(itertools.islice(shuffled(seed=2), 1_000))
RULES = "".join(rule(name, "alert = true") for name in NAMES)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (RULES + case("x", MAIN, quoted(shuffled(), 400)), "unknown word"),
        (
            f"[case_defaults]\nmarks = [{quoted(itertools.repeat('cold'), 100_000)}]\n"
            + "".join(case(f"x{number}", 'weight = 3, paid = "yes"') for number in range(1_000)),
            "has more values than there are",
        ),
    ],
    ids=["near-words", "defaults"],
)
def test_a_set_with_very_many_faults_is_refused_with_few_words_compared(
    text: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[list[str]] = []

    def nearest(word: str, known: list[str], **_: object) -> list[str]:
        compared.append([word, *known])
        return []

    monkeypatch.setattr("routing_rules.problem.difflib.get_close_matches", nearest)
    document = read_document(HEAD + DEFAULT + text, "spiteful")
    with pytest.raises(RulesInvalid, match=line):
        build(WORDS, [document])
    assert len(compared) <= MOST_SUGGESTED
    assert all(len(words) <= MOST_COMPARED + 1 for words in compared)
    assert all(len(word) <= LONGEST_COMPARED for words in compared for word in words)


def test_the_first_possible_world_among_very_many_is_the_first_that_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = [f"extra{number}" for number in range(490)]
    text = VOCABULARY.replace('values = ["fragile", "cold", "heavy"]', f"values = {many}")
    words = build(read_document(text, "words"), [read_document(HEAD + DEFAULT, "x")]).vocabulary
    facts = {"main": many, "marks": many[-1:], "weight": list(range(10)), "paid": "yes"}
    tried, product = list[object](), itertools.product

    def counted(*choices: Iterable[object]) -> Iterator[tuple[object, ...]]:
        for world in product(*choices):
            tried.append(world)
            yield world

    monkeypatch.setattr("routing_rules.vocabulary.itertools.product", counted)
    assert next(words.worlds(facts))["main"] == many[-1]
    assert len(tried) == 1


def test_rules_are_counted_with_those_of_the_sets_below() -> None:
    def rules(letter: str, count: int) -> str:
        return "".join(rule(f"{letter}{n}", "alert = true") for n in range(count))

    base = read_document(HEAD + DEFAULT + rules("a", MOST_RULES // 2), "base")
    fits = read_document(over("over") + rules("b", MOST_RULES // 2 - 1), "over")
    assert len(build(WORDS, [base, fits]).rules) == MOST_RULES
    too_many = read_document(over("over") + rules("b", MOST_RULES // 2), "over")
    with pytest.raises(RulesInvalid) as caught:
        build(WORDS, [base, too_many])
    assert caught.value.problems == [
        "over: 1501 rules, with those that it extends, are too many (at most 1500)"
    ]


LONG = 60_000
REPEATED = [
    *('\\"', '\\\\"', "\\'", '"', "'", '"\\"', '"."', "'.'", '".\\"', '"x\'"."y\'".', ". ", " "),
    *("a.", "a .", '"a".', '"a" ', "a ", "a. a\t. ", '"""', "'''", '"""\\', '"" "', "#", "\\\n"),
    *('"a\\"".', "\\u0041", "{},", "[]", "{a=", "[[a]]\n", '"a"=1\n', "1.", "1_"),
]


@pytest.mark.parametrize("before", ["", "# ", 'a = "', 'a = """', "a = '''", "a = [", '"\\"'])
def test_a_line_of_one_thing_again_and_again_is_read_in_a_moment(before: str) -> None:
    for again in REPEATED:
        for after in ("", '"'):
            text = before + again * (LONG // len(again)) + after
            started = time.process_time()
            with contextlib.suppress(RulesInvalid):
                read_document(text, "spiteful")
            assert time.process_time() - started < SECONDS, again


PARTS = ["a", '"a"', "'a'", '"\\"."', "'\".'", '""', "0-_"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("dot", [".", " . ", "\t."])
@pytest.mark.parametrize(
    "around", ["%s = 1", "[%s]", "[[%s]]", "a = { %s = 1 }", '"#" = 1\n%s = 1']
)
def test_a_key_of_more_parts_than_any_set_has_is_refused(part: str, dot: str, around: str) -> None:
    most = around % dot.join([part] * MOST_PARTS)
    assert read_toml(most, "x")
    with pytest.raises(RulesInvalid, match="nested too deep"):
        read_toml(around % dot.join([part] * (MOST_PARTS + 1)), "x")


@pytest.mark.parametrize(
    "around", ["# %s", 'a = "%s"', "a = '%s'", 'a = """\n%s"""', "a = '''%s'''", 'a = """"%s"""""']
)
def test_dots_in_texts_and_comments_make_no_key(around: str) -> None:
    text = around % ".".join(["a"] * (MOST_PARTS + 1))
    assert read_toml(f"x = 1\n{text}\n", "x")
    with pytest.raises(RulesInvalid, match="nested too deep"):
        read_toml(f"{text}\n{'a.' * MOST_PARTS}a = 1", "x")
