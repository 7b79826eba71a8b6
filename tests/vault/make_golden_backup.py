"""Makes the golden stream of backups: `python -m tests.vault.make_golden_backup`.

Made once for a format and never again: later versions must still open it. So this refuses to
write over the file.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

from intake.vault.backup import StreamSealer, new_backup_key

FILE = Path(__file__).parent / "golden_backup" / "stream_1.json"


def main() -> None:
    """Write the file."""
    key, content, out = new_backup_key(), "Varmuuskopion rivi ääkkösineen\n" * 3, io.BytesIO()
    sealer = StreamSealer(key.public(), out.write)
    sealer.add(content.encode())
    sealer.finish()
    golden = {"private": key.raw.hex(), "stream": out.getvalue().hex(), "content": content}
    with FILE.open("x", encoding="ascii") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
