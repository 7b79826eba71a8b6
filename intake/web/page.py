"""What every page is given beside its own content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.language import DEFAULT, LANGUAGES, Language
from intake.web.cookies import Cookies

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TLS_ONLY = {"Strict-Transport-Security": f"max-age={365 * 24 * 3600}; includeSubDomains"}
Clock = Callable[[], datetime]


def reader_language() -> Language:
    """The language that the reader chose, else the default."""
    language: Language = g.get("language") or Language(DEFAULT)
    return language


def only_this() -> dict[str, str]:
    """The language in use: a link to another would lose what the page holds."""
    language = reader_language()
    return {language.code: language.name}


def render(template: str, status: int = 200, **context: Any) -> Response:
    """A page with its status."""
    return make_response(render_template(template, **context), status)


@dataclass(frozen=True)
class LanguageChoice:
    """Speaks the language that the reader chose. Answers ``?lang=``: remembers the choice and shows
    the same page in it.
    """

    cookies: Cookies

    def __call__(self) -> BaseResponse | None:
        """Before any view: redirect where a language is being chosen."""
        chosen = self.cookies.language(request)
        g.language = Language(chosen if chosen in LANGUAGES else DEFAULT)
        if request.method != "GET" or request.endpoint is None:
            return None
        code = request.args.get("lang")
        if code not in LANGUAGES:
            return None
        if request.blueprint == "probe":
            return None  # a watcher has no language
        # Only the address of a view of ours: a path as it came could lead to another host.
        path = url_for(request.endpoint, **(request.view_args or {}))
        rest = urlencode([pair for pair in request.args.items(multi=True) if pair[0] != "lang"])
        response = redirect(path + (f"?{rest}" if rest else ""), 303)
        self.cookies.remember_language(response, code)  # type: ignore[arg-type]  # Flask's own response
        return response


@dataclass(frozen=True)
class Protect:
    """After any view: security headers; pages are never kept by a browser or a proxy.

    ``secure``: the site is served over TLS, and browsers are to use nothing else (RFC 6797).
    """

    secure: bool

    def __call__(self, response: Response) -> Response:
        """The response with its headers."""
        for name, value in {**HEADERS, **(TLS_ONLY if self.secure else {})}.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response
