"""The post of a demo: each letter becomes a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from intake.post.letter import Letter, LetterNotTaken

SENDER = "Ankkuri <ankkuri@intake.invalid>"


@dataclass(frozen=True)
class FileSender:
    """Writes ``<message id>.eml`` into a folder; sending a letter again replaces its file."""

    folder: Path

    def send(self, letter: Letter) -> None:
        """Write the letter whole or not at all."""
        path = self.folder / f"{letter.message_id.partition('@')[0]}.eml"
        part = path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with part.open("wb") as file:
                file.write(letter.as_mail(SENDER).as_bytes())
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise LetterNotTaken(str(error)) from error

    def close(self) -> None:
        """Nothing is held between letters."""
