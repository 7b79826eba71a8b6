"""``ankkuri bench impact``: what a draft would have done with 100,000 stored decisions.

A site of invented decisions is made, sealed as those of reports are; then a set with a few edits is
rehearsed over all of them, from the first row read to the last figure.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

import config
from benchmarks import cluster, keeper
from benchmarks.invented_rules import random_facts
from intake import upkeep, wiring
from intake.commands.progress import bar
from intake.domain.decision import brief
from intake.domain.report import canonical
from intake.domain.row_id import new_id
from intake.parts import REPLAY_KEY_ID, Parts
from intake.services.desks import Place
from intake.services.impact import Impact, Rehearse
from intake.services.route import decide_by, tables_of
from intake.store.tables import DecisionRow, FactsKeyRow, ReportRow
from intake.vault.seal import FactsSealer, PublicKey
from routing_rules.book import Book
from routing_rules.document import read_document

COUNT, DIFFERENT = 100_000, 5_000
MOST_SECONDS = 5.0
BATCH = 2_000
BEGUN = datetime(2026, 6, 2, 7, 42, tzinfo=UTC)
EDITS = (
    ('then = { lead = "PRI" }', 'then = { lead = "PRI", recipients = "SOC" }'),
    ('urgency = ["today", "emergency"], hours = "closed", age = "0-17"', 'hours = "closed"'),
)


def run(*, database: str, as_json: bool) -> int:
    """Measure and print; 0 if the goal is met."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ankkuri-impact-")))
        environ = {"ANKKURI_DATA": str(data), "ANKKURI_SECURE_COOKIES": "no"}
        if database == "postgresql":
            programs = cluster.programs()
            assert programs, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
            server = cluster.Cluster(programs, durable=True)
            stack.callback(server.remove)
            server.start()
            stack.callback(server.stop, "immediate")
            environ["ANKKURI_DATABASE"] = server.url(server.new_database()).replace("+psycopg", "")
        settings = config.load(environ)
        data.mkdir(exist_ok=True)
        upkeep.lay_out(settings)
        parts = wiring.build(keeper.pinned(settings))
        stack.callback(parts.database.engine.dispose)
        _fill(parts)
        book = _edited(parts)
        begun, worked = time.perf_counter(), time.process_time()
        with parts.past.opened() as opened:
            deque(opened, maxlen=0)
        opening = time.perf_counter() - begun, time.process_time() - worked
        progress = bar(COUNT, "rehearsed")
        begun, worked = time.perf_counter(), time.process_time()
        found = Rehearse(parts.past, parts.directory)(book, progress=progress)
        whole = time.perf_counter() - begun, time.process_time() - worked
    return _tell(found, whole, opening, database, as_json=as_json)


def _edited(parts: Parts) -> Book:
    """The shipped rules with a few edits."""
    document = parts.book.documents["ita-uusimaa"]
    text = document.text
    for old, new in EDITS:
        if old not in text:
            raise AssertionError(f"the shipped rules do not say {old}")
        text = text.replace(old, new, 1)
    drafted = read_document(text, document.id)
    return parts.rulebook.made_of(parts.rulebook.edition(BEGUN).digests, [drafted])


def _fill(parts: Parts) -> None:
    """Store decisions; every third child has an estimated age."""
    chance = random.Random(1)  # noqa: S311  (invented reports, no secrets)
    outcomes = list(_outcomes(parts, chance))
    public = config.read_secret(parts.settings.keys, config.REPLAY_PUBLIC)
    sealer = FactsSealer(PublicKey(REPLAY_KEY_ID, public))
    keys: set[str] = set()
    progress = bar(COUNT, "stored")
    for start in range(0, COUNT, BATCH):
        reports, decisions, new_keys = [], [], []
        for number in range(start, start + BATCH):
            at = BEGUN + timedelta(minutes=number)
            report_id = new_id(at)
            sealed = sealer.seal(report_id, outcomes[chance.randrange(DIFFERENT)])
            reports.append({"id": report_id, "received_at": at})
            decisions.append(
                {
                    "report_id": report_id,
                    "facts_key_id": sealed.key_id,
                    "sealed_facts": sealed.sealed_facts,
                    "rules_digest": parts.book.digest,
                    "calendar_version": "invented",
                    "decided_at": at,
                }
            )
            if sealed.key_id not in keys:
                keys.add(sealed.key_id)
                new_keys.append(
                    {"id": sealed.key_id, "sealed_key": sealed.sealed_key, "created_at": at}
                )
        with parts.database.write() as connection:
            connection.execute(insert(ReportRow), reports)
            connection.execute(insert(FactsKeyRow), new_keys)
            connection.execute(insert(DecisionRow), decisions)
        progress(start + BATCH)


def _outcomes(parts: Parts, chance: random.Random) -> Iterator[bytes]:
    towns: Sequence[str] = list(parts.directory.municipalities)
    for number, facts in enumerate(random_facts(parts.rules.vocabulary, DIFFERENT)):
        told: dict[str, Any] = {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in facts.items()
        }
        if number % 3 == 0:
            age = told["age"]
            told["age"] = sorted({max(age - 1, 0), age, min(age + 1, 18)})
        area = chance.choice(towns)
        decision = decide_by(tables_of(parts.book, [area]), told)
        yield canonical(
            {
                "facts": [told],
                "areas": [[area]],
                "places": [Place(area)],
                "outcomes": [brief(decision)],
            }
        )


def _tell(
    found: Impact,
    whole: tuple[float, float],
    opening: tuple[float, float],
    database: str,
    *,
    as_json: bool,
) -> int:
    """Each time as the clock's and the processor's: beside other programs they differ."""
    met = whole[0] < MOST_SECONDS and found.count == COUNT and not found.failed
    load = os.getloadavg()[0]
    if as_json:
        told = {
            "database": database,
            "seconds": whole[0],
            "processor_seconds": whole[1],
            "opening_seconds": opening[0],
            "opening_processor_seconds": opening[1],
            "load": load,
            "met": met,
            "impact": found.to_json(),
        }
        print(json.dumps(told, indent=2))
    else:
        print(
            f"{database}: impact over {found.count} stored decisions in {whole[0]:.2f} s "
            f"(goal: under {MOST_SECONDS:.0f} s), {found.moved} would move: "
            f"{'met' if met else 'missed'}"
        )
        print(
            f"processor {whole[1]:.2f} s; reading and opening alone {opening[0]:.2f} s "
            f"(processor {opening[1]:.2f} s), the whole {whole[1] / opening[1]:.2f} × that; "
            f"load {load:.1f}"
        )
    return 0 if met else 1
