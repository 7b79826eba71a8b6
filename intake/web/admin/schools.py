"""Schools: adding, renaming and closing them, one by one or by a register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from intake.domain.message import Message, mark
from intake.services.amend import Change, Entry, Stored, digest_of
from intake.services.register import Comparison, RegisterUnreadable, changes_of, compare, text_of
from intake.services.schools import add_school, change_school, close_school, principal_of
from intake.services.sign_in import Visit
from intake.web.admin.agencies import end_form
from intake.web.admin.room import (
    CHANGED,
    KEPT,
    WAITS,
    Room,
    Told,
    back_to,
    own,
    own_entry,
    show_again,
)
from intake.web.forms.directory import RegisterForm, SchoolForm, named
from intake.web.page import reader_language, render

TABLE = "school"
MOST_BYTES = 500_000
EXAMPLE = (
    "name_fi;name_sv;municipality;language;phone",
    "Tikkukiven koulu;Tikkukiven koulu;vantaa;fi;09 000 0156",
)
EMPTY = mark("The file is empty.")
MORE = mark("Faults in the file beside these: %(more)s.")
MOST_TOLD = 20
NO_FILE = mark("Choose a file.")
TOO_LARGE = mark("The file is too large: there is room for 500 kB.")


@dataclass(frozen=True)
class Schools:
    """The views. Who administers the municipality changes its schools."""

    room: Room

    def schools(self, visit: Visit) -> Response:
        """The schools of one's own municipalities."""
        directory, language = self.room.stored().directory, reader_language()
        places = [m for m in directory.municipalities.values() if m.controller in own(visit)]
        return render(
            "admin/schools.html",
            places=[
                (
                    place,
                    sorted(
                        (s for s in directory.schools.values() if s.municipality == place.id),
                        key=lambda school: (not school.in_use, language.text(school.name)),
                    ),
                )
                for place in places
            ],
            directory=directory,
            saved=directory.schools.get(request.args.get("saved", "")),
            changed=request.args.get("changed", ""),
            proposed=request.args.get("proposed", ""),
            waiting=self.room.waiting(visit),
        )

    def school(self, visit: Visit, entry_id: str) -> Any:
        """Change a school; its principal's desk follows."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        form = self._form(visit, stored, entry)

        def change() -> list[Change]:
            values = {"name": form.names, "language": form.teaching.data}
            phone = form.phone.cleaned.strip()
            return change_school(stored, entry, form.seen.data, values, phone)

        status = self.room.post(visit, form, change)
        if status in (KEPT, WAITS):
            return back_to("admin.schools", status, saved=entry_id)
        told: Told = []
        if status == 409:
            stored = self.room.stored()
            fresh = own_entry(visit, stored, TABLE, entry_id)
            told = show_again(form, self._form(visit, stored, fresh, fresh=True), fresh)
        school = stored.directory.schools[entry_id]
        return self._page(form, status, school=school, told=told, stored=stored)

    def new_school(self, visit: Visit) -> Any:
        """Add a school with its principal's desk."""
        stored = self.room.stored()
        form = self._form(visit, stored, None)
        made: list[str] = []

        def change() -> list[Change]:
            values = {
                "name": form.names,
                "municipality": form.municipality.data,
                "language": form.teaching.data,
            }
            phone = form.phone.cleaned.strip()
            changes = add_school(stored, values, phone, self.room.amend.new_ids())
            made.append(changes[0].id)
            return changes

        status = self.room.post(visit, form, change)
        if status in (KEPT, WAITS):
            return back_to("admin.schools", status, saved=made[0])
        return self._page(form, status, school=None, told=[], stored=stored)

    def close_school(self, visit: Visit, entry_id: str) -> Any:
        """Take a school and its principal's desk out of use from a day on."""
        stored = self.room.stored()
        entry = own_entry(visit, stored, TABLE, entry_id)
        form = end_form(self.room, visit, entry)
        status = self.room.post(
            visit, form, lambda: close_school(stored, entry, form.seen.data, form.day)
        )
        if status in (KEPT, WAITS):
            return back_to("admin.schools", status, saved=entry_id)
        told: Told = []
        if status == 409:
            fresh = own_entry(visit, self.room.stored(), TABLE, entry_id)
            told = show_again(form, end_form(self.room, visit, fresh, fresh=True), fresh)
        school = stored.directory.schools[entry_id]
        return render(
            "admin/school_close.html",
            status,
            form=form,
            told=told,
            school=school,
            unfinished=self.room.amend.unfinished(school.agency),
            back_href=url_for("admin.school", entry_id=entry_id),
        )

    def register(self, visit: Visit) -> Any:
        """Compare a register with the directory, then change it as was shown."""
        form = self.room.form(visit, RegisterForm)
        if request.method == "GET":
            return _register(form, 200, None)
        if not form.validate():
            return _register(form, 422, None)
        if not form.register.data:
            form.register.data = _text_of(form)
        if not form.register.data:
            return _register(form, 422, None)
        stored = self.room.stored()
        try:
            found = compare(form.register.data, stored, own(visit))
        except RegisterUnreadable as unreadable:
            told = unreadable.problems[:MOST_TOLD]
            if more := len(unreadable.problems) - len(told):
                told.append(Message(MORE, {"more": more}))
            form.form_errors.extend(form.say(problem) for problem in told)
            return _register(form, 422, None)
        shown = form.seen.data
        form.seen.data = digest_of({"all": [stored.tables["school"], stored.tables["agency"]]})
        if not shown or not (found.schools or (form.close_absent.data and found.absent)):
            return _register(form, 200, found)
        if shown != form.seen.data:
            form.form_errors.append(form.say(Message(CHANGED)))
            return _register(form, 409, found)
        day = self.room.today() if form.close_absent.data else None
        changes = list(changes_of(found, stored, self.room.amend.new_ids(), day))
        status = self.room.post(visit, form, lambda: changes)
        if status in (KEPT, WAITS):
            return back_to("admin.schools", status, changed="1")
        return _register(form, status, found)

    def _form(
        self, visit: Visit, stored: Stored, entry: Entry | None, *, fresh: bool = False
    ) -> SchoolForm:
        """``fresh``: as it is stored, not as typed."""
        data: dict[str, Any] = {}
        if entry:
            data = {
                "seen": digest_of(entry),
                **{f"name_{code}": name for code, name in entry["name"].items()},
                "teaching": entry["language"],
                "phone": principal_of(stored, entry)["phone"],
            }
        form = self.room.form(visit, SchoolForm, data, fresh=fresh)
        form.others = {
            (school.municipality, school.name["fi"].casefold())
            for school in stored.directory.schools.values()
            if school.in_use and (entry is None or school.id != entry["id"])
        }
        if entry:
            form.place = entry["municipality"]
            del form.municipality
        else:
            towns = stored.directory.municipalities.values()
            names = [(town.id, town.name) for town in towns if town.controller in own(visit)]
            form.municipality.choices = named(names, reader_language(), choose=True)
            form.place = form.municipality.data or ""
        return form

    def _page(self, form: SchoolForm, status: int, *, stored: Stored, **about: Any) -> Response:
        school = about["school"]
        return render(
            "admin/school.html",
            status,
            form=form,
            place=stored.directory.municipalities[school.municipality] if school else None,
            back_href=url_for("admin.schools"),
            **about,
        )


def _text_of(form: RegisterForm) -> str:
    """The text of the file that was sent; "" with a word on the form where there is none."""
    file = request.files.get("file")
    content = file.read(MOST_BYTES + 1) if file else b""
    if not content or len(content) > MOST_BYTES:
        chosen = EMPTY if file and file.filename else NO_FILE
        form.form_errors.append(form.say(Message(TOO_LARGE if content else chosen)))
        return ""
    return text_of(content)


def _register(form: RegisterForm, status: int, found: Comparison | None) -> Response:
    return render(
        "admin/register.html",
        status,
        form=form,
        found=found,
        example=EXAMPLE,
        nothing=found is not None and not found.schools and not found.absent,
        back_href=url_for("admin.schools"),
    )
