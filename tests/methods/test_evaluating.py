"""The exact interpreter: order, caps, duplicates, dated factors, expiry, points."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tanhui_methods import FactorTable, Method, MethodError, Result, evaluate, explain

Load = Callable[..., Method]


def ride(number: int, day: date = date(2022, 6, 2), **changes: Any) -> dict[str, Any]:
    return {
        "event_id": number, "person": 1, "day": day, "at": 1_000_000 + number * 600, "tie": f"{number:04d}",
        "grade": 1, "exclude": None, "distance_m": 2_000, "mode": "own", **changes,
    }  # fmt: skip


def outcomes(results: list[Result]) -> list[tuple[int, int, str, str | None]]:
    return [(each.reduction_g, each.points, each.outcome, each.cap) for each in results]


def test_arithmetic_of_one_ride(load: Load) -> None:
    # 2 km × (50 − 0.010 × 490) g/km = 90.2 g
    assert evaluate(load(), [ride(1)]) == [Result(1, 90, 2, 1, "counted", None)]


def test_the_factor_is_that_of_the_year_of_the_activity(load: Load) -> None:
    method = load()
    found = evaluate(
        method, [ride(1, date(2022, 12, 31), distance_m=10_000), ride(2, date(2023, 1, 1), distance_m=10_000)]
    )
    assert [each.reduction_g for each in found] == [451, 450]


def test_a_missing_factor_is_an_error_that_names_factor_region_and_year(load: Load) -> None:
    with pytest.raises(MethodError) as caught:
        evaluate(load(), [ride(1, date(2024, 1, 1))])
    assert all(word in str(caught.value) for word in ("grid", "CN-43", "2024"))
    found = evaluate(load(), [ride(1, date(2024, 1, 1))], strict=False)
    assert outcomes(found) == [(0, 0, "excluded:factor:grid", None)]


def test_a_missing_input_is_an_error_that_says_which(load: Load) -> None:
    with pytest.raises(MethodError, match="骑行距离"):
        evaluate(load(), [ride(1, distance_m=None)])
    event = ride(1)
    del event["mode"]
    with pytest.raises(MethodError, match="车型"):
        evaluate(load(), [event])


def test_an_expired_factor_lowers_the_grade_visibly(load: Load) -> None:
    method = load()
    fresh, stale = ride(1, date(2023, 6, 30)), ride(2, date(2023, 7, 1))
    found = evaluate(method, [fresh, stale])
    assert [each.grade for each in found] == [1, 2]
    assert found[1].reduction_g == 81  # 90.048 × 0.9
    assert "已过有效期" in explain(method, [fresh, stale], 2).to_text()
    # The lowest grade stays the lowest; here it is not accepted.
    assert evaluate(method, [ride(1, date(2023, 7, 1), grade=3)])[0].outcome == "not_applicable:grade"


def test_caps_in_order_of_time_not_of_arrival(load: Load) -> None:
    late, first, second = ride(3, at=300), ride(1, at=100, distance_m=7_000), ride(2, at=200, distance_m=7_000)
    expected = [(0, 0, "capped", "daily_trips"), (315, 7, "counted", None), (135, 4, "capped", "daily_distance")]
    assert outcomes(evaluate(load(), [late, first, second])) == expected
    assert outcomes(evaluate(load(), [second, late, first])) == [expected[2], expected[0], expected[1]]


def test_caps_are_each_persons_and_days_own(load: Load) -> None:
    events = [
        ride(n, day, person=p) for n, (day, p) in enumerate([(date(2022, 6, d), p) for d in (1, 2) for p in (1, 2)] * 2)
    ]
    assert {each.outcome for each in evaluate(load(), events)} == {"counted"}


def test_excluded_and_unfit_events_consume_nothing(load: Load) -> None:
    events = [
        ride(1, exclude="implausible:too_fast"), ride(2, distance_m=99), ride(3, grade=4), ride(4, distance_m=-1),
        ride(5, distance_m=10**12), ride(6, mode="rent"), ride(7), ride(8),
    ]  # fmt: skip
    assert [each.outcome for each in evaluate(load(), events)] == [
        "excluded:implausible:too_fast", "not_applicable:too_short", "not_applicable:grade",
        "excluded:bounds:distance_m", "excluded:bounds:distance_m", "excluded:bounds:mode", "counted", "counted",
    ]  # fmt: skip


def test_of_duplicates_the_first_counts_whatever_arrives_first(load: Load) -> None:
    twice = [ride(1, at=500, tie="b", distance_m=9_000), ride(2, at=500, tie="a")]
    for order in (twice, twice[::-1]):
        found = {each.event_id: each.outcome for each in evaluate(load(), order)}
        assert found == {1: "duplicate", 2: "counted"}


def test_points_are_those_of_the_days_running_total(load: Load) -> None:
    # 31.57 g each: 31, 62, 93 … by 40: 0, 1, 2
    method = load(("limit: 2,", "limit: 9,"))
    found = evaluate(method, [ride(n, distance_m=700) for n in (1, 2, 3)])
    assert [(each.reduction_g, each.points) for each in found] == [(31, 0), (31, 1), (31, 1)]


def test_gram_and_points_caps_come_last(load: Load) -> None:
    method = load(
        (
            "- {name: daily_distance, title: 每日里程, per: day, of: distance_m, limit: 10 km, source: 委员会}",
            "- {name: grams, title: 每月克数, per: month, of: reduction, limit: 100 gCO2e, source: 委员会}\n"
            "- {name: few, title: 每日积分, per: day, of: points, limit: 1, source: 委员会}",
        )
    )
    assert method.cap_horizon == "month"
    found = evaluate(method, [ride(1, date(2022, 6, 1)), ride(2, date(2022, 6, 2)), ride(3, date(2022, 7, 1))])
    assert outcomes(found) == [(90, 1, "counted", "few"), (10, 0, "capped", "grams"), (90, 1, "counted", "few")]


def test_tables_by_choice_and_by_band(load: Load, factors: FactorTable) -> None:
    method = load(
        (
            "- {name: consumption, title: 电耗, value: 0.010, unit: kWh/km, source: 委员会, status: local}",
            "- {name: consumption, title: 电耗, unit: kWh/km, by: mode, source: 委员会, status: local, rows: [\n"
            "    {when: own, value: 0.02}, {when: shared, value: 0.01}]}\n"
            "- {name: bonus, title: 长途, unit: gCO2e/km, by: distance_m, source: 委员会, status: local, rows: [\n"
            "    {from: 0 km, value: 0}, {from: 5 km, value: 10}]}",
        ),
        ("baseline − project", "baseline − project + distance_m × bonus"),
    )
    events = [ride(1), ride(2, mode="shared"), ride(3, person=2, distance_m=4_999), ride(4, person=3, distance_m=5_000)]
    # 2 × (50 − 9.8), 2 × (50 − 4.9), 4.999 × 40.2, 5 × 50.2
    assert [each.reduction_g for each in evaluate(method, events)] == [80, 90, 200, 251]


def test_whole_multiples_only(factors: FactorTable, load: Load) -> None:
    method = load(
        ("name: distance_m, title: 骑行距离, kind: integer, unit: m, min: 0, max: 100 km",
         "name: parked_s, title: 停驶时长, kind: integer, unit: s, min: 0, max: 40 day"),
        ("{name: baseline_factor, title: 基准线因子, value: 0.050, unit: kgCO2e/km",
         "{name: baseline_factor, title: 基准线因子, value: 0.5, unit: kgCO2e/day"),
        ("baseline = distance_m × baseline_factor\nproject = distance_m × consumption × grid\n", ""),
        ("baseline − project", "floor(parked_s, 1 day) × baseline_factor"),
        ("distance_m >= 100 m", "parked_s >= 0 s"),
        ("of: distance_m, limit: 10 km", "of: parked_s, limit: 40 day"),
        ("distance_m: 2000", "parked_s: 200000"),
    )  # fmt: skip
    events = []
    for number, parked in enumerate((86_399, 86_400, 260_000), 1):
        event = ride(number, person=number, parked_s=parked)
        events.append(event)
    assert [each.reduction_g for each in evaluate(method, events)] == [0, 500, 1500]


@pytest.mark.parametrize(
    ("column", "value"),
    [("distance_m", 1.5), ("distance_m", "2000"), ("grade", True), ("day", "2022-06-02"), ("mode", 1)],
)
def test_values_of_another_type_are_refused(load: Load, column: str, value: object) -> None:
    with pytest.raises(MethodError, match=column):
        evaluate(load(), [ride(1, **{column: value})])


def test_examples_run_from_their_own_text(load: Load) -> None:
    example = load().examples[0]
    assert example.events[0]["day"] == date(2022, 6, 2)
    # 08:00 in China is midnight in Greenwich.
    assert example.events[0]["at"] == (date(2022, 6, 2) - date(1970, 1, 1)).days * 86_400
