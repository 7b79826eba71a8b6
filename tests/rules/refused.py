"""What a test expects of a file that is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from routing_rules.problem import LONGEST_LINE, Problem
from routing_rules.reading import MOST_PROBLEMS
from routing_rules.vocabulary import RulesInvalid


def refused(read: Callable[[], object]) -> list[str]:
    """The problems, each a short line that can be said in other languages."""
    with pytest.raises(RulesInvalid) as caught:
        read()
    lines = caught.value.problems
    assert lines
    for line in lines:
        assert isinstance(line, Problem), line
        assert line.isprintable(), line
        assert len(line) <= LONGEST_LINE, line
    assert len(lines) <= MOST_PROBLEMS + 1
    return lines
