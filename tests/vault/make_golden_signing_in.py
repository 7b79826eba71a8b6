"""Makes what signing in stores, in this suite: `python -m tests.vault.make_golden_signing_in`.

Made once, like the golden envelopes; so this refuses to write over a file.
"""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from intake.vault.envelope import SUITE
from intake.vault.keyring import DeviceSecret, SessionSecret, new_key_pair
from intake.vault.one_time import code_digest, new_codes
from intake.vault.totp import TotpSecret, keep_totp, seal_totp

FOLDER = Path(__file__).parent / "golden_signing_in"
PERSON, FACTOR = UUID(int=103), UUID(int=104)
PEPPER = bytes(range(32))


def golden() -> dict[str, str]:
    """Every name and its value; bytes as hex."""
    key, secret = new_key_pair("person"), TotpSecret.new()
    session, device, code = SessionSecret.new(), DeviceSecret.new(), new_codes()[0]
    values: dict[str, str | bytes] = {
        "person_private": key.raw,
        "totp_secret": secret.raw,
        "sealed_totp": seal_totp(key.public(), secret, PERSON, FACTOR),
        "session_cookie": session.cookie,
        "waiting_totp": keep_totp(session, secret),
        "device_cookie": device.cookie,
        "device_id": device.device_id(PERSON),
        "code": code,
        "code_digest": code_digest(PEPPER, PERSON, code),
    }
    return {
        name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()
    }


def main() -> None:
    """Write the file of this suite."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"suite_{SUITE[0]}.json").open("x", encoding="utf-8") as file:
        json.dump(golden(), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
