"""Whatever a stranger types or posts where nobody has signed in yet, no page fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from werkzeug.datastructures import MultiDict

from intake.store.factor_tables import FactorRow, OneTimeCodeRow
from tests.site import Site
from tests.web.test_admin_people import invited
from tests.web.test_outside_pages import CORPUS, SET, VALUES, below_500
from tests.web.walking import with_a_name

ANSWER: dict[str, Any] = {
    "id": "AAAA",
    "rawId": "AAAA",
    "type": "public-key",
    "clientExtensionResults": {},
    "authenticatorAttachment": "platform",
    "response": {
        "clientDataJSON": "e30",
        "authenticatorData": "AAAA",
        "attestationObject": "oA",
        "signature": "AAAA",
        "userHandle": None,
        "transports": ["usb"],
    },
}
"""Of a passkey's form, and of no passkey."""


def with_a_part_changed(part: str, value: object) -> str:
    """The answer with something else there."""
    outer = {**ANSWER, part: value} if part in ANSWER else dict(ANSWER)
    if part not in ANSWER:
        outer["response"] = {**ANSWER["response"], part: value}
    return json.dumps(outer)


JUNK: st.SearchStrategy[object] = st.one_of(
    VALUES, st.none(), st.integers(), st.lists(VALUES, max_size=2), st.just({})
)
PASSKEYS = st.builds(with_a_part_changed, st.sampled_from([*ANSWER, *ANSWER["response"]]), JUNK)


def signs_in(site: Site) -> tuple[FlaskClient, str]:
    return site.client(), "/sign-in"


def second(site: Site) -> tuple[FlaskClient, str]:
    site = with_a_name(site)
    client = site.client()
    answer = site.first_step(client, "soc")
    assert answer.status_code == 303
    return client, "/sign-in/second"


def sets_up(site: Site) -> tuple[FlaskClient, str]:
    with site.parts.database.write() as connection:
        for table in (OneTimeCodeRow, FactorRow):
            connection.execute(delete(table).where(table.person_id == site.people["pri"]))
    site = with_a_name(site)
    client = site.client()
    assert site.first_step(client, "pri").status_code == 303
    return client, "/sign-in/set-up"


def recovers(site: Site) -> tuple[FlaskClient, str]:
    return site.client(), "/recover"


def joins(site: Site) -> tuple[FlaskClient, str]:
    client = site.client()
    assert client.get(invited(site)).location == "/join"
    return client, "/join"


def asks_what_became_of_it(site: Site) -> tuple[FlaskClient, str]:
    return site.client(), "/status"


ARRIVES = (signs_in, second, sets_up, recovers, joins, asks_what_became_of_it)


@pytest.mark.on_both
@pytest.mark.parametrize("arrive", ARRIVES, ids=lambda arrive: arrive.__name__)
def test_no_form_of_a_stranger_fails_on_what_is_typed(
    site: Site, arrive: Callable[[Site], tuple[FlaskClient, str]]
) -> None:
    client, path = arrive(site)
    client.application.testing = False
    page = client.get(path)
    assert page.status_code == 200
    inputs = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page.text))
    token = inputs["csrf_token"]
    names = sorted(set(re.findall(r'name="(\w+)"', page.text)) - {"csrf_token"})
    assert names

    def post(typed: dict[str, Any]) -> None:
        site.hands.move(milliseconds=2)
        data = MultiDict({**typed, "csrf_token": token})
        below_500(client.post(path, data=data, follow_redirects=False), typed)

    for word in CORPUS:
        post(dict.fromkeys(names, word))

    @settings(SET, max_examples=30)
    @given(st.dictionaries(st.sampled_from(names), st.lists(VALUES, max_size=2)), PASSKEYS)
    def typed(fields: dict[str, list[str]], passkey: str) -> None:
        post(fields)
        post({**fields, "factor_passkey": passkey})

    typed()
