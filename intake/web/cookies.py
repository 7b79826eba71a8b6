"""The cookies that a door hands out. Each holds a secret, a choice or a place, never content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from flask import Request, Response

from intake.vault.own import CookieSecret, CookieUnusable

_LANGUAGE = "ankkuri_language"
_YEAR_SECONDS = 365 * 24 * 3600
Secret = TypeVar("Secret", bound=CookieSecret)


@dataclass(frozen=True)
class Cookies:
    """Reads and writes cookies the one safe way. ``secure``: only over TLS, bound to the host."""

    secure: bool

    def secret(self, request: Request, name: str, kind: type[Secret]) -> Secret | None:
        """The secret in a cookie; None where there is none or it is not one of ours."""
        try:
            return kind.parse(request.cookies.get(self._named(name), ""))
        except CookieUnusable:
            return None

    def keep(self, response: Response, name: str, secret: CookieSecret) -> None:
        """Hand out a secret until the browser closes."""
        self._set(response, self._named(name), secret.cookie, None)

    def keep_long(self, response: Response, name: str, secret: CookieSecret) -> None:
        """Hand out a secret for a year."""
        self._set(response, self._named(name), secret.cookie, _YEAR_SECONDS)

    def forget(self, response: Response, name: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(
            self._named(name), path="/", secure=self.secure, httponly=True, samesite="Lax"
        )

    def bookmark(self, response: Response, name: str, row_id: UUID) -> None:
        """Remember until the browser closes which one was looked at; it opens nothing."""
        self._set(response, self._named(name), str(row_id), None)

    def bookmarked(self, request: Request, name: str) -> UUID | None:
        """Which one was looked at last, if any."""
        try:
            return UUID(request.cookies.get(self._named(name), ""))
        except ValueError:
            return None

    def language(self, request: Request) -> str:
        """What stands in the cookie of the reader's language; nothing where none was chosen."""
        return request.cookies.get(self._named(_LANGUAGE), "")

    def remember_language(self, response: Response, code: str) -> None:
        """Remember the reader's language for a year."""
        self._set(response, self._named(_LANGUAGE), code, _YEAR_SECONDS)

    def _set(self, response: Response, name: str, value: str, max_age: int | None) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name
