"""`ankkuri rules …` of the rule desk: exit status 0 done, 2 unusable."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import config
from intake import cli
from intake.domain.trail import Action
from intake.services.rule_drafts import stamp_of
from intake.store.tables import TrailRow
from routing_rules.document import read_document
from tests.services.publishing import LAYER, OPERATOR, changed, drafted, editor, proposed
from tests.site import Site, environment

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run a command on the site: its status, and what it said and complained of."""
    before = os.umask(0o077)
    for name, value in environment(site.parts.settings.data).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("intake.wiring.build.__defaults__", (site.hands,))

    def command(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(["rules", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    yield command
    os.umask(before)


def test_a_draft_is_listed_with_its_digest_and_shown(site: Site, run: Run) -> None:
    text = changed(site)
    draft_id = drafted(site, text)
    digest = read_document(text, LAYER).digest
    assert run("show", str(draft_id)) == (0, text, "")
    _, out, _ = run("drafts")
    assert out == f"{draft_id} {LAYER} {digest[:12]} draft, saved by Sanni Sääntö\n"
    drafts, who = site.parts.rule_drafts, editor(site, "rules")
    seen = stamp_of(drafts.draft(OPERATOR, draft_id))
    drafts.save(who, draft_id, "]", seen, site.hands())
    assert f"{LAYER} unreadable draft" in run("drafts")[1]
    drafts.throw_away(who, draft_id, stamp_of(drafts.draft(OPERATOR, draft_id)), site.hands())
    assert run("show", str(draft_id))[0] == 2


def test_only_what_was_reviewed_is_published_and_withdrawn_once(site: Site, run: Run) -> None:
    text = changed(site)
    draft_id = proposed(site, text, day=(site.hands() + timedelta(days=30)).date())
    digest = read_document(text, LAYER).digest
    other = "0" * 64
    status, _, err = run("publish", str(draft_id), other)
    assert (status, err) == (2, f"ankkuri: the draft's digest is {digest[:12]}: look again\n")
    with pytest.raises(SystemExit):
        run("publish", str(draft_id), digest[:7])
    assert run("publish", str(draft_id), digest[:8])[0] == 0
    listed = run("list")[1]
    found = re.search(rf"^(\S+) {LAYER} {digest[:12]}", listed, re.MULTILINE)
    assert found
    assert run("withdraw", found[1])[:2] == (0, "withdrawn\n")
    assert run("withdraw", found[1]) == (2, "", "ankkuri: it was withdrawn already\n")
    assert run("withdraw", str(draft_id)) == (2, "", "ankkuri: there is no such publication\n")


@pytest.mark.parametrize(
    ("said", "status"), [(("schema", "rule-set"), 2), (("cases",), 0)], ids=["much", "a line"]
)
def test_a_reader_that_has_gone_is_no_fault(
    tmp_path: Path, said: tuple[str, ...], status: int
) -> None:
    command = [sys.executable, "-m", "intake.cli", "rules", *said]
    env = {**os.environ, **environment(tmp_path / "data"), "PYTHONUNBUFFERED": ""}
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            command,
            cwd=config.PROJECT,
            env=env,
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (status, b"")


def test_what_opens_stored_facts_leaves_a_line_first(site: Site, run: Run) -> None:
    site.send()
    assert run("replay")[0] == 0
    assert run("impact", str(config.RULES))[0] == 0
    with site.parts.database.read() as connection:
        asked = select(TrailRow.action, TrailRow.person_id, TrailRow.purpose)
        opens = TrailRow.action.in_((Action.REPLAY_RULES, Action.REHEARSE_RULES))
        lines = connection.execute(asked.where(opens).order_by(TrailRow.id)).all()
    told = {line.action: line.purpose for line in lines}
    assert len(lines) == 2
    assert told[Action.REPLAY_RULES] == "1 reports"
    assert told[Action.REHEARSE_RULES] == f"{site.parts.book.digest}; 1 reports"
    assert {line.person_id for line in lines} == {None}
