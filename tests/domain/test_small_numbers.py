"""Nobody who has every table, and knows the rule, can tell what a hidden number is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.domain.small_numbers import SMALLEST_SHOWN, shown, shown_times, stand_apart, together
from intake.domain.timing import Times

Grid = tuple[tuple[int, ...], ...]
Published = tuple[int | None, ...]
COUNTS = st.integers(0, 7)
GRIDS = st.tuples(st.tuples(COUNTS, COUNTS, COUNTS), st.tuples(COUNTS, COUNTS, COUNTS))


def cells_and_sums(grid: Grid) -> list[Sequence[int]]:
    """Each cell, each row, each column, the first two of each row, and everything."""
    cells = [(count,) for row in grid for count in row]
    rows, columns = list(grid), list(zip(*grid, strict=True))
    return [*cells, *rows, *columns, *(row[:2] for row in grid), sum(grid, ())]


def published(grid: Grid) -> Published:
    return tuple(together(cells) for cells in cells_and_sums(grid))


def alike(
    told: Published, publish: Callable[[Any], Published], candidates: Iterator[Any]
) -> list[Any]:
    """Every table of which the very same would have been told."""
    return [candidate for candidate in candidates if publish(candidate) == told]


def grids(told: Published, width: int) -> Iterator[Grid]:
    """Every table that has what is shown of the cells, and less than six where nothing is."""
    cells = told[: 2 * width]
    for counts in product(*(range(6) if cell is None else (cell,) for cell in cells)):
        yield counts[:width], counts[width:]


@given(GRIDS)
@settings(max_examples=60, deadline=None)
def test_whoever_knows_the_rule_cannot_tell_any_hidden_cell_or_sum(grid: Grid) -> None:
    told = published(grid)
    left = alike(told, published, grids(told, 3))
    assert grid in left
    for number, value in enumerate(told):
        sums = {sum(cells_and_sums(candidate)[number]) for candidate in left}
        if value is None:
            assert len(sums) >= SMALLEST_SHOWN - 1
        else:
            assert sums == {value}


def test_totals_that_are_shown_beside_a_hidden_cell_would_tell_it() -> None:
    def with_totals(grid: Grid) -> Published:
        return (*(shown(count) for row in grid for count in row), *(sum(row) for row in grid))

    told = with_totals(((2, 9, 7), (8, 6, 5)))
    assert alike(told, with_totals, grids(told, 3)) == [((2, 9, 7), (8, 6, 5))]


@pytest.mark.parametrize(
    ("count", "expected"), [(0, 0), (1, None), (4, None), (5, 5), (1000, 1000)]
)
def test_one_to_four_are_hidden(count: int, expected: int | None) -> None:
    assert shown(count) == expected


@given(
    st.lists(COUNTS, min_size=2, max_size=2), st.lists(COUNTS, min_size=3, max_size=3), st.data()
)
@settings(max_examples=200, deadline=None)
def test_ages_and_deadlines_told_together_do_not_tell_what_is_hidden_in_either(
    ages: list[int], deadlines: list[int], data: st.DataObject
) -> None:
    if sum(deadlines) > sum(ages):  # a report has at most one deadline of a clock
        ages[0] += sum(deadlines) - sum(ages) + data.draw(st.integers(0, 3))
    table = (*ages, *deadlines)

    def publish(table: tuple[int, ...]) -> Published:
        ages, deadlines = table[:2], table[2:]
        told = [shown(n) for n in ages] if stand_apart(ages, [deadlines]) else [None, None]
        return (*told, *(shown(n) for n in deadlines))

    told = publish(table)
    most = max(table) + 6
    left = [
        candidate
        for candidate in product(*(range(most) if n is None else (n,) for n in told))
        if sum(candidate[2:]) <= sum(candidate[:2]) and publish(candidate) == told
    ]
    assert table in left
    for number, value in enumerate(told):
        if value is None:
            assert len({candidate[number] for candidate in left}) > 1


def test_without_that_rule_ten_open_reports_would_tell_the_one_that_is_late() -> None:
    assert not stand_apart((10, 0), [(9, 1, 0)])
    assert stand_apart((15, 0), [(9, 1, 0)])
    assert stand_apart((0, 0), [])


def test_of_a_few_no_time_is_told_and_never_that_of_the_slowest_one() -> None:
    few = shown_times(Times.of({3: 4}))
    assert (few.count, few.median, few.slow) == (None, None, None)
    some = shown_times(Times.of({3: 8, 100: 1}))
    assert (some.count, some.median, some.slow) == (9, 3, None)
    many = shown_times(Times.of({3: 9, 100: 1}))
    assert (many.count, many.median, many.slow) == (10, 3, 3)
    none = shown_times(Times.of({}))
    assert (none.count, none.median, none.slow) == (0, None, None)
