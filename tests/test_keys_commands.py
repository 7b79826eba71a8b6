"""`ankkuri keys`: from a directory key made offline to what its keeper signed, taken in."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import config
from intake.domain.people import Membership, Role
from intake.services.settle import write_new
from intake.vault.directory_key import DirectoryKey
from intake.vault.directory_signing import lock_directory_key, unlock_directory_key
from tests import keeper
from tests.services import keyless
from tests.site import CHEAP, COUNTY, PASSPHRASE, SOC, TRIAGE, Site
from tests.test_administration_commands import Run
from tests.test_administration_commands import run as run

Answer = Callable[[str], None]


@pytest.fixture(autouse=True)
def _away(site: Site) -> Iterator[None]:
    with keeper.away():
        yield


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """What is typed at every question from now on."""

    def says(text: str) -> None:
        monkeypatch.setattr("builtins.input", lambda _prompt="": text)

    return says


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The keeper's file."""
    file = tmp_path / "directory.key"
    write_new(file, lock_directory_key(keeper.KEY, PASSPHRASE, cost=CHEAP))
    return file


def test_a_directory_key_is_made_locked_and_its_public_half_is_what_is_pinned(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "keeper"
    status, out, _ = run("keys", "directory-key", str(file))
    assert status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = unlock_directory_key(bytes.fromhex(file.read_text("ascii")), PASSPHRASE)
    public = DirectoryKey(bytes.fromhex((tmp_path / "keeper.public").read_text("ascii")))
    assert made.public() == public
    assert f"{config.DIRECTORY_PUBLIC} into every door's key folder" in out
    assert f"ANKKURI_DIRECTORY_KEY={public.fingerprint}" in out
    status, _, err = run("keys", "directory-key", str(file))
    assert (status, "is there already" in err) == (2, True)


def test_a_role_goes_to_the_keeper_and_comes_back_signed(
    site: Site, run: Run, key: Path, tmp_path: Path, answer: Answer
) -> None:
    assert run("people", "roles", "hea", "--agency", f"worker:{TRIAGE}")[0] == 0
    wanted = tmp_path / "wanted"
    status, out, _ = run("keys", "requests", str(wanted))
    assert (status, "1 entries wait" in out) == (0, True)
    signing = ("keys", "sign", str(wanted), "--key", str(key))
    answer("n")
    assert "Signed 0 of 1" in run(*signing)[1]
    answer("y")
    status, out, _ = run(*signing)
    assert status == 0
    assert f"worker at {TRIAGE} for Heli Hoitaja, hea" in out
    assert f"words: {site.words('hea')}" in out
    signed = tmp_path / "wanted.signed"
    status, out, _ = run("keys", "entries", "import", str(signed))
    assert (status, out) == (0, "Took in 1 of 1 signatures\n")
    assert Membership(Role.WORKER, TRIAGE) in site.visit("hea").person.memberships
    status, out, _ = run("keys", "entries", "import", str(signed))
    assert status == 1
    assert "no such entry waits for a signature" in out


def test_the_names_in_the_file_are_not_what_is_signed(
    site: Site, run: Run, key: Path, tmp_path: Path
) -> None:
    run("people", "roles", "hea", "--agency", f"worker:{TRIAGE}")
    wanted = tmp_path / "wanted"
    run("keys", "requests", str(wanted))
    content = json.loads(wanted.read_text("utf-8"))
    content["entries"][0]["who"] = "Somebody Else, else"
    wanted.write_text(json.dumps(content), "utf-8")
    _, out, _ = run("keys", "sign", str(wanted), "--key", str(key), "--yes")
    assert f"words: {site.words('hea')}" in out


def test_an_operator_is_the_second_person_for_what_an_administrator_proposed(
    site: Site, run: Run, answer: Answer
) -> None:
    role = site.appointment(Membership(Role.AUDITOR, controller=COUNTY))
    admin = site.visit("admin").person.as_administrator()
    site.parts.appoint(admin, site.people["hea"], [role], site.hands())
    status, out, _ = run("keys", "entries", "list")
    assert status == 0
    assert f"hea: auditor, {COUNTY}: waits for a second person" in out
    entry = out.split()[0]
    answer("aasi")
    status, _, err = run("keys", "entries", "confirm", entry)
    assert (status, "not the words" in err) == (2, True)
    answer(site.words("hea"))
    assert run("keys", "entries", "confirm", entry)[0] == 0
    (listed,) = json.loads(run("keys", "entries", "list", "--json")[1])
    assert (listed["waits_for"], listed["words"]) == ("the signature", site.words("hea"))
    assert run("keys", "entries", "refuse", entry)[0] == 0
    assert run("keys", "entries", "list")[1] == "0 entries wait\n"
    assert run("keys", "entries", "refuse", entry)[0] == 2


def test_files_that_are_something_else_are_one_clear_line(
    run: Run, key: Path, tmp_path: Path
) -> None:
    other, gone = tmp_path / "other", str(tmp_path / "gone")
    other.write_text("{}", "utf-8")
    wanted = tmp_path / "wanted"
    run("keys", "requests", str(wanted))
    for arguments, told in (
        (("keys", "sign", gone, "--key", str(key)), "cannot be read"),
        (("keys", "sign", str(other), "--key", str(key)), "cannot be used"),
        (("keys", "sign", str(wanted), "--key", str(other)), "is no directory key"),
        (("keys", "entries", "import", str(wanted)), "cannot be used"),
    ):
        status, _, err = run(*arguments)
        assert status == 2
        (line,) = [line for line in err.splitlines() if line.startswith("ankkuri:")]
        assert told in line


def test_a_new_key_that_no_member_holds_is_left_out_and_told(
    site: Site, run: Run, tmp_path: Path
) -> None:
    keyless.new_key_that_nobody_holds(site)
    status, out, _ = run("keys", "requests", str(tmp_path / "wanted"))
    assert status == 0
    assert f"Left out the new key of {SOC}: no member of the agency holds this new key" in out
    assert "0 entries wait for a signature" in out
