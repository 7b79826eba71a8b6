"""Rules as a programmer would write them out by hand: one plain ``if`` for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from routing_rules.rule import SetTest, Test
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Field, FieldKind, Value

Ifs = Callable[[Mapping[str, object]], list[int]]


def written_out(ruleset: RuleSet, *, checking: bool = False) -> Ifs:
    """A function of facts that gives the numbers of the matching rules.

    `checking`: it refuses incomplete and unknown facts first, as the engine does.
    """
    lines = ["def ifs(facts):"]
    if checking:
        lines += [
            f"    if len(facts) != {len(ruleset.vocabulary.fields)}:",
            "        raise KeyError",
            "    for name, values in KNOWN:",
            "        if facts[name] not in values:",
            "            raise KeyError(name)",
            "    for name, values in KNOWN_SETS:",
            "        if not facts[name] <= values:",
            "            raise KeyError(name)",
        ]
        lines += [
            line
            for field in ruleset.vocabulary.fields.values()
            if field.member_of
            for line in (
                f"    if facts[{field.name!r}] not in facts[{field.member_of!r}]:",
                "        raise KeyError",
            )
        ]
    asked = dict.fromkeys(name for rule in ruleset.rules for name in rule.when)
    lines += [f"    {name} = facts[{name!r}]" for name in asked]
    lines.append("    found = []")
    fields = ruleset.vocabulary.fields
    for number, rule in enumerate(ruleset.rules):
        tests = " and ".join(_asked(fields[name], test) for name, test in rule.when.items())
        lines.append(f"    if {tests or 'True'}:")
        lines.append(f"        found.append({number})")
    lines.append("    return found")
    names: dict[str, Any] = {
        "KNOWN": _known(ruleset, lambda field: field.kind is not FieldKind.SET),
        "KNOWN_SETS": _known(ruleset, lambda field: field.kind is FieldKind.SET),
    }
    exec("\n".join(lines), names)  # noqa: S102  (our own lines, made above)
    written: Ifs = names["ifs"]
    return written


def _known(
    ruleset: RuleSet, of: Callable[[Field], bool]
) -> tuple[tuple[str, frozenset[Value]], ...]:
    fields = ruleset.vocabulary.fields.values()
    return tuple((field.name, frozenset(field.values)) for field in fields if of(field))


def _asked(field: Field, test: Test) -> str:
    if isinstance(test, SetTest):
        return _asked_of_set(field.name, test)
    allowed = [value for value in field.values if value in test]
    if len(allowed) == 1:
        return f"{field.name} == {allowed[0]!r}"
    first, last = allowed[0], allowed[-1]
    if field.kind is FieldKind.INTEGER and allowed == list(range(int(first), int(last) + 1)):
        if first == field.values[0]:
            return f"{field.name} <= {last}"
        return f"{first} <= {field.name} <= {last}"
    # A set of constants: Python makes a frozenset of it once.
    return f"{field.name} in {{{', '.join(map(repr, allowed))}}}"


def _asked_of_set(name: str, test: SetTest) -> str:
    words = {
        "some": sorted(map(str, test.any_of)),
        "all": sorted(map(str, test.all_of)),
        "none": sorted(map(str, test.none_of)),
    }
    some = " or ".join(f"{word!r} in {name}" for word in words["some"])
    asked = [f"({some})" if len(words["some"]) > 1 else some] if some else []
    asked += [f"{word!r} in {name}" for word in words["all"]]
    asked += [f"{word!r} not in {name}" for word in words["none"]]
    return " and ".join(asked) or "True"
