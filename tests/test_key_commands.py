"""`ankkuri keys`: exit status 0 done, 1 the answer is no, 2 unusable."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from intake.store.tables import WrapRow
from tests.services.test_recover_key import lose_all
from tests.services.test_rotate import key_of, lived
from tests.site import PASSPHRASE, SOC, Site, environment
from tests.test_administration_commands import Run, run

__all__ = ["run"]  # the fixture
ROTATE = ("keys", "rotate", SOC, "--by")


def test_a_key_is_changed_on_the_command_line(site: Site, run: Run) -> None:
    lived(site)
    old = key_of(site)
    status, out, _ = run(*ROTATE, "soc", "--json")
    assert status == 0
    told: dict[str, Any] = json.loads(out)
    assert (told["left"], told["closed"]) == (0, 0)
    assert told["done"] >= 4
    assert key_of(site) != old
    site.hands.move(minutes=1)  # to the app's next code
    status, out, _ = run(*ROTATE, "soc")
    assert (status, out) == (0, f"{SOC}: {told['done']} sealed to the new key\n")


def test_whoever_changes_a_key_at_a_terminal_sees_how_far_it_is(
    site: Site, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(site)
    reader, terminal = os.openpty()
    with os.fdopen(terminal, "w", buffering=1) as shown:
        monkeypatch.setattr("sys.stderr", shown)
        status, out, _ = run(*ROTATE, "soc", "--json")
        seen = os.read(reader, 4096).decode()
    os.close(reader)
    assert status == 0
    done = json.loads(out)["done"]
    steps = [int(step) for step in re.findall(rf"\] (\d+)/{done}", seen)]
    assert steps == sorted(steps)
    assert steps[-1] == done
    assert f"Sealing anew for {SOC} [{'#' * 40}] {done}/{done}" in seen


def test_a_change_that_was_cut_short_goes_on_with_the_same_key(site: Site, run: Run) -> None:
    lived(site)
    site.parts.rotate.begin(site.visit("soc-head"), SOC, site.hands())
    begun = key_of(site)
    assert run(*ROTATE, "soc")[0] == 0
    assert key_of(site) == begun
    site.hands.move(minutes=1)
    assert run(*ROTATE, "soc", "--anew")[0] == 0
    assert key_of(site) != begun


def test_who_has_no_key_and_an_unknown_agency_are_refused(site: Site, run: Run) -> None:
    status, _, err = run(*ROTATE, "pol")
    assert status == 2
    assert "does not have the agency's key" in err
    assert run("keys", "rotate", "nowhere", "--by", "soc")[0] == 2


def test_what_does_not_open_is_a_no(site: Site, run: Run) -> None:
    lived(site)
    with site.parts.database.write() as connection:
        broken = update(WrapRow).where(WrapRow.purpose == "recipient")
        connection.execute(broken.values(sealed_keys=b"\x01broken"))
    status, out, _ = run(*ROTATE, "soc")
    assert status == 1
    assert "2 do not open in their places" in out


def sheets_of(folder: Path) -> list[str]:
    """What is printed on each sheet."""
    found = []
    for file in sorted(folder.iterdir()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        page = file.read_text("utf-8")
        assert "//" not in page
        found.append("\n".join(re.findall(r"<li>((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})</li>", page)))
    return found


def test_sheets_are_printed_to_a_private_folder_and_two_open_the_agency(
    site: Site, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sheets"
    status, out, _ = run("keys", "sheets", SOC, "--by", "soc", "--to", str(folder))
    assert (status, "Three sheets" in out) == (0, True)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    one, other, third = sheets_of(folder)
    assert len(one.splitlines()) == 4
    lose_all(site)
    code = site.words("soc-head")

    def typed(*answers: str) -> None:
        left = iter(line for answer in answers for line in answer.splitlines())
        monkeypatch.setattr("getpass.getpass", lambda _prompt="": next(left))

    recover = ("keys", "recover", SOC, "--for", "soc-head")
    typed(code, one, one)
    assert run(*recover)[0] == 2
    typed(code, one, other[:-1] + "?")
    status, out, err = run(*recover)
    assert (status, "mistyped" in err) == (2, True)
    assert one.splitlines()[0] not in out + err
    typed("0000-0000-0000", one, other)
    assert run(*recover)[0] == 2
    sealed, grants = tmp_path / "sealed.json", tmp_path / "grants.json"
    assert run("keys", "export-sealed", SOC, str(sealed))[0] == 0
    monkeypatch.setenv("ANKKURI_DATABASE", "sqlite:////nowhere/at/all")
    typed(code, third, one)
    combine = ("keys", "combine", str(sealed), "--for", "soc-head", "--out", str(grants))
    assert run(*combine)[0] == 0
    for name, value in environment(site.parts.settings.data).items():
        monkeypatch.setenv(name, value)
    status, out, _ = run("keys", "import", str(grants))
    assert (status, "soc-head can open" in out) == (0, True)
    site.parts.rotate.begin(site.visit("soc-head"), SOC, site.hands())
    typed(PASSPHRASE)
    assert run("keys", "sheets", SOC, "--by", "pol", "--to", str(tmp_path / "more"))[0] == 2
