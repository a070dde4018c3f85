"""The room's pure decisions: the pool, the horizon, the stages, the county's rules."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui.kernel.errors import BadInput
from tanhui.scenarios.models import MethodDecision
from tanhui.scenarios.rules import Programme, horizon, next_stages, read_plausibility, read_programme, share_pool
from tanhui.scenarios.types import SIGNED_STAGES
from tanhui_methods import METHOD_STATUSES

months = st.dates(date(2025, 1, 1), date(2027, 12, 31)).map(lambda day: day.replace(day=1))


@given(st.dictionaries(months, st.integers(0, 10_000), max_size=12), st.integers(0, 9_000), st.integers(0, 30_000))
def test_no_month_and_no_year_pays_more_than_its_pool(full: dict[date, int], monthly: int, yearly: int) -> None:
    pools = share_pool(Programme(points_per_year=yearly, points_per_month=monthly), full)
    assert [pool.month for pool in pools] == sorted(full)
    paid_a_year: dict[int, int] = {}
    for pool in pools:
        assert pool.pool is not None
        assert 0 <= pool.pool <= monthly
        paid = min(pool.full, pool.pool)
        paid_a_year[pool.month.year] = paid_a_year.get(pool.month.year, 0) + paid
    assert all(paid <= yearly for paid in paid_a_year.values())


@given(st.lists(st.integers(0, 500), min_size=1, max_size=40), st.integers(0, 9_000))
def test_pro_rata_pays_everybody_alike_and_never_over_the_pool(claims: list[int], pool: int) -> None:
    month = date(2026, 7, 1)
    (shared,) = share_pool(Programme(points_per_month=pool), {month: sum(claims)})
    paid = [shared.paid(claim) for claim in claims]
    assert sum(paid) <= max(pool, 0) or not shared.short
    assert all(got <= claim for got, claim in zip(paid, claims, strict=True))
    if shared.short:
        assert all(sum(claims) * got <= pool * claim for got, claim in zip(paid, claims, strict=True))
        assert sum(paid) > pool - len(claims)
    else:
        assert paid == claims


def test_korea_july_2025_every_claim_is_paid_at_78_percent() -> None:
    (shared,) = share_pool(Programme(points_per_month=78_000), {date(2025, 7, 1): 100_000})
    assert shared.short
    assert [shared.paid(claim) for claim in (100, 1_000, 70_000)] == [78, 780, 54_600]


def test_a_programme_without_caps_is_never_short() -> None:
    (shared,) = share_pool(Programme(), {date(2026, 1, 1): 10**12})
    assert shared.pool is None
    assert shared.paid(7) == 7


@pytest.mark.parametrize(
    ("day", "kind", "expected"),
    [
        (date(2026, 2, 28), "day", (date(2026, 2, 28), date(2026, 3, 1))),
        (date(2026, 12, 31), "month", (date(2026, 12, 1), date(2027, 1, 1))),
        (date(2024, 2, 29), "month", (date(2024, 2, 1), date(2024, 3, 1))),
        (date(2026, 6, 1), "year", (date(2026, 1, 1), date(2027, 1, 1))),
    ],
)
def test_horizons_are_half_open(day: date, kind: str, expected: tuple[date, date]) -> None:
    assert horizon(day, kind) == expected


def test_a_version_never_skips_the_committee_and_never_comes_back_from_withdrawal() -> None:
    assert next_stages(None) == {"draft"}
    assert "in_force" not in next_stages("draft") | next_stages("committee_review")
    assert next_stages("withdrawn") == frozenset()


def test_an_unknown_kind_of_rule_says_which_kinds_there_are() -> None:
    with pytest.raises(BadInput, match="daily_count"):
        read_plausibility([{"code": "x", "kind": "guess", "message": "？"}])


def test_the_programme_reads_the_county_file() -> None:
    programme = read_programme(
        {"pool": {"yearly_points": 10, "monthly_points": 3}, "expiry": {"years": 2}, "status": "local"}
    )
    assert (programme.points_per_year, programme.points_per_month, programme.status) == (10, 3, "local")
    assert programme.expiry_year(date(2026, 5, 1)) == 2028


def test_the_stages_of_a_method_have_one_name_each() -> None:
    assert dict(MethodDecision.Stage.choices) == METHOD_STATUSES
    assert set().union(*(next_stages(stage) for stage in (None, *METHOD_STATUSES))) == set(METHOD_STATUSES)
    assert set(METHOD_STATUSES) > SIGNED_STAGES
