"""What the operator sets up: merchants, shops, staff, stocks, offers. Bad input changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    LUNCH,
    THANKS,
    VILLAGE,
    buy,
    everything,
    offered,
    party,
    resident,
    staff_user,
    stock,
    store,
)

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import services as parties_services
from tanhui.parties.queries import audit_trail
from tanhui.parties.types import Actor, Role
from tanhui.rewards import queries, services
from tanhui.rewards.models import Merchant, MerchantStaff
from tanhui.rewards.types import (
    MerchantDetails,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    OfferKind,
    OfferState,
    OfferStatus,
    ShopDetails,
    StaffRole,
    StockDetails,
)

pytestmark = pytest.mark.django_db


def admit(details: Any, by: Actor = services.SYSTEM) -> str:
    return services.admit(details=details, at=AT, by=by)


def offer(details: Any, by: Actor = services.SYSTEM) -> str:
    return services.offer(details=details, at=AT, by=by)


def test_a_merchant_applies_and_is_taken_in() -> None:
    owner = party("organization")
    details = MerchantDetails(owner, " 虚构茶油 坊 ", date(2026, 1, 1), date(2027, 1, 1))
    number = admit(details)
    assert queries.merchant(number).title == "虚构茶油 坊"
    with pytest.raises(Conflict):
        admit(details)
    for state in (MerchantState.ACTIVE, MerchantState.LEFT):
        admit(MerchantStatus(number, state))
    again = admit(details)  # who left may apply again, as a new member
    assert [each.number for each in queries.merchants()] == [number, again]
    assert [each.number for each in queries.merchants(MerchantState.APPLIED)] == [again]
    assert [each.action for each in audit_trail(target=number)] == [
        "rewards.admit_status", "rewards.admit_status", "rewards.admit_merchant",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (MerchantState.APPLIED, MerchantState.SUSPENDED),
        (MerchantState.ACTIVE, MerchantState.APPLIED),
        (MerchantState.ACTIVE, MerchantState.ACTIVE),
    ],
)
def test_states_that_do_not_follow(first: MerchantState, then: MerchantState) -> None:
    place = store(state=first)
    with pytest.raises(Conflict):
        admit(MerchantStatus(place.merchant, then, "x"))
    assert queries.merchant(place.merchant).state is first


def test_bad_merchants() -> None:
    place, owner = store(), party("organization")
    good = MerchantDetails(owner, "虚构", date(2026, 1, 1), date(2027, 1, 1))
    for details, error in [
        (replace(good, party_id=resident()), BadInput),
        (replace(good, party_id=10**9), NotFound),
        (replace(good, title=" "), BadInput),
        (replace(good, title="x" * 81), BadInput),
        (replace(good, contract_to=date(2026, 1, 1)), BadInput),
        (MerchantStatus("mer_none", MerchantState.ACTIVE), NotFound),
        (MerchantStatus(place.merchant, MerchantState.SUSPENDED), BadInput),
        (ShopDetails("mer_none", "店", VILLAGE), NotFound),
        (ShopDetails(place.merchant, "店", "000000"), NotFound),
        (ShopDetails(place.merchant, "店", VILLAGE, plate="小写"), BadInput),
        (ShopDetails(place.merchant, "店", VILLAGE, number=store().shop), NotFound),
        (ShopDetails(place.merchant, queries.shops(place.merchant)[0].title, VILLAGE), Conflict),
        (MerchantStaffDetails(place.merchant, 10**9), NotFound),
    ]:
        count = Merchant.objects.count()
        with pytest.raises(error):
            admit(details)
        assert Merchant.objects.count() >= count
    assert len(queries.shops(place.merchant)) == 1


def test_shops_have_plates_of_their_own() -> None:
    place = store()
    number = admit(ShopDetails(place.merchant, "二店", VILLAGE, "虚构路 1 号", "TH-0001"))
    with pytest.raises(Conflict):
        admit(ShopDetails(place.merchant, "三店", VILLAGE, plate="TH-0001"))
    admit(ShopDetails(place.merchant, "二店", VILLAGE, "虚构路 2 号", "TH-0002", number=number))
    changed = {shop.number: shop for shop in queries.shops(place.merchant)}[number]
    assert (changed.address, changed.plate, changed.closed) == ("虚构路 2 号", "TH-0002", False)
    admit(ShopDetails(place.merchant, "二店", VILLAGE, number=number, closed=True))
    assert admit(ShopDetails(place.merchant, "二店", VILLAGE)) != number
    with pytest.raises(NotFound):
        queries.shops("mer_none")


def test_staff_change_their_role_and_leave() -> None:
    place, person = store(), staff_user()
    assert person.user_id is not None
    details = MerchantStaffDetails(place.merchant, person.user_id)
    admit(details)
    admit(details)
    admit(replace(details, role=StaffRole.MANAGER))
    (membership,) = queries.merchant_of(person.user_id)
    assert (membership.merchant, membership.role) == (place.merchant, StaffRole.MANAGER)
    admit(replace(details, given=False))
    assert queries.merchant_of(person.user_id) == []
    assert MerchantStaff.objects.filter(user_id=person.user_id).count() == 2


def test_only_operators_set_up() -> None:
    administrator = Actor.system("test")
    place = store()
    for role in Role:
        person = staff_user()
        assert person.user_id is not None
        parties_services.grant(user_id=person.user_id, role=role, at=AT, by=administrator)
        if role is Role.OPERATOR:
            offer(LUNCH, person)
            admit(ShopDetails(place.merchant, "二店", VILLAGE), person)
            continue
        with pytest.raises(Forbidden):
            offer(LUNCH, person)
        with pytest.raises(Forbidden):
            admit(ShopDetails(place.merchant, "三店", VILLAGE), person)
    with pytest.raises(Forbidden):
        offer(LUNCH, place.cashier)
    assert len(queries.offers(published_only=False)) == 1


def test_a_draft_changes_until_it_is_published() -> None:
    place = store()
    number = offer(LUNCH)
    assert offer(replace(LUNCH, price_points=80, merchants=(place.merchant,), number=number)) == number
    assert queries.offers() == []
    offer(OfferStatus(number, OfferState.PUBLISHED))
    shown = queries.offer(number)
    assert (shown.price_points, shown.merchants, shown.left) == (80, (place.merchant,), None)
    for details in (
        replace(LUNCH, number=number),
        OfferStatus(number, OfferState.DRAFT),
        OfferStatus(number, OfferState.PUBLISHED),
    ):
        with pytest.raises(Conflict):
            offer(details)
    offer(OfferStatus(number, OfferState.WITHDRAWN))
    assert queries.offers() == []
    assert queries.offer(number).state is OfferState.WITHDRAWN


def test_who_redeems_fits_the_kind() -> None:
    lunch, thanks = offer(LUNCH), offer(replace(THANKS, merchants=(store().merchant,)))
    for number in (lunch, thanks):
        with pytest.raises(Conflict):
            offer(OfferStatus(number, OfferState.PUBLISHED))


BAD = [
    {"price_points": 0}, {"price_points": -1}, {"price_points": 10**9}, {"face_value_fen": 0}, {"face_value_fen": -1},
    {"face_value_fen": 10**10}, {"kind": OfferKind.HONOR}, {"title": ""}, {"title": "x\x00"}, {"terms": " "},
    {"terms": "x" * 2001}, {"sale_to": LUNCH.sale_from}, {"sale_to": LUNCH.sale_to.replace(tzinfo=None)},
    {"valid_days": None}, {"valid_days": 0}, {"valid_until": AT + 200 * DAY}, {"valid_days": 4000},
    {"valid_days": None, "valid_until": AT}, {"per_person_limit": 0}, {"per_person_day_limit": -1},
    {"per_day_limit": 0}, {"cancel_hours": -1},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=lambda change: ",".join(map(str, change)))
def test_bad_offers(change: dict[str, Any]) -> None:
    before = everything()
    with pytest.raises(BadInput):
        offer(replace(LUNCH, **change))
    assert everything() == before


def test_unknown_things() -> None:
    for details in (
        replace(LUNCH, stock="stk_none"),
        replace(LUNCH, merchants=("mer_none",)),
        replace(LUNCH, number="ofr_none"),
        OfferStatus("ofr_none", OfferState.PUBLISHED),
        StockDetails("x", 1, "stk_none"),
    ):
        with pytest.raises(NotFound):
            offer(details)
    with pytest.raises(NotFound):
        queries.offer("ofr_none")
    with pytest.raises(NotFound):
        queries.merchant("mer_none")


def test_a_stock_is_not_less_than_what_is_taken() -> None:
    shared = stock(3)
    number = offered(LUNCH, store(), stock=shared)
    buy(resident(100), number)
    with pytest.raises(Conflict):
        offer(StockDetails("x", 0, shared))
    for quantity in (-1, 10**12):
        with pytest.raises(BadInput):
            offer(StockDetails("x", quantity))
    offer(StockDetails("x", 1, shared))
    assert queries.offer(number).left == 0


def test_offers_are_found() -> None:
    place = store()
    lunch, thanks = offered(LUNCH, place), offered(THANKS)
    soap = offered(LUNCH, place, kind=OfferKind.GOODS, title="肥皂（示例）", price_points=10)
    assert [each.number for each in queries.offers()] == [soap, thanks, lunch]
    assert [each.number for each in queries.offers(kind=OfferKind.HONOR)] == [thanks]
    assert [each.number for each in queries.offers(text=" 肥皂 ")] == [soap]
    assert queries.offers(text="没有") == []
