"""The rule desk on the command line: what is in force, proposing, publishing, the past."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command
from intake.commands.progress import bar
from intake.commands.rule_sources import book_of
from intake.domain.trail import Action
from intake.parts import Parts, utc_now
from intake.services import proving, rule_drafts
from intake.services import publish as publishing
from intake.services.impact import Impact, Rehearse
from intake.services.leave_line import leave_operators_line
from intake.services.replay import Replay
from intake.services.rule_drafts import stamp_of
from intake.services.rule_editor import Editor
from intake.store import rules
from intake.store.columns import AnyRow
from routing_rules.book import VOCABULARY
from routing_rules.document import read_document, read_document_file
from routing_rules.vocabulary import RulesInvalid

OPERATOR = Editor(None)
DIGEST = re.compile(r"[0-9a-f]{8,64}")
REFUSALS = {
    rule_drafts.SetNotYours: "no set of this id is in force",
    rule_drafts.DraftGone: "there is no such draft, or it was published or thrown away",
    rule_drafts.DraftChanged: "somebody has changed the draft meanwhile: look again",
    publishing.NothingChanged: "the set says what is in force already",
    publishing.NotProposed: "nobody has proposed this draft",
    publishing.SamePerson: "who wrote or proposed a set does not publish it",
    publishing.OtherPublished: "another set was published or withdrawn meanwhile: look again",
    publishing.OthersNeedIt: "a set that waits does not hold without this one: withdraw that first",
    proving.ProofsBusy: "another proof is under way: try again",
    publishing.TooEarly: "a set published before comes into force later than this one would",
}


def add(verbs: Any) -> None:
    """Add these verbs of ``rules``."""
    add_command(verbs, "list", _list, "what was published, and since when it is in force")
    show = add_command(verbs, "show", _show, "print a set as it was written")
    show.add_argument("name", metavar="SET", help="the id of a set in force, a digest, or a draft")
    propose = add_command(verbs, "propose", _propose, "propose a set for a person to publish")
    propose.add_argument("file", type=Path, metavar="FILE")
    propose.add_argument("--from", dest="first_day", metavar="DAY", help="2026-12-01")
    add_command(verbs, "drafts", _drafts, "what is being written and what waits to be published")
    publish = add_command(verbs, "publish", _publish, "publish what a person has proposed")
    publish.add_argument("draft", metavar="DRAFT")
    pinned = "refuse unless the draft's digest begins so: at least 8 letters, as `drafts` has them"
    publish.add_argument("digest", metavar="DIGEST", nargs="?", type=_digest, help=pinned)
    withdraw = add_command(verbs, "withdraw", _withdraw, "take back what is not in force yet")
    withdraw.add_argument("publication", metavar="PUBLICATION")
    replay = add_command(verbs, "replay", _replay, "decide stored reports anew: all must be alike")
    impact = add_command(verbs, "impact", _impact, "what rules would have done with stored reports")
    impact.add_argument("before", metavar="A", help="compare with these rules; alone: the rules")
    impact.add_argument("after", metavar="B", nargs="?", help="the rules to try")
    for verb in (replay, impact):
        verb.add_argument("--all", action="store_true", help="every stored report (the default)")
        verb.add_argument("--newest", type=_count, metavar="N", help="so many of the newest")
        verb.add_argument("--json", action="store_true")


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1 on")
    return int(text)


def _digest(text: str) -> str:
    if not DIGEST.fullmatch(text):
        raise argparse.ArgumentTypeError("must be a digest, or its first 8 letters or more")
    return text


@contextmanager
def _site() -> Iterator[Parts]:
    parts = wiring.build(config.load())
    try:
        yield parts
    except tuple(REFUSALS) as error:
        raise InputUnusable(REFUSALS[type(error)]) from None
    except rule_drafts.HeadChanged as error:
        raise InputUnusable(str(error)) from None
    except publishing.NotProved as error:
        for flaw in error.flaws:
            print(flaw.message, file=sys.stderr)
        raise InputUnusable(f"{error}: it may not be put in force") from None
    finally:
        parts.database.engine.dispose()


def _list(_chosen: argparse.Namespace) -> int:
    with _site() as parts, parts.database.read() as connection:
        for row in rules.publications(connection):
            people = f"proposed by {_who(row.proposer, row.proposed_by)}, "
            people += f"published by {_who(row.publisher, row.published_by)}"
            state = " (withdrawn)" if row.withdrawn_at else ""
            since = row.in_force_at.isoformat(timespec="seconds")
            print(f"{row.id} {row.layer} {row.digest[:12]} from {since}: {people}{state}")
    return 0


def _who(name: str | None, person_id: UUID | None) -> str:
    return name or (str(person_id) if person_id else "an operator")


def _show(chosen: argparse.Namespace) -> int:
    draft_id = None
    with suppress(ValueError):
        draft_id = UUID(chosen.name)
    with _site() as parts:
        if draft_id is not None:
            sys.stdout.write(parts.rule_drafts.draft(OPERATOR, draft_id).content)
            return 0
        edition = parts.rulebook.edition(utc_now())
        digest = edition.digest_of(chosen.name) or chosen.name
        with parts.database.read() as connection:
            found = rules.texts_by_prefix(connection, digest)
    if len(found) != 1:
        raise InputUnusable(f"{chosen.name} names {len(found)} stored sets, not one")
    ((_, text),) = found.values()
    sys.stdout.write(text)
    return 0


def _propose(chosen: argparse.Namespace) -> int:
    document = read_document_file(chosen.file)
    first_day = None
    if chosen.first_day:
        try:
            first_day = date.fromisoformat(chosen.first_day)
        except ValueError:
            raise InputUnusable("--from must be a day such as 2026-12-01") from None
    with _site() as parts:
        drafts = parts.rule_drafts
        draft_id = drafts.bring(OPERATOR, document.text, utc_now())
        seen = stamp_of(drafts.draft(OPERATOR, draft_id))
        try:
            digest = parts.publish.propose(OPERATOR, draft_id, seen, first_day)
        except Exception:
            drafts.throw_away(OPERATOR, draft_id, seen, utc_now())
            raise
    print(f"proposed {document.id or VOCABULARY} {digest[:12]} as draft {draft_id}")
    print("A rule editor publishes it in the browser: an operator alone cannot.")
    return 0


def _drafts(_chosen: argparse.Namespace) -> int:
    with _site() as parts:
        for row in parts.rule_drafts.drafts(OPERATOR):
            state = "draft"
            if row.proposed_at:
                state = f"proposed by {_who(row.proposer, row.proposed_by)}"
            saver = _who(row.saver, row.saved_by)
            print(f"{row.id} {row.layer} {_short_digest(row)} {state}, saved by {saver}")
    return 0


def _short_digest(row: AnyRow) -> str:
    try:
        return read_document(row.content, row.layer).digest[:12]
    except RulesInvalid:
        return "unreadable"


def _publish(chosen: argparse.Namespace) -> int:
    with _site() as parts:
        draft_id = _uuid(chosen.draft)
        row = parts.rule_drafts.draft(OPERATOR, draft_id)
        document = parts.rule_drafts.read(row).document
        digest = document.digest if document else ""
        if chosen.digest and not digest.startswith(chosen.digest):
            raise InputUnusable(f"the draft's digest is {digest[:12] or 'not there'}: look again")
        since = parts.publish.publish(OPERATOR, draft_id, digest, stamp_of(row))
    print(f"in force from {since.isoformat(timespec='seconds')}")
    return 0


def _withdraw(chosen: argparse.Namespace) -> int:
    with _site() as parts:
        publication_id = _uuid(chosen.publication)
        with parts.database.read() as connection:
            row = rules.publication(connection, publication_id)
        if row is None:
            raise InputUnusable("there is no such publication")
        if row.withdrawn_at:
            raise InputUnusable("it was withdrawn already")
        if not parts.publish.withdraw(OPERATOR, publication_id):
            raise InputUnusable("it is in force, or within a minute of it: publish another set")
    print("withdrawn")
    return 0


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InputUnusable(f"{text[:60]} is no id") from None


def _replay(chosen: argparse.Namespace) -> int:
    with _site() as parts:
        past = parts.past
        count = past.count(chosen.newest)
        said = f"{count} reports"
        leave_operators_line(parts.database, Action.REPLAY_RULES, said, parts.now())
        progress = bar(count, "replayed")
        found = Replay(past, parts.rulebook)(chosen.newest, progress)
    if chosen.json:
        differences = [
            {"report": str(each.report_id), "parts": each.parts} for each in found.differences
        ]
        told = {"holds": found.holds, "count": found.count, "differences": differences}
        print(json.dumps(told, indent=2))
    else:
        for each in found.differences:
            print(f"{each.report_id}: {', '.join(each.parts)}")
        print(f"{found.count} replayed, {len(found.differences)} differ")
    return 0 if found.holds else 1


def _impact(chosen: argparse.Namespace) -> int:
    before = book_of(chosen.before) if chosen.after else None
    after = book_of(chosen.after or chosen.before)
    with _site() as parts:
        rehearse = Rehearse(parts.past, parts.directory)
        count = rehearse.past.count(chosen.newest)
        said = f"{after.digest}; {count} reports"
        leave_operators_line(parts.database, Action.REHEARSE_RULES, said, parts.now())
        progress = bar(count, "rehearsed")
        found = rehearse(after, chosen.newest, progress, before=before)
    if chosen.json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        _tell(found)
    return 0


def _tell(found: Impact) -> None:
    print(f"{found.moved} of the last {found.count} would move")
    if found.failed:
        print(f"{found.failed} could not be decided anew")
    signed = partial("{:+d}".format)
    for kind in sorted({*found.gained, *found.lost}):
        print(f"  {kind}: {signed(found.gained[kind])} {signed(-found.lost[kind])}")
    for (old, new), count in found.leads.most_common():
        print(f"  lead {old} -> {new}: {count}")
    for agency in sorted({*found.before, *found.after}):
        was, now = found.before[agency], found.after[agency]
        if was != now:
            print(f"  {agency}: {was} -> {now}")
