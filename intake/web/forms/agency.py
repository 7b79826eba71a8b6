"""The questions about one agency."""

from __future__ import annotations

from typing import Any

from wtforms import ValidationError

from intake.domain.directory import Agency, Directory
from intake.domain.message import Message, mark
from intake.web.forms.directory import (
    CHOOSE,
    LANGUAGES,
    PHONE_LIMIT,
    PHONE_MISSING,
    DialledForm,
    named,
)
from intake.web.forms.fields import Line, OneOf, Several
from intake.web.forms.hours import HoursForm, hours_data
from intake.web.words import DESKS, KINDS

OUTSIDE = mark("%(controller)s does not serve: %(places)s.")
OTHER_KIND = mark("%(controller)s cannot have an agency of this kind.")


class AgencyForm(HoursForm, DialledForm):
    """A desk that receives referrals. What it is and whose it is cannot be changed later."""

    controller = OneOf(mark("Controller"), missing=mark("Choose whose agency it is."))
    kind = OneOf(mark("Kind"), missing=mark("Choose what kind it is."))
    desk = OneOf(mark("Desk"), tuple(DESKS.items()), missing=mark("Choose which desk it is."))
    phone = Line(mark("Telephone"), limit=PHONE_LIMIT, missing=PHONE_MISSING)
    municipalities = Several(
        mark("Area"), (), missing=mark("Choose at least one municipality that it serves.")
    )
    languages = Several(
        mark("Languages of service"), LANGUAGES, missing=mark("Choose at least one language.")
    )

    def bind(self, directory: Directory, own: frozenset[str], agency: Agency | None) -> None:
        """Ask what the administrator of these controllers may answer; of an agency that is there
        only what may change.
        """
        self.directory, self.agency = directory, agency
        self.owner = agency.controller if agency else next(iter(own), "")
        if agency or len(own) == 1:
            del self.controller
        else:
            self.owner = str(self.controller.data or "")
            names = [(c.id, c.name) for c in directory.controllers.values() if c.id in own]
            self.controller.choices = named(names, self.language, choose=True)
        if agency:
            del self.kind
        else:
            kinds = {kind for one in own for kind in directory.kinds_of(one)}
            say = self.language.gettext
            self.kind.choices = [("", say(CHOOSE))] + [
                (k, say(KINDS[k])) for k in KINDS if k in kinds
            ]
        if agency and agency.school:
            del self.desk
            del self.municipalities
            return
        area = {place for one in own for place in directory.area_of(one)} | self._kept
        places = [(m.id, m.name) for m in directory.municipalities.values() if m.id in area]
        self.municipalities.choices = named(places, self.language)

    def validate_kind(self, field: Any) -> None:
        """A kind that the controller may have."""
        if self.owner and field.data not in self.directory.kinds_of(self.owner):
            raise ValidationError(self.say(Message(OTHER_KIND, {"controller": self._owner})))

    def validate_municipalities(self, field: Any) -> None:
        """Places that the controller serves, or that the agency has served."""
        if not self.owner:
            return
        outside = set(field.data) - self._kept - set(self.directory.area_of(self.owner))
        if outside:
            towns = self.directory.municipalities
            places = ", ".join(sorted(self.language.text(towns[one].name) for one in outside))
            told = Message(OUTSIDE, {"controller": self._owner, "places": places})
            raise ValidationError(self.say(told))

    @property
    def values(self) -> dict[str, Any]:
        """What the entry shall say. Hours that stay as they are keep the name of their week."""
        found: dict[str, Any] = {"name": self.names, "phone": self.phone.cleaned.strip()}
        if not (self.agency and self.says(self.agency.hours)):
            found["hours"] = self.entry
        if self.agency is None:
            found |= {"kind": self.kind.data, "controller": self.owner}
        if "desk" in self:
            found |= {"desk": self.desk.cleaned, "municipalities": self._places}
        return found | {"languages": self.languages.cleaned}

    @property
    def _places(self) -> list[str]:
        """In the directory's order: the first one stands for the area."""
        chosen = set(self.municipalities.cleaned)
        if self.agency and chosen == self._kept:
            return list(self.agency.municipalities)
        return [place for place in self.directory.municipalities if place in chosen]

    @property
    def _kept(self) -> set[str]:
        return set(self.agency.municipalities) if self.agency else set()

    @property
    def _owner(self) -> str:
        return self.language.text(self.directory.controllers[self.owner].name)


def agency_data(agency: Agency, names: dict[str, str], seen: str) -> dict[str, Any]:
    """What the form shows of an agency; ``names``: as its entry has them."""
    return {
        "seen": seen,
        **{f"name_{code}": name for code, name in names.items()},
        "desk": agency.desk.value,
        "phone": agency.phone,
        "municipalities": list(agency.municipalities),
        "languages": list(agency.languages),
        **hours_data(agency.hours),
    }
