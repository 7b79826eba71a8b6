"""Inviting people, also anew; the link is on one page, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.message import Message, mark
from intake.services.appoint import Appoint, OwnRole, PersonNotYours
from intake.services.dismiss import Dismiss
from intake.services.enrol import SignInNameTaken
from intake.services.invite import (
    VALID,
    InvitationNotYours,
    Invite,
    InvitedAlready,
    LinkReplaced,
    Newcomer,
)
from intake.services.sign_in import Visit
from intake.vault.keyring import InvitationSecret
from intake.web.admin.people import address
from intake.web.admin.room import Room, own
from intake.web.forms.people import AnotherForm, ButtonForm, InviteForm
from intake.web.page import only_this, reader_language, render

TAKEN = mark("Somebody has this user name, or has had it: choose another one.")
INVITED = mark("Somebody is invited under this user name already: withdraw that invitation first.")

MADE_BEFORE = mark(
    "A link has been made already. It was shown once, and it is good. Make another only if it is "
    "lost: this one stops working then."
)


@dataclass(frozen=True)
class Invitations:
    """The views. ``base_url``: what the links begin with."""

    room: Room
    appoint: Appoint
    invite: Invite
    dismiss: Dismiss
    base_url: str

    def new(self, visit: Visit) -> Any:
        """Invite somebody; the answer to the form shows the link, and no page does again."""
        today = self.room.today()
        data = {"valid_from": today, "reads": reader_language().code}
        form = self.room.form(visit, InviteForm, data)
        form.bind(self.room.stored().directory, own(visit), today)
        if request.method == "GET":
            return self._page(form, 200)
        if not form.validate():
            return self._page(form, 422)
        sign_in_name = form.sign_in_name.cleaned.strip().lower()
        newcomer = Newcomer(sign_in_name, **form.details)
        try:
            secret = self.invite(
                visit.person.as_administrator(), newcomer, form.appointments, self.room.now()
            )
        except SignInNameTaken:
            form.sign_in_name.errors = [form.say(Message(TAKEN))]
        except InvitedAlready:
            form.sign_in_name.errors = [form.say(Message(INVITED))]
        else:
            return self._link(secret, newcomer.name, url_for("people.everyone"))
        return self._page(form, 422)

    def anew(self, visit: Visit, person_id: UUID) -> Any:
        """A link for somebody who lost the passphrase."""
        admin, now = visit.person.as_administrator(), self.room.now()
        member = self.appoint.person(admin, person_id, self.room.today())
        if not member.roles or not member.wholly_under(admin.controllers):
            raise PersonNotYours
        if person_id == admin.id:
            raise OwnRole
        form = self.room.form(visit, AnotherForm)
        if request.method == "POST" and form.validate():
            try:
                secret = self.invite.anew(admin, person_id, now, form.seen.data or "")
            except InvitedAlready:  # by another administrator at the same time
                form.form_errors.append(form.say(Message(INVITED)))
            except LinkReplaced:
                form.form_errors.append(form.say(Message(MADE_BEFORE)))
            else:
                return self._link(secret, member.name, address(person_id))
        form.seen.data = self.invite.link_there(person_id)
        text, directory = reader_language().text, self.room.stored().directory
        sole = self.dismiss.consequences(admin, person_id, None, self.room.today(), now).agencies
        return render(
            "people/anew.html",
            422 if request.method == "POST" else 200,
            form=form,
            member=member,
            agencies=[text(directory.agency(agency).name) for agency in sole],
            back_href=address(person_id),
        )

    def withdraw(self, visit: Visit, invitation_id: UUID) -> Any:
        """Let a link lead nowhere."""
        admin = visit.person.as_administrator()
        open_ones = {one.id: one for one in self.invite.open_ones(admin, self.room.today())}
        if invitation_id not in open_ones:
            raise InvitationNotYours
        form = self.room.form(visit, ButtonForm)
        if request.method == "POST" and form.validate():
            self.invite.withdraw(admin, invitation_id, self.room.now())
            return redirect(url_for("people.everyone", done="withdrawn"), 303)
        return render(
            "people/withdraw.html",
            422 if request.method == "POST" else 200,
            form=form,
            invitation=open_ones[invitation_id],
            back_href=url_for("people.everyone"),
        )

    def _page(self, form: InviteForm, status: int) -> Response:
        return render("people/invite.html", status, form=form, back_href=url_for("people.everyone"))

    def _link(self, secret: InvitationSecret, name: str, back_href: str) -> Response:
        return render(
            "people/link.html",
            name=name,
            link=self.base_url + url_for("joining.arrive", link=secret.cookie),
            until=self.room.now() + VALID,
            back_href=back_href,
            languages=only_this(),
        )
