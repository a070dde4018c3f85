"""Clearing a month: 100,000 redemptions at twenty merchants drafted, checked, approved, paid.

The redemptions are written in bulk and their entries posted by the ledger's own batch. `--months` makes as many months
before, cleared already, to show what history costs.
Run: `python -m bench.clearing [--redemptions 100000] [--months 0]`.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench.machine import database, describe

JULY = date(2026, 7, 1)
AT = datetime(2025, 12, 1, tzinfo=UTC)
MERCHANTS = 20

MAKE_PARTIES = """
INSERT INTO parties_party (number, kind, created_at)
SELECT left('pty_' || gen_random_uuid(), 32), %s, now() FROM generate_series(1, %s) RETURNING id
"""
MAKE_VOUCHERS = """
INSERT INTO rewards_voucher (number, offer_id, party_id, code_hash, state, price_points, face_value_fen, valid_from,
    valid_to, exchanged_at, key, input_hash, ended_at, handled_by)
SELECT left('vou_' || replace(gen_random_uuid()::text, '-', ''), 30), o.id, %(person)s,
    decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), 'redeemed', 10, 1000 + n %% 500, %(from)s,
    %(from)s + interval '90 days', %(from)s, %(month)s || '-' || n, '\\x00', %(from)s + n * interval '20 seconds', ''
FROM generate_series(1, %(count)s) AS n, (SELECT id FROM rewards_offer ORDER BY id LIMIT 1) o
"""
MAKE_REDEMPTIONS = """
INSERT INTO rewards_redemption (number, voucher_id, merchant_id, shop_id, staff_id, nonce, input_hash, recorded_at,
    claimed_at, offline, outcome, message, turn, reason)
SELECT left('rdm_' || replace(gen_random_uuid()::text, '-', ''), 30), v.id, m.id, s.id, u.id, v.key, '\\x00',
    v.ended_at, v.ended_at, false, 'redeemed', '', 1, ''
FROM rewards_voucher v
JOIN (SELECT m.*, row_number() OVER (ORDER BY m.id) AS place FROM rewards_merchant m) m
    ON m.place = 1 + v.id %% %(merchants)s
JOIN rewards_shop s ON s.merchant_id = m.id
CROSS JOIN (SELECT min(id) AS id FROM parties_user) u
WHERE v.key LIKE %(month)s || '-%%'
"""
STAGE = """
INSERT INTO ledger_staging (transfer_key, kind, happened_at, book, debit_party, debit_code, credit_party, credit_code,
    amount, memo)
SELECT 'voucher:' || v.number || ':redeem:1', 'redeem', v.ended_at, b.book, NULL, b.debit,
    CASE b.book WHEN 'money' THEN m.party_id END, b.credit, CASE b.book WHEN 'money' THEN v.face_value_fen ELSE 10 END,
    '示例券'
FROM rewards_redemption r
JOIN rewards_voucher v ON v.id = r.voucher_id
JOIN rewards_merchant m ON m.id = r.merchant_id
CROSS JOIN (VALUES ('points', 'held', 'redeemed'), ('money', 'budget', 'payable')) AS b (book, debit, credit)
WHERE v.key LIKE %(month)s || '-%%'
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redemptions", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=0)
    arguments = parser.parse_args()
    print(f"{describe()} · load {os.getloadavg()[0]:.1f}")
    with database():
        person = prepare()
        for back in range(arguments.months, -1, -1):
            month = date(2026, 7 - back, 1)
            redeem(month, arguments.redemptions, person)
            clear(month, show=back == 0)
        prove()


def prepare() -> int:
    """Merchants with a shop and a confirmed account, and one offer; the person who buys everything."""
    from django.db import connection

    from tanhui.parties.models import Division, User
    from tanhui.rewards import queries, services
    from tanhui.rewards.types import (
        MerchantDetails,
        MerchantState,
        MerchantStatus,
        OfferDetails,
        OfferKind,
        PayAccountConfirm,
        PayAccountDetails,
        ShopDetails,
    )

    county = Division.objects.create(statistical_code="430626000000", code="430626", name="虚构县", level="county")
    User.objects.create(username="cashier", created_at=AT, password="!")
    _, finance = hands()
    with connection.cursor() as cursor:
        cursor.execute(MAKE_PARTIES, ["organization", MERCHANTS])
        owners = [row[0] for row in cursor.fetchall()]
        cursor.execute(MAKE_PARTIES, ["resident", 1])
        person = int(cursor.fetchone()[0])
    for place, owner in enumerate(owners):
        details = MerchantDetails(owner, f"虚构商户{place}", date(2025, 1, 1), date(2028, 1, 1))
        merchant = services.admit(details=details, at=AT)
        services.admit(details=MerchantStatus(merchant, MerchantState.ACTIVE), at=AT)
        services.admit(details=ShopDetails(merchant, "一店", county.code), at=AT)
        services.admit(details=PayAccountDetails(merchant, "示例银行", "虚构户名", f"62220000{place:04d}"), at=AT)
        account = queries.pay_account(merchant)
        assert account is not None
        services.admit(details=PayAccountConfirm(merchant, account.number), at=AT, by=finance)
    days = timedelta(days=900)
    lunch = OfferDetails(OfferKind.RESTAURANT, "示例券", "虚构", 10, 1000, AT, AT + days, valid_days=90)
    services.offer(details=lunch, at=AT)
    return person


def hands() -> tuple[Any, Any]:
    """Who runs the platform and who approves, as they stand in the database."""
    from tanhui.parties import services
    from tanhui.parties.models import User
    from tanhui.parties.types import Actor, Role

    found = []
    for role in (Role.OPERATOR, Role.FINANCE):
        user, fresh = User.objects.get_or_create(username=role.value, defaults={"created_at": AT, "password": "!"})
        if fresh:
            services.grant(user_id=user.pk, role=role, at=AT, by=Actor.system("bench"))
        found.append(Actor.staff(user))
    return found[0], found[1]


def redeem(month: date, count: int, person: int) -> None:
    """A month of redemptions, evenly over its days and the merchants."""
    from django.db import connection, transaction

    from tanhui.kernel.days import day_start
    from tanhui.ledger import services as ledger
    from tanhui.ledger.types import STAGING_DDL, Staged

    values: dict[str, Any] = {"person": person, "from": day_start(month), "count": count, "month": f"{month:%Y-%m}"}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # rules of single vouchers are not measured here
        cursor.execute(MAKE_VOUCHERS, values)
        cursor.execute(MAKE_REDEMPTIONS, values | {"merchants": MERCHANTS})
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute(STAGING_DDL)
        cursor.execute(STAGE, values)
        ledger.post(postings=Staged(), at=day_start(month) + timedelta(days=32))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def clear(month: date, *, show: bool) -> None:
    """All steps of a month by three hands."""
    from tanhui.kernel.days import local_day
    from tanhui.rewards import queries, services
    from tanhui.rewards.types import (
        ApproveStatement,
        CheckStatement,
        ConfirmPayment,
        DraftMonth,
        PreparePayment,
    )

    one, other = hands()
    at = queries.first_draft(month)
    begin = time.perf_counter()
    services.clear(details=DraftMonth(month), at=at, by=one)
    drafted = time.perf_counter()
    views = queries.statements(month=month)
    for view in views:
        services.clear(details=CheckStatement(view.number, view.digest), at=at, by=one)
        services.clear(details=ApproveStatement(view.number, view.digest), at=at, by=other)
    approved = time.perf_counter()
    number = services.clear(details=PreparePayment(month), at=at, by=one)
    services.clear(details=ConfirmPayment(number, "BANK-1", local_day(at)), at=at + timedelta(hours=1), by=other)
    paid = time.perf_counter()
    if show:
        lines = sum(view.lines for view in views)
        print(
            f"{lines:,} redemptions, {len(views)} statements: drafted in {drafted - begin:.2f} s, checked and approved"
            f" in {approved - drafted:.2f} s, paid in {paid - approved:.2f} s, together {paid - begin:.2f} s"
            f" (load {os.getloadavg()[0]:.1f})",
            flush=True,
        )


def prove() -> None:
    """The books after all of it."""
    from tanhui.ledger import queries
    from tanhui.rewards import queries as rewards

    out = queries.trial_balance().out_of_balance()
    print(
        f"proved: {len(queries.prove())} discrepancies; trial balance {out or 'balanced'};"
        f" owed {rewards.owed_fen()} fen"
    )


if __name__ == "__main__":
    main()
