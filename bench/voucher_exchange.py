"""Exchanges and redemptions through the service: two processes, one hot offer whose stock everybody wants.

A third of the exchanges is of the hot offer (a shared stock and a limit a day), the rest of twenty others; then every
voucher is redeemed at one of ten merchants. Compared in the same run with commits of one row by as many processes;
the processor time of Python and server together tells what a machine would do that is not shared.
Run: `python -m bench.voucher_exchange [--processes 2] [--seconds 10]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

from bench.ledger_batch import processor_seconds
from bench.machine import database, describe

AT = datetime.now(UTC)
DAY = timedelta(days=1)
RESIDENTS = 5_000
OFFERS = 21
MERCHANTS = 10

STAGE = """
INSERT INTO ledger_staging
SELECT 'open:' || id, 'opening', %(at)s - interval '1 hour', 'points', NULL::bigint, 'programme', id, 'expires:2098',
    10000000, ''
FROM parties_party WHERE kind = 'resident'
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    print(f"{describe()} · load {os.getloadavg()[0]:.1f}")
    with database():
        world = prepare()
        together("commits of one row", world, arguments.processes, arguments.seconds / 2)
        bought = together("exchanges", world, arguments.processes, arguments.seconds)
        together("redemptions", world | {"vouchers": bought}, arguments.processes, arguments.seconds)
        prove()


def prepare() -> dict[str, Any]:
    """People with points, merchants with a till, published offers; what the processes need to know of them."""
    from django.db import connection, transaction

    from tanhui.ledger import services as ledger
    from tanhui.ledger.types import STAGING_DDL, Staged
    from tanhui.parties.models import Division
    from tanhui.rewards import services
    from tanhui.rewards.types import (
        BudgetDetails,
        OfferDetails,
        OfferKind,
        OfferState,
        OfferStatus,
        StockDetails,
    )

    county = Division.objects.create(statistical_code="430626000000", code="430626", name="虚构县", level="county")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_row (value integer)")
        people, owners = parties("resident", RESIDENTS), parties("organization", MERCHANTS)
        cursor.execute(STAGING_DDL)
        cursor.execute(STAGE, {"at": AT})
        ledger.post(postings=Staged(), at=AT)
    tills = [till(owner, place, county.code) for place, owner in enumerate(owners)]
    details = OfferDetails(
        OfferKind.RESTAURANT, "示例券", "虚构", 10, 1000, AT - DAY, AT + DAY, valid_days=30,
        merchants=tuple(each["merchant"] for each in tills),
    )  # fmt: skip
    services.offer(details=BudgetDetails(AT.year, 10**13, source="虚构"), at=AT)
    stock = services.offer(details=StockDetails("热门", 10**8), at=AT)
    hot = replace(details, title="热门示例券", stock=stock, per_day_limit=10**8, per_person_limit=10**6)
    offers = [services.offer(details=each, at=AT) for each in [hot, *[details] * (OFFERS - 1)]]
    for number in offers:
        services.offer(details=OfferStatus(number, OfferState.PUBLISHED), at=AT)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    return {"people": people, "offers": offers, "tills": tills, "vouchers": []}


def parties(kind: str, count: int) -> list[int]:
    """New parties without details; their ids."""
    from tanhui.kernel.ids import new_number
    from tanhui.parties.models import Party

    rows = [Party(number=new_number("pty", AT), kind=kind, created_at=AT) for _ in range(count)]
    return [row.pk for row in Party.objects.bulk_create(rows)]


def till(owner: int, place: int, division: str) -> dict[str, Any]:
    """A merchant with a shop and a cashier."""
    from tanhui.parties.models import User
    from tanhui.rewards import services
    from tanhui.rewards.types import MerchantDetails, MerchantStaffDetails, MerchantState, MerchantStatus, ShopDetails

    today = AT.date()
    details = MerchantDetails(owner, f"虚构商户{place}", today - 30 * DAY, today + 300 * DAY)
    merchant = services.admit(details=details, at=AT)
    services.admit(details=MerchantStatus(merchant, MerchantState.ACTIVE), at=AT)
    shop = services.admit(details=ShopDetails(merchant, "一店", division), at=AT)
    user = User.objects.create(username=f"cashier{place}", created_at=AT, password="!")
    services.admit(details=MerchantStaffDetails(merchant, user.pk), at=AT)
    return {"merchant": merchant, "shop": shop, "user": user.pk}


def together(what: str, world: dict[str, Any], processes: int, seconds: float) -> list[str]:
    """Run one kind of work in all processes; prints the rate and gives what they made."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes)
    with context.Pool(processes, initializer=_begin, initargs=(ready,)) as pool:
        parts = [(what, world | {"vouchers": world["vouchers"][n::processes]}, n, seconds) for n in range(processes)]
        done = pool.starmap(_process, parts, chunksize=1)
    took = [each for one, *_ in done for each in one]
    rate = sum(len(one) / spent for one, spent, *_ in done)
    cuts = quantiles(took, n=100)
    work = sum(each for _, _, _, each in done) / len(took)
    print(
        f"{what}, {processes} processes: {rate:,.0f}/s, median {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms,"
        f" {work * 1000:.2f} ms of processor each ({len(took):,} in all, load {os.getloadavg()[0]:.1f})",
        flush=True,
    )
    return [each for _, _, made, _ in done for each in made]


_ready: Any = None


def _begin(ready: Any) -> None:
    global _ready
    _ready = ready


def _process(
    what: str, world: dict[str, Any], number: int, seconds: float
) -> tuple[list[float], float, list[str], float]:
    """One process: latencies, seconds spent, codes of the vouchers made, processor seconds of it and its server."""
    import django

    django.setup()
    from django.db import connection

    made: list[str] = []
    act, most = _act(what, world, number, made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = cursor.fetchone()[0]
    took: list[float] = []
    _ready.wait(120)
    before = time.process_time() + processor_seconds(server)
    begin = now = time.perf_counter()
    while now < begin + seconds and len(took) < most:
        act(len(took))
        after = time.perf_counter()
        took.append(after - now)
        now = after
    work = time.process_time() + processor_seconds(server) - before
    connection.close()
    return took, now - begin, made, work


def _act(what: str, world: dict[str, Any], number: int, made: list[str]) -> tuple[Callable[[int], None], int]:
    from django.db import connection

    from tanhui.parties.types import Actor
    from tanhui.rewards import services
    from tanhui.rewards.types import Outcome, RedemptionDetails

    people, offers, tills = world["people"], world["offers"], world["tills"]

    def commit(count: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_row VALUES (%s)", [count])

    def exchange(count: int) -> None:
        offer = offers[0] if count % 3 == 0 else offers[1 + count % (OFFERS - 1)]
        person = people[(count * 7 + number * 13) % RESIDENTS]
        made.append(services.exchange(party_id=person, offer=offer, key=f"{number}-{count}", at=AT).code)

    def redeem(count: int) -> None:
        place = tills[count % MERCHANTS]
        details = RedemptionDetails(
            world["vouchers"][count], place["merchant"], place["shop"], f"nonce-{number}-{count}", AT
        )
        result = services.redeem(details=details, at=AT, by=Actor("staff:bench", user_id=place["user"]))
        assert result.outcome is Outcome.REDEEMED, result

    acts = {"commits of one row": commit, "exchanges": exchange, "redemptions": redeem}
    return acts[what], len(world["vouchers"]) if what == "redemptions" else 10**9


def prove() -> None:
    """The books after all of it."""
    from django.db.models import Sum

    from tanhui.ledger import queries
    from tanhui.ledger.types import Book
    from tanhui.rewards.models import Voucher

    open_points = Voucher.objects.filter(state="open").aggregate(sum=Sum("price_points"))["sum"] or 0
    held = queries.totals(Book.POINTS).get("held", 0)
    out = queries.trial_balance().out_of_balance()
    print(
        f"proved: {len(queries.prove())} discrepancies; trial balance {out or 'balanced'}; held {held} = {open_points}"
    )


if __name__ == "__main__":
    main()
