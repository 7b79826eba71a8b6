"""The shipped directory serves every child of the area, and a broken one does not load."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

import intake
from intake.domain.directory import (
    FALLBACK,
    AgencyMissing,
    AgencyUnknown,
    Desk,
    Directory,
    Hours,
    Kind,
    LineUse,
    MunicipalityUnknown,
)
from intake.domain.directory_file import (
    DirectoryInvalid,
    directory_from,
    lasting_directory,
    read_directory,
)
from intake.domain.directory_toml import written

SHIPPED = Path(intake.__file__).parent / "data" / "directory.toml"
ANY = read_directory(SHIPPED)
Raw = dict[str, Any]
Break = Callable[[Raw], object]

# The police department's area, told independently of the file (616/2021).
AREA = {
    "Vantaa ja Kerava/Vanda och Kervo": "Vantaa/Vanda Kerava/Kervo",
    "Keski-Uusimaa/Mellersta Nyland": "Hyvinkää/Hyvinge Järvenpää/Träskända "
    "Nurmijärvi/Nurmijärvi Mäntsälä/Mäntsälä Tuusula/Tusby Pornainen/Borgnäs",
    "Itä-Uusimaa/Östra Nyland": "Askola/Askola Lapinjärvi/Lappträsk Loviisa/Lovisa "
    "Myrskylä/Mörskom Porvoo/Borgå Pukkila/Pukkila Sipoo/Sibbo",
}
SOC, POL, ANK, HEA, YOU, WEL, PRI = Kind
OFFICE, TRIAGE, HOLIDAY, DUTY = Desk
IN_VANTAA, IN_SIPOO, IN_HYVINKAA = "school-tikkukivi", "school-lindakern", "school-villarinne"


def desk_of(
    kind: Kind,
    desk: Desk = OFFICE,
    residence: str | None = None,
    school: str | None = None,
    *,
    seen: str | None = None,
    urgent: bool = False,
    directory: Directory = ANY,
) -> str:
    return directory.resolve(
        kind, desk, residence=residence, school=school, whereabouts=seen, urgent=urgent
    ).id


def raw() -> Raw:
    return tomllib.loads(SHIPPED.read_text("utf-8"))


def row(tables: Raw, table: str, id_: str) -> Raw:
    return next(one for one in tables[table] if one["id"] == id_)


def test_the_area_has_its_fifteen_municipalities_by_both_names() -> None:
    told: dict[str, set[str]] = {}
    for one in ANY.municipalities.values():
        county = ANY.county_of(one.id).name
        names = told.setdefault(f"{county['fi']}/{county['sv']}", set())
        names.add(f"{one.name['fi']}/{one.name['sv']}")
    assert told == {county: set(names.split()) for county, names in AREA.items()}
    assert len(ANY.municipalities) == 15


def test_a_controller_may_say_for_how_long_content_is_kept() -> None:
    tables = raw()
    row(tables, "controller", "police").update(keep_days=30, keep_closed_days=200)
    police = directory_from(tables).controllers["police"]
    assert (police.keep_days, police.keep_closed_days) == (30, 200)
    others = {each.keep_days for each in ANY.controllers.values()}
    assert others == {None}


def test_each_county_municipality_and_the_police_is_a_controller_of_its_own() -> None:
    own = {one.controller for one in ANY.counties.values()}
    own |= {one.controller for one in ANY.municipalities.values()}
    assert len(own) == 18
    assert set(ANY.controllers) - own == {"police"}


@pytest.mark.parametrize("desk", list(Desk))
@pytest.mark.parametrize("kind", [SOC, POL, HEA, YOU, WEL, PRI])
@pytest.mark.parametrize("home", list(ANY.municipalities))
def test_every_municipality_has_every_kind_at_every_desk(home: str, kind: Kind, desk: Desk) -> None:
    agency = ANY.resolve(kind, desk, residence=home, school=None)
    its_own, the_county = ANY.municipalities[home].controller, ANY.county_of(home).controller
    assert agency.kind is kind
    assert home in agency.municipalities
    assert agency.controller == {POL: "police", YOU: its_own, PRI: its_own}.get(kind, the_county)


@pytest.mark.parametrize("county", list(ANY.counties))
def test_a_county_has_its_own_desks_and_a_line_that_always_answers(county: str) -> None:
    home = next(one.id for one in ANY.municipalities.values() if one.county == county)
    for desk in (OFFICE, TRIAGE, DUTY):
        assert desk_of(SOC, desk, home) == f"soc-{county}-{desk}"
    assert desk_of(WEL, HOLIDAY, home) == f"wel-{county}-holiday"
    lines = {line.use: line for line in ANY.phone_lines if line.county == county}
    assert lines[LineUse.EMERGENCY].phone == ANY.agency(f"soc-{county}-duty").phone
    assert lines[LineUse.EMERGENCY].hours.always_open
    assert not lines[LineUse.CHILD_WELFARE].hours.always_open


@pytest.mark.parametrize("school", list(ANY.schools.values()), ids=lambda school: school.id)
def test_every_school_has_its_principal(school: Any) -> None:
    principal = ANY.agency(school.agency)
    assert principal.school == school.id
    assert principal.controller == ANY.municipalities[school.municipality].controller
    assert school.language in principal.languages
    assert desk_of(PRI, OFFICE, None, school.id) == principal.id


def test_schools_teach_in_both_languages_across_the_area() -> None:
    assert {one.language for one in ANY.schools.values()} == {"fi", "sv"}
    assert len({one.municipality for one in ANY.schools.values()}) >= 6


@pytest.mark.parametrize(
    ("kind", "desk", "home", "school", "agency"),
    [
        (WEL, OFFICE, "tuusula", IN_VANTAA, "wel-vantaa-kerava-office"),
        (SOC, OFFICE, "tuusula", IN_VANTAA, "soc-keski-uusimaa-office"),
        (HEA, OFFICE, "tuusula", IN_VANTAA, "hea-keski-uusimaa-office"),
        (WEL, OFFICE, "kerava", IN_VANTAA, "wel-vantaa-kerava-office"),
        (SOC, OFFICE, "kerava", IN_VANTAA, "soc-vantaa-kerava-office"),
        (YOU, OFFICE, "kerava", IN_VANTAA, "you-kerava"),
        (PRI, OFFICE, "kerava", IN_VANTAA, "pri-tikkukivi"),
        (PRI, OFFICE, "porvoo", IN_SIPOO, "pri-lindakern"),
        (PRI, TRIAGE, "porvoo", IN_SIPOO, "pri-sipoo"),
        (PRI, HOLIDAY, "porvoo", IN_SIPOO, "pri-sipoo"),
        (YOU, OFFICE, "porvoo", IN_SIPOO, "you-porvoo"),
        (ANK, OFFICE, "porvoo", IN_SIPOO, "ank-porvoo-sipoo"),
        (PRI, OFFICE, "porvoo", None, "pri-porvoo"),
        (WEL, OFFICE, "porvoo", None, "wel-ita-uusimaa-office"),
    ],
)
def test_the_school_picks_pupil_welfare_and_principal_and_the_residence_all_else(
    kind: Kind, desk: Desk, home: str, school: str | None, agency: str
) -> None:
    assert desk_of(kind, desk, home, school) == agency


def test_with_the_residence_unknown_school_then_whereabouts_give_the_county() -> None:
    assert desk_of(SOC, OFFICE, None, IN_HYVINKAA) == "soc-keski-uusimaa-triage"
    assert desk_of(SOC, DUTY, None, IN_HYVINKAA) == "soc-keski-uusimaa-duty"
    assert desk_of(POL, OFFICE, None, IN_HYVINKAA) == "pol-office"
    assert desk_of(SOC, seen="loviisa") == "soc-ita-uusimaa-triage"
    assert desk_of(SOC, school=IN_HYVINKAA, seen="loviisa") == "soc-keski-uusimaa-triage"


@pytest.mark.parametrize("desk", list(Desk))
def test_with_nothing_known_the_named_duty_desk_and_the_police_still_answer(desk: Desk) -> None:
    assert desk_of(SOC, desk) == ANY.fallback_duty_desk == "soc-vantaa-kerava-duty"
    assert desk_of(POL, desk) == ("pol-duty" if desk is DUTY else "pol-office")


@pytest.mark.parametrize("kind", [HEA, YOU, ANK, WEL, PRI])
def test_with_nothing_known_the_other_kinds_are_missing(kind: Kind) -> None:
    with pytest.raises(AgencyMissing) as missing:
        desk_of(kind)
    assert missing.value.kind is kind


def test_a_place_outside_the_area_counts_as_unknown() -> None:
    assert desk_of(SOC, OFFICE, "helsinki") == ANY.fallback_duty_desk
    assert desk_of(SOC, OFFICE, "helsinki", IN_SIPOO) == "soc-ita-uusimaa-triage"
    assert desk_of(PRI, OFFICE, "porvoo", "school-elsewhere") == "pri-porvoo"
    with pytest.raises(AgencyMissing):
        desk_of(YOU, OFFICE, "helsinki", IN_SIPOO)


def test_whereabouts_pick_only_the_duty_desk_of_social_services_and_only_when_urgent() -> None:
    assert desk_of(SOC, DUTY, "vantaa", seen="porvoo", urgent=True) == "soc-ita-uusimaa-duty"
    assert desk_of(SOC, DUTY, "vantaa", seen="porvoo") == "soc-vantaa-kerava-duty"
    assert desk_of(SOC, OFFICE, "vantaa", seen="porvoo", urgent=True) == "soc-vantaa-kerava-office"
    assert desk_of(HEA, DUTY, "vantaa", seen="porvoo", urgent=True) == "hea-vantaa-kerava-office"


def test_whereabouts_pick_the_police_only_when_urgent_or_nothing_else_is_known() -> None:
    tables = raw()
    west = row(tables, "agency", "pol-duty")
    tables["agency"].append({**west, "id": "pol-east", "municipalities": ["porvoo"]})
    west["municipalities"].remove("porvoo")
    two = directory_from(tables)
    assert desk_of(POL, DUTY, "vantaa", seen="porvoo", urgent=True, directory=two) == "pol-east"
    assert desk_of(POL, DUTY, "vantaa", seen="porvoo", directory=two) == "pol-duty"
    assert desk_of(POL, DUTY, seen="porvoo", directory=two) == "pol-east"


def test_a_desk_that_does_not_exist_gives_way_in_the_stated_order() -> None:
    assert all(order[0] is desk and set(order) == set(Desk) for desk, order in FALLBACK.items())
    assert desk_of(HEA, DUTY, "vantaa") == "hea-vantaa-kerava-office"
    assert desk_of(POL, TRIAGE, "vantaa") == "pol-office"
    assert desk_of(SOC, HOLIDAY, "vantaa") == "soc-vantaa-kerava-triage"
    assert desk_of(PRI, DUTY, "vantaa", IN_VANTAA) == "pri-tikkukivi"
    tables = raw()
    row(tables, "agency", "soc-ita-uusimaa-triage")["municipalities"].remove("porvoo")
    no_triage = directory_from(tables)
    assert desk_of(SOC, HOLIDAY, "porvoo", directory=no_triage) == "soc-ita-uusimaa-office"
    assert desk_of(SOC, OFFICE, None, IN_SIPOO, directory=no_triage) == "soc-ita-uusimaa-triage"


def test_a_municipality_without_a_team_has_no_ankkuri_agency() -> None:
    with pytest.raises(AgencyMissing, match="ANK serves lapinjarvi"):
        desk_of(ANK, OFFICE, "lapinjarvi")
    assert ANY.agreement_in_force("lapinjarvi", date(2026, 6, 2)) is None


def test_an_agreement_is_in_force_from_its_first_day_to_its_last() -> None:
    agreement = next(one for one in ANY.agreements if one.municipality == "pukkila")
    assert ANY.agreement_in_force("pukkila", date(2022, 12, 31)) is None
    assert ANY.agreement_in_force("pukkila", date(2023, 1, 1)) is agreement
    assert ANY.agreement_in_force("pukkila", date(2025, 12, 31)) is agreement
    assert ANY.agreement_in_force("pukkila", date(2026, 1, 1)) is None
    assert desk_of(SOC, OFFICE, "pukkila") == "soc-ita-uusimaa-office"


def test_a_later_agreement_takes_over_from_an_expired_one() -> None:
    tables = raw()
    years = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}
    repeat("agreement", "agreement-pukkila-2023", id="renewed", **years)(tables)
    renewed = directory_from(tables)
    assert renewed.agreement_in_force("pukkila", date(2026, 1, 1)) == renewed.agreements[-1]


def test_ids_that_are_not_there_are_named() -> None:
    with pytest.raises(AgencyUnknown, match="soc-nowhere"):
        ANY.agency("soc-nowhere")
    with pytest.raises(MunicipalityUnknown, match="helsinki"):
        ANY.county_of("helsinki")


MONDAY_TO_THURSDAY = Hours(week=(*((time(8), time(16)),) * 4, None))


@pytest.mark.parametrize(
    ("local", "is_working_day", "is_open"),
    [
        ("2026-06-02T05:00+00:00", True, True),  # 8.00 in Helsinki's summer
        ("2026-01-13T05:00+00:00", True, False),  # 7.00 in its winter
        ("2026-06-02T07:59+03:00", True, False),
        ("2026-06-02T08:00+03:00", True, True),
        ("2026-06-02T15:59:59+03:00", True, True),
        ("2026-06-02T16:00+03:00", True, False),
        ("2026-06-05T12:00+03:00", True, False),  # a Friday, without hours
        ("2026-06-06T12:00+03:00", False, False),  # a Saturday
        ("2026-04-06T12:00+03:00", False, False),  # Easter Monday
    ],
)
def test_an_office_is_open_in_its_hours_on_working_days_alone(
    local: str, is_working_day: bool, is_open: bool
) -> None:
    assert MONDAY_TO_THURSDAY.open_at(datetime.fromisoformat(local), is_working_day) is is_open


def test_a_duty_desk_is_open_at_night_and_on_holidays() -> None:
    christmas_night = datetime.fromisoformat("2026-12-25T03:00+02:00")
    assert ANY.agency("soc-ita-uusimaa-duty").hours.open_at(christmas_night, False)
    assert not ANY.agency("soc-ita-uusimaa-office").hours.open_at(christmas_night, False)


def test_opening_hours_refuse_a_naive_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        MONDAY_TO_THURSDAY.open_at(datetime.fromisoformat("2026-06-02T12:00"), True)


def test_every_shipped_number_is_plainly_invented_and_used_once() -> None:
    phones = [agency.phone for agency in ANY.agencies.values()]
    assert all(phone.startswith("09 000 0") for phone in phones)
    assert len(set(phones)) == len(phones)


def test_every_name_can_be_shown_in_three_languages() -> None:
    named: list[Any] = [*ANY.controllers.values(), *ANY.counties.values(), *ANY.phone_lines]
    named += [*ANY.municipalities.values(), *ANY.schools.values(), *ANY.agencies.values()]
    assert all(one.name[language] for one in named for language in ("fi", "sv", "en"))


def change(table: str, id_: str, **to: object) -> Break:
    return lambda tables: row(tables, table, id_).update(to)


def remove(table: str, id_: str) -> Break:
    return lambda tables: tables[table].remove(row(tables, table, id_))


def repeat(table: str, id_: str, **to: object) -> Break:
    return lambda tables: tables[table].append({**row(tables, table, id_), **to})


def at_top(key: str, value: object) -> Break:
    return lambda tables: tables.update({key: value})


def unserved(*ids: str) -> Break:
    return lambda all_: [row(all_, "agency", x)["municipalities"].remove("porvoo") for x in ids]


S, Y, P, PACT = "soc-vantaa-kerava-duty", "you-porvoo", "pri-lindakern", "agreement-porvoo-2026"
E, LINE = "soc-ita-uusimaa", "line-ita-uusimaa-emergency"


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (change("agency", S, hour="x"), 'key "hour" is not known; did you mean "hours"?'),
        (at_top("schools", []), 'the file: key "schools" is not known; did you mean "school"?'),
        (at_top("school", {"id": "x"}), "school must be written as [[school]] tables"),
        (at_top("hours", 8), "hours must be a table of named weeks"),
        (change("agency", S, phone="0900001"), 'phone "0900001" is not written like'),
        (change("agency", S, phone="09-000 0101"), 'phone "09-000 0101" is not written like'),
        (change("agency", S, phone="911"), 'phone "911" is not written like'),
        (change("agency", S, phone=112), 'phone "112" is not written like'),
        (lambda all_: row(all_, "agency", S).pop("phone"), f'agency "{S}": phone is missing'),
        (change("county", "ita-uusimaa", name={"fi": "I"}), "name: sv is missing"),
        (change("controller", "police", keep_days=0), "keep_days must be a number of days from 1"),
        (
            change("controller", "police", keep_closed_days="90"),
            "keep_closed_days must be a number",
        ),
        (change("county", "ita-uusimaa", name={"fi": "I", "sv": " "}), "sv must not be empty"),
        (change("county", "ita-uusimaa", name={"fi": "I", "sv": "Ö", "se": "Ö"}), 'key "se" is'),
        (change("county", "ita-uusimaa", name="Itä-Uusimaa"), "name must be { fi ="),
        (change("municipality", "sipoo", county="ita-usimaa"), 'did you mean "ita-uusimaa"?'),
        (change("agency", Y, controller="polic"), 'controller "polic" is not known; did you mean'),
        (change("agency", Y, municipalities=["sippo"]), 'did you mean "sipoo"?'),
        (change("agency", Y, municipalities=[]), "must be a list with at least one entry"),
        (change("agency", Y, languages=["xx"]), f'agency "{Y}": languages "xx" is not known'),
        (change("agency", P, school="school-linda"), 'did you mean "school-lindakern"?'),
        (change("agency", S, kind="SCO"), 'kind "SCO" is not known; did you mean "SOC"?'),
        (change("agency", S, desk="ofice"), 'desk "ofice" is not known; did you mean "office"?'),
        (change("agency", S, hours="ofice"), 'hours "ofice" is not known; did you mean "office"?'),
        (change("school", IN_SIPOO, language="en"), 'language "en" is not known'),
        (change("agreement", PACT, agency="ank-porvoo"), 'did you mean "ank-porvoo-sipoo"?'),
        (change("phone_line", LINE, use="x"), 'use "x" is not known'),
        (at_top("fallback_duty_desk", "soc-duty"), 'fallback_duty_desk "soc-duty" is not known'),
        (repeat("agency", Y), f"agency ids stand twice: {Y}"),
        (repeat("municipality", "porvoo"), "municipality ids stand twice: porvoo"),
        (repeat("controller", "police", id="Two"), "an id is small letters, digits and hyphens"),
        (repeat("controller", "police", id="i" * 65), "digits and hyphens, 64 at most"),
        (repeat("controller", "police", id=2), "an id is small letters, digits and hyphens"),
        (change("agreement", PACT, valid_to=date(2025, 1, 1)), "is before valid_from 2026-01-01"),
        (change("agreement", PACT, valid_to="2028-12-31"), "valid_to must be a date such as"),
        (repeat("agreement", PACT, id="again"), f'agreement "again" overlaps "{PACT}"'),
        (change("agreement", PACT, municipality="kerava"), "no Ankkuri team that serves"),
        (change("agreement", PACT, agency=Y), f'agency "{Y}" is no Ankkuri team'),
        (at_top("hours", {"always": {}}), "this name is kept for desks that never close"),
        (at_top("hours", {"x": {"sat": "08:00-12:00"}}), 'hours "x": key "sat" is not known'),
        (at_top("hours", {"x": {"mon": "8-16"}}), 'mon "8-16" is not written like'),
        (at_top("hours", {"x": {"tue": "16:00-08:00"}}), 'tue "16:00-08:00" is not written like'),
        (at_top("hours", {"x": {"wed": "08:00-24:00"}}), 'wed "08:00-24:00" is not written like'),
        (at_top("hours", {"x": "08:00-12:00"}), 'hours "x" must be { mon = "08:00-16:00", ... }'),
        (remove("agency", P), f'school "{IN_SIPOO}" needs one principal'),
        (repeat("agency", P, id="second"), "(an agency with this school), but has 2"),
        (change("agency", P, desk="triage"), "has a school, so it must be a PRI office"),
        (change("agency", P, municipalities=["porvoo"]), 'must serve "sipoo" alone'),
        (repeat("agency", Y, id="second"), f'serves "porvoo" as YOU office, but so does "{Y}"'),
        (change("municipality", "sipoo", controller="municipality-porvoo"), "stands for 2 bodies"),
        (remove("phone_line", LINE), 'county "ita-uusimaa" has no emergency phone_line'),
        (change("phone_line", LINE, agency=f"{E}-office"), 'line must have hours "always"'),
        (at_top("fallback_duty_desk", "pol-duty"), "must be a SOC duty desk"),
        (change("agency", S, hours="office"), f'fallback_duty_desk "{S}" must be'),
        (unserved(f"{E}-office", f"{E}-triage", f"{E}-duty"), '"porvoo" has no SOC'),
        (unserved("pol-office", "pol-duty"), 'municipality "porvoo" has no POL'),
        (unserved("hea-ita-uusimaa-office"), 'municipality "porvoo" has no HEA'),
        (unserved("wel-ita-uusimaa-office", "wel-ita-uusimaa-holiday"), '"porvoo" has no WEL'),
        (remove("agency", Y), 'municipality "porvoo" has no YOU'),
        (remove("agency", "pri-porvoo"), '"porvoo" has no education provider (PRI triage)'),
    ],
)
def test_a_directory_that_does_not_hold_says_what_is_wrong(broken: Break, problem: str) -> None:
    tables = raw()
    broken(tables)
    with pytest.raises(DirectoryInvalid) as invalid:
        directory_from(tables)
    assert any(problem in line for line in invalid.value.problems)
    assert all("\n" not in line for line in invalid.value.problems)


@pytest.mark.parametrize("phone", ["112", "116 111", "116 117", "09 000 0101", "+358 9 000 0101"])
def test_a_number_in_national_international_or_short_form_is_taken(phone: str) -> None:
    tables = raw()
    row(tables, "agency", S)["phone"] = phone
    assert directory_from(tables).agency(S).phone == phone


def test_all_problems_are_told_at_once() -> None:
    tables = raw()
    row(tables, "agency", S)["phone"] = "?"
    row(tables, "municipality", "porvoo")["name"] = {"fi": "Porvoo"}
    with pytest.raises(DirectoryInvalid) as invalid:
        directory_from(tables)
    assert len(invalid.value.problems) == 2


@pytest.mark.parametrize("content", [b"", b"[[agency", b"\xff\xfe", None])
def test_a_file_that_holds_no_directory_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "directory.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DirectoryInvalid, match=r"cannot be read|agency is missing"):
        read_directory(path)


AUGUST = date(2026, 8, 1)
BEFORE, AFTER = date(2026, 7, 31), date(2026, 8, 2)


def ended(*agencies: str) -> Raw:
    """The tables in which these go out of use on the first of August."""
    tables = raw()
    for agency in agencies:
        row(tables, "agency", agency)["out_of_use_from"] = AUGUST
    return tables


def test_an_agency_out_of_use_gives_way_from_its_day_on_and_keeps_its_name() -> None:
    tables = ended("hea-vantaa-kerava-office")
    tables["agency"].append(
        {**row(tables, "agency", "hea-vantaa-kerava-office"), "id": "hea-new", "desk": "triage"}
    )
    tables["agency"][-1].pop("out_of_use_from")
    for day, taker in ((BEFORE, "hea-vantaa-kerava-office"), (AUGUST, "hea-new")):
        directory = directory_from(tables, day)
        assert desk_of(HEA, OFFICE, "vantaa", directory=directory) == taker
        assert directory.agency("hea-vantaa-kerava-office").name["fi"]
        assert directory.agency("hea-vantaa-kerava-office").in_use is (day < AUGUST)


def test_the_place_of_an_agency_out_of_use_is_free_for_another() -> None:
    tables = ended(Y)
    tables["agency"].append({**row(tables, "agency", Y), "id": "you-new"})
    tables["agency"][-1].pop("out_of_use_from")
    with pytest.raises(DirectoryInvalid, match=f'as YOU office, but so does "{Y}"'):
        directory_from(tables, BEFORE)
    assert desk_of(YOU, OFFICE, "porvoo", directory=directory_from(tables, AUGUST)) == "you-new"


@pytest.mark.parametrize(
    ("agency", "problem"),
    [
        (Y, 'municipality "porvoo" has no YOU'),
        ("soc-ita-uusimaa-duty", f'phone_line "{LINE}": agency "soc-ita-uusimaa-duty" is out of'),
        (S, f'fallback_duty_desk "{S}" must be a SOC duty desk in use'),
        (P, f'school "{IN_SIPOO}" is in use, but its agency "{P}" is not'),
        ("ank-porvoo-sipoo", f'agreement "{PACT}": agency "ank-porvoo-sipoo" is no Ankkuri team'),
    ],
)
def test_a_directory_that_will_not_hold_on_a_later_day_is_refused_today(
    agency: str, problem: str
) -> None:
    tables = ended(agency)
    assert directory_from(tables, BEFORE)
    with pytest.raises(DirectoryInvalid) as invalid:
        lasting_directory(tables, BEFORE)
    assert any(f"from {AUGUST} on: {problem}" in line for line in invalid.value.problems)
    with pytest.raises(DirectoryInvalid):
        directory_from(tables, AFTER)


def test_an_agreement_that_has_ended_does_not_hold_its_team() -> None:
    tables = raw()
    row(tables, "agency", "ank-loviisa")["municipalities"].remove("pukkila")
    with pytest.raises(DirectoryInvalid, match="no Ankkuri team that serves"):
        directory_from(tables, date(2025, 12, 31))
    assert directory_from(tables, date(2026, 1, 1))


def test_a_closed_school_stays_known_and_its_principal_gets_nothing() -> None:
    tables = ended("pri-tikkukivi")
    row(tables, "school", IN_VANTAA)["out_of_use_from"] = AUGUST
    directory = directory_from(tables, AUGUST)
    assert not directory.schools[IN_VANTAA].in_use
    assert desk_of(PRI, OFFICE, "vantaa", IN_VANTAA, directory=directory) == "pri-vantaa"


def test_an_agency_may_have_a_week_of_its_own() -> None:
    tables = raw()
    row(tables, "agency", Y)["hours"] = {"mon": "12:00-14:00"}
    hours = directory_from(tables).agency(Y).hours
    assert hours.week == ((time(12), time(14)), None, None, None, None)
    row(tables, "agency", Y)["hours"] = {"mon": "14-12"}
    with pytest.raises(DirectoryInvalid, match='"14-12" is not written like'):
        directory_from(tables)


def test_a_line_has_its_agencys_number_and_hours_unless_it_has_its_own() -> None:
    tables = raw()
    advice = row(tables, "phone_line", "line-ita-uusimaa-child-welfare")
    desk = directory_from(tables).agency(advice["agency"])
    advice |= {"phone": "09 000 0999", "hours": {"tue": "09:00-10:00"}}
    line = next(li for li in directory_from(tables).phone_lines if li.id == advice["id"])
    assert (line.phone, line.hours.week[0]) == ("09 000 0999", None)
    assert line.phone != desk.phone
    row(tables, "phone_line", LINE)["hours"] = {"tue": "09:00-10:00"}
    with pytest.raises(DirectoryInvalid, match='must have hours "always"'):
        directory_from(tables)


def test_a_controller_serves_its_own_area_with_its_own_kinds() -> None:
    assert set(ANY.area_of("county-vantaa-kerava")) == {"vantaa", "kerava"}
    assert ANY.area_of("municipality-sipoo") == ("sipoo",)
    assert len(ANY.area_of("police")) == 15
    for agency in ANY.agencies.values():
        assert agency.kind in ANY.kinds_of(agency.controller)
        assert set(agency.municipalities) <= set(ANY.area_of(agency.controller))
    assert SOC not in ANY.kinds_of("police")
    assert POL not in ANY.kinds_of("municipality-sipoo")


def test_what_is_written_as_a_file_is_read_as_it_was() -> None:
    tables = ended("pri-tikkukivi")
    row(tables, "agency", Y)["name"]["fi"] = 'Nuoriso "Ö" \\ \x7f'
    row(tables, "agency", Y)["hours"] = {"mon": "12:00-14:00"}
    assert tomllib.loads(written(tables)) == tables
