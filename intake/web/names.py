"""The names of agencies, as far as they may be told of one report."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from intake.domain.directory import Directory
from intake.domain.masked import TELL_THE_PLACE
from intake.language import Language
from intake.web.words import KINDS


@dataclass(frozen=True)
class Names:
    """In one reader's language. ``masked_for``: the agencies of a reader to whom no other agency is
    named that tells where a protected child is; its kind stands for it.
    """

    language: Language
    directory: Directory
    masked_for: Collection[str] | None = None

    def __call__(self, agency_id: str) -> str:
        """The agency's name, or the name of its kind; an id that nobody has stands as it is."""
        agency = self.directory.agencies.get(agency_id)
        if agency is None:
            return agency_id
        masked = self.masked_for is not None and agency_id not in self.masked_for
        if masked and agency.kind in TELL_THE_PLACE:
            return self.language.gettext(KINDS[agency.kind])
        return self.language.text(agency.name)
