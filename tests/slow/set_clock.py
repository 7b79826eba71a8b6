"""``ankkuri`` by a clock so many seconds off ours; each line that it reads sets it by so many."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from threading import Thread

from time_machine import travel

from intake import cli


def main() -> int:
    """Run one command and return its exit status."""
    off, *command = sys.argv[1:]
    with travel(datetime.now(UTC) + timedelta(seconds=float(off))) as hands:

        def follow() -> None:
            for line in sys.stdin:
                hands.shift(float(line))

        Thread(target=follow, daemon=True).start()
        return cli.main(command)


if __name__ == "__main__":
    sys.exit(main())
