"""A small county for tests: the shipped scenarios, partners and methods, a few residents, and their books."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import day_start
from tanhui.parties import services as parties
from tanhui.parties.types import LoginId, ResidentDetails
from tanhui.project.county import SYSTEM, load_methods, load_scenarios, this_county
from tanhui.project.simulator.play import CONSENT_VERSION, PURPOSES
from tanhui.scenarios import services
from tanhui.scenarios.types import Channel, DeliveryDraft, DeliveryReceipt, Evidence, Grade

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 9, 10)
NOW = datetime(2026, 9, 20, tzinfo=UTC)


def open_county() -> None:
    """Scenarios, sources and methods in force; no divisions, which no settlement needs."""
    load_scenarios(this_county(), at=START)
    load_methods(this_county(), at=START, say=lambda line: None)


def join(*names: str) -> list[int]:
    """Residents with consent to everything; their parties."""
    consents = dict.fromkeys(PURPOSES, CONSENT_VERSION)
    details = [ResidentDetails(login=LoginId("development", name), nickname=name, consents=consents) for name in names]
    return [party.id for party in parties.register(details=details, at=START, by=SYSTEM)]


def ride(
    number: str, party_id: int | None, *, minute: int = 480, seconds: int = 600, day: date = DAY, **changes: Any
) -> Evidence:
    """A plausible ride of 2.4 km by shared e-bike at that minute of the day; quantities may be changed."""
    happened_at = day_start(day) + timedelta(minutes=minute)
    quantities = {"distance_m": 2_400, "gps_point_count": seconds // 5 + 1, "max_gps_jump_m": 40}
    known = {name: changes.pop(name) for name in list(changes) if name in quantities}
    evidence = Evidence(
        external_id=number,
        scenario="shared-e-bike",
        happened_at=happened_at,
        ended_at=happened_at + timedelta(seconds=seconds),
        grade=int(Grade.A),
        quantities={**quantities, **known},
        party_id=party_id,
    )
    return replace(evidence, **changes)


def deliver(*evidence: Evidence, source: str = "demo-e-bike", at: datetime = NOW, name: str = "") -> DeliveryReceipt:
    """Submit evidence as one delivery."""
    content = digest([name, [repr(item) for item in evidence]])
    draft = DeliveryDraft(channel=Channel.HTTP, content_digest=content, name=name)
    return services.submit(source=source, delivery=draft, evidence=evidence, at=at)


def books() -> list[tuple[Any, ...]]:
    """Every resident's balances, by nickname and account: what two runs must agree on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(r.nickname, ''), c.book, c.code, sum(a.credits - a.debits)::bigint
            FROM ledger_account a JOIN ledger_account_code c ON c.id = a.code_id
            LEFT JOIN parties_resident r ON r.party_id = a.party_id
            GROUP BY 1, 2, 3 HAVING sum(a.credits - a.debits) <> 0 ORDER BY 1, 2, 3
            """
        )
        return list(cursor.fetchall())


def counted() -> list[tuple[Any, ...]]:
    """What the latest line says of every behavior: (external id, outcome, grams, points)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (b.external_id, b.revision) b.external_id, b.revision, l.outcome, l.reduction_g, l.points
            FROM scenarios_behavior b JOIN scenarios_settlement_line l ON l.behavior_id = b.id
            ORDER BY b.external_id, b.revision, l.run_id DESC
            """
        )
        return list(cursor.fetchall())


def outcomes(*numbers: str) -> dict[str, tuple[str, int, int]]:
    """External id → (outcome, grams, points) of its highest settled revision."""
    found = {row[0]: (row[2], row[3], row[4]) for row in counted()}
    return {number: found[number] for number in numbers}


def total(rows: Iterable[tuple[Any, ...]], book: str, code_prefix: str) -> int:
    """The sum of the residents' balances of a book's accounts of that prefix."""
    return sum(row[3] for row in rows if row[0] and row[1] == book and row[2].startswith(code_prefix))
