"""Makes the golden values of what is derived: `python -m tests.vault.make_golden_derived`.

Links, addresses and check codes that people hold must lead to the same rows and keys in every
later version. Made once for a suite and never again: so this refuses to write over the file.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from intake.services.notify import seal_notice
from intake.vault.envelope import SUITE
from intake.vault.keyring import InvitationSecret, keyed_secret, new_key_pair
from intake.vault.own import seal_draft
from intake.vault.seal import new_section_key, seal_section
from intake.vault.words import words_of

FOLDER = Path(__file__).parent / "golden_derived"


def golden() -> dict[str, str]:
    """Every name and its value; bytes as hex."""
    person, replay, draft = new_key_pair("person"), new_key_pair("replay"), UUID(int=104)
    invitation, keyed, reasons = InvitationSecret.new(), keyed_secret(person, draft), UUID(int=101)
    key = new_section_key()
    values: dict[str, str | bytes] = {
        "person_private": person.raw,
        "words": words_of(sha256(person.public().raw).hexdigest()),
        "invitation_link": invitation.cookie,
        "invitation_lookup_id": invitation.lookup_id,
        "invitation_csrf_key": invitation.csrf_key,
        "draft": str(draft),
        "keyed_draft_id": str(keyed.draft_id),
        "keyed_code": keyed.receipt_code.text,
        "keyed_draft": seal_draft(keyed, b"keyed in"),
        "replay_private": replay.raw,
        "report_id": str(reasons),
        "notice": seal_notice(replay.public(), reasons, "outi@ankkuri.invalid", "sv"),
        "reasons_key": key,
        "reasons": seal_section(key, reasons, "reasons", b"{}"),
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
