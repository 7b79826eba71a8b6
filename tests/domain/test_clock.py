"""A clock's keys: what each says, what it means when it is left out, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import config
from intake.domain.calendar import load_calendar
from intake.domain.clock import Clock, ClockInvalid, Kind, Rule, Starts
from intake.domain.clock_file import read_clocks
from intake.domain.deadline import Why, certify, parse_arrival
from intake.domain.rule_tables import BESIDE
from intake.services.prove import prove
from routing_rules.book import load_book, make_book
from routing_rules.document import Document

EXAMPLES = config.PROJECT / "docs" / "examples" / "clocks-elsewhere.toml"
TABLE = {
    "id": "accept",
    "title": {"fi": "Otto", "sv": "Upptagning"},
    "kind": "working_days",
    "count": 2,
    "met_by": ["accept"],
}


def parsed(**more: object) -> Clock:
    return Clock.parse({**TABLE, **more})


def without_new_keys(raw: dict[str, Any]) -> dict[str, Any]:
    """A stored set from before the keys were there."""
    new = {"starts", "calendar", "extend"}
    clocks = [{k: v for k, v in clock.items() if k not in new} for clock in raw["clock"]]
    return raw | {"clock": clocks}


def test_left_out_keys_mean_what_clocks_meant_before_they_were_there() -> None:
    book = load_book(config.RULES, config_day(), BESIDE)
    older = make_book(
        book.vocabulary,
        [
            Document("finland.toml", "", without_new_keys(dict(book.documents["finland"].raw))),
            book.documents["ita-uusimaa"],
        ],
        BESIDE,
    )
    before, now = older.base.beside["clock"], book.base.beside["clock"]
    assert {name: clock.starts for name, clock in before.items()} == {
        "urgency": Starts.AGENCY,
        "accept": Starts.AGENCY,
        "ankkuri_meeting": Starts.AGENCY,
        "lsl26_start": Starts.AUTHORITY,
        "lsl26_complete": Starts.AUTHORITY,
        "school_talk": Starts.AUTHORITY,
    }
    assert {name: replace(clock, extend=0) for name, clock in now.items()} == before
    assert {name: clock.extend for name, clock in now.items() if clock.extend} == {
        "accept": 2,
        "ankkuri_meeting": 10,
    }


def config_day() -> Any:
    return parse_arrival("2026-06-02").date()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"starts": "desk"}, "starts must be authority or agency"),
        ({"calendar": "XX"}, "no calendar is called 'XX'"),
        ({"calendar": "gb"}, "no calendar is called 'gb'"),
        ({"calendar": "GB-QQ"}, "no calendar is called 'GB-QQ'"),
        ({"calendar": 7}, "no calendar is called 7"),
        ({"calendar": "SE", "kind": "school_days"}, "school days are known of Finland alone"),
        ({"extend": -1}, "extend must be 0..60"),
        ({"extend": True}, "extend must be 0..60"),
        ({"extend": 61}, "extend must be 0..60"),
        ({"extend": 1, "kind": "same_day", "count": 0}, "extend must be 0..0"),
        ({"extend": 1, "law": "417/2007 §26"}, "a clock of a law cannot be extended"),
        ({"kind": "days", "count": 121}, "count of days must be 1..120"),
    ],
)
def test_a_wrong_clock_is_refused_in_one_sentence(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ClockInvalid) as caught:
        parsed(**wrong)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_a_clock_that_says_so_is_extended_and_never_what_is_urgent() -> None:
    clock = parsed(extend=3, today={"kind": "same_day"})
    assert clock.longer(clock.rule) == Rule(Kind.WORKING_DAYS, 5)
    assert clock.today
    assert clock.longer(clock.today) is None
    assert parsed().longer(clock.rule) is None
    assert replace(clock, law="417/2007 §26").longer(clock.rule) is None


def test_a_rule_is_read_as_it_was_written_also_of_another_country() -> None:
    for rule in (Rule(Kind.DAYS, 7, "NO"), Rule(Kind.WORKING_DAYS, 60, "GB-ENG")):
        assert Rule.read(str(rule)) == rule
        assert len(str(rule)) <= 24
    assert str(Rule(Kind.WORKING_DAYS, 7)) == "working_days 7"


@pytest.mark.parametrize(
    ("clock", "arrival", "due"),
    [
        ("england_decision", "2026-04-02T10:42", "2026-04-07"),  # Good Friday, Easter Monday
        ("denmark_assessment", "2026-04-02T10:42", "2026-04-03"),
        ("norway_review", "2026-04-02T10:42", "2026-04-09"),
        ("norway_review", "2026-05-10T10:42", "2026-05-17"),  # a holiday there: nothing moves
        ("sweden_decision", "2026-06-05T10:42", "2026-06-19"),  # Midsummer Eve: nothing moves
    ],
)
def test_the_clocks_of_other_countries_count_by_their_own_days(
    clock: str, arrival: str, due: str
) -> None:
    made = certify(read_clocks(EXAMPLES)[clock], parse_arrival(arrival), load_calendar())
    assert (made.due.isoformat(), made.due_extended) == (due, made.due)
    assert made.calendar.startswith(f"{made.rule.calendar}, holidays ")


def test_a_holiday_of_another_country_is_none_here_and_the_other_way_round() -> None:
    calendar = load_calendar()
    arrival = parse_arrival("2026-05-01T10:42")
    here = certify(parsed(count=1), arrival, calendar)
    there = certify(parsed(count=1, calendar="GB-ENG"), arrival, calendar)
    assert (here.due.isoformat(), there.due.isoformat()) == ("2026-05-04", "2026-05-05")
    (bank_holiday,) = (day for day in there.days if day.why is Why.HOLIDAY)
    assert bank_holiday.name
    assert set(bank_holiday.name) == {"fi", "sv", "en"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[clock]", "cannot be read"),
        ("[[chase]]\nid = 1", "must hold [[clock]] tables and nothing else"),
        ('clock = "accept"', "must hold [[clock]] tables and nothing else"),
        ('[[clock]]\nid = "x"\nkalendar = "SE"', "kalendar is unknown"),
    ],
)
def test_a_file_of_clocks_that_cannot_be_used_says_why(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "clocks.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ClockInvalid) as caught:
        read_clocks(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_set_over_the_base_may_not_start_or_extend_a_clock_otherwise() -> None:
    book = load_book(config.RULES, config_day(), BESIDE)
    base: dict[str, Any] = dict(book.documents["finland"].raw)
    accept = next(c for c in base["clock"] if c["id"] == "accept")

    def flaws(**more: object) -> list[str]:
        own = {key: value for key, value in accept.items() if key not in ("starts", "extend")}
        raw = dict(book.documents["ita-uusimaa"].raw) | {"clock": [own | more]}
        over = Document("ita-uusimaa.toml", "", raw)
        made = make_book(book.vocabulary, [book.documents["finland"], over], BESIDE)
        return [str(f.message) for f in prove(made).flaws if f.kind == "clock"]

    assert flaws() == []
    assert flaws(extend=2, starts="agency") == []
    for key, wrong in (("extend", 3), ("starts", "authority")):
        found = flaws(**{key: wrong})
        assert found
        assert all("as the base says" in line for line in found)
