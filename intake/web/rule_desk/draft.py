"""A draft: its text, what does not load, and what the proof found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.message import Message, mark
from intake.services.proving import ProofsBusy
from intake.services.rule_drafts import Checked, DraftChanged, DraftGone, SetNotYours, stamp_of
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.forms.rules import MOST_CHARACTERS, DraftForm
from intake.web.guards import Refusal
from intake.web.page import only_this, reader_language, render
from intake.web.rule_desk.desk import Desk, draft_href, editor, name_of
from intake.web.rule_desk.differing import differing
from intake.web.rule_desk.findings import findings, left_to_default
from intake.web.rule_desk.problems import say_of
from intake.web.rule_desk.told import Words

SAVED_MEANWHILE = mark(
    "%(name)s has saved or proposed this draft meanwhile (%(at)s). Your text is still here: see "
    "below in which lines it differs from what is stored now, and save it again if it is to "
    "replace that."
)
MOST_PLACES = 20


@dataclass(frozen=True)
class DraftPage:
    """The view. Whatever is typed may be saved, also what does not hold.

    ``refuse`` notes in the trail that somebody sent a text for a set of others.
    """

    desk: Desk
    refuse: Refusal

    def draft(self, visit: Visit, draft_id: UUID) -> Any:
        """Show a draft, or save it."""
        if request.method == "GET":
            return self._page(visit, self.desk.drafts.draft(editor(visit), draft_id), None, 200)
        form = self.desk.form(DraftForm, visit)
        try:
            return self._save(visit, draft_id, form)
        except (DraftGone, SetNotYours) as error:
            if isinstance(error, SetNotYours):
                self.refuse(visit, request.endpoint or "")
            return render("rules/gone.html", 409, typed=form.content.data, languages=only_this())

    def _save(self, visit: Visit, draft_id: UUID, form: DraftForm) -> Any:
        who = editor(visit)
        row = self.desk.drafts.draft(who, draft_id)
        taken = form.take_file(row.content)
        refused = list(form.file.errors)
        if not form.validate() or not taken:
            form.file.errors = refused
            return self._page(visit, row, form, 422)
        seen, text = form.seen.data or "", form.content.cleaned
        try:
            self.desk.drafts.save(who, draft_id, text, seen, self.desk.now())
        except DraftChanged:
            return self._conflict(visit, self.desk.drafts.draft(who, draft_id), form)
        return redirect(draft_href(draft_id) + "?saved=1", 303)

    def _conflict(self, visit: Visit, row: AnyRow, form: DraftForm) -> Response:
        """Show what was typed again; saved once more, it replaces what is stored now."""
        by, at = name_of(form.language, row.saver, row.saved_by), row.saved_at
        if row.proposed_at:
            by, at = name_of(form.language, row.proposer, row.proposed_by), row.proposed_at
        form.form_errors.append(form.say(Message(SAVED_MEANWHILE, {"name": by, "at": at})))
        form.seen.data = stamp_of(row)
        places = list(differing(row.content, form.content.cleaned))
        return self._page(visit, row, form, 409, places)

    def _page(
        self,
        visit: Visit,
        row: AnyRow,
        form: DraftForm | None,
        status: int,
        places: Any = (),
    ) -> Response:
        language, who = reader_language(), editor(visit)
        checked, busy = self._checked(row)
        kept = {} if form is None else {"languages": only_this()}
        if form is None:
            data = {"content": row.content, "seen": stamp_of(row)}
            form = self.desk.forms(DraftForm, visit, None, data=data)
        last = self.desk.drafts.last_digest(row.layer)
        digest = checked.document.digest if checked.document else ""
        return render(
            "rules/draft.html",
            status,
            form=form,
            limit=MOST_CHARACTERS,
            title=self.desk.title_of_draft(language, row),
            draft=row,
            saver=name_of(language, row.saver, row.saved_by),
            proposer=name_of(language, row.proposer, row.proposed_by),
            own=who.id in (row.saved_by, row.proposed_by),
            saved="saved" in request.args,
            stale=last != row.from_digest,
            unchanged=digest == last,
            digest=digest,
            checked=checked,
            busy=busy,
            writable=self.desk.drafts.may_write(who, row.layer),
            problems=say_of(language, checked.problems, row.layer, row.content),
            differing=places[:MOST_PLACES],
            more=max(len(places) - MOST_PLACES, 0),
            back_href=url_for("rules.desk.sets"),
            **self._found(checked, row.id),
            **kept,
        )

    def _checked(self, row: AnyRow) -> tuple[Checked, bool]:
        """The draft, proved unless others' proofs keep it waiting: whether they do."""
        try:
            return self.desk.drafts.check(row, self.desk.now()), False
        except ProofsBusy:
            return self.desk.drafts.read(row), True

    def _found(self, checked: Checked, draft: UUID) -> dict[str, Any]:
        """The findings, apart those that were so before, whatever the draft says; and what only
        the last tier decides.
        """
        book, proof = checked.book, checked.proof
        if book is None or proof is None:
            return {"findings": [], "already": [], "left": []}
        words = Words(reader_language(), (book,))
        before = [flaw for flaw in proof.flaws if flaw in checked.already]
        return {
            "findings": findings(words, self.desk.directory, book, checked.flaws, draft),
            "already": findings(words, self.desk.directory, book, before, draft),
            "left": left_to_default(words, book, proof, draft),
        }
