"""A draft's page: nothing typed is lost, and what is wrong stands beside its rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select

from intake.domain.trail import Action
from intake.language import Language
from intake.services.prove import Flaw
from intake.services.rule_drafts import Drafts
from intake.store.tables import TrailRow
from intake.web.forms.try_rules import as_written
from intake.web.rule_desk.findings import findings
from intake.web.rule_desk.told import Words
from tests.look.page_faults import page_faults
from tests.site import PASSPHRASE, Site, token_in
from tests.web.rule_desk import OTHER, PARISH, WORD, Editor, changed, in_force, text_file, text_in


@pytest.mark.on_both
def test_what_two_people_type_at_once_is_not_lost(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.begin()
    shown = two.get(draft)
    site.hands.move(minutes=1)
    one.post(draft, content=changed(site, WORD, "Ensimmäisen rivi."))
    seen = dict(re.findall(r'name="(seen)" value="([^"]+)"', shown))
    typed = changed(site, WORD, "Toisen rivi.")
    page = two.post(draft, 409, content=typed, **seen)
    assert "Sanni Sääntö has saved or proposed this draft meanwhile" in page
    assert text_in(page) == typed
    differing = page.partition("Where your text differs")[2].partition("</table>")[0]
    assert "Ensimmäisen rivi." in differing
    assert "Toisen rivi." in differing
    assert 'hreflang="sv"' not in page, "another language would lose the text"
    assert one.text(draft) == changed(site, WORD, "Ensimmäisen rivi.")
    new = dict(re.findall(r'name="(seen)" value="([^"]+)"', page))
    two.post(draft, content=typed, **new)
    assert two.text(draft) == typed


@pytest.mark.on_both
def test_what_is_typed_into_a_draft_that_is_gone_is_shown_again(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.begin()
    data = {"csrf_token": token_in(one.get(draft)), "content": "# mine < yours", "seen": "x"}
    two.post(f"{draft}/throw-away")
    answer = one.client.post(draft, data=data)
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert "# mine &lt; yours" in answer.text


@pytest.mark.on_both
def test_what_is_typed_in_an_ended_session_is_there_after_signing_in(site: Site) -> None:
    one = Editor(site)
    draft = one.begin()
    page = one.get(draft)
    typed = changed(site)
    assert len(typed) > 60_000
    site.hands.move(hours=24)
    seen = dict(re.findall(r'name="(seen)" value="([^"]+)"', page))
    data = {"csrf_token": token_in(page), "content": typed, **seen}
    answer = one.client.post(draft, data=data, follow_redirects=True)
    assert "csrf_token" in answer.text
    kept: dict[str, Any] = {
        name: unescape(value)
        for name, value in re.findall(r'name="(kept[^"]*)" value="([^"]*)"', answer.text)
    }
    assert kept["kept.content"] == typed
    kept |= {"name": "rules", "passphrase": PASSPHRASE, "csrf_token": token_in(answer.text)}
    answer = one.client.post(f"/sign-in?next={draft}", data=kept)
    assert answer.status_code == 200
    assert OTHER in unescape(answer.text)


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("nothing", "  \n", "Write the text of the set."),
        ("too long", "#" * 300_001, "has room for 300,000 characters"),
        ("a null", "id = \x00", "has a character that cannot be used (U+0000"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept(
    site: Site, name: str, typed: str, told: str
) -> None:
    one = Editor(site)
    draft = one.begin()
    page = one.post(draft, 422, content=typed)
    assert told in page
    assert text_in(page).strip() == typed.strip() or name == "a null"
    assert one.text(draft) == in_force(site)


def test_a_file_takes_the_place_of_the_text(site: Site) -> None:
    one = Editor(site)
    draft = one.begin()
    same = in_force(site)
    one.post(draft, content=same, file=text_file(b"\xef\xbb\xbf" + changed(site).encode()))
    assert one.text(draft) == changed(site)


def test_a_file_never_takes_the_place_of_what_was_typed(site: Site) -> None:
    one = Editor(site)
    draft = one.begin()
    page = one.post(draft, 422, content="# typed", file=text_file("# file"))
    assert "Save the text first, then choose the file" in page
    assert text_in(page) == "# typed"
    assert one.text(draft) == in_force(site)


def test_a_text_that_says_it_is_a_file_is_no_file(site: Site) -> None:
    one = Editor(site)
    draft = one.begin()
    one.post(draft, content=changed(site), file="# no file")
    assert one.text(draft) == changed(site)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"\xff\xfe", "The file is not text in UTF-8."),
        (b"#" * 1_200_001, "The file is too large: there is room for 300,000 characters."),
        (b"#" * 300_001, "has room for 300,000 characters"),
        (b"id = \x00", "has a character that cannot be used (U+0000"),
    ],
    ids=["no text", "too large", "too long", "a null"],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(
    site: Site, raw: bytes, told: str
) -> None:
    one = Editor(site)
    draft = one.begin()
    page = one.post(draft, 422, content=in_force(site), file=text_file(raw))
    assert told in page
    assert text_in(page) == in_force(site)
    assert 'id="file-error"' in page
    assert 'id="content-error"' not in page
    assert one.text(draft) == in_force(site)


def test_a_file_never_touches_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a file was spooled to the disk")

    one = Editor(site)
    draft = one.begin()
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    one.post(draft, 422, content=in_force(site), file=text_file(b"#" * 2_000_000))


def test_each_line_that_does_not_load_is_told(site: Site) -> None:
    one = Editor(site)
    broken = changed(site, 'tier = "county"\nbasis', 'teir = "county"\nbasis')
    page = one.get(one.drafted(broken.replace('urgency = ["today"', 'urgenzy = ["today"', 1)))
    assert "It cannot be read" in page
    assert "urgenzy" in page
    assert "teir" in page
    draft = one.drafted("]")
    assert "It cannot be read" in one.get(draft)
    assert "The draft cannot be read" in one.get(f"{draft}/difference")


BASIS = """
[[basis]]
id = "rl15_10"
kind = "law"
law = "1/2026 §1"
valid_from = 2026-01-01
text = { fi = "Muu", sv = "Annan", en = "Another one" }
"""

CHANGES = {
    "weakened": ("", BASIS, "is described otherwise: Another one (1/2026 §1)."),
    "conflict": ("", PARISH.replace('recipients = "POL"', 'lead = "POL"', 1), "none is stronger"),
    "lacking": (
        "",
        PARISH.replace('recipients = "POL"', 'withhold_sections = { SOC = "concern" }', 1),
        "without what every recipient needs: Parts: ",
    ),
    "case_fails": (
        'then = { lead = "PRI" }',
        'then = { lead = "PRI", recipients = "POL" }',
        "does not come out as it says",
    ),
    "no_case": ("", PARISH.partition("[[case]]")[0], "No worked case shows what the rule does"),
    "never": (
        "",
        PARISH.replace('"parish", age', '"parish", reporter_kind = "child", age', 1),
        "No worked case shows what the rule does",
    ),
}


@pytest.mark.parametrize("kind", sorted(CHANGES))
def test_a_finding_is_told_in_words_beside_its_rule(site: Site, kind: str) -> None:
    old, new, told = CHANGES[kind]
    one = Editor(site)
    text = changed(site, old, new) if old else in_force(site) + new
    draft = one.drafted(text)
    page = one.get(draft)
    found = page.partition("What the proof found")[2].partition("</table>")[0]
    assert told in found
    subjects = {"case_fails": ["holiday-welfare"], "weakened": ["R3"], "lacking": []}
    for subject in subjects.get(kind, ["Parish: police", "test-parish"]):
        assert subject in found
    for language in ("fi", "sv"):
        one.client.set_cookie("ankkuri_language", language)
        other = one.get(draft)
        assert told not in other


def links(page: str) -> Iterator[dict[str, list[str]]]:
    for href in re.findall(r'href="(/rules/try\?[^"]*)"', page):
        yield parse_qs(urlsplit(unescape(href)).query)


def test_a_witness_opens_in_the_simulator_with_all_of_its_facts(site: Site) -> None:
    one = Editor(site)
    page = one.get(one.drafted(changed(site, *CHANGES["case_fails"][:2])))
    found = list(links(page))
    assert found
    fields = site.parts.book.base.vocabulary.fields
    for query in found:
        assert set(query) == {"municipality", "draft", *fields}
        assert set(query["municipality"]) <= set(site.parts.book.tables)
        for name, values in query.items():
            if name in fields:
                known = set(map(str, fields[name].values))
                assert set(values) <= known, name


def test_a_witness_is_tried_under_the_draft_by_those_who_keep_it(site: Site) -> None:
    one = Editor(site)
    other_lead = ('then = { lead = "PRI" }', 'then = { lead = "YOU" }')
    page = one.get(one.drafted(changed(site, *other_lead)))
    href = next(
        unescape(h) for h in re.findall(r'href="(/rules/try[^"]*)"', page) if "bullying" in h
    )
    drafted, in_force_now = one.get(href), one.get(re.sub("draft=[^&]*&", "", href))
    assert "as they would be with the draft" in drafted
    assert "as they would be with the draft" not in in_force_now
    assert "Youth services" in drafted
    for wrong in (str(UUID(int=1)), "nonsense"):
        assert one.client.get("/rules/try", query_string={"draft": wrong}).status_code == 404
    assert Editor(site, "rules-police").client.get(href).status_code == 404


def test_what_is_wrong_where_no_set_names_the_municipality_is_told_of_there(site: Site) -> None:
    book = site.parts.book
    (table, _), *_ = book.distinct
    flaw = Flaw("gap", (), None, table.cases[0].facts, "none", ("lead",), elsewhere=True)
    directory, few = site.parts.directory, replace(book, tables={"vantaa": book.table("vantaa")})
    with site.app.test_request_context():
        words = Words(Language("en"), (book,))
        (here,) = findings(words, directory, book, [flaw], UUID(int=1))
        (there,) = findings(words, directory, few, [flaw], UUID(int=1))
    assert here.where == there.where == "Where no set of a municipality's own holds"
    assert here.href == "", "every municipality has a set"
    assert "municipality=kerava" in there.href


@pytest.mark.on_both
def test_what_only_the_default_catches_opens_in_the_simulator(site: Site) -> None:
    one = Editor(site)
    page = one.get(one.begin())
    left = page.partition("What only the default catches")[2].partition("</details>")[0]
    assert re.search(r"Who leads: [\d.]+ % of all possible facts", left)
    found = list(links(left))
    assert 1 <= len(found) <= 3
    for href in re.findall(r'href="(/rules/try[^"]*)"', left):
        one.get(unescape(href))
    ordinary = as_written(site.parts.book.table("vantaa").defaults)
    for query in found:
        stated = {name: query[name] for name in ordinary}
        told = sum(values != ordinary[name] for name, values in stated.items())
        assert 0 < told < 8, "the facts are as usual as they can be"


def test_agencies_without_people_stand_apart_and_hinder_nothing(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    page = one.get(draft)
    apart = page.partition("Not by this draft")[2]
    assert "Nobody can open what comes for: " in apart
    assert "Sipoo" in apart
    assert f'href="{draft}/propose"' in page
    assert "It is proved" in page


def test_where_a_text_was_not_saved_nothing_is_said_of_the_stored_one(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(changed(site))
    page = one.get(draft)
    assert "The stored text is what is proposed: save your changes first." in page
    about_stored = ("It is proved", f"{draft}/propose", f"{draft}/difference", f"{draft}/impact")
    page = one.post(draft, 422, content=" ")
    assert "Your text was not saved: the stored text stays as it is." in page
    page += one.post(
        draft, 409, content=changed(site, WORD, "x"), seen="2026-01-01T00:00:00+00:00 -"
    )
    assert not [told for told in about_stored if told in page]
    page = one.get(draft)
    assert not [told for told in about_stored if told not in page]
    assert "Your text was not saved" not in page


def test_what_is_typed_for_a_set_that_has_gone_to_others_is_shown_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Editor(site)
    draft = one.begin()
    token = token_in(one.get(draft))
    monkeypatch.setattr(Drafts, "_may_write", lambda *_: False)
    data = {"csrf_token": token, "content": "# mine < yours", "seen": "x"}
    answer = one.client.post(draft, data=data)
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert "# mine &lt; yours" in answer.text
    assert "others keep its set now" in answer.text
    with site.parts.database.read() as connection:
        refused = select(TrailRow.id).where(TrailRow.action == Action.REFUSED)
        assert len(connection.scalars(refused).all()) == 1


@pytest.mark.on_both
def test_saving_what_is_the_same_leaves_the_proposal(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.proposed(changed(site))
    two.post(draft, content=changed(site))
    page = two.get(draft)
    assert f'href="{draft}/publish"' in page
    assert "The proposal is taken back by saving" in page
    two.post(draft, content=changed(site, WORD, "Uusi."))
    assert "The proposal is taken back by saving" not in two.get(draft)
