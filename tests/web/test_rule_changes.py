"""What a draft would change, and what it would have done: in words, with small numbers hidden."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from config import REPLAY_PRIVATE
from intake.domain.trail import Action
from intake.services import ask_impact
from intake.services.past import Past
from intake.services.rule_editor import Editor as Writer
from intake.store import rules, trail
from intake.store.tables import TrailRow
from intake.web.rule_desk import difference
from routing_rules.budget import BudgetSpent
from routing_rules.difference import VocabulariesDiffer
from routing_rules.document import read_document
from tests.services.test_publish_together import OWN
from tests.site import Site, worry_answers
from tests.web.rule_desk import LAYER, OTHER, PARISH, WORD, Editor, changed, in_force
from tests.web.test_rule_drafts import links
from tests.web.test_staff_referral import english

SECOND = timedelta(seconds=1)


def of_a_parish(site: Site, count: int) -> None:
    for _ in range(count):
        site.send(worry_answers(reporter={"sector": "parish"}))


def test_every_change_is_told_in_words(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    page = one.get(f"{draft}/difference")
    for told in (
        "Gets it: Police",
        "No → Yes",
        "Main topic:",
        "Lack of care",
        "Parish or religious community",
        "of all possible facts",
        "Written otherwise",
        "Parish: police",
        "added",
    ):
        assert told in page, told
    in_words = page.partition("Text that changed")[0]
    for code in ("sector", "neglect", "SOC", "recipients"):
        assert f">{code}" not in in_words
        assert f" {code} " not in in_words
    assert next(links(page))["sector"] == ["parish"]
    for language in ("fi", "sv"):
        one.client.set_cookie("ankkuri_language", language)
        assert "Written otherwise" not in one.get(f"{draft}/difference")


def test_words_alone_change_no_report(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(changed(site))
    page = one.get(f"{draft}/difference")
    assert "No report would be decided otherwise." in page
    assert "Written otherwise" in page
    assert "today" in page
    page = one.get(f"{one.begin()}/difference")
    assert "Nothing: no report would be decided otherwise" in page


@pytest.mark.on_both
def test_the_impact_counts_who_gains(site: Site) -> None:
    of_a_parish(site, 8)
    for _ in range(5):
        site.send()
    site.hands.move(days=1)
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    page = one.get(f"{draft}/impact?newest=500")
    assert "10 of 15 reports would move" in page
    assert "Kerava, " in page
    gains = page.partition("Who gains, who loses")[2].partition("</table>")[0]
    assert "Police" in gains
    assert ">10<" in gains
    load = page.partition("Reports of each agency")[2].partition("</table>")[0]
    assert "<svg" in load
    assert ">15<" in load
    for told in ("Kaisla", "neglect", "eväitä"):
        assert told not in page


def test_no_number_of_the_impact_is_exact(site: Site) -> None:
    """The bars neither, nor the order of rows, nor what is marked as changed."""
    pages = []
    draft = Editor(site).drafted(in_force(site) + PARISH)
    of_a_parish(site, 8)
    site.send()
    for _ in range(5):
        site.hands.move(days=1)
        pages.append(Editor(site).get(f"{draft}/impact").partition("<main")[2])
        of_a_parish(site, 1)
    assert pages[0] == pages[1] == pages[2] == pages[3]
    assert pages[3] != pages[4]
    assert set(re.findall(r">(\d+)<", pages[0].partition("<table")[2])) == {"10"}


@pytest.mark.parametrize("count", [0, 1, 4])
def test_whether_there_is_any_report_is_not_told_below_five(site: Site, count: int) -> None:
    of_a_parish(site, count)
    site.hands.move(days=1)
    one = Editor(site)
    page = one.get(f"{one.drafted(in_force(site) + PARISH)}/impact")
    assert "&lt;5 of &lt;5 reports would move" in page
    for told in ("<table", "Police"):
        assert told not in page.partition("<main")[2]


def test_reports_of_today_are_not_counted(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    midnight = datetime(2026, 6, 2, 21, tzinfo=UTC)
    for at, told in ((midnight - SECOND, "&lt;5 of &lt;5"), (midnight, "5 of 5")):
        site.hands.at = at
        of_a_parish(site, 5)
        assert f"{told} reports would move" in Editor(site).get(f"{draft}/impact")


def test_a_draft_is_tried_on_reports_only_once_it_is_proved(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Past, "opened", None)
    one = Editor(site)
    for text in ("]", in_force(site) + PARISH.partition("[[case]]")[0]):
        draft = one.drafted(text)
        page = one.get(f"{draft}/impact").partition("<main")[2]
        assert "only once it is proved" in page
        assert f'href="{draft}"' in page
    assert asked(site) == []


def asked(site: Site) -> list[tuple[object, ...]]:
    columns = TrailRow.person_id, TrailRow.role, TrailRow.purpose, TrailRow.basis
    with site.parts.database.read() as connection:
        lines = select(*columns).where(TrailRow.action == Action.REHEARSE_RULES)
        return [tuple(line) for line in connection.execute(lines)]


def test_each_look_at_the_past_leaves_a_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    of_a_parish(site, 2)
    site.hands.move(days=1)
    of_a_parish(site, 1)
    one = Editor(site)
    text = in_force(site) + PARISH
    draft = one.drafted(text)
    one.get(f"{draft}/impact")
    digest = read_document(text, LAYER).digest
    line = (site.people["rules"], "rule_editor", LAYER, f"{digest}; 2 reports")
    assert asked(site) == [line]
    assert "tried on earlier reports" in english(site, "auditor").get("/trail").text
    monkeypatch.setattr(Past, "opened", None)
    assert one.client.get(f"{draft}/impact").status_code == 500
    assert asked(site) == [line, line], "the line comes before the look"


def test_a_person_may_ask_only_so_often_on_one_day(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_impact, "MOST_A_DAY", 2)
    one, two = Editor(site), Editor(site, "rules-2")
    draft, other = one.drafted(changed(site)), one.drafted(in_force(site) + PARISH)
    for path in (draft, other):
        assert "reports would move" in one.get(f"{path}/impact")
    page = one.get(f"{draft}/impact")
    assert "as often as anyone may" in page
    assert "reports would move" not in page
    assert len(asked(site)) == 2
    assert "reports would move" in two.get(f"{draft}/impact")
    site.hands.move(days=1)
    assert "reports would move" in Editor(site).get(f"{draft}/impact")


@pytest.mark.on_both
def test_who_asks_twice_at_once_is_counted_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sees the other's line before its own is kept."""
    monkeypatch.setattr(ask_impact, "MOST_A_DAY", 1)
    one = Editor(site)
    draft = one.drafted(changed(site))
    counts = iter([0, 2])
    monkeypatch.setattr(trail, "count_of_person", lambda *_: next(counts))
    assert "as often as anyone may" in one.get(f"{draft}/impact")


@pytest.mark.parametrize("asked", ["1", "100", "-1", "x", "499", ""])
def test_single_reports_cannot_be_asked_for(site: Site, asked: str) -> None:
    one = Editor(site)
    page = one.get(f"{one.begin()}/impact?newest={asked}")
    assert '<option value="500" selected>' in page
    assert re.findall(r'<option value="(\d+)"', page) == ["500", "2000", "10000"]


def test_without_the_replay_key_the_page_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path(site.parts.settings.keys) / REPLAY_PRIVATE).unlink()
    monkeypatch.setattr(Past, "opened", None)
    one = Editor(site)
    page = one.get(f"{one.drafted(changed(site, WORD, 'x'))}/impact")
    assert "is not kept where this page is served" in page


def test_every_page_of_the_desk_is_whole_in_every_language(site: Site) -> None:
    of_a_parish(site, 6)
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.proposed(in_force(site) + PARISH)
    faulty = one.drafted(changed(site, 'then = { lead = "PRI" }', 'then = { lead = "YOU" }'))
    for language in ("fi", "sv", "en"):
        for editor in (one, two):
            editor.client.set_cookie("ankkuri_language", language)
            for path in ("/rules/sets", draft, faulty):
                editor.get(path)
            for name in ("propose", "publish", "throw-away", "difference", "impact"):
                editor.get(f"{draft}/{name}")


def test_one_comparison_or_proof_is_made_at_a_time(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    site.parts.proving._known.clear()
    object.__setattr__(site.parts.proving, "wait_seconds", 0.01)
    with site.parts.proving.turn():
        assert "Only one is made at a time" in one.get(f"{draft}/difference", 503)
        page = one.get(draft)
        assert "It is not proved yet" in page
        assert "For every possible report" not in page
        assert f'href="{draft}/propose"' not in page
        typed = in_force(site) + PARISH + "# more"
        one.post(draft, content=typed)
        assert one.text(draft) == typed


def text_changed(page: str) -> str:
    return page.partition("Text that changed</h2>")[2]


def test_the_lines_that_changed_are_shown_of_every_draft(site: Site) -> None:
    """Reworded reasons, which no comparison of decisions tells, and what cannot be read too."""
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.proposed(changed(site))
    told = text_changed(two.get(f"{draft}/difference"))
    assert WORD in told
    assert OTHER in told
    assert len(re.findall(r'scope="row"', told)) == 1
    told = text_changed(one.get(f"{one.drafted('] # mine < yours')}/difference"))
    assert "] # mine &lt; yours" in told
    assert "The text is the same as" in text_changed(one.get(f"{one.begin()}/difference"))


def test_the_lines_are_shown_where_decisions_cannot_be_compared(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    for error, told in (
        (VocabulariesDiffer(), "changes the words of the rules"),
        (BudgetSpent("9"), "differ too much"),
    ):
        monkeypatch.setattr(difference, "difference", Mock(side_effect=error))
        page = one.get(f"{draft}/difference")
        assert told in page
        assert "Nothing: no report" not in page
        assert "test-parish" in text_changed(page)


def test_of_very_many_places_the_rest_are_counted(site: Site) -> None:
    one = Editor(site)
    lines = in_force(site).splitlines()
    lines[::2] = [f"# {line}" for line in lines[::2]]
    told = text_changed(one.get(f"{one.drafted(chr(10).join(lines))}/difference"))
    assert len(re.findall(r'scope="row"', told)) == 60
    assert re.search(r"and \d+ other places", told)


def test_of_the_vocabulary_and_of_a_new_set_the_lines_are_shown(site: Site) -> None:
    drafts, two = site.parts.rule_drafts, Editor(site, "rules-2")
    vocabulary = site.parts.book.vocabulary.text + "\n# a word more\n"
    finland = drafts.last("finland")
    assert finland
    reworded = finland.text.replace('because.fi = "', 'because.fi = "Uudelleen: ', 1)
    cases = (vocabulary, "# a word more"), (reworded, "Uudelleen: "), (OWN, "Vandas regler")
    for text, told in cases:
        draft_id = drafts.bring(Writer(None), text, site.hands())
        with site.parts.database.write() as connection:
            row = drafts.draft(Writer(None), draft_id)
            assert rules.change_draft(connection, row, proposed_at=site.hands())
        assert told in text_changed(two.get(f"/rules/drafts/{draft_id}/difference"))
