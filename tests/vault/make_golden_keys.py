"""Makes the golden locks of keys over time: `python -m tests.vault.make_golden_keys`.

Made once, as `tests.vault.make_golden` says: sheets lie in safes, and codes in envelopes.
"""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from intake.vault.blind import IndexSecret, seal_index_secret
from intake.vault.keyring import new_key_pair, voucher
from intake.vault.printed_key import new_printed_key, seal_to_printed, vouch
from intake.vault.recovery import RecoveryCode, lock_for_recovery

FILE = Path(__file__).parent / "golden_keys" / "keys_1.json"


def golden() -> dict[str, str]:
    """Every name and its value; bytes as hex."""
    person = UUID(int=103)
    agency, person_key = new_key_pair("agency"), new_key_pair("person")
    code, pepper = RecoveryCode.new(), bytes(range(32))
    printed, secret = new_printed_key("soc"), IndexSecret.new("soc")
    sheets = {f"sheet_{share.number}": share.text for share in printed.sheets}
    values: dict[str, str | bytes] = {
        "person_id": str(person),
        "person_private": person_key.raw,
        "agency_private": agency.raw,
        "pepper": pepper,
        "recovery_code": code.text,
        "locked_for_recovery": lock_for_recovery(person_key, code, pepper, person),
        **sheets,
        "printed_key_id": printed.public.key_id,
        "printed_public": printed.public.raw,
        "sealed_to_printed": seal_to_printed(agency, printed.public),
        "vouched": vouch(agency, printed.public),
        "person_public": person_key.public().raw,
        "voucher": voucher(agency, person_key.public(), person),
        "index_secret": secret.raw,
        "sealed_index_secret": seal_index_secret(agency, secret),
        "blind": secret.blind("hetu", "010516A901V"),
    }
    return {
        name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()
    }


def main() -> None:
    """Write the file."""
    FILE.parent.mkdir(exist_ok=True)
    with FILE.open("x", encoding="utf-8") as file:
        json.dump(golden(), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
