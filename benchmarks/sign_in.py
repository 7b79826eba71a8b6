"""Part of ``ankkuri bench vault``: how long a sign-in takes, at the cost of production."""

from __future__ import annotations

import statistics
import time
from typing import Any

from benchmarks.door import NAME, PASSPHRASE, Door
from intake.services.sign_in import Visit, begin
from intake.vault.keyring import SessionSecret
from intake.vault.passphrase import PRODUCTION

TIMES = 9
LEAST_MS, MOST_MS = 250.0, 500.0


def measure(door: Door) -> dict[str, Any]:
    """The median of some sign-ins by passphrase, each with its session's row, one after another."""
    sign_in, now = door.parts.sign_in, door.parts.now
    assert sign_in.cost == PRODUCTION
    sign_in(NAME, PASSPHRASE, now())  # whose lock was cheap: it is locked anew
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        sign_in(NAME, PASSPHRASE, now())
        took.append(time.perf_counter() - began)
    ms = statistics.median(took) * 1_000
    return {"ms": ms, "met": LEAST_MS <= ms <= MOST_MS}


def visit(door: Door) -> Visit:
    """The site's one member, signed in by both steps."""
    sign_in, now = door.parts.sign_in, door.parts.now()
    half = sign_in.half(sign_in(NAME, PASSPHRASE, now), now)
    assert half is not None
    secret = SessionSecret.new()
    with door.parts.database.write() as connection:
        begin(connection, secret, half.person.id, half.key, now, factor_at=now)
    found = sign_in.resume(secret, now)
    assert found is not None
    return found
