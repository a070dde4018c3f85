"""A unit applies to the alliance on the open page, the operator decides; nothing is registered before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.doors import rewards_world as world
from tests.doors.desk import enter, hire
from tests.doors.pages import Page
from tests.doors.test_office_rewards import post, read, show

from tanhui.kernel.errors import Forbidden
from tanhui.office.acts import today
from tanhui.parties import queries as parties
from tanhui.parties.models import Organization
from tanhui.parties.types import Actor, Role
from tanhui.rewards import queries, services
from tanhui.rewards.models import Merchant, MerchantApplication, MerchantContract
from tanhui.rewards.types import ApplicationDecision, ApplicationState, MerchantState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    cache.clear()
    world.divide()


@pytest.fixture
def operator(db: None) -> Client:
    return enter(hire("op", Role.OPERATOR))


def sent(**changes: Any) -> dict[str, Any]:
    form = {
        "name": "虚构食品有限公司",
        "credit_code": world.CREDIT_CODE,
        "title": "虚构小吃",
        "shop_title": "虚构小吃城南店",
        "division_code": world.VILLAGE,
        "address": "示例路 2 号",
        "kinds": ["restaurant", "goods"],
        "words": "午餐券，每月一百份。",
    }
    return form | changes


def apply(client: Client, status: int = 200, **changes: Any) -> Page:
    return read(client.post(reverse("portal:mall-join"), sent(**changes), follow=True), status)


def decision(**changes: str) -> dict[str, str]:
    last = today() + timedelta(days=364)
    form = {"accepted": "True", "contract_from": today().isoformat(), "contract_last": last.isoformat()}
    return form | {"rate": "95.5"} | changes


def test_an_application_is_only_that_until_it_is_decided(client: Client, operator: Client) -> None:
    assert "申请加入商户联盟" in read(client.get(reverse("portal:mall-join")), 200).text
    page = apply(client)
    assert "已收到" in page.text
    assert "待审核" in page.text
    (row,) = queries.applications()
    assert row.number in page.text
    assert (row.credit_code, [kind.value for kind in row.kinds]) == (world.CREDIT_CODE, ["restaurant", "goods"])
    assert not Merchant.objects.exists()
    assert not Organization.objects.exists()
    assert "虚构小吃" in show(operator, "rewards-applications", state="received").text
    assert "午餐券，每月一百份。" in show(operator, "rewards-application", row.number).text


def test_an_accepted_one_becomes_a_merchant_with_contract_and_shop(client: Client, operator: Client) -> None:
    apply(client)
    (row,) = queries.applications()
    page = post(operator, "rewards-application-decide", row.number, **decision())
    assert "虚构小吃已加入联盟" in page.text
    (found,) = queries.merchants()
    assert (found.title, found.state, found.contract_from) == ("虚构小吃", MerchantState.ACTIVE, today())
    assert (found.contract_to - found.contract_from).days == 365
    assert [shop.title for shop in queries.shops(found.number)] == ["虚构小吃城南店"]
    assert MerchantContract.objects.get().rate_bp == 9550
    assert Organization.objects.get().credit_code == world.CREDIT_CODE
    assert "已同意" in read(client.get(reverse("portal:mall-join-one", args=[row.number])), 200).text
    again = post(operator, "rewards-application-decide", row.number, status=409, **decision())
    assert "不用再审核" in again.text
    assert len(queries.merchants()) == 1
    assert parties.audit_trail(action="rewards.application_decide")[0].actor == "staff:op"


def test_a_declined_one_tells_the_applicant_why(client: Client, operator: Client) -> None:
    apply(client)
    (row,) = queries.applications()
    page = post(operator, "rewards-application-decide", row.number, status=422, accepted="False")
    assert "不同意要写明原因" in page.text
    post(operator, "rewards-application-decide", row.number, accepted="False", reason="请补营业执照副本")
    page = read(client.get(reverse("portal:mall-join-one", args=[row.number])), 200)
    assert "请补营业执照副本" in page.text
    assert queries.application(row.number).state is ApplicationState.DECLINED
    assert not Merchant.objects.exists()
    assert "已收到" in apply(client).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contract_from": ""}, "同意时要填"),
        ({"contract_last": "2020-01-01"}, "不能早于起始日"),
        ({"rate": "0"}, "0.01"),
        ({"rate": "101"}, "100"),
        ({"accepted": ""}, "请选择一项"),
        ({"contract_from": "2020-01-01", "contract_last": "2020-06-30"}, "截止日在今天之后"),
    ],
)
def test_a_faulty_decision_makes_nothing(client: Client, operator: Client, changes: dict[str, str], words: str) -> None:
    apply(client)
    (row,) = queries.applications()
    page = post(operator, "rewards-application-decide", row.number, status=422, **decision(**changes))
    assert words in page.text
    assert queries.application(row.number).state is ApplicationState.RECEIVED
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"credit_code": world.CREDIT_CODE[:-1] + "A"}, "校验码不对"),
        ({"credit_code": "12345"}, "18 位"),
        ({"name": " "}, "必填"),
        ({"title": "名" * 81}, "80"),
        ({"division_code": "999999"}, "选择"),
        ({"kinds": ["honor"]}, "选择"),
        ({"words": "长" * 501}, "500"),
    ],
)
def test_a_faulty_application_is_refused_beside_the_field(client: Client, changes: dict[str, Any], words: str) -> None:
    page = apply(client, 422, **changes)
    assert words in page.text
    assert MerchantApplication.objects.count() == 0


def test_one_unit_and_one_address_send_only_a_few(client: Client) -> None:
    for _ in range(3):
        apply(client)
    assert "已有申请在审核" in apply(client, 409).text
    apply(client, 422, credit_code="12345")
    assert "一小时内最多" in apply(client, 409).text
    assert MerchantApplication.objects.count() == 3


def test_the_register_is_not_renamed_from_outside(client: Client, operator: Client) -> None:
    """A stranger who knows a unit's code changes nothing about it, and cannot take its place."""
    apply(client)
    (row,) = queries.applications()
    post(operator, "rewards-application-decide", row.number, **decision())
    apply(client, name="冒名公司", title="冒名小吃")
    assert Organization.objects.get().name == "虚构食品有限公司"
    wrong = queries.applications(ApplicationState.RECEIVED)[0]
    page = post(operator, "rewards-application-decide", wrong.number, status=409, **decision())
    assert "已是商户" in page.text
    assert Organization.objects.get().name == "虚构食品有限公司"
    assert queries.application(wrong.number).state is ApplicationState.RECEIVED


def test_only_the_operator_decides_and_a_wrong_number_finds_nothing(client: Client) -> None:
    apply(client)
    (row,) = queries.applications()
    auditor = enter(hire("aud", Role.AUDITOR))
    assert show(auditor, "rewards-application", row.number).all("form") == []
    post(auditor, "rewards-application-decide", row.number, status=403, **decision())
    nobody = Actor.staff(hire("nobody"))
    with pytest.raises(Forbidden):
        services.admit(details=ApplicationDecision(row.number, accepted=True), at=timezone.now(), by=nobody)
    read(client.get(reverse("portal:mall-join-one", args=["apl_none"])), 404)
    assert queries.application(row.number).state is ApplicationState.RECEIVED
