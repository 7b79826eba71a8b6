from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import intake.vault.seal, intake.vault.own
print(*sorted(name for name in sys.modules if name.startswith("intake.")))
"""


def test_the_reporters_half_brings_in_nothing_that_opens_a_report() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [
        "intake.vault",
        "intake.vault.box",
        "intake.vault.draw",
        "intake.vault.envelope",
        "intake.vault.own",
        "intake.vault.seal",
    ]
