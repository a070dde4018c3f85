"""The ledger's batches: days of person-day transfers in two books, posted from the staging table.

Every day each resident gets one transfer of two entries. The first day opens all accounts. Compared in the same run
with a raw COPY of the same entries into a table without index, and, day by day, with itself as the books grow.
Run: `python -m bench.ledger_batch [--residents 200000] [--days 25]` (25 days are 10 million entries).
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from bench.machine import Stopwatch, copy_again, database, describe

AT = datetime(2026, 1, 1, tzinfo=UTC)

RESIDENTS = """
INSERT INTO parties_party (number, kind, created_at)
SELECT left('pty_' || gen_random_uuid(), 32), 'resident', now() FROM generate_series(1, %s)
"""

STAGE = """
INSERT INTO ledger_staging
SELECT 'settle:' || %(day)s || ':' || p.id || ':' || %(date)s, 'settlement', %(at)s, m.book, NULL::bigint, m.debit,
    p.id, m.credit, 100 + p.id %% 900, m.memo
FROM parties_party p CROSS JOIN (VALUES
    ('carbon', 'avoided:shared-e-bike', 'grade:A', '骑共享电单车'),
    ('points', 'programme', 'expires:2028', '行为积分')
) m (book, debit, credit, memo)
ORDER BY m.book
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=5)
    arguments = parser.parse_args()
    print(describe())
    with database():
        run(arguments.residents, arguments.days)


def run(residents: int, days: int) -> None:
    from django.db import connection

    from tanhui.ledger import queries

    with connection.cursor() as cursor:
        cursor.execute(RESIDENTS, [residents])
        cursor.execute("VACUUM ANALYZE parties_party")
    print(f"{residents:,} transfers of 2 entries a day")
    raw = 0.0
    for number in range(days):
        staging, posting, work = one_day(number)
        raw = raw or copy_again(connection.cursor(), "ledger_entry")
        entries = 2 * residents
        print(
            f"day {number + 1}: staged in {staging:.2f} s,"
            f" posted in {posting:.2f} s = {entries / posting:,.0f} entries/s,"
            f" {work / entries * 1e6:.1f} µs of processor an entry, {posting / raw:.1f} × a raw COPY ({raw:.2f} s),"
            f" {entries * (number + 1):,} entries in the books"
        )
    with Stopwatch() as watch:
        problems = queries.prove()
    print(f"proved in {watch.seconds:.2f} s: {len(problems)} discrepancies")
    with Stopwatch() as watch:
        out = queries.trial_balance().out_of_balance()
    print(f"trial balance in {watch.seconds:.2f} s: {out or 'balanced'}")


def one_day(number: int) -> tuple[float, float, float]:
    """Seconds of filling the staging table, of posting with its commit, and of the server's processor for that."""
    from django.db import connection, transaction

    from tanhui.ledger import services
    from tanhui.ledger.types import STAGING_DDL, Staged

    at = AT + timedelta(days=number)
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_backend_pid()")
        server = cursor.fetchone()[0]
    with Stopwatch() as all_of_it:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(STAGING_DDL)
            with Stopwatch() as staging:
                cursor.execute(STAGE, {"day": number, "date": at.date(), "at": at})
            before = processor_seconds(server)
            services.post(postings=Staged(), at=at)
        work = processor_seconds(server) - before
    return staging.seconds, all_of_it.seconds - staging.seconds, work


def processor_seconds(pid: int) -> float:
    """User and system time of a process on this machine; 0 where the system has no /proc."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    main()
