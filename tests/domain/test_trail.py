"""The canonical bytes of a trail line never change: old digests must always verify."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from intake.domain.trail import LONGEST_BASIS, TrailLine, joined
from intake.store.tables import TrailRow

LINE = TrailLine(
    id=UUID(int=1),
    writer=UUID(int=2),
    sequence=3,
    at=datetime(2026, 6, 2, 7, 42, 0, 5, tzinfo=UTC),
    action="open",
    person_id=UUID(int=4),
    role="worker",
    agency_id="soc-vantaa-kerava-office",
    referral_id=None,
    purpose="käsittely",
    basis=None,
)
GOLDEN = (
    '["ankkuri-trail-1","00000000-0000-0000-0000-000000000001",'
    '"00000000-0000-0000-0000-000000000002",3,"2026-06-02T07:42:00.000005+00:00","open",'
    '"00000000-0000-0000-0000-000000000004","worker","soc-vantaa-kerava-office",null,'
    '"käsittely",null]'
)


def test_the_canonical_bytes_are_these() -> None:
    assert LINE.canonical().decode() == GOLDEN


def test_the_same_instant_in_another_zone_is_the_same_line() -> None:
    helsinki = timezone(timedelta(hours=3))
    assert replace(LINE, at=LINE.at.astimezone(helsinki)).digest() == LINE.digest()


def test_every_field_changes_the_digest() -> None:
    changes: dict[str, object] = {
        "id": UUID(int=9),
        "writer": UUID(int=9),
        "sequence": 9,
        "at": LINE.at + timedelta(microseconds=1),
        "action": "print",
        "person_id": None,
        "role": None,
        "agency_id": None,
        "referral_id": UUID(int=9),
        "purpose": None,
        "basis": "x",
        "detail_key_id": "soc-1",
        "sealed_detail": b"x",
        "recipient": "pol-office",
    }
    assert changes.keys() == set(TrailLine.__dataclass_fields__)
    digests = {replace(LINE, **{name: value}).digest() for name, value in changes.items()}  # type: ignore[arg-type]  # each value is of its field's type
    assert len(digests | {LINE.digest()}) == len(changes) + 1


def test_a_sealed_detail_and_the_key_it_was_sealed_to_are_part_of_the_line() -> None:
    line = replace(LINE, detail_key_id="soc-1", sealed_detail=b"sealed")
    digests = {
        line.digest(),
        replace(line, sealed_detail=b"other").digest(),
        replace(line, detail_key_id="soc-2").digest(),
        LINE.digest(),
    }
    assert len(digests) == 4
    assert line.canonical().startswith(LINE.canonical()[:-1])


def test_a_recipient_is_added_at_the_end_and_changes_no_line_without_one() -> None:
    sealed = replace(LINE, detail_key_id="soc-1", sealed_detail=b"sealed")
    for line in (LINE, sealed):
        disclosed = replace(line, recipient="pol-office")
        assert disclosed.canonical() == line.canonical()[:-1] + b',"pol-office"]'


def test_a_basis_tells_each_reference_once_and_as_many_whole_ones_as_a_line_has_room_for() -> None:
    assert joined(["805/2011 3:1; 417/2007 §25.2", "417/2007 §25.2", "consent"]) == (
        "805/2011 3:1; 417/2007 §25.2; consent"
    )
    many = joined(f"{number}/2007 §25.1" for number in range(100, 130))
    assert many == "; ".join([*(f"{number}/2007 §25.1" for number in range(100, 109)), "…"])
    assert len(many) <= LONGEST_BASIS
    assert str(TrailRow.__table__.c.basis.type) == f"VARCHAR({LONGEST_BASIS})"
    assert joined(["x" * 161]) == "…"
