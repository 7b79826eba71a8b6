"""The doctor says where lines wait for their signature, and checkpoints for their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from intake.commands import doctor
from intake.doctor import checkpoints
from intake.doctor.finding import Level, Said
from tests.site import Site


def said(
    site: Site,
    file: Path | None = None,
    data: Path = Path("/nowhere"),
    *,
    in_earnest: bool = False,
) -> list[Said]:
    settings = site.parts.settings
    return checkpoints.signed_and_exported(
        site.parts.database, file or settings.checkpoints, data, site.hands(), in_earnest=in_earnest
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


def test_checkpoints_beside_the_data_warn_and_fail_in_earnest(site: Site) -> None:
    site.parts.sign_trail(site.hands())
    data = site.parts.settings.data
    assert levels(said(site, data=data)) == [Level.WARN]
    assert levels(said(site, data=data, in_earnest=True)) == [Level.FAIL]


@pytest.mark.parametrize(
    ("address", "banner", "level"),
    [
        ("https://ankkuri.invalid", "none", Level.FAIL),
        ("https://ankkuri.invalid", "demo", Level.WARN),
        ("http://127.0.0.1:8000", "none", Level.WARN),
    ],
)
def test_a_site_works_in_earnest_where_others_come_to_it_and_it_is_no_demo(
    site: Site, address: str, banner: str, level: Level
) -> None:
    site.parts.sign_trail(site.hands())
    settings = replace(site.parts.settings, base_url=address, banner=banner)
    checks = doctor._of_database(settings, site.parts.database, site.hands)
    assert levels(list(checks["checkpoints"]())) == [level]
