"""What the pages of the rule desk share: the services, forms, and refusals in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import request, url_for
from werkzeug.datastructures import CombinedMultiDict

from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.language import Language
from intake.services.past import Past
from intake.services.proving import ProofsBusy
from intake.services.publish import (
    NothingChanged,
    NotProposed,
    NotProved,
    OtherPublished,
    Publish,
    SamePerson,
    TooEarly,
)
from intake.services.rule_drafts import DraftChanged, Drafts
from intake.services.rule_editor import Editor
from intake.services.rule_sets import RuleSets
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.forms.base import PageForm
from intake.web.forms.staff import StaffForms
from intake.web.page import Clock as Now
from routing_rules.book import VOCABULARY
from routing_rules.document import Document, read_document
from routing_rules.vocabulary import RulesInvalid

CHANGED = mark("Somebody has saved or proposed this draft meanwhile. Look at it again.")
STALE = mark(
    "Another version of the set has been published or withdrawn since this draft was begun. Look "
    "at what it would change now: what the other version brought and this draft lacks would be "
    "undone. Whoever writes it saves it again and proposes it anew."
)
SAME = mark("Whoever wrote or proposed a set does not publish it. Ask a second rule editor.")
NOTHING = mark("The draft says what is in force already: there is nothing to publish.")
REFUSALS: Mapping[type[Exception], str] = {
    DraftChanged: CHANGED,
    NothingChanged: NOTHING,
    NotProposed: mark("Nobody has proposed this draft as it stands."),
    NotProved: mark("The draft does not hold: see what the proof found."),
    OtherPublished: STALE,
    ProofsBusy: mark("Another proof is under way. Wait a moment, and try again."),
    RulesInvalid: mark("The draft cannot be read: see what is wrong with it."),
    SamePerson: SAME,
    TooEarly: mark(
        "A version that was published before comes into force later than this one would. Withdraw "
        "it first, or give this one a later day."
    ),
}
OPERATOR = mark("an operator")
WORDS = mark("The words of the rules")
AForm = TypeVar("AForm", bound=PageForm)


@dataclass(frozen=True)
class Desk:
    """The rule editor's tools. ``past``: what the replay key opens, None where it is not here."""

    drafts: Drafts
    publish: Publish
    sets: RuleSets
    directory: Directory
    past: Callable[[], Past | None]
    forms: StaffForms
    now: Now

    def form(
        self, kind: type[AForm], visit: Visit, made_with: Mapping[str, Any] = {}, /, **data: Any
    ) -> AForm:
        """A form with what was posted, files too; else with ``data``."""
        posted: CombinedMultiDict[str, Any] | None = None
        if request.method == "POST":
            posted = CombinedMultiDict([request.files, request.form])
        return self.forms(kind, visit, posted, data=data, **made_with)

    def title(self, language: Language, layer: str) -> str:
        """The name of a set."""
        return title_of(language, layer, self.drafts.last(layer))

    def title_of_draft(self, language: Language, draft: AnyRow) -> str:
        """The name of a draft's set; of one that is not there yet, the draft's name for it."""
        last = self.drafts.last(draft.layer)
        return title_of(language, draft.layer, last or document_of(draft))


def editor(visit: Visit) -> Editor:
    """The reader as who writes rules."""
    return Editor(visit.person.id, visit.person.controllers(Permission.CHANGE_RULES))


def document_of(draft: AnyRow) -> Document | None:
    """What a draft says, None if it cannot be read."""
    try:
        return read_document(draft.content, draft.layer)
    except RulesInvalid:
        return None


def title_of(language: Language, layer: str, document: Document | None) -> str:
    """What a set calls itself; the vocabulary has no title, nor has a set that is not there yet."""
    head = document.raw.get("ruleset") if document else None
    title = head.get("title") if isinstance(head, Mapping) else None
    if isinstance(title, Mapping) and title.get("fi"):
        return language.text(title)
    return language.gettext(WORDS) if layer == VOCABULARY else layer


def name_of(language: Language, name: str | None, person_id: UUID | None) -> str:
    """Who did it; operators on the command line are not persons here."""
    return name or (str(person_id) if person_id else language.gettext(OPERATOR))


def refuse(form: PageForm, error: Exception) -> None:
    """Say above the form why it was not done."""
    form.form_errors.append(form.say(Message(REFUSALS[type(error)])))


def draft_href(draft_id: UUID, page: str = "draft") -> str:
    """The address of a page about a draft."""
    return url_for(f"rules.desk.{page}", draft_id=draft_id)
