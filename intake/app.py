"""The web application of one process: the doors it serves, and what all their pages share."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, Request, Response, redirect, request, url_for
from flask_login import LoginManager, current_user
from jinja2 import StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from intake import doors, language, logs, wiring
from intake.domain.message import mark
from intake.live import LiveParts
from intake.parts import Parts
from intake.web import kept, measured
from intake.web.cookies import Cookies
from intake.web.guards import open_route, shut_what_declares_nothing
from intake.web.heed import Heed
from intake.web.host import OwnName
from intake.web.page import LanguageChoice, Protect, reader_language, render

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_BYTES = 8 * 1024 * 1024  # a text of 1 MB may be six times as long, urlencoded
DEMO = mark("Demo: all persons and matters are invented")
KEPT = (
    "from",
    "next",
    "state",
    "agency",
    "clock",
    "after",
    "period",
    "county",
)  # our own; anything else in an address is not repeated
ERROR_PAGES = (403, 404, 413, 503)
BARE = "Virhe – Fel – Error\n"  # without a catalogue, a template or a database
log = logging.getLogger(__name__)


def from_environment() -> Renewing:
    """The application as ``ankkuri serve`` starts it."""
    return Renewing(LiveParts(wiring.build(config.load(os.environ))))


class Renewing:
    """The application of a process, made anew of the parts that a changed directory gives."""

    def __init__(self, live: LiveParts) -> None:
        self._live = live
        self._parts = live()
        self._turn = Lock()
        self.app = create_app(self._parts)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, from its first to its last byte by one application."""
        parts = self._live()
        if parts is not self._parts:
            self._renew(parts)
        return self.app(environ, start_response)

    def _renew(self, parts: Parts) -> None:
        with self._turn:
            if parts is self._parts:
                return
            self._parts = parts
            try:
                self.app = create_app(parts)
            except Exception:
                log.exception("the application cannot be made anew: the old one stays")


class Incoming(Request):
    """A request whose files stay in memory, all of them together within MOST_BYTES."""

    def _get_file_stream(self, *_: Any, **__: Any) -> BytesIO:
        """Werkzeug would write a large one to the disk."""
        return BytesIO()


class Site(Flask):
    """Flask, but for where files go, and for what it says of a failure that not even the error
    page survives.
    """

    request_class = Incoming

    def log_exception(self, exc_info: Any) -> None:
        """Its kind and its place; Flask would name the path too."""
        _tell(exc_info[1])


def create_app(parts: Parts) -> Flask:
    """An application with the doors of ``parts.settings``."""
    settings = parts.settings
    app = Site(__name__, template_folder=str(config.PROJECT / "templates"))
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    app.jinja_env.undefined = StrictUndefined
    language.install(app.jinja_env)
    app.before_request(measured.begin)
    app.after_request(measured.end)
    app.teardown_request(measured.forget)
    if settings.base_url.startswith("https://"):
        app.before_request(OwnName(settings.base_url))
    if settings.proxies:  # the name stays the one in Host, which a proxy must pass on
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Flask's documentation has it
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies
        )
    cookies = Cookies(settings.secure_cookies)
    app.before_request(LanguageChoice(cookies))
    app.before_request(shut_what_declares_nothing)
    if set(settings.doors) & config.STAFF_DOORS:
        app.before_request(Heed(parts.notice, parts.now))
    for blueprint in doors.blueprints(parts):
        app.register_blueprint(blueprint)
    if "reporter" not in app.blueprints:
        open_route(app, "/")(root)
    _let_staff_in(app, parts, cookies)
    _give_context(app, settings.banner == "demo")
    _handle_errors(app)
    if set(settings.doors) & config.STAFF_DOORS:
        _handle_what_stays_shut(app, parts)
    app.after_request(Protect(settings.secure_cookies))
    return app


def root() -> Any:
    """The front of a process that serves staff only."""
    return redirect(url_for("account.front"), 303)


def _let_staff_in(app: Flask, parts: Parts, cookies: Cookies) -> None:
    login = LoginManager(app)
    if "account" not in app.blueprints:
        login.request_loader(lambda _request: None)
        return
    from intake.vault.keyring import SessionSecret
    from intake.web.guards import StaffUser
    from intake.web.second_step import COOKIE

    @login.request_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
    def load(incoming: Any) -> StaffUser | None:
        if incoming.blueprint == "reporter" or incoming.endpoint == "static":
            return None  # these know no staff, and must work without the staff's tables
        secret = cookies.secret(incoming, COOKIE, SessionSecret)
        try:
            visit = parts.sign_in.resume(secret, parts.now()) if secret else None
        except SQLAlchemyError as error:  # the page that says so asks again who is signed in
            log.error("a session could not be read", extra=logs.failure(error))
            return None
        return StaffUser(visit) if visit else None


def _give_context(app: Flask, demo: bool) -> None:
    from intake.web.navigation import navigation

    @app.context_processor
    def context() -> dict[str, Any]:
        reader = reader_language()
        visit = current_user.visit if current_user.is_authenticated else None
        served = set(app.blueprints)
        return {
            "language": reader,
            "languages": language.LANGUAGES,
            "query": _query_kept(),
            "banner": reader.gettext(DEMO) if demo else "",
            "nav": navigation(reader, visit, served, request.endpoint or "") if visit else [],
            "visit": visit,
            "support_code": measured.support_code(),
            "home_href": _home(served, visit is not None),
            "accessibility_href": url_for("reporter.accessibility") if "reporter" in served else "",
            "privacy_href": url_for("reporter.privacy") if "reporter" in served else "",
        }


def _query_kept() -> str:
    """What of the address stays when the language changes or a form is posted."""
    return urlencode({name: request.args[name] for name in KEPT if name in request.args})


def _home(served: set[str], signed_in: bool) -> str:
    if signed_in or "reporter" not in served:
        return url_for("account.front")
    return url_for("reporter.start")


def _handle_errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        code = error.code or 500
        if code < 400:
            return error
        page = code if code in ERROR_PAGES else 500 if code >= 500 else 404
        return _shown(page, code)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        _tell(error)
        return _shown(500, 500)


def _handle_what_stays_shut(app: Flask, parts: Parts) -> None:
    from intake.services.desks import NobodyCanOpen
    from intake.services.tell_damage import TellDamage
    from intake.vault.envelope import EnvelopeDamaged
    from intake.web.damaged import Damaged
    from intake.web.no_key import no_key

    damaged = Damaged(TellDamage(parts.database), parts.now)
    app.register_error_handler(EnvelopeDamaged, damaged)
    app.register_error_handler(NobodyCanOpen, no_key)


def _shown(page: int, code: int) -> Any:
    """The page of an error; a bare line where not even that can be made."""
    try:
        return render(f"errors/{page}.html", code, lost=kept.lost(request))
    except Exception as error:
        _tell(error)
        return Response(BARE, code, mimetype="text/plain")


def _tell(error: BaseException) -> None:
    """Into the log: what failed where, without the error's own words."""
    log.error("%s at %s", type(error).__name__, request.endpoint, extra=logs.failure(error))
