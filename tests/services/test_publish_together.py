"""Sets that come into force one after another are proved together, whatever is withdrawn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete

import config
from intake.domain.row_id import new_id
from intake.live import LiveParts
from intake.services import settle
from intake.services.prove import Agencies, Proof, prove
from intake.services.proving import ProofsBusy, Proving
from intake.services.publish import NotProved, OtherPublished, OthersNeedIt, SamePerson
from intake.services.replay import Replay
from intake.services.rule_drafts import SetNotYours
from intake.services.rule_editor import Editor
from intake.store import rules, trail
from intake.store.columns import AnyRow
from intake.store.rule_tables import PublicationRow
from routing_rules.book import VOCABULARY, Book, load_book
from routing_rules.budget import Budget
from routing_rules.document import read_document
from routing_rules.load import Beside
from routing_rules.vocabulary import RulesInvalid
from tests.services.publishing import (
    LAYER,
    OPERATOR,
    WORD,
    brought,
    changed,
    editor,
    live,
    proposed,
    publish,
    published,
    seen,
    stored,
    with_extra,
)
from tests.site import COUNTY, Site, worry_answers

SHOWS_IT = """
[[case]]
id = "shows-extra"
title = "The same in this county"
facts = { primary = "neglect", sector = "parish" }
expect = { lead = "SOC", recipients = ["SOC", "POL"] }
hits = ["T14-SOC"]
"""
NAMES_IT = SHOWS_IT.replace('"T14-SOC"', '"extra"')
OWN = """
[ruleset]
id = "vantaa"
extends = "ita-uusimaa"
tier = "municipality"
areas = ["vantaa"]
keepers = ["municipality-vantaa"]
title = { fi = "Vantaan säännöt", sv = "Vandas regler", en = "The rules of Vantaa" }
valid_from = 2026-01-01
"""


def newest(site: Site, layer: str) -> AnyRow:
    with site.parts.database.read() as connection:
        return rules.publications(connection, layer)[0]


@pytest.mark.parametrize("more", [NAMES_IT, SHOWS_IT], ids=["not readable", "not proved"])
def test_what_a_later_set_was_proved_over_is_not_withdrawn(site: Site, more: str) -> None:
    other = editor(site, "rules-2")
    publish(site, other, *brought(site, with_extra(site), in_days=10))
    text = stored(site, LAYER) + more
    later = publish(site, other, *brought(site, text, in_days=20))
    under, over = newest(site, "finland"), newest(site, LAYER)
    assert over.in_force_at == later
    with pytest.raises(OthersNeedIt):
        site.parts.publish.withdraw(other, under.id)
    assert newest(site, "finland").withdrawn_at is None
    assert site.parts.publish.withdraw(other, over.id)
    assert site.parts.publish.withdraw(other, under.id)
    assert newest(site, "finland").withdrawn_at == site.hands()


def test_a_set_that_would_break_a_later_one_is_not_published(site: Site) -> None:
    """Alone it holds; together with what waits it does not."""
    other = editor(site, "rules-2")
    before = stored(site, "finland")
    publish(site, other, *brought(site, with_extra(site), in_days=1))
    site.hands.move(days=2)
    with_case = stored(site, LAYER) + SHOWS_IT
    waiting = brought(site, before, in_days=20)
    publish(site, other, *brought(site, with_case))
    with pytest.raises(NotProved, match="1 findings"):
        publish(site, other, *waiting)


def slow(site: Site, happens: Callable[[], object]) -> None:
    """Let something happen while each proof is made."""

    class Slow(Proving):
        def __call__(self, book: Book, agencies: Agencies) -> Proof:
            happens()
            return super().__call__(book, agencies)

    site.parts = replace(site.parts, proving=Slow())


def test_the_minute_is_counted_from_after_the_proofs(site: Site) -> None:
    draft_id = proposed(site, changed(site))
    document = site.parts.rule_drafts.read(site.parts.rule_drafts.draft(OPERATOR, draft_id))
    assert document.document is not None
    slow(site, lambda: site.hands.move(minutes=5))
    since = publish(site, editor(site, "admin"), draft_id, document.document.digest)
    assert since == site.hands() + timedelta(seconds=60)
    assert newest(site, LAYER).published_at == site.hands()


def test_what_is_published_during_a_proof_was_not_proved_together(site: Site) -> None:
    draft_id, digest = brought(site, OWN)
    other = proposed(site, changed(site))
    other_digest = read_document(changed(site), LAYER).digest
    before, once = site.parts, list[int]()

    def publish_another() -> None:
        if not once:
            once.append(1)
            shown = seen(site, other)
            before.publish.publish(editor(site, "rules-2"), other, other_digest, shown)

    slow(site, publish_another)
    with pytest.raises(OtherPublished):
        publish(site, editor(site, "rules"), draft_id, digest)
    assert len(rules_of(site)) == 4


def test_what_is_withdrawn_during_a_proof_was_not_proved_together(site: Site) -> None:
    day = (site.hands() + timedelta(days=30)).date()
    published(site, changed(site), day)
    waiting = newest(site, LAYER)
    draft_id, digest = brought(site, with_extra(site))
    before, once = site.parts, list[bool]()

    def withdraw() -> None:
        if not once:
            once.append(before.publish.withdraw(editor(site, "rules"), waiting.id))

    slow(site, withdraw)
    with pytest.raises(OtherPublished):
        publish(site, editor(site, "rules-2"), draft_id, digest)
    assert once == [True]


def rules_of(site: Site) -> list[AnyRow]:
    with site.parts.database.read() as connection:
        return list(rules.publications(connection))


def test_operators_propose_the_base_and_any_rule_editor_publishes_it(site: Site) -> None:
    text = with_extra(site)
    draft_id, digest = brought(site, text)
    with pytest.raises(SamePerson):
        publish(site, OPERATOR, draft_id, digest)
    far = editor(site, "rules-police", "police")
    assert [row.id for row in site.parts.rule_drafts.drafts(far)] == [draft_id]
    with pytest.raises(SetNotYours):
        site.parts.rule_drafts.save(far, draft_id, text, seen(site, draft_id), site.hands())
    with pytest.raises(SetNotYours):
        site.parts.rule_drafts.throw_away(far, draft_id, seen(site, draft_id), site.hands())
    publish(site, far, draft_id, digest)
    site.hands.move(minutes=2)
    parish = worry_answers(reporter={"sector": "parish"})
    site.parts = live(site)
    site.send(parish)
    assert "extra" in site.parts.book.base.by_id
    again, digest = brought(
        site, stored(site, VOCABULARY).replace('"hobby", ', '"hobby", "sport", ', 1)
    )
    assert site.parts.rule_drafts.draft(far, again).layer == VOCABULARY


def test_a_draft_of_the_base_is_its_writers_alone_until_it_is_proposed(site: Site) -> None:
    draft_id = site.parts.rule_drafts.bring(OPERATOR, stored(site, "finland"), site.hands())
    with pytest.raises(SetNotYours):
        site.parts.rule_drafts.draft(editor(site, "rules"), draft_id)
    with pytest.raises(SetNotYours):
        site.parts.rule_drafts.bring(editor(site, "rules"), OWN, site.hands())


def test_a_municipality_gets_a_set_of_its_own_and_writes_it_from_then_on(site: Site) -> None:
    own = Editor(site.people["admin-vantaa"], frozenset({"municipality-vantaa"}))
    draft_id, digest = brought(site, OWN)
    with pytest.raises(SetNotYours):
        publish(site, own, draft_id, digest)
    publish(site, editor(site, "rules"), draft_id, digest)
    assert site.parts.rule_drafts.may_write(own, "vantaa")
    assert not site.parts.rule_drafts.may_write(editor(site, "rules"), "vantaa")
    site.hands.move(minutes=2)
    parts = live(site)
    assert parts.book.table("vantaa").layers == ("finland", LAYER, "vantaa")
    assert parts.book.table("kerava").layers == ("finland", LAYER)


def test_operators_change_for_whom_a_set_stands_and_its_keepers_publish_that(site: Site) -> None:
    text = changed(site, '"vantaa", "kerava",', '"vantaa",')
    text = text.replace('keepers = ["county-vantaa-kerava",', 'keepers = ["police",')
    draft_id, digest = brought(site, text)
    publish(site, editor(site, "rules"), draft_id, digest)
    site.hands.move(minutes=2)
    assert "kerava" not in live(site).book.tables
    assert not site.parts.rule_drafts.may_write(editor(site, "rules"), LAYER)


def break_later(site: Site, in_minutes: int) -> None:
    """A publication that no proof has seen, as of a newer version of the program."""
    text = stored(site, LAYER).replace('then = { desk = { SOC = "duty" } }', "then = { desk = 1 }")
    document, now = read_document(text, LAYER), site.hands()
    with site.parts.database.write() as connection:
        rules.add_text(connection, document.digest, LAYER, text, now)
        rules.publish(
            connection,
            {
                "id": new_id(now),
                "follows": rules.last_publication(connection),
                "layer": LAYER,
                "digest": document.digest,
                "in_force_at": now + timedelta(minutes=in_minutes),
                "proposed_at": now,
                "published_at": now,
                "proof": {},
            },
        )


def test_rules_that_cannot_be_used_stop_no_report_and_are_told_before(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    old = site.parts.book.digest
    break_later(site, in_minutes=10)
    process = LiveParts(site.parts, seconds=0)
    process()
    process()
    assert caplog.text.count("do not hold") == 1, "told once, and ahead of its time"
    site.hands.move(minutes=11)
    site.parts = process()
    assert site.parts.book.digest == old
    receipt = site.send()
    with site.parts.database.read() as connection:
        decided = {row.report_id: row.rules_digest for row in rules.decisions(connection)}
    assert decided[receipt.report_id] == old
    assert caplog.text.count("do not hold") == 1


def test_a_correction_reaches_a_process_that_could_not_use_the_rules(site: Site) -> None:
    right = stored(site, LAYER)
    break_later(site, in_minutes=1)
    site.hands.move(minutes=2)
    process = LiveParts(site.parts, seconds=0)
    old = process().book
    mended = right.replace(WORD, "Asia on kiireellinen.")
    publish(site, editor(site, "rules"), *brought(site, mended))
    site.hands.move(minutes=2)
    assert process().book is not old
    assert process().book.documents[LAYER].text == mended


def test_the_first_rules_are_put_in_force_once_by_two_at_the_same_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = site.parts.database
    with database.write() as connection:
        connection.execute(delete(PublicationRow))
    inner = list[bool]()

    def meanwhile(folder: Path, on: date, beside: Beside | None) -> Book:
        if not inner:
            inner.append(False)
            inner[0] = settle.first_rules(database, config.RULES, site.hands())
        return load_book(folder, on, beside)

    monkeypatch.setattr("intake.services.settle.load_book", meanwhile)
    assert not settle.first_rules(database, config.RULES, site.hands())
    assert inner == [True]
    with database.read() as connection:
        assert len(rules.publications(connection)) == 3


def test_only_one_proof_is_made_at_a_time(site: Site) -> None:
    proving = Proving(wait_seconds=0.01)
    agencies = site.parts.rule_drafts.agencies(site.hands())
    with proving.turn(), pytest.raises(ProofsBusy):
        proving(site.parts.book, agencies)
    assert proving(site.parts.book, agencies).rules == 81


def test_a_book_is_proved_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from intake.services import proving as module

    agencies = site.parts.rule_drafts.agencies(site.hands())
    proof = site.parts.proving(site.parts.book, agencies)
    monkeypatch.setattr(module, "prove", None)
    assert site.parts.proving(site.parts.book, agencies) == proof


def test_a_draft_that_is_thrown_away_leaves_a_line(site: Site) -> None:
    draft_id = proposed(site, changed(site))
    one = editor(site, "rules-2")
    site.parts.rule_drafts.throw_away(one, draft_id, seen(site, draft_id), site.hands())
    with site.parts.database.read() as connection:
        newest = trail.lines_of(connection, {COUNTY}, 1, shut=())[0]
    assert (newest.action, newest.name, newest.purpose) == ("discard_rules", "Rauni Ruutu", LAYER)
    assert newest.basis == "proposed"


def test_a_vocabulary_that_lacks_an_answer_is_not_proposed(site: Site) -> None:
    text = stored(site, VOCABULARY).replace('"hobby", ', "", 1)
    with pytest.raises(NotProved) as caught:
        brought(site, text)
    assert [flaw.message for flaw in caught.value.flaws] == [
        '"sector" of the vocabulary lacks "hobby"'
    ]


def test_what_nobody_keeps_is_withdrawn_by_operators_or_who_published_it_alone(site: Site) -> None:
    publisher, other = editor(site, "rules-2"), editor(site, "rules")
    publish(site, publisher, *brought(site, with_extra(site), in_days=10))
    waiting = newest(site, "finland").id
    with pytest.raises(SetNotYours):
        site.parts.publish.withdraw(other, waiting)
    assert site.parts.publish.withdraw(publisher, waiting)


@pytest.mark.parametrize("name", ["vocabulary", "a/b", "x" * 65, "Ä"])
def test_a_set_of_an_operator_has_a_plain_id(site: Site, name: str) -> None:
    with pytest.raises(RulesInvalid, match='"id" of'):
        site.parts.rule_drafts.bring(
            OPERATOR, OWN.replace('"vantaa"\next', f'"{name}"\next'), site.hands()
        )


def test_that_a_proof_was_given_up_is_soon_forgotten(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    agencies, book = site.parts.rule_drafts.agencies(site.hands()), site.parts.book
    proving = Proving()
    busy = partial(prove, budget=Budget(steps=1))
    monkeypatch.setattr("intake.services.proving.prove", busy)
    assert "not_proved" in {flaw.kind for flaw in proving(book, agencies).flaws}
    monkeypatch.setattr("intake.services.proving.prove", prove)
    assert "not_proved" in {flaw.kind for flaw in proving(book, agencies).flaws}
    later = time.monotonic() + 61
    monkeypatch.setattr("intake.services.proving.monotonic", lambda: later)
    assert "not_proved" not in {flaw.kind for flaw in proving(book, agencies).flaws}


def test_decisions_by_the_rules_before_unusable_ones_replay_alike(site: Site) -> None:
    break_later(site, in_minutes=1)
    site.hands.move(minutes=2)
    site.parts = live(site)
    site.send()
    assert Replay(site.parts.past, site.parts.rulebook)().holds
