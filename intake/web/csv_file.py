"""Tables as files for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from flask import Response

BOM = "\ufeff"
"""Without it Excel takes UTF-8 for something else."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BEGINS_A_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
Cell = str | int


def harmless(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula: names come from people, also hostile ones.

    Numbers stay as they are. Of a text control characters become spaces, and one that would begin a
    formula gets an apostrophe before it.
    """
    if isinstance(cell, int):
        return cell
    text = _CONTROL.sub(" ", cell)
    return f"'{text}" if _BEGINS_A_FORMULA.match(text) else text


def csv_file(name: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A file that a Finnish spreadsheet opens by a click: semicolons, CRLF, UTF-8 with its mark.

    Every text is quoted, so that no separator in it begins another cell.
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([harmless(cell) for cell in row] for row in (heading, *rows))
    response = Response((BOM + written.getvalue()).encode(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
