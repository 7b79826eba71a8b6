"""The page behind an invitation's link: who one is to be, and a passphrase of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for

from intake.domain.deadline import local_date
from intake.domain.message import Message
from intake.services.amend import Amend
from intake.services.invite import OpenInvitation
from intake.services.join import InvitationOver, Join
from intake.services.refuse_weak import SHORTEST_PASSPHRASE
from intake.vault.keyring import InvitationSecret
from intake.vault.own import CookieUnusable
from intake.vault.passphrase import HashingBusy
from intake.web.admin.people import told
from intake.web.cookies import Cookies
from intake.web.forms.base import token_key
from intake.web.forms.people import NewPassphraseForm
from intake.web.guards import open_route
from intake.web.page import Clock, only_this, reader_language, render
from intake.web.second_step import DEVICE, device_of
from intake.web.tries import BUSY

COOKIE = "ankkuri_invitation"


@dataclass(frozen=True)
class _Joining:
    join: Join
    amend: Amend
    every_door: bool
    cookies: Cookies
    door_secret: bytes
    now: Clock

    def arrive(self, link: str) -> Any:
        """Take the secret out of the address, so that no further page names it."""
        try:
            secret = InvitationSecret.parse(link)
            invitation = self.join.find(secret, self.now())
        except (CookieUnusable, InvitationOver):
            return _over()
        response = make_response(redirect(url_for("joining.join_in"), 303))
        self.cookies.keep(response, COOKIE, secret)
        if not self.cookies.language(request):
            self.cookies.remember_language(response, invitation.newcomer.language)
        return response

    def join_in(self) -> Any:
        """Who one is to be; then the passphrase, which makes the key."""
        secret = self.cookies.secret(request, COOKIE, InvitationSecret)
        try:
            if secret is None:
                raise InvitationOver
            invitation = self.join.find(secret, self.now())
            key = token_key(self.door_secret, secret.csrf_key)
            typed = request.form if request.method == "POST" else None
            form = NewPassphraseForm(typed, language=reader_language(), token_key=key)
            who = invitation.newcomer
            form.about = (who.name, who.email, who.sign_in_name)
            if typed is None:
                return self._page(form, invitation, 200)
            if not form.validate():
                return self._page(form, invitation, 422)
            device = device_of(self.cookies)
            joined = self.join(secret, form.passphrase.data, self.now(), device)
        except InvitationOver:
            response = _over()
            self.cookies.forget(response, COOKIE)
            return response
        except HashingBusy:
            form.form_errors.append(form.say(Message(BUSY)))
            return self._page(form, invitation, 503)
        directory = self.amend.stored(local_date(self.now())).directory
        text = reader_language().text
        response = render(
            "people/joined.html",
            joined=joined,
            elsewhere=not self.every_door,
            languages=only_this(),
            agencies=[text(directory.agency(agency).name) for agency in joined.waits_for],
            made=[(text(directory.agency(a).name), words) for a, words in joined.made.items()],
        )
        self.cookies.forget(response, COOKIE)
        self.cookies.keep_long(response, DEVICE, device)
        return response

    def _page(self, form: NewPassphraseForm, invitation: OpenInvitation, status: int) -> Response:
        directory = self.amend.stored(local_date(self.now())).directory
        return render(
            "people/join.html",
            status,
            form=form,
            invitation=invitation,
            roles=[(role, told(directory, role.membership)) for role in invitation.roles],
            least=SHORTEST_PASSPHRASE,
        )


def _over() -> Response:
    return render("people/link_over.html", 410)


def make_blueprint(
    *,
    join: Join,
    amend: Amend,
    every_door: bool,
    door_secret: bytes,
    secure_cookies: bool,
    now: Clock,
) -> Blueprint:
    """The routes: open to anyone, and only a link leads on. ``every_door``: of
    staff is here.
    """
    blueprint = Blueprint("joining", __name__)
    cookies = Cookies(secure_cookies)
    joining = _Joining(join, amend, every_door, cookies, door_secret, now)
    open_route(blueprint, "/join/<link>")(joining.arrive)
    open_route(blueprint, "/join", ("GET", "POST"))(joining.join_in)
    return blueprint
