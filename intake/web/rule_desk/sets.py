"""The sets that the reader keeps: in force, to come, drafted, and how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.message import Message, mark
from intake.language import Language
from intake.services.proving import ProofsBusy
from intake.services.publish import WAITS, OtherPublished, OthersNeedIt
from intake.services.rule_editor import Editor
from intake.services.rule_sets import KeptSet
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.forms.base import PageForm
from intake.web.forms.rules import BeginForm
from intake.web.page import reader_language, render
from intake.web.rule_desk.desk import (
    REFUSALS,
    Desk,
    document_of,
    draft_href,
    editor,
    name_of,
    title_of,
)

SHORT = 12
MOST_SHOWN = 50
TOO_LATE = mark(
    "It is in force, or within a minute of it, so it cannot be withdrawn: publish another version."
)
NEEDED = mark(
    "Another version that waits was proved together with this one, and does not hold without it. "
    "Withdraw that one first."
)
MEANWHILE = mark("Something was published or withdrawn at the same time. Look again.")
WITHDRAWN = mark("It has been withdrawn already.")
DONE = {
    "published": mark("Published. It comes into force at the time that is shown below."),
    "withdrawn": mark("Withdrawn: it does not come into force."),
    "thrown-away": mark("The draft was thrown away."),
}


@dataclass(frozen=True)
class SetsPages:
    """The views."""

    desk: Desk

    def sets(self, visit: Visit) -> Response:
        """All of the reader's sets."""
        return self._sets(visit, self.desk.forms(BeginForm, visit), 200)

    def new_version(self, visit: Visit, layer: str) -> Any:
        """Begin a draft, like the last version or an earlier one."""
        form = self.desk.form(BeginForm, visit)
        who, like = editor(visit), form.like.data or None
        self.desk.drafts.layer(who, layer)
        if not form.validate():
            return self._sets(visit, form, 422)
        draft_id = self.desk.drafts.begin(who, layer, self.desk.now(), like=like)
        return redirect(draft_href(draft_id), 303)

    def withdraw(self, visit: Visit, publication_id: UUID) -> Any:
        """Take back what is not in force yet."""
        who, now, language = editor(visit), self.desk.now(), reader_language()
        row = self.desk.sets.publication(who, publication_id)
        form = self.desk.form(PageForm, visit)
        status = 200
        late = WITHDRAWN if row.withdrawn_at else TOO_LATE if row.in_force_at <= now + WAITS else ""
        if late:
            form.form_errors.append(form.say(Message(late)))
            status = 409
        elif request.method == "POST" and not form.validate():
            status = 422
        elif request.method == "POST":
            why = self._withdraw(who, publication_id)
            if not why:
                return redirect(url_for("rules.desk.sets", done="withdrawn"), 303)
            form.form_errors.append(form.say(Message(why)))
            status = 409
        return render(
            "rules/withdraw.html",
            status,
            form=form,
            title=self.desk.title(language, row.layer),
            publication=row,
            open=status != 409,
            back_href=url_for("rules.desk.sets"),
        )

    def _withdraw(self, who: Editor, publication_id: UUID) -> str:
        """Withdraw it; why it was not, "" if it was."""
        try:
            return "" if self.desk.publish.withdraw(who, publication_id) else TOO_LATE
        except OthersNeedIt:
            return NEEDED
        except OtherPublished:
            return MEANWHILE
        except ProofsBusy:
            return REFUSALS[ProofsBusy]

    def _sets(self, visit: Visit, form: BeginForm, status: int) -> Response:
        language, now = reader_language(), self.desk.now()
        kept = self.desk.sets(editor(visit), now)
        done = DONE.get(request.args.get("done", ""))
        return render(
            "rules/sets.html",
            status,
            form=form,
            done=language.gettext(done) if done else "",
            sets=[_kept(language, each, editor(visit)) for each in kept],
            withdrawable_from=now + WAITS,
        )


def _kept(language: Language, kept: KeptSet, who: Editor) -> Mapping[str, Any]:
    new = document_of(kept.drafts[0]) if kept.document is None and kept.drafts else None
    return {
        "layer": kept.layer,
        "title": title_of(language, kept.layer, kept.document or new),
        "writable": kept.writable,
        "to_be_kept": bool(new and new.keepers),
        "current": _publication(language, kept.current) if kept.current else None,
        "last": kept.document.digest if kept.document else "",
        "later": [
            {
                **_publication(language, row),
                "may_withdraw": kept.writable or row.published_by == who.id,
            }
            for row in reversed(kept.later)
        ],
        "past": [_publication(language, row) for row in kept.past[:MOST_SHOWN]],
        "drafts": [
            {
                "id": row.id,
                "saved_at": row.saved_at,
                "saver": name_of(language, row.saver, row.saved_by),
                "proposed_at": row.proposed_at,
                "proposer": name_of(language, row.proposer, row.proposed_by),
            }
            for row in kept.drafts
        ],
    }


def _publication(language: Language, row: AnyRow) -> Mapping[str, Any]:
    said = {"rules": row.proof.get("rules", 0)}
    proved = mark("%(rules)s rules, and the agencies that they need")
    alone = mark("%(rules)s rules, without a look at the agencies")
    return {
        "id": row.id,
        "in_force_at": row.in_force_at,
        "published_at": row.published_at,
        "proposer": name_of(language, row.proposer, row.proposed_by),
        "publisher": name_of(language, row.publisher, row.published_by),
        "proved": language.message(Message(proved if row.proof.get("agencies") else alone, said)),
        "digest": row.digest,
        "short": row.digest[:SHORT],
        "withdrawn_at": row.withdrawn_at,
    }
