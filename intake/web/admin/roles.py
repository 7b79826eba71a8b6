"""Giving people roles and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for

from intake.domain.message import Message, mark
from intake.domain.people import Administrator
from intake.domain.staff import Consequences, StaffMember
from intake.services.appoint import Appoint, OwnRole, PersonNotYours, RoleHeldAlready, RoleNotYours
from intake.services.dismiss import Dismiss, LeavesNobody
from intake.services.sign_in import Visit
from intake.web.admin.people import address, told
from intake.web.admin.room import Room, own
from intake.web.forms.people import EndRoleForm, KnowingForm, KnownForm, RolesForm
from intake.web.page import reader_language, render

HELD_ALREADY = mark("The person has one of these roles on these days already.")
OWN_ROLE = mark("Nobody gives roles to oneself: ask another administrator.")
NOBODY_NAMED = mark("Nobody has this user name.")
TICK = mark("Tick the box if it shall end although nobody else is left.")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Roles:
    """The views."""

    room: Room
    appoint: Appoint
    dismiss: Dismiss

    def give(self, visit: Visit, person_id: UUID) -> Any:
        """Give a person more roles."""
        member = self.appoint.person(_admin(visit), person_id, self.room.today())
        form = self._form(visit, RolesForm)
        status = self._give(visit, form, member)
        if status == 303:
            return redirect(address(person_id, "given"), 303)
        return render(
            "people/roles.html", status, form=form, member=member, back_href=address(person_id)
        )

    def known(self, visit: Visit) -> Any:
        """Give roles to somebody who has a user name, also of another organisation."""
        form, member = self._form(visit, KnownForm), None
        if request.method == "POST" and form.sign_in_name.data:
            try:
                name = form.sign_in_name.cleaned
                member = self.appoint.named(name, self.room.today())
            except PersonNotYours:
                form.unknown = form.say(Message(NOBODY_NAMED))
        status = self._give(visit, form, member)
        if status == 303 and member:
            return redirect(address(member.id, "given"), 303)
        return render(
            "people/roles.html",
            status,
            form=form,
            member=None,
            back_href=url_for("people.everyone"),
        )

    def end_role(self, visit: Visit, person_id: UUID, role_id: UUID) -> Any:
        """End one role, at once or with a day."""
        admin, today = _admin(visit), self.room.today()
        member = self.appoint.person(admin, person_id, today)
        role = next((r for r in member.roles if r.id == role_id), None)
        if role is None or role.under not in admin.controllers:
            raise RoleNotYours
        form = self.room.form(visit, EndRoleForm)
        form.today = today
        last_day = form.last_day.data if form.when.data == "day" else None
        words = told(self.room.stored().directory, role.membership)
        return self._end(visit, form, member, role_id, last_day, role=role, words=words)

    def leave(self, visit: Visit, person_id: UUID) -> Any:
        """End all of a person's roles at one's own controllers at once."""
        member = self.appoint.person(_admin(visit), person_id, self.room.today())
        form = self.room.form(visit, KnowingForm)
        return self._end(visit, form, member, None, None, role=None, words=None)

    def _end(
        self,
        visit: Visit,
        form: KnowingForm,
        member: StaffMember,
        role_id: UUID | None,
        last_day: date | None,
        **about: Any,
    ) -> Any:
        admin, now = _admin(visit), self.room.now()
        day = last_day or self.room.today() - _DAY
        status = 200
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    knowing = form.knowing.cleaned
                    self.dismiss(admin, member.id, role_id, day, now, knowing=knowing)
                except LeavesNobody:
                    form.knowing.errors = [form.say(Message(TICK))]
                else:
                    return self._ended(visit, member, role_id)
        consequences = self.dismiss.consequences(admin, member.id, role_id, day, now)
        return render(
            "people/end.html",
            status,
            form=form,
            member=member,
            own=member.wholly_under(admin.controllers),
            is_self=member.id == admin.id,
            back_href=address(member.id),
            **about,
            **self._nobody(consequences),
        )

    def _ended(self, visit: Visit, member: StaffMember, role_id: UUID | None) -> Any:
        if member.id == visit.person.id:
            return redirect(url_for("account.sign_in"), 303)
        if role_id is None:
            return redirect(url_for("people.everyone", done="left"), 303)
        try:
            self.appoint.person(_admin(visit), member.id, self.room.today())
        except PersonNotYours:  # it was their last role: they have left
            return redirect(url_for("people.everyone", done="left"), 303)
        return redirect(address(member.id, "ended"), 303)

    def _nobody(self, consequences: Consequences) -> dict[str, list[str]]:
        directory, text = self.room.stored().directory, reader_language().text
        return {
            "agencies": [text(directory.agency(one).name) for one in consequences.agencies],
            "controllers": [text(directory.controllers[o].name) for o in consequences.controllers],
        }

    def _form(self, visit: Visit, kind: type[RolesForm]) -> Any:
        form = self.room.form(visit, kind, {"valid_from": self.room.today()})
        form.bind(self.room.stored().directory, own(visit), self.room.today())
        return form

    def _give(self, visit: Visit, form: RolesForm, member: StaffMember | None) -> int:
        if request.method == "GET":
            return 200
        if not form.validate() or member is None:
            return 422
        try:
            self.appoint(_admin(visit), member.id, form.appointments, self.room.now())
        except RoleHeldAlready:
            form.form_errors.append(form.say(Message(HELD_ALREADY)))
            return 422
        except OwnRole:
            self.room.refuse(visit, "people.give")
            form.form_errors.append(form.say(Message(OWN_ROLE)))
            return 403
        return 303


def _admin(visit: Visit) -> Administrator:
    return visit.person.as_administrator()
