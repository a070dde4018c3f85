"""Intake over HTTP: signed batches of 500 CloudEvents to a real web server, all rows of bound residents.

The messages are made and signed before the clock starts; the sender runs beside the server and the database on the
same cores. Compared in the same run with a raw COPY of the rows that came of it into a table without index.
Run: `python -m bench.intake_http [--behaviors 100000] [--senders 4] [--workers 2]`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import quantiles

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.machine import Stopwatch, copy_again, database, describe

BATCH = 500
PATH = "/api/v1/partner/events"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
Message = tuple[bytes, dict[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--behaviors", type=int, default=100_000)
    parser.add_argument("--residents", type=int, default=5_000)
    parser.add_argument("--senders", type=int, default=4, help="connections side by side")
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server")
    arguments = parser.parse_args()
    print(describe())
    with database() as url:
        admit(arguments.residents)
        with web_server(url, arguments.workers) as port:
            messages = signed_messages(arguments.behaviors, arguments.residents)
            size = len(messages[0][0]) / 1024
            print(f"{len(messages)} messages of {BATCH} events, {size:.0f} KiB each, {arguments.senders} senders")
            send(port, messages[:4])  # warm: connections, plans, code
            with Stopwatch() as watch:
                took = together(port, messages[4:], arguments.senders)
        report(watch.seconds, took)


def admit(residents: int) -> None:
    """A partner with a key, a scenario, and residents who have bound the partner."""
    from tanhui.parties import services as parties
    from tanhui.parties.types import LoginId, Purpose, ResidentDetails
    from tanhui.scenarios import services as scenarios
    from tanhui.scenarios.types import Grade, ScenarioDraft, SourceDraft, SourceKeyDraft

    at = datetime.now(UTC)
    public = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    scenarios.admit(draft=ScenarioDraft("shared-e-bike", "骑共享电单车", "shared-e-bike"), at=at)
    key = SourceKeyDraft("bench", public)
    scenarios.admit(draft=SourceDraft("bench", "测速", (), Grade.A, keys=(key,)), at=at)
    consents = {Purpose.ACCOUNT: "v1", Purpose.TRIPS: "v1"}
    details = [ResidentDetails(login=LoginId("development", f"U{n}"), consents=consents) for n in range(residents)]
    refs = parties.register(details=details, at=at)
    pairs = [(f"U{n}", ref.id) for n, ref in enumerate(refs)]
    parties.bind(source="bench", purpose=Purpose.TRIPS, at=at, bindings=pairs)


def signed_messages(behaviors: int, residents: int) -> list[Message]:
    """The messages, each with its headers: five rides a resident and day, as a partner would send them."""
    from tanhui.api.signatures import signed_text

    start = datetime.now(UTC) - timedelta(days=30)
    messages = []
    for first in range(0, behaviors, BATCH):
        events = [_event(n, start, residents) for n in range(first, min(first + BATCH, behaviors))]
        body = json.dumps(events, separators=(",", ":")).encode()
        stamp, message_id = str(int(time.time())), f"bench-{first}"
        text = signed_text("POST", PATH, stamp, message_id, hashlib.sha256(body).digest())
        headers = {
            "Content-Type": "application/cloudevents-batch+json",
            "Tanhui-Key": "bench",
            "Tanhui-Timestamp": stamp,
            "Tanhui-Message": message_id,
            "Tanhui-Signature": base64.b64encode(KEY.sign(text)).decode(),
        }
        messages.append((body, headers))
    return messages


def _event(n: int, start: datetime, residents: int) -> dict[str, object]:
    at = start + timedelta(days=n // (5 * residents), minutes=(n * 37) % 1200)
    return {
        "specversion": "1.0",
        "id": f"T{n:010}",
        "type": "tanhui.behavior.reported.v1",
        "source": "/sources/bench",
        "subject": f"U{n * 7919 % residents}",
        "time": at.isoformat(timespec="seconds"),
        "data": {
            "scenario": "shared-e-bike",
            "ended_at": (at + timedelta(minutes=9)).isoformat(timespec="seconds"),
            "grade": "B",
            "quantities": {"distance_m": 900 + n * 7919 % 2500, "gps_point_count": 100, "max_gps_jump_m": 40},
        },
    }


@contextmanager
def web_server(url: str, workers: int) -> Iterator[int]:
    """The web server as `tanhui serve` starts it, on a free port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers), "--blocking-threads", "4"]
    command += ["tanhui.project.wsgi:application"]
    environment = os.environ | {"DATABASE_URL": url, "TANHUI_DB_POOL": "8", "PYTHONPATH": "src"}
    server = subprocess.Popen(command, env=environment)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/api/v1/openapi.json")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the web server did not answer")


def send(port: int, messages: list[Message]) -> list[float]:
    """Send over one lasting connection; the seconds that each message took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    took = []
    for body, headers in messages:
        began = time.perf_counter()
        connection.request("POST", PATH, body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        took.append(time.perf_counter() - began)
        if response.status != 202 or answer["accepted"] != BATCH:
            raise RuntimeError(f"{response.status}: {answer}")
    return took


def together(port: int, messages: list[Message], senders: int) -> list[float]:
    """Send over several connections side by side."""
    parts = [messages[n::senders] for n in range(senders)]
    with ThreadPoolExecutor(senders) as pool:
        return [seconds for took in pool.map(lambda part: send(port, part), parts) for seconds in took]


def report(seconds: float, took: list[float]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scenarios_behavior")
        stored = cursor.fetchone()[0]
        raw = copy_again(cursor, "scenarios_behavior")
    sent = len(took) * BATCH
    p99 = quantiles(took, n=100)[98]
    print(
        f"{sent:,} behaviors in {seconds:.2f} s = {sent / seconds:,.0f} behaviors/s; a message: p99 {p99 * 1000:.0f} ms"
    )
    print(f"raw COPY of the {stored:,} rows: {raw:.2f} s = {stored / raw:,.0f} rows/s")


if __name__ == "__main__":
    main()
