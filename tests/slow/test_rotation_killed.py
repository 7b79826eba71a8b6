"""kill -9 of a change of keys, again and again: it goes on where it was, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from uuid import UUID

import pytest
from sqlalchemy import select

from intake.domain.note import Note, entry
from intake.domain.report import canonical
from intake.services.history import note_place
from intake.services.sign_in import Visit
from intake.store import people
from intake.store.many import insert_many
from intake.store.tables import NoteRow
from intake.vault.keyring import PrivateKey, open_grant
from intake.vault.open import open_for
from intake.vault.seal import seal_for
from tests import databases
from tests.services.test_rotate import go_on, key_of, lived
from tests.site import PASSPHRASE, SOC, Site, environment

MANY = 4000
ROUNDS = 8
SEED = 20260603


def fill(site: Site, referral: UUID) -> None:
    """So many notes on one referral that a change of keys takes a while."""
    key, person = held(site).public(), site.people["soc"]
    rows = [
        {
            "id": UUID(int=1000 + number),
            "referral_id": referral,
            "person_id": person,
            "made_at": site.hands(),
            "agency_key_id": key.key_id,
            "sealed_content": seal_for(
                key,
                canonical(entry(Note(f"merkintä {number}"))),
                *note_place(referral, UUID(int=1000 + number), person),
            ),
        }
        for number in range(MANY)
    ]
    with site.parts.database.write() as connection:
        insert_many(connection, NoteRow, rows)


def held(site: Site) -> PrivateKey:
    """The agency's key in use, as Saana holds it."""
    visit = site.visit("soc")
    with site.parts.database.read() as connection:
        row = people.grants_held(connection, SOC, visit.person.id)[0]
    return open_grant(visit.key, row.sealed_key, row.agency_key_id, visit.person.id)


def start(site: Site, code: str) -> subprocess.Popen[bytes]:
    """``ankkuri keys rotate`` with the passphrase and a printed code on its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "intake.cli", "keys", "rotate", SOC, "--by", "soc"],
        env={**os.environ, **environment(site.parts.settings.data)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin
    process.stdin.write(f"{PASSPHRASE}\n{code}\n".encode())
    process.stdin.close()
    return process


def left(site: Site, visit: Visit) -> int:
    return site.parts.rotate.progress(visit, SOC).left


@pytest.mark.slow
def test_a_killed_change_of_keys_goes_on_and_loses_nothing(site: Site) -> None:
    site.sign_for_real_clocks()
    referral = lived(site)
    fill(site, referral)
    old = key_of(site)
    chance = random.Random(SEED)  # noqa: S311 (moments)
    in_the_middle = 0
    soc = site.visit("soc")
    assert site.parts.rotate.begin(soc, SOC, site.hands())
    codes = site.parts.factors.print_codes(soc, site.hands())
    for code in codes[: databases.rounds(ROUNDS)]:
        before, process = left(site, soc), start(site, code)
        while process.poll() is None and left(site, soc) == before:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.2))  # the moment of the kill, not a wait
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        in_the_middle += 0 < left(site, soc) < before
        if not left(site, soc):
            break
    assert in_the_middle, "no kill fell into the middle of the change"
    changed = key_of(site)
    assert go_on(site).left == 0
    assert key_of(site) == changed != old
    key, person = held(site), site.people["soc"]
    with site.parts.database.read() as connection:
        rows = connection.execute(select(NoteRow.__table__)).all()
    assert len(rows) == MANY + 1
    for row in rows:
        assert row.agency_key_id == changed
        assert open_for(key, row.sealed_content, *note_place(referral, row.id, person))
