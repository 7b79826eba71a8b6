"""Cooperation agreements of municipalities and Ankkuri teams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, redirect, request, url_for

from intake.domain.directory import Kind
from intake.services.amend import Change, Entry, EntryNotYours, Stored, digest_of
from intake.services.sign_in import Visit
from intake.web.admin.room import Room, Told, changed, own, own_entry, show_again
from intake.web.forms.directory import AgreementForm, RemoveForm, named
from intake.web.page import reader_language, render

TABLE = "agreement"
FIELDS = ("agency", "municipality", "valid_from", "valid_to")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Agreements:
    """The views. Who administers the team changes its agreements."""

    room: Room

    def agreements(self, visit: Visit) -> Response:
        """All agreements, the one that ends first first; those of one's own teams can change."""
        directory = self.room.stored().directory
        rows = [
            (
                agreement,
                directory.municipalities[agreement.municipality],
                directory.agency(agreement.agency),
                directory.agency(agreement.agency).controller in own(visit),
            )
            for agreement in sorted(directory.agreements, key=lambda one: one.valid_to)
        ]
        in_force = {a.municipality for a in directory.agreements if a.valid_to >= self.room.today()}
        return render(
            "admin/agreements.html",
            agreements=rows,
            without=[m for m in directory.municipalities.values() if m.id not in in_force],
            can_add=any(row[3] for row in rows) or bool(_teams(self.room.stored(), own(visit))),
            today=self.room.today(),
            saved=request.args.get("saved", "") in {a.id for a in directory.agreements},
        )

    def agreement(self, visit: Visit, entry_id: str) -> Any:
        """Change an agreement, also to end it."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        form = self._form(visit, stored, {"seen": digest_of(entry), **entry})
        status = self.room.post(visit, form, lambda: [changed(TABLE, entry, form, **_values(form))])
        if status == 303:
            return _back(entry_id)
        told: Told = []
        if status == 409:
            stored = self.room.stored()
            entry = own_entry(visit, stored, TABLE, entry_id)
            told = show_again(form, self._form(visit, stored, entry, fresh=True), entry)
        return _page(form, status, entry=entry, told=told, today=self.room.today())

    def new_agreement(self, visit: Visit) -> Any:
        """Add an agreement; ``after`` in the address: one that it renews."""
        stored = self.room.stored()
        form = self._form(visit, stored, self._renewed(visit, stored))
        made: list[str] = []

        def change() -> list[Change]:
            year = f"{form.municipality.data} {form.valid_from.data:%Y}"
            made.append(self.room.amend.new_ids()("agreement", year))
            return [Change(TABLE, made[0], {"id": made[0], **_values(form)})]

        status = self.room.post(visit, form, change)
        return (
            _back(made[0])
            if status == 303
            else _page(form, status, entry=None, told=[], today=self.room.today())
        )

    def remove_agreement(self, visit: Visit, entry_id: str) -> Any:
        """Take back an agreement that has not begun; one that has is ended instead."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        if entry["valid_from"] <= self.room.today():
            raise EntryNotYours(entry_id)
        form = self.room.form(visit, RemoveForm, {"seen": digest_of(entry)})
        status = self.room.post(
            visit, form, lambda: [Change(TABLE, entry_id, None, form.seen.data)]
        )
        if status == 303:
            return redirect(url_for("admin.agreements"), 303)
        if status == 409:
            form.seen.data = digest_of(own_entry(visit, self.room.stored(), TABLE, entry_id))
        return render(
            "admin/agreement_remove.html",
            status,
            form=form,
            entry=entry,
            place=stored.directory.municipalities[entry["municipality"]],
            back_href=url_for("admin.agreement", entry_id=entry_id),
        )

    def _renewed(self, visit: Visit, stored: Stored) -> dict[str, Any]:
        before = request.args.get("after", "")
        if not before:
            return {}
        entry = own_entry(visit, stored, TABLE, before)
        first = max(entry["valid_to"] + _DAY, self.room.today())
        return {**entry, "valid_from": first, "valid_to": None}

    def _form(
        self, visit: Visit, stored: Stored, data: Entry, *, fresh: bool = False
    ) -> AgreementForm:
        """``fresh``: as it is stored, not as typed."""
        form = self.room.form(visit, AgreementForm, data, fresh=fresh)
        directory, language = stored.directory, reader_language()
        teams = _teams(stored, own(visit)) | {data.get("agency", "")}
        names = [(a.id, a.name) for a in directory.agencies.values() if a.id in teams]
        form.agency.choices = named(names, language, choose=True)
        served = {place for id_, _ in names for place in directory.agency(id_).municipalities}
        towns = [(m.id, m.name) for m in directory.municipalities.values() if m.id in served]
        form.municipality.choices = named(towns, language, choose=True)
        return form


def _teams(stored: Stored, controllers: frozenset[str]) -> set[str]:
    return {
        agency.id
        for agency in stored.directory.agencies.values()
        if agency.kind is Kind.ANK and agency.in_use and agency.controller in controllers
    }


def _values(form: AgreementForm) -> dict[str, Any]:
    return {name: form[name].data for name in FIELDS}


def _page(form: AgreementForm, status: int, **about: Any) -> Response:
    return render(
        "admin/agreement.html", status, form=form, back_href=url_for("admin.agreements"), **about
    )


def _back(entry_id: str) -> Any:
    return redirect(url_for("admin.agreements", saved=entry_id), 303)
