"""Makes a corpus of decisions that every later version must repeat: run once for a new corpus.

``python -m tests.services.make_corpus FOLDER`` copies the shipped sets beside random facts and what
came out. A corpus that is there is never made anew.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from datetime import date
from pathlib import Path

import config
from benchmarks.invented_rules import random_facts
from intake.domain.decision import brief
from intake.domain.report import canonical
from intake.domain.rule_tables import BESIDE
from intake.services.route import decide_by, tables_of
from routing_rules.book import load_book

COUNT = 300
OPEN = (["unknown"], [11, 12], [6, 7, 8], [14, 15, 16], [17, 18])


def make(folder: Path) -> None:
    """Write the corpus."""
    folder.mkdir(parents=True)
    for path in config.RULES.glob("*.toml"):
        shutil.copy(path, folder)
    book = load_book(folder, date(2026, 11, 22), BESIDE)
    chance = random.Random(20261122)  # noqa: S311  (invented facts, no secrets)
    kept = []
    for number, facts in enumerate(random_facts(book.base.vocabulary, COUNT, seed=20261122)):
        plain = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in facts.items()}
        if number % 3 == 0:
            ages = chance.choice(OPEN)
            plain["age"] = "unknown" if ages == ["unknown"] else ages
        areas = ["vantaa"] if number % 5 else []
        outcome = brief(decide_by(tables_of(book, areas), plain))
        kept.append({"facts": plain, "areas": areas, "outcome": json.loads(canonical(outcome))})
    told = {"digest": book.digest, "decisions": kept}
    (folder / "decisions.json").write_text(
        json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8"
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
