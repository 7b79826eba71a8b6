"""What earlier versions decided is decided alike by this one, bit for bit."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from intake.domain.decision import brief
from intake.domain.report import canonical
from intake.domain.rule_tables import BESIDE
from intake.services.route import decide_by, tables_of
from routing_rules.book import load_book

CORPORA = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_every_kept_decision_is_repeated_bit_for_bit(folder: Path) -> None:
    told = json.loads((folder / "decisions.json").read_text("utf-8"))
    book = load_book(folder, date.fromisoformat(folder.name), BESIDE)
    assert book.digest == told["digest"], "sets are named by what they say, not by the code"
    assert len(told["decisions"]) >= 300
    for kept in told["decisions"]:
        found = brief(decide_by(tables_of(book, kept["areas"]), kept["facts"]))
        assert canonical(found) == canonical(kept["outcome"]), kept["facts"]
