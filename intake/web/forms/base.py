"""What every form has: our own token, our own language, and what was typed kept."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from flask import g
from flask_wtf import FlaskForm
from wtforms.csrf.core import CSRF
from wtforms.validators import ValidationError

from intake.domain.message import Message, mark
from intake.language import Language

EXPIRED = mark(
    "The page had been open too long. Your text is still here: check it and send it again."
)


FORGED = "form_token_forged"
"""In ``flask.g``: a form of this request had a token that was not the one of its cookie."""


class TokenForged(ValidationError):  # type: ignore[misc]  # WTForms ships no types
    """The form's token is not the one of this cookie."""


class CookieToken(CSRF):  # type: ignore[misc]  # WTForms ships no types
    """A token bound to the visitor's cookie and to this door's secret (HMAC-SHA256)."""

    def setup_form(self, form: Any) -> Any:
        """Take the key that the form was made with."""
        self.key: bytes = form.meta.csrf_context
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: Any) -> str:  # noqa: ARG002 (WTForms' signature)
        """The one token of this cookie at this door."""
        return hmac.new(self.key, b"ankkuri form token", hashlib.sha256).hexdigest()

    def validate_csrf_token(self, form: Any, field: Any) -> None:  # noqa: ARG002 (WTForms' signature)
        """Refuse any other token, in the reader's language."""
        if not hmac.compare_digest(field.current_token.encode(), (field.data or "").encode()):
            setattr(g, FORGED, True)
            raise TokenForged(field.gettext(EXPIRED))


class _Translations:
    """WTForms' own messages, where any is left, through our catalogue."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def gettext(self, text: str) -> str:
        return self.language.catalogue.gettext(text)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.language.catalogue.ngettext(one, many, n)


class PageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form of one page. Labels and choices are catalogue keys in the class, text in the form.

    ``token_key``: see ``token_key``. ``formdata``: what was posted, None to show ``data``.
    """

    class Meta:
        """CSRF by our own token; no cache of translations between languages."""

        csrf = True
        csrf_class = CookieToken
        csrf_context: bytes = b""
        cache_translations = False
        language: Language | None = None

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:  # noqa: ARG002 (WTForms' signature)
            """Never take the request's data behind the caller's back."""
            return formdata

        def get_translations(self, form: Any) -> _Translations:  # noqa: ARG002 (WTForms' signature)
            """The reader's language."""
            assert self.language is not None  # noqa: S101 # nosec B101 # set by the constructor below
            return _Translations(self.language)

    def __init__(
        self, formdata: Any = None, *, language: Language, token_key: bytes, **kwargs: Any
    ) -> None:
        meta = {"csrf_context": token_key, "language": language}
        super().__init__(formdata, meta=meta, **kwargs)
        self.language = language
        for field in self:
            if field.name != "csrf_token":
                _translate(field, language)

    @property
    def typed(self) -> dict[str, Any]:
        """Everything as it was typed, without the token."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}

    def say(self, message: Message) -> str:
        """A message in the reader's language."""
        return self.language.message(message)


def _translate(field: Any, language: Language) -> None:
    field.label.text = language.gettext(field.label.text)
    if getattr(field, "choices", None):
        field.choices = [(value, language.gettext(text)) for value, text in field.choices]


def token_key(door_secret: bytes, cookie_key: bytes) -> bytes:
    """The key of a cookie's form tokens at one door: neither half alone makes a token."""
    return hmac.new(door_secret, cookie_key, hashlib.sha256).digest()
