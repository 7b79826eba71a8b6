"""Signing in by passphrase and signing out, and the way to one's own first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, request, url_for
from flask_login import current_user
from wtforms import PasswordField, ValidationError

from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.services.colleagues import own_words
from intake.services.factors import Factors
from intake.services.second_step import SecondStep
from intake.services.sign_in import SignIn, SignInRefused, Visit
from intake.services.tries import SignInTooSoon
from intake.vault.keyring import DeviceSecret, SessionSecret
from intake.vault.one_time import is_code
from intake.vault.passphrase import HashingBusy
from intake.vault.totp import TotpSecret
from intake.web import kept
from intake.web.cookies import Cookies
from intake.web.forms.base import PageForm, token_key
from intake.web.forms.fields import Line
from intake.web.guards import Entrance, Refusal, open_route
from intake.web.kept import Kept
from intake.web.measured import outcome
from intake.web.navigation import pages_open_to
from intake.web.onward import go_on, wanted
from intake.web.page import Clock, only_this, reader_language, render
from intake.web.second_step import COOKIE, DEVICE, SecondPages
from intake.web.tries import BUSY, wait_told

_BEFORE = "ankkuri_sign_in"  # binds the sign-in form to the browser that asked for it
_WAITING = (429, 503)
_LONGEST = 1000  # characters; a longer passphrase is not read at all

REFUSED = mark(
    "The user name or the passphrase is wrong. Capital letters and spaces count in a passphrase, "
    "also a space at its end."
)
NO_SUCH_CODE = mark(
    "This is no printed code of this user name that is left, or it has been tried too often. "
    "Check it, or wait."
)
MISTYPED_CODE = mark("A printed code has twelve letters and figures: check it.")
PASSPHRASE_MISSING = mark("Write your passphrase.")
PASSPHRASE_LONG = mark("The passphrase is too long: there is room for %(most)s characters.")


class SignInForm(PageForm):
    """Who is there. ``printed_code`` is asked for where one would have to wait."""

    name = Line(mark("User name"), limit=_LONGEST, missing=mark("Write your user name."))
    passphrase = PasswordField(mark("Passphrase"))
    printed_code = Line(mark("Printed code"), limit=60)

    def validate_passphrase(self, field: Any) -> None:
        """Something, and no more than is read at all."""
        if not field.data:
            raise ValidationError(self.say(Message(PASSPHRASE_MISSING)))
        if len(field.data) > _LONGEST:
            raise ValidationError(self.say(Message(PASSPHRASE_LONG, {"most": _LONGEST})))

    def validate_printed_code(self, field: Any) -> None:
        """The form of one, if any."""
        if field.cleaned and not is_code(field.cleaned):
            raise ValidationError(self.say(Message(MISTYPED_CODE)))


class SignOutForm(PageForm):
    """A button."""


@dataclass(frozen=True)
class _Account:
    start: SignIn
    second: SecondPages
    cookies: Cookies
    door_secret: bytes
    now: Clock

    def sign_in(self) -> Any:
        """The sign-in page, and what is typed on it. Every success is a new half-open session."""
        secret = self.cookies.secret(request, _BEFORE, SessionSecret) or SessionSecret.new()
        key = token_key(self.door_secret, secret.csrf_key)
        signing = request.method == "POST" and "passphrase" in request.form
        form = SignInForm(
            request.form if signing else None, language=reader_language(), token_key=key
        )
        if not signing:
            return self._arrive(form, secret)
        if not form.validate():
            asks = "printed_code" in request.form
            return self._page(form, secret, 422, kept=kept.carried(request.form), asks_code=asks)
        try:
            session = self._open(form)
        except SignInRefused:
            outcome("refused")
            return self._refuse(form, secret, 422, Message(REFUSED))
        except SignInTooSoon as wait:
            outcome("too_soon")
            if form.printed_code.cleaned:
                form.printed_code.errors = [form.say(Message(NO_SUCH_CODE))]
            return self._refuse(form, secret, 429, wait_told(wait))
        except HashingBusy:
            outcome("busy")
            return self._refuse(form, secret, 503, Message(BUSY))
        outcome("taken")
        held = kept.carried(request.form)
        response = self.second.begin(session, held, form.printed_code.cleaned)
        self.cookies.forget(response, _BEFORE)
        return response

    def sign_out(self, visit: Visit) -> Any:
        """End the session."""
        form = self.sign_out_form(visit, request.form)
        if not form.validate():
            return render("account/sign_out.html", 422, form=form)
        self.start.out(visit, self.now())
        response = make_response(redirect(url_for("account.sign_in"), 303))
        self.cookies.forget(response, COOKIE)
        return response

    def front(self, visit: Visit) -> Any:
        """Go on to the first page that this person may use."""
        pages = pages_open_to(visit, set(current_app.blueprints))
        if pages:
            return redirect(url_for(pages[0][0]), 303)
        return render("account/nothing.html", own_words=own_words(visit))

    def sign_out_form(self, visit: Visit, typed: Any = None) -> SignOutForm:
        """The button on every page of staff."""
        key = token_key(self.door_secret, visit.secret.csrf_key)
        return SignOutForm(typed, language=reader_language(), token_key=key)

    def _arrive(self, form: SignInForm, secret: SessionSecret) -> Any:
        """Before anything is typed here; a page whose session had ended posts what it held."""
        posted = request.method == "POST"
        if current_user.is_authenticated:
            if posted and "factor_code" in request.form:  # a step that was taken is sent again
                owner = kept.owner_of(self.door_secret, current_user.visit.person.id)
                return go_on(kept.carried(request.form), owner)
            return redirect(wanted(), 307 if posted and "next" in request.args else 303)
        ended = self.cookies.secret(request, COOKIE, SessionSecret)
        held = kept.carried(request.form) if posted else None
        if posted and held is None and ended:
            held = self._typed(ended)
        lost = [] if held else kept.lost(request)
        status = 422 if posted else 200
        return self._page(form, secret, status, ended=ended is not None, kept=held, lost=lost)

    def _typed(self, ended: SessionSecret) -> Kept | None:
        """What was posted here from another page, if that page was ours."""
        key = token_key(self.door_secret, ended.csrf_key)
        if not PageForm(request.form, language=reader_language(), token_key=key).validate():
            return None
        person_id = self.start.whose(ended)
        if person_id is None:
            return None
        return kept.typed(request.form, kept.owner_of(self.door_secret, person_id))

    def _open(self, form: SignInForm) -> SessionSecret:
        device = self.cookies.secret(request, DEVICE, DeviceSecret)
        code = form.printed_code.cleaned
        return self.start(form.name.data, form.passphrase.data, self.now(), device, code)

    def _refuse(
        self, form: SignInForm, secret: SessionSecret, status: int, message: Message
    ) -> Response:
        form.form_errors.append(form.say(message))
        asks = status in _WAITING or "printed_code" in request.form
        held = kept.carried(request.form)
        return self._page(form, secret, status, kept=held, asks_code=asks)

    def _page(
        self,
        form: SignInForm,
        secret: SessionSecret,
        status: int,
        *,
        ended: bool = False,
        kept: Kept | None = None,
        lost: Sequence[str] = (),
        asks_code: bool = False,
    ) -> Response:
        shown: dict[str, Any] = {"languages": only_this()} if kept or lost else {}
        response = render(
            "account/sign_in.html",
            status,
            form=form,
            ended=ended,
            kept=kept,
            lost=lost,
            asks_code=asks_code,
            **shown,
        )
        self.cookies.keep(response, _BEFORE, secret)
        return response


def make_blueprint(
    *,
    sign_in: SignIn,
    second_step: SecondStep,
    factors: Factors,
    published: TotpSecret | None,
    refuse: Refusal,
    door_secret: bytes,
    secure_cookies: bool,
    now: Clock,
) -> Blueprint:
    """The door's routes, and the sign-out button for every page of staff.

    ``published``: the app's secret that everybody knows, in a demo; its code is shown.
    """
    blueprint = Blueprint("account", __name__)
    entrance = Entrance(blueprint, refuse)
    cookies = Cookies(secure_cookies)
    second = SecondPages(sign_in, second_step, factors, cookies, door_secret, published, now)
    account = _Account(sign_in, second, cookies, door_secret, now)
    open_route(blueprint, "/sign-in", ("GET", "POST"))(account.sign_in)
    open_route(blueprint, "/sign-in/second", ("GET", "POST"))(second.sign_in_second)
    open_route(blueprint, "/sign-in/set-up", ("GET", "POST"))(second.sign_in_set_up)
    open_route(blueprint, "/sign-in/picture.svg")(second.sign_in_picture)
    entrance.route("/sign-out", Permission.SIGNED_IN, ("POST",))(account.sign_out)
    entrance.route("/staff", Permission.SIGNED_IN)(account.front)

    @blueprint.app_context_processor
    def button() -> dict[str, Any]:
        if not current_user.is_authenticated:
            return {"sign_out": None}
        return {"sign_out": account.sign_out_form(current_user.visit)}

    return blueprint
