"""The ``ankkuri`` command as it is installed: also a machine without time zones gets one line."""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfoNotFoundError


def main() -> int:
    """Run one command and return its exit status."""
    try:
        from intake import cli
    except ZoneInfoNotFoundError as missing:
        print(f"ankkuri: {missing.args[0]}: install the system's tzdata", file=sys.stderr)
        return 2
    return cli.main()
