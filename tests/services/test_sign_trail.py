"""Every committed line gets one number, is signed, and leaves the machine, whatever fails."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

import config
from intake import cli
from intake.domain.checkpoint import Checkpoint, CheckpointUnreadable, note_hash
from intake.domain.row_id import new_id
from intake.domain.trail import PROOF, Action
from intake.domain.trail_verdict import Kind, Verdict
from intake.services import checkpoint_file, sign_trail
from intake.services.checkpoint_file import CheckpointFile, CheckpointsNotExported, read_note
from intake.services.prove_line import LineNotProved, ProofUnreadable, ProveLine, check_proof
from intake.services.verify_trail import verify
from intake.store import checkpoints, trail
from intake.store.tables import TrailRow
from intake.store.trail_tables import CheckpointRow, TrailEpochRow, TrailNumberRow
from intake.vault.signed_note import new_signer
from tests import databases
from tests.lived import told
from tests.site import Site


def write(site: Site, count: int = 1, **about: Any) -> None:
    with site.parts.database.write() as connection:
        for _ in range(count):
            line: dict[str, Any] = {"at": site.hands(), "action": Action.SIGN_OUT} | about
            trail.write_line(connection, **line)


def sign(site: Site) -> int:
    return site.parts.sign_trail(site.hands.move(minutes=1))


def numbers(site: Site) -> list[int]:
    with site.parts.database.read() as connection:
        asked = select(TrailNumberRow.number).order_by(TrailNumberRow.number)
        return list(connection.scalars(asked))


def notes(site: Site) -> list[Checkpoint]:
    key = site.parts.sign_trail.signer.public()
    with site.parts.database.read() as connection:
        rows = [row.note for row in checkpoints.checkpoints(connection)]
    read = [read_note(key, note) for note in rows]
    assert None not in read
    return [one for one in read if one]


def exported(site: Site) -> list[int]:
    return [each.size or 0 for each in CheckpointFile(site.parts.settings.checkpoints)]


def proved(site: Site, **more: Any) -> Verdict:
    file = CheckpointFile(site.parts.settings.checkpoints)
    with site.parts.database.read() as connection:
        key = site.parts.sign_trail.signer.public()
        return verify(connection, key, file, site.hands(), **more)


def test_numbers_are_gapless_and_each_checkpoint_follows_the_one_before(site: Site) -> None:
    for count in (1, 3, 2):
        write(site, count)
        assert sign(site) >= count
    assert numbers(site) == list(range(1, len(numbers(site)) + 1))
    first, second, third = notes(site)
    assert (first.previous, first.size + 3, second.size + 2) == (None, second.size, third.size)
    with site.parts.database.read() as connection:
        of_second = select(CheckpointRow.note).where(CheckpointRow.size == second.size)
        before = connection.scalars(of_second).one()
    assert third.previous == note_hash(before)
    assert third.at == site.hands().replace(microsecond=0)
    assert exported(site) == [first.size, second.size, third.size]


def test_where_nothing_is_new_nothing_is_signed(site: Site) -> None:
    sign(site)
    assert sign(site) == 0
    assert len(notes(site)) == 1


def test_many_lines_are_signed_in_batches(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(site)
    monkeypatch.setattr(sign_trail, "BATCH", 4)
    write(site, 10)
    assert sign(site) == 10
    sizes = [note.size for note in notes(site)]
    assert [later - size for size, later in pairwise(sizes)] == [4, 4, 2]
    assert proved(site).holds


@pytest.mark.parametrize("late", [timedelta(minutes=20), timedelta(hours=20)])
def test_a_line_that_was_committed_late_gets_its_number_later(site: Site, late: timedelta) -> None:
    sign(site)
    write(site)
    sign(site)
    write(site, at=site.hands() - late)
    sign(site)
    site.parts.sign_trail(site.hands.move(days=1))  # the whole trail is looked through then
    assert proved(site).unnumbered == 0
    assert numbers(site) == list(range(1, len(numbers(site)) + 1))


def the_number_fails(site: Site) -> None:
    site.break_writes("INSERT ON trail_number")
    with pytest.raises(DBAPIError):
        sign(site)
    site.mend_writes("trail_number")


def the_checkpoint_fails(site: Site) -> None:
    site.break_writes("INSERT ON checkpoint")
    with pytest.raises(DBAPIError):
        sign(site)
    site.mend_writes("checkpoint")


def the_commit_fails(site: Site) -> None:
    def full(*_: Any) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    engine = site.parts.database.engine
    event.listen(engine, "commit", full)
    with pytest.raises(OperationalError):
        sign(site)
    event.remove(engine, "commit", full)


@pytest.mark.parametrize("fail", [the_number_fails, the_checkpoint_fails, the_commit_fails])
def test_a_run_that_fails_leaves_no_half_numbers(site: Site, fail: Any) -> None:
    sign(site)
    before = numbers(site)
    write(site, 3)
    fail(site)
    assert numbers(site) == before
    assert sign(site) == 3
    assert proved(site).holds


def test_of_several_that_sign_at_once_each_line_is_numbered_once(site: Site) -> None:
    write(site, 40)
    one = site.parts.sign_trail
    several = [replace(one) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda each: each(site.hands()), several))
    assert sum(done) == len(numbers(site)) >= 40
    assert proved(site).holds


def test_a_file_that_cannot_be_written_is_caught_up_with_later(site: Site, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    away = replace(site.parts.sign_trail, file=gone / "checkpoints.notes")
    for _ in range(3):
        write(site)
        with pytest.raises(CheckpointsNotExported, match="cannot be written"):
            away(site.hands.move(minutes=1))
    assert len(notes(site)) == 3
    gone.mkdir()
    assert away(site.hands.move(minutes=1)) == 0
    found = [each.size for each in CheckpointFile(away.file)]
    assert found == [note.size for note in notes(site)]
    assert away.export() == 0


@pytest.mark.parametrize("torn", range(1, 400, 23))
def test_what_a_killed_run_left_of_a_note_is_passed_over(site: Site, torn: int) -> None:
    sign(site)
    write(site)
    sign(site)
    file = site.parts.settings.checkpoints
    content = file.read_bytes()
    whole = len(content) // 2
    file.write_bytes(content[: whole + torn])
    write(site)
    sign(site)
    assert exported(site) == [note.size for note in notes(site)]
    assert CheckpointFile(file).unreadable == []
    assert proved(site).holds


def test_a_single_note_out_of_a_letter_proves_what_it_is_about(site: Site) -> None:
    sign(site)
    first = site.parts.settings.checkpoints.read_text()
    write(site, 2)
    sign(site)
    site.parts.settings.checkpoints.write_text(first.strip())
    verdict = proved(site)
    assert verdict.holds, verdict.faults
    assert verdict.unproved == 2


def test_what_is_no_note_in_the_file_is_told(site: Site) -> None:
    sign(site)
    file = site.parts.settings.checkpoints
    file.write_bytes(b"nonsense\n\n\xe2\x80\x94 nobody abc\n\n" + file.read_bytes())
    assert [fault.kind for fault in proved(site).faults] == [Kind.EXPORT]


def test_a_checkpoint_that_another_key_signed_is_told(site: Site) -> None:
    sign(site)
    (note,) = notes(site)
    forged = new_signer().sign(note.origin, note.text())
    checkpoint_file.append(site.parts.settings.checkpoints, [forged])
    faults = proved(site).faults
    assert faults
    assert all(fault.first == note.size for fault in faults)


def test_an_altered_checkpoint_stops_no_signing_and_is_told(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    sign(site)
    with site.parts.database.write() as connection:
        connection.execute(update(CheckpointRow).values(peaks=b""))
    write(site)
    with caplog.at_level(logging.ERROR):
        assert sign(site) == 1
    assert "altered" in caplog.text
    faults = proved(site).faults
    assert [fault.kind for fault in faults] == [Kind.CHECKPOINT]


def test_the_days_first_checkpoint_goes_to_every_auditor_once(site: Site) -> None:
    def letters() -> list[str]:
        rows = [row for row in site.claim_letters() if row.letter == sign_trail.LETTER]
        return [row.params["note"] for row in rows]

    sign(site)
    (note,) = letters()
    key = site.parts.sign_trail.signer.public()
    assert read_note(key, note) == notes(site)[0]
    write(site)
    sign(site)
    assert letters() == []
    site.hands.move(days=1)
    write(site)
    sign(site)
    assert len(set(letters()) - {note}) == 1


def restored(site: Site, back_to: int) -> None:
    """As if a backup of that many numbers had been restored."""
    with site.parts.database.write() as connection:
        later = TrailNumberRow.number > back_to
        lines = select(TrailNumberRow.line_id).where(later)
        connection.execute(delete(TrailRow).where(TrailRow.id.in_(lines)))
        connection.execute(delete(TrailNumberRow).where(later))
        connection.execute(delete(CheckpointRow).where(CheckpointRow.size > back_to))
        connection.execute(delete(TrailEpochRow))  # of a restore that the backup did not know
    site.parts.database.engine.dispose()  # whoever wrote before is gone
    with site.parts.database.write() as connection:
        at = site.hands()
        line = trail.write_line(connection, at=at, action=Action.RESTORE, purpose=at.isoformat())
        checkpoints.begin_epoch(connection, line, at)


def test_a_restore_is_told_with_what_it_lost_and_what_follows_is_proved(site: Site) -> None:
    sign(site)
    (first,) = notes(site)
    for _ in range(3):
        write(site)
        sign(site)
    day = site.hands.move(hours=3).date()
    restored(site, first.size)
    write(site, 5)
    sign(site)
    verdict = proved(site)
    (fault,) = verdict.faults
    assert (fault.kind, fault.first, fault.last) == (
        Kind.RESTORED,
        first.size + 1,
        first.size + 3,
    )
    assert str(day) in fault.text
    assert verdict.proved == verdict.numbered == first.size + 6
    known = proved(site, restored_on=[day])
    assert known.holds
    assert known.restored[0].lost == 3
    assert not proved(site, restored_on=[day + timedelta(days=1)]).holds


def test_a_restore_that_was_undone_by_another_is_told_too(site: Site) -> None:
    sign(site)
    (first,) = notes(site)
    for _ in range(2):
        write(site, 3)
        sign(site)
        day = site.hands.move(days=1).date()
        restored(site, first.size)
        write(site)
        sign(site)
    (fault,) = proved(site).faults
    assert (fault.kind, str(day) in fault.text) == (Kind.RESTORED, True)
    verdict = proved(site, restored_on=[day])
    assert verdict.holds
    assert verdict.proved == verdict.numbered


def test_after_a_restore_tampering_is_still_found(site: Site) -> None:
    sign(site)
    (first,) = notes(site)
    write(site, 2)
    sign(site)
    restored(site, first.size)
    write(site, 5)
    sign(site)
    day = site.hands().date()
    with site.parts.database.write() as connection:
        line = connection.scalar(
            select(TrailNumberRow.line_id).where(TrailNumberRow.number == first.size + 2)
        )
        connection.execute(update(TrailRow).where(TrailRow.id == line).values(role="head"))
    (fault,) = proved(site, restored_on=[day]).faults
    assert (fault.kind, fault.first) == (Kind.LINE_ALTERED, first.size + 2)


def test_a_tail_that_was_cut_off_is_no_restore(site: Site) -> None:
    sign(site)
    (first,) = notes(site)
    write(site)
    sign(site)
    with site.parts.database.write() as connection:
        connection.execute(delete(TrailNumberRow).where(TrailNumberRow.number > first.size))
        connection.execute(delete(CheckpointRow).where(CheckpointRow.size > first.size))
        checkpoints.begin_epoch(connection, new_id(site.hands()), site.hands())
    kinds = {fault.kind for fault in proved(site, restored_on=[site.hands().date()]).faults}
    assert Kind.EPOCH in kinds


def test_a_line_is_kept_for_twelve_years_and_its_number_for_good(site: Site) -> None:
    today = site.hands()
    site.hands.at = today.replace(year=today.year - 12) - timedelta(minutes=2)
    write(site, 3)
    sign(site)
    signed = len(numbers(site))
    site.hands.at = today
    site.parts.tidy(site.hands.move(minutes=-3))
    sign(site)
    assert proved(site).expired == 0
    site.hands.at = today
    write(site)
    site.parts.tidy(site.hands())
    sign(site)
    verdict = proved(site)
    assert verdict.holds, verdict.faults
    assert verdict.expired == 3
    assert verdict.proved == signed + 1


def test_what_was_not_signed_so_long_ago_too_is_not_erased(site: Site) -> None:
    today = site.hands()
    write(site, at=today.replace(year=today.year - 13))
    sign(site)
    site.parts.tidy(site.hands())
    assert proved(site).expired == 0


@pytest.mark.postgresql
def test_the_jobs_can_erase_no_line_before_its_time_by_the_servers_clock(site: Site) -> None:
    sign(site)
    with databases.of_role(site.parts.database, "jobs").write() as connection:
        assert trail.expire(connection, site.hands.move(days=9999), 10_000) == 0


@pytest.mark.postgresql
def test_the_jobs_role_signs_and_exports(site: Site) -> None:
    own = replace(site.parts.sign_trail, database=databases.of_role(site.parts.database, "jobs"))
    assert own(site.hands()) > 0
    assert proved(site).holds
    for statement in (
        *("DELETE FROM trail_number", "DELETE FROM checkpoint", "DELETE FROM trail_epoch"),
        *("UPDATE trail_number SET number = 0", "UPDATE checkpoint SET note = ''"),
        "INSERT INTO trail_epoch VALUES (1)",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            own.database.write() as connection,
        ):
            connection.exec_driver_sql(statement)


def proof_of(site: Site) -> dict[str, Any]:
    with site.parts.database.read() as connection:
        line = connection.scalar(select(TrailNumberRow.line_id).where(TrailNumberRow.number == 5))
    assert line is not None
    return ProveLine(site.parts.database)(line)


def test_a_line_is_proved_without_the_database(site: Site) -> None:
    sign(site)
    proof = json.loads(json.dumps(proof_of(site)))
    key = site.parts.sign_trail.signer.public()
    assert check_proof(key, proof)
    assert not check_proof(new_signer().public(), proof)
    assert not check_proof(key, proof | {"entry": proof["entry"] + " "})
    assert not check_proof(key, proof | {"index": proof["index"] + 1})
    assert not check_proof(key, proof | {"path": proof["path"][1:]})
    other = proof["checkpoint"].replace("at 2026", "at 2025")
    assert not check_proof(key, proof | {"checkpoint": other})
    with site.parts.database.write() as connection:
        sixth = TrailNumberRow.number == 6
        connection.execute(update(TrailNumberRow).where(sixth).values(leaf_hash=bytes(32)))
    with pytest.raises(LineNotProved, match="verify"):
        proof_of(site)
    unreadable: list[Any] = [[], {}, {"form": proof["form"]}, proof | {"path": [1]}]
    for bad in unreadable:
        with pytest.raises(ProofUnreadable):
            check_proof(key, bad)


def test_a_text_that_is_not_ours_to_the_byte_is_no_checkpoint(site: Site) -> None:
    sign(site)
    (note,) = notes(site)
    text = note.text()
    assert Checkpoint.parse(text) == note
    for bad in ("", text + "\n", text[:-1], text.replace("at ", "at  "), " " + text, "0" + text):
        with pytest.raises(CheckpointUnreadable):
            Checkpoint.parse(bad)


class Command:
    """``ankkuri trail`` in this process."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.site, self.capsys = site, capsys
        for name, value in told(site.parts.settings).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("intake.commands.trail.utc_now", site.hands)

    def __call__(self, *arguments: object) -> tuple[int, str]:
        code = cli.main(["trail", *map(str, arguments)])
        said = self.capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def command(site: Site, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Command:
    return Command(site, monkeypatch, capsys)


def test_the_command_ends_with_0_where_all_holds_and_1_where_not(
    site: Site, command: Command
) -> None:
    sign(site)
    write(site)
    size = len(numbers(site))
    code, said = command("verify")
    assert code == 0, said
    assert said == (
        f"{size} lines proved by exported checkpoints, 1 later ones unproved, 0 findings\n"
    )
    with site.parts.database.write() as connection:
        connection.execute(update(TrailRow).values(role="head"))
    code, said = command("verify", "--json")
    verdict = json.loads(said)
    assert (code, verdict["holds"]) == (1, False)
    assert verdict["faults"][0]["kind"] == "line_altered"


def test_unusable_input_to_the_command_is_told_in_one_line(
    site: Site, command: Command, tmp_path: Path
) -> None:
    short = tmp_path / "short"
    short.write_text("00")
    for arguments in (
        ("verify", "--checkpoints", tmp_path / "none"),
        ("verify", "--public-key", tmp_path / "none"),
        ("verify", "--public-key", short),
        ("prove", "x"),
        ("check-proof", tmp_path / "none"),
        ("check-proof", short),
    ):
        code, said = command(*arguments)
        assert (code, said.count("\n")) == (2, 1), said


def test_a_line_is_proved_on_the_command_line_and_checked_with_the_public_key_alone(
    site: Site, command: Command, tmp_path: Path
) -> None:
    with site.parts.database.read() as connection:
        line = connection.scalar(select(TrailRow.id))
    assert command("prove", line)[0] == 1, "nothing is signed yet"
    sign(site)
    code, said = command("prove", line)
    assert code == 0
    with site.parts.database.read() as connection:
        read = select(TrailRow.purpose).where(TrailRow.action == Action.READ_TRAIL)
        assert list(connection.scalars(read)) == [PROOF, PROOF]
    file = tmp_path / "proof.json"
    file.write_text(said)
    key = site.parts.settings.keys / config.TRAIL_PUBLIC
    assert command("check-proof", file, "--public-key", key)[0] == 0
    file.write_text(said.replace(str(line), str(uuid4())))
    assert command("check-proof", file)[0] == 1


def test_the_key_is_told_as_other_tools_take_it(site: Site, command: Command) -> None:
    code, said = command("key")
    name, key_hash, _ = said.split("+", 2)
    assert (code, name, len(key_hash)) == (0, "ankkuri-intake/trail", 8)
