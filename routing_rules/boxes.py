"""Boxes of facts: a mask of values for each plain fact, a demand for each set fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from routing_rules.rule import SetTest, Test
from routing_rules.vocabulary import FieldKind, Value, Vocabulary


@dataclass(frozen=True)
class Demand:
    """Sets of members: all of `must`, none of `not_`, and some of each mask in `some`."""

    must: int = 0
    not_: int = 0
    some: tuple[int, ...] = ()

    def meet(self, other: Demand) -> Demand:
        """Return the sets in both."""
        some = tuple(dict.fromkeys(self.some + other.some))
        return Demand(self.must | other.must, self.not_ | other.not_, some)

    def possible(self) -> bool:
        """Tell whether some set fits: the set of all members that are not forbidden, if any."""
        return not self.must & self.not_ and all(mask & ~self.not_ for mask in self.some)

    def complements(self) -> Iterator[tuple[Demand, Demand]]:
        """Yield (fails this demand, holds it) for each single demand, which together make this."""
        for bit in _bits(self.must):
            yield Demand(not_=bit), Demand(must=bit)
        for bit in _bits(self.not_):
            yield Demand(must=bit), Demand(not_=bit)
        for mask in self.some:
            yield Demand(not_=mask), Demand(some=(mask,))


# One entry for each field in the vocabulary's order.
Box = tuple[int | Demand, ...]


class Space:
    """All facts of a vocabulary, and the arithmetic of boxes in it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._fields = tuple(vocabulary.fields.values())
        names = list(vocabulary.fields)
        key = vocabulary.lead_key
        self._key = (names.index(key.name), names.index(key.member_of or "")) if key else None
        # Key value's bit -> the same member's bit in the set fact.
        owner = vocabulary.fields[key.member_of or ""].values if key else ()
        self._member = [1 << owner.index(value) for value in key.values] if key else []
        self.everything: Box = tuple(
            Demand() if field.kind is FieldKind.SET else (1 << len(field.values)) - 1
            for field in self._fields
        )

    def box(self, when: Mapping[str, Test]) -> Box:
        """Return the box of a rule's `when`."""
        box = list(self.everything)
        for number, field in enumerate(self._fields):
            test = when.get(field.name)
            if isinstance(test, SetTest):
                some = (_mask(test.any_of, field.values),) if test.any_of else ()
                box[number] = Demand(
                    _mask(test.all_of, field.values), _mask(test.none_of, field.values), some
                )
            elif test is not None:
                box[number] = _mask(test, field.values)
        return tuple(box)

    def meet(self, one: Box, other: Box) -> Box | None:
        """Return the box of facts in both, or None when there are none."""
        parts: list[int | Demand] = []
        for mine, theirs in zip(one, other, strict=True):
            part = _meet(mine, theirs)
            if part == 0 or (isinstance(part, Demand) and not part.possible()):
                return None
            parts.append(part)
        box = tuple(parts)
        return box if self._key_fits(box) else None

    def minus(self, box: Box, gone: Box) -> Iterator[Box]:
        """Yield disjoint boxes that together are `box` without `gone`."""
        rest = box
        for number, theirs in enumerate(gone):
            for outside, inside in _splits(theirs, self.everything[number]):
                piece = self._narrowed(rest, number, outside)
                if piece is not None:
                    yield piece
                narrower = self._narrowed(rest, number, inside)
                if narrower is None:
                    return
                rest = narrower

    def witness(self, box: Box) -> dict[str, object]:
        """Return one full set of facts in the box; set facts as small as they may be."""
        facts: dict[str, object] = {}
        for field, part in zip(self._fields, box, strict=True):
            if isinstance(part, int):
                facts[field.name] = field.values[(part & -part).bit_length() - 1]
        for number, (field, part) in enumerate(zip(self._fields, box, strict=True)):
            if isinstance(part, Demand):
                chosen = part.must
                if self._key and self._key[1] == number:
                    key = self._fields[self._key[0]]
                    bit = self._allowed_keys(box)
                    place = (bit & -bit).bit_length() - 1
                    facts[key.name] = key.values[place]
                    chosen |= self._member[place]
                for mask in part.some:
                    if not mask & chosen:
                        free = mask & ~part.not_
                        chosen |= free & -free
                facts[field.name] = frozenset(
                    value for place, value in enumerate(field.values) if chosen >> place & 1
                )
        return {field.name: facts[field.name] for field in self._fields}

    def _narrowed(self, box: Box, number: int, by: int | Demand) -> Box | None:
        part = _meet(box[number], by)
        if part == 0 or (isinstance(part, Demand) and not part.possible()):
            return None
        narrowed = (*box[:number], part, *box[number + 1 :])
        return narrowed if self._key_fits(narrowed) else None

    def _allowed_keys(self, box: Box) -> int:
        """Return the key values of the box whose member is not forbidden in the set fact."""
        if self._key is None:
            return 1
        keys, members = box[self._key[0]], box[self._key[1]]
        allowed = 0
        if isinstance(keys, int) and isinstance(members, Demand):
            for place, member in enumerate(self._member):
                if keys >> place & 1 and not members.not_ & member:
                    allowed |= 1 << place
        return allowed

    def _key_fits(self, box: Box) -> bool:
        return self._allowed_keys(box) != 0


def _meet(one: int | Demand, other: int | Demand) -> int | Demand:
    if isinstance(one, Demand) and isinstance(other, Demand):
        return one.meet(other)
    if isinstance(one, int) and isinstance(other, int):
        return one & other
    raise TypeError("boxes of two vocabularies")


def _splits(part: int | Demand, whole: int | Demand) -> Iterator[tuple[int | Demand, int | Demand]]:
    if isinstance(part, Demand):
        yield from part.complements()
    elif isinstance(whole, int) and part != whole:
        yield whole & ~part, part


def _mask(values: frozenset[Value], order: tuple[Value, ...]) -> int:
    return sum(1 << order.index(value) for value in values)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        yield mask & -mask
        mask &= mask - 1
