"""The statement page of residents with 10,000 lines each, over HTTP at a steady 200 requests/s.

Requests start on a fixed schedule whether or not earlier ones are answered, so a slow answer is not hidden; the time of
each counts from when it should have started. Compared in the same run with the page of a resident without lines.
Run: `python -m bench.statement_http [--rate 200] [--seconds 20]`.
"""

from __future__ import annotations

import argparse
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from statistics import median, quantiles

from bench.intake_http import web_server
from bench.machine import database, describe

RESIDENTS = 40  # so that none meets the limit of requests a minute
LINES = 10_000
PATH = "/api/v1/resident/statement?limit=50"

BEHAVIORS = """
INSERT INTO scenarios_behavior (source_id, external_id, revision, scenario_id, party_id, day, happened_at, ended_at,
    grade, distance_m, details, content_digest, delivery_id, recorded_at)
SELECT %(source)s, p || '-' || n, 1, %(scenario)s, p, day, at, at + interval '9 minutes', 1, 900 + n %% 2500,
    '{"gps_point_count": 100, "max_gps_jump_m": 40}', '\\x00', %(delivery)s, at
FROM unnest(%(parties)s::bigint[]) p, generate_series(0, %(lines)s - 1) n,
    LATERAL (SELECT date '2023-01-01' + n / 10 AS day) d,
    LATERAL (SELECT day::timestamptz + make_interval(mins => 60 + 60 * (n %% 10)) AS at) t
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="requests a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server")
    arguments = parser.parse_args()
    print(describe())
    with database() as url:
        full, empty = prepare()
        with web_server(url, arguments.workers) as port:
            ask(port, full, 100, 5)  # warm
            for title, tokens in ((f"{LINES:,} lines", full), ("no lines", empty)):
                took = ask(port, tokens, arguments.rate, arguments.seconds)
                cut = quantiles(took, n=100)
                print(
                    f"{title}: {len(took):,} pages at {arguments.rate}/s, median {median(took) * 1000:.1f} ms,"
                    f" p95 {cut[94] * 1000:.1f} ms, p99 {cut[98] * 1000:.1f} ms"
                )


def prepare() -> tuple[list[str], list[str]]:
    """Residents with full statements and with empty ones; their tokens."""
    from django.db import connection

    from tanhui.api.tokens import issue
    from tanhui.parties import services as parties
    from tanhui.parties.types import LoginId, Purpose, ResidentDetails
    from tanhui.project.county import load_methods, load_scenarios, this_county
    from tanhui.scenarios import services
    from tanhui.scenarios.models import Delivery, Scenario, Source

    at = datetime.now(UTC)
    load_scenarios(this_county(), at=at)
    load_methods(this_county(), at=at, say=lambda line: None)
    consents = {Purpose.ACCOUNT: "v1"}
    details = [ResidentDetails(login=LoginId("development", f"s{n}"), consents=consents) for n in range(2 * RESIDENTS)]
    refs = parties.register(details=details, at=at)
    source = Source.objects.get(code="demo-e-bike")
    delivery = Delivery.objects.create(
        number="rcp_bench", source=source, channel="file", content_digest=b"\0" * 32, received_at=at
    )
    with connection.cursor() as cursor:
        names = {
            "source": source.id,
            "scenario": Scenario.objects.get(code="shared-e-bike").id,
            "parties": [ref.id for ref in refs[:RESIDENTS]],
            "lines": LINES,
            "delivery": delivery.id,
        }
        cursor.execute(BEHAVIORS, names)
        cursor.execute(
            "INSERT INTO scenarios_day_mark (party_id, day) SELECT DISTINCT party_id, day FROM scenarios_behavior"
        )
        cursor.execute("VACUUM ANALYZE scenarios_behavior")
    services.settle(at=at)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # what settlement left to the background is done before the clock runs
        cursor.execute("CHECKPOINT")
    tokens = [issue(ref, at=at).text for ref in refs]
    return tokens[:RESIDENTS], tokens[RESIDENTS:]


def ask(port: int, tokens: list[str], rate: int, seconds: int) -> list[float]:
    """Seconds of each page, asked on schedule over sixteen lasting connections."""
    hands = 16
    begins = time.perf_counter() + 0.2

    def one(hand: int) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        took = []
        for number in range(hand, rate * seconds, hands):
            due = begins + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.request("GET", PATH, headers={"Authorization": f"Bearer {tokens[number % len(tokens)]}"})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise RuntimeError(f"status {response.status}")
            took.append(time.perf_counter() - due)
        return took

    with ThreadPoolExecutor(hands) as pool:
        return [each for took in pool.map(one, range(hands)) for each in took]


if __name__ == "__main__":
    main()
