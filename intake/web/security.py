"""One's own sign-in: factors, printed codes, browsers, sessions and the passphrase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, request, url_for

from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.domain.trail import Action
from intake.services.change_passphrase import ChangePassphrase
from intake.services.factors import CodesReplaced, FactorGone, Factors, LastFactor
from intake.services.own_sessions import DeviceUnknown, OwnSessions, SessionOver
from intake.services.refuse_weak import SHORTEST_PASSPHRASE
from intake.services.second_step import SecondStep
from intake.services.sign_in import SignInRefused, Visit
from intake.services.tries import SignInTooSoon
from intake.vault.keyring import DeviceSecret
from intake.vault.passphrase import HashingBusy
from intake.vault.totp import TotpSecret
from intake.web import kept
from intake.web.cookies import Cookies
from intake.web.forms.base import PageForm
from intake.web.forms.people import AnotherForm, ButtonForm, ChangePassphraseForm
from intake.web.forms.second_step import NewFactorForm, SecondStepForm
from intake.web.forms.staff import StaffForms
from intake.web.guards import Entrance, Refusal
from intake.web.kept import Kept
from intake.web.onward import go_on, wanted
from intake.web.page import Clock, only_this, render
from intake.web.second_step import (
    DEVICE,
    add,
    device_of,
    grouped,
    picture,
    take,
)
from intake.web.tries import BUSY, wait_told

LAST = mark("This is your only one. Add another one before you remove it.")
MADE_BEFORE = mark(
    "This page has made codes already. They were shown once, and they are good. Make others only "
    "if you do not have them."
)
WRONG = mark("The passphrase is wrong.")
EVENTS = {
    Action.FIRST_STEP.value: mark("Passphrase right; the second step comes next"),
    Action.SIGN_IN.value: mark("Signed in"),
    Action.SIGN_IN_FAILED.value: mark("Sign-in failed"),
    Action.CONFIRM_FAILED.value: mark("Second factor refused"),
    Action.RECOVER.value: mark("Came back by the recovery code"),
    Action.RECOVER_FAILED.value: mark("Recovery code refused"),
}
BOTH = ("GET", "POST")


@dataclass(frozen=True)
class _Security:
    step: SecondStep
    factors: Factors
    sessions: OwnSessions
    change: ChangePassphrase
    forms: StaffForms
    cookies: Cookies
    refuse: Refusal
    door_secret: bytes
    published: TotpSecret | None
    now: Clock

    def security(self, visit: Visit) -> Response:
        """All of it."""
        factors, codes_left = self.factors(visit)
        sessions, devices = self.sessions(visit, self.now())
        secret = self._device()
        return render(
            "account/security.html",
            form=self.forms(ButtonForm, visit),
            factors=factors,
            codes_left=codes_left,
            passkeys_possible=self.factors.passkeys is not None,
            sessions=sessions,
            this_session=visit.secret.session_id,
            devices=devices,
            this_device=secret.device_id(visit.person.id) if secret else b"",
            events=[(row.at, EVENTS[row.action]) for row in self.sessions.events(visit)],
            told=request.args.get("told", ""),
        )

    def confirm(self, visit: Visit) -> Any:
        """The second factor again. A page that asks for it posts on to here what it held."""
        answering = "factor_code" in request.form
        form = self.forms(SecondStepForm, visit, request.form if answering else None)
        if request.method == "GET":
            return self._confirm_page(visit, form, 200, None)
        if not answering:
            return self._confirm_page(visit, form, 200, self._typed(visit))
        held = kept.carried(request.form)
        status, _ = take(self.step, visit, form, self.now(), device_of(self.cookies))
        if status != 303:
            return self._confirm_page(visit, form, status, held)
        return go_on(held, self._owner(visit), form.csrf_token.current_token)

    def add_app(self, visit: Visit) -> Any:
        """Another app."""
        return self._add(visit, "account/add_app.html", self._app_shown)

    def add_passkey(self, visit: Visit) -> Any:
        """Another passkey."""
        if self.factors.passkeys is None:
            abort(404)
        return self._add(visit, "account/add_passkey.html", self._passkey_shown)

    def app_picture(self, visit: Visit) -> Response:
        """The secret for another app, as a picture."""
        return picture(self.factors, visit)

    def remove(self, visit: Visit, factor_id: UUID) -> Any:
        """Remove a factor, after a question."""
        rows, _ = self.factors(visit)
        row = next((one for one in rows if one.id == factor_id), None)
        if row is None:
            self._not_yours(visit)
        form = self._button(visit)
        if request.method == "POST" and form.validate():
            try:
                self.factors.remove(visit, factor_id, self.now())
            except LastFactor:
                form.form_errors.append(form.say(Message(LAST)))
            except FactorGone:
                self._not_yours(visit)
            else:
                return self._back("removed")
        return self._page("account/remove_factor.html", form, row=row)

    def codes(self, visit: Visit) -> Any:
        """A new set of printed codes, after a question; shown once."""
        form = self.forms(AnotherForm, visit, request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate():
            try:
                codes = self.factors.print_codes(visit, self.now(), form.seen.data or "")
            except CodesReplaced:
                form.form_errors.append(form.say(Message(MADE_BEFORE)))
            else:
                return render(
                    "account/codes.html",
                    codes=codes,
                    fields=(),
                    next=url_for("security.security"),
                    languages=only_this(),
                )
        form.seen.data = self.factors.codes_shown(visit)
        return self._page("account/new_codes.html", form)

    def end_session(self, visit: Visit) -> Any:
        """End one session of one's own, or all others."""
        form = self._button(visit)
        if not form.validate():
            return redirect(url_for("security.security"), 303)
        if "others" in request.form:
            self.sessions.end_others(visit, self.now())
            return self._back("others")
        try:
            self.sessions.end(visit, _row_id("session"), self.now())
        except SessionOver:
            self._not_yours(visit)
        return self._back("ended")

    def forget_device(self, visit: Visit) -> Any:
        """Forget a browser."""
        form = self._button(visit)
        if not form.validate():
            return redirect(url_for("security.security"), 303)
        try:
            self.sessions.forget_device(visit, _row_id("device"), self.now())
        except DeviceUnknown:
            self._not_yours(visit)
        return self._back("forgotten")

    def passphrase(self, visit: Visit) -> Any:
        """Another passphrase, by the old one."""
        typed = request.form if request.method == "POST" else None
        form = self.forms(ChangePassphraseForm, visit, typed)
        form.about = self.change.about(visit)
        status = 200 if typed is None else self._change(visit, form)
        if status == 303:
            return self._back("changed")
        return self._page("account/passphrase.html", form, status=status, least=SHORTEST_PASSPHRASE)

    def _change(self, visit: Visit, form: ChangePassphraseForm) -> int:
        if not form.validate():
            return 422
        old, new = form.my_passphrase.data, form.new_passphrase.data
        try:
            self.change(visit, old, new, self.now(), self._device())
        except SignInRefused:
            form.my_passphrase.errors = [form.say(Message(WRONG))]
        except SignInTooSoon as wait:
            form.form_errors.append(form.say(wait_told(wait)))
            return 429
        except HashingBusy:
            form.form_errors.append(form.say(Message(BUSY)))
            return 503
        else:
            return 303
        return 422

    def _add(self, visit: Visit, template: str, shown: Any) -> Any:
        typed = request.form if request.method == "POST" else None
        form = self.forms(NewFactorForm, visit, typed)
        if typed is None:
            return self._page(template, form, **shown(visit))
        status, added = add(self.factors, visit, form, self.now(), device_of(self.cookies))
        if added is None:
            return self._page(template, form, status=status, **shown(visit))
        return self._back("added")

    def _app_shown(self, visit: Visit) -> dict[str, str]:
        secret = grouped(self.factors.waiting_app(visit))
        return {"secret": secret, "picture": url_for("security.app_picture")}

    def _passkey_shown(self, visit: Visit) -> dict[str, str]:
        return {"question": self.factors.question(visit)}

    def _confirm_page(
        self, visit: Visit, form: SecondStepForm, status: int, held: Kept | None
    ) -> Response:
        return render(
            "account/confirm.html",
            status,
            form=form,
            action=url_for("security.confirm", next=wanted()),
            ways=self.step.ways(visit),
            shown=self.step.code_of(visit, self.published, self.now()) if self.published else None,
            kept=held,
            **({"languages": only_this()} if held else {}),
        )

    def _typed(self, visit: Visit) -> Kept | None:
        """What was posted here from another page, if that page was ours."""
        if not self.forms(PageForm, visit, request.form).validate():
            return None
        return kept.typed(request.form, self._owner(visit))

    def _owner(self, visit: Visit) -> str:
        return kept.owner_of(self.door_secret, visit.person.id)

    def _device(self) -> DeviceSecret | None:
        return self.cookies.secret(request, DEVICE, DeviceSecret)

    def _button(self, visit: Visit) -> ButtonForm:
        return self.forms(ButtonForm, visit, request.form if request.method == "POST" else None)

    def _page(self, template: str, form: PageForm, status: int = 0, **shown: Any) -> Response:
        return render(
            template,
            status or (422 if form.errors else 200),
            form=form,
            back_href=url_for("security.security"),
            **shown,
        )

    def _back(self, told: str) -> Any:
        return redirect(url_for("security.security", told=told), 303)

    def _not_yours(self, visit: Visit) -> None:
        self.refuse(visit, request.endpoint or "")
        abort(404)


def _row_id(name: str) -> bytes:
    """The row that a button is for; nothing for what no button of ours holds."""
    try:
        return bytes.fromhex(request.form.get(name, ""))
    except ValueError:
        return b""


def make_blueprint(
    *,
    second_step: SecondStep,
    factors: Factors,
    sessions: OwnSessions,
    change: ChangePassphrase,
    published: TotpSecret | None,
    refuse: Refusal,
    door_secret: bytes,
    secure_cookies: bool,
    now: Clock,
) -> Blueprint:
    """The routes. All that change something ask for a fresh factor.

    ``published``: the app's secret that everybody knows, in a demo; its code is shown.
    """
    blueprint = Blueprint("security", __name__)
    entrance = Entrance(blueprint, refuse)
    pages = _Security(
        second_step,
        factors,
        sessions,
        change,
        StaffForms(door_secret),
        Cookies(secure_cookies),
        refuse,
        door_secret,
        published,
        now,
    )
    own = Permission.SIGNED_IN
    entrance.route("/account", own)(pages.security)
    entrance.route("/account/confirm", own, BOTH)(pages.confirm)
    for path, methods, view in (
        ("/account/app", BOTH, pages.add_app),
        ("/account/app/picture.svg", ("GET",), pages.app_picture),
        ("/account/passkey", BOTH, pages.add_passkey),
        ("/account/factors/<uuid:factor_id>/remove", BOTH, pages.remove),
        ("/account/codes", BOTH, pages.codes),
        ("/account/sessions/end", ("POST",), pages.end_session),
        ("/account/browsers/forget", ("POST",), pages.forget_device),
        ("/account/passphrase", BOTH, pages.passphrase),
    ):
        entrance.route(path, own, methods, fresh=True)(view)
    return blueprint
