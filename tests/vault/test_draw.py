"""What is drawn ahead is as random as what is drawn one by one."""

from __future__ import annotations

import os
from unittest.mock import patch

from intake.vault.draw import Draws


def test_no_byte_is_handed_out_twice() -> None:
    given = b"".join(number.to_bytes(2, "big") for number in range(2**16))
    pieces = iter(range(0, len(given), 4096))

    def system(size: int) -> bytes:
        assert size == 4096
        start = next(pieces)
        return given[start : start + size]

    draw, found = Draws(), []
    with patch.object(os, "urandom", system):
        for size in [2, 12, 32, 544] * 40:
            drawn = draw(size)
            assert len(drawn) == size
            found += [drawn[start : start + 2] for start in range(0, size, 2)]
    assert len(found) == len(set(found))


def test_more_than_is_drawn_ahead_comes_whole() -> None:
    assert len(Draws()(10_000)) == 10_000


def test_the_system_is_asked_once_for_a_report() -> None:
    draw = Draws()
    with patch.object(os, "urandom", wraps=os.urandom) as system:
        for size in [32, 12] * 20 + [544] * 4:
            draw(size)
    assert system.call_count == 1
