"""Outputs, values and conditions of rules in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from intake.domain.decision import NOBODY
from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.language import Language
from intake.web.words import ASKED, DESKS, KINDS, NOTICES, SECTIONS, answer
from routing_rules.book import Book
from routing_rules.difference import Change

NONE, YES, NO = mark("None"), mark("Yes"), mark("No")
OUTPUTS: Mapping[str, str] = {
    "recipients": mark("Who gets it"),
    "lead": mark("Who leads"),
    "desk": mark("Desk"),
    "sections": mark("Parts of the report"),
    "clocks": mark("Deadlines"),
    "alert": mark("Alert to every recipient"),
    "notices": mark("Notices"),
    "withhold": mark("Who does not get it"),
    "withhold_sections": mark("Parts that are left out"),
}
FEW = 4


@dataclass(frozen=True)
class Words:
    """Says what rules give. ``books``: where the titles of clocks and bases are looked up."""

    language: Language
    books: Sequence[Book]

    def output(self, output: str) -> str:
        """What a rule decides."""
        return self.language.gettext(OUTPUTS[output]) if output in OUTPUTS else output

    def value(self, output: str, value: object) -> str:
        """One value of an output."""
        name = str(value)
        if output in ("recipients", "lead", "withhold"):
            return self.kind(name)
        if output == "alert":
            return self.language.gettext(YES)
        if output == "clocks":
            return self._titled("clock", name)
        if output.endswith(" basis"):
            return self._basis(name)
        words = {
            "desk": DESKS,
            "sections": SECTIONS,
            "withhold_sections": SECTIONS,
            "notices": NOTICES,
        }.get(output, {})
        return self.language.gettext(words[name]) if name in words else name

    def kind(self, name: str) -> str:
        """A kind of recipient."""
        if name == NOBODY:
            return self.language.gettext(mark("Nobody"))
        return self.language.gettext(KINDS[name]) if name in KINDS else name

    def given(self, output: str, value: object, of: str) -> str:
        """That a value is given, for whom."""
        kind, said = self.kind(of), self.value(output, value)
        key, params = {
            "recipients": (mark("Gets it: %(kind)s"), {"kind": said}),
            "lead": (mark("Lead: %(kind)s"), {"kind": said}),
            "desk": (mark("Desk: %(kind)s, %(desk)s"), {"kind": kind, "desk": said}),
            "sections": (mark("Parts: %(kind)s: %(parts)s"), {"kind": kind, "parts": said}),
            "clocks": (mark("Deadline: %(kind)s: %(clock)s"), {"kind": kind, "clock": said}),
            "alert": (mark("Alert to every recipient"), {}),
            "notices": (mark("Notice: %(notice)s"), {"notice": said}),
            "withhold": (mark("Does not get it: %(kind)s"), {"kind": said}),
            "recipients basis": (
                mark("Legal basis: %(kind)s: %(basis)s"),
                {"kind": kind, "basis": said},
            ),
        }.get(output, ("", {}))
        if not key:
            return " ".join(each for each in (self.output(output), kind, said) if each)
        return self.language.message(Message(key, params))

    def change(self, change: Change) -> tuple[str, str, str]:
        """What changes, before and after."""
        replaced = change.output in ("lead", "desk")
        if replaced:
            what = self.output(change.output)
            if change.of:
                what = f"{what}: {self.kind(change.of)}"
            before, after = (
                self.language.gettext(NONE) if value is None else self.value(change.output, value)
                for value in (change.before, change.after)
            )
            return what, before, after
        value = change.after if change.before is None else change.before
        what = self.given(change.output, value, change.of)
        answers = (self.language.gettext(YES), self.language.gettext(NO))
        before, after = answers if change.after is None else reversed(answers)
        return what, before, after

    def conditions(self, box: Mapping[str, object]) -> list[tuple[str, str]]:
        """Each fact that matters, with the answers concerned."""
        return list(self._conditions(box))

    def _conditions(self, box: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        for field, test in box.items():
            asked = self.language.gettext(ASKED[field]) if field in ASKED else field
            if isinstance(test, Mapping):
                for how, key in (
                    ("all", mark("all of: %(values)s")),
                    ("none", mark("none of: %(values)s")),
                ):
                    if test.get(how):
                        said = {"values": self._answers(field, test[how], ", ")}
                        yield asked, self.language.message(Message(key, said))
            elif isinstance(test, Sequence):
                yield asked, self._some(field, test)

    def _some(self, field: str, allowed: Sequence[object]) -> str:
        """The answers; of most answers rather those that are not among them."""
        known = self.books[0].base.vocabulary.fields[field].values if self.books else ()
        left = [value for value in known if value not in allowed]
        numbers = any(isinstance(value, int) for value in allowed)
        if not numbers and 0 < len(left) < FEW < len(allowed):
            said = {"values": self._answers(field, left, ", ")}
            return self.language.message(Message(mark("any but: %(values)s"), said))
        return self._answers(field, allowed)

    def _answers(self, field: str, values: Sequence[object], between: str = " / ") -> str:
        numbers = sorted(value for value in values if isinstance(value, int))
        others = [value for value in values if not isinstance(value, int)]
        said = sorted(answer(self.language, field, value) for value in others)
        return between.join([*([", ".join(_spans(numbers))] if numbers else []), *said])

    def _titled(self, table: str, name: str) -> str:
        for book in self.books:
            for ruleset, _ in book.distinct:
                if name in ruleset.beside[table]:
                    return self.language.text(ruleset.beside[table][name].title)
        return name

    def _basis(self, name: str) -> str:
        for book in self.books:
            for ruleset, _ in book.distinct:
                if name in ruleset.bases:
                    basis = ruleset.bases[name]
                    law = f" ({basis.law})" if basis.law else ""
                    return f"{self.language.text(basis.text)}{law}"
        return name


def _spans(numbers: Sequence[int]) -> Iterator[str]:
    """Whole numbers as spans: 0–6, 18."""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        span = [number for _, number in run]
        yield f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0])


def share(language: Language, part: float | None) -> str:
    """A part of all possible facts."""
    if part is None:
        return language.gettext(mark("too much to count"))
    least = 0.0001
    if 0 < part < least:
        return language.gettext(mark("less than 0.01 %% of all possible facts"))
    said = {"share": language.number(round(100 * part, 2))}
    return language.message(Message(mark("%(share)s %% of all possible facts"), said))


def places(language: Language, directory: Directory, areas: Sequence[str]) -> str:
    """Municipalities by name."""
    known = directory.municipalities
    names = [language.text(known[area].name) if area in known else area for area in areas]
    return ", ".join(sorted(names))
