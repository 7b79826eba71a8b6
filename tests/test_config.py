"""Settings: half-set, misspelt or readable by others, and the site does not start."""

from __future__ import annotations

import shutil
import socket
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import config
from intake import wiring
from intake.vault.directory_signing import DirectorySigningKey
from tests import keeper, loaded
from tests.site import lay_out

SMTP = {
    "ANKKURI_MAIL": "smtp",
    "ANKKURI_SMTP_HOST": "mail.invalid",
    "ANKKURI_SMTP_FROM": "Ankkuri <ankkuri@intake.invalid>",
    "ANKKURI_BASE_URL": "https://ankkuri.invalid",
}
LOCAL = SMTP | {"ANKKURI_SMTP_HOST": "127.0.0.1", "ANKKURI_SMTP_TLS": "none"}


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"ANKKURI_DORS": "reporter"}, "ANKKURI_DORS"),
        ({"ANKKURI_DOORS": ""}, "empty"),
        ({"ANKKURI_DOORS": "reporter,kitchen"}, "kitchen"),
        ({"ANKKURI_SECURE_COOKIES": "perhaps"}, "perhaps"),
        ({"ANKKURI_MAIL": "pigeon"}, "pigeon"),
        ({"ANKKURI_KEEP_DAYS": "0"}, "ANKKURI_KEEP_DAYS"),
        ({"ANKKURI_KEEP_CLOSED_DAYS": "a year"}, "a year"),
        ({"ANKKURI_BASE_URL": "ankkuri.invalid"}, "http"),
        ({"ANKKURI_DATABASE": "mysql://x"}, "sqlite"),
        ({"ANKKURI_DATABASE": "sqlite:///:memory:"}, "ANKKURI_DATABASE"),
        ({"ANKKURI_DATABASE": "sqlite:///"}, "ANKKURI_DATABASE"),
        ({"ANKKURI_DATABASE": "postgresql://ankkuri:secret@/ankkuri"}, "PGPASSFILE"),
        ({"ANKKURI_DATABASE": "postgresql://ankkuri@/ankkuri?password=secret"}, "PGPASSFILE"),
        ({"ANKKURI_DATABASE": "postgresql://ankkuri@localhost"}, "name a database"),
        ({"ANKKURI_DATABASE": "sqlite:////srv/x.sqlite3?mode=ro"}, "ANKKURI_DATABASE"),
        ({"ANKKURI_DOORS": "reporter,audit,reporter"}, "reporter twice"),
        (
            {"ANKKURI_BASE_URL": "https://a.invalid", "ANKKURI_SECURE_COOKIES": "no"},
            "ANKKURI_SECURE_COOKIES",
        ),
        ({"ANKKURI_CONFIG": "/nowhere/x.toml"}, "ANKKURI_CONFIG"),
        ({"ANKKURI_DIRECTORY_KEY": "ab12"}, "ANKKURI_DIRECTORY_KEY is no fingerprint"),
        ({"ANKKURI_SMTP_HOST": "mail.invalid"}, "ANKKURI_SMTP_HOST is set but ANKKURI_MAIL"),
        ({k: v for k, v in SMTP.items() if k != "ANKKURI_SMTP_HOST"}, "ANKKURI_SMTP_HOST"),
        ({k: v for k, v in SMTP.items() if k != "ANKKURI_SMTP_FROM"}, "ANKKURI_SMTP_FROM"),
        ({k: v for k, v in SMTP.items() if k != "ANKKURI_BASE_URL"}, "ANKKURI_BASE_URL"),
        (SMTP | {"ANKKURI_SMTP_FROM": "Ankkuri"}, "ANKKURI_SMTP_FROM"),
        (SMTP | {"ANKKURI_SMTP_FROM": "a@b.fi, c@d.fi"}, "ANKKURI_SMTP_FROM"),
        (SMTP | {"ANKKURI_SMTP_FROM": "A <a@b.fi>\nBcc: c@d.fi"}, "ANKKURI_SMTP_FROM"),
        (SMTP | {"ANKKURI_SMTP_HOST": "smtps://mail.invalid"}, "ANKKURI_SMTP_HOST"),
        (SMTP | {"ANKKURI_SMTP_HOST": "mail.invalid:465"}, "ANKKURI_SMTP_HOST"),
        (SMTP | {"ANKKURI_SMTP_PORT": "smtps"}, "ANKKURI_SMTP_PORT"),
        (SMTP | {"ANKKURI_SMTP_PORT": "65536"}, "ANKKURI_SMTP_PORT"),
        (SMTP | {"ANKKURI_SMTP_TLS": "no"}, "ANKKURI_SMTP_TLS"),
        (SMTP | {"ANKKURI_SMTP_TLS": "none"}, "loopback"),
        (LOCAL | {"ANKKURI_SMTP_HOST": "localhost"}, "loopback"),
        (LOCAL | {"ANKKURI_SMTP_HOST": "127.0.0.1.evil.invalid"}, "loopback"),
        (LOCAL | {"ANKKURI_SMTP_USER": "ankkuri"}, "ANKKURI_SMTP_USER"),
        (LOCAL | {"ANKKURI_SMTP_CA": "/ca.pem"}, "ANKKURI_SMTP_CA"),
        (SMTP | {"ANKKURI_SMTP_PASSWORD": "salainen"}, "ANKKURI_SMTP_PASSWORD"),
    ],
)
def test_unusable_settings_are_named(environ: dict[str, str], says: str) -> None:
    with pytest.raises(config.SettingsUnusable, match=says):
        config.load(environ)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ankkuri.toml"
    file.write_text('mail = "null"\nbase_url = "https://a.invalid"\n', "utf-8")
    settings = config.load({"ANKKURI_CONFIG": str(file), "ANKKURI_MAIL": "files"})
    assert (settings.mail, settings.base_url) == ("files", "https://a.invalid")


@pytest.mark.parametrize("content", [b'mail = "null', 'mail = "n\u00e4"'.encode("latin-1")])
def test_a_file_that_is_no_toml_is_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ankkuri.toml"
    file.write_bytes(content)
    with pytest.raises(config.SettingsUnusable, match="ANKKURI_CONFIG"):
        config.load({"ANKKURI_CONFIG": str(file)})


@pytest.mark.parametrize(
    ("more", "port", "tls"),
    [
        ({}, 465, "implicit"),
        ({"ANKKURI_SMTP_TLS": "starttls"}, 587, "starttls"),
        ({"ANKKURI_SMTP_TLS": "starttls", "ANKKURI_SMTP_PORT": "2525"}, 2525, "starttls"),
        ({"ANKKURI_SMTP_HOST": "2001:db8::25"}, 465, "implicit"),
    ],
)
def test_a_mail_server_is_spoken_to_encrypted_unless_it_is_on_this_machine(
    more: dict[str, str], port: int, tls: str
) -> None:
    smtp = config.load(SMTP | more).smtp
    assert smtp is not None
    assert (smtp.port, smtp.tls) == (port, tls)
    local = config.load(LOCAL).smtp
    assert local is not None
    assert (local.port, local.tls) == (25, "none")
    assert config.load({}).smtp is None


def test_the_mail_servers_password_is_one_line_in_a_private_file(tmp_path: Path) -> None:
    keys = lay_out(tmp_path).keys
    file = keys / config.SMTP_PASSWORD
    with pytest.raises(config.SettingsUnusable, match=config.SMTP_PASSWORD):
        config.read_password(keys)
    for unusable in ("", "\n", "two\nlines", "sälä"):
        file.write_text(unusable, "utf-8")
        file.chmod(0o600)
        with pytest.raises(config.SettingsUnusable, match="one line"):
            config.read_password(keys)
    file.write_text("auki sesam!\n", "ascii")
    assert config.read_password(keys) == "auki sesam!"
    file.chmod(0o640)
    with pytest.raises(config.SettingsUnusable, match="chmod 600"):
        config.read_password(keys)


def test_a_key_file_must_be_private_whole_and_there(tmp_path: Path) -> None:
    settings = lay_out(tmp_path)
    name = config.SECRETS["staff"]
    assert len(config.read_secret(settings.keys, name)) == 32
    (settings.keys / name).chmod(0o640)
    with pytest.raises(config.SettingsUnusable, match="chmod 600"):
        config.read_secret(settings.keys, name)
    (settings.keys / name).chmod(0o600)
    (settings.keys / name).write_text("zz", "ascii")
    with pytest.raises(config.SettingsUnusable, match="hexadecimal"):
        config.read_secret(settings.keys, name)
    (settings.keys / name).unlink()
    with pytest.raises(config.SettingsUnusable, match="ankkuri init"):
        config.read_secret(settings.keys, name)


def test_a_key_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    settings = lay_out(tmp_path)
    settings.keys.chmod(0o710)
    with pytest.raises(config.SettingsUnusable, match="chmod 700"):
        config.read_secret(settings.keys, config.SECRETS["staff"])


def test_no_process_starts_without_the_directory_key_that_its_settings_pin(tmp_path: Path) -> None:
    settings = lay_out(tmp_path)
    public = settings.keys / config.DIRECTORY_PUBLIC
    assert config.read_directory_key(settings) == keeper.PUBLIC.raw
    for other, says in (
        (replace(settings, directory_key=""), "ANKKURI_DIRECTORY_KEY is not set"),
        (replace(settings, directory_key="0" * 64), "not the key that ANKKURI_DIRECTORY_KEY names"),
    ):
        with pytest.raises(config.SettingsUnusable, match=says):
            wiring.build(other)
    public.write_text(DirectorySigningKey.new().public().raw.hex(), "ascii")
    with pytest.raises(config.SettingsUnusable, match="not the key that ANKKURI_DIRECTORY_KEY"):
        wiring.build(settings)
    public.unlink()
    with pytest.raises(config.SettingsUnusable, match=f"{public.name} is missing"):
        wiring.build(settings)
    keeper.bring_public_half(settings.keys)
    wiring.build(settings).database.engine.dispose()


def ankkuri(data: Path, *arguments: str, **environ: str) -> CompletedProcess[str]:
    pinned = {"ANKKURI_DIRECTORY_KEY": keeper.PUBLIC.fingerprint}
    return loaded.ankkuri(*arguments, ANKKURI_DATA=str(data), **pinned | environ)


def refused(done: CompletedProcess[str], says: str) -> bool:
    lines = done.stderr.strip().splitlines()
    return done.returncode == 2 and len(lines) == 1 and says in lines[0]


def test_the_command_refuses_in_one_line_with_status_2(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert refused(ankkuri(data, "jobs", "--once"), "ankkuri init")
    assert ankkuri(data, "init").returncode == 0
    again = ankkuri(data, "init")
    assert again.returncode == 0
    assert "made" not in again.stdout
    assert refused(ankkuri(data, "serve", ANKKURI_DOORS="kitchen"), "kitchen")
    for name, mode in ((config.SECRETS["staff"], 0o644), (config.REPLAY_PRIVATE, 0o620)):
        (data / "keys" / name).chmod(mode)
        for command in (["serve"], ["jobs", "--once"], ["init"]):
            assert refused(ankkuri(data, *command), f"chmod 600 {name}"), command
        (data / "keys" / name).chmod(0o600)


def test_the_jobs_refuse_a_post_that_is_not_whole(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert ankkuri(data, "init").returncode == 0
    keeper.bring_public_half(data / "keys")

    def jobs(**more: str) -> CompletedProcess[str]:
        return ankkuri(data, "jobs", "--once", **SMTP, **more)

    assert refused(jobs(ANKKURI_SMTP_USER="ankkuri"), config.SMTP_PASSWORD)
    assert refused(jobs(ANKKURI_SMTP_CA=str(data / "none.pem")), "ANKKURI_SMTP_CA")
    empty = data / "empty.pem"
    empty.touch()
    assert refused(jobs(ANKKURI_SMTP_CA=str(empty)), "ANKKURI_SMTP_CA")
    (data / "keys" / config.REPLAY_PRIVATE).unlink()
    assert refused(jobs(), config.REPLAY_PRIVATE)


def test_a_port_that_cannot_be_used_refuses_to_serve(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert ankkuri(data, "init").returncode == 0
    keeper.bring_public_half(data / "keys")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        assert refused(ankkuri(data, "serve", "--port", taken), taken)
    assert refused(ankkuri(data, "serve", "--port", "99999"), "99999")


def changed_rules(folder: Path, old: str, new: str) -> Path:
    """The folder of the shipped sets with one word changed."""
    shutil.copytree(config.RULES, folder)
    file = next(path for path in folder.glob("*.toml") if old in path.read_text("utf-8"))
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    return folder


def test_first_rules_with_a_misspelt_value_are_not_put_in_force(tmp_path: Path) -> None:
    data = tmp_path / "data"
    rules = changed_rules(tmp_path / "rules", 'any = ["bullying"]', 'any = ["bulying"]')
    assert refused(ankkuri(data, "init", ANKKURI_RULES=str(rules)), "bullying")
    assert refused(ankkuri(data, "rules", "check", str(rules)), "bullying")
    assert refused(ankkuri(data, "jobs", "--once"), "ankkuri init")


def test_first_rules_with_a_hole_are_not_put_in_force(tmp_path: Path) -> None:
    data = tmp_path / "data"
    hole = 'when = { may_need_protection = "no", consent_soc = "no", age = "0-17"'
    rules = changed_rules(tmp_path / "rules", hole, hole.replace("0-17", "0-16"))
    assert refused(ankkuri(data, "init", ANKKURI_RULES=str(rules)), "no rule gives")
    assert ankkuri(data, "rules", "check", str(rules)).returncode == 1


def test_a_database_from_a_newer_version_refuses_to_start(tmp_path: Path) -> None:
    import sqlite3

    data = tmp_path / "data"
    assert ankkuri(data, "init").returncode == 0
    connection = sqlite3.connect(data / "intake.sqlite3")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    assert refused(ankkuri(data, "jobs", "--once"), "newer version")
    assert refused(ankkuri(data, "init"), "newer version")


def test_an_unknown_clock_and_an_unreadable_arrival_are_named(tmp_path: Path) -> None:
    assert refused(ankkuri(tmp_path, "deadline", "lsl27", "2026-06-02"), "lsl26_start")
    assert refused(ankkuri(tmp_path, "deadline", "lsl26_start", "kesällä"), "kesällä")
    done = ankkuri(tmp_path, "deadline", "lsl26_start", "2026-06-10", "--json")
    assert '"due": "2026-06-19"' in done.stdout
    assert '"due_extended": "2026-06-22"' in done.stdout


def test_a_file_that_is_no_database_or_no_directory_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert refused(ankkuri(data, "init", "--directory", "/nowhere.toml"), "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[[", "utf-8")
    assert refused(ankkuri(data, "init", "--directory", str(broken)), "broken.toml")
    (data / "intake.sqlite3").write_text("this is a letter and not a database at all", "utf-8")
    for file in data.glob("intake.sqlite3-*"):
        file.unlink()
    assert refused(ankkuri(data, "jobs", "--once"), "cannot be read")
    wrong = ankkuri(data, "deadline", "school_talk", "2026-06-02", "--municipality", "vanta")
    assert refused(wrong, "vantaa")
