"""The half-year statistics as a file for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from flask import Response

from intake.domain.message import mark
from intake.language import Language
from intake.services.half_year import CountyFigures

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
_STARTS_A_FORMULA = tuple("=+-@\t\r\n")
_BYTE_ORDER = "\ufeff"  # by which a spreadsheet knows UTF-8


def file_of(language: Language, found: CountyFigures, subjects: Sequence[Subject]) -> Response:
    """The numbers as they may be shown outside: semicolons, UTF-8, one number a line."""
    text = StringIO(_BYTE_ORDER, newline="")
    text.seek(0, 2)
    writer = csv.writer(text, delimiter=";")
    writer.writerow([language.gettext(heading) for heading in HEADINGS])
    writer.writerows(_lines(language, found, subjects))
    response = Response(text.getvalue(), mimetype="text/csv")
    name = f"half-year-{found.period}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(
    language: Language, found: CountyFigures, subjects: Sequence[Subject]
) -> Iterator[list[str]]:
    about = [language.text(found.county.name), f"{found.period.first}", f"{found.period.last}"]
    partial = language.gettext(PARTIAL)
    for title, kept, others in subjects:
        for number in (*kept, *others):
            told = language.gettext(PROTECTED) if number.told is None else str(number.told)
            line = [*about, language.gettext(title), language.gettext(number.name), told, partial]
            yield [no_formula(cell) for cell in line]


def no_formula(text: str) -> str:
    """A cell that a spreadsheet shows as it is and never works out."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
