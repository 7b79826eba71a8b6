"""Notices to reporters: that there is news, to nobody but the jobs known where, and no longer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

import config
from intake.domain.answers import worry_of
from intake.domain.referral import Move, State
from intake.domain.row_id import new_id
from intake.post.letter import Letter, LetterRefused
from intake.services.deliver import MOST_REFUSALS, Deliver
from intake.services.notify import BETWEEN, NOTICE_ADDRESS, Notify
from intake.services.oversee import Oversee
from intake.services.record import Entry
from intake.services.status import CodeUnknown, Status
from intake.services.stop_notices import StopNotices
from intake.services.tidy import NOTICE_ADDRESSES_KEPT
from intake.store.tables import NoticeRow, OutboxRow
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for
from intake.vault.own import ReceiptCode, VisitorSecret
from intake.vault.seal import seal_for
from tests.site import Site, worry_answers

ADDRESS = "outi.opettaja@koulu.invalid"
GANG = {
    "worry": {"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
    "consent": {"child_consent": "given", "consent_to": ["ANK", "YOU"]},
}


def wanting(**pages: dict[str, Any]) -> dict[str, Any]:
    return worry_answers(reporter={"notice_address": ADDRESS}, **pages)


@pytest.fixture
def code(site: Site) -> ReceiptCode:
    """A report to social services alone, whose reporter wants to be told of news."""
    return site.send(wanting()).code


def post(site: Site) -> list[EmailMessage]:
    """What the jobs send now, without the reminders to staff."""
    folder = site.parts.settings.letters
    before = set(folder.glob("*.eml"))
    site.parts.notify(site.hands())
    site.parts.deliver(site.hands())
    new = sorted(set(folder.glob("*.eml")) - before)
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in new]


def letters(site: Site) -> Sequence[Any]:
    with site.parts.database.read() as connection:
        return connection.execute(
            select(OutboxRow).where(OutboxRow.report_id.is_not(None)).order_by(OutboxRow.id)
        ).all()


def kept(site: Site) -> int:
    """How many addresses there are."""
    with site.parts.database.read() as connection:
        return len(connection.execute(select(NoticeRow.report_id)).all())


def referral(site: Site, who: str) -> UUID:
    (row,) = site.parts.read.inbox(site.visit(who), tuple(State))
    found: UUID = row.id
    return found


def does(site: Site, who: str, move: Move | None, **told: Any) -> None:
    """Open the referral, or record a move on it."""
    visit, referral_id = site.visit(who), referral(site, who)
    if move is None:
        site.parts.read(visit, referral_id, site.hands())
    else:
        site.parts.respond(visit, referral_id, Entry(move, **told), site.hands())


def test_each_stage_that_the_reporter_sees_is_one_letter_and_nothing_else_is(
    site: Site, code: ReceiptCode
) -> None:
    assert post(site) == []
    today = site.hands().date()
    for move, told, news in (
        (None, {}, 1),
        (None, {}, 0),  # opened again
        (Move.RECORD_URGENCY, {"choice": "not_urgent"}, 0),
        (Move.ACCEPT, {}, 1),
        (Move.ASSESSMENT_STARTED, {"happened_on": today}, 0),
        (Move.RESPOND, {"choice": "contacted"}, 1),
        (Move.ASSESSMENT_COMPLETE, {"happened_on": today}, 0),
        (Move.HAND_IN, {}, 0),
        (Move.CLOSE, {}, 1),
    ):
        does(site, "soc", move, **told)
        assert len(post(site)) == news, move
        site.hands.move(hours=1)


def test_a_return_to_another_desk_is_news(site: Site) -> None:
    site.send(wanting(**GANG))
    does(site, "ank", Move.RETURN, reason="Ei kuulu meille.")
    assert len(post(site)) == 1


def test_the_letter_says_that_there_is_news_and_nothing_else(site: Site, code: ReceiptCode) -> None:
    does(site, "soc", None)
    (mail,) = post(site)
    assert mail["To"] == ADDRESS
    assert mail["Subject"] == "Sinulle on uutta tietoa"
    assert mail.get_content() == (
        "Seuraamassasi asiassa on uutta. Tämä viesti ei kerro muuta.\n"
        "\n"
        "Katso se seurantakoodillasi:\n"
        f"{site.parts.settings.reporter_url}/status\n"
        "\n"
        "Samalla sivulla voit lopettaa nämä viestit. Tähän viestiin tulevia vastauksia ei lueta.\n"
    )
    with site.parts.database.read() as connection:
        reference = connection.scalar(text("SELECT reference FROM referral"))
    whole = mail.as_string()
    for secret in (code.text, code.symbols, reference, "lapsi", "ilmoitus", "Outi O", "sosiaali"):
        assert secret not in whole.replace(ADDRESS, "")


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("fi", "Sinulle on uutta tietoa"),
        ("sv", "Det finns något nytt för dig"),
        ("en", "There is news for you"),
    ],
)
def test_it_is_in_the_language_in_which_the_report_was_made(
    site: Site, language: str, subject: str
) -> None:
    answers = wanting()
    site.parts.submit(
        VisitorSecret.new(), worry_of(answers), answers, site.hands(), language=language
    )
    does(site, "soc", None)
    (mail,) = post(site)
    assert (mail["Subject"], mail["Content-Language"]) == (subject, language)


def test_an_address_from_before_languages_were_kept_is_written_to_in_finnish(site: Site) -> None:
    receipt = site.send()
    old = seal_for(
        site.parts.submit.replay_key, ADDRESS.encode(), NOTICE_ADDRESS, receipt.report_id.bytes
    )
    with site.parts.database.write() as connection:
        connection.execute(
            insert(NoticeRow).values(
                report_id=receipt.report_id, sealed_address=old, created_at=site.hands()
            )
        )
    does(site, "soc", None)
    (mail,) = post(site)
    assert (mail["To"], mail["Content-Language"]) == (ADDRESS, "fi")


def test_who_gave_no_address_is_not_written_to(site: Site) -> None:
    site.send()
    does(site, "soc", None)
    assert post(site) == []
    assert kept(site) == 0


def test_news_within_an_hour_of_a_letter_wait_and_are_one(site: Site, code: ReceiptCode) -> None:
    does(site, "soc", None)
    assert len(post(site)) == 1
    does(site, "soc", Move.ACCEPT)
    does(site, "soc", Move.RESPOND, choice="contacted")
    site.hands.move(minutes=59)
    assert post(site) == []
    site.hands.move(minutes=1)
    assert len(post(site)) == 1
    site.hands.move(days=1)
    assert post(site) == []


def test_while_a_letter_waits_for_the_post_no_other_is_written(
    site: Site, code: ReceiptCode
) -> None:
    does(site, "soc", None)
    assert site.parts.notify(site.hands()) == 1
    does(site, "soc", Move.ACCEPT)
    site.hands.move(days=1)
    assert site.parts.notify(site.hands()) == 0
    assert len(post(site)) == 1, "the one that waited"
    assert len(post(site)) == 1, "then the later news"


def test_the_database_lets_one_letter_to_a_reporter_wait(site: Site, code: ReceiptCode) -> None:
    does(site, "soc", None)
    site.parts.notify(site.hands())
    (row,) = letters(site)
    again = {**row._mapping, "id": new_id(site.hands())}
    with pytest.raises(IntegrityError), site.parts.database.write() as connection:
        connection.execute(insert(OutboxRow).values(**again))


def test_the_database_keeps_no_letter_to_nobody_or_to_two(site: Site, code: ReceiptCode) -> None:
    does(site, "soc", None)
    site.parts.notify(site.hands())
    (row,) = letters(site)
    for wrong in ({"report_id": None}, {"person_id": site.people["soc"], "sent_at": site.hands()}):
        values = {**row._mapping, "id": new_id(site.hands()), **wrong}
        with (
            pytest.raises(IntegrityError, match="one_reader"),
            site.parts.database.write() as connection,
        ):
            connection.execute(insert(OutboxRow).values(**values))


def test_a_move_that_is_not_kept_leaves_no_news(site: Site, code: ReceiptCode) -> None:
    visit, referral_id = site.visit("soc"), referral(site, "soc")
    site.break_writes("INSERT ON trail")
    with pytest.raises(Exception, match="full"):
        site.parts.respond(visit, referral_id, Entry(Move.ACCEPT), site.hands())
    assert site.parts.notify(site.hands()) == 0


def test_the_address_opens_to_the_replay_key_alone_and_only_in_its_own_place(
    site: Site, code: ReceiptCode
) -> None:
    with site.parts.database.read() as connection:
        row = connection.execute(select(NoticeRow)).one()
    private = config.read_secret(site.parts.settings.keys, config.REPLAY_PRIVATE)
    replay = PrivateKey("replay-1", private)
    place = (NOTICE_ADDRESS, row.report_id.bytes)
    assert ADDRESS.encode() in open_for(replay, row.sealed_address, *place)
    visit = site.visit("soc")
    agency = site.parts.read.agency_key(visit, site.parts.read.inbox(visit, ("sent",))[0])
    for key, where in ((agency, place), (replay, (NOTICE_ADDRESS, UUID(int=1).bytes))):
        with pytest.raises(EnvelopeDamaged):
            open_for(key, row.sealed_address, *where)


def test_no_agency_sees_the_address_on_any_page_or_in_any_section(
    site: Site, code: ReceiptCode
) -> None:
    client = site.signed_in("soc")
    referral_id = referral(site, "soc")
    pages = [
        client.get(f"/referrals/{referral_id}").text,
        client.get("/inbox").text,
        client.get(f"/referrals/{referral_id}/accept").text,
    ]
    opened = site.parts.read(site.visit("soc"), referral_id, site.hands())
    for said in (*pages, str(opened)):
        assert ADDRESS not in said
        assert "notice_address" not in said
    assert "Outi Opettaja" in str(opened.sections), "what the agency may see is there"


def test_the_address_is_in_no_file_or_log_but_its_own_letter(
    site: Site, code: ReceiptCode, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    does(site, "soc", None)
    (mail,) = post(site)
    site.parts.chase(site.hands.move(days=3))
    site.parts.deliver(site.hands())
    letter = f"{mail['Message-ID']}".strip("<>").partition("@")[0]
    files = [path for path in site.parts.settings.data.rglob("*") if path.is_file()]
    assert len(files) > 5
    found = {path.stem for path in files if ADDRESS.encode() in path.read_bytes()}
    assert found == {letter}
    assert ADDRESS not in caplog.text


def test_the_address_goes_when_the_handling_has_ended_and_the_last_letter_went(
    site: Site, code: ReceiptCode
) -> None:
    does(site, "soc", Move.ACCEPT)
    post(site)
    site.parts.tidy(site.hands.move(hours=1))
    does(site, "soc", Move.CLOSE, reason="Asia on hoidettu.")
    site.parts.tidy(site.hands())
    assert kept(site) == 1, "there is news"
    site.parts.notify(site.hands())
    site.parts.tidy(site.hands())
    assert kept(site) == 1, "the letter waits"
    site.parts.deliver(site.hands())
    site.parts.tidy(site.hands())
    assert kept(site) == 0
    assert [row.sent_at is not None for row in letters(site)] == [True, True]


def test_the_address_stays_while_any_agency_has_the_report_in_hand(site: Site) -> None:
    site.send(wanting(**GANG))
    does(site, "soc", Move.ACCEPT)
    does(site, "soc", Move.CLOSE, reason="Asia on hoidettu.")
    post(site)
    site.parts.tidy(site.hands())
    assert kept(site) == 1
    does(site, "ank", Move.RETURN, reason="Ei kuulu meille.")
    site.hands.move(hours=1)
    post(site)
    site.parts.tidy(site.hands())
    assert kept(site) == 1, "the desk that got it has it in hand"


def test_the_address_goes_after_its_time_and_a_letter_that_waits_with_it(
    site: Site, code: ReceiptCode, caplog: pytest.LogCaptureFixture
) -> None:
    site.parts.tidy(site.hands.move(days=NOTICE_ADDRESSES_KEPT.days))
    assert kept(site) == 1
    does(site, "soc", None)
    site.parts.notify(site.hands())
    site.parts.tidy(site.hands.move(seconds=1))
    assert kept(site) == 0
    assert post(site) == []
    (row,) = letters(site)
    assert row.dead_at == site.hands()
    assert f"letter {row.id} is given up: its address has been erased" in caplog.text


def test_the_reporter_stops_the_letters_with_the_code(site: Site, code: ReceiptCode) -> None:
    status = Status(site.parts.database, site.parts.directory)
    stop = StopNotices(site.parts.database)
    does(site, "soc", None)
    site.parts.notify(site.hands())
    assert status.by_code(code).notices
    with pytest.raises(CodeUnknown):
        stop(VisitorSecret.new().receipt_code, site.hands())
    assert status.by_code(code).notices
    for _ in range(2):
        stop(code, site.hands())
        assert not status.by_code(code).notices
    assert kept(site) == 0
    assert post(site) == [], "not even the one that waited"
    does(site, "soc", Move.ACCEPT)
    assert post(site) == []


class Refusing:
    """A post that refuses every letter to a reporter."""

    def send(self, letter: Letter) -> None:
        if letter.to_address == ADDRESS:
            raise LetterRefused("RCPT 550")

    def close(self) -> None:
        """Nothing is held."""


def test_an_address_that_is_refused_to_the_end_is_erased(
    site: Site, code: ReceiptCode, caplog: pytest.LogCaptureFixture
) -> None:
    deliver = Deliver(site.parts.database, Refusing(), site.parts.deliver.write)
    does(site, "soc", None)
    site.parts.notify(site.hands())
    for _ in range(MOST_REFUSALS):
        assert kept(site) == 1
        deliver(site.hands())
        site.hands.move(hours=6)
    assert kept(site) == 0
    (row,) = letters(site)
    assert row.dead_at is not None
    assert f"letter {row.id} is given up after {MOST_REFUSALS} attempts" in caplog.text
    assert ADDRESS not in caplog.text


def test_an_address_that_does_not_open_is_no_ones_and_stops_no_other_letter(
    site: Site, code: ReceiptCode, caplog: pytest.LogCaptureFixture
) -> None:
    with site.parts.database.write() as connection:
        connection.execute(update(NoticeRow).values(sealed_address=b"\x01\xff"))
    site.send(wanting())
    for row in site.parts.read.inbox(site.visit("soc"), ("sent",)):
        site.parts.read(site.visit("soc"), row.id, site.hands())
    assert [mail["To"] for mail in post(site)] == [ADDRESS]
    assert "cannot be written: EnvelopeDamaged" in caplog.text


def test_more_news_than_one_batch_is_all_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.services.notify.BATCH", 2)
    for _ in range(5):
        site.send(wanting())
    for row in site.parts.read.inbox(site.visit("soc"), ("sent",)):
        site.parts.read(site.visit("soc"), row.id, site.hands())
    assert Notify(site.parts.database)(site.hands()) == 5
    assert Notify(site.parts.database)(site.hands() + BETWEEN) == 0


def test_letters_to_reporters_are_no_business_of_a_supervisor(
    site: Site, code: ReceiptCode
) -> None:
    deliver = Deliver(site.parts.database, Refusing(), site.parts.deliver.write)
    does(site, "soc", None)
    site.parts.notify(site.hands())
    oversee = Oversee(site.parts.database, site.parts.directory)
    person = site.visit("supervisor").person
    assert oversee.undelivered(person, site.hands() + timedelta(days=1)).waiting == 0
    for _ in range(MOST_REFUSALS):
        deliver(site.hands())
        site.hands.move(hours=6)
    assert oversee.undelivered(person, site.hands()).dead == ()
