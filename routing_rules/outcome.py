"""What a decision says: everything that is given, and which rules give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from routing_rules.rule import Give
from routing_rules.vocabulary import Value


@dataclass(frozen=True)
class Outcome:
    """The decision for one set of facts.

    `given` holds each thing given, in the order of the vocabulary, with the ids of the rules that
    give it (none where it is the value that holds otherwise, or the first of the members where no
    rule's value is one of them). What takes from an output stands there too, where it takes
    something that another rule gives. `uncertain` names the facts whose open possibilities gave
    different outcomes; the outcome is then the strictest of each part.
    """

    given: Mapping[Give, tuple[str, ...]]
    uncertain: tuple[str, ...] = ()

    def value(self, output: str, of: str = "") -> Value | None:
        """Return the one value of an output, None where there is none."""
        return next((g.value for g in self.given if g.output == output and g.of == of), None)

    def members(self, output: str, of: str = "") -> tuple[str, ...]:
        """Return the members of a union output, in the order of the vocabulary."""
        return tuple(str(g.value) for g in self.given if g.output == output and g.of == of)

    def rules_of(self, output: str, of: str, value: Value) -> tuple[str, ...]:
        """Return the ids of the rules that give one thing."""
        return self.given.get(Give(output, of, value), ())

    def rules(self, output: str, of: str = "") -> tuple[str, ...]:
        """Return the ids of the rules that give something of an output, each once."""
        found = (
            r for g, ids in self.given.items() if g.output == output and g.of == of for r in ids
        )
        return tuple(dict.fromkeys(found))
