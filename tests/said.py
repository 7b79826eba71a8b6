"""What the pages say to the database: of the pages' tests only those that are marked ``on_both``
run on both databases, beside those of the services; with ``--said`` a run fails where a door says
something in none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from flask import has_request_context, request
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.site import BEHIND

Saying = tuple[str, str]
"""A door, and a statement without what differs from time to time."""
_LISTS = re.compile(r"\((?:\?|:\w+)(?:, (?:\?|:\w+))*\)")
_ROWS = re.compile(r"\(…\)(?:, \(…\))+")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Asked for where the tests of all pages run."""
    parser.addoption("--said", action="store_true", help="is every statement of a page on_both?")


def pytest_configure(config: pytest.Config) -> None:
    """Listen."""
    if config.getoption("--said"):
        config.pluginmanager.register(_Said(), "said")


@cache
def _shape(statement: str) -> str:
    return _ROWS.sub("(…)", _LISTS.sub("(…)", statement))


class _Said:
    """Of each statement whether a test of both databases has made it, and else which test did."""

    def __init__(self) -> None:
        self._on_both: set[Saying] = set()
        self._alone: dict[Saying, str] = {}
        self._item: pytest.Item | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._item = item
        return (yield)

    def pytest_sessionstart(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if self._item is None or not has_request_context():
            return
        room = request.blueprint or "account"
        saying = BEHIND.get(room, room), _shape(statement)
        if self._item.get_closest_marker("on_both") or self._item.path.parent.name == "services":
            self._on_both.add(saying)
        else:
            self._alone.setdefault(saying, self._item.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what one of several processes has heard."""
        on_both, alone = node.workeroutput.get("said", ([], []))
        self._on_both.update(map(tuple, on_both))
        self._alone.update((tuple(saying), test) for saying, test in alone)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        event.remove(Engine, "before_cursor_execute", self._hear)
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["said"] = (list(self._on_both), list(self._alone.items()))
        elif self._missing():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for (door, statement), test in self._missing():
            terminalreporter.line(f"said on one database alone, by {door}: {statement[:200]}")
            terminalreporter.line(f"    mark it on_both: {test}")

    def _missing(self) -> list[tuple[Saying, str]]:
        return [one for one in self._alone.items() if one[0] not in self._on_both]
