"""Cases through HTTP: an operator decides, a manager and a resident appeal, the committee rules."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.doors import rewards_world as world
from tests.doors.api_client import open_county, sign_in
from tests.doors.desk import enter, hire
from tests.doors.pages import Page
from tests.rooms.rewards.mall import give

from tanhui.integrity import queries
from tanhui.integrity.types import CaseState, SubjectKind
from tanhui.office.acts import today
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Role
from tanhui.rewards import _limits
from tanhui.rewards import queries as rewards
from tanhui.rewards import services as rewards_services
from tanhui.rewards.types import MerchantStaffDetails, MerchantState, RedemptionDetails, StaffRole

pytestmark = pytest.mark.django_db
MINE = "/api/v1/resident"


@pytest.fixture
def operator(db: None) -> Client:
    return enter(hire("op", Role.OPERATOR))


@pytest.fixture
def committee(db: None) -> Client:
    return enter(hire("judge", Role.COMMITTEE))


def show(client: Client, page: str, *args: str, status: int = 200, **query: str) -> Page:
    return read(client.get(reverse(f"office:{page}", args=args), query), status)


def post(client: Client, page: str, *args: str, status: int = 200, **data: Any) -> Page:
    return read(client.post(reverse(f"office:{page}", args=args), data, follow=True), status)


def read(response: Any, status: int) -> Page:
    page = Page(response)
    assert response.status_code == status, page.text
    assert page.faults() == []
    return page


def busy_resident(settings: Any) -> tuple[dict[str, str], world.Alliance]:
    """A resident who uses twenty vouchers at one shop within a minute; signed in."""
    settings.TANHUI_DEMO = True
    open_county()
    alliance = world.open_alliance()
    headers = sign_in(Client(), "busy-one")
    person = parties.party(Client().get(f"{MINE}/account", headers=headers).json()["number"]).id
    give(person, 100_000, timezone.now().year + 2, timezone.now())
    for n in range(20):
        at = timezone.now()
        bought = rewards_services.exchange(party_id=person, offer=alliance.offer, key=f"k{n}", at=at)
        details = RedemptionDetails(bought.code, alliance.merchant, alliance.shop, f"nonce-{n:04d}", at)
        rewards_services.redeem(details=details, at=at, by=Actor.staff(alliance.cashier))
    return headers, alliance


@pytest.mark.usefixtures("no_limits")
def test_from_finding_to_ruling(settings: Any, operator: Client, committee: Client) -> None:
    headers, alliance = busy_resident(settings)
    empty = show(operator, "integrity-cases")
    assert "没有需要核查的情形" in empty.text
    assert "核销集中在少数人" in empty.text
    page = post(operator, "integrity-scan")
    assert "新发现" in page.text
    person = next(each for each in queries.cases() if each.kind is SubjectKind.PERSON)
    merchant = next(each for each in queries.cases() if each.kind is SubjectKind.MERCHANT)
    assert "当日使用 20 张券" in show(operator, "integrity-case", person.number).text

    post(operator, "integrity-decide", person.number, status=422, action="hold", reason="")
    page = post(operator, "integrity-decide", person.number, status=422, action="hold", reason="核对过记录")
    assert "暂停兑换须写截止日" in page.text
    until = (today().replace(day=1)).isoformat()
    post(operator, "integrity-decide", person.number, status=409, action="hold", reason="核对过记录", until=until)
    assert queries.case(person.number).state is CaseState.OPEN
    post(operator, "integrity-decide", person.number, action="warn", reason="请勿代他人用券")
    post(operator, "integrity-decide", merchant.number, action="suspend", reason="二十张券来自一人")
    assert rewards.merchant(alliance.merchant).state is MerchantState.SUSPENDED

    told = Client().get(f"{MINE}/cases", headers=headers).json()["cases"]
    assert [(each["action"], each["reason"]) for each in told] == [("warn", "请勿代他人用券")]
    address = f"{MINE}/cases/{person.number}/appeal"
    sent = Client().post(address, {"text": "是单位聚餐"}, content_type="application/json", headers=headers)
    assert (sent.status_code, sent.json()["state"]) == (200, "appealed")
    again = Client().post(address, {"text": "再说一次"}, content_type="application/json", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "case_not_ready")
    other = sign_in(Client(), "somebody-else")
    assert Client().get(f"{MINE}/cases", headers=other).json()["cases"] == []
    refused = Client().post(address, {"text": "别人的"}, content_type="application/json", headers=other)
    assert refused.status_code == 404

    manager = hire("manager")
    rewards_services.admit(
        details=MerchantStaffDetails(alliance.merchant, manager.pk, StaffRole.MANAGER), at=timezone.now()
    )
    desk = enter(manager)
    assert "二十张券来自一人" in show(desk, "till-cases").text
    assert "没有针对本店的决定" in show(enter(alliance.cashier), "till-cases").text
    post(desk, "till-appeal", merchant.number, status=422, text="")
    post(desk, "till-appeal", merchant.number, text="那天有一场婚宴")
    assert "那天有一场婚宴" in show(committee, "integrity-case", merchant.number).text
    assert "integrity-rule" not in show(operator, "integrity-case", merchant.number).text
    post(committee, "integrity-rule", merchant.number, status=422, upheld="no", reason="")
    post(committee, "integrity-rule", merchant.number, upheld="no", reason="有订餐单为证")
    assert rewards.merchant(alliance.merchant).state is MerchantState.ACTIVE
    assert "有订餐单为证" in show(desk, "till-cases").text

    file: Any = operator.get(reverse("office:integrity-cases-csv"))
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert len(rows) == 1 + len(queries.cases())
    assert [row[-1] for row in rows[1:] if row[0] == merchant.number] == ["撤销"]


@pytest.mark.usefixtures("no_limits")
def test_a_case_of_another_merchant_is_not_found(settings: Any, operator: Client) -> None:
    busy_resident(settings)
    post(operator, "integrity-scan")
    merchant = next(each for each in queries.cases() if each.kind is SubjectKind.MERCHANT)
    post(operator, "integrity-decide", merchant.number, action="warn", reason="请注意")
    stranger = hire("stranger")
    other, *_ = world.join("别家")
    rewards_services.admit(details=MerchantStaffDetails(other, stranger.pk, StaffRole.MANAGER), at=timezone.now())
    show(enter(stranger), "till-appeal", merchant.number, status=404)
    show(operator, "integrity-case", "cas_nobody", status=404)


@pytest.fixture
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty exchanges in a minute are what this story needs; the day's limit of a person has tests of its own."""
    monkeypatch.setattr(_limits, "limits", _limits.Limits)
