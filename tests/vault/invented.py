"""Keys, places and words that the vault's tests share; all invented."""

from __future__ import annotations

from uuid import UUID

from intake.vault.keyring import new_key_pair
from intake.vault.passphrase import Cost

REPORT, OTHER_REPORT = UUID(int=1), UUID(int=2)
REFERRAL, OTHER_REFERRAL = UUID(int=11), UUID(int=12)
PERSON, OTHER_PERSON = UUID(int=21), UUID(int=22)

AGENCY, OTHER_AGENCY = new_key_pair("agency-1"), new_key_pair("agency-2")
PERSON_KEY = new_key_pair("person-1")
REPLAY = new_key_pair("replay-1")

CHEAP = Cost(iterations=1, memory_kib=8)
PASSPHRASE = "neljä sinistä kissaa nukkuu"
PEPPER = bytes(range(32))
