"""What every form of the reporter's door knows and refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from intake.domain.directory import Agency, Directory
from intake.domain.message import Message, mark
from intake.language import Language
from intake.web.forms.base import PageForm

NOT_OF_THIS_PAGE = mark(
    "The page sent an answer to a question that it does not ask. Check the answers and continue."
)
TOKEN = "csrf_token"  # noqa: S105 # nosec B105 # a field's name
LEAVE = "leave"  # the name of the buttons that lead back, or to another language
WAS = "was"  # on a page of one person: the mark of that one as the page showed it


@dataclass(frozen=True)
class Taking:
    """That a member of staff types what somebody told these agencies, and when that is."""

    agencies: tuple[Agency, ...]
    now: datetime


@dataclass(frozen=True)
class Around:
    """What forms need to know beside their own answers.

    ``kind``: the reporter's, and ``topics``: those of the worry, as far as they have been told.
    ``taking`` None: the reporter types.
    """

    language: Language
    directory: Directory
    today: date
    kind: str = ""
    topics: tuple[str, ...] = ()
    taking: Taking | None = None


class ReportForm(PageForm):
    """A page of a worry."""

    def __init__(
        self, formdata: Any = None, *, around: Around, token_key: bytes = b"", **kwargs: Any
    ) -> None:
        super().__init__(formdata, language=around.language, token_key=token_key, **kwargs)
        self.around = around
        self.posted = set(formdata or ()) - {LEAVE}

    def validate(self, extra_validators: Any = None) -> bool:
        """Each question by itself, then all together; answers that were not asked are refused."""
        sound = bool(super().validate(extra_validators))
        if not self.posted <= {field.name for field in self}:
            self.form_errors.append(self.say(Message(NOT_OF_THIS_PAGE)))
            sound = False
        return sound

    def without_token(self) -> ReportForm:
        """The same form for answers that were posted before and are only looked at."""
        del self[TOKEN]
        self.posted.discard(TOKEN)
        return self

    @property
    def token_holds(self) -> bool:
        """Whether what was posted came from a page of this cookie; known once validated."""
        return TOKEN not in self.errors

    @property
    def questions(self) -> list[Any]:
        """The fields that a person answers."""
        return [field for field in self if field.name not in (TOKEN, WAS)]

    def cleaned(self) -> dict[str, Any]:
        """The answers as a worry takes them."""
        return {field.name: field.cleaned for field in self.questions}
