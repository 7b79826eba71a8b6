"""What is wrong with the text of a set, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from intake.domain.message import mark
from intake.language import Language
from routing_rules.problem import Problem, one_line

ON_LINE = mark("line %(line)s: %(problem)s")
_HEADER = re.compile(r"[ \t]*\[\[[ \t]*(\w+)[ \t]*\]\]")


def say(language: Language, problem: str) -> str:
    """A problem in words; the file's own words in it stay as the file has them."""
    if not isinstance(problem, Problem):
        return problem
    params = {
        name: say(language, value) if isinstance(value, Problem) else one_line(str(value))
        for name, value in problem.params.items()
    }
    return language.gettext(problem.key, **params)


def say_of(language: Language, problems: Iterable[str], name: str, text: str) -> Iterator[str]:
    """Problems in words, those of the text read as ``name`` with the line where their table begins,
    if it can be told.
    """
    headers: dict[str, list[int]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            headers.setdefault(header[1], []).append(number)
    for problem in dict.fromkeys(problems):
        said = say(language, problem)
        line_number = _line_of(problem, name, headers)
        if line_number:
            said = language.gettext(ON_LINE, line=line_number, problem=said)
        yield said


def _line_of(problem: str, name: str, headers: dict[str, list[int]]) -> int | None:
    """The line of its table, where the text has as many headers of them as tables were read."""
    places = list(_places(problem))
    if len(places) < 2 or places[0] != name or not isinstance(places[1], Problem):
        return None
    table = places[1].params
    found = headers.get(str(table.get("table")), [])
    number, of = table.get("number"), table.get("of")
    return found[number - 1] if isinstance(number, int) and len(found) == of else None


def _places(problem: object) -> Iterator[object]:
    while isinstance(problem, Problem):
        if "where" in problem.params:
            yield problem.params["where"]
        problem = problem.params.get("what")
