"""The steps of a draft: it is proposed by one person, published by another, or thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for

from intake.domain.deadline import local_date
from intake.services.rule_drafts import DraftChanged, stamp_of
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.forms.rules import ProposeForm, PublishForm, SeenForm
from intake.web.page import reader_language, render
from intake.web.rule_desk.desk import (
    REFUSALS,
    Desk,
    draft_href,
    editor,
    name_of,
    refuse,
)

REFUSED = tuple(REFUSALS)


@dataclass(frozen=True)
class Steps:
    """The views: each on a page of its own."""

    desk: Desk

    def propose(self, visit: Visit, draft_id: UUID) -> Any:
        """Ask for a first day, and propose."""
        who, now = editor(visit), self.desk.now()
        row = self.desk.drafts.writable(who, draft_id)
        data = {"seen": stamp_of(row), "first_day": row.in_force_from if row.proposed_at else None}
        form = self.desk.form(ProposeForm, visit, {"today": local_date(now)}, **data)
        if request.method == "GET":
            return self._page(visit, "propose", row, form, 200)
        if not form.validate():
            return self._page(visit, "propose", row, form, 422)
        try:
            self.desk.publish.propose(who, draft_id, form.seen.data or "", form.first_day.data)
        except REFUSED as error:
            refuse(form, error)
            return self._page(visit, "propose", row, form, 409)
        return redirect(draft_href(draft_id), 303)

    def publish(self, visit: Visit, draft_id: UUID) -> Any:
        """Put in force what somebody else has proposed, as it was shown."""
        who = editor(visit)
        row = self.desk.drafts.draft(who, draft_id)
        document = self.desk.drafts.read(row).document
        shown = {
            "seen": stamp_of(row),
            "digest": document.digest if document else "",
        }
        form = self.desk.form(PublishForm, visit, **shown)
        if request.method == "GET":
            return self._page(visit, "publish", row, form, 200, digest=shown["digest"])
        if not form.validate():
            return self._page(visit, "publish", row, form, 422, digest=shown["digest"])
        try:
            seen = form.seen.data or ""
            self.desk.publish.publish(who, draft_id, form.digest.data or "", seen)
        except REFUSED as error:
            refuse(form, error)
            return self._page(visit, "publish", row, form, 409, digest=shown["digest"])
        return redirect(url_for("rules.desk.sets", done="published"), 303)

    def throw_away(self, visit: Visit, draft_id: UUID) -> Any:
        """Close a draft for good."""
        who, now = editor(visit), self.desk.now()
        row = self.desk.drafts.writable(who, draft_id)
        form = self.desk.form(SeenForm, visit, seen=stamp_of(row))
        if request.method == "GET":
            return self._page(visit, "throw_away", row, form, 200)
        if not form.validate():
            return self._page(visit, "throw_away", row, form, 422)
        try:
            self.desk.drafts.throw_away(who, draft_id, form.seen.data or "", now)
        except DraftChanged as error:
            refuse(form, error)
            form.seen.data = stamp_of(row)
            return self._page(visit, "throw_away", row, form, 409)
        return redirect(url_for("rules.desk.sets", done="thrown-away"), 303)

    def _page(
        self, visit: Visit, step: str, row: AnyRow, form: SeenForm, status: int, **about: Any
    ) -> Any:
        language, who = reader_language(), editor(visit)
        return render(
            f"rules/{step}.html",
            status,
            form=form,
            title=self.desk.title_of_draft(language, row),
            draft=row,
            saver=name_of(language, row.saver, row.saved_by),
            proposer=name_of(language, row.proposer, row.proposed_by),
            own=who.id in (row.saved_by, row.proposed_by),
            back_href=draft_href(row.id),
            **about,
        )
