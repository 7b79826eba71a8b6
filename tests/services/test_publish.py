from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import config
from intake.services.prove import unresolvable
from intake.services.publish import (
    NothingChanged,
    NotProposed,
    NotProved,
    OtherPublished,
    SamePerson,
    TooEarly,
)
from intake.services.replay import Replay
from intake.services.rule_drafts import (
    DraftChanged,
    DraftGone,
    HeadChanged,
    SetNotYours,
    stamp_of,
)
from intake.store import rules, trail
from routing_rules.document import read_document
from tests.services.publishing import (
    LAYER,
    OPERATOR,
    WORD,
    changed,
    drafted,
    editor,
    live,
    proposed,
    publish,
    published,
)
from tests.site import COUNTY, Site, worry_answers


def test_a_set_is_proposed_by_one_person_and_published_by_another(site: Site) -> None:
    one, other = editor(site, "rules"), editor(site, "admin")
    text = changed(site)
    draft_id = proposed(site, text, one)
    digest = read_document(text, LAYER).digest
    for same in (one,):
        with pytest.raises(SamePerson):
            publish(site, same, draft_id, digest)
    since = publish(site, other, draft_id, digest)
    assert since == site.hands() + timedelta(seconds=60)
    with site.parts.database.read() as connection:
        newest = rules.publications(connection, LAYER)[0]
        lines = trail.lines_of(connection, {COUNTY}, 20, shut=())
    assert (newest.proposed_by, newest.published_by) == (one.id, other.id)
    assert newest.proof["rules"] == 81
    assert newest.proof["agencies"]
    told = {line.action: line for line in lines if "rules" in line.action}
    assert told["propose_rules"].name == "Sanni Sääntö"
    assert told["publish_rules"].name == "Petri Pääkäyttäjä"
    assert digest in str(told["publish_rules"].basis)


def test_who_saved_a_draft_that_another_proposed_does_not_publish_it(site: Site) -> None:
    one, other = editor(site, "rules"), editor(site, "admin")
    text = changed(site)
    draft_id = drafted(site, text, one)
    row = site.parts.rule_drafts.draft(other, draft_id)
    site.parts.publish.propose(other, draft_id, stamp_of(row))
    digest = read_document(text, LAYER).digest
    for same in (one, other):
        with pytest.raises(SamePerson):
            publish(site, same, draft_id, digest)


def test_operators_count_as_one_person(site: Site) -> None:
    text = changed(site)
    draft_id = proposed(site, text, OPERATOR)
    digest = read_document(text, LAYER).digest
    with pytest.raises(SamePerson):
        publish(site, OPERATOR, draft_id, digest)
    publish(site, editor(site, "rules"), draft_id, digest)


def test_only_those_who_keep_a_set_may_touch_it(site: Site) -> None:
    stranger = editor(site, "admin-vantaa", "municipality-vantaa")
    drafts = site.parts.rule_drafts
    draft_id = drafted(site, changed(site))
    kept = {d.id for d in drafts.layers(editor(site, "rules"))}
    assert kept - {d.id for d in drafts.layers(stranger)} == {LAYER}
    assert not drafts.may_write(stranger, "finland")
    for layer in (LAYER, "finland", "vocabulary", "nonsense"):
        with pytest.raises(SetNotYours):
            drafts.begin(stranger, layer, site.hands())
    with pytest.raises(SetNotYours):
        drafts.begin(editor(site, "rules"), "finland", site.hands())
    with pytest.raises(SetNotYours):
        drafts.draft(stranger, draft_id)
    assert drafts.drafts(stranger) == []


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"vantaa", "kerava",', '"vantaa", "kerava", "helsinki",', "areas"),
        ('keepers = ["county-vantaa-kerava",', 'keepers = ["police",', "keepers"),
        ('tier = "county" #', 'tier = "law" #', "tier"),
        ('id = "ita-uusimaa"', 'id = "finland"', "id"),
    ],
)
def test_a_draft_cannot_widen_itself(site: Site, old: str, new: str, key: str) -> None:
    draft_id = drafted(site, changed(site, old, new))
    row = site.parts.rule_drafts.draft(editor(site, "rules"), draft_id)
    checked = site.parts.rule_drafts.check(row, site.hands())
    assert checked.book is None
    assert f'"{key}"' in checked.problems[0]
    assert str(HeadChanged(key)) in checked.problems[0]


def test_what_does_not_hold_is_saved_and_never_published(site: Site) -> None:
    right = 'then = { lead = "SOC", clocks = { SOC = ["lsl26_start", "lsl26_complete"] } }'
    text = changed(site, right, right.replace('"SOC", clocks', '"YOU", recipients = "SOC", clocks'))
    draft_id = drafted(site, text)
    one = editor(site, "rules")
    row = site.parts.rule_drafts.draft(one, draft_id)
    checked = site.parts.rule_drafts.check(row, site.hands())
    assert not checked.holds
    with pytest.raises(NotProved) as caught:
        site.parts.publish.propose(one, draft_id, stamp_of(row))
    assert caught.value.flaws


def test_an_agency_that_lacked_people_before_keeps_nobody_from_mending_the_rules(
    site: Site,
) -> None:
    agencies = site.parts.rule_drafts.agencies(site.hands())
    already = list(unresolvable(site.parts.book, agencies))
    assert any("sipoo" in flaw.message for flaw in already)
    one = editor(site, "rules")
    row = site.parts.rule_drafts.draft(one, drafted(site, changed(site), one))
    checked = site.parts.rule_drafts.check(row, site.hands())
    assert checked.holds
    assert checked.proof is not None
    assert set(checked.proof.flaws) == set(already)
    assert replace(checked, already=frozenset()).flaws == checked.proof.flaws


def test_a_draft_changed_after_it_was_proposed_must_be_proposed_anew(site: Site) -> None:
    one, other = editor(site, "rules"), editor(site, "admin")
    draft_id = proposed(site, changed(site), one)
    row = site.parts.rule_drafts.draft(one, draft_id)
    shown = stamp_of(row)
    later = site.hands.move(seconds=1)
    site.parts.rule_drafts.save(one, draft_id, row.content + "\n", shown, later)
    digest = read_document(row.content, LAYER).digest
    with pytest.raises(NotProposed):
        publish(site, other, draft_id, digest)
    with pytest.raises(DraftChanged):
        site.parts.rule_drafts.save(one, draft_id, "", shown, site.hands())


def test_only_what_was_shown_is_published(site: Site) -> None:
    draft_id = proposed(site, changed(site))
    with pytest.raises(DraftChanged):
        publish(site, editor(site, "admin"), draft_id, "0" * 64)


def test_a_draft_that_says_nothing_new_is_not_proposed(site: Site) -> None:
    one = editor(site, "rules")
    draft_id = site.parts.rule_drafts.begin(one, LAYER, site.hands())
    row = site.parts.rule_drafts.draft(one, draft_id)
    with pytest.raises(NothingChanged):
        site.parts.publish.propose(one, draft_id, stamp_of(row))


def test_of_two_drafts_the_second_must_look_at_the_first(site: Site) -> None:
    first = changed(site)
    second = drafted(site, changed(site, WORD, "Toinen."))
    published(site, first)
    one = editor(site, "rules")
    row = site.parts.rule_drafts.draft(one, second)
    with pytest.raises(OtherPublished):
        site.parts.publish.propose(one, second, stamp_of(row))


def test_a_published_draft_is_closed(site: Site) -> None:
    text = changed(site)
    draft_id = proposed(site, text)
    digest = read_document(text, LAYER).digest
    publish(site, editor(site, "admin"), draft_id, digest)
    with pytest.raises(DraftGone):
        site.parts.rule_drafts.draft(editor(site, "rules"), draft_id)


MOVED = ('then = { lead = "PRI" }', 'then = { lead = "PRI", recipients = "POL" }')


def test_a_report_is_decided_by_the_set_in_force_at_its_arrival(site: Site) -> None:
    before = site.send(worry_answers())
    old = site.parts.book.digest
    text = changed(site)
    published(site, text)
    assert live(site).book.digest == old, "not in force for a minute"
    route = live(site).route
    site.hands.move(seconds=61)
    assert route.rulebook.at(site.hands()).digest != old, "the switch needs no further look"
    parts = live(site)
    assert parts.book.digest != old
    site.parts = parts
    after = site.send(worry_answers())
    with parts.database.read() as connection:
        found = {row.report_id: row.rules_digest for row in rules.decisions(connection)}
    assert found == {before.report_id: old, after.report_id: parts.book.digest}
    replayed = Replay(parts.past, parts.rulebook)()
    assert (replayed.count, replayed.differences) == (2, [])


def test_rolling_back_is_publishing_an_earlier_set_again(site: Site) -> None:
    one = editor(site, "rules")
    first = read_document(changed(site, WORD, WORD), LAYER)
    published(site, changed(site))
    site.hands.move(minutes=2)
    draft_id = site.parts.rule_drafts.begin(one, LAYER, site.hands(), like=first.digest)
    row = site.parts.rule_drafts.draft(one, draft_id)
    assert row.content == first.text
    site.parts.publish.propose(one, draft_id, stamp_of(row))
    other = editor(site, "admin")
    since = publish(site, other, draft_id, first.digest)
    rulebook = site.parts.rule_drafts.rulebook()
    assert rulebook.at(since).documents[LAYER].digest == first.digest
    assert rulebook.at(site.hands()).documents[LAYER].digest != first.digest
    with pytest.raises(SetNotYours):
        site.parts.rule_drafts.begin(one, LAYER, site.hands(), like="0" * 64)


def test_a_set_for_a_later_day_waits_and_may_be_withdrawn(site: Site) -> None:
    day = (site.hands() + timedelta(days=30)).date()
    digest = published(site, changed(site), day)
    one = editor(site, "rules")
    with site.parts.database.read() as connection:
        newest = rules.publications(connection, LAYER)[0]
    assert newest.in_force_at > site.hands() + timedelta(days=29)
    assert (
        site.parts.rule_drafts.rulebook().at(newest.in_force_at).documents[LAYER].digest == digest
    )
    early = proposed(site, changed(site, WORD, "Ennen sitä."), OPERATOR)
    document = site.parts.rule_drafts.check(
        site.parts.rule_drafts.draft(one, early), site.hands()
    ).document
    assert document is not None
    with pytest.raises(TooEarly):
        publish(site, editor(site, "admin"), early, document.digest)
    assert site.parts.publish.withdraw(one, newest.id)
    assert not site.parts.publish.withdraw(one, newest.id)
    assert len(site.parts.rule_drafts.rulebook().editions) == 1


def test_what_is_in_force_cannot_be_withdrawn(site: Site) -> None:
    published(site, changed(site))
    with site.parts.database.read() as connection:
        newest = rules.publications(connection, LAYER)[0]
    site.hands.move(seconds=30)
    assert not site.parts.publish.withdraw(editor(site, "rules"), newest.id)


def test_the_first_rules_are_put_in_force_once(site: Site, tmp_path: Path) -> None:
    from intake.services.settle import first_rules

    assert not first_rules(site.parts.database, config.RULES, site.hands())
    with site.parts.database.read() as connection:
        assert len(rules.publications(connection)) == 3
