"""The reporter's door alone: it holds nothing that opens a report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import config
from intake import wiring
from tests import databases
from tests.site import environment, lay_out

ALONE = """
import sys
from intake.app import from_environment
app = from_environment().app
assert app.test_client().get("/").status_code == 200
opening = [m for m in sys.modules if m in
           ("intake.vault.open", "intake.vault.keyring", "intake.vault.passphrase",
            "intake.services.read", "intake.services.sign_in")]
assert not opening, opening
staff = [rule.rule for rule in app.url_map.iter_rules()
         if not rule.endpoint.startswith(("reporter.", "probe.", "static"))]
assert not staff, staff
"""
REPORTER_FILES = (config.SECRETS["reporter"], config.REPLAY_PUBLIC, config.DIRECTORY_PUBLIC)


def alone(data: Path, keys: Path) -> dict[str, str]:
    return os.environ | {
        **environment(data),
        "ANKKURI_DATABASE": databases.address_of_role(databases.address(data), "reporter"),
        "ANKKURI_KEYS": str(keys),
        "ANKKURI_DOORS": "reporter",
    }


def own_keys(settings: config.Settings, folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    for name in REPORTER_FILES:
        (folder / name).write_bytes((settings.keys / name).read_bytes())
        (folder / name).chmod(0o600)
    return folder


def test_the_reporter_door_starts_alone_without_anything_that_opens(tmp_path: Path) -> None:
    settings = lay_out(tmp_path / "data")
    keys = own_keys(settings, tmp_path / "keys")
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", ALONE],
        env=alone(settings.data, keys),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name",
    [
        config.SECRETS["staff"],
        config.SECRETS["pepper"],
        config.REPLAY_PRIVATE,
        config.TRAIL_PRIVATE,
        config.SMTP_PASSWORD,
    ],
)
def test_the_reporter_door_refuses_a_secret_of_another_door(tmp_path: Path, name: str) -> None:
    settings = lay_out(tmp_path / "data")
    keys = own_keys(settings, tmp_path / "keys")
    (keys / name).write_bytes(b"00" * 32)
    (keys / name).chmod(0o600)
    with pytest.raises(config.SettingsUnusable, match=f"{name}, which belongs to another door"):
        wiring.build(config.load(alone(settings.data, keys) | {"PATH": ""}))
