"""What a merchant's manager runs without the operator: people, phones, shops, plates; and nothing of others."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.doors import rewards_world as world
from tests.doors.desk import enter, hire
from tests.doors.test_office_rewards import post, show

from tanhui.parties import queries as parties
from tanhui.parties.types import Role
from tanhui.rewards import queries, services
from tanhui.rewards.models import MerchantDevice
from tanhui.rewards.types import DeviceEntry, DeviceState, MerchantStaffDetails, StaffRole

pytestmark = pytest.mark.django_db


@pytest.fixture
def alliance(db: None) -> world.Alliance:
    return world.open_alliance()


@pytest.fixture
def manager(alliance: world.Alliance) -> Client:
    person = hire("manager")
    details = MerchantStaffDetails(alliance.merchant, person.pk, StaffRole.MANAGER)
    services.admit(details=details, at=timezone.now())
    return enter(person)


def invite(client: Client, alliance: world.Alliance, status: int = 200, **changes: str) -> str:
    """The text of the page that shows the code."""
    data = {"title": "前台手机", "shop": alliance.shop, "user_id": str(alliance.cashier.pk)} | changes
    return post(client, "till-device", alliance.merchant, status=status, **data).text


def test_a_manager_finds_the_own_merchant_and_a_cashier_does_not(alliance: world.Alliance, manager: Client) -> None:
    page = show(manager, "till-own")
    for words in ("虚构餐馆", "虚构餐馆一店", alliance.cashier.username, "还没有允许的手机"):
        assert words in page.text
    assert reverse("office:till-own") in {link["href"] for link in show(manager, "till").all("a")}
    cashier = enter(alliance.cashier)
    show(cashier, "till-own", status=403)
    post(cashier, "till-device", alliance.merchant, status=403)
    assert MerchantDevice.objects.count() == 0


def test_a_cashier_is_entered_by_user_name_and_ended(alliance: world.Alliance, manager: Client) -> None:
    person = hire("newcomer")
    assert "没有工作人员" in post(manager, "till-staff", alliance.merchant, status=404, username="nobody").text
    assert "必填" in post(manager, "till-staff", alliance.merchant, status=422, username="").text
    assert "现在是虚构餐馆的收银员" in post(manager, "till-staff", alliance.merchant, username="newcomer").text
    assert [each.role for each in queries.merchant_of(person.pk)] == [StaffRole.CASHIER]
    page = post(manager, "till-staff", alliance.merchant, username="newcomer", ended="1")
    assert "不再是虚构餐馆的收银员" in page.text
    assert queries.merchant_of(person.pk) == []
    page = post(manager, "till-staff", alliance.merchant, status=403, username="manager", ended="1")
    assert "店长只能登记和撤下收银员" in page.text
    assert [row.actor for row in parties.audit_trail(action="rewards.admit_staff")][:2] == ["staff:manager"] * 2


def test_a_phone_is_let_in_by_a_code_shown_once_and_ended(alliance: world.Alliance, manager: Client) -> None:
    text = invite(manager, alliance)
    code = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}\b", text)
    assert code is not None
    assert "等待扫码" in show(manager, "till-own").text
    assert code[0] not in show(manager, "till-own").text
    token = services.admit(details=DeviceEntry(code[0]), at=timezone.now())
    page = show(manager, "till-own")
    assert "使用中" in page.text
    (device,) = queries.devices(alliance.merchant, timezone.now())
    assert queries.device(token, timezone.now()).shop == alliance.shop
    assert "手机已停用" in post(manager, "till-device-end", alliance.merchant, device.number).text
    assert queries.devices(alliance.merchant, timezone.now())[0].state is DeviceState.ENDED


def test_a_faulty_invitation_lets_nothing_in(alliance: world.Alliance, manager: Client) -> None:
    other, other_shop, stranger = world.join("虚构书店")
    assert "必填" in invite(manager, alliance, 422, title="")
    assert "选择" in invite(manager, alliance, 422, shop=other_shop)
    assert "选择" in invite(manager, alliance, 422, user_id=str(stranger.pk))
    post(manager, "till-device", other, status=403, title="x", shop=other_shop, user_id=str(stranger.pk))
    post(manager, "till-device-end", other, "dev_none", status=403)
    assert MerchantDevice.objects.count() == 0


def test_a_shop_changes_its_name_and_address_but_not_its_place(alliance: world.Alliance, manager: Client) -> None:
    (before,) = queries.shops(alliance.merchant)
    show(manager, "till-shop", alliance.merchant, alliance.shop)
    changed = {"title": "虚构餐馆老店", "address": "示例路 8 号", "closed": "False"}
    moved = changed | {"division_code": world.TOWN, "plate": "MINE-1"}
    post(manager, "till-shop", alliance.merchant, alliance.shop, **moved)
    (after,) = queries.shops(alliance.merchant)
    assert (after.title, after.address) == ("虚构餐馆老店", "示例路 8 号")
    assert (after.division_code, after.plate) == (before.division_code, before.plate)
    post(manager, "till-shop", alliance.merchant, alliance.shop, **(changed | {"closed": "True"}))
    assert queries.shops(alliance.merchant)[0].closed
    other, other_shop, _ = world.join("虚构书店")
    post(manager, "till-shop", other, other_shop, status=403, **changed)
    show(manager, "till-shop", alliance.merchant, other_shop, status=404)
    assert queries.shops(other)[0].title == "虚构书店一店"


def test_the_own_plate_is_printed_and_no_others(alliance: world.Alliance, manager: Client) -> None:
    assert "虚构餐馆一店" in show(manager, "till-plate", alliance.merchant, alliance.shop).text
    other, other_shop, _ = world.join("虚构书店")
    show(manager, "till-plate", other, other_shop, status=403)


def test_the_operator_sees_people_and_phones_and_ends_one(alliance: world.Alliance, manager: Client) -> None:
    invite(manager, alliance)
    operator = enter(hire("op", Role.OPERATOR))
    page = show(operator, "rewards-merchant", alliance.merchant)
    assert alliance.cashier.username in page.text
    assert "前台手机" in page.text
    (device,) = queries.devices(alliance.merchant, timezone.now())
    other, _, _ = world.join("虚构书店")
    post(operator, "rewards-merchant-device-end", other, device.number, status=404)
    assert "手机已停用" in post(operator, "rewards-merchant-device-end", alliance.merchant, device.number).text
    assert queries.devices(alliance.merchant, timezone.now())[0].state is DeviceState.ENDED
    auditor = show(enter(hire("aud", Role.AUDITOR)), "rewards-merchant", alliance.merchant)
    assert auditor.all("form") == []
