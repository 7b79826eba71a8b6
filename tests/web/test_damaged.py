"""Whoever changes or swaps what is stored: a calm page, one line in the trail, nothing shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from intake.domain.note import Note
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services.record import Entry
from intake.services.sign_in import NOT_THEIRS
from intake.store.people_tables import GrantRow, SessionRow
from intake.store.tables import (
    MoveRow,
    NoteRow,
    ReceiptRow,
    ReferralRow,
    SectionRow,
    TrailRow,
    WrapRow,
)
from tests.look.page_faults import page_faults
from tests.services.sending import at, gang
from tests.site import ANK, Site
from tests.web.reporter_walk import Walk

Change = Callable[[bytes], bytes]
SEALED: dict[str, Any] = {
    "section": SectionRow.sealed_content,
    "wrap": WrapRow.sealed_keys,
    "reasons": ReferralRow.sealed_reasons,
    "a move's reason": MoveRow.sealed_reason,
    "note": NoteRow.sealed_content,
    "grant": GrantRow.sealed_key,
}
CHANGES: dict[str, Change] = {
    "cut": lambda sealed: sealed[:-1],
    "empty": lambda _: b"",
    "a flipped bit": lambda sealed: sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:],
    "another suite": lambda sealed: b"\x02" + sealed[1:],
    "turned round": lambda sealed: sealed[:1] + sealed[:0:-1],
}


@pytest.fixture
def stored(site: Site) -> tuple[Site, UUID]:
    """Two reports at the team, each with a note and a return with its reason; one of them."""
    for _ in range(2):
        site.send(gang())
    visit = site.visit("ank")
    for row in site.parts.read.inbox(visit, ("sent",)):
        site.parts.write_note(visit, row.id, uuid4(), Note("Soitto äidille."), site.hands())
        entry = Entry(Move.RETURN, reason="Perhe on muuttanut.")
        site.parts.respond(visit, row.id, entry, site.hands())
    return site, at(site, ANK).id


def lines(site: Site, action: Action) -> list[Any]:
    with site.parts.database.read() as connection:
        return list(connection.execute(select(TrailRow.__table__).filter_by(action=action)))


def rewrite(site: Site, column: Any, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Give the rows of a column other content, as who can write to the database could."""
    table = column.class_.__table__
    keys = list(table.primary_key)
    with site.parts.database.write() as connection:
        found = connection.execute(
            select(*keys, column).where(column.is_not(None)).order_by(*keys)
        ).all()
        assert found, column
        for row, content in zip(found, change([row[-1] for row in found]), strict=True):
            here = [key == value for key, value in zip(keys, row, strict=False)]
            connection.execute(update(table).where(*here).values({column.key: content}))


def refused(site: Site, client: FlaskClient, referral: UUID, caplog: Any) -> None:
    """The page that says so, one line, an error in the log, and nothing of the report."""
    caplog.clear()
    before = len(lines(site, Action.DAMAGED))
    answer = client.get(f"/referrals/{referral}")
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert "Tätä ei voi avata" in answer.text
    assert "Kaisla" not in answer.text
    *_, line = found = lines(site, Action.DAMAGED)
    assert len(found) == before + 1
    assert (line.person_id, line.agency_id) == (site.people["ank"], ANK)
    assert line.referral_id == referral
    assert [r.message for r in caplog.records if r.levelno >= logging.ERROR] == [
        "what is sealed does not open at agency.referral"
    ]


def turned(contents: list[bytes]) -> list[bytes]:
    """Each row with the content of the next."""
    return [*contents[1:], contents[0]]


@pytest.mark.on_both
@pytest.mark.parametrize("what", SEALED)
def test_what_was_changed_is_a_calm_page_and_one_line(
    stored: tuple[Site, UUID], what: str, caplog: pytest.LogCaptureFixture
) -> None:
    site, referral = stored
    client, column = site.signed_in("ank"), SEALED[what]
    assert "Kaisla" in client.get(f"/referrals/{referral}").text
    for change in CHANGES.values():
        kept: list[bytes] = []

        def changed(contents: list[bytes], change: Change = change, kept: Any = kept) -> Any:
            kept += contents
            return [change(content) for content in contents]

        rewrite(site, column, changed)
        refused(site, client, referral, caplog)
        rewrite(site, column, lambda _, kept=kept: kept)  # type: ignore[misc]  # its own default
    assert "Kaisla" in client.get(f"/referrals/{referral}").text


@pytest.mark.parametrize("what", SEALED)
def test_what_was_swapped_between_rows_does_not_open(
    stored: tuple[Site, UUID], what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Between sections, reports, referrals, agencies or people, as the kind has it."""
    site, referral = stored
    rewrite(site, SEALED[what], turned)
    refused(site, site.signed_in("ank"), referral, caplog)


def test_a_wrap_under_the_name_of_another_key_does_not_open(
    stored: tuple[Site, UUID], caplog: pytest.LogCaptureFixture
) -> None:
    """A retired key's wrap under the new key's name, and the other way round."""
    site, referral = stored
    with site.parts.database.write() as connection:
        soc = connection.scalar(
            select(GrantRow.agency_key_id).filter_by(person_id=site.people["soc"])
        )
        connection.execute(
            update(GrantRow).values(agency_key_id=soc).filter_by(person_id=site.people["ank"])
        )
        connection.execute(update(WrapRow).values(agency_key_id=soc))
    refused(site, site.signed_in("ank"), referral, caplog)


def test_a_session_whose_row_was_changed_or_swapped_signs_nobody_in(site: Site) -> None:
    clients = [site.signed_in(name) for name in ("soc", "pol")]
    rewrite(site, SessionRow.sealed_person_key, turned)
    for client in clients:
        for _ in range(2):
            assert client.get("/inbox").location.startswith("/sign-in")
    with site.parts.database.read() as connection:
        told = select(TrailRow.person_id, TrailRow.purpose)
        lines = connection.execute(told.where(TrailRow.action == Action.REFUSED)).all()
    assert sorted(map(tuple, lines)) == sorted(
        (site.people[name], NOT_THEIRS) for name in ("soc", "pol")
    )
    rewrite(site, SessionRow.sealed_person_key, turned)
    for client in clients:
        assert client.get("/inbox").status_code == 200


def test_a_damaged_own_copy_takes_no_receipt_away(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    walk = Walk(site.client())
    walk.fill()
    code = walk.send()
    rewrite(site, ReceiptRow.sealed_copy, lambda contents: [c[:-1] for c in contents])
    page = walk.get("/receipt")
    assert code in page
    assert walk.get("/receipt/copy", 404)
    assert "a reporter's own copy does not open" in caplog.text
