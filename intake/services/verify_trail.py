"""Prove the trail against its checkpoints, in one pass and flat memory; point at what broke."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from intake.domain.checkpoint import Checkpoint, note_hash
from intake.domain.deadline import local_date
from intake.domain.merkle import Tree, leaf_hash
from intake.domain.trail import Action, kept_since
from intake.domain.trail_verdict import Kind, Restored, Verdict
from intake.services.checkpoint_file import CheckpointFile, Exported, checkpoint_in, read_note
from intake.services.sign_trail import tree_of
from intake.store import checkpoints, trail_pass
from intake.store.columns import AnyRow
from intake.store.trail_pass import Numbered
from intake.vault.signed_note import NoteKey

PATIENCE = timedelta(minutes=10)
"""How long a line may be without a number."""
_MOST_NAMED = 20
_MOST_TRIED = 6  # leaves that may each be right or wrong: 64 trees
_LONGEST_GAP = 100_000


class _Place(NamedTuple):
    """What is kept and exported of one size."""

    size: int
    stored: AnyRow | None
    exported: Sequence[Exported]


def verify(
    connection: Connection,
    key: NoteKey,
    exported: CheckpointFile | None,
    now: datetime,
    *,
    restored_on: Iterable[date] = (),
    show: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Prove everything, in one snapshot. ``exported``: the file outside; ``restored_on``: days of
    restores that are known. ``show`` is told how many numbers are done.
    """
    verdict = Verdict()
    walk = _Walk(connection, key, exported, now, verdict)
    for each in trail_pass.numbered(connection):
        walk.take(each)
        verdict.numbered += 1
        show(verdict.numbered)
    walk.end()
    _restores(verdict, walk, restored_on)
    _unnumbered(connection, now, verdict)
    for gap in trail_pass.gaps(connection, expired=verdict.expired > 0):
        verdict.blame(
            Kind.SEQUENCE,
            f"{gap.missing} lines of writer {gap.writer} are missing or out of place, the first "
            f"at its {gap.sequence}",
        )
    if exported is None and verdict.signed:
        verdict.blame(Kind.EXPORT, "no checkpoint was exported, so that nothing is proved")
    if exported is not None:
        for line in exported.unreadable[:_MOST_NAMED]:
            verdict.blame(Kind.EXPORT, f"line {line} of the file begins no checkpoint")
    return verdict


def _unnumbered(connection: Connection, now: datetime, verdict: Verdict) -> None:
    verdict.unnumbered = checkpoints.count_unnumbered(connection)
    if not verdict.unnumbered:
        return
    late, first = trail_pass.without_number(connection, now - PATIENCE, _MOST_NAMED)
    for line in first:
        verdict.blame(
            Kind.UNNUMBERED,
            f"line {line} has no number though it is older than ten minutes",
            line=line,
        )
    if late > len(first):
        verdict.blame(Kind.UNNUMBERED, f"{late - len(first)} more lines have no number either")


def _restores(verdict: Verdict, walk: _Walk, known: Iterable[date]) -> None:
    excused = set(known)
    for number, epoch in enumerate(walk.epochs):
        day = local_date(epoch.began_at)
        lost = walk.lost.get(number, 0)
        verdict.restored.append(Restored(day, str(epoch.line_id), epoch.size, lost))
        if lost and day not in excused:
            verdict.blame(
                Kind.RESTORED,
                f"an older backup was restored on {day}: {lost} lines after number {epoch.size} "
                f"were exported and are not here (if you know of it: --restored {day})",
                epoch.size + 1,
                epoch.size + lost,
                line=epoch.line_id,
            )


class _Walk:
    """The pass over the numbers. From one checkpoint to the next the tree is counted; where it was
    not the one that was signed, it goes on from the peaks of the next checkpoint.
    """

    def __init__(
        self,
        connection: Connection,
        key: NoteKey,
        exported: CheckpointFile | None,
        now: datetime,
        verdict: Verdict,
    ) -> None:
        self.key, self.verdict = key, verdict
        self.epochs = checkpoints.epochs(connection)
        self.lost: dict[int, int] = {}  # by each restore
        self.places = _places(connection, self._not_lost(exported or ()))
        self.next = next(self.places, None)
        self.tree: Tree | None = Tree()
        self.expected = 1
        self.first = 1  # of the numbers since the last checkpoint
        self.leaves: list[bytes] = []
        self.other: dict[int, tuple[bytes | None, object]] = {}  # leaves as the lines stand
        self.previous: bytes | None = None
        self.chained = True
        self.expired_to = checkpoints.last_size_before(connection, kept_since(now))
        self.restores = {
            line.id
            for line in trail_pass.lines_of(connection, [e.line_id for e in self.epochs])
            if line.action == Action.RESTORE
        }

    def take(self, each: Numbered) -> None:
        """The next number."""
        if each.number < self.expected:
            self.verdict.blame(Kind.NUMBER_STRAY, f"there is a number {each.number}", each.number)
            return
        if each.number > self.expected:
            self._gap(self.expected, each.number - 1)
        self._leaf(each)
        self.expected = each.number + 1
        self._reach(each.number)

    def end(self) -> None:
        """After the last number: whatever is left was cut off."""
        last, furthest = self.expected - 1, 0
        while self.next is not None:
            checkpoint, _ = self._checkpoint(self.next)
            if checkpoint is not None:
                furthest = checkpoint.size
            self.next = next(self.places, None)
        if furthest:
            self.verdict.blame(
                Kind.TAIL,
                f"the numbers {last + 1} to {furthest} were signed and are gone",
                last + 1,
                furthest,
            )
        elif last > self.verdict.signed:
            since = self.verdict.signed + 1
            text = f"the numbers {since} to {last} were never signed"
            self.verdict.blame(Kind.INTERVAL, text, since, last)
        for number, (_, line) in self.other.items():
            self._altered(number, line)
        for epoch in self.epochs:
            if epoch.line_id not in self.restores:
                self.verdict.blame(
                    Kind.EPOCH, f"there is no line of a restore {epoch.line_id}", line=epoch.line_id
                )

    def _leaf(self, each: Numbered) -> None:
        number, leaf = each.number, each.leaf
        if self.next is not None:
            self.leaves.append(leaf if leaf is not None else checkpoints.MISSING)
        if not each.there:
            if number <= self.expired_to:
                self.verdict.expired += 1
            else:
                self.verdict.blame(
                    Kind.LINE_REMOVED,
                    f"number {number}: line {each.line_id} is gone",
                    number,
                    line=each.line_id,
                )
            return
        stands = leaf_hash(each.digest) if each.digest else None
        if stands is None or stands != leaf:
            self.other[number] = stands, each.line_id
        elif not each.same:
            self._altered(number, each.line_id)

    def _altered(self, number: int, line: object) -> None:
        self.verdict.blame(
            Kind.LINE_ALTERED,
            f"number {number}: line {line} is not the one that was numbered",
            number,
            line=line,
        )

    def _gap(self, first: int, last: int) -> None:
        self.verdict.blame(
            Kind.NUMBER_MISSING, f"the numbers {first} to {last} are missing", first, last
        )
        if last - first < _LONGEST_GAP:
            for number in range(first, last + 1):
                self.leaves.append(checkpoints.MISSING)
                self._reach(number)
            return
        self.tree = None
        while self.next is not None and self.next.size <= last:
            self._reach(self.next.size)

    def _reach(self, number: int) -> None:
        if self.next is None or self.next.size > number:
            return
        place, self.next = self.next, next(self.places, None)
        checkpoint, peaks = self._checkpoint(place)
        if checkpoint is None:
            return
        self._interval(checkpoint, peaks)
        self.verdict.signed = checkpoint.size
        if place.exported and (self.tree is not None):
            self.verdict.proved = checkpoint.size
        self.first = number + 1
        self.leaves, self.other = [], {}

    def _interval(self, checkpoint: Checkpoint, peaks: Tree | None) -> None:
        """Whether the leaves since the last checkpoint give the root that was signed."""
        found = self._tree_over(checkpoint.root)
        if found is not None:
            self.tree = found
            return
        for number, (_, line) in self.other.items():
            self._altered(number, line)
        since, to = self.first, checkpoint.size
        if self.tree is None:
            text = f"the numbers {since} to {to} cannot be checked after what is wrong before them"
            self.verdict.blame(Kind.UNCHECKED, text, since, to)
        else:
            text = f"the numbers {since} to {to} are not what was signed"
            self.verdict.blame(Kind.INTERVAL, text, since, to)
        self.tree = peaks

    def _tree_over(self, root: bytes) -> Tree | None:
        """The tree with this root, from leaves as they are stored or as their lines stand."""
        if self.tree is None:
            return None
        doubtful = [n for n, (leaf, _) in self.other.items() if leaf is not None]
        if len(doubtful) > _MOST_TRIED:
            choices: Iterable[Sequence[int]] = ((), doubtful)
        else:
            sizes = range(len(doubtful) + 1)
            choices = itertools.chain.from_iterable(
                itertools.combinations(doubtful, size) for size in sizes
            )
        for choice in choices:
            tree = Tree(self.tree.size, self.tree.peaks)
            stand = {number: self.other[number][0] for number in choice}
            for number, leaf in enumerate(self.leaves, self.first):
                tree.add(stand.get(number) or leaf if stand else leaf)
            if tree.root() == root:
                for number, (_, line) in self.other.items():
                    if number in stand:
                        text = f"number {number}: the leaf of line {line} was altered"
                        self.verdict.blame(Kind.LEAF_ALTERED, text, number, line=line)
                    else:
                        self._altered(number, line)
                return tree
        return None

    def _checkpoint(self, place: _Place) -> tuple[Checkpoint | None, Tree | None]:
        """What was signed at a size, the exported first, and its tree if its peaks are whole."""
        verdict, size, stored = self.verdict, place.size, place.stored
        told = len(verdict.faults)
        found: Checkpoint | None = None
        note = ""
        for each in place.exported:
            verdict.exported += 1
            if each.note == note:
                continue
            if stored is not None and stored.note != each.note:
                text = f"the checkpoint of {size} is another than was exported (line {each.line})"
                verdict.blame(Kind.CHECKPOINT, text, size)
            said = read_note(self.key, each.note)
            if said is None:
                text = f"the checkpoint of {size} on line {each.line} of the file is not signed"
                verdict.blame(Kind.EXPORT, f"{text} with this key", size)
            elif found is None:
                found, note = said, each.note
            if stored is None:
                text = f"the checkpoint of {size} was exported and is not here"
                verdict.blame(Kind.CHECKPOINT_MISSING, text, size)
        peaks = None
        if stored is not None:
            verdict.checkpoints += 1
            said = found if note == stored.note else read_note(self.key, stored.note)
            if said is None or (said.size, said.at) != (size, stored.at):
                text = f"the checkpoint of {size} was altered, or is not signed with this key"
                verdict.blame(Kind.CHECKPOINT, text, size)
            elif found is None:
                found, note = said, stored.note
            peaks = tree_of(stored)
            if found is not None and (peaks is None or peaks.root() != found.root):
                peaks = None
                text = f"the peaks of the checkpoint of {size} were altered"
                verdict.blame(Kind.CHECKPOINT, text, size)
        if found is not None:
            if found.epoch != self._epoch_at(size):
                text = f"the checkpoint of {size} is of another beginning than its numbers"
                verdict.blame(Kind.EPOCH, text, size)
            if self.chained and found.previous != self.previous:
                text = f"the checkpoint before that of {size} was removed or altered"
                verdict.blame(Kind.CHAIN, text, size)
            self.previous = note_hash(note)
        self.chained = found is not None and len(verdict.faults) == told
        return found, peaks

    def _epoch_at(self, size: int) -> object:
        """The restore since which a number was given."""
        begun = [epoch.line_id for epoch in self.epochs if epoch.size < size]
        return begun[-1] if begun else None

    def _not_lost(self, exported: Iterable[Exported]) -> Iterator[Exported]:
        """Those of the file of which the numbers should be here; the others are counted."""
        ids = [None, *(epoch.line_id for epoch in self.epochs)]
        for each in exported:
            said = checkpoint_in(each.note) if self.epochs else None
            if said is None:
                yield each
                continue
            known = said.epoch in ids  # else of a restore that was undone by the last one
            of = ids.index(said.epoch) if known else len(self.epochs) - 1
            if of == len(self.epochs) or (known and said.size <= self.epochs[of].size):
                yield each
            elif read_note(self.key, each.note):
                self.lost[of] = max(self.lost.get(of, 0), said.size - self.epochs[of].size, 1)
            else:
                text = f"the checkpoint on line {each.line} of the file is not signed with this key"
                self.verdict.blame(Kind.EXPORT, text)


def _places(connection: Connection, exported: Iterable[Exported]) -> Iterator[_Place]:
    """What is stored and what was exported, size by size."""
    stored = ((row.size, row, None) for row in checkpoints.checkpoints(connection))
    outside = ((each.size or 0, None, each) for each in exported)
    both = _merged(stored, outside)
    for size, group in itertools.groupby(both, key=lambda one: one[0]):
        some = list(group)
        yield _Place(
            size,
            next((row for _, row, _ in some if row is not None), None),
            [each for _, _, each in some if each is not None],
        )


def _merged(
    *streams: Iterator[tuple[int, AnyRow | None, Exported | None]],
) -> Iterator[tuple[int, AnyRow | None, Exported | None]]:
    return heapq.merge(*streams, key=lambda one: one[0])
