"""The way back in by a recovery code, and the page that makes another code."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request, url_for

from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.services.recover import CodeReplaced, Recover, RecoveryRefused
from intake.services.refuse_weak import SHORTEST_PASSPHRASE
from intake.services.sign_in import Visit
from intake.services.tries import SignInTooSoon
from intake.vault.keyring import SessionSecret
from intake.vault.passphrase import HashingBusy
from intake.vault.recovery import RecoveryCode
from intake.web.cookies import Cookies
from intake.web.forms.base import token_key
from intake.web.forms.people import AnotherForm
from intake.web.forms.recovery import RecoverForm
from intake.web.guards import Entrance, Refusal, open_route
from intake.web.measured import outcome
from intake.web.page import Clock, only_this, reader_language, render
from intake.web.second_step import DEVICE, device_of
from intake.web.tries import BUSY, wait_told

COOKIE = "ankkuri_recover"  # binds the form to the browser that asked for it
REFUSED = mark("The user name or the recovery code is wrong, or the code has been used.")
MADE_BEFORE = mark(
    "This page has made a code already. It was shown once, and it is good. Make another only if "
    "you do not have it."
)


@dataclass(frozen=True)
class _Recovery:
    recover: Recover
    cookies: Cookies
    door_secret: bytes
    now: Clock

    def come_back(self) -> Response:
        """User name, code and a new passphrase; then the next code, shown once."""
        secret = self.cookies.secret(request, COOKIE, SessionSecret) or SessionSecret.new()
        key = token_key(self.door_secret, secret.csrf_key)
        typed = request.form if request.method == "POST" else None
        form = RecoverForm(typed, language=reader_language(), token_key=key)
        form.about = ((form.name.data or "").strip().lower(),)
        if typed is None or not form.validate():
            return self._page(form, secret, 200 if typed is None else 422)
        try:
            device = device_of(self.cookies)
            name, typed_code = form.name.data, form.code.data
            code = self.recover(name, typed_code, form.passphrase.data, self.now(), device)
        except RecoveryRefused:
            outcome("refused")
            return self._page(form, secret, 422, Message(REFUSED))
        except SignInTooSoon as wait:
            outcome("too_soon")
            return self._page(form, secret, 429, wait_told(wait))
        except HashingBusy:
            outcome("busy")
            return self._page(form, secret, 503, Message(BUSY))
        outcome("taken")
        response = _shown(code, url_for("account.sign_in"), back=True)
        self.cookies.forget(response, COOKIE)
        self.cookies.keep_long(response, DEVICE, device)
        return response

    def new_recovery_code(self, visit: Visit) -> Response:
        """Another code for who is signed in."""
        key = token_key(self.door_secret, visit.secret.csrf_key)
        typed = request.form if request.method == "POST" else None
        form = AnotherForm(typed, language=reader_language(), token_key=key)
        if typed is not None and form.validate():
            try:
                code = self.recover.new_code(visit, self.now(), form.seen.data or "")
            except CodeReplaced:
                form.form_errors.append(form.say(Message(MADE_BEFORE)))
            else:
                return _shown(code, url_for("account.front"), back=False)
        form.seen.data = self.recover.code_there(visit)
        return render(
            "account/new_recovery_code.html",
            200 if typed is None else 422,
            form=form,
            has_code=bool(form.seen.data),
            back_href=url_for("account.front"),
        )

    def _page(
        self, form: RecoverForm, secret: SessionSecret, status: int, told: Message | None = None
    ) -> Response:
        if told is not None:
            form.form_errors.append(form.say(told))
        response = render("account/recover.html", status, form=form, least=SHORTEST_PASSPHRASE)
        self.cookies.keep(response, COOKIE, secret)
        return response


def _shown(code: RecoveryCode, next_href: str, *, back: bool) -> Response:
    return render(
        "account/recovery_code.html",
        code=code.text,
        next_href=next_href,
        back=back,
        languages=only_this(),
    )


def make_blueprint(
    *,
    recover: Recover,
    door_secret: bytes,
    secure_cookies: bool,
    refuse: Refusal,
    now: Clock,
) -> Blueprint:
    """The routes; wherever staff sign in, they come back too."""
    blueprint = Blueprint("recovery", __name__)
    entrance, both = Entrance(blueprint, refuse), ("GET", "POST")
    recovery = _Recovery(recover, Cookies(secure_cookies), door_secret, now)
    open_route(blueprint, "/recover", both)(recovery.come_back)
    own = Permission.SIGNED_IN
    entrance.route("/recovery-code", own, both, fresh=True)(recovery.new_recovery_code)

    return blueprint
