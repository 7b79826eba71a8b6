"""``ankkuri bench vault``: what the vault and the trail cost, against the library's own calls.

A change of an agency's key, with every row read from and written back to the database, against the
library's bare opening and sealing of as many bytes; and the opening of a referral of five sections,
from the member's grant to the plain text, against the bare calls for the same. Both sides in turn,
slice by slice, so that the machine's moods fall on both; each figure is the median of its slices.
Then a sign-in, the lines of the trail one by one and in batches, and the proving of two trails.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from benchmarks import keeper, sign_in, trail
from benchmarks.door import Door, addresses, lay_out
from benchmarks.trail import verdict
from intake.domain.row_id import new_id
from intake.services.rotate import AT_ONCE
from intake.services.sign_in import Visit
from intake.store import people
from intake.store.many import insert_many
from intake.store.tables import ReferralRow, ReportRow, WrapRow
from intake.vault.envelope import WRAPPED_SIZE
from intake.vault.keyring import PrivateKey, grant, new_key_pair, open_grant
from intake.vault.open import open_section, open_wrap
from intake.vault.seal import SectionKeys, seal_sections, wrap

AGENCY = "soc-vantaa-kerava-office"
LEAST_LINES = 10_000
WRAPS = 30 * AT_ONCE
SLICES, OPENINGS = 30, 50
SECTIONS = ("reporter", "guardians", "concern", "identity_1", "place_1")
ROTATION_GOAL, OPENING_GOAL = 0.7, 3.0
HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def run(*, database: str, as_json: bool, lines: int = trail.LARGE) -> int:
    """Measure, print, and say whether every goal is met (0) or not (1).

    ``lines``: of the larger trail; the smaller has a tenth.
    """
    logging.getLogger("intake").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder, addresses(database, Path(folder)) as at:
        door = lay_out(Path(folder), at)
        figures = {"sign_in": sign_in.measure(door), "rotation": _rotation(door)}
        door.parts.database.engine.dispose()
    figures |= {"opening": _opening(), "trail": trail.measure(database, lines // 10, lines)}
    met = all(figure["met"] for figure in figures.values())
    if as_json:
        print(json.dumps({"holds": met, "database": database, **figures}, indent=2))
    else:
        print("\n".join(_told(figures, database)))
    return 0 if met else 1


def _told(figures: dict[str, dict[str, Any]], database: str) -> Iterator[str]:
    opening, rotation = figures["opening"], figures["rotation"]
    yield (
        f"opening five sections: {opening['us']:.0f} µs against {opening['bare_us']:.0f} bare: "
        f"{opening['ratio']:.2f} times (goal: at most {OPENING_GOAL}); {verdict(opening['met'])}"
    )
    yield (
        f"rotation: {rotation['rows']:,} rows, {rotation['a_second']:,.0f} a second against "
        f"{rotation['bare_a_second']:,.0f} bare: {rotation['ratio']:.2f} "
        f"(goal: at least {ROTATION_GOAL}); {verdict(rotation['met'])}"
    )
    yield (
        f"sign-in: {figures['sign_in']['ms']:.0f} ms (goal: {sign_in.LEAST_MS:.0f} to "
        f"{sign_in.MOST_MS:.0f}); {verdict(figures['sign_in']['met'])}"
    )
    yield from trail.told(figures["trail"], database)


def _rotation(door: Door) -> dict[str, Any]:
    parts = door.parts
    visit = sign_in.visit(door)
    _fill(door, visit)
    bare = _BareWrap()
    parts.rotate.begin(visit, AGENCY, parts.now())
    keeper.sign_all(parts)
    ours, theirs = [], []
    steps = parts.rotate.steps(visit, AGENCY, parts.now())
    next(steps)  # the first batch also finds out what there is to do
    while True:
        began = time.perf_counter()
        if next(steps, None) is None:
            break
        ours.append(time.perf_counter() - began)
        theirs.append(_timed(bare.open_and_seal, AT_ONCE))
    reached = parts.rotate.progress(visit, AGENCY)
    assert (reached.left, reached.done >= WRAPS) == (0, True), reached
    ours_s, theirs_s = statistics.median(ours), statistics.median(theirs)
    return {
        "rows": WRAPS,
        "a_second": AT_ONCE / ours_s,
        "bare_a_second": AT_ONCE / theirs_s,
        "ratio": theirs_s / ours_s,
        "met": theirs_s / ours_s >= ROTATION_GOAL,
    }


def _fill(door: Door, visit: Visit) -> None:
    """Referrals of one agency with a wrap each, sealed to its key in use."""
    database, now = door.parts.database, door.parts.now()
    with database.read() as connection:
        held = people.grants_held(connection, AGENCY, visit.person.id)[0]
    key = open_grant(visit.key, held.sealed_key, held.agency_key_id, visit.person.id).public()
    keys = SectionKeys({slot: os.urandom(32) for slot in SECTIONS})
    rows: dict[type[Any], list[dict[str, Any]]] = {ReportRow: [], ReferralRow: [], WrapRow: []}
    for number in range(WRAPS):
        report, referral = new_id(now), new_id(now)
        rows[ReportRow].append({"id": report, "received_at": now})
        rows[ReferralRow].append(
            {
                "id": referral,
                "report_id": report,
                "agency_id": AGENCY,
                "reference": f"V{number}",
                "state": "accepted",
                "is_lead": True,
                "arrived_at": now,
                "moved_at": now,
                "sealed_reasons": b"",
            }
        )
        sealed = wrap(
            keys, report_id=report, referral_id=referral, purpose="recipient", recipient=key
        )
        rows[WrapRow].append(
            {
                "id": new_id(now),
                "referral_id": referral,
                "purpose": "recipient",
                "agency_id": AGENCY,
                "agency_key_id": key.key_id,
                "sealed_keys": sealed,
            }
        )
    with database.write() as connection:
        for row, values in rows.items():
            insert_many(connection, row, values)


class _BareWrap:
    """The library alone: one wrap's bytes, opened and sealed again."""

    def __init__(self) -> None:
        self.private, self.public = _bare_pair(new_key_pair("bare"))
        self.sealed = HPKE.encrypt(os.urandom(WRAPPED_SIZE), self.public, b"a place")

    def open_and_seal(self) -> None:
        plain = HPKE.decrypt(self.sealed, self.private, b"a place")
        HPKE.encrypt(plain, self.public, b"a place")


def _opening() -> dict[str, Any]:
    """From a grant and a wrap to the plain text of five sections, ours and bare, in turn."""
    person, agency = new_key_pair("person"), new_key_pair("agency")
    report, referral, who = UUID(int=1), UUID(int=2), UUID(int=3)
    sealed, keys = seal_sections(report, dict.fromkeys(SECTIONS, b"x" * 900))
    wrapped = wrap(
        keys.only(SECTIONS),
        report_id=report,
        referral_id=referral,
        purpose="recipient",
        recipient=agency.public(),
    )
    granted = grant(agency, person.public(), who)

    def ours() -> None:
        key = open_grant(person, granted, "agency", who)
        opened = open_wrap(
            key,
            wrapped,
            report_id=report,
            referral_id=referral,
            purpose="recipient",
            key_id="agency",
        )
        for slot in SECTIONS:
            open_section(opened[slot], report, slot, sealed[slot])

    bare = _bare_opening({slot: len(sealed[slot]) for slot in SECTIONS})
    mine, theirs = [], []
    for _ in range(SLICES):
        mine.append(_timed(ours, OPENINGS) / OPENINGS)
        theirs.append(_timed(bare, OPENINGS) / OPENINGS)
    us, bare_us = statistics.median(mine) * 1e6, statistics.median(theirs) * 1e6
    ratio = us / bare_us
    return {"us": us, "bare_us": bare_us, "ratio": ratio, "met": ratio <= OPENING_GOAL}


def _bare_opening(sizes: dict[str, int]) -> Callable[[], None]:
    """Two HPKE envelopes and five of HKDF with AES-GCM, of the same sizes."""
    mine, theirs = _bare_pair(new_key_pair("one")), _bare_pair(new_key_pair("two"))
    granted = HPKE.encrypt(os.urandom(96), mine[1], b"a place")
    wrapped = HPKE.encrypt(os.urandom(WRAPPED_SIZE), theirs[1], b"a place")
    key, nonce = os.urandom(32), os.urandom(12)
    cipher = HKDF(SHA256(), 64, None, b"a place").derive(key)[:32]
    boxes = [AESGCM(cipher).encrypt(nonce, b"x" * size, None) for size in sizes.values()]

    def opening() -> None:
        HPKE.decrypt(granted, mine[0], b"a place")
        HPKE.decrypt(wrapped, theirs[0], b"a place")
        for sealed in boxes:
            both = HKDF(SHA256(), 64, None, b"a place").derive(key)
            AESGCM(both[:32]).decrypt(nonce, sealed, None)

    return opening


def _bare_pair(key: PrivateKey) -> tuple[MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey]:
    mlkem = MLKEM768PrivateKey.from_seed_bytes(key.raw[:64])
    x25519 = X25519PrivateKey.from_private_bytes(key.raw[64:])
    private = MLKEM768X25519PrivateKey(mlkem, x25519)
    return private, MLKEM768X25519PublicKey(mlkem.public_key(), x25519.public_key())


def _timed(work: Callable[[], None], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - began
