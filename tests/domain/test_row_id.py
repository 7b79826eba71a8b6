"""The identifiers of rows."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from intake.domain.row_id import new_id

TUESDAY = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)


def test_an_id_is_a_version_7_uuid_that_tells_its_millisecond() -> None:
    made = new_id(TUESDAY)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == TUESDAY.timestamp() * 1000


def test_ids_made_later_sort_later_and_none_is_made_twice() -> None:
    moments = [TUESDAY + timedelta(milliseconds=number) for number in range(100)]
    made = [new_id(moment) for moment in moments]
    assert made == sorted(made)
    assert len({new_id(TUESDAY) for _ in range(1000)}) == 1000


def test_processes_that_were_forked_from_one_draw_ids_of_their_own() -> None:
    program = (
        "import os; from datetime import UTC, datetime; from intake.domain.row_id import new_id;"
        "new_id(datetime.now(UTC)); child = os.fork();"
        "os.write(1, f'{new_id(datetime(2026, 6, 2, tzinfo=UTC))} '.encode()); child and os.wait()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert len(set(done.stdout.split())) == 2
