"""What every page is given beside its own content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from intake.language import DEFAULT, LANGUAGES, Language
from intake.web.cookies import LANGUAGE, Cookies

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
Clock = Callable[[], datetime]


def reader_language() -> Language:
    """The language that the reader chose, else the default."""
    if "language" not in g:
        code = request.cookies.get(LANGUAGE, "")
        g.language = Language(code if code in LANGUAGES else DEFAULT)
    language: Language = g.language
    return language


def render(template: str, status: int = 200, **context: Any) -> Response:
    """A page with its status."""
    return make_response(render_template(template, **context), status)


@dataclass(frozen=True)
class LanguageChoice:
    """Answers ``?lang=``: remembers the choice and shows the same page in it."""

    cookies: Cookies

    def __call__(self) -> BaseResponse | None:
        """Before any view: redirect where a language was chosen."""
        code = request.args.get("lang")
        if request.method != "GET" or code not in LANGUAGES:
            return None
        parts = request.query_string.decode().split("&")
        rest = "&".join(part for part in parts if not part.startswith("lang="))
        path = "/" + request.path.lstrip("/")  # "//host" would lead elsewhere
        response = redirect(path + (f"?{rest}" if rest else ""), 303)
        self.cookies.remember_language(response, code)  # type: ignore[arg-type]  # Flask's own response
        return response


def protect(response: Response) -> Response:
    """After any view: security headers; pages are never kept by a browser or a proxy."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response
