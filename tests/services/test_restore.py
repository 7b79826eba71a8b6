"""The restore drill: what was backed up serves again, and nothing serves before it is whole."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, inspect, select, update

import config
from intake import upkeep, wiring
from intake.domain.deadline import local_date
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.domain.trail_verdict import Kind, Verdict
from intake.post.letter import Letter
from intake.services.backup_file import BackupDamaged, BackupFile, BackupUnusable, write
from intake.services.backup_key import make_backup_key
from intake.services.checkpoint_file import CheckpointFile
from intake.services.deliver import Deliver
from intake.services.list_deletions import read_list
from intake.services.restore import Restore, Restored, RestoreRefused
from intake.services.sign_in import SignInRefused
from intake.services.submit import Receipt
from intake.services.verify_trail import verify
from intake.store import notices, reports, restoring, trail
from intake.store.database import Database, DatabaseNotReady
from intake.store.deletions import erase_rows, put_for_good
from intake.store.parts import LEFT_OUT, Part, parts_of
from intake.store.people_tables import PersonRow
from intake.store.schema import METADATA
from intake.store.tables import (
    DeadlineRow,
    DeletionRow,
    NoticeRow,
    ReferralRow,
    SectionRow,
    TrailRow,
)
from intake.vault.backup import StreamSealer
from tests import keeper
from tests.lived import empty_place, key_pair, live, making, opened, rows_of, seen
from tests.site import Hands, Site, built, open_site

STAMPS = ("openers_stamp", "directory_stamp")
REPLAY = (config.REPLAY_PRIVATE, config.REPLAY_PUBLIC)
KEY_FILES = {
    *config.SECRETS.values(),
    *REPLAY,
    config.TRAIL_PRIVATE,
    config.TRAIL_PUBLIC,
    config.DIRECTORY_PUBLIC,
}


@dataclass
class Drill:
    """A site that was lived in, its backup, and a place to restore it in."""

    site: Site
    receipts: list[Receipt]
    saw: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]
    file: Path
    private: Path
    place: config.Settings

    @property
    def backup(self) -> BackupFile:
        return opened(self.file, self.private)

    def restore(
        self, listed: Any = (), *, backup: BackupFile | None = None, **how: Any
    ) -> Restored:
        with upkeep.restore(self.place) as restore:
            return restore(backup or self.backup, listed, self.site.hands(), **how)

    @contextmanager
    def restored(self, listed: Any = (), **how: Any) -> Iterator[Site]:
        self.restore(listed, **how)
        with self.serving() as site:
            yield site

    @contextmanager
    def serving(self) -> Iterator[Site]:
        parts = built(self.place, self.site.hands)
        try:
            yield Site(parts, self.site.hands, self.site.people)
        finally:
            parts.database.engine.dispose()

    def refuses_to_serve(self) -> bool:
        for start in (wiring.build, upkeep.lay_out):
            with pytest.raises(DatabaseNotReady, match="restore into this database"):
                start(self.place)
        return True


@contextmanager
def drilled(folder: Path) -> Iterator[Drill]:
    with open_site(folder / "data") as site:
        private = key_pair(site, folder)
        receipts = live(site)
        saw = seen(site, receipts)
        rows = rows_of(site.parts.database)
        made = making(site)(folder, site.hands())
        yield Drill(site, receipts, saw, rows, made.file, private, empty_place(folder / "new"))


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    with drilled(tmp_path_factory.mktemp("drill")) as drill:
        yield drill


@pytest.fixture
def drill(once: Drill, tmp_path: Path) -> Drill:
    """A drill whose site stays as it is, with a file, a clock and a place of this test's own."""
    file = Path(shutil.copy(once.file, tmp_path))
    site = replace(once.site, hands=Hands(once.site.hands()))
    return replace(once, site=site, file=file, place=empty_place(tmp_path / "new"))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Drill]:
    """A drill whose site may be changed."""
    with drilled(tmp_path) as drill:
        yield drill


def test_after_the_site_is_destroyed_its_people_sign_in_and_read_the_same(own: Drill) -> None:
    own.site.parts.database.engine.dispose()
    shutil.rmtree(own.site.parts.settings.data)
    with own.restored() as site:
        assert seen(site, own.receipts) == own.saw
        assert site.signed_in("soc").get("/inbox").status_code == 200
        code = site.send().code
        assert seen(site, own.receipts).keys() > own.saw.keys()
        assert code not in [receipt.code for receipt in own.receipts]


def test_every_row_comes_back_as_it_was(drill: Drill) -> None:
    with drill.restored() as site:
        found = rows_of(site.parts.database)
    before = dict(drill.rows)
    for name in LEFT_OUT:
        assert before[name], f"{name} is empty: this would prove nothing"
        if name not in STAMPS:
            assert found.pop(name) == []
            before.pop(name)
    for stamp in STAMPS:
        assert found.pop(stamp) != before.pop(stamp)
    assert any(row["sealed_copy"] for row in before["receipt"])
    before["receipt"] = [row | {"sealed_copy": None} for row in before["receipt"]]
    new = {row["action"]: row for row in found["trail"] if row not in before["trail"]}
    assert set(new) == {Action.BACK_UP, Action.RESTORE}
    line = new[Action.RESTORE]
    for each in new.values():
        found["trail"].remove(each)
    (epoch,) = found.pop("trail_epoch")
    assert (epoch["line_id"], epoch["size"]) == (line["id"], len(before["trail_number"]))
    assert before.pop("trail_epoch") == []
    assert found == before
    assert [row["came_from"] for row in found["referral"] if row["came_from"]]


def test_the_trail_of_a_restored_site_tells_what_it_lost_and_is_proved_from_there(
    own: Drill,
) -> None:
    old = own.site.parts
    with old.database.write() as connection:
        for _ in range(3):
            trail.write_line(connection, at=own.site.hands(), action=Action.SIGN_OUT)
    old.sign_trail(own.site.hands.move(minutes=1))
    exported = old.settings.checkpoints
    with own.restored() as site:
        signing = replace(site.parts.sign_trail, file=exported)
        now = site.hands.move(minutes=1)
        assert signing(now) > 0

        def proved(*days: date) -> Verdict:
            with site.parts.database.read() as connection:
                file = CheckpointFile(exported)
                key = signing.signer.public()
                return verify(connection, key, file, now, restored_on=days)

        (fault,) = proved().faults
        assert fault.kind is Kind.RESTORED
        known = proved(local_date(now))
        assert known.holds
        assert known.proved == known.numbered


def test_the_key_files_come_back_the_owners_alone(drill: Drill) -> None:
    assert set(drill.restore().keys) == KEY_FILES | {config.BACKUP_PUBLIC}
    keys = drill.place.keys
    assert {file.name for file in keys.iterdir()} == KEY_FILES | {config.BACKUP_PUBLIC}
    for file in keys.iterdir():
        assert file.read_bytes() == (drill.site.parts.settings.keys / file.name).read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700


def test_a_restored_site_can_be_backed_up_and_restored_again(drill: Drill, tmp_path: Path) -> None:
    with drill.restored() as site:
        made = making(site)(tmp_path, site.hands.move(hours=1))
    again = replace(drill, file=made.file, place=empty_place(tmp_path / "third"))
    with again.restored() as site:
        assert rows_of(site.parts.database)["section"] == drill.rows["section"]
        with site.parts.database.read() as connection:
            lines = select(TrailRow.purpose).where(TrailRow.action == Action.RESTORE)
            assert len(connection.execute(lines).all()) == 2


def test_a_backup_is_only_ever_restored_into_an_empty_database(drill: Drill) -> None:
    before = rows_of(drill.site.parts.database)
    with pytest.raises(RestoreRefused, match="not empty"):
        replace(drill, place=drill.site.parts.settings).restore()
    assert rows_of(drill.site.parts.database) == before
    upkeep.lay_out(drill.place)
    with pytest.raises(RestoreRefused, match="not empty"):
        drill.restore(with_keys=False)
    keeper.bring_public_half(drill.place.keys)
    wiring.build(drill.place).database.engine.dispose()


STEPS: list[tuple[Any, str]] = [
    (Database, "upgrade"),
    (Part, "empty"),
    (Part, "put"),
    (Part, "lines"),
    (Restore, "_replay"),
    (Restore, "_write_keys"),
    (reports, "newest_facts"),
    (Restore, "_finish"),
    (restoring, "unmark"),
]


@pytest.mark.parametrize(("room", "step"), STEPS, ids=[step for _, step in STEPS])
def test_what_stops_a_restore_leaves_a_place_that_serves_nobody_and_can_be_restored(
    drill: Drill, monkeypatch: pytest.MonkeyPatch, room: Any, step: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> Any:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(room, step, killed)
        with pytest.raises(Killed):
            drill.restore()
    assert drill.refuses_to_serve()
    with drill.restored() as site:
        assert seen(site, drill.receipts) == drill.saw


def test_while_the_last_row_is_stored_nobody_is_served(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Part.put
    refused = []

    def looking(part: Part, connection: Any, lines: Any) -> None:
        put(part, connection, lines)
        assert drill.refuses_to_serve()
        refused.append(part.table)

    monkeypatch.setattr(Part, "put", looking)
    with drill.restored():
        assert {"report", "trail"} <= set(refused)


def test_a_damaged_backup_is_refused_before_anything_is_touched(drill: Drill) -> None:
    content = drill.file.read_bytes()
    size = len(content)
    places = [*range(0, 1300, 13), *range(1300, size, size // 40), size - 1]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= place % 255 + 1
        drill.file.write_bytes(changed)
        with pytest.raises((BackupDamaged, BackupUnusable)):
            drill.restore()
    for length in places:
        drill.file.write_bytes(content[:length])
        with pytest.raises((BackupDamaged, BackupUnusable)):
            drill.restore()
    assert not drill.place.data.exists()
    drill.file.write_bytes(content)
    assert drill.restore().rows > 100


def test_a_backup_without_its_file_or_its_key_is_told_in_one_line(
    drill: Drill, tmp_path: Path
) -> None:
    other = tmp_path / "other.key"
    make_backup_key(tmp_path / "other.public", other)
    for file, says in (
        (opened(drill.file, other), "is sealed to the key"),
        (opened(tmp_path / "nowhere", drill.private), "cannot be read: No such file"),
        (opened(drill.private, drill.private), "is not a backup"),
    ):
        with pytest.raises(BackupUnusable, match=says):
            drill.restore(backup=file)


def forged(drill: Drill, **changes: Any) -> BackupFile:
    """A backup with another head, sealed to the same key."""
    backup = drill.backup
    head = replace(backup.head(), **changes)
    with drill.file.open("wb") as file, drill.site.parts.database.read() as connection:
        write(StreamSealer(backup.private.public(), file.write), head, connection)
    return drill.backup


def test_a_backup_of_a_newer_version_is_refused(drill: Drill) -> None:
    with pytest.raises(BackupUnusable, match="newer version"):
        drill.restore(backup=forged(drill, revision="9999"))
    assert not drill.place.data.exists()


def test_a_backup_of_an_older_schema_is_brought_up_to_this_one(drill: Drill) -> None:
    older = Database(empty_place(drill.place.data / "older").database)
    older.upgrade("0005")
    with older.read() as connection:
        found = inspect(connection)
        columns = {
            table: {column["name"] for column in found.get_columns(table)}
            for table in found.get_table_names()
        }
    older.engine.dispose()
    assert "deletion" not in columns
    parts = tuple(
        replace(part, columns={n: k for n, k in part.columns.items() if n in columns[part.table]})
        for part in parts_of(METADATA)
        if part.table in columns
    )
    with drill.site.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(rule=None))
    saw = seen(drill.site, drill.receipts)
    backup = forged(drill, revision="0005", parts=parts)
    assert backup.head().revision == "0005"
    with drill.restored() as site:
        site.parts.database.require_current()
        assert seen(site, drill.receipts) == saw


@pytest.mark.parametrize("name", ["../../x", "/x", "..", ".", ""])
def test_a_key_file_cannot_be_written_elsewhere(drill: Drill, name: str) -> None:
    with pytest.raises(BackupDamaged, match="key file of the name"):
        drill.restore(backup=forged(drill, keys={name: b"key"}))


def test_key_files_that_are_others_are_never_written_over(drill: Drill) -> None:
    pepper = drill.place.keys / config.SECRETS["pepper"]
    pepper.parent.mkdir(parents=True, mode=0o700)
    pepper.write_text("ab" * 32)
    pepper.chmod(0o600)
    with pytest.raises(RestoreRefused, match="another key than the backup's"):
        drill.restore()
    assert pepper.read_text() == "ab" * 32
    assert drill.restore(with_keys=False).keys == ()
    assert [file.name for file in drill.place.keys.iterdir()] == [pepper.name]


def test_a_replay_key_of_another_site_is_refused(drill: Drill, tmp_path: Path) -> None:
    keys = drill.place.keys
    upkeep.lay_out(replace(empty_place(tmp_path / "other"), keys=keys))
    own = drill.site.parts.settings.keys
    foreign = {name: (keys / name).read_bytes() for name in REPLAY}
    for wrong in (REPLAY, REPLAY[:1], REPLAY[1:]):
        for name in REPLAY:
            (keys / name).write_bytes(foreign[name] if name in wrong else (own / name).read_bytes())
        with pytest.raises(RestoreRefused, match="does not fit"):
            drill.restore(with_keys=False)
        assert drill.refuses_to_serve()


def test_letters_that_waited_wait_with_the_same_message_id(drill: Drill) -> None:
    waited = {row["id"] for row in drill.rows["outbox"] if row["sent_at"] is None}
    sent = {row["id"] for row in drill.rows["outbox"]} - waited
    assert waited
    assert sent
    with drill.restored() as site:
        taken: list[Letter] = []

        class Post:
            def send(self, letter: Letter) -> None:
                taken.append(letter)

            def close(self) -> None:
                pass

        deliver = Deliver(site.parts.database, Post(), site.parts.deliver.write)
        assert deliver(site.hands()) == len(waited)
    assert {letter.message_id for letter in taken} == {f"{id_}@intake" for id_ in waited}


def test_the_auditor_sees_that_a_restore_happened_and_of_which_backup(drill: Drill) -> None:
    with drill.restored(None) as site:
        page = site.signed_in("auditor").get("/trail").text
        assert "Palautettu varmuuskopiosta" in page
        assert "Varmuuskopio" in page
        with site.parts.database.read() as connection:
            (line,) = connection.execute(
                select(TrailRow.__table__).where(TrailRow.action == Action.RESTORE)
            )
    assert line.purpose == drill.backup.head().made_at.isoformat()
    assert line.basis == "without a list of deletions"


def test_a_line_of_the_trail_that_had_been_altered_is_told_and_strands_no_report(
    own: Drill, tmp_path: Path
) -> None:
    with own.site.parts.database.write() as connection:
        one = select(TrailRow.id).limit(1).scalar_subquery()
        connection.execute(update(TrailRow).where(TrailRow.id == one).values(action="nothing"))
    made = making(own.site)(tmp_path, own.site.hands.move(minutes=1))
    assert own.restore(backup=opened(made.file, own.private)).altered_lines == 1
    with own.serving() as site:
        assert seen(site, own.receipts) == own.saw


def test_what_is_read_back_otherwise_than_it_was_stored_is_refused(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Part.put

    def losing(part: Part, connection: Any, lines: Any) -> None:
        put(part, connection, lines[1:] if part.table == "reminder" else lines)

    monkeypatch.setattr(Part, "put", losing)
    with pytest.raises(RestoreRefused, match="read back of reminder"):
        drill.restore()
    assert drill.refuses_to_serve()


def test_a_row_that_points_at_nothing_is_refused_by_the_database(drill: Drill) -> None:
    holed = tuple(part for part in parts_of(METADATA) if part.table != "facts_key")
    with pytest.raises(RestoreRefused, match=r"(?i)foreign key"):
        drill.restore(backup=forged(drill, parts=holed))
    assert drill.refuses_to_serve()


def delete_since(site: Site, receipt: Receipt) -> None:
    """What the router will do of itself: erase a reporter's address, end a person, age out."""
    now = site.hands.move(hours=2)
    left: Any = PersonRow.left_at
    with site.parts.database.write() as connection:
        notices.erase(connection, receipt.report_id, now)
        put_for_good(connection, left, now, PersonRow.sign_in_name == "pol", at=now)
        erase_rows(connection, SectionRow, SectionRow.report_id == receipt.report_id, at=now)
    site.parts.list_deletions(now)


def test_what_was_erased_or_ended_since_does_not_come_back(own: Drill) -> None:
    first, second = own.receipts
    delete_since(own.site, first)
    listed = read_list(own.site.parts.settings.deletions)
    with own.restored(listed) as site:
        with pytest.raises(SignInRefused):
            site.visit("pol")
        with site.parts.database.read() as connection:
            sections = select(func.count()).select_from(SectionRow)
            assert connection.scalar(sections.where(SectionRow.report_id == first.report_id)) == 0
            assert connection.scalar(sections.where(SectionRow.report_id == second.report_id))
            assert connection.scalars(select(NoticeRow.report_id)).all() == []
            kept = connection.scalar(select(func.count()).select_from(DeletionRow))
        assert kept == len(listed)


def test_an_entry_that_does_not_fit_is_told_and_keeps_no_other_out(
    own: Drill, caplog: pytest.LogCaptureFixture
) -> None:
    receipt = own.receipts[0]
    delete_since(own.site, receipt)
    now = own.site.hands.move(minutes=1)
    nobody, broken = UUID(int=1), new_id(now)
    with own.site.parts.database.write() as connection:
        of_report = ReferralRow.report_id == receipt.report_id
        (referral, *_) = connection.scalars(select(ReferralRow.id).where(of_report))
        listed = {"of_table": "referral", "of_row": [str(referral)], "of_column": "worker_id"}
        connection.execute(
            insert(DeletionRow).values(id=broken, value=str(nobody), at=now, **listed)
        )
    own.site.parts.list_deletions(now)
    restored = own.restore(read_list(own.site.parts.settings.deletions))
    assert restored.unfit == (f"{broken} (referral.worker_id)",)
    assert restored.deleted > 10
    assert str(broken) in caplog.text
    assert str(nobody) not in caplog.text
    with own.serving() as site, pytest.raises(SignInRefused):
        site.visit("pol")


def test_without_the_list_what_was_erased_is_back(own: Drill) -> None:
    delete_since(own.site, own.receipts[0])
    with own.restored(None) as site:
        assert seen(site, own.receipts) == own.saw
        site.visit("pol")


def test_what_the_backup_had_been_through_is_not_done_again(own: Drill, tmp_path: Path) -> None:
    delete_since(own.site, own.receipts[0])
    with own.site.parts.database.write() as connection:
        connection.execute(update(PersonRow).values(left_at=None))
    made = making(own.site)(tmp_path, own.site.hands.move(hours=1))
    listed = read_list(own.site.parts.settings.deletions)
    assert own.restore(listed, backup=opened(made.file, own.private)).deleted == 0
    with own.serving() as site:
        site.visit("pol")


def test_entries_from_long_before_the_backup_are_left_alone(own: Drill) -> None:
    delete_since(own.site, own.receipts[0])
    long_before = own.backup.head().made_at - timedelta(days=31)
    listed = [
        replace(entry, at=long_before) for entry in read_list(own.site.parts.settings.deletions)
    ]
    with own.restored(listed) as site:
        assert seen(site, own.receipts) == own.saw


def test_an_entry_that_was_listed_twice_is_replayed_once(own: Drill) -> None:
    delete_since(own.site, own.receipts[0])
    listed = read_list(own.site.parts.settings.deletions)
    assert own.restore(listed * 2).deleted == len(listed) > 10
