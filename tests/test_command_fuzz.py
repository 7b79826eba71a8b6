"""Whatever is given to a command, it is done, its answer is no, or one clear line says why not."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import config
from intake import cli, wiring
from intake.vault.backup import StreamSealer, new_backup_key
from intake.vault.directory_signing import lock_directory_key
from tests import keeper
from tests.rules.parcels import DEFAULT, HEAD, VOCABULARY
from tests.site import ANK, CHEAP, PASSPHRASE, SOC, Site, environment, worry_answers
from tests.test_outside_input import CLOCKS, REGISTER, garbled

SET = settings(
    deadline=None,
    derandomize=True,
    max_examples=12,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # what fails is not made smaller, which takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
WORD = st.one_of(
    st.text(st.characters(codec=None, exclude_characters="\0"), max_size=30),
    st.sampled_from(
        [
            "",
            "-",
            "--",
            "-1",
            "\n",
            "a\nb",
            "\udcff",
            "9" * 5000,
            "²",
            ".",
            "/",
            "ä" * 300,
        ]
    ),
    st.sampled_from(["accept", "vantaa", "2026-06-02", SOC, "soc", "2026-12-31T23:59", "worker:x"]),
)
"""What a shell can hand over: any characters but NUL, also bytes that are no UTF-8."""
FACTS = json.dumps({"reporter_kind": "professional", "age": 11, "categories": ["gang"]})
NESTED = (b"a = " + b"[" * 5000, b"[" * 100_000, b'{"a":' * 100_000)
BACKUP_KEY = new_backup_key()


def file_of(*good: str | bytes) -> st.SearchStrategy[bytes]:
    """A good file, one with a piece of it elsewhere, or anything."""
    texts = [each if isinstance(each, str) else each.decode("latin-1") for each in good]
    return st.one_of(
        *(garbled(text).map(lambda t: t.encode("utf-8", "replace")) for text in texts),
        st.sampled_from(
            [*(text.encode() for text in texts), b"", b"null", b"{}", b"[]", b'""', b"1"]
        ),
        st.sampled_from([b"\xff\xfe", b"a = 1", b"\0", *NESTED]),
        st.binary(max_size=80),
    )


def backup_of(content: bytes) -> bytes:
    out = io.BytesIO()
    sealer = StreamSealer(BACKUP_KEY.public(), out.write)
    sealer.add(content)
    sealer.finish()
    return out.getvalue()


PROOF = {
    "line": {},
    "number": 1,
    "size": 2,
    "path": ["00"],
    "checkpoint": "a\n1\nAA==\n\n— a AAAA\n",
}
REQUESTS = json.dumps(
    {"format": "ankkuri directory requests 1", "entries": [{"id": "x", "body": "{}"}]}
)
SEALED = json.dumps({"agency": "soc", "recovery_key": "x", "keys": [], "people": {}})
LOCKED = lock_directory_key(keeper.KEY, PASSPHRASE, cost=CHEAP).hex()
DIRECTORY = config.DIRECTORY.read_text("utf-8")
SEALED_BACKUP = file_of('{"format": 1}\n', "{}\n[]\n").map(backup_of)
COMMAND = st.sampled_from(["rules", "trail", "keys", "people", "check", "show", "list", "--json"])
GRANTS = json.dumps([{"agency": "x", "key": "x", "person": "x", "sealed": "", "voucher": ""}])
SIGNED = json.dumps({"format": "ankkuri directory signatures 1", "signatures": [{"id": "x"}]})
NOTES = "ankkuri.invalid\n1\nAAAA\n\n— ankkuri.invalid AAAA\n"
RULES = HEAD + DEFAULT


class Given:
    """What one run is given; files lie in a folder of its own, which is also where it works."""

    def __init__(self, folder: Path, typed: str = PASSPHRASE) -> None:
        self.folder, self.typed = folder, typed

    def file(self, name: str, content: bytes) -> str:
        """Its path."""
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def run(self, arguments: Sequence[str]) -> None:
        """Run a command and see how it ends."""
        out = io.TextIOWrapper(io.BytesIO(), "utf-8")
        err = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
        usage = False
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = cli.main(arguments)
            except SystemExit as left:
                status, usage = int(left.code or 0), True
        err.seek(0)
        said = err.read()
        told = f"{arguments}: {said}"
        assert status in {0, 1, 2}, told
        assert "Traceback" not in said, told
        assert "unexpectedly" not in said, told
        if status == 2 and not usage:
            assert said.startswith("ankkuri: "), told
            assert said.removeprefix("ankkuri: ").strip(), told
            assert said.count("\n") == 1, told


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Given]:
    """A place without a site."""
    before = os.umask(0o077)
    given_ = Given(tmp_path)
    for name in [name for name in os.environ if name.startswith("ANKKURI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANKKURI_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("getpass.getpass", lambda _prompt="": given_.typed)
    monkeypatch.setattr("builtins.input", lambda _prompt="": given_.typed)
    yield given_
    os.umask(before)


@pytest.fixture
def at_site(here: Given, site: Site, monkeypatch: pytest.MonkeyPatch) -> Given:
    """The same at a site on which a report has come."""
    for name, value in environment(site.parts.settings.data).items():
        monkeypatch.setenv(name, value)
    site.send(worry_answers())
    monkeypatch.setattr(wiring, "build", lambda *_: site.parts)
    return here


PLACE: st.SearchStrategy[list[str]] = st.one_of(
    st.just([]), WORD.map(lambda word: ["--municipality", word])
)
JSON = st.sampled_from([[], ["--json"]])
Draw = Callable[[Any], Any]
WITHOUT_A_SITE: dict[str, Callable[[Draw, Given], list[str]]] = {
    "rules check": lambda draw, place: ["rules", "check", source(draw, place), *draw(JSON)],
    "rules cases": lambda draw, place: ["rules", "cases", source(draw, place), *draw(JSON)],
    "rules decide": lambda draw, place: [
        *("rules", "decide", place.file("facts.json", draw(file_of(FACTS)))),
        *draw(PLACE),
        *draw(JSON),
    ],
    "rules diff": lambda draw, place: [
        *("rules", "diff", source(draw, place, "one"), source(draw, place, "two")),
        *draw(JSON),
    ],
    "rules schema": lambda draw, _: ["rules", "schema", draw(WORD)],
    "deadline": lambda draw, _: [
        *("deadline", draw(WORD), draw(WORD)),
        *draw(PLACE),
        *draw(JSON),
    ],
    "deadline of clocks": lambda draw, place: [
        *("deadline", "accept", draw(st.one_of(WORD, st.just("2026-06-02")))),
        *("--clocks", place.file("clocks.toml", draw(file_of(CLOCKS)))),
    ],
    "trail check-proof": lambda draw, place: [
        *("trail", "check-proof", place.file("proof", draw(file_of(json.dumps(PROOF))))),
        *("--public-key", place.file("public", draw(file_of("00" * 32)))),
    ],
    "keys sign": lambda draw, place: [
        *("keys", "sign", place.file("requests", draw(file_of(REQUESTS)))),
        *("--key", place.file("key", draw(file_of(LOCKED))), "--yes"),
    ],
    "keys combine": lambda draw, place: [
        *("keys", "combine", place.file("sealed", draw(file_of(SEALED)))),
        *("--for", draw(WORD), "--out", place.file("grants", b"")),
    ],
    "keys directory-key": lambda draw, _: ["keys", "directory-key", draw(WORD)],
    "directory check": lambda draw, place: [
        *("directory", "check", place.file("directory.toml", draw(file_of(DIRECTORY)))),
    ],
    "restore": lambda draw, place: [
        *("restore", place.file("backup", draw(st.one_of(file_of("{}"), SEALED_BACKUP)))),
        *("--key", place.file("private", draw(file_of(BACKUP_KEY.raw.hex())))),
        *draw(st.sampled_from([["--verify"], ["--without-deletions"], []])),
    ],
    "restore by a list": lambda draw, place: [
        *("restore", place.file("backup", draw(SEALED_BACKUP))),
        *("--key", place.file("private", BACKUP_KEY.raw.hex().encode())),
        *("--deletions", place.file("list", draw(file_of('{"id": 1}\n')))),
    ],
    "anything": lambda draw, _: draw(st.lists(st.one_of(WORD, COMMAND), max_size=4)),
}


def source(draw: Draw, place: Given, name: str = "one") -> str:
    """A set of rules in a folder with a small vocabulary, or whatever may be called one."""
    if draw(st.booleans()):
        return str(draw(WORD))
    (place.folder / name).mkdir(exist_ok=True)
    place.file(f"{name}/vocabulary.toml", VOCABULARY.encode())
    return place.file(f"{name}/set.toml", draw(file_of(RULES)))


@pytest.mark.parametrize("name", WITHOUT_A_SITE)
@SET
@given(data=st.data(), typed=st.one_of(st.just(PASSPHRASE), WORD))
def test_a_command_without_a_site_ends_clearly(
    here: Given, name: str, data: st.DataObject, typed: str
) -> None:
    here.typed = "short" if name == "keys directory-key" else typed  # or it would lock one
    here.run(WITHOUT_A_SITE[name](data.draw, here))


FAILED_ONCE: tuple[tuple[str | bytes, ...], ...] = (
    ("keys", "sign", NESTED[1], "--key", b"", "--yes"),
    ("keys", "combine", NESTED[2], "--for", "x", "--out", "grants"),
    ("keys", "directory-key", ""),
    ("keys", "directory-key", "ä" * 300),
    ("rules", "diff", "9" * 5000, "x"),
    ("rules", "decide", b"{}", "--rules", "\n"),
)
"""Kept for good; a file is given by what is in it."""


@pytest.mark.parametrize("given_", FAILED_ONCE, ids=str)
def test_what_once_failed_ends_clearly(here: Given, given_: tuple[str | bytes, ...]) -> None:
    here.run(
        [
            here.file(f"file-{number}", each) if isinstance(each, bytes) else each
            for number, each in enumerate(given_)
        ]
    )


def test_an_argument_that_is_no_text_is_looked_for_nowhere(at_site: Given) -> None:
    at_site.run(["people", "leave", "\udcff"])


DAY: st.SearchStrategy[list[str]] = st.one_of(
    st.just([]), WORD.map(lambda day: ["--from", day]), WORD.map(lambda d: ["--to", d])
)
ROLE = st.one_of(WORD, st.sampled_from([f"worker:{ANK}", "administrator:police", "head:", ":"]))
AT_A_SITE: dict[str, Callable[[Draw, Given], list[str]]] = {
    "people add": lambda draw, _: [
        *("people", "add", draw(WORD), "--name", draw(WORD), "--email", draw(WORD)),
        *("--agency", draw(ROLE), *draw(DAY)),
    ],
    "people invite": lambda draw, _: [
        *("people", "invite", draw(WORD), "--name", draw(WORD), "--email", draw(WORD)),
        *("--controller", draw(ROLE), *draw(DAY)),
    ],
    "people roles": lambda draw, _: [
        *("people", "roles", draw(WORD), *draw(JSON)),
        *draw(st.sampled_from([["--agency"], ["--end"], ["--controller"]])),
        draw(ROLE),
    ],
    "people leave": lambda draw, _: ["people", "leave", draw(WORD)],
    "grant": lambda draw, _: ["grant", draw(WORD), draw(WORD), "--by", draw(WORD)],
    "keys rotate": lambda draw, _: ["keys", "rotate", draw(WORD), "--by", draw(WORD)],
    "keys recover": lambda draw, _: ["keys", "recover", draw(WORD), "--for", draw(WORD)],
    "keys import": lambda draw, place: [
        *("keys", "import", place.file("grants", draw(file_of(GRANTS)))),
    ],
    "keys requests": lambda draw, _: ["keys", "requests", draw(WORD)],
    "keys entries import": lambda draw, place: [
        *("keys", "entries", "import", place.file("signed", draw(file_of(SIGNED)))),
    ],
    "keys entries": lambda draw, _: [
        *("keys", "entries", draw(st.sampled_from(["confirm", "refuse"])), draw(WORD)),
    ],
    "trail verify": lambda draw, place: [
        *("trail", "verify", "--checkpoints", place.file("notes", draw(file_of(NOTES)))),
        *draw(st.one_of(st.just([]), WORD.map(lambda day: ["--restored", day]))),
        *draw(JSON),
    ],
    "trail prove": lambda draw, _: ["trail", "prove", draw(WORD)],
    "rules show": lambda draw, _: ["rules", "show", draw(WORD)],
    "rules publish": lambda draw, _: [
        *("rules", draw(st.sampled_from(["publish", "withdraw"])), draw(WORD)),
    ],
    "rules propose": lambda draw, place: [
        *("rules", "propose", source(draw, place), "--from", draw(WORD)),
    ],
    "retention": lambda draw, _: [
        *("retention", "preview", "--days", draw(st.one_of(WORD, st.integers().map(str)))),
    ],
    "directory schools": lambda draw, place: [
        *("directory", "schools", place.file("schools.csv", draw(file_of(REGISTER)))),
    ],
    "backup": lambda draw, _: ["backup", "--to", draw(WORD), "--expire", draw(WORD)],
}


@pytest.mark.parametrize("name", AT_A_SITE)
@settings(SET, max_examples=8)
@given(data=st.data(), typed=st.one_of(st.just(PASSPHRASE), WORD))
def test_a_command_at_a_site_ends_clearly(
    at_site: Given, name: str, data: st.DataObject, typed: str
) -> None:
    at_site.typed = typed
    at_site.run(AT_A_SITE[name](data.draw, at_site))


ASKS_A_DATABASE = ["trail", "prove", "00000000-0000-0000-0000-000000000001"]
SETTING = st.sampled_from([*sorted(config.KNOWN), "CONFIG", "KEYS_", ""])
VALUE = st.one_of(
    WORD,
    st.sampled_from(
        ["yes", "smtp", "https://", "http://[", "http://a:99999", "postgresql://[/x", "sqlite:///x"]
    ),
)


@settings(SET, max_examples=60)
@given(environ=st.dictionaries(SETTING, VALUE, max_size=4))
@example(environ={"KEEP_DAYS": "9" * 5000})
@example(environ={"DATABASE": "postgresql://[/x"})
@example(environ={"BASE_URL": "http://["})
@example(environ={"REPORTER_URL": "https://ankkuri.invalid:99999"})
@example(
    environ={
        **{"MAIL": "smtp", "BASE_URL": "https://ankkuri.invalid"},
        **{"SMTP_HOST": "a", "SMTP_FROM": "a@ankkuri.invalid", "SMTP_PORT": "9" * 5000},
    }
)
def test_any_environment_is_settings_or_one_clear_line(
    here: Given, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(f"ANKKURI_{name}", value)
        here.run(ASKS_A_DATABASE)


CONFIG = 'data = "data"\nkeep_days = 90\nproxy = 1\nbase_url = "https://ankkuri.invalid"\n'


@settings(SET, max_examples=60)
@given(content=file_of(CONFIG))
@example(content=b'data = "a\\u0000b"\n')
@example(content=NESTED[0])
def test_any_file_of_settings_is_read_or_one_clear_line(
    here: Given, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("ANKKURI_CONFIG", here.file("settings.toml", content))
        here.run(ASKS_A_DATABASE)
