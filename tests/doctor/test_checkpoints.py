"""The doctor says where lines wait for their signature, and checkpoints for their file."""

from __future__ import annotations

from pathlib import Path

from intake.doctor import checkpoints
from intake.doctor.finding import Level, Said
from tests.site import Site


def said(site: Site, file: Path | None = None, data: Path = Path("/nowhere")) -> list[Said]:
    settings = site.parts.settings
    return checkpoints.signed_and_exported(
        site.parts.database, file or settings.checkpoints, data, site.hands()
    )


def levels(found: list[Said]) -> list[Level]:
    return [level for level, _ in found]


def test_lines_that_nobody_signs_fail_after_ten_minutes(site: Site) -> None:
    site.parts.sign_trail(site.hands())
    site.send()
    assert levels(said(site)) == [Level.OK]
    site.hands.move(minutes=11)
    assert levels(said(site)) == [Level.FAIL]
    site.parts.sign_trail(site.hands())
    assert levels(said(site)) == [Level.OK]


def test_checkpoints_that_do_not_reach_their_file_fail_after_ten_minutes(
    site: Site, tmp_path: Path
) -> None:
    site.parts.sign_trail(site.hands())
    elsewhere = tmp_path / "elsewhere"
    assert levels(said(site, elsewhere)) == [Level.OK]
    site.hands.move(minutes=11)
    assert levels(said(site, elsewhere)) == [Level.FAIL]
    assert levels(said(site)) == [Level.OK]
    elsewhere.mkdir()
    assert levels(said(site, elsewhere)) == [Level.FAIL]


def test_checkpoints_beside_the_data_warn(site: Site) -> None:
    site.parts.sign_trail(site.hands())
    assert levels(said(site, data=site.parts.settings.data)) == [Level.WARN]
