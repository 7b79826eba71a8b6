"""Telephone lines that reporters see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request, url_for

from intake.domain.directory import PhoneLine
from intake.services.amend import Change, Entry, Stored, digest_of
from intake.services.sign_in import Visit
from intake.web.admin.room import Room, Told, changed, own, own_entry, show_again
from intake.web.forms.directory import AS_AGENCY, PhoneLineForm, RemoveForm, named
from intake.web.forms.hours import hours_data
from intake.web.page import reader_language, render
from intake.web.reporter.phones import hours_told
from intake.web.words import LINE_USES

TABLE = "phone_line"


@dataclass(frozen=True)
class Lines:
    """The views."""

    room: Room

    def lines(self, visit: Visit) -> Response:
        """All lines; those of one's own counties can be changed."""
        stored, language = self.room.stored(), reader_language()
        directory = stored.directory
        return render(
            "admin/lines.html",
            lines=[
                (
                    line,
                    directory.counties[line.county],
                    language.gettext(LINE_USES[line.use]),
                    directory.agency(line.agency),
                    hours_told(line.hours, language),
                    directory.counties[line.county].controller in own(visit),
                )
                for line in directory.phone_lines
            ],
            can_add=bool(_counties(stored, own(visit))),
            saved=_line(stored, request.args.get("saved", "")),
        )

    def line(self, visit: Visit, entry_id: str) -> Any:
        """Change a line."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        form = self._form(visit, stored, entry)
        status = self.room.post(visit, form, lambda: [changed(TABLE, entry, form, **_values(form))])
        if status == 303:
            return _back(entry_id)
        told: Told = []
        if status == 409:
            stored = self.room.stored()
            entry = own_entry(visit, stored, TABLE, entry_id)
            told = show_again(form, self._form(visit, stored, entry, fresh=True), entry)
        return _page(form, status, line=_line(stored, entry_id), told=told)

    def new_line(self, visit: Visit) -> Any:
        """Add a line to one's own county."""
        form = self._form(visit, self.room.stored(), None)
        made: list[str] = []

        def change() -> list[Change]:
            made.append(self.room.amend.new_ids()("line", f"{form.county.data} {form.names['fi']}"))
            values = _values(form)
            entry = {"id": made[0], "county": form.county.data, **values}
            return [Change(TABLE, made[0], {k: v for k, v in entry.items() if v is not None})]

        status = self.room.post(visit, form, change)
        return _back(made[0]) if status == 303 else _page(form, status, line=None, told=[])

    def remove_line(self, visit: Visit, entry_id: str) -> Any:
        """Take a line off the pages."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        form = self.room.form(visit, RemoveForm, {"seen": digest_of(entry)})
        status = self.room.post(
            visit, form, lambda: [Change(TABLE, entry_id, None, form.seen.data)]
        )
        if status == 303:
            return redirect(url_for("admin.lines"), 303)
        if status == 409:
            form.seen.data = digest_of(own_entry(visit, self.room.stored(), TABLE, entry_id))
        return render(
            "admin/line_remove.html",
            status,
            form=form,
            line=_line(stored, entry_id),
            back_href=url_for("admin.line", entry_id=entry_id),
        )

    def _form(
        self, visit: Visit, stored: Stored, entry: Entry | None, *, fresh: bool = False
    ) -> PhoneLineForm:
        """``fresh``: as it is stored, not as typed."""
        directory, language = stored.directory, reader_language()
        data = _data(stored, entry) if entry else {"open": AS_AGENCY}
        form = self.room.form(visit, PhoneLineForm, data, fresh=fresh)
        counties = _counties(stored, own(visit))
        if entry:
            del form.county
            counties = {entry["county"]}
        else:
            names = [(c.id, c.name) for c in directory.counties.values() if c.id in counties]
            form.county.choices = named(names, language, choose=len(names) > 1)
        answering = {directory.counties[county].controller for county in counties}
        agencies = [
            (agency.id, agency.name)
            for agency in directory.agencies.values()
            if agency.controller in answering and agency.in_use
        ]
        form.agency.choices = named(agencies, language, choose=True)
        return form


def _counties(stored: Stored, controllers: frozenset[str]) -> set[str]:
    counties = stored.directory.counties.values()
    return {county.id for county in counties if county.controller in controllers}


def _line(stored: Stored, entry_id: str) -> PhoneLine | None:
    return next((line for line in stored.directory.phone_lines if line.id == entry_id), None)


def _data(stored: Stored, entry: Entry) -> dict[str, Any]:
    line = _line(stored, entry["id"])
    hours: Mapping[str, Any] = {"open": AS_AGENCY}
    if line and "hours" in entry:
        hours = hours_data(line.hours)
    return {
        "seen": digest_of(entry),
        **{f"name_{code}": name for code, name in entry["name"].items()},
        "use": entry["use"],
        "agency": entry["agency"],
        "phone": entry.get("phone", ""),
        **hours,
    }


def _values(form: PhoneLineForm) -> dict[str, Any]:
    """What the entry shall say; None for what is the agency's."""
    return {
        "name": form.names,
        "use": form.use.data,
        "agency": form.agency.data,
        "phone": form.phone.cleaned.strip() or None,
        "hours": None if form.open.data == AS_AGENCY else form.entry,
    }


def _page(form: PhoneLineForm, status: int, **about: Any) -> Response:
    return render("admin/line.html", status, form=form, back_href=url_for("admin.lines"), **about)


def _back(entry_id: str) -> Any:
    return redirect(url_for("admin.lines", saved=entry_id), 303)
