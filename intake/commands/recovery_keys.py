"""Agencies' printed recovery keys: ``keys sheets | recover | export-sealed | combine | import``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command
from intake.commands.naming import NAMED, agency_known
from intake.commands.signed_in import signed_in
from intake.language import LANGUAGES, Language, environment
from intake.parts import Parts

if TYPE_CHECKING:
    from intake.services.recover_key import SealedKeys
    from intake.vault.shares import Share

PER_LINE = 4  # groups of a share on a line of its sheet


def add(verbs: Any) -> None:
    """Add these verbs of ``keys``."""
    sheets = add_command(
        verbs, "sheets", _sheets, "make an agency's recovery key and its three sheets to print"
    )
    sheets.add_argument("agency", metavar="AGENCY")
    sheets.add_argument("--by", required=True, metavar=NAMED, help="who has the key")
    sheets.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new folder")
    sheets.add_argument("--language", choices=tuple(LANGUAGES), default="fi")
    recover = add_command(
        verbs, "recover", _recover, "open an agency's keys with two sheets, for one member"
    )
    recover.add_argument("agency", metavar="AGENCY")
    recover.add_argument("--for", dest="to", required=True, metavar=NAMED)
    export = add_command(
        verbs, "export-sealed", _export, "write what two sheets open to a file, to be taken offline"
    )
    export.add_argument("agency", metavar="AGENCY")
    export.add_argument("file", type=Path, metavar="FILE")
    combine = add_command(
        verbs, "combine", _combine, "open such a file with two sheets, without a database"
    )
    combine.add_argument("file", type=Path, metavar="FILE")
    combine.add_argument("--for", dest="to", required=True, metavar=NAMED)
    combine.add_argument("--out", type=Path, required=True, metavar="GRANTS")
    back = add_command(verbs, "import", _import, "take in what `keys combine` has written")
    back.add_argument("file", type=Path, metavar="GRANTS")


def _sheets(chosen: argparse.Namespace) -> int:
    from intake.services.recover_key import RecoverKey

    parts = wiring.build(config.load())
    agency = agency_known(parts, chosen.agency)
    with signed_in(parts, chosen.by) as visit:
        now = parts.now()

        def put_out(shares: Sequence[Share]) -> None:
            _write_sheets(parts, chosen, shares)

        RecoverKey(parts.database).make_sheets(visit, agency, now, put_out)
    print(f"Three sheets are in {chosen.to}: print each, hand it over, and delete the folder")
    return 0


def _write_sheets(parts: Parts, chosen: argparse.Namespace, shares: Sequence[Share]) -> None:
    template = environment(config.PROJECT / "templates").get_template("sheets/share.html")
    style = (config.PROJECT / "intake" / "static" / "sheet.css").read_text("utf-8")
    agency = parts.directory.agency(chosen.agency)
    try:
        chosen.to.mkdir(mode=0o700)
        for share in shares:
            groups = share.text.split("-")
            lines = [
                "-".join(groups[start : start + PER_LINE])
                for start in range(0, len(groups), PER_LINE)
            ]
            page = template.render(
                language=Language(chosen.language),
                agency=agency,
                share=share,
                sheets=len(shares),
                lines=lines,
                made_at=parts.now(),
                style=style,
            )
            _write(chosen.to / f"sheet-{share.number}.html", page)
    except OSError as error:
        raise InputUnusable(f"The sheets cannot be written to a new folder: {error}") from None


def _recover(chosen: argparse.Namespace) -> int:
    from intake.services.recover_key import RecoverKey

    parts = wiring.build(config.load())
    agency = agency_known(parts, chosen.agency)
    recover_key = RecoverKey(parts.database)
    with _unusable():
        granted = _opened(recover_key.export(agency, parts.now()), chosen.to)
        name = recover_key.take_in(granted, parts.now())
    _tell(agency, name)
    return 0


def _export(chosen: argparse.Namespace) -> int:
    from intake.services.recover_key import RecoverKey

    parts = wiring.build(config.load())
    with _unusable():
        sealed = RecoverKey(parts.database).export(agency_known(parts, chosen.agency), parts.now())
    _write(chosen.file, json.dumps(sealed.to_json(), indent=1))
    print(f"Take {chosen.file} to the machine where the sheets come together")
    return 0


def _combine(chosen: argparse.Namespace) -> int:
    from intake.services.recover_key import SealedKeys

    with _unusable():
        granted = _opened(SealedKeys.parse(_read(chosen.file)), chosen.to)
    _write(chosen.out, json.dumps(granted, indent=1))
    print(f"Take {chosen.out} back and run `ankkuri keys import {chosen.out.name}`")
    return 0


def _import(chosen: argparse.Namespace) -> int:
    from intake.services.recover_key import RecoverKey

    parts = wiring.build(config.load())
    with _unusable():
        granted = _read(chosen.file)
        name = RecoverKey(parts.database).take_in(granted, parts.now())
    _tell(granted[0]["agency"], name)
    return 0


def _opened(sealed: SealedKeys, name: str) -> list[dict[str, Any]]:
    """Ask for the words of their key and for two sheets, which nothing shows or keeps."""
    import getpass

    from intake.vault.shares import Share, ShareMistyped

    sealed.words(name)
    words = getpass.getpass(f"The eight words of {name}, as they read them from their page Keys: ")
    shares = []
    for which in ("One sheet", "Another sheet"):
        lines = [getpass.getpass(f"{which}, line {number} of 4: ") for number in range(1, 5)]
        try:
            shares.append(Share.parse(" ".join(lines)))
        except ShareMistyped:
            raise InputUnusable(f"{which} was mistyped: nothing was opened") from None
    return sealed.open_for(name, words, *shares)


def _tell(agency: str, name: str) -> None:
    print(f"{name} can open {agency}. Now change its key and make new sheets:")
    print(f"  ankkuri keys rotate {agency} --by {name}")
    print(f"  ankkuri keys sheets {agency} --by {name} --to FOLDER")


@contextmanager
def _unusable() -> Iterator[None]:
    """Say what the service refuses in one line."""
    from intake.services.recover_key import RecoveryUnusable
    from intake.vault.shares import SharesUnfit

    try:
        yield
    except RecoveryUnusable as error:
        raise InputUnusable(str(error)) from None
    except SharesUnfit:
        raise InputUnusable("The two sheets do not belong together") from None


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputUnusable(f"{file} cannot be read: {error}") from None


def _write(file: Path, text: str) -> None:
    """A new file that is the owner's alone."""
    try:
        with file.open("x", encoding="utf-8") as opened:
            file.chmod(0o600)
            opened.write(text)
    except OSError as error:
        raise InputUnusable(f"{file} cannot be written: {error}") from None
