"""The floor that ``ankkuri bench submit`` is held against.

The same form validated by the same WTForms with CSRF, and one row of the same size committed
with the same durability. Nothing is routed, sealed or looked up.
"""

from __future__ import annotations

import json
import os
from uuid import uuid4

from flask import Flask, Response, redirect, request
from sqlalchemy import LargeBinary, Uuid, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import config
from intake import language, wiring
from intake.app import MOST_BYTES
from intake.store.database import Database
from intake.web.forms.base import token_key
from intake.web.forms.receipt import PlainForm
from intake.web.forms.report_form import Around
from intake.web.reporter.answers import look_over
from intake.web.reporter.door import WAY


class Base(DeclarativeBase):
    """The floor's own table."""


class FloorRow(Base):
    """One row as large as all the rows of a report together."""

    __tablename__ = "floor"

    id: Mapped[bytes] = mapped_column(Uuid, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


def lay_out(url: str) -> None:
    """Make its table."""
    database = Database(url)
    with database.write() as connection:
        Base.metadata.create_all(connection)
    database.engine.dispose()


def from_environment() -> Flask:
    """The floor's application; ``FLOOR_*`` say where its row goes and how large it is."""
    database = Database(os.environ["FLOOR_DATABASE"])
    parts = wiring.build(config.load())
    content = os.urandom(int(os.environ["FLOOR_BYTES"]))
    typed = json.loads(os.environ["FLOOR_TYPED"])
    key = token_key(b"floor" * 8, b"floor" * 8)
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BYTES, MAX_FORM_MEMORY_SIZE=MOST_BYTES)
    finnish = language.Language("fi")

    @app.get("/")
    def front() -> str:
        return PlainForm(around=_around(), token_key=key)["csrf_token"].current_token  # type: ignore[no-any-return]  # WTForms ships no types

    @app.post("/send")
    def send() -> Response:
        form = PlainForm(request.form, around=_around(), token_key=key)
        assert form.validate(), form.errors
        checked = look_over(WAY, typed, _around())
        assert not checked.problems, checked.problems
        with database.write() as connection:
            connection.execute(insert(FloorRow).values(id=uuid4(), content=content))
        return redirect("/", 303)  # type: ignore[return-value]  # Werkzeug's response is Flask's base

    def _around() -> Around:
        return Around(finnish, parts.directory, parts.now().date(), "professional", ("gang",))

    return app
