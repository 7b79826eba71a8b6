"""What a referral's sections say, in the reader's words: only the sections that were opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from intake.domain.directory import Directory
from intake.domain.facts import birth_date_of_code, full_years
from intake.domain.message import Message, mark
from intake.domain.report import ELSEWHERE, UNKNOWN
from intake.language import Language
from intake.web.forms.day import YEAR_ALONE
from intake.web.words import ASKED, KINDS, answer

Row = tuple[str, str, None]
"""A name, what was answered and no link, as the summary list takes them."""

_WORRY = (
    "urgency",
    "may_need_protection",
    "crime_against_child",
    "child_role",
    "threat_to_life",
    "weapon",
    "made_together",
)
_KNOWS = ("child_informed", "guardian_informed")
_CONSENTS = ("child_consent", "guardian_consent")


@dataclass(frozen=True)
class Child:
    """One child. ``code``: the identity code, "" without one. ``place`` is empty if not opened, or
    ``masked``.
    """

    heading: str
    rows: tuple[Row, ...]
    code: str
    place: tuple[Row, ...]
    protected: str
    masked: bool = False


@dataclass(frozen=True)
class Told:
    """Everything an agency was given; what it was not given, or nobody answered, is empty."""

    topics: str = ""
    worry: tuple[Row, ...] = ()
    seen: tuple[Row, ...] = ()
    own_view: str = ""
    children: tuple[Child, ...] = ()
    guardians: tuple[tuple[Row, ...], ...] = ()
    guardian_suspected: bool = False
    health: str = ""
    knows: tuple[Row, ...] = ()
    reporter: tuple[Row, ...] = ()
    unverified: bool = False


@dataclass(frozen=True)
class Telling:
    """Puts sections into one reader's words. ``today``: for ages."""

    language: Language
    directory: Directory
    today: date

    def __call__(self, sections: Mapping[str, Any]) -> Told:
        """Tell the sections that were opened; slots as the vault names them."""
        concern = sections.get("concern") or {}
        reporter = sections.get("reporter") or {}
        guardians = sections.get("guardians") or []
        return Told(
            topics=self._topics(concern) if concern else "",
            worry=tuple(self._answers(concern, _WORRY)),
            seen=tuple(self._texts(concern, _SEEN)),
            own_view=concern.get("own_view", ""),
            children=tuple(self._children(sections)),
            guardians=tuple(tuple(self._guardian(guardian)) for guardian in guardians),
            guardian_suspected=any(g["suspected_perpetrator"] == "yes" for g in guardians),
            health=(sections.get("health") or {}).get("health", ""),
            knows=tuple(self._knows(concern)) if concern else (),
            reporter=tuple(self._reporter(reporter)) if reporter else (),
            unverified=bool(reporter) and not reporter["verified"],
        )

    def _row(self, name: str, value: str) -> Row:
        return (self.language.gettext(name), value, None)

    def _answers(self, given: Mapping[str, Any], asked: tuple[str, ...]) -> Iterator[Row]:
        for name in asked:
            if given.get(name):
                yield self._row(ASKED[name], answer(self.language, name, given[name]))

    def _texts(self, given: Mapping[str, Any], asked: Mapping[str, str]) -> Iterator[Row]:
        for name, label in asked.items():
            if given.get(name):
                yield self._row(label, given[name])

    def _topics(self, concern: Mapping[str, Any]) -> str:
        primary = concern["primary"]
        others = [category for category in concern["categories"] if category != primary]
        first = answer(self.language, "primary", primary)
        if others:
            first = self.language.gettext(mark("%(topic)s (the main one)"), topic=first)
        return "\n".join((first, *(answer(self.language, "primary", c) for c in others)))

    def _knows(self, concern: Mapping[str, Any]) -> Iterator[Row]:
        yield from self._answers(concern, _KNOWS)
        yield from self._texts(concern, {"informed_reason": mark("Why")})
        yield from self._answers(concern, _CONSENTS)
        if concern["consent_to"]:
            kinds = (self.language.gettext(KINDS[kind]) for kind in concern["consent_to"])
            yield self._row(mark("Consent covers"), "\n".join(kinds))

    def _reporter(self, reporter: Mapping[str, Any]) -> Iterator[Row]:
        if reporter["anonymous"]:
            yield self._row(mark("Name"), self.language.gettext(mark("Does not want to tell")))
        yield from self._texts(reporter, _WHO)
        yield self._row(
            ASKED["reporter_kind"], answer(self.language, "reporter_kind", reporter["kind"])
        )
        if reporter["sector"] not in ("", "none"):
            yield from self._answers(reporter, ("sector",))
        yield from self._texts(reporter, {"already_called": mark("Has already called")})

    def _guardian(self, guardian: Mapping[str, Any]) -> Iterator[Row]:
        yield from self._texts(guardian, _GUARDIAN)
        if "contact" not in guardian:
            yield self._row(_GUARDIAN["contact"], self.language.gettext(MASKED))
        yield from self._answers(guardian, ("lives_with_child", "suspected_perpetrator"))

    def _children(self, sections: Mapping[str, Any]) -> Iterator[Child]:
        slots = [name.split("_") for name in sections if name.startswith(("identity_", "place_"))]
        numbers = sorted({int(number) for _, number in slots})
        for number in numbers:
            identity = sections.get(f"identity_{number}") or {}
            place = sections.get(f"place_{number}") or {}
            yield Child(
                heading=self._child_heading(number, len(numbers)),
                rows=tuple(self._identity(identity)) if identity else (),
                code=identity.get("hetu", ""),
                place=tuple(self._place(place)) if "municipality" in place else (),
                masked="municipality" not in place and bool(place),
                protected=_protected(identity, place),
            )

    def _child_heading(self, number: int, of: int) -> str:
        if of == 1:
            return self.language.gettext(mark("Child"))
        return self.language.message(Message(mark("Child %(number)s"), {"number": number}))

    def _identity(self, child: Mapping[str, Any]) -> Iterator[Row]:
        say = self.language
        yield from self._texts(child, {"name": mark("Name")})
        born = _born(child)
        if born:
            when = {"day": born, "age": full_years(born, self.today)}
            text = say.message(Message(mark("%(day)s (age %(age)s)"), when))
            yield self._row(mark("Born"), text)
        elif year := child.get("birth_year"):
            yield self._row(mark("Born"), say.gettext(YEAR_ALONE, year=year))
        elif child["unborn"]:
            yield self._row(mark("Born"), say.gettext(mark("Not born yet")))
        if child["due_date"]:
            due = say.date(date.fromisoformat(child["due_date"]))
            yield self._row(mark("Due date"), due)
        if child["age"] is not None:
            guess = Message(mark("about %(age)s years"), {"age": child["age"]})
            yield self._row(mark("Estimated age"), say.message(guess))
        yield from self._texts(child, {"language": mark("Language")})
        yield from self._answers(child, ("interpreter",))

    def _place(self, place: Mapping[str, Any]) -> Iterator[Row]:
        yield self._row(ASKED["residence"], self._municipality(place["municipality"]))
        school = self.directory.schools.get(place["school"])
        name = self.language.text(school.name) if school else place["school_name"]
        if place["school"] == "none":
            name = self.language.gettext(mark("Does not go to school"))
        yield from self._texts(
            {**place, "school_name": name},
            {
                "school_name": mark("School"),
                "school_class": mark("Class or group"),
                "whereabouts": mark("Where the child is now"),
                "reporter_organisation": mark("The reporter’s organisation"),
            },
        )
        if place["whereabouts_municipality"]:
            where = self._municipality(place["whereabouts_municipality"])
            yield self._row(mark("Municipality where the child is now"), where)
        protected = answer(self.language, "turvakielto", place["turvakielto"])
        yield self._row(mark("Protected address"), protected)

    def _municipality(self, municipality: str) -> str:
        if municipality in self.directory.municipalities:
            return self.language.text(self.directory.municipalities[municipality].name)
        return self.language.gettext(_NO_MUNICIPALITY.get(municipality, municipality))


def _protected(identity: Mapping[str, Any], place: Mapping[str, Any]) -> str:
    """The child's turvakielto: its own word where the place shows, else that there may be one."""
    known: str = place.get("turvakielto") or ("unknown" if identity.get("protected") else "no")
    return known


_SEEN = {
    "seen": mark("What was seen or heard"),
    "when": mark("When"),
    "done_already": mark("What has been done already"),
}
_WHO = {
    "name": mark("Name"),
    "post": mark("Post"),
    "organisation": mark("Organisation"),
    "phone": mark("Telephone"),
}
MASKED = mark("Masked: protected address")
_NO_MUNICIPALITY = {
    UNKNOWN: mark("Not known"),
    ELSEWHERE: mark("Another municipality"),
}
_GUARDIAN = {"name": mark("Name"), "contact": mark("Contact details")}


def _born(child: Mapping[str, Any]) -> date | None:
    if child["hetu"]:
        return birth_date_of_code(child["hetu"])
    return date.fromisoformat(child["birth_date"]) if child["birth_date"] else None
