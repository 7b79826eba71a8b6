"""The post that the settings join: it speaks to the server they name, and trusts no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import config
from intake.post.files import FileSender
from intake.post.letter import PostOutOfReach
from intake.post.null import NullSender
from tests.post.mail_server import HOST, PASSWORD, USER, Authority, Postmaster, running
from tests.post.test_smtp import LETTER
from tests.site import Site


def settings(site: Site, port: int, **more: str) -> config.Settings:
    return config.load(
        {
            "ANKKURI_DATA": str(site.parts.settings.data),
            "ANKKURI_MAIL": "smtp",
            "ANKKURI_SMTP_HOST": HOST,
            "ANKKURI_SMTP_PORT": str(port),
            "ANKKURI_SMTP_FROM": "Ankkuri <ankkuri@intake.invalid>",
            "ANKKURI_BASE_URL": "https://ankkuri.invalid",
        }
        | {f"ANKKURI_SMTP_{name}": value for name, value in more.items()}
    )


def send(site: Site, told: config.Settings) -> None:
    sender = replace(site.parts, settings=told).deliver.sender
    try:
        sender.send(LETTER)
    finally:
        sender.close()


def test_letters_go_to_the_server_whose_authority_is_named_with_the_password_of_the_file(
    site: Site, tmp_path: Path
) -> None:
    authority, office = Authority(tmp_path), Postmaster()
    file = site.parts.settings.keys / config.SMTP_PASSWORD
    file.write_text(f"{PASSWORD}\n", "ascii")
    file.chmod(0o600)
    with running(office, starttls=authority.server(HOST), login=True) as port:
        send(site, settings(site, port, TLS="starttls", CA=str(authority.file), USER=USER))
    assert len(office.taken) == 1


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_server_of_another_authority_gets_nothing(site: Site, tmp_path: Path, tls: str) -> None:
    office, ours = Postmaster(), Authority(tmp_path)
    (tmp_path / "other").mkdir()
    theirs: dict[str, Any] = {tls: Authority(tmp_path / "other").server(HOST)}
    with running(office, **theirs) as port:
        for authority in ({}, {"CA": str(ours.file)}):
            with pytest.raises(PostOutOfReach, match="SSLCertVerificationError"):
                send(site, settings(site, port, TLS=tls, **authority))
    assert office.taken == []


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_for_another_name_gets_nothing(site: Site, tmp_path: Path, tls: str) -> None:
    office, authority = Postmaster(), Authority(tmp_path)
    elsewhere: dict[str, Any] = {tls: authority.server("mail.elsewhere.invalid")}
    with (
        running(office, **elsewhere) as port,
        pytest.raises(PostOutOfReach, match="SSLCertVerificationError"),
    ):
        send(site, settings(site, port, TLS=tls, CA=str(authority.file)))
    assert office.taken == []


def test_without_a_server_letters_are_files_or_nothing(site: Site) -> None:
    for mail, kind in (("files", FileSender), ("null", NullSender)):
        told = replace(site.parts.settings, mail=mail)
        assert isinstance(replace(site.parts, settings=told).sender, kind)
