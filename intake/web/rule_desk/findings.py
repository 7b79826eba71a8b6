"""What the proof found, in words, beside the rule that it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.services.prove import MISSING, NO_STANDBY, UNMANNED, Flaw, Proof
from intake.web.forms.try_rules import as_written
from intake.web.rule_desk.difference import ELSEWHERE
from intake.web.rule_desk.problems import say
from intake.web.rule_desk.told import Words, places, share
from intake.web.rule_words import RuleWords
from intake.web.try_rules import link_of
from routing_rules.book import Book

LACKING = "lacking"
"""A gap: a recipient without what it needs."""
SAID = {
    "gap": mark("%(what)s: no rule says it for some reports."),
    LACKING: mark("Somebody gets some reports without what every recipient needs: %(given)s."),
    "conflict": mark("%(what)s: one rule says “%(one)s”, the other “%(other)s”; none is stronger."),
    "dead": mark("The rule changes nothing: others always give what it gives, or withhold it."),
    "never": mark("The rule changes nothing: its conditions never hold together."),
    "weakened": mark("The law's rule loses what it gives: %(given)s."),
    "redefined": mark("The legal basis of the law's rule is described otherwise: %(basis)s."),
    "case_fails": mark("The worked case does not come out as it says."),
    "no_case": mark("No worked case shows what the rule does. Write one."),
    "not_proved": mark("The proof would take too long, so nothing is proved. Simplify the rules."),
    "clock": mark("A deadline is not as the base set allows."),
    "area": mark("The directory has no such municipality."),
    "vocabulary": mark("This version of the program does not know a word of the vocabulary."),
    MISSING: mark("There is no agency of this kind: %(kind)s."),
    NO_STANDBY: mark("No desk stands by for agencies of this kind: %(kind)s."),
    UNMANNED: mark("Nobody can open what comes for: %(kind)s."),
}
DETAILED = frozenset({"clock", "vocabulary"})
"""Where the message says more."""
ALIKE = frozenset({"unresolvable", "not_proved"})
"""Where the message tells apart what is one finding here."""
MOST_NAMED = 3


@dataclass(frozen=True)
class Found:
    """One finding. ``about``: the rules concerned, title and id; ``details``: what it is about."""

    about: tuple[tuple[str, str], ...]
    more: int
    said: str
    details: tuple[str, ...]
    where: str
    href: str


def findings(
    words: Words, directory: Directory, book: Book, flaws: Iterable[Flaw], draft: UUID
) -> list[Found]:
    """Findings about a draft in words; what is alike in several municipalities is one."""
    together: dict[tuple[object, ...], list[Flaw]] = {}
    for flaw in flaws:
        message = "" if flaw.kind in ALIKE else flaw.message
        place = None if flaw.kind == "unresolvable" else (flaw.municipality, flaw.elsewhere)
        together.setdefault((flaw.kind, flaw.rules, flaw.named, place, message), []).append(flaw)
    return [_found(words, directory, book, some, draft) for some in together.values()]


def left_to_default(
    words: Words, book: Book, proof: Proof, draft: UUID
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What only the last tier decides: an output, its share, and examples each with a link."""
    table, areas = book.distinct[0]
    said, usual = RuleWords.of(words.language, table), as_written(table.defaults)

    def unusual(facts: Mapping[str, object]) -> str:
        return "; ".join(
            f"{said.asked(name)}: {said.fact(name, stated)}"
            for name, stated in facts.items()
            if as_written({name: stated})[name] != usual.get(name)
        )

    home = areas[0] if areas else None
    return [
        (
            words.output(last.output),
            share(words.language, last.share),
            [(unusual(facts), link_of(facts, home, draft)) for facts in last.examples],
        )
        for last in proof.last_tier
    ]


def _found(
    words: Words, directory: Directory, book: Book, flaws: Sequence[Flaw], draft: UUID
) -> Found:
    flaw = flaws[0]
    areas = [area for each in flaws if each.municipality for area in each.municipality.split(", ")]
    home = areas[0] if areas else next(iter(book.tables), None)
    where = places(words.language, directory, areas)
    if flaw.elsewhere:
        home = next((name for name in directory.municipalities if name not in book.tables), None)
        where = words.language.gettext(ELSEWHERE)
    shown = home is not None or not flaw.elsewhere
    return Found(
        about=tuple(_subject(words, book, flaw.kind, name) for name in flaw.rules[:MOST_NAMED]),
        more=max(len(flaw.rules) - MOST_NAMED, 0),
        said=_said(words, flaw),
        details=tuple(say(words.language, each) for each in _details(flaw)),
        where=where,
        href=link_of(flaw.witness, home, draft) if flaw.witness and shown else "",
    )


def _subject(words: Words, book: Book, kind: str, name: str) -> tuple[str, str]:
    if kind == "case_fails":
        return words.language.gettext(mark("Worked case")), name
    for table, _ in book.every:
        if name in table.by_id:
            return words.language.text(table.by_id[name].title), name
    return "", name


def _said(words: Words, flaw: Flaw) -> str:
    kind, params = str(flaw.kind), {}
    match kind, flaw.named:
        case "gap", (output,):
            params = {"what": words.output(output)}
        case "gap", (output, value, of):
            kind, params = LACKING, {"given": words.given(output, value, of)}
        case "conflict", (output, one, other):
            one, other = words.value(output, one), words.value(output, other)
            params = {"what": words.output(output), "one": one, "other": other}
        case "weakened", (output, value, of):
            params = {"given": words.given(output, value, of)}
        case "weakened", (basis,):
            kind, params = "redefined", {"basis": words.value("recipients basis", basis)}
        case "unresolvable", (how, agency):
            kind, params = how, {"kind": words.kind(agency)}
        case "dead", _ if flaw.witness is None:
            kind = "never"
    if kind not in SAID:
        return say(words.language, flaw.message)
    return words.language.message(Message(SAID[kind], params))


def _details(flaw: Flaw) -> Iterator[str]:
    if flaw.kind in DETAILED:
        yield flaw.message
    yield from flaw.problems
