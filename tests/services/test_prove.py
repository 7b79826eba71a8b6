"""What keeps a book of rules from being put in force."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from intake.domain.rule_tables import BESIDE
from intake.services.prove import UNMANNED, Flaw, Proof, prove
from routing_rules.book import Book, make_book
from routing_rules.budget import Budget
from routing_rules.document import Document
from tests.rules.shipped import BOOK, SHIPPED

Raw = dict[str, Any]
BASE, AREA = "finland", "ita-uusimaa"


def book(edit: Callable[[Raw, Raw], object]) -> Book:
    """The shipped book with its base and its area's set changed."""
    raw = {name: copy.deepcopy(dict(BOOK.documents[name].raw)) for name in (BASE, AREA)}
    edit(raw[BASE], raw[AREA])
    documents = (Document(f"{name}.toml", "", raw[name]) for name in raw)
    return make_book(BOOK.vocabulary, documents, BESIDE)


def moved(table: str, name: str) -> Callable[[Raw, Raw], None]:
    """An edit: something of the base stands in the area's set instead."""

    def edit(base: Raw, area: Raw) -> None:
        (found,) = (each for each in base[table] if each["id"] == name)
        base[table].remove(found)
        area.setdefault(table, []).append(found)

    return edit


def kinds(proof: Proof) -> set[tuple[str, bool]]:
    return {(flaw.kind, flaw.elsewhere) for flaw in proof.flaws}


def test_the_shipped_book_holds_with_its_base() -> None:
    proof = prove(BOOK)
    assert proof.flaws == ()
    assert (proof.rules, proof.tables) == (len(SHIPPED.rules), 2)


def test_the_base_is_proved_where_no_set_names_the_municipality() -> None:
    proof = prove(book(moved("rule", "D3")))
    (flaw,) = proof.flaws
    assert (flaw.kind, flaw.municipality, flaw.elsewhere) == ("gap", None, True)
    assert flaw.message == 'no rule gives "lead"'
    assert flaw.witness is not None


def test_a_base_for_areas_of_its_own_is_proved_as_their_table() -> None:
    def named(base: Raw, _area: Raw) -> None:
        base["ruleset"]["areas"] = ["helsinki"]

    found = book(named)
    assert len(found.every) == len(found.distinct) == 2
    assert {f.municipality for f in prove(found).flaws if f.kind == "no_case"} == {"helsinki"}


def test_all_tables_share_one_budget_which_fails_closed() -> None:
    budget, held = Budget(steps=1_000_000), 0
    while prove(BOOK, budget=budget).holds:
        held += 1
    assert held
    assert kinds(prove(BOOK, budget=budget)) == {("not_proved", False), ("not_proved", True)}


def test_a_clock_that_an_overlay_alone_describes_is_found() -> None:
    proof = prove(book(moved("clock", "ankkuri_meeting")))
    line = 'clock "ankkuri_meeting" must be described by the base set'
    assert line in {flaw.message for flaw in proof.flaws if flaw.kind == "clock"}


def test_an_overlay_may_shorten_a_clock_of_the_law_and_nothing_else() -> None:
    def clock_of_its_own(**values: object) -> set[str]:
        def edit(base: Raw, area: Raw) -> None:
            (clock,) = (each for each in base["clock"] if each["id"] == "lsl26_start")
            area.setdefault("clock", []).append({**clock, **values})

        return {flaw.message for flaw in prove(book(edit)).flaws if flaw.kind == "clock"}

    assert clock_of_its_own(count=5) == set()
    (longer,) = clock_of_its_own(count=8)
    assert longer == 'clock "lsl26_start" of 417/2007 §26 is lengthened'
    (other,) = clock_of_its_own(met_by=["assessment_started"])
    assert other == 'clock "lsl26_start" must be met by the same moves as the base says'


def test_a_clock_of_the_law_of_which_nobody_would_be_reminded_is_found() -> None:
    def silent(kept: Callable[[Raw], bool]) -> set[str]:
        def edit(base: Raw, _area: Raw) -> None:
            base["chase"] = [step for step in base["chase"] if kept(step)]

        return {flaw.message for flaw in prove(book(edit)).flaws}

    assert len(silent(lambda _: False)) == 4
    urgency = 'clock "urgency" of 417/2007 §26 has no chase step'
    assert silent(lambda step: step["plan"] == "days") == {urgency}
    assert silent(lambda step: step["plan"] == "days" or step.get("today", False)) == {urgency}
    assert silent(lambda step: not step.get("repeats")) == set()


def test_an_overlay_that_describes_the_basis_of_the_law_otherwise_is_found() -> None:
    def edit(base: Raw, area: Raw) -> None:
        (basis,) = (each for each in base["basis"] if each["id"] == "rl15_10")
        area.setdefault("basis", []).append({**basis, "law": "1/2026 §1"})

    (flaw,) = prove(book(edit)).flaws
    assert (flaw.kind, flaw.named) == ("weakened", ("rl15_10",))


def test_a_publication_keeps_recipients_that_nobody_can_open_apart_from_the_flaws() -> None:
    proof = prove(BOOK)
    assert proof.summary == {
        "rules": len(SHIPPED.rules), "tables": 2, "flaws": 0, "unmanned": 0, "agencies": False,
    }  # fmt: skip
    unmanned = Flaw("unresolvable", (), "sipoo", None, "nobody", (UNMANNED, "SOC"))
    gap = Flaw("gap", (), None, None, "a gap")
    summary = replace(proof, flaws=(unmanned, unmanned, gap)).summary
    assert (summary["flaws"], summary["unmanned"]) == (1, 2)
