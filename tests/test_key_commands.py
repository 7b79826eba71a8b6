"""`ankkuri keys`: exit status 0 done, 1 the answer is no, 2 unusable."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import update

from intake.store.tables import WrapRow
from tests.services.test_rotate import key_of, lived
from tests.site import SOC, Site
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
    status, out, _ = run(*ROTATE, "soc")
    assert (status, out) == (0, f"{SOC}: {told['done']} sealed to the new key\n")


def test_a_change_that_was_cut_short_goes_on_with_the_same_key(site: Site, run: Run) -> None:
    lived(site)
    site.parts.rotate.begin(site.visit("soc-head"), SOC, site.hands())
    begun = key_of(site)
    assert run(*ROTATE, "soc")[0] == 0
    assert key_of(site) == begun
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
