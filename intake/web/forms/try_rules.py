"""The questions of the simulator: one for each fact of the vocabulary, read from an address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from intake.domain.message import Message, mark
from intake.language import Language
from intake.web.forms.base import PageForm
from intake.web.forms.fields import Choices, Line, OneOf, Several, refuse
from intake.web.rule_words import spans
from intake.web.words import ANSWERS, ASKED
from routing_rules.vocabulary import UNKNOWN, Field, FieldKind, Vocabulary

MUNICIPALITY = "municipality"
NOT_KNOWN = "?"
_ROOM = 60
_SPAN = re.compile(r"(\d{1,4})(?:\s*[-–—]\s*(\d{1,4}))?")
_NOT_A_NUMBER = mark(
    "“%(name)s”: write a whole number from %(first)s to %(last)s, a range such as "
    "%(first)s–%(last)s, or ? where it is not known."
)
_NONE = mark("“%(name)s”: choose at least one.")
_PRIMARY_MISSING = mark("“%(one)s” is not among “%(several)s”: tick it there too.")

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        mark("The worry"),
        (
            *("primary", "categories", "urgency", "may_need_protection", "made_together"),
            *("crime_against_child", "child_role", "threat_to_life", "weapon"),
        ),
    ),
    (
        mark("The child"),
        ("age", "unborn", "protected", "residence", "school", "guardian_suspected"),
    ),
    (mark("Reporter"), ("reporter_kind", "sector")),
    (mark("Consents"), tuple(name for name in ASKED if name.startswith("consent_"))),
    (mark("Surroundings"), ("agreement", "hours", "school_term")),
)
OTHER = mark("Other facts")


class Numbers(Line):
    """A whole number, or several that are possible, as spans; ``?`` where it is not known."""

    def __init__(self, label: str, *, of: Field, **kwargs: Any) -> None:
        super().__init__(label, limit=_ROOM, **kwargs)
        self.of = of

    @property
    def cleaned(self) -> Any:
        """The number, a list of several, or the word for one that is not known."""
        text = str(self.data or "").strip()
        if text in (NOT_KNOWN, UNKNOWN):
            return UNKNOWN
        numbers = sorted(set(_numbers(text)))
        return numbers[0] if len(numbers) == 1 else numbers

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no number of this fact."""
        span = {"first": self.of.values[0], "last": self.of.values[-1]}
        outside = refuse(form, _NOT_A_NUMBER, name=self.label.text, **span)
        if len(str(self.data)) > _ROOM:
            raise outside
        try:
            stated = self.cleaned
        except ValueError:
            raise outside from None
        several = stated if isinstance(stated, list) else [stated]
        known = (*self.of.values, UNKNOWN) if self.of.unknown else self.of.values
        if not several or not set(several) <= set(known):
            raise outside


class FactsForm(PageForm):
    """Facts that are made up. ``of`` makes one for a vocabulary."""

    vocabulary: Vocabulary

    class Meta(PageForm.Meta):
        """Nothing is changed by it, and a link may fill it in: no token."""

        csrf = False

    @property
    def facts(self) -> dict[str, object]:
        """The facts, as `decide` takes them."""
        return {name: self[name].cleaned for name in self.vocabulary.fields}

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The questions in their groups; what no group names stands last."""
        named = {name for _, names in GROUPS for name in names}
        rest = tuple(name for name in self.vocabulary.fields if name not in named)
        return [
            (self.language.gettext(title), fields)
            for title, names in (*GROUPS, (OTHER, rest))
            if (fields := [self[name] for name in names if name in self.vocabulary.fields])
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse also a main topic that is not one of the topics."""
        holds = bool(super().validate(extra_validators))
        key = self.vocabulary.lead_key
        if not holds or key is None or key.member_of is None:
            return holds
        one, several = self[key.name], self[key.member_of]
        if one.cleaned in several.cleaned:
            return True
        said = {"one": one.label.text, "several": several.label.text}
        several.errors = [self.say(Message(_PRIMARY_MISSING, said))]
        return False


def facts_form(
    vocabulary: Vocabulary,
    places: Choices,
    language: Language,
    usual: Mapping[str, object],
    asked: MultiDict[str, str],
) -> FactsForm:
    """The form as an address fills it, with the usual facts where it says nothing."""
    fields: dict[str, Any] = {"vocabulary": vocabulary}
    fields |= {field.name: _question(field) for field in vocabulary.fields.values()}
    fields[MUNICIPALITY] = OneOf(mark("Whose rules"), places)
    made = type("FactsFormOfVocabulary", (FactsForm,), fields)
    filled = MultiDict(_written(vocabulary, usual))
    filled.add(MUNICIPALITY, places[0][0] if places else "")
    key = vocabulary.lead_key
    if key and key.member_of:
        for given, other in ((key.name, key.member_of), (key.member_of, key.name)):
            if given in asked and other not in asked:
                filled.setlist(other, asked.getlist(given)[:1])
    for name in asked:
        if name in filled:
            filled.setlist(name, asked.getlist(name))
    form: FactsForm = made(filled, language=language, token_key=b"")
    return form


def as_written(facts: Mapping[str, object]) -> dict[str, list[str]]:
    """Facts as an address has them."""
    written: dict[str, list[str]] = {}
    for name, stated in facts.items():
        several, values = False, list[Any]([stated])
        if isinstance(stated, list | tuple | set | frozenset):
            several, values = True, [*stated]
        if several and values and all(isinstance(value, int) for value in values):
            written[name] = [",".join(spans(sorted(values))).replace("–", "-")]
        elif values == [UNKNOWN] and name not in ANSWERS:
            written[name] = [NOT_KNOWN]
        else:
            written[name] = sorted(map(str, values))
    return written


def _written(vocabulary: Vocabulary, usual: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The usual facts; where a set of rules names none, the last value of each."""
    key = vocabulary.lead_key
    lasts: dict[str, object] = {
        field.name: [key.values[-1]] if key and key.member_of == field.name else field.values[-1]
        for field in vocabulary.fields.values()
    }
    for name, values in as_written(lasts | dict(usual)).items():
        if name in vocabulary.fields:
            yield from ((name, value) for value in values)


def _question(field: Field) -> Any:
    label = ASKED.get(field.name, field.name)
    words = ANSWERS.get(field.name, {})
    choices = [(str(value), words.get(str(value), str(value))) for value in field.values]
    if field.kind is FieldKind.INTEGER:
        return Numbers(label, of=field)
    if field.kind is FieldKind.SET:
        return Several(label, choices, missing=_NONE)
    return OneOf(label, choices)


def _numbers(text: str) -> Iterable[int]:
    """Raises ValueError for what is no list of numbers and spans."""
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            raise ValueError
        yield from range(int(found[1]), int(found[2] or found[1]) + 1)
