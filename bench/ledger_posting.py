"""Single postings through Python by many clients at once, and a statement page of a resident with 10,000 lines.

Three kinds: all clients debit one system account (hot), residents pay each other (spread), a person-day in two
books. Compared in the same run with commits of one row by as many clients, and with empty transactions.
Run: `python -m bench.ledger_posting [--clients 16] [--seconds 5]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any

from bench.machine import Stopwatch, database, describe

AT = datetime(2026, 6, 1, tzinfo=UTC)
RESIDENTS = 20_000
LINES = 10_000
KINDS = ("empty transactions", "commits of one row", "hot system account", "spread", "person-day in two books")

MAKE_RESIDENTS = """
INSERT INTO parties_party (number, kind, created_at)
SELECT left('pty_' || gen_random_uuid(), 32), 'resident', now() FROM generate_series(1, %s)
"""

STAGE = """
INSERT INTO ledger_staging
SELECT 'open:' || id, 'opening', %(at)s, 'points', NULL::bigint, 'programme', id, 'expires:2028', 1000000, ''
FROM parties_party
UNION ALL
SELECT 'line:' || n, 'settlement', %(at)s, 'points', NULL::bigint, 'programme', %(party)s, 'expires:2028', 5, '骑行'
FROM generate_series(1, %(lines)s) n
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    print(describe())
    with database():
        prepare()
        for kind in (
            "empty transactions",
            "commits of one row",
            "hot system account",
            "spread",
            "person-day in two books",
        ):
            together(kind, arguments.clients, arguments.seconds)
        statements()


def prepare() -> None:
    from django.db import connection, transaction

    from tanhui.ledger import services
    from tanhui.ledger.types import STAGING_DDL, Staged

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_row (value integer)")
        cursor.execute(MAKE_RESIDENTS, [RESIDENTS])
        cursor.execute(STAGING_DDL)
        cursor.execute("SELECT min(id) FROM parties_party")
        cursor.execute(STAGE, {"at": AT, "party": cursor.fetchone()[0], "lines": LINES})
        services.post(postings=Staged(), at=AT)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def together(kind: str, clients: int, seconds: float) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(clients)
    with context.Pool(clients, initializer=_begin, initargs=(ready,)) as pool:
        took = pool.starmap(_client, [(kind, number, seconds) for number in range(clients)], chunksize=1)
    report(kind, [each for client in took for each in client], seconds, f"{clients} clients")


_ready: Any = None


def _begin(ready: Any) -> None:
    global _ready
    _ready = ready


def _client(kind: str, number: int, seconds: float) -> list[float]:
    """One client's latencies, in seconds."""
    import django

    django.setup()
    from django.db import connection

    act = _act(kind, random.Random(number), number)
    for warm in range(20):
        act(-1 - warm)
    took = []
    _ready.wait(120)
    end = time.perf_counter() + seconds
    count = 0
    while time.perf_counter() < end:
        with Stopwatch() as watch:
            act(count)
        took.append(watch.seconds)
        count += 1
    connection.close()
    return took


def _act(kind: str, chance: random.Random, client: int) -> Callable[[int], object]:
    from django.db import connection

    from tanhui.ledger import services
    from tanhui.ledger.types import AccountRef, Book, Movement, Posting

    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM parties_party")
        lowest, highest = cursor.fetchone()

    def points() -> AccountRef:
        return AccountRef(Book.POINTS, chance.randint(lowest, highest), "expires:2028")

    def statement(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    def movements() -> tuple[Movement, ...]:
        given = Movement(AccountRef(Book.POINTS, None, "programme"), points(), 1)
        if kind == "hot system account":
            return (given,)
        if kind == "spread":
            one = points()
            other = AccountRef(Book.POINTS, one.party_id % (highest - 1) + 1 if one.party_id else None, one.code)
            return (Movement(one, other, 1),)
        grams = AccountRef(Book.CARBON, given.credit.party_id, "grade:A")
        return (Movement(AccountRef(Book.CARBON, None, "avoided:cycling"), grams, 90), given)

    if kind == "empty transactions":
        return lambda count: statement("SELECT 1")
    if kind == "commits of one row":
        return lambda count: statement("INSERT INTO bench_row VALUES (1)")
    return lambda count: services.post(
        postings=[Posting(f"{kind}:{client}:{count}", "bench", AT, movements(), "测速")], at=AT
    )


def statements() -> None:
    from django.db import connection

    from tanhui.ledger import queries
    from tanhui.ledger.types import Book

    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM parties_party")
        party = cursor.fetchone()[0]
    took = []
    before = None
    for _ in range(2 * LINES // 50):
        with Stopwatch() as watch:
            page = queries.statement(party, Book.POINTS, before=before, limit=50)
        took.append(watch.seconds)
        before = page.before
    report(f"statement pages of 50 among {LINES:,} lines", took, sum(took), "1 client")


def report(kind: str, took: list[float], seconds: float, who: str) -> None:
    cuts = quantiles(took, n=100)
    print(
        f"{kind}: {len(took) / seconds:,.0f}/s with {who}; p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms,"
        f" longest {max(took) * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()
