"""Settlement end to end: a day of behaviors in PostgreSQL → computed → lines, postings, balances.

Compared in the same run with a raw COPY of the same behavior rows into a table without index. Then the cost per
behavior as the books grow. Run: `python -m bench.settlement [--behaviors 1000000] [--residents 200000] [--days N]`.
"""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta

from bench.machine import Stopwatch, copy_again, database, describe

FIRST_DAY = date(2026, 3, 1)

RESIDENTS = """
INSERT INTO parties_party (number, kind, created_at)
SELECT 'pty_bench' || lpad(n::text, 21, '0'), 'resident', now() FROM generate_series(1, %s) n
"""

# Five acts a resident and day on average, in two scenarios; every act plausible, some beyond a cap.
BEHAVIORS = """
INSERT INTO scenarios_behavior (source_id, external_id, revision, scenario_id, party_id, day, happened_at, ended_at,
    grade, distance_m, item_count, details, content_digest, delivery_id, recorded_at)
SELECT {source}, %(day)s || '-' || n, 1, CASE WHEN n %% 5 = 0 THEN {plate} ELSE {bike} END,
    {first} + n %% {residents}, %(day)s, at, at + interval '9 minutes', 1,
    CASE WHEN n %% 5 = 0 THEN NULL ELSE 900 + (n::bigint * 7919) %% 2500 END, CASE WHEN n %% 5 = 0 THEN 1 END,
    CASE WHEN n %% 5 = 0 THEN NULL ELSE '{{"gps_point_count": 100, "max_gps_jump_m": 40}}'::jsonb END,
    '\\x00', {delivery}, at
FROM (
    SELECT n, %(start)s + make_interval(mins => 240 + 60 * (n / {residents})::int + (n * 31) %% 45) AS at
    FROM generate_series(0, {behaviors} - 1) n
) acts
"""

MARKS = """
INSERT INTO scenarios_day_mark (party_id, day) SELECT DISTINCT party_id, day FROM scenarios_behavior WHERE day = %s
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--behaviors", type=int, default=1_000_000, help="behaviors a day")
    parser.add_argument("--residents", type=int, default=200_000)
    parser.add_argument("--hands", type=int, default=2, help="connections side by side")
    parser.add_argument("--days", type=int, default=3, help="days settled one after the other")
    arguments = parser.parse_args()
    print(describe())
    with database():
        run(arguments.behaviors, arguments.residents, arguments.days, arguments.hands)


def run(behaviors: int, residents: int, days: int, hands: int) -> None:
    from django.db import connection

    from tanhui.kernel.days import day_start
    from tanhui.ledger import queries as ledger
    from tanhui.project.county import load_methods, load_scenarios, this_county
    from tanhui.scenarios import services
    from tanhui.scenarios.models import Delivery, Scenario, Source
    from tanhui.scenarios.rules import Programme

    at = datetime(2026, 12, 1, tzinfo=UTC)
    load_scenarios(this_county(), at=at)
    load_methods(this_county(), at=at, say=lambda line: None)
    source = Source.objects.get(code="demo-e-bike")
    delivery = Delivery.objects.create(
        number="rcp_bench", source=source, channel="file", content_digest=b"\0" * 32, received_at=at
    )
    cursor = connection.cursor()
    cursor.execute(RESIDENTS, [residents])
    cursor.execute("SELECT min(id) FROM parties_party WHERE number LIKE 'pty_bench%'")
    statement = BEHAVIORS.format(
        source=source.id,
        plate=Scenario.objects.get(code="clean-plate").id,
        bike=Scenario.objects.get(code="shared-e-bike").id,
        first=cursor.fetchone()[0],
        residents=residents,
        delivery=delivery.id,
        behaviors=behaviors,
    )
    print(f"{behaviors:,} behaviors a day of {residents:,} residents")
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        cursor.execute(statement, {"day": day, "start": day_start(day)})
        cursor.execute(MARKS, [day])
        cursor.execute("VACUUM ANALYZE scenarios_behavior")
        raw = copy_again(cursor, "scenarios_behavior", f"day = '{day}'") if number == 0 else None
        cursor.execute("CHECKPOINT")
        with Stopwatch() as watch:
            summary = services.settle(at=at, hands=hands, programme=Programme())
        rate = summary.behaviors / watch.seconds
        beside = f"; raw COPY of the same rows {raw:.2f} s, so {watch.seconds / raw:.1f} ×" if raw else ""
        print(
            f"day {number + 1}: {watch.seconds:.2f} s = {rate:,.0f} behaviors/s, {summary.lines:,} lines,"
            f" {summary.transfers:,} transfers{beside}"
        )
    pool = Programme(points_per_month=1_000_000)
    with Stopwatch() as watch:
        summary = services.settle(at=at, programme=pool)
    print(f"a month paid pro rata: {watch.seconds:.2f} s for {summary.budget_points:,} points")
    with Stopwatch() as watch:
        problems = ledger.prove()
    print(f"books proved in {watch.seconds:.2f} s: {len(problems)} discrepancies")


if __name__ == "__main__":
    main()
