"""The pages of a worry: their order, their forms, and where each leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from flask import request, url_for

from intake.domain.message import mark
from intake.domain.report import MAX_CHILDREN, MAX_GUARDIANS
from intake.web.forms.family import ChildForm, GuardianForm
from intake.web.forms.report_form import Around, ReportForm
from intake.web.forms.reporter import REPORTER_FORMS, WhoForm
from intake.web.forms.worry import (
    ConsentForm,
    ObservationsForm,
    PrimaryForm,
    ProtectionForm,
    UrgencyForm,
    WorryForm,
)

STEPS = (
    "who",
    "reporter",
    "children",
    "guardians",
    "worry",
    "urgency",
    "protection",
    "observations",
    "consent",
    "check",
)
CHECK = "check"
CALLED_112 = "called_112"
Typed = dict[str, Any]
"""The draft: for each page its answers as they were posted, lists of them for the people."""


@dataclass(frozen=True)
class Page:
    """One page of questions. ``form`` None: the reporter's kind chooses it.

    ``folder``: where its template is.
    """

    name: str
    title: str
    step: str
    form: type[ReportForm] | None = None
    folder: str = "reporter"


@dataclass(frozen=True)
class Group:
    """People of whom there may be ``most``, each on a page of the group's ``name``."""

    name: str
    step: str
    title: str
    one: str
    most: int
    form: type[ReportForm]
    folder: str = "reporter"


PAGES: Mapping[str, Page] = MappingProxyType(
    {
        "who": Page("who", mark("The reporter"), "who", WhoForm),
        "reporter": Page("reporter", mark("Your details"), "reporter"),
        "worry": Page("worry", mark("What kind of worry?"), "worry", WorryForm),
        "primary": Page("primary", mark("What matters most"), "worry", PrimaryForm),
        "urgency": Page("urgency", mark("How urgent is it?"), "urgency", UrgencyForm),
        "protection": Page(
            "protection", mark("The child’s need for protection"), "protection", ProtectionForm
        ),
        "observations": Page(
            "observations", mark("Observations"), "observations", ObservationsForm
        ),
        "consent": Page("consent", mark("Who knows, and who consents?"), "consent", ConsentForm),
    }
)
GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        "child": Group(
            "child",
            "children",
            mark("The child or children"),
            mark("Child %(number)s"),
            MAX_CHILDREN,
            ChildForm,
        ),
        "guardian": Group(
            "guardian",
            "guardians",
            mark("The child’s guardians"),
            mark("Guardian %(number)s"),
            MAX_GUARDIANS,
            GuardianForm,
        ),
    }
)


_PLACES = frozenset({CHECK, "call_112", *(group.step for group in GROUPS.values())})
"""The pages of the way that are routes of their own names."""


def make_form(page: Page | Group, around: Around, posted: Any = None, **kwargs: Any) -> ReportForm:
    """The form of a page; ``posted`` None shows it with its ``data``, if any."""
    form = page.form or REPORTER_FORMS.get(around.kind, REPORTER_FORMS["professional"])
    return form(posted, around=around, **kwargs)


def returning() -> bool:
    """Whether the reader came from the check page by a Change link."""
    return request.args.get("from") == CHECK


def address(name: str, *, to_check: bool = False, anchor: str | None = None, **values: Any) -> str:
    """The address of a page of the way, at this request's door.

    ``to_check``: it leads back to the check page.
    """
    if to_check:
        values["from"] = CHECK
    if name in _PLACES:
        return url_for(f".{name}", _anchor=anchor, **values)
    if name in GROUPS:
        return url_for(".person", name=name, _anchor=anchor, **values)
    return url_for(".page", name=name, _anchor=anchor, **values)


@dataclass(frozen=True)
class Way:
    """The pages of a worry in the order of one door's steps.

    ``front``: the endpoint that Back leads to from the first step.
    """

    pages: Mapping[str, Page]
    steps: tuple[str, ...]
    front: str

    @cached_property
    def order(self) -> tuple[Page | Group, ...]:
        """Every page and group, as they are asked."""
        every: tuple[Page | Group, ...] = (*self.pages.values(), *GROUPS.values())
        return tuple(each for step in self.steps for each in every if each.step == step)

    def after(self, page: Page, typed: Typed, around: Around) -> str:
        """Where a page leads once its answers hold."""
        back = returning()
        if page.name == "who" and back:
            return address("reporter", to_check=True)
        if page.name == "worry" and len(around.topics) > 1:
            return address("primary", to_check=back)
        if page.name == "urgency" and needs_call(typed):
            return address("call_112", to_check=back)
        return address(CHECK) if back else self.next_step(page.step)

    def next_step(self, step: str) -> str:
        """The address of the step after this one."""
        return address(self.steps[self.steps.index(step) + 1])

    def before(self, step: str) -> str:
        """Where Back leads from a step."""
        place = self.steps.index(step)
        if returning():
            return address(CHECK)
        return address(self.steps[place - 1]) if place else url_for(self.front)


def needs_call(typed: Typed) -> bool:
    """Whether the emergency number must be called before the worry may be sent."""
    return "emergency" in typed.get("urgency", {}).get("urgency", ()) and not typed.get(CALLED_112)
