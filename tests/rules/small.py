"""Small vocabularies of which every possible fact can be tried, and random rule sets for them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from routing_rules.load_vocabulary import read_vocabulary
from routing_rules.problem import Problem
from routing_rules.reading import Table
from routing_rules.rule import Basis, BasisKind, Give, Rule, SetTest, Test
from routing_rules.ruleset import RuleSet
from routing_rules.toml_text import read_toml
from routing_rules.vocabulary import Value, Vocabulary

TEXT = """
tiers = ["law", "house", "default"]

[fields]
main = { kind = "one", member_of = "marks", values = ["a", "b", "c"] }
marks = { kind = "set", values = ["a", "b", "c"] }
weight = { kind = "integer", from = 0, to = 2 }
paid = { kind = "one", values = ["yes", "no"] }

[outputs]
to = { policy = "collect union", values = ["X", "Y", "Z"], based = true }
lead = { policy = "first by tier", values = ["Z", "Y", "X", "nobody"], joins = "to", key = "main" }
grade = { policy = "unique", values = ["good", "bad"], otherwise = "bad" }
colours = { policy = "collect union", per = "to", values = ["red", "blue"] }
price = { policy = "collect min", values = ["low", "high"], otherwise = "high" }
alarm = { policy = "or" }
notes = { policy = "collect union", values = ["m", "n"] }
stop = { policy = "collect union", takes_from = "to" }
hide = { policy = "collect union", per = "to", takes_from = "parts" }

[outputs.door]
policy = "collect min"
per = "to"
values = ["back", "side", "front"]
otherwise = "front"

[outputs.parts]
policy = "collect union"
per = "to"
beside = true
usual = "unless stated"
values = ["p", "q"]

[outputs.clocks]
policy = "collect union"
per = "to"
beside = true
usual = "always"
values = ["s", "t"]
"""


def _read(old: str = "", new: str = "") -> Vocabulary:
    problems: list[Problem] = []
    assert old in TEXT
    found = read_vocabulary(Table(read_toml(TEXT.replace(old, new), "small"), ("small",), problems))
    assert not problems, problems
    return found


VOCABULARY = _read()
VOCABULARIES = (
    VOCABULARY,
    _read(", based = true"),
    _read(', key = "main"'),
    _read('joins = "to", key = "main"', 'joins = "to", key = "main", otherwise = "nobody"'),
    _read('lead = { policy = "first by tier"', 'lead = { policy = "unique"'),
    _read('grade = { policy = "unique"', 'grade = { policy = "first by tier"'),
    _read('"high"], otherwise = "high"', '"high"]'),
    _read('"front"]\notherwise = "front"', '"front"]'),
    _read('usual = "unless stated"', 'usual = "unless stated"\nneeds = "p"'),
    _read('usual = "always"', 'usual = "always"\nneeds = "s"'),
)
"""The same, each but the first with one output of another shape."""
BASES = {
    name: Basis(name, BasisKind.DEFAULT, {}, None, True, date(2026, 1, 1), None)
    for name in ("b1", "b2")
}
USUAL = {
    "X": (Give("parts", "X", "p"), Give("clocks", "X", "s")),
    "Y": (Give("parts", "Y", "p"), Give("parts", "Y", "q"), Give("clocks", "Y", "s")),
    "Z": (Give("parts", "Z", "q"), Give("clocks", "Z", "s"), Give("clocks", "Z", "t")),
}
MEMBERS = ("X", "Y", "Z")


def every_fact(vocabulary: Vocabulary = VOCABULARY) -> Iterator[dict[str, object]]:
    """Every possible set of facts."""
    marks = vocabulary.fields["marks"].values
    rest = [f for f in vocabulary.fields.values() if f.name not in ("main", "marks")]
    for size in range(1, len(marks) + 1):
        for members in itertools.combinations(marks, size):
            for main in members:
                for values in itertools.product(*(field.values for field in rest)):
                    pairs = zip((field.name for field in rest), values, strict=True)
                    yield {"main": main, "marks": frozenset(members), **dict(pairs)}


class Readable(RuleSet):
    """A rule set that a failing test shows as one line for each rule."""

    def __repr__(self) -> str:
        return "\n" + "\n".join(map(_line, self.rules))

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))


def _line(rule: Rule) -> str:
    asked = ", ".join(
        f"{name}: {test}" if isinstance(test, SetTest) else f"{name} in {sorted(map(str, test))}"
        for name, test in rule.when.items()
    )
    given = ", ".join(f"{g.output}{'.' if g.of else ''}{g.of}={g.value}" for g in rule.gives)
    kind = f"{rule.tier}{' fallback' if rule.fallback else ''}"
    return f"{rule.id} ({kind}, {rule.basis.id if rule.basis else None}): {asked} -> {given}"


def ruleset(*rules: Rule, vocabulary: Vocabulary = VOCABULARY) -> RuleSet:
    """A rule set of these rules, strongest tier first."""
    ordered = sorted(rules, key=lambda rule: vocabulary.tiers.index(rule.tier))
    return Readable(
        id="small",
        title={},
        layers=("small",),
        vocabulary=vocabulary,
        rules=tuple(ordered),
        usual=USUAL,
        bases=BASES,
        cases=(),
        defaults={},
        beside={},
        valid_from=date(2026, 1, 1),
        valid_to=None,
        digest="",
    )


_sets = st.builds(
    SetTest,
    any_of=st.frozensets(st.sampled_from("abc"), max_size=2),
    all_of=st.frozensets(st.sampled_from("abc"), max_size=1),
    none_of=st.frozensets(st.sampled_from("abc"), max_size=1),
)
_whens: st.SearchStrategy[Mapping[str, Test]] = st.fixed_dictionaries(
    {},
    optional={
        "main": st.frozensets(st.sampled_from("abc"), min_size=1, max_size=2),
        "marks": _sets,
        "weight": st.frozensets(st.integers(0, 2), min_size=1, max_size=2),
        "paid": st.sampled_from([frozenset({"yes"}), frozenset({"no"})]),
    },
)


@st.composite
def _gives(draw: st.DrawFn, *, fallback: bool) -> tuple[Give, ...]:
    """What one rule states, as the loader would let it through."""
    found: list[Give] = []
    lead: Value | None = draw(st.sampled_from([None, None, "X", "Y", "Z", "nobody"]))
    if fallback and lead is None:
        lead = "X"
    added: set[Value] = set()
    if lead is not None:
        found.append(Give("lead", "", lead))
        added = {lead} & set(MEMBERS)
    if lead != "nobody":
        more = draw(st.frozensets(st.sampled_from(MEMBERS), max_size=1))
        found += [Give("to", "", member) for member in sorted(more)]
        added |= more
    for member in sorted(map(str, added)):
        for output, values in (("parts", "pq"), ("clocks", "st")):
            stated = draw(st.frozensets(st.sampled_from(values), max_size=1))
            found += [Give(output, member, value) for value in sorted(stated)]
    for give in (
        Give("grade", "", "good"),
        Give("price", "", "low"),
        Give("alarm", "", True),
        Give("notes", "", "m"),
        Give("door", "X", "back"),
        Give("door", "X", "side"),
        Give("colours", "X", "red"),
        *(() if fallback else (Give("stop", "", "X"), Give("stop", "", "Y"))),
        *(() if fallback else (Give("hide", "X", "p"),)),
    ):
        if draw(st.integers(0, 7)) == 7:
            found.append(give)
    return tuple(found) or (Give("alarm", "", True),)


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    """One random rule."""
    fallback = draw(st.integers(0, 5)) == 5
    return Rule(
        id=name,
        tier=draw(st.sampled_from(VOCABULARY.tiers)),
        title={},
        because={},
        basis=BASES[draw(st.sampled_from(["b1", "b2"]))],
        fallback=fallback,
        when=draw(_whens),
        gives=draw(_gives(fallback=fallback)),
        layer="small",
    )


def _ruleset(draw: st.DrawFn, most: int, vocabulary: Vocabulary) -> RuleSet:
    count = draw(st.integers(1, most))
    drawn = (draw(rules(f"r{number}")) for number in range(count))
    return ruleset(*drawn, vocabulary=vocabulary)


@st.composite
def rulesets(draw: st.DrawFn, most: int = 6) -> RuleSet:
    """A random rule set, which may have gaps and conflicts."""
    return _ruleset(draw, most, draw(st.sampled_from(VOCABULARIES)))


@st.composite
def pairs(draw: st.DrawFn, most: int = 4) -> tuple[RuleSet, RuleSet]:
    """Two random rule sets of one vocabulary."""
    vocabulary = draw(st.sampled_from(VOCABULARIES))
    return _ruleset(draw, most, vocabulary), _ruleset(draw, most, vocabulary)
