"""Everything typed, checked page by page with the pages' own forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from intake.domain.message import mark
from intake.web.forms.report_form import Around, ReportForm
from intake.web.reporter.pages import (
    GROUPS,
    PAGES,
    Group,
    Page,
    Typed,
    Way,
    address,
    make_form,
    needs_call,
)

CALL_FIRST = mark("Call 112 before you send the report.")
NO_CHILD = mark("Tell of at least one child.")


@dataclass(frozen=True)
class Answered:
    """The form of one page, or of one of the people of a group."""

    page: Page | Group
    number: int | None
    form: ReportForm

    @property
    def section(self) -> str:
        """Under what heading its answers are shown: some pages share one."""
        shared = {"who": "reporter", "primary": "worry"}.get(self.page.name)
        return self.form.language.gettext(PAGES[shared].title) if shared else self.title

    @property
    def title(self) -> str:
        """What the page is called; people by their own names where these are known."""
        say = self.form.language.gettext
        if self.number is None or not isinstance(self.page, Group):
            return say(self.page.title)
        one = say(self.page.one, number=self.number)
        name = self.form["name"].shown.strip()
        return f"{one}: {name}" if name else one

    def address(self, anchor: str | None = None) -> str:
        """The page's address, which leads back to the check page."""
        values = {} if self.number is None else {"number": self.number}
        return address(self.page.name, to_check=True, anchor=anchor, **values)

    def rows(self) -> list[tuple[str, str, str]]:
        """Question, answer in words and the question's address, of all that was answered."""
        return [
            (question.label.text, question.shown, self.address(question.id))
            for question in self.form.questions
            if question.shown
        ]


@dataclass(frozen=True)
class Section:
    """A heading and the answers under it: question, answer and where to change it."""

    title: str
    rows: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Problem:
    """Something that keeps a worry from being sent."""

    text: str
    href: str


@dataclass
class Checked:
    """A draft as a whole. ``answers`` can become a worry if there are no problems."""

    pages: list[Answered]
    problems: list[Problem]
    answers: dict[str, Any] = field(default_factory=dict)


def look_over(way: Way, typed: Typed, around: Around) -> Checked:
    """Check a draft as a whole; ``around`` knows its kind and topics."""
    pages = list(_typed_pages(way, typed, around))
    problems = [
        Problem(
            f"{page.title}: {text}" if page.number else text,
            page.address(question.id),
        )
        for page in pages
        for question in page.form.questions
        for text in question.errors
    ]
    say = around.language.gettext
    if not typed.get("children"):
        problems.append(Problem(say(NO_CHILD), address("child", to_check=True, number=1)))
    if needs_call(typed):
        problems.append(Problem(say(CALL_FIRST), address("call_112", to_check=True)))
    return Checked(pages, problems, {} if problems else _joined(pages, around))


def sections(pages: list[Answered]) -> list[Section]:
    """The answers under their headings; headings without answers are left out."""
    found: dict[str, Section] = {}
    for page in pages:
        if page.rows():
            found.setdefault(page.section, Section(page.section, [])).rows.extend(page.rows())
    return list(found.values())


def copy_pages(way: Way, copy: Mapping[str, Any], around: Around) -> list[Answered]:
    """The pages of a sent report, of its reporter's own copy."""
    found = []
    for page in way.order:
        if isinstance(page, Group):
            people = enumerate(copy[page.step], 1)
            found += [Answered(page, n, make_form(page, around, data=one)) for n, one in people]
        elif page.name != "primary" or len(around.topics) > 1:
            data = copy[{"who": "reporter", "primary": "worry"}.get(page.name, page.name)]
            found.append(Answered(page, None, make_form(page, around, data=data)))
    return found


def looked_at(page: Page | Group, posted: Mapping[str, list[str]], around: Around) -> ReportForm:
    """The form of a page with the answers that the draft has for it, checked."""
    form = make_form(page, around, MultiDict(posted)).without_token()
    form.posted &= {question.name for question in form.questions}  # asked of another kind
    form.validate()
    return form


def _typed_pages(way: Way, typed: Typed, around: Around) -> Iterator[Answered]:
    for page in way.order:
        if isinstance(page, Group):
            for number, posted in enumerate(typed.get(page.step, ()), 1):
                yield Answered(page, number, looked_at(page, posted, around))
        elif page.name != "primary" or len(around.topics) > 1:
            yield Answered(page, None, looked_at(page, typed.get(page.name, {}), around))


def _joined(pages: list[Answered], around: Around) -> dict[str, Any]:
    """The shape that ``worry_of`` reads."""
    answers: dict[str, Any] = {group.step: [] for group in GROUPS.values()}
    for answered in pages:
        cleaned = answered.form.cleaned()
        if isinstance(answered.page, Group):
            answers[answered.page.step].append(cleaned)
        else:
            answers[answered.page.name] = cleaned
    answers["reporter"] |= answers.pop("who")
    answers["worry"] |= answers.pop("primary", {"primary": around.topics[0]})
    return answers
