"""People of the staff: who has which role, their details, and who waits for a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.people import Membership
from intake.domain.staff import StaffMember, agencies_among
from intake.services.appoint import Appoint, PersonChanged, PersonNotYours
from intake.services.confirm_entries import ConfirmEntries
from intake.services.invite import Invite
from intake.services.openers import Openers
from intake.services.sign_in import Visit
from intake.web.admin.room import Room
from intake.web.forms.directory import LANGUAGES
from intake.web.forms.people import DetailsForm
from intake.web.page import reader_language, render
from intake.web.words import ROLES

CHANGED = mark(
    "Somebody else has changed these details meanwhile. Your text is still here: compare it with "
    "what is stored now, and save it again if it is to replace that."
)
DONE = {
    "given": mark("The roles have been given."),
    "ended": mark("The role has been ended."),
    "left": mark("The roles have been ended."),
    "changed": mark("The details have been changed."),
    "withdrawn": mark("The invitation has been withdrawn."),
}


@dataclass(frozen=True)
class People:
    """The views."""

    room: Room
    appoint: Appoint
    invite: Invite
    openers: Openers
    confirm: ConfirmEntries

    def everyone(self, visit: Visit) -> Response:
        """People with a role at one's own controllers, and open invitations."""
        admin, today = visit.person.as_administrator(), self.room.today()
        directory = self.room.stored().directory
        opens = self.openers.who(today)
        members = self.appoint.people(admin, today)
        return render(
            "people/everyone.html",
            people=[
                (
                    member,
                    [
                        told(directory, role.membership)
                        for role in member.roles
                        if role.under in admin.controllers
                    ],
                    _waits(member, opens),
                )
                for member in members
            ],
            invitations=[
                (one, [told(directory, role.membership) for role in one.roles])
                for one in self.invite.open_ones(admin, today)
            ],
            now=self.room.now(),
            done=DONE.get(request.args.get("done", ""), ""),
        )

    def person(self, visit: Visit, person_id: UUID) -> Response:
        """One person: details and roles, and what can be done."""
        admin, today = visit.person.as_administrator(), self.room.today()
        member = self.appoint.person(admin, person_id, today)
        directory, opens = self.room.stored().directory, self.openers.who(today)
        waiting = {one.subject for one in self.confirm.waiting(admin, today)}
        return render(
            "people/person.html",
            member=member,
            roles=[
                (
                    role,
                    told(directory, role.membership),
                    role.membership.agency and person_id in opens.get(role.membership.agency, ()),
                    role.under in admin.controllers,
                    role.id in waiting,
                )
                for role in member.roles
            ],
            language_name=reader_language().gettext(dict(LANGUAGES)[member.language]),
            whole=member.wholly_under(admin.controllers),
            is_self=person_id == visit.person.id,
            back_href=url_for("people.everyone"),
            done=DONE.get(request.args.get("done", ""), ""),
            today=today,
        )

    def details(self, visit: Visit, person_id: UUID) -> Any:
        """Change name, e-mail or language."""
        admin = visit.person.as_administrator()
        member = self.appoint.person(admin, person_id, self.room.today())
        if not member.wholly_under(admin.controllers):
            raise PersonNotYours
        form = self.room.form(visit, DetailsForm, _data(member))
        status, stored = 200, []
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    self.appoint.change(
                        admin, person_id, form.details, form.seen.data or "", self.room.now()
                    )
                except PersonChanged:
                    status = 409
                    form.form_errors.append(form.say(Message(CHANGED)))
                    member = self.appoint.person(admin, person_id, self.room.today())
                    form.seen.data = member.digest
                    fresh = self.room.form(visit, DetailsForm, _data(member), fresh=True)
                    stored = [
                        (field.label.text, fresh[field.name].shown, None)
                        for field in (form.name, form.email, form.reads)
                        if field.shown != fresh[field.name].shown
                    ]
                else:
                    return redirect(address(person_id, "changed"), 303)
        return render(
            "people/details.html",
            status,
            form=form,
            told=stored,
            member=member,
            back_href=address(person_id),
        )


def told(directory: Directory, membership: Membership) -> tuple[str, str]:
    """A role in words, and the name of its place."""
    language = reader_language()
    place = (
        directory.agency(membership.agency).name
        if membership.agency
        else directory.controllers[membership.controller or ""].name
    )
    return language.gettext(ROLES[membership.role]), language.text(place)


def address(person_id: UUID, done: str | None = None) -> str:
    """Of a person's page."""
    return url_for("people.person", person_id=person_id, done=done)


def _waits(member: StaffMember, opens: Mapping[str, set[UUID]]) -> bool:
    """Whether the person has a role at an agency whose key they lack."""
    return any(member.id not in opens.get(agency, ()) for agency in agencies_among(member.roles))


def _data(member: StaffMember) -> dict[str, str]:
    return {
        "seen": member.digest,
        "name": member.name,
        "email": member.email,
        "reads": member.language,
    }
