"""Reads: statements by pages, two clocks, trial balance, and a proof that finds what is wrong."""

from __future__ import annotations

import pytest
from django.db import connection
from tests.rooms.ledger.books import (
    AT,
    DAY,
    HOUR,
    PROGRAMME,
    avoided,
    earn,
    grams,
    owed,
    parties,
    pay,
    points,
    post,
    post_staged,
    ride,
    spend,
)

from tanhui.kernel.errors import BadInput, NotFound
from tanhui.ledger import queries
from tanhui.ledger.types import (
    AccountBalance,
    AccountRef,
    BadPosting,
    Book,
    Movement,
    Posting,
    StatementLine,
    TrialBalance,
    TrialLine,
)

pytestmark = pytest.mark.django_db


def pages(party: int, limit: int, book: Book = Book.POINTS) -> list[StatementLine]:
    lines: list[StatementLine] = []
    before = None
    while True:
        page = queries.statement(party, book, before=before, limit=limit)
        lines += page.lines
        if page.before is None:
            return lines
        assert len(page.lines) == limit
        before = page.before


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 500])
def test_a_statement_is_the_same_by_any_pages(limit: int) -> None:
    one, two = parties(2)
    for n in range(6):
        post(ride(f"r{n}", one, 10, n + 1))
    both = (Movement(owed(one), points(one), 4), Movement(PROGRAMME, points(one, 2029), 2))
    post(Posting("two accounts of one", "correction", AT, both))
    post(pay("p", one, two, 3))
    assert [line.change for line in pages(one, limit)] == [-3, 2, 4, -4, 6, 5, 4, 3, 2, 1]
    assert [line.change for line in pages(two, limit)] == [3]
    assert [line.change for line in pages(one, limit, Book.CARBON)] == [10] * 6
    assert pages(one, limit, Book.MONEY) == []


def test_a_line_says_what_and_where_from() -> None:
    (party,) = parties(1)
    result = post(ride("r", party, 90, 3, at=AT - HOUR))
    (line,) = queries.statement(party, Book.CARBON).lines
    assert line == StatementLine(
        number=result.posted[0].number,
        key="r",
        kind="settlement",
        account=grams(party),
        counter=avoided(),
        change=90,
        happened_at=AT - HOUR,
        recorded_at=AT,
        memo="骑行",
    )


def test_what_is_recorded_meanwhile_shifts_no_page() -> None:
    (party,) = parties(1)
    for n in range(4):
        post(earn(f"e{n}", party, n + 1))
    first = queries.statement(party, Book.POINTS, limit=2)
    post(earn("meanwhile", party, 100))
    second = queries.statement(party, Book.POINTS, before=first.before, limit=2)
    assert [line.change for line in first.lines + second.lines] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "1.1.1", "vch_.1.1", "..", "vch_1", "{}", "{}.1", "{}.x.1", "{}.1.2", "{}.1000000000.1", "{}.٣.1"],
)
def test_a_cursor_of_somebody_elses_making(cursor: str) -> None:
    (party,) = parties(1)
    (known,) = post(earn("e", party, 1)).posted
    with pytest.raises(BadInput) as refused:
        queries.statement(party, Book.POINTS, before=cursor.format(known.number))
    assert refused.value.where == "before"
    assert queries.statement(party, Book.POINTS, before=f"{known.number}.1.1").lines == ()


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_has_a_size(limit: int) -> None:
    with pytest.raises(BadInput):
        queries.statement(1, Book.POINTS, limit=limit)


def test_balances_as_of_both_clocks() -> None:
    (party,) = parties(1)
    post(earn("on time", party, 10, at=AT), at=AT)
    post(earn("late", party, 5, at=AT), at=AT + 2 * DAY)
    post(spend("spent", party, 3, at=AT + DAY), at=AT + DAY)
    account = points(party)
    assert queries.balance(account) == 12
    assert [queries.balance(account, AT + n * DAY) for n in range(-1, 4)] == [0, 10, 7, 12, 12]
    assert [queries.balance(account, AT + n * DAY, "happened") for n in range(-1, 4)] == [0, 15, 12, 12, 12]
    assert [queries.balance(PROGRAMME, AT + n * DAY) for n in range(-1, 4)] == [0, -10, -10, -15, -15]
    assert queries.balance(points(party, 2031), AT) == 0
    assert queries.balance(AccountRef(Book.MONEY, party, "payable")) == 0


def test_all_accounts_of_a_party_and_of_no_other() -> None:
    one, two = parties(2)
    post(ride("a", one, 70, 3), ride("b", two, 50, 2), earn("c", one, 1))
    assert queries.balances_of(one) == (AccountBalance(grams(one), 70), AccountBalance(points(one), 4))
    assert queries.balances_of(two + 1) == ()


def test_totals() -> None:
    one, two = parties(2)
    post(ride("a", one, 70, 3), ride("b", two, 50, 2))
    post(Posting("bus", "settlement", AT, (Movement(avoided("electric-bus"), grams(one, "B"), 9),)))
    assert queries.totals(Book.CARBON) == {"avoided:cycling": -120, "avoided:electric-bus": -9}
    assert queries.totals(Book.CARBON, "avoided:e") == {"avoided:electric-bus": -9}
    assert queries.totals(Book.CARBON, "grade:", "party") == {"grade:A": 120, "grade:B": 9}
    assert queries.totals(Book.MONEY) == {}


def test_a_trial_balance_now_and_then() -> None:
    people = parties(70)
    post_staged(*[ride(f"a{n}", party, 10, 1) for n, party in enumerate(people)])
    post(spend("s", people[0], 1, at=AT + DAY), ride("late", people[1], 5, 2, at=AT), at=AT + DAY)
    now = queries.trial_balance()
    assert now.lines[:2] == (
        TrialLine(Book.CARBON, "system", "avoided:cycling", 1, 705, 0),
        TrialLine(Book.CARBON, "party", "grade:A", 70, 0, 705),
    )
    assert now.out_of_balance() == {}
    assert queries.trial_balance(as_of=AT + DAY) == now
    assert queries.trial_balance(as_of=AT + DAY, basis="happened") == now
    then = {(line.holder, line.code): line.balance for line in queries.trial_balance(Book.POINTS, AT).lines}
    assert then == {("system", "programme"): -70, ("party", "expires:2028"): 70}
    then = {(line.holder, line.code): line.balance for line in queries.trial_balance(Book.POINTS, AT, "happened").lines}
    assert then == {("system", "programme"): -72, ("party", "expires:2028"): 72}
    assert queries.trial_balance(as_of=AT - DAY).lines == ()
    assert {line.book for line in queries.trial_balance(Book.POINTS).lines} == {Book.POINTS}


def test_a_trial_balance_that_is_out() -> None:
    lines = (TrialLine(Book.POINTS, "system", "programme", 1, 5, 0), TrialLine(Book.POINTS, "party", "owed", 1, 0, 4))
    assert TrialBalance(lines).out_of_balance() == {Book.POINTS: -1}


def test_a_transfer_that_is_not_there() -> None:
    for number in ("vch_0000000000000", "nonsense", ""):
        with pytest.raises(NotFound):
            queries.transfer(number)
    assert queries.transfer_by_key("none") is None


def test_titles_are_chinese() -> None:
    assert queries.account_title(grams(1)) == "居民减排量（按证据等级）"
    with pytest.raises(BadPosting):
        queries.account_title(AccountRef(Book.POINTS, 1, "gold"))


@pytest.mark.parametrize(
    ("damage", "checks"),
    [
        ("UPDATE ledger_account SET credits = credits + 1, debits = debits + 1 WHERE party_id IS NOT NULL",
         {"debits", "credits"}),
        ("UPDATE ledger_account SET credits = credits + 1 WHERE party_id IS NOT NULL", {"credits", "books"}),
        ("UPDATE ledger_entry SET amount = amount + 1", {"debits", "credits", "reversals"}),
        ("DELETE FROM ledger_entry WHERE line = 2", {"debits", "credits", "lines"}),
        ("DELETE FROM ledger_transfer WHERE key = 'a'", {"lines"}),
        ("UPDATE ledger_account SET min_balance = -5 WHERE min_balance = 0", {"limits"}),
        ("UPDATE ledger_entry SET happened_at = happened_at + interval '1 year'", {"clocks"}),
        ("UPDATE ledger_transfer SET reverses_id = (SELECT id FROM ledger_transfer WHERE key = 'b'), reason = 'x'"
         " WHERE key = 'a'", {"reversals"}),
    ],
    ids=["turnover", "balance", "amount", "missing entry", "missing transfer", "limit", "clock", "reversal"],
)  # fmt: skip
def test_the_proof_finds_damage(damage: str, checks: set[str]) -> None:
    one, two = parties(2)
    post(ride("a", one, 70, 3), ride("b", two, 50, 2))
    assert queries.prove() == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # what a careless administrator could do
        cursor.execute(damage)
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = queries.prove()
    assert {one.check for one in found} == checks - ({"reversals"} if "amount + 1" in damage else set())
    assert all(one.expected != one.found for one in found)
