"""Rules that the database keeps, whoever writes: each is tried past the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    LUNCH,
    THANKS,
    Store,
    buy,
    offered,
    resident,
    stock,
    store,
    undo,
    use,
)

from tanhui.rewards import services
from tanhui.rewards.models import Redemption, Voucher
from tanhui.rewards.types import VoucherView

pytestmark = pytest.mark.django_db


def run(statement: str, *arguments: object) -> None:
    """A statement as its own transaction would end: what is deferred is checked as well."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was done before is past
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(statement, arguments)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def refused(statement: str, *arguments: object) -> None:
    """A rule speaks, not a mistake in the statement: class 23 is integrity."""
    with pytest.raises(DatabaseError) as caught:
        run(statement, *arguments)
    assert sqlstate(caught.value).startswith("23"), caught.value


def sqlstate(error: BaseException) -> str:
    return getattr(error.__cause__, "sqlstate", "") or ""


@pytest.fixture
def place() -> Store:
    return store()


@pytest.fixture
def voucher(place: Store) -> VoucherView:
    return buy(resident(1000), offered(LUNCH, place, stock=stock(5), per_day_limit=5))


def test_stock_and_day_give_no_more_than_they_have(voucher: VoucherView) -> None:
    for statement in (
        "UPDATE rewards_stock SET taken = 6",
        "UPDATE rewards_stock SET taken = -1",
        "UPDATE rewards_stock SET quantity = 0",
        "UPDATE rewards_offer_day SET taken = 6",
        "UPDATE rewards_offer_day SET taken = -1",
    ):
        refused(statement)
    run("UPDATE rewards_stock SET taken = 5")


@pytest.mark.parametrize(
    "change",
    [
        "price_points = 1", "face_value_fen = 1", "title = 'x'", "terms = 'x'", "sale_to = sale_to + interval '1 day'",
        "valid_days = 60", "per_person_limit = 9", "per_day_limit = 9", "cancel_hours = 0", "stock_id = NULL",
        "kind = 'goods'", "state = 'draft'",
    ],
)  # fmt: skip
def test_a_published_offer_is_frozen(voucher: VoucherView, change: str) -> None:
    refused(f"UPDATE rewards_offer SET {change}")


def test_an_offer_is_never_deleted_and_keeps_its_merchants(voucher: VoucherView) -> None:
    other = store()
    for statement in (
        "DELETE FROM rewards_offer_merchant",
        "UPDATE rewards_offer_merchant SET merchant_id = merchant_id",
        "TRUNCATE rewards_offer_merchant",
        "DELETE FROM rewards_offer",
        "TRUNCATE rewards_offer CASCADE",
    ):
        refused(statement)
    refused(
        "INSERT INTO rewards_offer_merchant (offer_id, merchant_id)"
        " SELECT o.id, m.id FROM rewards_offer o, rewards_merchant m WHERE m.number = %s",
        other.merchant,
    )


def test_an_offer_begins_as_a_draft_that_can_be_redeemed(place: Store) -> None:
    draft = services.offer(details=LUNCH, at=AT)
    refused("UPDATE rewards_offer SET state = 'published' WHERE number = %s", draft)
    honor = services.offer(details=THANKS, at=AT)
    run("UPDATE rewards_offer SET state = 'published' WHERE number = %s", honor)
    refused("UPDATE rewards_offer SET face_value_fen = 0 WHERE number = %s", draft)
    refused("UPDATE rewards_offer SET price_points = 0 WHERE number = %s", draft)
    refused("UPDATE rewards_offer SET valid_until = sale_to WHERE number = %s", draft)
    columns = "kind, title, terms, price_points, face_value_fen, sale_from, sale_to, valid_days, created_at"
    refused(
        f"INSERT INTO rewards_offer (number, state, {columns})"
        f" SELECT 'ofr_copy', 'published', {columns} FROM rewards_offer WHERE number = %s",
        honor,
    )


@pytest.mark.parametrize(
    "change",
    [
        "price_points = 1", "face_value_fen = 1", "valid_to = valid_to + interval '1 day'", "party_id = party_id + 1",
        "key = 'x'", "number = 'x'", "code_hash = 'x'", "exchanged_at = now()", "ended_at = now()",
        "state = 'redeemed', ended_at = now()", "state = 'lost', ended_at = now()", "state = 'cancelled'",
    ],
)  # fmt: skip
def test_a_voucher_keeps_its_content(voucher: VoucherView, change: str) -> None:
    refused(f"UPDATE rewards_voucher SET {change}")


def cancelled(voucher: VoucherView, place: Store) -> None:
    services.cancel(number=voucher.number, party_id=Voucher.objects.get().party_id, at=AT)


def expired(voucher: VoucherView, place: Store) -> None:
    services.expire(at=AT + 50 * DAY)


def redeemed(voucher: VoucherView, place: Store) -> None:
    use(place, voucher.code)


@pytest.mark.parametrize(
    ("end", "then"),
    [
        (cancelled, "open"), (cancelled, "expired"), (cancelled, "redeemed"), (cancelled, "cancelled"),
        (expired, "open"), (expired, "cancelled"), (expired, "redeemed"),
        (redeemed, "open"), (redeemed, "cancelled"), (redeemed, "expired"),
    ],
)  # fmt: skip
def test_a_voucher_lives_once(
    voucher: VoucherView, place: Store, end: Callable[[VoucherView, Store], None], then: str
) -> None:
    end(voucher, place)
    ended = "NULL" if then == "open" else "now()"
    refused(f"UPDATE rewards_voucher SET state = '{then}', ended_at = {ended}")


def test_a_voucher_is_never_deleted_and_begins_open(voucher: VoucherView, place: Store) -> None:
    refused("DELETE FROM rewards_voucher")
    refused("TRUNCATE rewards_voucher CASCADE")
    copy = (
        "INSERT INTO rewards_voucher (number, code_hash, key, state, ended_at, offer_id, party_id, price_points,"
        " face_value_fen, valid_from, valid_to, exchanged_at, input_hash)"
        " SELECT 'vou_x', 'x', 'x', '{}', {}, offer_id, party_id, price_points, face_value_fen, valid_from, valid_to,"
        " exchanged_at, input_hash FROM rewards_voucher"
    )
    refused(copy.format("redeemed", "now()"))
    refused(copy.format("cancelled", "now()"))
    refused(copy.format("open", "NULL"))  # nobody paid for it


def test_points_are_the_price_and_stay(voucher: VoucherView) -> None:
    more = (
        "INSERT INTO rewards_voucher_points (voucher_id, expiry_year, points) SELECT id, 2027, %s FROM rewards_voucher"
    )
    refused(more, 1)
    refused(more, 0)
    refused("UPDATE rewards_voucher_points SET points = 1")
    refused("DELETE FROM rewards_voucher_points")
    refused("TRUNCATE rewards_voucher_points")


@transaction.atomic
def store_and_check(row: Redemption) -> None:
    row.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def forged(**changes: object) -> None:
    """The latest redemption once more, with these changes."""
    row = Redemption.objects.order_by("-id").first()
    assert row is not None
    row.pk = None
    row._state.adding = True
    for name, value in ({"number": "rdm_x", "nonce": "forged-1"} | changes).items():
        setattr(row, name, value)
    with pytest.raises(DatabaseError) as caught:
        store_and_check(row)
    assert sqlstate(caught.value).startswith("23")


def test_one_redemption_of_a_voucher_stands(voucher: VoucherView, place: Store) -> None:
    use(place, voucher.code)
    other = store()
    forged()
    forged(turn=2)
    forged(turn=0)
    forged(nonce=Redemption.objects.get().nonce, turn=2)
    forged(turn=2, merchant_id=merchant_id(other))
    forged(outcome="unknown_code", turn=0, shop_id=shop_id(other))
    forged(outcome="undone", reason="x", undo_of_id=None)
    forged(outcome="undone", undo_of_id=Redemption.objects.get().pk, reason="")
    forged(outcome="undone", undo_of_id=Redemption.objects.get().pk, reason="x")  # and the voucher stays redeemed
    forged(outcome="maybe", turn=0)
    refused("UPDATE rewards_redemption SET message = 'x'")
    refused("DELETE FROM rewards_redemption")
    refused("TRUNCATE rewards_redemption CASCADE")


def test_an_undo_is_of_the_same_merchant_and_once(voucher: VoucherView, place: Store) -> None:
    done = use(place, voucher.code)
    undo(place, done.number)
    forged()
    first = Redemption.objects.get(number=done.number)
    forged(undo_of_id=first.pk, merchant_id=merchant_id(store()), shop_id=None)
    forged(outcome="redeemed", undo_of_id=None, reason="", turn=2)  # while the voucher is open


def merchant_id(where: Store) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM rewards_merchant WHERE number = %s", [where.merchant])
        return int(cursor.fetchone()[0])


def shop_id(where: Store) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM rewards_shop WHERE number = %s", [where.shop])
        return int(cursor.fetchone()[0])


def test_drafts_may_change_their_merchants(place: Store) -> None:
    draft = services.offer(details=replace(LUNCH, merchants=(place.merchant,)), at=AT)
    services.offer(details=replace(LUNCH, merchants=(store().merchant,), number=draft), at=AT)
    run("DELETE FROM rewards_offer_merchant")
