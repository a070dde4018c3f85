"""A merchant's phone through HTTP: let in, redeem now and later, take back, and everything that is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.doors.api_client import problem
from tests.doors.merchant_phone import code, phone
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    MINUTE,
    Store,
    assert_sound,
    buy,
    everything,
    offered,
    resident,
    staff_user,
    store,
)

from tanhui.api import limits, problems
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.models import User
from tanhui.parties.types import Actor
from tanhui.rewards import queries, services
from tanhui.rewards.models import MerchantDevice, Redemption
from tanhui.rewards.types import (
    MOST_DEVICES,
    DeviceEnd,
    DeviceInvite,
    DeviceState,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    Outcome,
    RedemptionDetails,
    ShopDetails,
    StaffRole,
    VoucherView,
)

pytestmark = pytest.mark.django_db
BASE = "/api/v1/merchant"


class Clock:
    """What the door reads as the time."""

    def __init__(self, at: datetime) -> None:
        self.at = at


@pytest.fixture(autouse=True)
def clock(db: None, monkeypatch: pytest.MonkeyPatch) -> Clock:
    now = Clock(AT)
    monkeypatch.setattr(problems, "timezone", SimpleNamespace(now=lambda: now.at))
    return now


@pytest.fixture
def here(db: None) -> Store:
    return store()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def mine(here: Store) -> dict[str, str]:
    return bearer(phone(here))


def bought(offer: str) -> VoucherView:
    person = resident(1000)
    return queries.voucher(buy(person, offer).number, person)


def post(client: Client, path: str, me: dict[str, str], **content: Any) -> Any:
    return client.post(f"{BASE}/{path}", content, content_type="application/json", headers=me)


def redeem(client: Client, me: dict[str, str], text: str, nonce: str = "nonce-0001") -> dict[str, Any]:
    response = post(client, "redemptions", me, code=text, nonce=nonce)
    assert response.status_code == 200, response.content.decode()
    content: dict[str, Any] = response.json()
    return content


# ------------------------------------------------------------------------------------------------------ letting in


def test_a_phone_comes_in_by_a_code_once_and_says_for_whom(client: Client, here: Store) -> None:
    shown = code(here)
    response = post(client, "sign-in", {}, code=shown.lower().replace("-", " "))
    assert response.status_code == 200
    answer = response.json()
    assert (answer["merchant"]["number"], answer["shop"], answer["role"]) == (here.merchant, here.shop, "cashier")
    assert answer["voucher_key"]["public_key"] == queries.token_key().public_key
    assert client.get(f"{BASE}/me", headers=bearer(answer["token"])).json() == {
        name: value for name, value in answer.items() if name != "token"
    }
    problem(post(client, "sign-in", {}, code=shown), 401, "unauthorized")
    (device,) = queries.devices(here.merchant, AT)
    assert (device.state, device.title) == (DeviceState.ACTIVE, "前台手机")
    kept = MerchantDevice.objects.values_list("code_hash", "token_hash").get()
    assert all(shown.replace("-", "").encode() not in bytes(each) for each in kept)
    assert [row.action for row in parties.audit_trail()][:2] == ["rewards.device_enter", "rewards.device_invite"]


@pytest.mark.parametrize("text", ["", "1234", "AAAA-BBBB-CCCC", "0000-0000-0000", "配对码"])
def test_a_wrong_code_lets_nobody_in(client: Client, here: Store, text: str) -> None:
    code(here)
    before = everything()
    response = post(client, "sign-in", {}, code=text)
    problem(response, *((401, "unauthorized") if text else (422, "bad_input")))
    assert everything() == before


def test_a_code_lapses_and_an_ended_invitation_is_none(client: Client, here: Store, clock: Clock) -> None:
    shown, other = code(here), code(here)
    clock.at = AT + 10 * MINUTE
    problem(post(client, "sign-in", {}, code=shown), 401, "unauthorized")
    clock.at = AT + 9 * MINUTE
    assert {each.state for each in queries.devices(here.merchant, AT + 10 * MINUTE)} == {DeviceState.LAPSED}
    for each in queries.devices(here.merchant, clock.at):
        services.admit(details=DeviceEnd(each.number), at=clock.at)
    problem(post(client, "sign-in", {}, code=other), 401, "unauthorized")
    assert queries.devices(here.merchant, AT + 2 * DAY) == []


def test_guessing_codes_is_slow(client: Client, here: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "sign_in", 2)
    for status in (401, 401, 429):
        assert post(client, "sign-in", {}, code="AAAA-BBBB-CCCC").status_code == status


@pytest.mark.parametrize("token", ["", "x", "TD1.", f"TD1.{'A' * 43}", "TD1.\u0000"])
def test_no_token_no_till(client: Client, here: Store, mine: dict[str, str], token: str) -> None:
    before = everything()
    for method, path in (("get", "me"), ("get", "day"), ("post", "redemptions"), ("post", "redemptions/batch")):
        response = getattr(client, method)(f"{BASE}/{path}", headers=bearer(token))
        problem(response, 401, "unauthorized")
    assert everything() == before


def test_an_ended_phone_a_person_who_left_and_a_closed_account_redeem_no_more(client: Client, here: Store) -> None:
    text = bought(offered(LUNCH, here)).code
    ended, left, closed = (bearer(phone(here)) for _ in range(3))
    assert len(queries.devices(here.merchant, AT)) == 3
    newest = queries.devices(here.merchant, AT)[-1]
    services.admit(details=DeviceEnd(newest.number), at=AT)
    refused = [me for me in (ended, left, closed) if client.get(f"{BASE}/me", headers=me).status_code == 401]
    assert refused == [ended]
    assert here.cashier.user_id is not None
    User.objects.filter(pk=here.cashier.user_id).update(is_active=False)
    problem(post(client, "redemptions", closed, code=text, nonce="nonce-0001"), 401, "unauthorized")
    User.objects.filter(pk=here.cashier.user_id).update(is_active=True)
    services.admit(details=MerchantStaffDetails(here.merchant, here.cashier.user_id, given=False), at=AT)
    problem(post(client, "redemptions", left, code=text, nonce="nonce-0001"), 401, "unauthorized")
    assert Redemption.objects.count() == 0


# ----------------------------------------------------------------------------------------------------- the manager


def managed(where: Store) -> Actor:
    """A new manager of the store."""
    manager = staff_user()
    assert manager.user_id is not None
    services.admit(details=MerchantStaffDetails(where.merchant, manager.user_id, StaffRole.MANAGER), at=AT)
    return manager


def test_a_manager_lets_phones_in_makes_cashiers_and_changes_own_shops(here: Store) -> None:
    manager, helper = managed(here), staff_user()
    assert helper.user_id is not None
    assert code(here, by=manager)
    (device,) = queries.devices(here.merchant, AT)
    services.admit(details=DeviceEnd(device.number), at=AT, by=manager)
    services.admit(details=MerchantStaffDetails(here.merchant, helper.user_id), at=AT, by=manager)
    assert [each.role for each in queries.merchant_of(helper.user_id)] == [StaffRole.CASHIER]
    services.admit(details=MerchantStaffDetails(here.merchant, helper.user_id, given=False), at=AT, by=manager)
    assert queries.merchant_of(helper.user_id) == []
    (shop,) = queries.shops(here.merchant)
    moved = ShopDetails(here.merchant, "虚构餐馆新店", shop.division_code, "示例路 9 号", shop.plate, shop.number)
    services.admit(details=moved, at=AT, by=manager)
    assert queries.shops(here.merchant)[0].title == "虚构餐馆新店"


def test_a_manager_does_nothing_to_others_nor_more_than_is_own(here: Store) -> None:
    manager, cashier, other = managed(here), here.cashier, store("虚构书店")
    second = managed(here)
    services.admit(details=MerchantStaffDetails(other.merchant, second.user_id or 0), at=AT)
    code(other)
    (shop,), (device,) = queries.shops(here.merchant), queries.devices(other.merchant, AT)
    moved = (shop.title, "430626000000", shop.address, shop.plate, shop.number)
    plate = (shop.title, shop.division_code, shop.address, "PJ-9", shop.number)
    before = everything()
    for by, details in (
        (manager, DeviceInvite(other.merchant, other.shop, other.cashier.user_id or 0, "手机")),
        (manager, DeviceEnd(device.number)),
        (manager, DeviceEnd("dev_none")),
        (manager, MerchantStaffDetails(other.merchant, manager.user_id or 0)),
        (manager, MerchantStaffDetails(here.merchant, manager.user_id or 0)),
        (manager, MerchantStaffDetails(here.merchant, cashier.user_id or 0, StaffRole.MANAGER)),
        (manager, MerchantStaffDetails(here.merchant, second.user_id or 0, given=False)),
        (manager, MerchantStatus(here.merchant, MerchantState.LEFT)),
        (manager, ShopDetails(here.merchant, "新店", shop.division_code)),
        (manager, ShopDetails(here.merchant, *moved)),
        (manager, ShopDetails(here.merchant, *plate)),
        (manager, ShopDetails(other.merchant, "x", shop.division_code, number=other.shop)),
        (second, MerchantStaffDetails(other.merchant, cashier.user_id or 0)),
        (cashier, DeviceInvite(here.merchant, here.shop, cashier.user_id or 0, "手机")),
        (cashier, MerchantStaffDetails(here.merchant, manager.user_id or 0, given=False)),
        (staff_user(), DeviceInvite(here.merchant, here.shop, cashier.user_id or 0, "手机")),
    ):
        with pytest.raises(Forbidden):
            services.admit(details=details, at=AT, by=by)
    assert everything() == before


def test_an_invitation_names_an_open_shop_a_person_and_a_phone(here: Store) -> None:
    other, user = store("虚构书店"), here.cashier.user_id or 0
    for details, refusal in (
        (DeviceInvite(here.merchant, other.shop, user, "手机"), NotFound),
        (DeviceInvite(here.merchant, here.shop, other.cashier.user_id or 0, "手机"), NotFound),
        (DeviceInvite(here.merchant, here.shop, user, " "), BadInput),
        (DeviceInvite(here.merchant, here.shop, user, "机" * 41), BadInput),
        (DeviceInvite("mer_none", here.shop, user, "手机"), NotFound),
    ):
        with pytest.raises(refusal):
            services.admit(details=details, at=AT)
    for _ in range(MOST_DEVICES):
        code(here)
    with pytest.raises(Conflict):
        code(here)
    assert code(here, at=AT + HOUR)
    assert MerchantDevice.objects.count() == MOST_DEVICES + 1


# -------------------------------------------------------------------------------------------------------- redeeming


def test_a_good_code_is_redeemed_once_whatever_is_retried(client: Client, here: Store, mine: dict[str, str]) -> None:
    voucher = bought(offered(LUNCH, here))
    first = redeem(client, mine, voucher.code)
    assert (first["outcome"], first["title"], first["face_value_fen"]) == ("redeemed", "午餐券（示例）", 1000)
    again = redeem(client, mine, voucher.code)
    assert again == first | {"replayed": True}
    used = redeem(client, mine, voucher.token, "nonce-0002")
    assert (used["outcome"], used["title"], used["face_value_fen"]) == ("already_redeemed", "", 0)
    assert "使用过" in used["message"]
    response = post(client, "redemptions", mine, code=bought(offered(LUNCH, here)).code, nonce="nonce-0001")
    problem(response, 409, "key_reused")
    assert Redemption.objects.filter(outcome=Outcome.REDEEMED).count() == 1
    assert Redemption.objects.filter(outcome=Outcome.REDEEMED, staff_id=here.cashier.user_id).exists()
    assert_sound()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("1234 5678 9012 3456", "bad_check_digit"),
        ("TH1.e30.AAAA", "bad_signature"),
        ("0000 0000 0000 0197", "bad_check_digit"),
        ("请核销", "bad_check_digit"),
    ],
)
def test_a_refusal_is_an_answer_with_its_reason(
    client: Client, here: Store, mine: dict[str, str], text: str, outcome: str
) -> None:
    answer = redeem(client, mine, text)
    assert answer["outcome"] == outcome
    assert answer["message"]
    assert answer["fix"]
    assert_sound()


def test_another_merchants_voucher_and_a_suspended_merchant(client: Client, here: Store, mine: dict[str, str]) -> None:
    foreign = bought(offered(LUNCH, store("虚构书店"))).code
    assert redeem(client, mine, foreign)["outcome"] == "other_merchant"
    own = bought(offered(LUNCH, here)).code
    services.admit(details=MerchantStatus(here.merchant, MerchantState.SUSPENDED, "测试"), at=AT)
    assert redeem(client, mine, own, "nonce-0002")["outcome"] == "merchant_suspended"
    assert client.get(f"{BASE}/me", headers=mine).json()["merchant"]["state"] == "suspended"
    assert_sound()


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"code": "1234"},
        {"code": "1234", "nonce": "short"},
        {"code": "1234", "nonce": "nonce 0001"},
        {"code": "", "nonce": "nonce-0001"},
        {"code": "1" * 2901, "nonce": "nonce-0001"},
        {"code": "12\u0000", "nonce": "nonce-0001"},
        {"code": "1234", "nonce": "nonce-0001", "claimed_at": "2026-06-10T12:00:00"},
        {"code": "1234", "nonce": "nonce-0001", "claimed_at": "0684-01-03T16:13:27-16:48"},
        {"code": "1234", "nonce": "nonce-0001", "merchant": "mer_other"},
    ],
)
def test_what_cannot_be_read_is_stored_nowhere(
    client: Client, here: Store, mine: dict[str, str], content: dict[str, str]
) -> None:
    before = everything()
    problem(post(client, "redemptions", mine, **content), 422, "bad_input")
    assert everything() == before


def test_redeeming_stays_lean(client: Client, here: Store, mine: dict[str, str]) -> None:
    """One read for the phone, one write for its limit; the rest is the room's own."""
    offer = offered(LUNCH, here)
    redeem(client, mine, bought(offer).code)  # opens the accounts
    codes = [bought(offer).code for _ in range(2)]
    with CaptureQueriesContext(connection) as through_http:
        redeem(client, mine, codes[0], "nonce-0002")
    details = RedemptionDetails(codes[1], here.merchant, here.shop, "nonce-0003", AT)
    with CaptureQueriesContext(connection) as in_the_room:
        assert services.redeem(details=details, at=AT, by=here.cashier).outcome is Outcome.REDEEMED
    assert len(through_http) == len(in_the_room) + 2


# ---------------------------------------------------------------------------------------------------------- offline


def entry(text: str, serial: int, at: datetime = AT) -> dict[str, str]:
    return {"code": text, "nonce": f"offline-{serial:04d}", "claimed_at": at.isoformat()}


def test_a_morning_without_network_comes_in_once_each_with_its_own_answer(
    client: Client, here: Store, mine: dict[str, str], clock: Clock
) -> None:
    first, second = bought(offered(LUNCH, here)), bought(offered(LUNCH, here))
    clock.at = AT + 5 * HOUR
    sent = [
        entry(first.token, 1, AT + HOUR),
        entry(second.token, 2, AT + 2 * HOUR),
        entry(first.token, 3, AT + 3 * HOUR),
        entry(second.token, 1, AT + 2 * HOUR),
        entry("TH1.e30.AAAA", 4, AT + HOUR),
        entry("1234", 5, AT - 4 * DAY),
    ]
    answers = post(client, "redemptions/batch", mine, redemptions=sent).json()["answers"]
    outcomes = [each["result"] and each["result"]["outcome"] for each in answers]
    assert outcomes == ["redeemed", "redeemed", "already_redeemed", None, "bad_signature", "clock_off"]
    assert (answers[3]["code"], answers[3]["again"]) == ("key_reused", False)
    assert [each["nonce"] for each in answers] == [each["nonce"] for each in sent]
    once = list(Redemption.objects.values_list("number", flat=True))
    again = post(client, "redemptions/batch", mine, redemptions=sent).json()["answers"]
    assert [each["result"] and each["result"]["number"] for each in again] == [
        each["result"] and each["result"]["number"] for each in answers
    ]
    assert all(each["result"]["replayed"] for each in again if each["result"])
    assert list(Redemption.objects.values_list("number", flat=True)) == once
    assert_sound()


def test_an_online_attempt_whose_answer_was_lost_is_the_same_when_uploaded(
    client: Client, here: Store, mine: dict[str, str], clock: Clock
) -> None:
    voucher = bought(offered(LUNCH, here))
    first = redeem(client, mine, voucher.token, "offline-0001")
    clock.at = AT + HOUR
    (answer,) = post(client, "redemptions/batch", mine, redemptions=[entry(voucher.token, 1)]).json()["answers"]
    assert answer["result"] == first | {"replayed": True}
    assert_sound()


def test_an_upload_says_in_which_shop_it_was(client: Client, here: Store, mine: dict[str, str], clock: Clock) -> None:
    details = ShopDetails(here.merchant, "虚构餐馆二店", queries.shops(here.merchant)[0].division_code)
    second, other = services.admit(details=details, at=AT), store("虚构书店").shop
    codes = [bought(offered(LUNCH, here)).token for _ in range(2)]
    clock.at = AT + HOUR
    sent = [entry(codes[0], 1) | {"shop": second}, entry(codes[1], 2) | {"shop": other}]
    answers = post(client, "redemptions/batch", mine, redemptions=sent).json()["answers"]
    assert [each["result"]["outcome"] for each in answers] == ["redeemed", "shop_unknown"]
    assert Redemption.objects.get(outcome=Outcome.REDEEMED).shop.number == second  # type: ignore[union-attr]
    assert_sound()


def test_a_phone_knows_which_offers_are_its_own(client: Client, here: Store, mine: dict[str, str]) -> None:
    offer = offered(LUNCH, here)
    offered(LUNCH, store("虚构书店"))
    assert client.get(f"{BASE}/me", headers=mine).json()["offers"] == [offer]


def test_a_batch_is_of_one_to_two_hundred(client: Client, here: Store, mine: dict[str, str]) -> None:
    before = everything()
    for sent in ([], [entry("1234", serial) for serial in range(201)]):
        problem(post(client, "redemptions/batch", mine, redemptions=sent), 422, "bad_input")
    assert everything() == before


# ------------------------------------------------------------------------------------------- taking back, and the day


def test_a_mistake_is_taken_back_in_time_by_the_same_merchant(
    client: Client, here: Store, mine: dict[str, str], clock: Clock
) -> None:
    voucher = bought(offered(LUNCH, here))
    number = redeem(client, mine, voucher.code)["number"]
    stranger = bearer(phone(store("虚构书店")))
    problem(post(client, f"redemptions/{number}/undo", stranger, reason="不是我的"), 403, "forbidden")
    problem(post(client, f"redemptions/{number}/undo", mine, reason=""), 422, "bad_input")
    problem(post(client, f"redemptions/rdm_{'0' * 26}/undo", mine, reason="没有"), 404, "not_found")
    undone = post(client, f"redemptions/{number}/undo", mine, reason="扫错了券").json()
    assert undone["outcome"] == "undone"
    assert post(client, f"redemptions/{number}/undo", mine, reason="扫错了券").json()["replayed"]
    second = redeem(client, mine, voucher.code, "nonce-0002")["number"]
    clock.at = AT + 31 * MINUTE
    problem(post(client, f"redemptions/{second}/undo", mine, reason="太晚了"), 409, "too_late")
    assert_sound()


def test_the_day_has_every_attempt_and_turns_its_pages(client: Client, here: Store, mine: dict[str, str]) -> None:
    offer = offered(LUNCH, here)
    for serial in range(3):
        redeem(client, mine, bought(offer).code, f"nonce-000{serial}")
    redeem(client, mine, "1234", "nonce-0009")
    content = client.get(f"{BASE}/day", {"limit": 3}, headers=mine).json()
    assert (content["day"], content["redeemed_count"], content["redeemed_fen"]) == ("2026-06-10", 3, 3000)
    rest = client.get(f"{BASE}/day", {"before": content["next_cursor"]}, headers=mine).json()
    numbers = [line["number"] for line in content["redemptions"] + rest["redemptions"]]
    assert (len(numbers), sorted(numbers, reverse=True)) == (4, numbers)
    assert rest["next_cursor"] is None
    assert client.get(f"{BASE}/day", {"day": "2026-06-09"}, headers=mine).json()["redemptions"] == []
    problem(client.get(f"{BASE}/day", {"before": "rdm_x"}, headers=mine), 422, "bad_input")
    foreign = client.get(f"{BASE}/day", headers=bearer(phone(store("虚构书店")))).json()
    assert foreign["redemptions"] == []


def test_a_phone_has_its_limit(client: Client, mine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "merchant", 2)
    assert [client.get(f"{BASE}/me", headers=mine).status_code for _ in range(3)] == [200, 200, 429]


def test_a_phone_takes_nothing_back_of_another_merchant_of_its_person(
    client: Client, here: Store, mine: dict[str, str]
) -> None:
    number = redeem(client, mine, bought(offered(LUNCH, here)).code)["number"]
    other, works = store(), here.cashier
    assert works.user_id is not None
    services.admit(details=MerchantStaffDetails(other.merchant, works.user_id, StaffRole.CASHIER), at=AT)
    borrowed = bearer(phone(replace(other, cashier=works)))
    problem(post(client, f"redemptions/{number}/undo", borrowed, reason="不是我的店"), 403, "forbidden")
    refused = [each for each in parties.audit_trail(target=number) if each.action == "rewards.redeem_refused"]
    assert len(refused) == 1
    assert post(client, f"redemptions/{number}/undo", mine, reason="扫错了券").json()["outcome"] == "undone"
