"""The pages of the second step: a code or a passkey; before the first time, setting one up."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import segno
from flask import Response, abort, make_response, redirect, request, url_for
from flask_login import current_user

from intake.domain.message import Message, mark
from intake.services.factors import Added, Factors, TooManyFactors
from intake.services.second_step import FactorRefused, SecondStep
from intake.services.sign_in import HalfOpen, SignIn, Visit
from intake.services.tries import SignInTooSoon
from intake.vault.keyring import DeviceSecret, SessionSecret
from intake.vault.totp import TotpSecret
from intake.web import kept
from intake.web.cookies import Cookies
from intake.web.forms.base import PageForm, token_key
from intake.web.forms.second_step import NewFactorForm, SecondStepForm
from intake.web.kept import Kept
from intake.web.measured import outcome
from intake.web.onward import go_on, wanted
from intake.web.page import Clock, only_this, reader_language, render
from intake.web.tries import wait_told

COOKIE = "ankkuri_staff"
HALF = "ankkuri_half"
DEVICE = "ankkuri_device"
_GROUP = 4

WRONG_CODE = mark("The code is wrong, or it has been used. Wait for the next one and write it.")
WRONG_PRINTED = mark(
    "The printed code is wrong, or it has been used. Check it, or use another one."
)
WRONG_PASSKEY = mark("The passkey was not accepted. Try again, or use a code.")
TOO_MANY = mark("You have as many of these as you can have. Remove one first.")
Form = TypeVar("Form", bound=PageForm)


@dataclass(frozen=True)
class SecondPages:
    """Between the passphrase and the first page."""

    start: SignIn
    step: SecondStep
    factors: Factors
    cookies: Cookies
    door_secret: bytes
    published: TotpSecret | None
    now: Clock

    def begin(self, session: SessionSecret, held: Kept | None, printed_code: str) -> Response:
        """After the passphrase: lead on, or show the page at once where it is to hold what was
        typed before. A printed code that came with the passphrase takes the second step.
        """
        half = self.start.half(session, self.now())
        if half is None:
            abort(503)
        has = self.step.has_factor(half)
        if printed_code and has:
            response = self._by_printed_code(half, held, printed_code)
        elif held is not None and held.owner == self._owner(half):
            response = self._first_page(half, held)
            self.cookies.keep(response, HALF, session)
        else:
            page = "account.sign_in_second" if has else "account.sign_in_set_up"
            response = make_response(redirect(url_for(page, next=wanted()), 303))
            self.cookies.keep(response, HALF, session)
        if not self.cookies.language(request):  # from here on the person's own
            self.cookies.remember_language(response, half.person.language)
        return response

    def _by_printed_code(self, half: HalfOpen, held: Kept | None, typed: str) -> Response:
        device = device_of(self.cookies)
        try:
            session = self.step.by_code(half, typed, self.now(), device)
        except (FactorRefused, SignInTooSoon):
            session = None
        if session is not None:
            return self._whole(session, device, go_on(held, self._owner(half)))
        form = self._empty(SecondStepForm, half)
        form.factor_code.data = typed
        _refuse(form)
        response = self._second_page(half, form, 422, held)
        self.cookies.keep(response, HALF, half.secret)
        return response

    def sign_in_second(self) -> Any:
        """A code, or a passkey's answer."""
        half = self._half()
        if half is None:
            return self._again()
        if not self.step.has_factor(half):
            return self._first_page(half, kept.carried(request.form))
        form = self._form(SecondStepForm, half)
        if request.method == "GET":
            return self._second_page(half, form, 200, None)
        held, device = kept.carried(request.form), device_of(self.cookies)
        status, session = take(self.step, half, form, self.now(), device)
        outcome({303: "taken", 429: "too_soon"}.get(status, "refused"))
        if session is None:
            return self._second_page(half, form, status, held)
        return self._whole(session, device, go_on(held, self._owner(half)))

    def sign_in_set_up(self) -> Any:
        """The first factor of somebody who has none."""
        half = self._half()
        if half is None:
            return self._again()
        if self.step.has_factor(half):
            return self._first_page(half, kept.carried(request.form))
        form = self._form(NewFactorForm, half)
        if request.method == "GET":
            return self._set_up_page(half, form, 200, None)
        held, device = kept.carried(request.form), device_of(self.cookies)
        status, added = add(self.factors, half, form, self.now(), device)
        if added is None or added.session is None:
            return self._set_up_page(half, form, status, held)
        own = held is not None and held.owner == self._owner(half)
        page = render(
            "account/codes.html",
            codes=added.codes,
            fields=held.fields if held and own else (),
            next=wanted(),
            languages=only_this(),
        )
        return self._whole(added.session, device, page)

    def sign_in_picture(self) -> Any:
        """The secret for an app, as a picture."""
        half = self._half()
        if half is None or self.step.has_factor(half):
            abort(404)
        return picture(self.factors, half)

    def _half(self) -> HalfOpen | None:
        secret = self.cookies.secret(request, HALF, SessionSecret)
        return self.start.half(secret, self.now()) if secret else None

    def _owner(self, half: HalfOpen) -> str:
        return kept.owner_of(self.door_secret, half.person.id)

    def _form(self, kind: type[Form], half: HalfOpen) -> Form:
        key = token_key(self.door_secret, half.secret.csrf_key)
        typed = request.form if "factor_code" in request.form else None
        return kind(typed, language=reader_language(), token_key=key)

    def _again(self) -> Any:
        """It took too long: back to the passphrase, with what was typed before."""
        return redirect(
            url_for("account.sign_in", next=wanted()), 307 if request.method == "POST" else 303
        )

    def _first_page(self, half: HalfOpen, held: Kept | None) -> Response:
        if self.step.has_factor(half):
            return self._second_page(half, self._empty(SecondStepForm, half), 200, held)
        return self._set_up_page(half, self._empty(NewFactorForm, half), 200, held)

    def _empty(self, kind: type[Form], half: HalfOpen) -> Form:
        key = token_key(self.door_secret, half.secret.csrf_key)
        return kind(None, language=reader_language(), token_key=key)

    def _second_page(
        self, half: HalfOpen, form: SecondStepForm, status: int, held: Kept | None
    ) -> Response:
        return render(
            "account/second_step.html",
            status,
            form=form,
            action=url_for("account.sign_in_second", next=wanted()),
            ways=self.step.ways(half),
            shown=self._shown(half),
            kept=held,
            **({"languages": only_this()} if held else {}),
        )

    def _set_up_page(
        self, half: HalfOpen, form: NewFactorForm, status: int, held: Kept | None
    ) -> Response:
        return render(
            "account/set_up.html",
            status,
            form=form,
            action=url_for("account.sign_in_set_up", next=wanted()),
            picture=url_for("account.sign_in_picture"),
            secret=grouped(self.factors.waiting_app(half)),
            question=self.factors.question(half),
            kept=held,
            **({"languages": only_this()} if held else {}),
        )

    def _shown(self, half: HalfOpen) -> str | None:
        """In a demo the code that is good now, for visitors without an app."""
        if self.published is None:
            return None
        return self.step.code_of(half, self.published, self.now())

    def _whole(self, session: SessionSecret, device: DeviceSecret, response: Response) -> Response:
        """A new session in this browser, which is known from now on; the old one ends."""
        if current_user.is_authenticated:
            self.start.out(current_user.visit, self.now())
        self.cookies.keep(response, COOKIE, session)
        self.cookies.forget(response, HALF)
        self.cookies.keep_long(response, DEVICE, device)
        return response


def device_of(cookies: Cookies) -> DeviceSecret:
    """The browser's own secret, or a new one for it."""
    return cookies.secret(request, DEVICE, DeviceSecret) or DeviceSecret.new()


def take(
    step: SecondStep,
    who: HalfOpen | Visit,
    form: SecondStepForm,
    now: datetime,
    device: DeviceSecret,
) -> tuple[int, SessionSecret | None]:
    """Take the step with what the form holds: 303 with the new session, where one begins; else
    the status of the page, whose form says why.
    """
    if not form.validate():
        return 422, None
    answer = form.factor_passkey.data
    try:
        if answer:
            return 303, step.by_passkey(who, answer, now, device)
        return 303, step.by_code(who, form.factor_code.cleaned, now, device)
    except FactorRefused:
        _refuse(form)
    except SignInTooSoon as wait:
        form.form_errors.append(form.say(wait_told(wait)))
        return 429, None
    return 422, None


def add(
    factors: Factors,
    who: HalfOpen | Visit,
    form: NewFactorForm,
    now: datetime,
    device: DeviceSecret,
) -> tuple[int, Added | None]:
    """Add what the form holds: 303, or the status of the page, whose form says why not."""
    if not form.validate():
        return 422, None
    answer, label = form.factor_passkey.data, form.label.cleaned.strip()
    try:
        if answer:
            return 303, factors.add_passkey(who, answer, label, now, device)
        return 303, factors.add_app(who, form.factor_code.cleaned, label, now, device)
    except FactorRefused:
        _refuse(form)
    except TooManyFactors:
        form.form_errors.append(form.say(Message(TOO_MANY)))
    except SignInTooSoon as wait:
        form.form_errors.append(form.say(wait_told(wait)))
        return 429, None
    return 422, None


def _refuse(form: SecondStepForm) -> None:
    if form.factor_passkey.data:
        form.form_errors.append(form.say(Message(WRONG_PASSKEY)))
    else:
        of_app = "".join(form.factor_code.cleaned.split()).isdigit()
        told = WRONG_CODE if of_app else WRONG_PRINTED
        form.factor_code.errors = [form.say(Message(told))]


def grouped(secret: TotpSecret) -> str:
    """For reading and typing: groups of four."""
    text = secret.text
    return " ".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def picture(factors: Factors, who: HalfOpen | Visit) -> Response:
    """An app's waiting secret as a QR code."""
    drawn = io.BytesIO()
    code = segno.make(factors.address(who), error="m")
    code.save(drawn, kind="svg", scale=5, border=4, xmldecl=False, light="#fff")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")
