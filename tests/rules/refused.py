"""What a test expects of a file that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from intake.language import Language
from intake.web.rule_desk.problems import say
from routing_rules.problem import LONGEST_LINE, Problem
from routing_rules.reading import MOST_PROBLEMS
from routing_rules.vocabulary import RulesInvalid
from tests.rules.parcels import SHELF_NOUN

PARAMETER = re.compile(r"%\(\w+\)s")
OTHERS = (Language("fi"), Language("sv"))


def refused(read: Callable[[], object]) -> list[str]:
    """The problems, each a short line that every language has words for."""
    with pytest.raises(RulesInvalid) as caught:
        read()
    lines = caught.value.problems
    assert lines
    for line in lines:
        assert line.isprintable(), line
        assert len(line) <= LONGEST_LINE, line
        said_in_every_language(line)
    assert len(lines) <= MOST_PROBLEMS + 1
    return lines


def said_in_every_language(line: str) -> None:
    """Look at a problem and all of its parts."""
    assert isinstance(line, Problem), line
    for language in OTHERS:
        assert say(language, line).isprintable(), line
        for key in keys(line):
            has_words = any(map(str.isalpha, PARAMETER.sub("", key)))
            assert not has_words or language.catalogue.gettext(key) != key, key


def keys(problem: object) -> Iterator[str]:
    """The texts of a problem that are translated."""
    if isinstance(problem, Problem):
        if problem.key != SHELF_NOUN:
            yield problem.key
        for part in problem.params.values():
            yield from keys(part)
