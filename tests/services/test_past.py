from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from intake.domain.decision import brief
from intake.domain.report import canonical
from intake.parts import REPLAY_KEY_ID
from intake.services.impact import Rehearse
from intake.services.past import Past
from intake.services.replay import FORMERLY, Replay
from intake.services.route import decide_by
from intake.store import rules
from intake.store.columns import AnyRow
from intake.store.tables import DecisionRow, FactsKeyRow
from intake.vault.seal import FactsSealer, PublicKey
from routing_rules.book import Book
from routing_rules.document import read_document
from tests.forgeries import forgeries
from tests.site import Site, child_answers, worry_answers

LAYER = "ita-uusimaa"


def edited(site: Site, old: str, new: str) -> Book:
    """The rules in force with one edit."""
    document = site.parts.book.documents[LAYER]
    assert old in document.text
    drafted = read_document(document.text.replace(old, new, 1), LAYER)
    return site.parts.rulebook.made_of(site.parts.rulebook.editions[-1].digests, [drafted])


def filed(site: Site) -> list[UUID]:
    """Three reports: bullying, neglect, and siblings of two towns."""
    bullying = worry_answers(worry={"categories": ["bullying"], "primary": "bullying"})
    neglect = worry_answers(worry={"categories": ["neglect"], "primary": "neglect"})
    siblings = [child_answers(), child_answers(municipality="kerava")]
    several = worry_answers() | {"children": siblings}
    return [site.send(answers).report_id for answers in (bullying, neglect, several)]


def tampered(site: Site, report_id: UUID, **values: object) -> None:
    with site.parts.database.write() as connection:
        changed = update(DecisionRow).where(DecisionRow.report_id == report_id).values(**values)
        assert connection.execute(changed).rowcount == 1


def test_every_report_comes_out_alike_again(site: Site) -> None:
    filed(site)
    heard: list[int] = []
    found = Replay(site.parts.past, site.parts.rulebook)(progress=heard.append)
    assert found.holds
    assert (found.count, heard) == (3, [1, 2, 3])
    assert Replay(site.parts.past, site.parts.rulebook)(newest=2).count == 2


def test_a_decision_that_names_other_rules_differs(site: Site) -> None:
    (first, *_) = filed(site)
    tampered(site, first, rules_digest="0" * 64)
    (difference,) = Replay(site.parts.past, site.parts.rulebook)().differences
    assert difference.report_id == first
    assert "other rules" in difference.parts[0]
    tampered(site, first, rules_digest=next(iter(FORMERLY)))
    assert Replay(site.parts.past, site.parts.rulebook)().holds


def test_a_decision_that_was_swapped_cannot_be_opened(site: Site) -> None:
    first, second, _ = filed(site)
    with site.parts.database.read() as connection:
        rows = {row.report_id: row for row in rules.decisions(connection)}
    tampered(site, first, sealed_facts=rows[second].sealed_facts)
    (difference,) = Replay(site.parts.past, site.parts.rulebook)().differences
    assert difference.report_id == first
    assert "cannot be opened" in difference.parts[0]
    assert Rehearse(site.parts.past, site.parts.directory)(site.parts.book).failed == 1


def test_an_outcome_that_the_rules_do_not_give_differs_by_its_part(site: Site) -> None:
    (first, *_) = filed(site)
    resealed(site, first, lead="POL")
    (difference,) = Replay(site.parts.past, site.parts.rulebook)().differences
    assert difference.parts == ("lead",)


def test_reports_of_before_areas_were_kept_are_replayed(site: Site) -> None:
    (first, *_) = filed(site)
    resealed(site, first, keep=("facts", "outcomes"))
    assert Replay(site.parts.past, site.parts.rulebook)().holds
    found = Rehearse(site.parts.past, site.parts.directory)(site.parts.book)
    assert (found.count, found.moved) == (3, 0)


class Instead(Past):
    """One stored decision, again and again with other content."""

    contents: list[bytes]

    @contextmanager
    def opened(
        self, newest: int | None = None, before: datetime | None = None
    ) -> Iterator[Iterator[tuple[AnyRow, bytes | None]]]:
        with super().opened(newest, before) as opened:
            (row, _), *_ = opened
            yield ((row, content) for content in self.contents)


def test_whatever_was_sealed_there_it_is_decided_or_said_to_be_damaged(site: Site) -> None:
    filed(site)
    with site.parts.past.opened() as opened:
        (_, plain), *_ = opened
    assert plain
    past = Instead(site.parts.database, site.parts.past.replay_key)
    vars(past)["contents"] = [plain, *forgeries(plain)]
    found = Replay(past, site.parts.rulebook)()
    damaged = [each for each in found.differences if "cannot be opened" in each.parts[0]]
    assert 100 < len(damaged) < len(found.differences)
    impact = Rehearse(past, site.parts.directory)(site.parts.book)
    assert impact.count == found.count == len(past.contents)
    assert impact.failed >= len(damaged)


def resealed(site: Site, report_id: UUID, keep: tuple[str, ...] = (), **outcome: object) -> None:
    """Seal a stored decision anew: only some of its parts, or with another outcome."""
    with site.parts.past.kept() as kept:
        (one,) = (each for each in kept if each.report_id == report_id)
    told = {
        "facts": one.facts,
        "areas": one.areas,
        "places": one.places,
        "outcomes": [{**each, **outcome} for each in one.outcomes],
    }
    told = {name: value for name, value in told.items() if not keep or name in keep}
    public = site.parts.submit.replay_key
    assert isinstance(public, PublicKey)
    assert public.key_id == REPLAY_KEY_ID
    sealed = FactsSealer(public).seal(report_id, canonical(told))
    with site.parts.database.write() as connection:
        connection.execute(
            insert(FactsKeyRow).values(
                id=sealed.key_id, sealed_key=sealed.sealed_key, created_at=site.hands()
            )
        )
    tampered(site, report_id, facts_key_id=sealed.key_id, sealed_facts=sealed.sealed_facts)


def test_rules_that_say_the_same_move_nobody(site: Site) -> None:
    filed(site)
    found = Rehearse(site.parts.past, site.parts.directory)(site.parts.book)
    assert (found.count, found.moved, found.failed) == (3, 0, 0)
    assert found.before == found.after
    assert not found.gained
    assert not found.lost


def test_who_gains_and_who_loses_is_what_deciding_each_report_says(site: Site) -> None:
    filed(site)
    book = edited(
        site,
        'when = { categories = { any = ["neglect"] }, age = "0-17", unborn = "no" }\nthen = {',
        'when = { categories = { any = ["neglect"] }, age = "0-17", unborn = "no" }\n'
        'then = { recipients = ["POL"],',
    )
    found = Rehearse(site.parts.past, site.parts.directory)(book, newest=500)
    assert (found.count, found.moved) == (3, 2)
    assert found.gained == Counter({"POL": 2})
    assert not found.lost
    assert found.after["pol-office"] == found.before["pol-office"] + 2
    back = Rehearse(site.parts.past, site.parts.directory)(site.parts.book, before=book)
    assert back.lost == Counter({"POL": 2})
    assert back.to_json()["lost"] == {"POL": 2}


def test_only_children_of_the_areas_asked_for_are_counted(site: Site) -> None:
    """Of a report on several alone their part; where no area was known, none."""
    filed(site)
    site.send(worry_answers() | {"children": [child_answers(municipality="", school="")]})
    book = edited(
        site,
        'when = { categories = { any = ["neglect"] }, age = "0-17", unborn = "no" }\nthen = {',
        'when = { categories = { any = ["neglect"] }, age = "0-17", unborn = "no" }\n'
        'then = { recipients = ["POL"],',
    )
    rehearse = Rehearse(site.parts.past, site.parts.directory)

    def found(*areas: str) -> tuple[int, int, int]:
        impact = rehearse(book, areas=frozenset(areas))
        return impact.count, impact.moved, sum(impact.before.values())

    assert rehearse(book).count == 4
    assert found("vantaa", "kerava")[:2] == (3, 2)
    assert found("vantaa")[:2] == (3, 2)
    assert found("kerava")[:2] == (1, 1)
    assert found("kerava")[2] < found("vantaa", "kerava")[2] < sum(rehearse(book).before.values())
    assert found("sipoo") == (0, 0, 0)


def test_what_cannot_be_opened_is_nobodys(site: Site) -> None:
    first, second, _ = filed(site)
    with site.parts.database.read() as connection:
        rows = {row.report_id: row for row in rules.decisions(connection)}
    tampered(site, first, sealed_facts=rows[second].sealed_facts)
    rehearse = Rehearse(site.parts.past, site.parts.directory)
    found = rehearse(site.parts.book, areas=frozenset({"vantaa"}))
    assert (found.count, found.failed) == (2, 0)


def test_the_past_ends_where_it_is_said_to(site: Site) -> None:
    site.send()
    end = site.hands.move(hours=1)
    site.send()
    past = site.parts.past
    for newest, count in ((None, 1), (5, 1), (1, 1)):
        assert past.count(newest, end) == count
        with past.kept(newest, end) as kept:
            (one,) = kept
        assert one.decided_at < end
    assert past.count() == 2


def test_decisions_that_are_alike_are_replayed_once_and_told_each(site: Site) -> None:
    reports = [site.send().report_id for _ in range(3)]
    for report_id in reports[:2]:
        tampered(site, report_id, rules_digest="0" * 64)
    found = Replay(site.parts.past, site.parts.rulebook)()
    assert {each.report_id for each in found.differences} == set(reports[:2])
    assert found.count == 3


@pytest.mark.parametrize("part", ["facts", "areas", "places", "outcomes"])
def test_what_a_replay_needs_is_sealed_with_the_decision(site: Site, part: str) -> None:
    report_id = site.send(worry_answers()).report_id
    with site.parts.past.kept() as kept:
        (one,) = kept
    assert one.report_id == report_id
    assert getattr(one, part)
    assert one.outcomes[0] == brief_of(site, one.facts[0])


def brief_of(site: Site, facts: object) -> object:
    table = site.parts.book.table("vantaa")
    assert isinstance(facts, dict)
    return json.loads(canonical(brief(decide_by([table], facts))))
