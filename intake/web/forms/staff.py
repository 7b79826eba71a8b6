"""Forms for somebody who is signed in: bound to their session at this door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from intake.services.sign_in import Visit
from intake.web.forms.base import PageForm, token_key
from intake.web.page import reader_language

Form = TypeVar("Form", bound=PageForm)


@dataclass(frozen=True)
class StaffForms:
    """Makes a door's forms in the reader's language."""

    door_secret: bytes

    def __call__(self, form: type[Form], visit: Visit, typed: Any = None, **given: Any) -> Form:
        """``typed``: what was posted, None to show ``given``."""
        key = token_key(self.door_secret, visit.secret.csrf_key)
        return form(typed, language=reader_language(), token_key=key, **given)
