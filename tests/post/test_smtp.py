"""Letters over SMTP: taken once and encrypted, or not at all, and why without whom."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from intake.post.letter import Letter, LetterNotTaken, LetterRefused, PostOutOfReach
from intake.post.smtp import SmtpSender
from tests.post.mail_server import (
    HOST,
    PASSWORD,
    PATIENCE_ENDED,
    USER,
    Authority,
    Postmaster,
    running,
    scripted,
)
from tests.site import TUESDAY

FROM = "Ankkuri <ankkuri@intake.invalid>"
ADDRESS = "saana@ankkuri.invalid"
LETTER = Letter(
    message_id="019dec@intake",
    to_name="Säde Sosiaali",
    to_address=ADDRESS,
    language="fi",
    subject="Muistutus odottaa sinua – Ankkurissa",
    text="Käsittelyä ei ole kirjattu.\n.\nKirjaudu palveluun.\n",
    written_at=TUESDAY,
)
SHORT = 0.3  # seconds
WAYS = ("implicit", "starttls")
Sender = Callable[..., SmtpSender]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def sender(authority: Authority) -> Sender:
    def made(port: int, tls: str = "implicit", host: str = HOST, **more: Any) -> SmtpSender:
        context = ssl.create_default_context(cafile=authority.file)
        return SmtpSender(host, port, tls, context, FROM, **more)

    return made


def served(authority: Authority, tls: str, name: str = HOST) -> dict[str, Any]:
    return {tls: authority.server(name)}


def why(sender: SmtpSender, letter: Letter = LETTER) -> LetterNotTaken:
    """Why the letter is not taken."""
    with pytest.raises(LetterNotTaken) as refused:
        sender.send(letter)
    sender.close()
    return refused.value


@pytest.mark.parametrize("tls", WAYS)
def test_a_letter_is_taken_once_whole_and_encrypted(
    authority: Authority, sender: Sender, tls: str
) -> None:
    office = Postmaster()
    with running(office, **served(authority, tls)) as port:
        post = sender(port, tls)
        post.send(LETTER)
        post.close()
    (taken,) = office.taken
    assert office.encrypted == {True}
    assert (taken.sender, taken.readers) == ("ankkuri@intake.invalid", [ADDRESS])
    mail = taken.mail
    assert mail["Message-ID"] == "<019dec@intake>"
    assert mail["Subject"] == LETTER.subject
    assert str(mail["To"]) == f"Säde Sosiaali <{ADDRESS}>"
    assert mail["From"] == FROM
    assert mail["Date"].datetime == TUESDAY
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content() == LETTER.text
    assert not mail.defects


def test_a_letter_asks_nothing_of_a_server_but_plain_lines_of_ascii(
    authority: Authority, sender: Sender
) -> None:
    office = Postmaster()
    with running(office, **served(authority, "implicit")) as port:
        post = sender(port)
        for _ in range(2):
            post.send(LETTER)
        post.close()
    first, second = office.taken
    assert first.raw == second.raw, "the same at every attempt"
    assert first.raw.isascii()
    assert all(len(line) <= 998 and b"\n" not in line for line in first.raw.split(b"\r\n"))


def test_the_letters_of_a_round_share_a_connection_as_long_as_it_lasts(
    authority: Authority, sender: Sender
) -> None:
    office = Postmaster(refuses={"gone@ankkuri.invalid": "550 5.1.1 No such user"})
    with running(office, **served(authority, "implicit")) as port:
        post = sender(port)
        post.send(LETTER)
        with pytest.raises(LetterRefused):
            post.send(replace(LETTER, to_address="gone@ankkuri.invalid"))
        post.send(LETTER)
        assert len(office.peers) == 1
        post.close()
        post.send(LETTER)
        post.close()
    assert len(office.taken) == 3
    assert len(office.peers) == 2


def test_a_server_that_ended_the_connection_between_letters_is_called_again(
    authority: Authority, sender: Sender
) -> None:
    office, port = Postmaster(), 0
    post = None
    for _ in range(2):
        with running(office, **served(authority, "implicit"), port=port) as port:
            post = post or sender(port)
            post.send(LETTER)
    assert post is not None
    post.close()
    assert len(office.taken) == 2


@pytest.mark.parametrize("tls", WAYS)
def test_a_certificate_for_another_host_gets_nothing(
    authority: Authority, sender: Sender, tls: str
) -> None:
    office = Postmaster()
    with running(office, **served(authority, tls, "mail.elsewhere.invalid")) as port:
        failure = why(sender(port, tls))
    assert isinstance(failure, PostOutOfReach)
    assert not failure.in_letter
    assert str(failure) == "SSLCertVerificationError"
    assert office.taken == []


@pytest.mark.parametrize("tls", WAYS)
def test_a_certificate_of_an_unknown_authority_gets_nothing(
    sender: Sender, tls: str, tmp_path: Path
) -> None:
    office = Postmaster()
    with running(office, **served(Authority(tmp_path), tls)) as port:
        failure = why(sender(port, tls))
    assert isinstance(failure, PostOutOfReach)
    assert str(failure) == "SSLCertVerificationError"
    assert office.taken == []


def test_without_starttls_only_our_greeting_is_said(sender: Sender) -> None:
    greeted = (b"220 mail.invalid\r\n", b"250-mail.invalid\r\n250 AUTH PLAIN\r\n", b"250 OK\r\n")
    with scripted(*greeted) as (port, heard):
        failure = why(sender(port, "starttls", login=(USER, PASSWORD), timeout=SHORT))
    assert isinstance(failure, PostOutOfReach)
    assert str(failure) == "SMTPNotSupportedError"
    assert heard[0] == b"ehlo intake.invalid\r\n"
    assert set(heard[1:]) <= {b"", b"quit\r\n"}


def test_a_server_that_refuses_to_begin_tls_hears_nothing_more(sender: Sender) -> None:
    answers = (
        b"220 mail.invalid\r\n",
        b"250-mail.invalid\r\n250 STARTTLS\r\n",
        b"454 4.7.0 not now\r\n",
    )
    with scripted(*answers) as (port, heard):
        failure = why(sender(port, "starttls", timeout=SHORT))
    assert str(failure) == "SMTPResponseException 454"
    assert heard[1] == b"STARTTLS\r\n"
    assert set(heard[2:]) <= {b"", b"quit\r\n"}


def test_a_plain_server_on_the_port_of_implicit_tls_hears_no_word(sender: Sender) -> None:
    with scripted(b"220 mail.invalid\r\n") as (port, heard):
        failure = why(sender(port, timeout=SHORT))
    assert isinstance(failure, PostOutOfReach)
    assert not any(word in b"".join(heard) for word in (b"intake", b"saana", b"ehlo", b"EHLO"))


def test_a_relay_on_this_machine_may_be_plain(sender: Sender) -> None:
    office = Postmaster()
    with running(office) as port:
        post = sender(port, "none")
        post.send(LETTER)
        post.close()
    assert office.encrypted == {False}
    assert len(office.taken) == 1


def test_the_password_lets_us_in_and_a_wrong_one_does_not(
    authority: Authority, sender: Sender
) -> None:
    office = Postmaster()
    with running(office, **served(authority, "starttls"), login=True) as port:
        failure = why(sender(port, "starttls", login=(USER, "wrong")))
        assert isinstance(failure, PostOutOfReach)
        assert str(failure) == "SMTPAuthenticationError 535"
        assert str(why(sender(port, "starttls"))) == "MAIL 530", "without any"
        post = sender(port, "starttls", login=(USER, PASSWORD))
        post.send(LETTER)
        post.close()
    assert len(office.taken) == 1
    assert PASSWORD not in repr(post)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("450 4.2.0 <saana@ankkuri.invalid> greylisted", LetterNotTaken),
        ("452 4.2.2 <saana@ankkuri.invalid> mailbox full", LetterNotTaken),
        ("550 5.1.1 <saana@ankkuri.invalid> unknown", LetterRefused),
        ("421 4.3.2 closing", PostOutOfReach),
    ],
)
@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_an_answer_is_told_by_its_number_and_never_in_its_words(
    authority: Authority, sender: Sender, step: str, answer: str, kind: type[LetterNotTaken]
) -> None:
    refuses = {ADDRESS: answer} if step == "RCPT" else {}
    office = Postmaster(refuses, at_data=lambda _server: answer)
    with running(office, **served(authority, "implicit")) as port:
        failure = why(sender(port))
    assert type(failure) is kind
    assert str(failure) == f"{step} {answer[:3]}"
    assert office.taken == []


def test_what_a_server_has_against_our_own_address_is_no_letters_fault(sender: Sender) -> None:
    answers = (b"220 m\r\n", b"250 m\r\n", b"550 5.7.1 ankkuri@intake.invalid not allowed\r\n")
    with scripted(*answers) as (port, _heard):
        failure = why(sender(port, "none", timeout=SHORT))
    assert isinstance(failure, PostOutOfReach)
    assert not failure.in_letter
    assert str(failure) == "MAIL 550"


def test_a_server_that_says_nothing_is_left_in_time(sender: Sender) -> None:
    with scripted() as (port, heard):
        failure = why(sender(port, "none", timeout=SHORT))
    assert PATIENCE_ENDED not in heard
    assert isinstance(failure, PostOutOfReach)
    assert not failure.in_letter
    assert b"".join(heard) == b""


def test_a_server_that_falls_silent_in_a_letter_is_left_in_time(sender: Sender) -> None:
    answers = (b"220 m\r\n", b"250 m\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n")
    with scripted(*answers) as (port, heard):
        failure = why(sender(port, "none", timeout=SHORT))
    assert PATIENCE_ENDED not in heard
    assert isinstance(failure, PostOutOfReach)
    assert failure.in_letter
    assert b"Message-ID" in b"".join(heard)


def test_a_name_that_cannot_be_looked_up_or_said_is_no_letters_fault(sender: Sender) -> None:
    assert isinstance(why(sender(1, host="x" * 64 + ".invalid")), PostOutOfReach)
    greeted = (b"220 m\r\n", b"250-m\r\n250 AUTH PLAIN\r\n")
    with scripted(*greeted) as (port, _heard):
        failure = why(sender(port, "none", login=("säde", PASSWORD), timeout=SHORT))
    assert isinstance(failure, PostOutOfReach)
    assert str(failure) == "UnicodeEncodeError"


def test_nobody_at_the_port_is_told_as_such(sender: Sender) -> None:
    with scripted() as (port, _heard):
        pass
    assert str(why(sender(port))) == "ConnectionRefusedError"


def test_a_server_that_dies_in_a_letter_gets_it_again_under_one_name(
    authority: Authority, sender: Sender
) -> None:
    deaths = iter([True, False])

    def dying(server: Any) -> None:
        if next(deaths, False):
            server.transport.abort()

    office = Postmaster(at_data=dying)
    with running(office, **served(authority, "implicit")) as port:
        post = sender(port)
        with pytest.raises(PostOutOfReach) as died:
            post.send(LETTER)
        assert died.value.in_letter
        post.send(LETTER)
        post.close()
    assert set(office.message_ids) == {"<019dec@intake>"}
    assert len(office.taken) == 2, "taken by the dying one, and by the one that lived"


@pytest.mark.parametrize(
    "address", ["", "saana", "säde@ankkuri.invalid", "a@b.invalid\r\nBcc: c@d.invalid", "a b@c.fi"]
)
def test_an_address_that_no_server_knows_is_refused_without_asking(
    sender: Sender, address: str
) -> None:
    letter = replace(LETTER, to_address=address)
    failure = why(sender(1), letter)
    assert isinstance(failure, LetterRefused)
    assert str(failure) == "its address cannot be written to"


def test_a_domain_in_finnish_letters_is_written_to(authority: Authority, sender: Sender) -> None:
    office = Postmaster()
    with running(office, **served(authority, "implicit")) as port:
        post = sender(port)
        post.send(replace(LETTER, to_address="outi@pähkinä.invalid"))
        post.close()
    assert office.taken[0].readers == ["outi@xn--phkin-grae.invalid"]


def test_nothing_of_a_letter_is_in_the_logs(
    authority: Authority, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="intake")
    office = Postmaster(refuses={ADDRESS: f"550 5.1.1 <{ADDRESS}> unknown"})
    with running(office, **served(authority, "implicit")) as port:
        why(sender(port))
        office.refuses.clear()
        post = sender(port)
        post.send(LETTER)
        post.close()
    said = "".join(record.getMessage() for record in caplog.records if "intake" in record.name)
    assert not any(word in said for word in ("saana", "Säde", "Muistutus", "Käsittely"))
