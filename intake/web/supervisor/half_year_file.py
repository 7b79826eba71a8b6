"""The half-year statistics as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flask import Response

from intake.domain.message import mark
from intake.language import Language
from intake.services.half_year import CountyFigures
from intake.web.csv_file import Cell, csv_file

if TYPE_CHECKING:
    from intake.web.supervisor.half_year import Subject

PARTIAL = mark("Part of the county's figures, not THL's statistics")
PROTECTED = mark("protected")
HEADINGS = (
    mark("County"),
    mark("First day"),
    mark("Last day"),
    mark("Subject"),
    mark("Figure"),
    mark("Count"),
    mark("Remark"),
)


def file_of(language: Language, found: CountyFigures, subjects: Sequence[Subject]) -> Response:
    """The numbers as they may be shown outside, one a line."""
    heading = [language.gettext(heading) for heading in HEADINGS]
    return csv_file(f"half-year-{found.period}.csv", heading, _lines(language, found, subjects))


def _lines(
    language: Language, found: CountyFigures, subjects: Sequence[Subject]
) -> Iterator[list[Cell]]:
    about = [language.text(found.county.name), f"{found.period.first}", f"{found.period.last}"]
    partial = language.gettext(PARTIAL)
    for title, kept, others in subjects:
        for number in (*kept, *others):
            told = language.gettext(PROTECTED) if number.told is None else number.told
            yield [*about, language.gettext(title), language.gettext(number.name), told, partial]
