"""Whether rules and this program mean the same words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from intake.domain.chase import CHASED
from intake.domain.decision import NOBODY
from intake.domain.directory import Desk, Kind
from intake.domain.facts import VALUES
from intake.domain.referral import Move
from routing_rules.problem import Problem, mark
from routing_rules.vocabulary import UNKNOWN, FieldKind, Policy, Vocabulary

_KINDS = {"age": FieldKind.INTEGER, "categories": FieldKind.SET}
SECTIONS = frozenset({"reporter", "identity", "place", "guardians", "concern", "health"})
NOTICES = frozenset(
    {
        *("call_duty_too", "clock_from_birth", "nothing_to_guardians", "adult_services"),
        "consent_or_consult",
    }
)
OUTPUTS: Mapping[str, tuple[Policy, frozenset[str] | None]] = {
    "recipients": (Policy.UNION, frozenset(Kind)),
    "lead": (Policy.FIRST, frozenset({*Kind, NOBODY})),
    "desk": (Policy.MIN, frozenset(Desk)),
    "sections": (Policy.UNION, SECTIONS),
    "clocks": (Policy.UNION, None),
    "alert": (Policy.OR, None),
    "notices": (Policy.UNION, NOTICES),
    "withhold": (Policy.UNION, frozenset(Kind)),
    "withhold_sections": (Policy.UNION, SECTIONS),
}
"""The outputs by which reports are routed, with the words that this program knows; None: any."""
NEEDS = {"sections": "concern"}
"""Without the worry itself a recipient has nothing to act on."""
NAMES: Mapping[str, frozenset[str]] = {
    "moves": frozenset(Move) - {Move.REOPEN, Move.WITHDRAW, Move.TAKE_OVER},
    "chase_to": frozenset(CHASED),
}
TIERS = ("law", "county", "municipality", "default")
BOTH = mark('this version and the vocabulary do not both have "%(name)s"')
UNLIKE = mark('this version and the vocabulary do not mean the same by "%(name)s"')
LACKS = mark('"%(field)s" of the vocabulary lacks "%(value)s"')
UNKNOWN_WORD = mark('this version knows no %(output)s "%(value)s"')


def misfits(vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield what this program could not state, or not do, in the words of the rules.

    A vocabulary may know more answers than this program asks for: those of its next version.
    """
    if vocabulary.tiers != TIERS:
        yield Problem(UNLIKE, name="tiers")
    yield from _fields(vocabulary)
    yield from _outputs(vocabulary)


def _fields(vocabulary: Vocabulary) -> Iterator[Problem]:
    for name in sorted(vocabulary.fields.keys() ^ VALUES.keys()):
        yield Problem(BOTH, name=name)
    for name, values in VALUES.items():
        field = vocabulary.fields.get(name)
        if field is None:
            continue
        if field.kind is not _KINDS.get(name, FieldKind.ONE):
            yield Problem(UNLIKE, name=name)
        for value in sorted(values - set(map(str, field.values))):
            yield Problem(LACKS, field=name, value=value)
        if name == "age" and not field.unknown:
            yield Problem(LACKS, field=name, value=UNKNOWN)
        if name == "primary" and field.member_of != "categories":
            yield Problem(UNLIKE, name=name)


def _outputs(vocabulary: Vocabulary) -> Iterator[Problem]:
    for name in sorted(vocabulary.outputs.keys() ^ OUTPUTS.keys()):
        yield Problem(BOTH, name=name)
    known = dict(NAMES)
    used: dict[str, Collection[object]] = {**vocabulary.names}
    for name, (policy, words) in OUTPUTS.items():
        output = vocabulary.outputs.get(name)
        if output and (output.policy is not policy or output.needs != NEEDS.get(name)):
            yield Problem(UNLIKE, name=name)
        if output and words is not None:
            known[name], used[name] = words, output.values
    for name, words in known.items():
        for value in used.get(name, ()):
            if value not in words:
                yield Problem(UNKNOWN_WORD, output=name, value=value)
