"""Each package that runs has its line in docs/dependencies.md, with the version that is pinned."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def pinned(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.M))


def told(text: str) -> dict[str, str]:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (\d\S*) \| (\S.*) \| (\S.*) \|$", text, re.M)
    return {name: version for name, version, _why, _touches in rows}


def test_every_pinned_package_is_told_with_its_version_and_reason() -> None:
    locked = pinned((PROJECT / "requirements.txt").read_text("utf-8"))
    assert len(locked) > 30
    assert told((PROJECT / "docs" / "dependencies.md").read_text("utf-8")) == locked


def test_every_pin_has_its_hashes() -> None:
    text = (PROJECT / "requirements.txt").read_text("utf-8")
    for package in re.split(r"\n(?=[a-z0-9-]+==)", text)[1:]:
        assert "--hash=sha256:" in package, package.partition("\n")[0]
