"""Every test: sockets closed except loopback, and a site on request."""

from __future__ import annotations

import gc
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.site import Site, open_site

pytest_plugins = ["tests.said"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The same tests on either database."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_configure(config: pytest.Config) -> None:
    """Leave PostgreSQL out where it is not installed; fail where nothing may be left out."""
    if config.getoption("--database") == "postgresql" and not databases.postgresql_is_there():
        words = "left out: needs PostgreSQL (Debian: apt-get install postgresql)"
        pytest.exit(words, returncode=1 if os.environ.get("TEST_EVERYTHING") else 0)


@pytest.fixture(scope="session", autouse=True)
def _chosen_database(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    with databases.on_postgresql():
        yield


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of this test alone."""
    with open_site(tmp_path / "data") as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of pages, of which few run on both databases."""
    for item in items:
        if item.path.parent.name == "web":
            item.add_marker("page")


def pytest_collection_finish() -> None:
    """Look for cycles seldom, and not among what stays: it was a seventh of the suite's work."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave browser tests out where there is no Chromium; fail where nothing may be left out."""
    for database, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        if item.get_closest_marker(database) and item.config.getoption("--database") != database:
            pytest.skip(f"about {name} alone")
    if item.get_closest_marker("browser") and not shutil.which("chromium"):
        words = "left out: needs Chromium (Debian: apt-get install chromium)"
        if os.environ.get("TEST_EVERYTHING"):
            pytest.fail(words)
        pytest.skip(words)
