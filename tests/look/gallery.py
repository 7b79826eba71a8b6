"""Every component with invented answers, served by a small application of its own."""

from __future__ import annotations

from datetime import time
from pathlib import Path

from flask import Flask, render_template
from flask_wtf import FlaskForm
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from wtforms import (
    BooleanField,
    DateField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import ValidationError

import intake
from intake.language import LANGUAGES, SOURCE, Language, install
from intake.web.forms.hours import Span

ROOT = Path(intake.__file__).parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "intake" / "static"
SAMPLE_ROWS = [
    ("K7-2041", "late", "Myöhässä 52 h", "su 31.5. klo 5.30", "Väkivallan uhka", "new", "Uusi"),
    (
        "K7-2038",
        "soon",
        "2 h jäljellä",
        "ti 2.6. klo 11.30",
        "Päihteet",
        "progress",
        "Käsittelyssä",
    ),
    ("K7-2017", "", "", "–", "Runsaat poissaolot", "closed", "Käsittely päättynyt"),
]


def _wrong(text: str):  # type: ignore[no-untyped-def]  # WTForms ships no types
    def validate(_form: object, _field: object) -> None:
        raise ValidationError(text)

    return [validate]


class Sample(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """One field of every kind; the first five and one of the days are always wrong."""

    name = StringField("Lapsen tai nuoren nimi", _wrong("Kirjoita lapsen tai nuoren nimi."))
    born = DateField("Syntymäaika", _wrong("Kirjoita syntymäaika."), format="%d %m %Y")
    danger = RadioField(
        "Onko lapsi tai nuori välittömässä vaarassa?",
        _wrong("Valitse, onko vaara välitön."),
        choices={"now": "Kyllä, vaara on välitön", "today": "Ei, mutta huoli on vakava"},
    )
    topics = SelectMultipleField(
        "Mitä huoli koskee?",
        _wrong("Valitse ainakin yksi huolen aihe."),
        choices={"violence": "Väkivallan uhka tai pelko", "substances": "Päihteet"},
    )
    seen = TextAreaField("Mitä olet nähnyt tai kuullut", _wrong("Kerro, mitä olet nähnyt."))
    phone = StringField("Puhelinnumero")
    passphrase = PasswordField("Salalause")
    protected = RadioField("Turvakielto", choices={"yes": "Kyllä", "no": "Ei"}, default="no")
    agreed = BooleanField("Nuori suostuu tietojen välittämiseen", default=True)
    state = SelectField("Tila", choices={"open": "Avoimet", "all": "Kaikki"}, default="all")
    mon = Span("Maanantai", default=(time(8), time(15, 30)))
    tue = Span("Tiistai", _wrong("Kirjoita ajat kuten 8.00 ja 16.00."))
    search = StringField("Tunnus tai koulu")
    order = SelectField("Järjestys", choices={"due": "Määräaika"})


def gallery() -> Flask:
    """The application: `/` shows every component, `/?wrong=1` with errors, `/errors/<name>`."""
    app = Flask("gallery", static_folder=str(STATIC))
    app.config.update(SECRET_KEY="gallery", TESTING=True)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.loader = ChoiceLoader(
        [FileSystemLoader(TEMPLATES), FileSystemLoader(Path(__file__).parent)]
    )
    install(app.jinja_env)
    frame = {
        "language": Language(SOURCE),
        "languages": LANGUAGES,
        "home_href": "/",
        "back_href": "/before",
        "leave_href": "/leave",
        "accessibility_href": "/accessibility",
        "privacy_href": "/privacy",
        "banner": "Esittely: keksittyjä tietoja",
        "nav": [("Saapuneet", "/", True), ("Määräajat", "/deadlines", False)],
    }

    @app.get("/")
    def sound() -> str:
        return render_template("gallery.html", **frame, form=Sample(), rows=SAMPLE_ROWS)

    @app.post("/")
    def wrong() -> str:
        form = Sample()
        form.validate()
        return render_template("gallery.html", **frame, form=form, rows=SAMPLE_ROWS)

    @app.get("/question/<macro>/<name>")
    def question(macro: str, name: str) -> str:
        return render_template("question.html", **frame, macro=macro, field=Sample()[name])

    @app.get("/errors/<name>")
    def error(name: str) -> str:
        fields = [("seen", "Havainnot", "\nEnsimmäinen\nrivi <b>"), ("topic", "", "violence")]
        return render_template(
            f"errors/{name}.html", **frame, action="/send", unsure=False, fields=fields
        )

    @app.get("/bare/<name>")
    def bare(name: str) -> str:
        needed = {"language": Language(SOURCE), "languages": LANGUAGES}
        return render_template(f"errors/{name}.html", **needed)

    return app


if __name__ == "__main__":
    gallery().run(port=8099)
