"""Settlement is reconciliation: whatever arrives, however often and in whatever order, the books end the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from django.db import connection
from tests.rooms.scenarios.world import (
    DAY,
    NOW,
    books,
    counted,
    deliver,
    join,
    open_county,
    outcomes,
    ride,
    total,
)

from tanhui.kernel.days import day_start
from tanhui.kernel.errors import Conflict, NotFound
from tanhui.ledger import queries as ledger
from tanhui.ledger import services as ledger_services
from tanhui.ledger.types import AccountRef, Book, Movement, Posting
from tanhui.scenarios import queries, services
from tanhui.scenarios.rules import Programme
from tanhui.scenarios.types import Evidence, Grade

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def test_one_ride_becomes_grams_and_points_by_the_method_and_both_books_balance() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana))
    summary = services.settle(at=NOW)
    (line,) = queries.statement(ana).lines
    assert line.outcome == "counted"
    assert line.reduction_g > 0
    assert (summary.reduction_g, summary.points) == (line.reduction_g, line.points)
    assert ("安娜", "carbon", "grade:A", line.reduction_g) in books()
    assert sum(row[3] for row in books() if row[1] == "carbon") == 0
    assert sum(row[3] for row in books() if row[1] == "points") == 0
    assert ledger.prove() == []


def test_settling_again_changes_nothing() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana), ride("r2", ana, minute=600))
    services.settle(at=NOW)
    before, lines = books(), counted()
    assert services.settle(at=NOW).lines == 0
    services.rule(numbers=[queries.statement(ana).lines[0].number], counts=True, reason="复核", at=NOW)
    assert services.settle(at=NOW).lines == 0
    assert (books(), counted()) == (before, lines)


def test_late_duplicated_and_shuffled_evidence_ends_in_the_same_books() -> None:
    people = join("安娜", "贝贝", "陈陈")
    rides = [
        ride(f"r{number}", people[number % 3], minute=300 + 37 * number, day=DAY + timedelta(days=number % 2))
        for number in range(36)
    ]
    for item in rides:
        deliver(item)
    services.settle(at=NOW)
    straight = books()

    again = join("甲", "乙", "丙")
    renamed = [replace(item, external_id=f"z{item.external_id}") for item in rides]
    renamed = [replace(item, party_id=again[people.index(item.party_id or 0)]) for item in renamed]
    chance = Random(5)
    shuffled = [*renamed, *chance.sample(renamed, 10)]
    chance.shuffle(shuffled)
    for start in range(0, len(shuffled), 5):
        deliver(*shuffled[start : start + 5], name=str(start))
        services.settle(at=NOW)
    by_name = {row[0]: row[3] for row in straight if row[1] == "carbon" and row[0]}
    other = {row[0]: row[3] for row in books() if row[1] == "carbon" and row[0]}
    assert [other[name] for name in ("甲", "乙", "丙")] == [by_name[name] for name in ("安娜", "贝贝", "陈陈")]
    assert ledger.prove() == []


def test_a_cap_counts_in_the_order_of_the_day_not_of_arrival() -> None:
    (ana,) = join("安娜")
    late, early = ride("late", ana, minute=1_000, distance_m=5_000, seconds=1500), []
    for number in range(5):
        early.append(ride(f"e{number}", ana, minute=300 + 60 * number, distance_m=5_000, seconds=1500))
    deliver(late)
    services.settle(at=NOW)
    assert outcomes("late")["late"][0] == "counted"
    deliver(*early)
    services.settle(at=NOW)
    found = outcomes("late", "e0", "e4")
    assert found["e0"][0] == "counted"
    assert found["late"] == ("capped", 0, 0)
    assert total(books(), "carbon", "grade:") == sum(row[3] for row in counted())


def test_a_correction_and_a_withdrawal_leave_what_the_final_evidence_deserves() -> None:
    ana, bei = join("安娜", "贝贝")
    deliver(ride("r1", ana), ride("r2", ana, minute=700))
    services.settle(at=NOW)
    deliver(ride("r1", ana, distance_m=3_000, revision=2))
    services.withdraw(source="demo-e-bike", external_ids=["r2"], reason="重复上报", at=NOW)
    services.settle(at=NOW)
    deliver(ride("s1", bei, distance_m=3_000))
    services.settle(at=NOW)
    balances = {(row[0], row[1]): row[3] for row in books()}
    assert balances[("安娜", "carbon")] == balances[("贝贝", "carbon")]
    assert balances[("安娜", "points")] == balances[("贝贝", "points")]
    assert ledger.prove() == []


def test_implausible_evidence_is_set_aside_with_a_reason_and_a_ruling_brings_it_back() -> None:
    (ana,) = join("安娜")
    deliver(ride("slow", ana, seconds=2 * 3600 + 1800, distance_m=1_400), ride("fine", ana, minute=900))
    services.settle(at=NOW)
    assert outcomes("slow")["slow"] == ("excluded:implausible:too_slow", 0, 0)
    (aside,) = queries.set_aside()
    assert "2公里" in aside.reason_text
    services.contest(number=aside.number, party_id=ana, text="我推着车走的", at=NOW)
    with pytest.raises(Conflict):
        services.contest(number=aside.number, party_id=ana, text="再说一次", at=NOW)
    assert queries.contests_open() == 1
    services.rule(numbers=[aside.number], counts=True, reason="核对轨迹属实", at=NOW)
    services.settle(at=NOW)
    assert outcomes("slow")["slow"][0] == "counted"
    assert queries.contests_open() == 0
    services.rule(numbers=[aside.number], counts=False, reason="视频显示非本人", at=NOW)
    services.settle(at=NOW)
    assert outcomes("slow")["slow"] == ("excluded:ruled_out", 0, 0)


def test_somebody_else_cannot_contest_share_or_read_a_behavior() -> None:
    ana, bei = join("安娜", "贝贝")
    deliver(ride("r1", ana))
    services.settle(at=NOW)
    number = queries.statement(ana).lines[0].number
    for act in (
        lambda: services.contest(number=number, party_id=bei, text="？", at=NOW),
        lambda: services.share(number=number, party_id=bei, at=NOW),
        lambda: queries.receipt(number, party_id=bei),
        lambda: queries.receipt(number),
    ):
        with pytest.raises(NotFound):
            act()


def test_overlapping_rides_of_one_resident_count_once() -> None:
    (ana,) = join("安娜")
    deliver(ride("first", ana, minute=480), ride("second", ana, minute=485), ride("third", ana, minute=500))
    services.settle(at=NOW)
    found = outcomes("first", "second", "third")
    assert [found[name][0] for name in ("first", "second", "third")] == [
        "counted",
        "excluded:implausible:overlap",
        "counted",
    ]


def test_an_act_that_states_its_duration_and_no_end_overlaps_as_any_other() -> None:
    (ana,) = join("安娜")
    first = ride("r1", ana, seconds=720)
    open_end = {"ended_at": None, "quantities": {**first.quantities, "duration_s": 720}}
    deliver(replace(first, **open_end))
    cycled = {"scenario": "cycling", "quantities": {"distance_m": 2_400, "duration_s": 720}}
    deliver(replace(ride("c1", ana, minute=485), ended_at=None, **cycled), source="demo-sports")
    services.settle(at=NOW)
    assert outcomes("r1")["r1"][0] == "counted"
    assert outcomes("c1")["c1"] == ("excluded:implausible:overlap", 0, 0)


def test_a_shared_receipt_explains_the_number_until_the_owner_stops() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana))
    services.settle(at=NOW)
    (line,) = queries.statement(ana).lines
    shared = services.share(number=line.number, party_id=ana, at=NOW)
    assert services.share(number=line.number, party_id=ana, at=NOW) == shared
    receipt = queries.receipt(shared)
    assert receipt.line.reduction_g == line.reduction_g
    assert set(receipt.explanations) == {"sentence", "arithmetic", "audit"}
    assert str(line.reduction_g) in receipt.explanations["sentence"]
    assert receipt.rule_hash in receipt.explanations["audit"]
    assert receipt.transfer_number
    services.share(number=line.number, party_id=ana, at=NOW, ends=True)
    with pytest.raises(NotFound):
        queries.receipt(shared)


def test_a_short_pool_is_paid_pro_rata_whatever_the_order_and_relieved_when_it_grows() -> None:
    people = join("安娜", "贝贝", "陈陈")
    for index, person in enumerate(people):
        deliver(*[ride(f"p{index}-{n}", person, minute=300 + 60 * n) for n in range(index + 2)])
    services.settle(at=NOW, programme=Programme())
    full = total(books(), "points", "expires:")
    small = Programme(points_per_month=full // 2)
    deliver(ride("more", people[0], minute=1_000, day=DAY + timedelta(days=1)))
    services.settle(at=NOW, programme=small)
    paid = {row[0]: row[3] for row in books() if row[1] == "points" and row[0]}
    assert sum(paid.values()) <= full // 2
    assert sum(paid.values()) > full // 2 - len(people)
    assert services.settle(at=NOW, programme=small).points == 0
    services.settle(at=NOW, programme=Programme())
    assert total(books(), "points", "expires:") > full
    assert sum(row[3] for row in books() if row[1] == "points") == 0
    assert ledger.prove() == []


def test_points_lie_on_the_account_of_their_expiry_year() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana), ride("old", ana, day=date(2025, 12, 31)))
    services.settle(at=NOW)
    codes = {row[2] for row in books() if row[1] == "points" and row[0]}
    assert codes == {"expires:2027", "expires:2028"}


def test_statement_pages_follow_their_cursor_and_refuse_a_forged_one() -> None:
    (ana,) = join("安娜")
    deliver(*[ride(f"r{n}", ana, minute=200 + 30 * n, day=DAY + timedelta(days=n % 3)) for n in range(11)])
    services.settle(at=NOW)
    seen, cursor = [], None
    while True:
        page = queries.statement(ana, before=cursor, limit=4)
        seen += [line.number for line in page.lines]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 11
    with pytest.raises(Exception, match="翻页位置无效"):
        queries.statement(ana, before="bm9uc2Vuc2U")


def test_figures_of_the_county_are_the_sums_of_the_books() -> None:
    ana, bei = join("安娜", "贝贝")
    deliver(ride("r1", ana), ride("r2", bei), ride("zero", bei, minute=700, distance_m=0))
    services.settle(at=NOW)
    figures = queries.county_figures()
    assert figures.reduction_g == total(books(), "carbon", "grade:")
    assert figures.points == total(books(), "points", "expires:")
    assert figures.behaviors == 2


def test_what_is_missing_is_named_in_words_that_people_know() -> None:
    (ana,) = join("安娜")
    lacking = ride("r1", ana)
    deliver(replace(lacking, quantities={n: v for n, v in lacking.quantities.items() if n != "distance_m"}))
    services.settle(at=NOW)
    (line,) = queries.statement(ana).lines
    assert line.outcome == "excluded:missing:distance_m"
    assert "distance_m" not in line.outcome_text
    assert "骑行距离" in line.outcome_text


def test_points_spent_before_a_correction_become_a_debt_that_new_points_pay_first() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana), ride("r2", ana, minute=700))
    services.settle(at=NOW)
    earned = total(books(), "points", "expires:")
    account = AccountRef(Book.POINTS, ana, "expires:2028")
    spent = Movement(account, AccountRef(Book.POINTS, None, "redeemed"), earned)
    ledger_services.post(postings=[Posting("spend:1", "exchange", NOW, (spent,))], at=NOW)
    services.withdraw(source="demo-e-bike", external_ids=["r1", "r2"], reason="误报", at=NOW)
    services.settle(at=NOW)
    assert ledger.balance(account) == 0
    assert ledger.balance(AccountRef(Book.POINTS, ana, "owed")) == -earned
    deliver(*[ride(f"n{n}", ana, minute=300 + 60 * n, day=DAY + timedelta(days=1)) for n in range(5)])
    summary = services.settle(at=NOW)
    assert ledger.balance(AccountRef(Book.POINTS, ana, "owed")) == 0
    assert ledger.balance(account) == summary.points - earned > 0
    assert services.settle(at=NOW).lines == 0
    assert ledger.prove() == []


def test_a_text_where_the_method_wants_a_number_is_a_missing_input_and_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana, bea = join("安娜", "贝贝")
    monkeypatch.setattr("tanhui.scenarios.rules_intake._check_quantity", lambda name, value: None)
    deliver(ride("r1", ana, gps_point_count="many"), ride("r2", bea))
    services.settle(at=NOW)
    assert outcomes("r1")["r1"] == ("excluded:missing:gps_point_count", 0, 0)
    assert outcomes("r2")["r2"][0] == "counted"
    (line,) = queries.statement(ana).lines
    assert queries.receipt(line.number, party_id=ana).explanations["audit"]


def test_a_cap_by_month_sees_the_whole_month_whichever_day_is_stale() -> None:
    (ana,) = join("安娜")
    days = [DAY.replace(day=1 + number) for number in range(12)]
    parked = [
        Evidence(
            external_id=f"p{number}",
            scenario="car-free-day",
            happened_at=day_start(day),
            ended_at=day_start(day) + timedelta(days=1),
            grade=int(Grade.C),
            quantities={"odometer_change_m": 0},
            party_id=ana,
        )
        for number, day in enumerate(days)
    ]
    for item in reversed(parked):
        deliver(item, source="self", name=item.external_id)
        services.settle(at=NOW)
    one_by_one = (books(), counted())
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO scenarios_day_mark (party_id, day) SELECT party_id, day FROM scenarios_behavior")
    assert services.settle(at=NOW).lines == 0
    assert (books(), counted()) == one_by_one
    outcomes_found = {row[2] for row in counted()}
    assert {"counted", "capped"} <= outcomes_found
    assert ledger.prove() == []
