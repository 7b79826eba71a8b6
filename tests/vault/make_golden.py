"""Makes the golden envelopes of the suite in use: `python -m tests.vault.make_golden`.

A golden file holds keys made for it alone and one envelope of every kind. It is made once, when a
suite is new, and never again: envelopes in databases do not change either, and after every
upgrade the tests must still open these. So this refuses to write over a file.
"""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from intake.vault.envelope import SUITE
from intake.vault.keyring import (
    SessionSecret,
    grant,
    lock_person_key,
    new_key_pair,
    seal_person_key,
)
from intake.vault.own import VisitorSecret, seal_copy, seal_draft
from intake.vault.passphrase import Cost
from intake.vault.seal import FactsSealer, new_section_key, seal_for, seal_section, wrap

FOLDER = Path(__file__).parent / "golden"


def golden() -> dict[str, str]:
    """Every name and its value; bytes as hex."""
    report, referral, person = UUID(int=101), UUID(int=102), UUID(int=103)
    agency, person_key, replay = map(new_key_pair, ("agency", "person", "replay"))
    visitor, session, section_key = VisitorSecret.new(), SessionSecret.new(), new_section_key()
    passphrase, pepper = "seitsemän hiljaista mäntyä", bytes(range(32))
    place = {"report_id": report, "referral_id": referral}
    keys = {"reporter": section_key, "place_6": bytes(32)}
    facts = FactsSealer(replay.public()).seal(report, b'{"age": "unknown"}')
    values: dict[str, str | bytes] = {
        "report_id": str(report),
        "referral_id": str(referral),
        "person_id": str(person),
        "agency_private": agency.raw,
        "agency_public": agency.public().raw,
        "person_private": person_key.raw,
        "replay_private": replay.raw,
        "section_key": section_key,
        "section": seal_section(section_key, report, "reporter", "Opettaja Ötökkä".encode()),
        "wrap": wrap(keys, purpose="recipient", recipient=agency.public(), **place),  # type: ignore[arg-type]  # two ids
        "standby_wrap": wrap(keys, purpose="standby", recipient=agency.public(), **place),  # type: ignore[arg-type]  # two ids
        "note": seal_for(agency.public(), b"note", "move", referral.bytes),
        "facts_key_id": facts.key_id,
        "facts_key": facts.sealed_key,
        "facts": facts.sealed_facts,
        "visitor_cookie": visitor.cookie,
        "draft_id": str(visitor.draft_id),
        "csrf_key": visitor.csrf_key,
        "receipt_code": visitor.receipt_code.text,
        "lookup_id": visitor.receipt_code.lookup_id,
        "receipt_key": visitor.receipt_code.key,
        "draft": seal_draft(visitor, b"draft"),
        "copy": seal_copy(visitor, b"copy"),
        "passphrase": passphrase,
        "pepper": pepper,
        "locked_key": lock_person_key(person_key, passphrase, pepper, person, cost=Cost(2, 64)),
        "grant": grant(agency, person_key.public(), person),
        "session_cookie": session.cookie,
        "session_id": session.session_id,
        "session_row": seal_person_key(session, person_key, person),
    }
    return {
        name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()
    }


def main() -> None:
    """Write the file of this suite."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"suite_{SUITE[0]}.json").open("x", encoding="utf-8") as file:
        json.dump(golden(), file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
