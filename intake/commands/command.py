"""What the rooms of commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

Run = Callable[[argparse.Namespace], int]


class InputUnusable(Exception):
    """What was given on the command line cannot be used; the message says what to do."""


def add_command(commands: Any, name: str, run: Run, about: str) -> argparse.ArgumentParser:
    """A command of this name; ``run`` takes its arguments and gives the exit status."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    added.set_defaults(run=run)
    return added
