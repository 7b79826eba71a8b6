"""Whatever is done to the trail after a checkpoint was exported is found, at its place."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from intake.domain.checkpoint import Checkpoint, note_hash
from intake.domain.merkle import Tree, leaf_hash
from intake.domain.trail import Action, TrailLine
from intake.domain.trail_verdict import Kind, Verdict
from intake.services.checkpoint_file import CheckpointFile
from intake.services.verify_trail import verify
from intake.store import checkpoints, trail, trail_pass
from intake.store.columns import AnyRow
from intake.store.tables import TrailRow
from intake.store.trail_tables import CheckpointRow, TrailNumberRow
from intake.vault.signed_note import NoteSigner, new_signer
from tests.site import SOC, Site

TAMPERINGS = 500
ROUNDS, LINES = 8, 6


class RolledBack(Exception):
    """Nothing of this is kept."""


@dataclass
class Trail:
    """A trail of several checkpoints, and what was done to it in this transaction."""

    site: Site
    connection: Connection
    rng: random.Random
    sizes: list[int]  # of its checkpoints, as it was
    places: list[tuple[int, int]] = field(default_factory=list)  # which numbers are to be named

    @property
    def signer(self) -> NoteSigner:
        return self.site.parts.sign_trail.signer

    @property
    def last(self) -> int:
        return checkpoints.last_number(self.connection)

    def any_number(self) -> int:
        numbers = self.connection.scalars(select(TrailNumberRow.number)).all()
        return self.rng.choice([number for number in numbers if number > 0])

    def line(self, number: int) -> AnyRow | None:
        joined = select(TrailRow.__table__, TrailNumberRow.number).join(
            TrailNumberRow, TrailNumberRow.line_id == TrailRow.id
        )
        this = TrailNumberRow.number == number
        return self.connection.execute(joined.where(this)).one_or_none()

    def change_line(self, line_id: UUID, **values: Any) -> None:
        self.connection.execute(update(TrailRow).where(TrailRow.id == line_id).values(**values))

    def change_number(self, of: int, **values: Any) -> None:
        this = TrailNumberRow.number == of
        self.connection.execute(update(TrailNumberRow).where(this).values(**values))

    def here(self, first: int, last: int | None = None) -> None:
        self.places.append((first, last or first))

    def interval(self, number: int) -> tuple[int, int]:
        """The numbers between the checkpoints around one."""
        last = next(size for size in self.sizes if size >= number)
        return max([size for size in self.sizes if size < number], default=0) + 1, last


def verdict_of(trail: Trail, **more: Any) -> Verdict:
    exported = CheckpointFile(trail.site.parts.settings.checkpoints)
    now = trail.site.hands()
    return verify(trail.connection, trail.signer.public(), exported, now, **more)


def fill(site: Site) -> None:
    """Checkpoints of LINES lines each; and one line after the last."""
    parts, hands = site.parts, site.hands
    parts.sign_trail(hands())  # what made the site
    for round_ in range(ROUNDS):
        for number in range(LINES):
            with parts.database.write() as connection:
                sealed = (
                    {"detail_key_id": "key-1", "sealed_detail": b"x" * 32} if number == 2 else {}
                )
                trail.write_line(
                    connection,
                    at=hands.move(seconds=7),
                    action=Action.OPEN,
                    person_id=uuid4(),
                    role="worker",
                    agency_id=SOC,
                    referral_id=uuid4(),
                    purpose="handling the referral",
                    basis=f"round {round_}",
                    recipient=SOC if number == 3 else None,
                    **sealed,
                )
        parts.sign_trail(hands.move(seconds=1))
    hands.move(minutes=30)


@pytest.fixture
def filled(site: Site) -> Site:
    fill(site)
    return site


@contextmanager
def tampered(site: Site, seed: int) -> Iterator[Trail]:
    try:
        with site.parts.database.write() as connection:
            sizes = [row.size for row in checkpoints.checkpoints(connection)]
            yield Trail(site, connection, random.Random(seed), sizes)  # noqa: S311 (seeded)
            raise RolledBack
    except RolledBack:
        pass


CHANGES: dict[str, Callable[[AnyRow], Any]] = {  # none leads back, however often it is made
    "writer": lambda _: uuid4(),
    "sequence": lambda line: line.sequence + 1000,
    "at": lambda line: line.at - timedelta(microseconds=1),
    "action": lambda line: f"{line.action}s",
    "person_id": lambda _: uuid4(),
    "role": lambda line: f"{line.role}s",
    "agency_id": lambda line: f"{line.agency_id}s",
    "referral_id": lambda _: uuid4(),
    "purpose": lambda line: f"{line.purpose} ",
    "basis": lambda line: f"{line.basis}s",
    "detail_key_id": lambda _: "key-2",
    "sealed_detail": lambda _: b"other",
    "recipient": lambda _: "other-office",
    "digest": lambda _: bytes(32),
}


def test_every_column_of_a_line_is_tried() -> None:
    assert {*CHANGES, "id"} == set(TrailRow.__table__.columns.keys())


def a_column(trail: Trail) -> None:
    line = trail.line(number := trail.any_number())
    if line:
        column = trail.rng.choice(list(CHANGES))
        trail.change_line(line.id, **{column: CHANGES[column](line)})
        trail.here(number)


def an_id(trail: Trail) -> None:
    line = trail.line(number := trail.any_number())
    if line:
        trail.change_line(line.id, id=uuid4())
        trail.here(number)


def a_line_removed(trail: Trail) -> None:
    line = trail.line(number := trail.any_number())
    if line:
        trail.connection.execute(delete(TrailRow).where(TrailRow.id == line.id))
        trail.here(number)


def a_number_removed(trail: Trail) -> None:
    number = trail.any_number()
    trail.connection.execute(delete(TrailNumberRow).where(TrailNumberRow.number == number))
    trail.here(number)


def both_removed(trail: Trail) -> None:
    line = trail.line(number := trail.any_number())
    if line:
        trail.connection.execute(delete(TrailRow).where(TrailRow.id == line.id))
        trail.connection.execute(delete(TrailNumberRow).where(TrailNumberRow.number == number))
        trail.here(number)


def two_swapped(trail: Trail) -> None:
    one, other = trail.any_number(), trail.any_number()
    if one == other:
        return
    trail.change_number(one, number=-7)
    trail.change_number(other, number=one)
    trail.change_number(-7, number=other)
    trail.here(*trail.interval(one))
    trail.here(*trail.interval(other))


def a_leaf(trail: Trail) -> None:
    number = trail.any_number()
    trail.change_number(number, leaf_hash=trail.rng.randbytes(32))
    trail.here(number)


def a_line_put_in_late(trail: Trail) -> None:
    """With a writer of its own, before what was signed."""
    line = trail.line(trail.any_number())
    if line:
        with_it = invented(line)
        trail.connection.execute(insert(TrailRow).values(**with_it))
        trail.places.append((-1, -1))


def invented(line: AnyRow) -> dict[str, Any]:
    values = {k: v for k, v in line._mapping.items() if k not in ("number", "digest")}
    values |= {"id": uuid4(), "writer": uuid4(), "sequence": 1, "action": Action.SIGN_OUT}
    made = TrailLine(**values)
    return vars(made) | {"digest": made.digest()}


def a_line_put_between(trail: Trail) -> None:
    """With its number and leaf; all after it move on."""
    line = trail.line(number := trail.any_number())
    if line is None:
        return
    new, last = invented(line), trail.last
    trail.connection.execute(insert(TrailRow).values(**new))
    for later in range(last, number - 1, -1):
        trail.change_number(later, number=later + 1)
    values = {"number": number, "line_id": new["id"], "leaf_hash": leaf_hash(new["digest"])}
    trail.connection.execute(insert(TrailNumberRow).values(**values))
    trail.here(*trail.interval(number))


def a_number_given_anew(trail: Trail) -> None:
    number, to = trail.any_number(), trail.rng.choice([0, -3, trail.last + 1, trail.last + 9])
    trail.change_number(number, number=to)
    trail.here(number)


def rewritten(trail: Trail, number: int) -> bool:
    """A line with its digest and its leaf, all of a piece."""
    line = trail.line(number)
    if line is None:
        return False
    values = {k: v for k, v in line._mapping.items() if k not in ("number", "digest")}
    made = replace(TrailLine(**values), person_id=uuid4())
    trail.change_line(line.id, person_id=made.person_id, digest=made.digest())
    trail.change_number(number, leaf_hash=leaf_hash(made.digest()))
    return True


def a_line_rewritten(trail: Trail) -> None:
    if rewritten(trail, number := trail.any_number()):
        trail.here(*trail.interval(number))


def a_checkpoint(trail: Trail) -> None:
    row = trail.rng.choice(list(checkpoints.checkpoints(trail.connection)))
    changes: list[dict[str, Any]] = [
        {"at": row.at + timedelta(seconds=1)},
        {"note": row.note.replace("at 2026", "at 2025")},
        {"note": row.note[:-9] + "AAAAAAA=\n"},
        {"note": "…"},
        {"peaks": row.peaks[:-1] + bytes([row.peaks[-1] ^ 1])},
        {"peaks": b""},
    ]
    this = CheckpointRow.size == row.size
    values = trail.rng.choice(changes)
    trail.connection.execute(update(CheckpointRow).where(this).values(**values))
    trail.here(row.size)


def a_checkpoint_removed(trail: Trail) -> None:
    row = trail.rng.choice(list(checkpoints.checkpoints(trail.connection)))
    trail.connection.execute(delete(CheckpointRow).where(CheckpointRow.size == row.size))
    trail.here(row.size)


def the_tail_cut_off(trail: Trail) -> None:
    """From some number on lines, numbers and checkpoints."""
    first, last = trail.any_number(), trail.sizes[-1]
    ids = select(TrailNumberRow.line_id).where(TrailNumberRow.number >= first)
    trail.connection.execute(delete(TrailRow).where(TrailRow.id.in_(ids)))
    trail.connection.execute(delete(TrailNumberRow).where(TrailNumberRow.number >= first))
    trail.connection.execute(delete(CheckpointRow).where(CheckpointRow.size >= first))
    trail.here(first, last)


def signed_anew(trail: Trail, signer: NoteSigner) -> None:
    """A line rewritten, and every checkpoint from there on signed again."""
    number = trail.any_number()
    if not rewritten(trail, number):
        return
    leaves = list(checkpoints.leaves(trail.connection, 1, trail.last))
    previous = None
    for row in list(checkpoints.checkpoints(trail.connection)):
        tree = Tree.of(leaves[: row.size])
        if row.size >= number and len(leaves) >= row.size:
            checkpoint = Checkpoint(row.size, tree.root(), row.at, previous)
            note = signer.sign(checkpoint.origin, checkpoint.text())
            values = {"note": note, "peaks": b"".join(tree.peaks)}
            this = CheckpointRow.size == row.size
            trail.connection.execute(update(CheckpointRow).where(this).values(**values))
        else:
            note = row.note
        previous = note_hash(note)
    trail.here(trail.interval(number)[1])


def forged_with_another_key(trail: Trail) -> None:
    signed_anew(trail, new_signer())


def forged_with_the_key_itself(trail: Trail) -> None:
    signed_anew(trail, trail.signer)


ONE = [
    *(a_column, an_id, a_line_removed, a_number_removed, both_removed, two_swapped, a_leaf),
    *(a_line_put_in_late, a_line_put_between, a_number_given_anew, a_line_rewritten),
    *(a_checkpoint, a_checkpoint_removed, the_tail_cut_off),
    *(forged_with_another_key, forged_with_the_key_itself),
]
TOGETHER = [a_column, an_id, a_line_removed, a_leaf, a_line_rewritten, a_checkpoint]
"""What does not move the places of the others."""


def test_an_untouched_trail_holds(filled: Site) -> None:
    with tampered(filled, 0) as trail:
        verdict = verdict_of(trail)
    assert verdict.faults == []
    assert verdict.holds
    assert verdict.proved == verdict.numbered == trail.sizes[-1]
    assert verdict.checkpoints == verdict.exported == ROUNDS + 1
    assert verdict.unproved == 0


def covers(trail: Trail, verdict: Verdict, first: int, last: int) -> bool:
    """Whether a fault names numbers of this place, and none beyond its interval."""
    begin, _ = trail.interval(first)
    _, end = trail.interval(last)
    return any(
        fault.first is not None
        and fault.last is not None
        and fault.first <= last
        and fault.last >= first
        and begin <= fault.first
        and fault.last <= end
        for fault in verdict.faults
    )


@pytest.mark.parametrize("part", range(5))
def test_of_500_tamperings_each_is_found_at_its_place(filled: Site, part: int) -> None:
    each = TAMPERINGS // 5
    for seed in range(part * each, (part + 1) * each):
        with tampered(filled, seed) as trail:
            if seed % 5 == 0:
                done = trail.rng.sample(TOGETHER, trail.rng.randint(2, 3))
            else:
                done = [ONE[seed % len(ONE)]]
            for tamper in done:
                tamper(trail)
            if not trail.places:
                continue
            verdict = verdict_of(trail)
            told = seed, [tamper.__name__ for tamper in done], trail.places, verdict.faults
            assert not verdict.holds, told
            for first, last in trail.places:
                if first > 0:
                    assert covers(trail, verdict, first, last), told
                else:
                    assert any(f.kind is Kind.UNNUMBERED for f in verdict.faults), told


@pytest.mark.parametrize("tamper", ONE)
def test_every_way_is_found(filled: Site, tamper: Callable[[Trail], None]) -> None:
    with tampered(filled, 3) as trail:
        tamper(trail)
        assert trail.places, "it did nothing"
        assert not verdict_of(trail).holds


def test_what_is_wrong_in_one_interval_is_not_blamed_on_the_next(filled: Site) -> None:
    with tampered(filled, 0) as trail:
        before, size = trail.sizes[1:3]
        rewritten(trail, before + 2)
        faults = verdict_of(trail).faults
    assert [(fault.kind, fault.first, fault.last) for fault in faults] == [
        (Kind.INTERVAL, before + 1, size)
    ]


def test_it_is_told_whether_the_line_or_its_leaf_was_altered(filled: Site) -> None:
    with tampered(filled, 0) as trail:
        line = trail.line(4)
        assert line is not None
        trail.change_line(line.id, role="head")
        trail.change_number(5, leaf_hash=bytes(32))
        faults = verdict_of(trail).faults
    assert {(fault.kind, fault.first) for fault in faults} == {
        (Kind.LINE_ALTERED, 4),
        (Kind.LEAF_ALTERED, 5),
    }


def test_lines_after_the_last_export_are_told_to_be_unproved(filled: Site) -> None:
    with tampered(filled, 0) as trail_:
        for _ in range(3):
            trail.write_line(trail_.connection, at=filled.hands(), action=Action.SIGN_OUT)
        verdict = verdict_of(trail_)
    assert (verdict.holds, verdict.proved, verdict.unproved) == (True, trail_.sizes[-1], 3)


def test_without_an_export_nothing_is_proved(filled: Site) -> None:
    with tampered(filled, 0) as trail:
        verdict = verify(trail.connection, trail.signer.public(), None, filled.hands())
    assert [fault.kind for fault in verdict.faults] == [Kind.EXPORT]
    assert (verdict.proved, verdict.unproved) == (0, trail.sizes[-1])


def test_with_another_public_key_no_checkpoint_is_good(filled: Site) -> None:
    exported = CheckpointFile(filled.parts.settings.checkpoints)
    with tampered(filled, 0) as trail:
        verdict = verify(trail.connection, new_signer().public(), exported, filled.hands())
    assert not verdict.holds
    assert verdict.proved == 0


def test_a_gap_in_a_writers_lines_is_told_with_its_place(filled: Site) -> None:
    with tampered(filled, 0) as trail_:
        at = filled.hands()
        lines = [trail.write_line(trail_.connection, at=at, action="x") for _ in range(3)]
        missing = trail_pass.lines_of(trail_.connection, [lines[1]])[0]
        trail_.connection.execute(delete(TrailRow).where(TrailRow.id == lines[1]))
        faults = verdict_of(trail_).faults
    assert [fault.kind for fault in faults] == [Kind.SEQUENCE]
    assert str(missing.writer) in faults[0].text
    assert faults[0].text.endswith(f"at its {missing.sequence}")
