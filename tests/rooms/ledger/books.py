"""What the ledger's tests share: a few parties, short ways to write postings, and the books as a dictionary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection

from tanhui.ledger import services
from tanhui.ledger.types import STAGING_DDL, AccountRef, Book, Movement, Posting, PostResult, Staged

AT = datetime(2026, 6, 10, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PROGRAMME = AccountRef(Book.POINTS, None, "programme")
REDEEMED = AccountRef(Book.POINTS, None, "redeemed")


def parties(count: int) -> list[int]:
    """New parties without any details; their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO parties_party (number, kind, created_at)"
            " SELECT left('pty_' || gen_random_uuid(), 32), 'resident', %s FROM generate_series(1, %s) RETURNING id",
            [AT - 100 * DAY, count],
        )
        return [row[0] for row in cursor.fetchall()]


def points(party: int, year: int = 2028) -> AccountRef:
    """A party's points that expire in that year."""
    return AccountRef(Book.POINTS, party, f"expires:{year}")


def owed(party: int) -> AccountRef:
    """What a party owes in points: never above zero."""
    return AccountRef(Book.POINTS, party, "owed")


def grams(party: int, grade: str = "A") -> AccountRef:
    """A party's reduction by evidence grade."""
    return AccountRef(Book.CARBON, party, f"grade:{grade}")


def avoided(scenario: str = "cycling") -> AccountRef:
    """The system's side of a reduction."""
    return AccountRef(Book.CARBON, None, f"avoided:{scenario}")


def earn(key: str, party: int, amount: int, at: datetime = AT) -> Posting:
    """The programme gives points."""
    return Posting(key, "settlement", at, (Movement(PROGRAMME, points(party), amount),), "骑行")


def spend(key: str, party: int, amount: int, at: datetime = AT) -> Posting:
    """A party spends points."""
    return Posting(key, "exchange", at, (Movement(points(party), REDEEMED, amount),), "兑换")


def pay(key: str, source: int, target: int, amount: int, at: datetime = AT) -> Posting:
    """Points go from one party to another."""
    return Posting(key, "gift", at, (Movement(points(source), points(target), amount),))


def ride(key: str, party: int, reduction_g: int, amount: int, at: datetime = AT) -> Posting:
    """One person-day in two books."""
    moved = (Movement(avoided(), grams(party), reduction_g), Movement(PROGRAMME, points(party), amount))
    return Posting(key, "settlement", at, moved, "骑行")


def post(*postings: Posting, at: datetime = AT) -> PostResult:
    """Post now."""
    return services.post(postings=postings, at=at)


def stage(postings: Iterable[Posting]) -> None:
    """Fill the staging table as a caller would, inside the caller's transaction."""
    rows = [
        (
            *(p.key, p.kind, p.happened_at, m.debit.book.value, m.debit.party_id, m.debit.code),
            *(m.credit.party_id, m.credit.code, m.amount, p.memo),
        )
        for p in postings
        for m in p.movements
    ]
    with connection.cursor() as cursor:
        cursor.execute(STAGING_DDL)
        cursor.executemany("INSERT INTO ledger_staging VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)


def post_staged(*postings: Posting, at: datetime = AT) -> PostResult:
    """Post through the staging table; the caller holds the transaction."""
    stage(postings)
    return services.post(postings=Staged(), at=at)


def held() -> dict[tuple[str, int | None, str], int]:
    """All balances kept, by natural key, zero ones left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.book, a.party_id, c.code, sum(a.credits - a.debits)::bigint FROM ledger_account a"
            " JOIN ledger_account_code c ON c.id = a.code_id GROUP BY 1, 2, 3 HAVING sum(a.credits - a.debits) <> 0"
        )
        return {(book, party, code): amount for book, party, code, amount in cursor.fetchall()}


def counted() -> tuple[int, int]:
    """How many transfers and entries the books have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM ledger_transfer), (SELECT count(*) FROM ledger_entry)")
        transfers, entries = cursor.fetchone()
        return transfers, entries
