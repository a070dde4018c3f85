"""Intake of a partner's file: a CSV of rides read, checked and stored in one transaction, by the county's mapping.

Compared in the same run with a raw COPY of the rows that came of it into a table without index.
Run: `python -m bench.intake_file [--behaviors 500000]`.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.intake_http import admit
from bench.machine import Stopwatch, copy_again, database, describe

HEADER = "trip_id,user_id,bike_id,started_at,ended_at,distance_m,gps_points,max_gps_jump_m\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--behaviors", type=int, default=500_000)
    parser.add_argument("--residents", type=int, default=5_000)
    arguments = parser.parse_args()
    print(describe())
    with database(), tempfile.TemporaryDirectory() as folder:
        admit(arguments.residents)
        path = Path(folder) / "rides.csv"
        write(path, arguments.behaviors, arguments.residents)
        run(path)


def write(path: Path, behaviors: int, residents: int) -> None:
    """A file as the operator would export it."""
    start = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(days=200)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for n in range(behaviors):
            at = start + timedelta(minutes=(n * 37) % 250_000)
            ended = at + timedelta(minutes=9)
            rider, metres = n * 7919 % residents, 900 + n * 7919 % 2500
            file.write(f"T{n:010},U{rider},1,{at.isoformat()},{ended.isoformat()},{metres},100,40\n")


def run(path: Path) -> None:
    from django.db import connection

    from tanhui.kernel.county import PROJECT_ROOT
    from tanhui.scenarios import queries, services

    mapping = PROJECT_ROOT / "counties/pingjiang/mappings/valleybike.toml"

    def take() -> float:
        table = queries.file_delivery(source="bench", path=path, mapping_path=mapping)
        with Stopwatch() as watch:
            receipt = services.submit(
                source="bench", delivery=table.draft, evidence=table.evidence, at=datetime.now(UTC)
            )
        print(f"{receipt.rows_read:,} rows read, {receipt.rows_accepted:,} accepted, repeated: {receipt.repeated}")
        return watch.seconds

    first, again = take(), take()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scenarios_behavior")
        stored = cursor.fetchone()[0]
        raw = copy_again(cursor, "scenarios_behavior")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import: {first:.1f} s = {stored / first:,.0f} rows/s; the same file again {again:.2f} s; {memory:.0f} MiB")
    print(f"raw COPY of the {stored:,} rows: {raw:.2f} s = {stored / raw:,.0f} rows/s")


if __name__ == "__main__":
    main()
