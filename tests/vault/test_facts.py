from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from intake.vault.envelope import EnvelopeDamaged, facts_key_context
from intake.vault.open import open_facts
from intake.vault.seal import FactsSealer, SealedFacts
from tests.vault.invented import AGENCY, OTHER_REPORT, REPLAY, REPORT

FACTS = b'{"age": 11}'


def opened(sealed: SealedFacts, report_id: UUID) -> bytes:
    return open_facts(REPLAY, sealed.sealed_key, sealed.sealed_facts, sealed.key_id, report_id)


def test_facts_open_with_the_replay_key() -> None:
    assert opened(FactsSealer(REPLAY.public()).seal(REPORT, FACTS), REPORT) == FACTS


def test_facts_of_another_report_or_data_key_do_not_open() -> None:
    sealer = FactsSealer(REPLAY.public(), uses=1)
    one, other = sealer.seal(REPORT, FACTS), sealer.seal(REPORT, FACTS)
    with pytest.raises(EnvelopeDamaged):
        opened(one, OTHER_REPORT)
    with pytest.raises(EnvelopeDamaged):
        open_facts(REPLAY, one.sealed_key, one.sealed_facts, other.key_id, REPORT)
    with pytest.raises(EnvelopeDamaged):
        open_facts(REPLAY, other.sealed_key, one.sealed_facts, other.key_id, REPORT)
    with pytest.raises(EnvelopeDamaged):
        open_facts(AGENCY, one.sealed_key, one.sealed_facts, one.key_id, REPORT)


def test_a_forged_data_key_of_another_size_does_not_open() -> None:
    sealed = FactsSealer(REPLAY.public()).seal(REPORT, FACTS)
    forged = REPLAY.public().seal(b"short", facts_key_context(REPLAY.key_id, sealed.key_id))
    with pytest.raises(EnvelopeDamaged):
        open_facts(REPLAY, forged, sealed.sealed_facts, sealed.key_id, REPORT)


def test_the_data_key_is_renewed_after_its_uses() -> None:
    sealer = FactsSealer(REPLAY.public(), uses=3)
    made = [sealer.seal(REPORT, FACTS) for _ in range(7)]
    ids = [sealed.key_id for sealed in made]
    assert [ids.count(key_id) for key_id in dict.fromkeys(ids)] == [3, 3, 1]
    assert len({(sealed.key_id, sealed.sealed_key) for sealed in made}) == 3


def test_two_reports_under_one_data_key_share_no_cipher_key() -> None:
    sealer = FactsSealer(REPLAY.public())
    one, other = sealer.seal(REPORT, FACTS), sealer.seal(OTHER_REPORT, FACTS)
    assert one.key_id == other.key_id
    assert one.sealed_facts[1:33] != other.sealed_facts[1:33]


def test_threads_share_a_sealer_without_mixing_keys() -> None:
    sealer = FactsSealer(REPLAY.public(), uses=7)
    reports = [UUID(int=number) for number in range(100)]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda report: sealer.seal(report, report.bytes), reports))
    for report, sealed in zip(reports, made, strict=True):
        assert opened(sealed, report) == report.bytes
    ids = [sealed.key_id for sealed in made]
    assert max(ids.count(key_id) for key_id in ids) == 7


def test_facts_of_one_child_and_of_six_have_one_size() -> None:
    sealer = FactsSealer(REPLAY.public())
    assert {len(sealer.seal(REPORT, b"x" * n).sealed_facts) for n in (0, 900, 8188)} == {8253}


def test_a_sealer_that_would_never_seal_is_refused() -> None:
    with pytest.raises(ValueError, match="at least once"):
        FactsSealer(REPLAY.public(), uses=0)
