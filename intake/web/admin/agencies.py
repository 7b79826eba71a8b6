"""Agencies: who can open there, their details, and taking them out of use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from intake.domain.directory import Agency
from intake.domain.directory_file import OUT_OF_USE
from intake.services.amend import Change, Entry, Stored, digest_of
from intake.services.openers import Openers
from intake.services.sign_in import Visit
from intake.web.admin.openers import OpenersPage
from intake.web.admin.room import (
    KEPT,
    WAITS,
    Room,
    Told,
    back_to,
    changed,
    own,
    own_entry,
    show_again,
)
from intake.web.forms.agency import AgencyForm, agency_data
from intake.web.forms.directory import EndForm
from intake.web.page import reader_language, render
from intake.web.words import DESKS, KINDS

RECOMMENDED = 2
TABLE = "agency"


@dataclass(frozen=True)
class Agencies:
    """The views."""

    room: Room
    openers: Openers
    who_can_open: OpenersPage

    def agencies(self, visit: Visit) -> Response:
        """The agencies of one's own controllers and who can open there."""
        directory = self.room.stored().directory
        openers = self.openers(self.room.today())
        by_controller = [
            (
                controller,
                [
                    (agency, openers.get(agency.id, 0))
                    for agency in directory.agencies.values()
                    if agency.controller == controller.id
                ],
            )
            for controller in directory.controllers.values()
            if controller.id in own(visit)
        ]
        counts = [n for _, agencies in by_controller for agency, n in agencies if agency.in_use]
        return render(
            "admin/agencies.html",
            controllers=[(c, agencies) for c, agencies in by_controller if agencies],
            closed=counts.count(0),
            gaps=self.who_can_open.gaps(visit, directory),
            count=len(counts),
            recommended=RECOMMENDED,
            directory=directory,
            kinds=KINDS,
            desks=DESKS,
            saved=directory.agencies.get(request.args.get("saved", "")),
            proposed=request.args.get("proposed", ""),
            waiting=self.room.waiting(visit),
        )

    def agency(self, visit: Visit, entry_id: str) -> Any:
        """Change an agency. What it is and whose it is stays: its referrals depend on it."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        form = self._form(visit, stored, entry_id)
        status = self.room.post(visit, form, lambda: [changed(TABLE, entry, form, **form.values)])
        if status in (KEPT, WAITS):
            return back_to("admin.agencies", status, saved=entry_id)
        told: Told = []
        if status == 409:
            stored = self.room.stored()
            entry = own_entry(visit, stored, TABLE, entry_id)
            told = show_again(form, self._form(visit, stored, entry_id, fresh=True), entry)
        agency = stored.directory.agencies[entry_id]
        return self._page(
            form,
            status,
            told=told,
            agency=agency,
            controller=stored.directory.controllers[agency.controller],
            kind=reader_language().gettext(KINDS[agency.kind]),
        )

    def new_agency(self, visit: Visit) -> Any:
        """Add an agency to one's own controller."""
        form = self.room.form(visit, AgencyForm)
        form.bind(self.room.stored().directory, own(visit), None)
        made: list[str] = []

        def change() -> list[Change]:
            made.append(self.room.amend.new_ids()(form.kind.data.lower(), form.names["fi"]))
            return [Change(TABLE, made[0], {"id": made[0], **form.values})]

        status = self.room.post(visit, form, change)
        if status in (KEPT, WAITS):
            return back_to("admin.agencies", status, saved=made[0])
        return self._page(form, status)

    def agency_out_of_use(self, visit: Visit, entry_id: str) -> Any:
        """Let an agency get nothing new from a day on; what it has stays with it."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        agency = stored.directory.agencies[entry_id]
        form = end_form(self.room, visit, entry)
        status = self.room.post(
            visit, form, lambda: [changed(TABLE, entry, form, **{OUT_OF_USE: form.day})]
        )
        if status in (KEPT, WAITS):
            return back_to("admin.agencies", status, saved=entry_id)
        told: Told = []
        if status == 409:
            entry = own_entry(visit, self.room.stored(), TABLE, entry_id)
            told = show_again(form, end_form(self.room, visit, entry, fresh=True), entry)
        return render(
            "admin/agency_end.html",
            status,
            form=form,
            told=told,
            agency=agency,
            unfinished=self.room.amend.unfinished(entry_id),
            openers=self.openers(self.room.today()).get(entry_id, 0),
            back_href=url_for("admin.agency", entry_id=entry_id),
        )

    def _form(
        self, visit: Visit, stored: Stored, entry_id: str, *, fresh: bool = False
    ) -> AgencyForm:
        """``fresh``: as it is stored, not as typed."""
        entry, agency = stored.entry(TABLE, entry_id), stored.directory.agencies[entry_id]
        data = agency_data(agency, entry["name"], digest_of(entry))
        form = self.room.form(visit, AgencyForm, data, fresh=fresh)
        form.bind(stored.directory, own(visit), agency)
        return form

    def _page(
        self,
        form: AgencyForm,
        status: int,
        *,
        told: Told | None = None,
        agency: Agency | None = None,
        **about: Any,
    ) -> Response:
        return render(
            "admin/agency.html",
            status,
            form=form,
            told=told or [],
            agency=agency,
            back_href=url_for("admin.agencies"),
            **about,
        )


def end_form(room: Room, visit: Visit, entry: Entry, *, fresh: bool = False) -> EndForm:
    """The form that takes an entry out of use; ``fresh``: as it is stored, not as typed."""
    data = {"seen": digest_of(entry), OUT_OF_USE: entry.get(OUT_OF_USE)}
    form = room.form(visit, EndForm, data, fresh=fresh)
    form.bind(entry.get(OUT_OF_USE), room.today())
    return form
