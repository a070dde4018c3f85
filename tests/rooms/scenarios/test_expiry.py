"""Points whose year is over: they expire once, come back with nothing but a correction, and the order never matters."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.rooms.scenarios.world import DAY, NOW, books, deliver, join, open_county, ride, total

from tanhui.kernel.days import day_start
from tanhui.ledger import queries as ledger
from tanhui.ledger import services as ledger_services
from tanhui.ledger.types import AccountRef, Book, Movement, Posting
from tanhui.scenarios import queries, services

pytestmark = pytest.mark.django_db

LAST_SECOND = day_start(date(2029, 1, 1)) - timedelta(seconds=1)
NEW_YEAR = day_start(date(2029, 1, 1))
LATER = NEW_YEAR + timedelta(days=40)
EXPIRED = AccountRef(Book.POINTS, None, "expired")
REDEEMED = AccountRef(Book.POINTS, None, "redeemed")


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def spend(party_id: int, points: int) -> None:
    """Used up while the points were good."""
    moved = Movement(AccountRef(Book.POINTS, party_id, "expires:2028"), REDEEMED, points)
    ledger_services.post(postings=[Posting(f"spend:{party_id}", "exchange", NOW, (moved,))], at=NOW)


def test_points_expire_with_the_first_settlement_of_the_next_year_and_once() -> None:
    ana, bei = join("安娜", "贝贝")
    deliver(ride("r1", ana), ride("r2", bei), ride("older", bei, day=date(2025, 12, 31)))
    services.settle(at=NOW)
    older, due = (total(books(), "points", f"expires:{year}") for year in (2027, 2028))
    assert services.settle(at=LAST_SECOND).expired_points == older > 0
    assert services.settle(at=LAST_SECOND).expired_points == 0
    summary = services.settle(at=NEW_YEAR)
    assert (summary.expired_points, summary.points) == (due, 0)
    assert ledger.balance(EXPIRED) == older + due
    assert total(books(), "points", "expires:") == 0 < due
    assert services.settle(at=LATER).expired_points == 0
    assert ledger.prove() == []
    run = queries.runs(limit=1)[0]
    assert run.points == -due


def test_what_comes_back_to_a_past_year_expires_with_the_next_settlement() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana))
    services.settle(at=NOW)
    spend(ana, 1)
    services.settle(at=NEW_YEAR)
    back = Movement(REDEEMED, AccountRef(Book.POINTS, ana, "expires:2028"), 1)
    ledger_services.post(postings=[Posting("back:1", "voucher_return", LATER, (back,))], at=LATER)
    assert services.settle(at=LATER).expired_points == 1
    assert total(books(), "points", "expires:") == 0


@pytest.mark.parametrize("spent", [0, 1])
def test_a_correction_ends_in_the_same_books_before_and_after_the_expiry(spent: int) -> None:
    ana, bei = join("安娜", "贝贝")
    deliver(ride("a1", ana), ride("a2", ana, minute=700), ride("b1", bei), ride("b2", bei, minute=700))
    services.settle(at=NOW)
    earned = ledger.balance(AccountRef(Book.POINTS, ana, "expires:2028"))
    for person in (ana, bei):
        if spent:
            spend(person, earned)
    services.withdraw(source="demo-e-bike", external_ids=["a1"], reason="误报", at=NOW)
    services.settle(at=NOW)
    services.settle(at=NEW_YEAR)
    services.withdraw(source="demo-e-bike", external_ids=["b1"], reason="误报", at=LATER)
    services.settle(at=LATER)
    of = {name: [row[1:] for row in books() if row[0] == name] for name in ("安娜", "贝贝")}
    assert of["安娜"] == of["贝贝"]
    assert ledger.moved([AccountRef(Book.POINTS, ana, "expires:2028")], EXPIRED) == {
        AccountRef(Book.POINTS, ana, "expires:2028"): 0 if spent else earned // 2
    }
    assert ledger.prove() == []


def test_late_evidence_of_a_past_year_is_counted_in_grams_and_its_points_expire() -> None:
    (ana,) = join("安娜")
    services.settle(at=NEW_YEAR)
    deliver(ride("late", ana, day=DAY), at=LATER)
    summary = services.settle(at=LATER)
    assert summary.expired_points == summary.points > 0
    assert total(books(), "points", "expires:") == 0
    assert total(books(), "carbon", "grade:") > 0
