"""Boxes of facts as whole numbers, and the arithmetic of boxes.

A box allows some values of each field; it is one number with one bit for each allowed value. A set
field has two values for each member, in and out. Each field's bits are followed by a guard bit:
adding all ones below the guards carries into each guard whose field allows something, so that one
addition tells whether a box is empty.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Protocol, TypeVar

from routing_rules.budget import Budget
from routing_rules.rule import SetTest, Test
from routing_rules.vocabulary import Field, FieldKind, Value, Vocabulary

COUNT_STEPS = 50
"""What counting a box is worth."""
Box = int
Conditions = dict[str, object]
"""A box as conditions: by field the allowed values; of a set field those in ("all") and out
("none"). A field that does not matter is left out."""


class HasBox(Protocol):
    """What lies in a box."""

    @property
    def box(self) -> Box:
        """The box."""


Held = TypeVar("Held", bound=HasBox)


@dataclass(frozen=True)
class _Segment:
    """The bits of one plain field, or of one member of a set field."""

    field: Field
    member: Value | None
    bits: tuple[int, ...]
    """One bit for each value in order; of a member: in, out."""
    full: int
    """All of them."""


class Space:
    """All facts of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._place = 0
        key = vocabulary.lead_key
        fields = vocabulary.fields.values()
        self._segments: list[_Segment] = []
        self._guards = self._ones = 0
        self._key_at = self._owner_at = self._key_bits = 0
        for field in fields:
            if field.kind is FieldKind.SET:
                if key and key.member_of == field.name:
                    self._owner_at = self._place
                for value in field.values:
                    self._add(field, value, 2, 1)
            elif key is not None and field is key:
                # Its values lie as far apart as the members of its set: one shift compares them.
                self._key_at = self._place
                self._key_bits = sum(1 << 3 * number for number in range(len(field.values)))
                self._add(field, None, len(field.values), 3)
            else:
                self._add(field, None, len(field.values), 1)
        self.everything: Box = sum(segment.full for segment in self._segments)
        self._of: dict[tuple[str, Value | None], _Segment] = {
            (segment.field.name, segment.member): segment for segment in self._segments
        }
        # Of each value of the key: its bit, that of its member being in, and all of the member's.
        self._owned = [
            (bit, owned.bits[0], owned.full)
            for segment in self._segments
            if key and segment.field is key
            for value, bit in zip(key.values, segment.bits, strict=True)
            for owned in [self._of[key.member_of or "", value]]
        ]
        self._counted = [
            segment.full
            for segment in self._segments
            if segment.field is not key
            and not (key and segment.field.name == key.member_of and segment.member in key.values)
        ]
        self._masks: dict[Box, tuple[int, ...]] = {}

    def _add(self, field: Field, member: Value | None, count: int, apart: int) -> None:
        bits = tuple(1 << self._place + apart * number for number in range(count))
        self._segments.append(_Segment(field, member, bits, sum(bits)))
        width = apart * (count - 1) + 1
        self._ones |= (1 << width) - 1 << self._place
        self._place += width
        self._guards |= 1 << self._place
        self._place += 1

    def possible(self, box: Box) -> bool:
        """Tell whether some facts lie in the box."""
        if (box + self._ones) & self._guards != self._guards:
            return False
        bits = self._key_bits
        return not bits or bool(box >> self._key_at & box >> self._owner_at & bits)

    def meeting(self, box: Box, regions: Iterable[Held]) -> list[Held]:
        """Return the regions whose boxes share some facts with the box."""
        ones, guards, bits = self._ones, self._guards, self._key_bits
        key_at, owner_at = self._key_at, self._owner_at
        found = []
        for region in regions:
            both = box & region.box
            if (both + ones) & guards == guards and (
                not bits or both >> key_at & both >> owner_at & bits
            ):
                found.append(region)
        return found

    def boxes(self, when: Mapping[str, Test]) -> list[Box]:
        """Return disjoint boxes that together hold the facts for which `when` holds."""
        box = self.everything
        choices: list[list[Box]] = []
        for name, test in when.items():
            if isinstance(test, SetTest):
                for value in test.all_of:
                    box &= ~self._of[name, value].bits[1]
                for value in test.none_of:
                    box &= ~self._of[name, value].bits[0]
                if test.any_of:
                    choices.append(list(self._some_of(name, test.any_of)))
            else:
                box &= ~self._excluded(name, test)
        found = []
        for chosen in itertools.product(*choices):
            one = box
            for choice in chosen:
                one &= choice
            if self.possible(one):
                found.append(one)
        return found

    def where_key(self, values: Iterable[Value]) -> Box:
        """Return the box in which the key is one of `values`."""
        key = self._vocabulary.lead_key
        return self.everything & ~self._excluded(key.name if key else "", frozenset(values))

    def minus(self, box: Box, gone: Box) -> Iterator[Box]:
        """Yield disjoint boxes that together are `box` without `gone`."""
        outside = box & ~gone
        if not outside:
            return
        for mask in self._constrained(gone):
            out = outside & mask
            if out:
                piece = box & ~mask | out
                if self.possible(piece):
                    yield piece
                box &= ~out

    def _constrained(self, box: Box) -> tuple[int, ...]:
        """Return the bits of each segment that the box narrows."""
        found = self._masks.get(box)
        if found is None:
            found = self._masks[box] = tuple(
                segment.full for segment in self._segments if segment.full & ~box
            )
        return found

    def count(self, box: Box) -> int:
        """Return how many sets of facts lie in the box."""
        number = 1
        for mask in self._counted:
            number *= (box & mask).bit_count()
        if not self._owned:
            return number
        # For each value of the key its member is in: the half, if the member may be in or out.
        halves = 0
        for key, into, full in self._owned:
            size = (box & full).bit_count()
            number *= size
            if box & key and box & into:
                halves += 2 if size == 1 else 1
        return number * halves // 2

    def witness(self, box: Box) -> dict[str, object]:
        """Return one full set of facts in the box; set facts as small as they may be."""
        key = self._vocabulary.lead_key
        facts: dict[str, object] = {}
        chosen: Value | None = None
        if key is not None:
            for value, bit in zip(key.values, self._of[key.name, None].bits, strict=True):
                if box & bit and box & self._of[key.member_of or "", value].bits[0]:
                    chosen = value
                    break
        for field in self._vocabulary.fields.values():
            if field.kind is FieldKind.SET:
                facts[field.name] = frozenset(
                    value
                    for value in field.values
                    if not box & self._of[field.name, value].bits[1]
                    or (key and key.member_of == field.name and value == chosen)
                )
            elif key is not None and field is key:
                facts[field.name] = chosen
            else:
                bits = self._of[field.name, None].bits
                pairs = zip(field.values, bits, strict=True)
                facts[field.name] = next(value for value, bit in pairs if box & bit)
        return facts

    def conditions(self, box: Box) -> Conditions:
        """Return the box as conditions on the fields that matter to it."""
        found: Conditions = {}
        for segment in self._segments:
            if not segment.full & ~box:
                continue
            if segment.member is None:
                pairs = zip(segment.field.values, segment.bits, strict=True)
                found[segment.field.name] = [value for value, bit in pairs if box & bit]
            else:
                asked = found.setdefault(segment.field.name, {})
                if isinstance(asked, dict):
                    side = "all" if box & segment.bits[0] else "none"
                    asked.setdefault(side, []).append(segment.member)
        return found

    def joined(self, boxes: Iterable[Box], budget: Budget) -> list[Box]:
        """Return fewer boxes that hold the same facts, the largest first, within a budget.

        Two that differ in one field become one; what lies in another one is left out. Raises
        BudgetSpent.
        """
        left = list(dict.fromkeys(boxes))
        narrowed = reduce(or_, (self.everything & ~box for box in left), 0)
        masks = [segment.full for segment in self._segments if segment.full & narrowed]
        for mask in (*reversed(masks), *masks):
            budget.spend(len(left))
            together: dict[int, int] = {}
            for box in left:
                together[box & ~mask] = together.get(box & ~mask, 0) | box & mask
            left = [rest | bits for rest, bits in together.items()]
        budget.spend(COUNT_STEPS * len(left))
        left.sort(key=self.count, reverse=True)
        kept: list[Box] = []
        for box in left:
            budget.spend(len(kept))
            if not any(not box & ~each for each in kept):
                kept.append(box)
        return kept

    def _some_of(self, name: str, values: Iterable[Value]) -> Iterator[Box]:
        """Yield disjoint boxes in which some of the members are in."""
        box = self.everything
        for value in sorted(values, key=str):
            into, out = self._of[name, value].bits
            yield box & ~out
            box &= ~into

    def _excluded(self, name: str, allowed: frozenset[Value]) -> int:
        segment = self._of[name, None]
        pairs = zip(segment.field.values, segment.bits, strict=True)
        return sum(bit for value, bit in pairs if value not in allowed)
