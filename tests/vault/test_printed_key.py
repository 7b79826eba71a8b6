"""An agency's key opens with two sheets, and is sealed to no pair that a holder did not vouch."""

from __future__ import annotations

from itertools import permutations

import pytest

from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey, new_key_pair
from intake.vault.printed_key import (
    combined,
    new_printed_key,
    open_with_printed,
    seal_to_printed,
    vouch,
    vouched,
)
from intake.vault.shares import SharesUnfit

KEY, OTHER = new_key_pair("soc-1"), new_key_pair("soc-2")
PRINTED = new_printed_key("soc")


def test_any_two_sheets_open_the_agencys_key() -> None:
    sealed = seal_to_printed(KEY, PRINTED.public)
    for one, other in permutations(PRINTED.sheets, 2):
        assert open_with_printed(combined(one, other, "soc"), sealed, "soc-1") == KEY


def test_sheets_of_another_agency_or_another_set_open_nothing() -> None:
    one, other, _ = PRINTED.sheets
    with pytest.raises(SharesUnfit):
        combined(one, other, "pol")
    with pytest.raises(SharesUnfit):
        combined(one, new_printed_key("soc").sheets[1], "soc")


def test_a_sealed_key_opens_under_its_own_name_alone() -> None:
    printed = combined(PRINTED.sheets[0], PRINTED.sheets[2], "soc")
    with pytest.raises(EnvelopeDamaged):
        open_with_printed(printed, seal_to_printed(KEY, PRINTED.public), "soc-2")
    with pytest.raises(EnvelopeDamaged):
        open_with_printed(printed, seal_to_printed(OTHER, PRINTED.public), "soc-1")


def test_only_a_holder_of_the_agencys_key_vouches_for_a_recovery_key() -> None:
    sealed = vouch(KEY, PRINTED.public)
    assert vouched(KEY, sealed, PRINTED.public.key_id) == PRINTED.public
    forged = new_printed_key("soc").public
    for key, box, name in (
        (OTHER, sealed, PRINTED.public.key_id),
        (KEY, sealed, forged.key_id),
        (KEY, vouch(OTHER, forged), forged.key_id),
        (PrivateKey("soc-2", KEY.raw), sealed, PRINTED.public.key_id),
        (KEY, b"", forged.key_id),
    ):
        with pytest.raises(EnvelopeDamaged):
            vouched(key, box, name)
