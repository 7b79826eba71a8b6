"""docs/asvs.md leaves no requirement out, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
NUMBERS = (HERE / "asvs_5_0_0.txt").read_text("ascii").split()
"""Level 2 of ASVS 5.0.0, and level 3 of chapters 6, 7, 11 and 16; from the standard's own CSV."""
STATES = ("met", "not met", "outside", "n/a")


def rows() -> list[list[str]]:
    text = (HERE.parent / "docs" / "asvs.md").read_text("utf-8")
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in cells if row[0].strip()[0].isdigit()]


def test_each_requirement_stands_there_once() -> None:
    told = [number for row in rows() for number in row[0].split(", ")]
    assert sorted(set(NUMBERS) - set(told)) == []
    assert sorted(set(told) - set(NUMBERS)) == []
    assert len(told) == len(set(told))


def test_each_has_a_status() -> None:
    for row in rows():
        assert len(row) == 4, row
        assert row[2].startswith(STATES), row


def test_what_is_met_names_its_test_or_says_that_it_was_read() -> None:
    for row in rows():
        if row[2].startswith("met"):
            assert "`test_" in row[3] or row[3] == "by reading", row


def test_every_test_that_is_named_is_there() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in HERE.rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)", tests, re.M))
    named = {name for row in rows() for name in re.findall(r"`(test_\w+)`", row[3])}
    assert len(named) > 40
    assert named - there == set()
