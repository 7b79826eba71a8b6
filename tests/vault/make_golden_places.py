"""Makes the golden envelopes of what services seal to a key, and of the directory key:
`python -m tests.vault.make_golden_places`.

Each has a context of its service's own, which must not change while such an envelope lies in a
database. Made once for a suite and never again: so this refuses to write over the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from intake.services.ask_sections import place as request_place
from intake.services.history import note_place
from intake.services.hold import REASON as HOLD
from intake.services.line_detail import LINE_DETAIL
from intake.services.record import MOVE_REASON
from intake.services.recuse import REASON as RECUSAL
from intake.vault.directory_signing import DirectorySigningKey, lock_directory_key
from intake.vault.envelope import SUITE
from intake.vault.keyring import new_key_pair
from intake.vault.passphrase import Cost
from intake.vault.seal import seal_for

FOLDER = Path(__file__).parent / "golden_places"
REPORT, REFERRAL, ROW, PERSON = (UUID(int=number) for number in range(101, 105))
PASSPHRASE = "seitsemän hiljaista mäntyä"
PLACES: Mapping[str, tuple[str | bytes, ...]] = {
    "move": (MOVE_REASON, REFERRAL.bytes, ROW.bytes),
    "note": note_place(REFERRAL, ROW, PERSON),
    "detail": (LINE_DETAIL, "recuse", REFERRAL.bytes),
    "hold": (HOLD, ROW.bytes),
    "recusal": (RECUSAL, REPORT.bytes, ROW.bytes),
    **{what: request_place(what, ROW) for what in ("asked", "own", "answer", "given")},
}


def golden() -> dict[str, str]:
    """Every name and its value; bytes as hex."""
    agency, directory = new_key_pair("agency"), DirectorySigningKey.new()
    values = {
        "agency_private": agency.raw,
        "directory_seed": directory.seed,
        "directory_locked": lock_directory_key(directory, PASSPHRASE, cost=Cost(2, 64)),
        "signed_entry": directory.sign("membership", "body"),
        **{
            name: seal_for(agency.public(), name.encode(), *place) for name, place in PLACES.items()
        },
    }
    return {name: value.hex() for name, value in values.items()}


def main() -> None:
    """Write the file of this suite."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"suite_{SUITE[0]}.json").open("x", encoding="ascii") as file:
        json.dump(golden(), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
