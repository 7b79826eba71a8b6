"""`ankkuri people` and `ankkuri directory`: exit status 0 done, 1 the answer is no, 2 unusable."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

import config
from intake import cli
from intake.domain.directory import School
from intake.domain.directory_toml import written
from intake.services.join import InvitationOver, Join
from intake.services.recover import Recover
from intake.store.people_tables import GrantRow
from intake.vault.keyring import InvitationSecret
from tests.look.page_faults import page_faults
from tests.services.test_confirm_directory import new_agency, propose
from tests.site import CHEAP, COUNTY, HEA, PASSPHRASE, POL, SOC, TRIAGE, Site, environment

NEW = "kaisla keinuu laiturilla"
Run = Callable[..., tuple[int, str, str]]
LIST = ("people", "list", "--json")
INVITE = ("people", "invite", "maija", "--name", "Maija M", "--email", "m@x.fi")


@pytest.fixture
def run(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run a command on the site: its status, and what it said and complained of."""
    before = os.umask(0o077)
    for name, value in environment(site.parts.settings.data).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        "getpass.getpass",
        lambda prompt="": site.code() if prompt.startswith("Code") else PASSPHRASE,
    )
    monkeypatch.setattr("builtins.input", lambda _prompt="": site.words("soc-deputy"))
    monkeypatch.setattr("intake.commands.directory.utc_now", site.hands)
    monkeypatch.setattr("intake.wiring.build.__defaults__", (site.hands,))

    def command(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    yield command
    os.umask(before)


def test_people_are_listed_with_their_roles(run: Run) -> None:
    status, out, _ = run("people", "list")
    assert status == 0
    assert f"worker:{SOC}" in out
    status, out, _ = run(*LIST)
    found = {member["sign_in_name"]: member for member in json.loads(out)}
    assert found["admin"]["roles"][0]["controller"] == COUNTY
    assert found["admin"]["second_factor"] is True
    assert "passphrase" not in out


def test_a_person_is_added_with_a_passphrase_as_before(site: Site, run: Run) -> None:
    who = ("people", "add", "uusi", "--name", "Uuno Uusi", "--email", "u@x.fi")
    status, out, _ = run(*who, "--agency", f"worker:{SOC}", "--to", "2027-01-01")
    assert status == 0
    assert "has a key" in out
    assert "Added uusi" in out
    found = {member["sign_in_name"]: member for member in json.loads(run(*LIST)[1])}
    assert found["uusi"]["second_factor"] is False
    (role,) = site.visit("uusi").person.memberships
    assert role.agency == SOC
    status, _, err = run(*who)
    assert (status, err.strip()) == (2, "ankkuri: uusi is taken: choose another")


def test_who_was_added_comes_back_by_the_code_that_the_command_printed(
    site: Site, run: Run
) -> None:
    who = ("people", "add", "uusi", "--name", "Uuno Uusi", "--email", "u@x.fi")
    status, out, _ = run(*who, "--controller", f"administrator:{COUNTY}")
    assert status == 0
    code = out.splitlines()[-1].rpartition(": ")[2]
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    recover = Recover(site.parts.database, pepper, CHEAP)
    recover("uusi", code, NEW, site.hands.move(minutes=1))
    site.hands.move(minutes=1)
    assert site.session("uusi", NEW)


def test_an_invitation_prints_a_link_that_works_once(site: Site, run: Run) -> None:
    status, out, _ = run(*INVITE, "--agency", f"worker:{SOC}")
    assert status == 0
    link = out.strip()
    assert link.startswith("http://127.0.0.1:8000/join/")
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    secret = InvitationSecret.parse(link.rpartition("/")[2])
    Join(site.parts.database, pepper, CHEAP)(secret, PASSPHRASE, site.hands())
    assert site.visit("maija").person.name == "Maija M"
    status, out, _ = run("people", "anew", "maija")
    assert (status, "/join/" in out) == (0, True)


def test_what_an_operator_does_is_told_to_the_auditor(site: Site, run: Run) -> None:
    run(*INVITE, "--controller", f"auditor:{COUNTY}")
    run("people", "roles", "hea", "--agency", f"deputy:{TRIAGE}")
    client = site.signed_in("auditor")
    client.set_cookie("ankkuri_language", "en")
    page = client.get("/trail").text
    assert page_faults(page) == []
    for told in ("Invited", "maija", "Role given", "hea: deputy"):
        assert told in page, told


def test_roles_are_given_shown_and_ended(site: Site, run: Run) -> None:
    assert run("people", "roles", "hea", "--agency", f"deputy:{TRIAGE}")[0] == 0
    status, out, _ = run("people", "roles", "hea")
    assert status == 0
    assert f"deputy:{TRIAGE} 2026-06-02–" in out
    assert run("people", "roles", "hea", "--end", f"deputy:{TRIAGE}")[0] == 0
    assert f"deputy:{TRIAGE}" not in run("people", "roles", "hea", "--json")[1]


def test_leaving_nobody_behind_is_a_no_until_told_so(site: Site, run: Run) -> None:
    status, out, _ = run("people", "leave", "soc")
    assert status == 1
    assert out.strip() == f"Nobody else would be left at {TRIAGE}: add --even-so to end it"
    assert run("people", "roles", "soc", "--end", f"worker:{TRIAGE}")[0] == 1
    assert len(site.visit("soc").person.memberships) == 2
    assert run("people", "leave", "soc", "--even-so")[0] == 0
    assert run("people", "roles", "soc")[0] == 2
    assert run("people", "leave", "soc-deputy")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("people", "roles", "nobody"), "Nobody has the user name 'nobody'"),
        (("people", "leave", "nobody"), "Nobody has the user name 'nobody'"),
        (("people", "anew", "nobody"), "Nobody has the user name 'nobody'"),
        (("people", "roles", "hea", "--end", "head:x"), "hea has no role 'head:x'"),
        (("people", "roles", "hea", "--agency", "boss:x"), "Unknown role 'boss'"),
        (("people", "roles", "hea", "--agency", "worker:x"), "Nothing in use is called 'x'"),
        (("people", "roles", "hea", "--agency", f"worker:{HEA}"), "has one of these roles already"),
        (
            ("people", "roles", "hea", "--agency", f"head:{HEA}", "--to", "soon"),
            "'soon' is not a day such as",
        ),
        (
            ("people", "roles", "hea", "--agency", f"head:{HEA}", "--to", "2020-01-01"),
            "is before the first day",
        ),
        (INVITE, "An invitation needs a role"),
        (("grant", SOC, "pol", "--by", "soc"), "pol has no role at the agency."),
    ],
)
def test_bad_input_is_one_clear_line(run: Run, arguments: tuple[str, ...], told: str) -> None:
    status, _, err = run(*arguments)
    assert status == 2
    (line,) = [line for line in err.splitlines() if line.startswith("ankkuri:")]
    assert told in line


def test_the_directory_is_shown_exported_and_brought_back(
    site: Site, run: Run, tmp_path: Path
) -> None:
    status, out, _ = run("directory", "show")
    assert status == 0
    assert "69 agencies, 14 schools" in out
    found = json.loads(run("directory", "show", "--json")[1])
    assert next(one for one in found if one["id"] == SOC)["openers"] == 3
    file = tmp_path / "directory.toml"
    assert run("directory", "export", str(file))[0] == 0
    assert tomllib.loads(file.read_text("utf-8")) == tomllib.loads(
        config.DIRECTORY.read_text("utf-8")
    )
    assert run("directory", "export")[1] == file.read_text("utf-8")
    status, _, err = run("directory", "export", str(file))
    assert (status, "cannot be written" in err) == (2, True)
    file.write_text(file.read_text("utf-8").replace("09 000 0103", "09 000 0999"), "utf-8")
    status, out, _ = run("directory", "import", str(file))
    assert status == 0
    assert f"agency {SOC}: phone" in out
    assert site.parts.amend.stored(site.hands().date()).directory.agency(SOC).phone == "09 000 0999"
    assert json.loads(run("directory", "import", str(file), "--json")[1]) == []


def test_a_file_is_checked_without_being_brought_in(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "directory.toml"
    text = config.DIRECTORY.read_text("utf-8")
    file.write_text(text, "utf-8")
    assert run("directory", "check", str(file))[:2] == (0, f"{file} holds\n")
    file.write_text(text.replace('"09 000 0103"', '"soita"'), "utf-8")
    status, out, _ = run("directory", "check", str(file))
    assert (status, "is not written like" in out) == (1, True)
    status, out, _ = run("directory", "check", str(file), "--json")
    assert status == 1
    assert json.loads(out)["holds"] is False
    status, _, err = run("directory", "import", str(file))
    assert (status, "is not written like" in err) == (2, True)
    file.write_text("[[", "utf-8")
    assert run("directory", "check", str(file))[0] == 2
    assert run("directory", "check", str(tmp_path / "nowhere.toml"))[0] == 2


def test_a_file_without_an_agency_that_is_needed_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "directory.toml"
    text = config.DIRECTORY.read_text("utf-8").replace(f'"{POL}"', f'"{POL}-new"')
    file.write_text(text, "utf-8")
    status, _, err = run("directory", "import", str(file))
    assert status == 2
    assert f"lacks agency {POL}" in err


def test_an_open_invitation_is_listed_and_can_be_withdrawn(site: Site, run: Run) -> None:
    link = run(*INVITE, "--agency", f"worker:{SOC}")[1].strip()
    _, out, _ = run("people", "list")
    assert f"invited until 2026-06-09: worker:{SOC} 2026-06-02" in out
    assert f"{len(site.people)} people, 1 invitations" in out
    assert link.rpartition("/")[2] not in out
    everyone = json.loads(run("people", "list", "--json")[1])
    (invited,) = [one for one in everyone if one["invited_until"]]
    assert (invited["sign_in_name"], invited["roles"][0]["agency"]) == ("maija", SOC)
    status, out, _ = run("people", "withdraw", "maija")
    assert (status, "leads nowhere now" in out) == (0, True)
    assert "1 invitations" not in run("people", "list")[1]
    secret = InvitationSecret.parse(link.rpartition("/")[2])
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    with pytest.raises(InvitationOver):
        Join(site.parts.database, pepper, CHEAP)(secret, PASSPHRASE, site.hands())
    status, _, err = run("people", "withdraw", "maija")
    assert (status, "maija has no open invitation" in err) == (2, True)


REGISTER = (
    "name_fi;name_sv;municipality;language;phone;id\n"
    "Päijänteen koulu;;vantaa;fi;09 000 0177;\n"
    "Tikkukiven yhtenäiskoulu;;Vanda;fi;;school-tikkukivi\n"
)


def schools(site: Site) -> Mapping[str, School]:
    return site.parts.amend.stored(site.hands().date()).directory.schools


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_register_of_schools_is_told_and_changes_them_when_asked(
    site: Site, run: Run, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "koulut.csv"
    file.write_text(REGISTER, encoding)
    before = schools(site)
    status, out, _ = run("directory", "schools", str(file))
    assert status == 0
    assert "add     Päijänteen koulu\n" in out
    assert "change  school-tikkukivi\n" in out
    assert "absent  school-" in out
    assert "nothing changed yet" in out
    status, _, err = run("directory", "schools", str(file), "--apply")
    assert (status, schools(site)) == (2, before)
    assert "add --by with an administrator of municipality-vantaa" in err
    beside = ("--by", "admin-vantaa")
    status, out, _ = run("directory", "schools", str(file), "--apply", "--json", *beside)
    told = json.loads(out)
    assert (status, told["applied"], told["close"]) == (0, True, [])
    after = schools(site)
    assert after["school-paijanteen-koulu"].name["fi"] == "Päijänteen koulu"
    assert after["school-tikkukivi"].name["fi"] == "Tikkukiven yhtenäiskoulu"
    assert {one.id for one in after.values() if not one.in_use} == set()
    status, out, _ = run("directory", "schools", str(file), "--apply", "--close-absent")
    assert (status, "2 as they are; changed" in out) == (0, True)
    closed = {one.id for one in schools(site).values() if not one.in_use}
    assert closed == set(told["absent"])
    assert all(before[one].municipality == "vantaa" for one in closed)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name_fi;municipality;language\nUusi;vantaa;fi\n", "a new school needs the principal's"),
        ("name_fi;municipality;language\n;x;y\n", "name in Finnish is missing. (3 more)"),
        ("nimi\n", "this one is missing: name_fi"),
        ("", "name_fi"),
    ],
)
def test_a_register_that_cannot_be_used_is_one_line(
    site: Site, run: Run, tmp_path: Path, text: str, told: str
) -> None:
    file, before = tmp_path / "koulut.csv", schools(site)
    file.write_text(text, "utf-8")
    status, _, err = run("directory", "schools", str(file), "--apply")
    (line,) = err.splitlines()
    assert (status, told in line) == (2, True), line
    assert schools(site) == before
    assert run("directory", "schools", str(tmp_path / "nowhere.csv"))[0] == 2


def test_what_an_administrator_asked_for_is_listed_and_confirmed_by_an_operator(
    site: Site, run: Run
) -> None:
    for number in range(2):
        propose(site, new_agency(site, f"hea-new-{number}"))
        site.hands.move(minutes=1)
    found = json.loads(run("directory", "waiting", "--json")[1])
    assert [one["proposed_by"] for one in found] == ["Petri Pääkäyttäjä"] * 2
    first, second = [one["id"] for one in found]
    entry = found[0]["entries"][0]
    assert (entry["id"], entry["seen"], entry["entry"]["desk"]) == ("hea-new-0", None, "duty")
    status, out, _ = run("directory", "waiting")
    assert (status, out.splitlines()[-1]) == (0, "2 wait for a second person")
    for told in (first, "  agency hea-new-0: new\n", "    municipalities: ['vantaa', 'kerava']\n"):
        assert told in out, told
    assert run("directory", "confirm", first)[:2] == (0, f"{first}: in use\n")
    assert run("directory", "refuse", second)[:2] == (0, f"{second}: refused\n")
    agencies = site.parts.amend.stored(site.hands().date()).directory.agencies
    assert ("hea-new-0" in agencies, "hea-new-1" in agencies) == (True, False)
    for verb, proposal in (("confirm", first), ("refuse", second), ("confirm", "x")):
        status, _, err = run("directory", verb, proposal)
        assert (status, err) == (2, "ankkuri: This no longer waits for a second person.\n")


def test_a_file_with_a_new_agency_is_brought_in_beside_an_administrator_who_signs_in(
    site: Site, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "directory.toml"
    assert run("directory", "export", str(file))[0] == 0
    tables = tomllib.loads(file.read_text("utf-8"))
    tables["agency"].append(new_agency(site).entry)
    file.write_text(written(tables), "utf-8")
    for others in ((), ("--by", "admin-police"), ("--by", "soc"), ("--by", "nobody")):
        status, _, err = run("directory", "import", str(file), *others)
        (line,) = err.splitlines()
        assert status == 2, others
        wrong = "The sign-in name or the passphrase is wrong"
        assert (wrong if "nobody" in others else f"administrator of {COUNTY}") in line
        assert "hea-new" not in run("directory", "show")[1]
        site.hands.move(minutes=1)  # a code is good once
    status, out, _ = run("directory", "import", str(file), "--by", "admin")
    assert (status, "agency hea-new: added\n" in out) == (0, True)
    assert "hea-new" in run("directory", "show")[1]


def everybody_opens(site: Site, run: Run) -> None:
    agencies = [agency.id for agency in site.parts.directory.agencies.values()]
    roles: list[Any] = [x for a in agencies if a != HEA for x in ("--agency", f"worker:{a}")]
    assert run("people", "roles", "hea", *roles)[0] == 0


def test_a_place_without_anyone_who_can_open_is_a_no(site: Site, run: Run) -> None:
    assert run("directory", "openers")[0] == 1
    everybody_opens(site, run)
    status, out, _ = run("directory", "openers")
    assert (status, "0 without anyone who can open" in out) == (0, True)
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.person_id == site.people["hea"]))
    status, out, _ = run("directory", "openers", "--json")
    assert status == 1
    assert json.loads(out)["holds"] is False
