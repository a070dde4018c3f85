"""The alliance, the mall's offers and the till, as staff see them: every page, every act, every refusal."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from tests.doors import rewards_world as world
from tests.doors.desk import enter, hire
from tests.doors.pages import Page
from tests.rooms.rewards.mall import assert_sound

from tanhui.office.access import MEMBERSHIP, PAGES
from tanhui.office.acts import today
from tanhui.parties import queries as parties
from tanhui.parties.types import Role
from tanhui.rewards import queries, services
from tanhui.rewards.models import Redemption
from tanhui.rewards.types import MerchantState, MerchantStatus, OfferState, Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def alliance(db: None) -> world.Alliance:
    return world.open_alliance()


@pytest.fixture
def operator(db: None) -> Client:
    return enter(hire("op", Role.OPERATOR))


def show(client: Client, page: str, *args: str, status: int = 200, **query: str) -> Page:
    return read(client.get(reverse(f"office:{page}", args=args), query), status)


def post(client: Client, page: str, *args: str, status: int = 200, **data: Any) -> Page:
    return read(client.post(reverse(f"office:{page}", args=args), data, follow=True), status)


def read(response: Any, status: int) -> Page:
    page = Page(response)
    assert response.status_code == status, page.text
    assert page.faults() == []
    return page


def hidden(page: Page, name: str) -> str:
    return next(field["value"] for field in page.all("input") if field.get("name") == name)


def redeem(client: Client, alliance: world.Alliance, code: str, nonce: str = "") -> Page:
    page = show(client, "till")
    assert hidden(page, "shop") == alliance.shop
    return post(client, "till", shop=hidden(page, "shop"), code=code, nonce=nonce or hidden(page, "nonce"))


# ------------------------------------------------------------------------------------------------------ the till


def test_a_cashier_without_any_role_starts_at_the_till_and_opens_nothing_else(alliance: world.Alliance) -> None:
    client = enter(alliance.cashier)
    response: Any = client.get(reverse("office:start"))
    assert (response.status_code, response.url) == (302, reverse("office:till"))
    page = show(client, "till")
    assert "虚构餐馆，您是收银员" in page.text
    assert "今天还没有核销" in page.text
    inside = {link["href"] for link in page.all("a") if link["href"].startswith("/office/")}
    inside = {path for path in inside if "/account/" not in path}
    assert {"/office/", reverse("office:till")} <= inside
    assert {PAGES[resolve(path).url_name or ""] for path in inside - {"/office/"}} == {MEMBERSHIP}
    for name in ("rewards-offers", "rewards-merchants", "books", "partners"):
        show(client, name, status=403)
    show(client, "rewards-merchant", alliance.merchant, status=403)


def test_who_no_longer_works_there_finds_the_till_closed(alliance: world.Alliance, operator: Client) -> None:
    client = enter(alliance.cashier)
    post(operator, "rewards-merchant-staff", alliance.merchant, username=alliance.cashier.username, role="")
    show(client, "till", status=403)
    voucher = world.bought(alliance.offer)
    post(client, "till", shop=alliance.shop, code=voucher.code, nonce="n-12345678", status=403)
    assert Redemption.objects.count() == 0


def test_a_good_code_is_a_big_yes_and_stands_in_the_day(alliance: world.Alliance) -> None:
    client, voucher = enter(alliance.cashier), world.bought(alliance.offer)
    page = redeem(client, alliance, voucher.code)
    assert "✓ 可以受理" in page.text
    assert "午餐券（示例）" in page.text
    assert "抵 10.00 元" in page.text
    assert "✓ 已核销" in page.text
    assert "下一张" in page.text
    assert_sound()


def test_the_content_of_the_qr_code_and_digits_without_spaces_do_as_well(alliance: world.Alliance) -> None:
    client = enter(alliance.cashier)
    assert "✓ 可以受理" in redeem(client, alliance, world.bought(alliance.offer).token).text
    assert "✓ 可以受理" in redeem(client, alliance, world.bought(alliance.offer).code.replace(" ", "")).text


def test_a_form_that_is_sent_twice_is_answered_once(alliance: world.Alliance) -> None:
    client, voucher = enter(alliance.cashier), world.bought(alliance.offer)
    nonce = hidden(show(client, "till"), "nonce")
    first = redeem(client, alliance, voucher.code, nonce)
    again = redeem(client, alliance, voucher.code, nonce)
    assert "✓ 可以受理" in first.text
    assert "✓ 可以受理" in again.text
    assert "没有重复核销" in again.text
    assert "没有重复核销" not in first.text
    assert hidden(again, "nonce") != nonce
    assert Redemption.objects.count() == 1
    other = redeem(client, alliance, world.bought(alliance.offer).code, nonce)
    assert "✗ 不能受理" in other.text
    assert "这张表单已经用过了" in other.text
    assert Redemption.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1234 5678 9012 3456", "校验位不符"),
        ("0000 0000 0000 0097", "校验位不符"),
        ("TH1.e30.AAAA", "不是本平台签发"),
        ("请核销", "校验位不符"),
    ],
)
def test_a_wrong_code_is_a_big_no_with_the_reason_and_what_to_do(
    alliance: world.Alliance, code: str, words: str
) -> None:
    page = redeem(enter(alliance.cashier), alliance, code)
    assert "✗ 不能受理" in page.text
    assert words in page.text
    assert "✗ 未受理" in page.text
    assert_sound()


def test_a_used_voucher_says_when_and_where(alliance: world.Alliance) -> None:
    client, voucher = enter(alliance.cashier), world.bought(alliance.offer)
    redeem(client, alliance, voucher.code)
    page = redeem(client, alliance, voucher.code)
    assert "在虚构餐馆一店使用过" in page.text
    assert Redemption.objects.filter(outcome=Outcome.REDEEMED).count() == 1


def test_another_merchants_voucher_is_refused_and_its_shop_cannot_be_named(alliance: world.Alliance) -> None:
    merchant, shop, _ = world.join("虚构书店")
    voucher = world.bought(world.publish(merchant))
    client = enter(alliance.cashier)
    assert "这张券不在本商户使用" in redeem(client, alliance, voucher.code).text
    post(client, "till", shop=shop, code=voucher.code, nonce="n-12345678", status=422)
    assert not Redemption.objects.filter(merchant__number=merchant).exists()


def test_a_suspended_merchant_is_told_before_and_at_every_attempt(alliance: world.Alliance) -> None:
    client, voucher = enter(alliance.cashier), world.bought(alliance.offer)
    stopped = MerchantStatus(alliance.merchant, MerchantState.SUSPENDED, "测试")
    services.admit(details=stopped, at=timezone.now())
    assert "已暂停，现在不能核销" in show(client, "till").text
    assert "不在合作状态" in redeem(client, alliance, voucher.code).text
    assert_sound()


def test_nothing_typed_is_lost_when_the_form_is_incomplete(alliance: world.Alliance) -> None:
    client = enter(alliance.cashier)
    page = post(client, "till", shop=alliance.shop, code="", nonce="n-12345678", status=422)
    assert "请输入券码" in page.text
    page = post(client, "till", shop=alliance.shop, code="1234", nonce="", status=422)
    assert "页面已过期" in page.text
    assert hidden(page, "code") == "1234"
    assert Redemption.objects.count() == 0


def test_a_mistake_is_taken_back_with_a_reason_and_the_voucher_is_good_again(alliance: world.Alliance) -> None:
    client, voucher = enter(alliance.cashier), world.bought(alliance.offer)
    redeem(client, alliance, voucher.code)
    number = Redemption.objects.get().number
    assert "撤销后，券回到客人手里" in show(client, "till-undo", number).text
    assert "请写明原因" in post(client, "till-undo", number, reason="", status=422).text
    assert "核销已撤销" in post(client, "till-undo", number, reason="扫错了券").text
    assert "已经撤销过" in show(client, "till-undo", number).text
    assert "0 张" in show(client, "till").text
    assert parties.audit_trail(action="rewards.undo")[0].target == number
    assert "✓ 可以受理" in redeem(client, alliance, voucher.code).text
    assert_sound()


def test_nobody_elses_redemption_and_no_old_one_is_undone(
    alliance: world.Alliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, voucher = enter(alliance.cashier), world.bought(alliance.offer)
    redeem(client, alliance, voucher.code)
    row = Redemption.objects.get()
    _, _, stranger = world.join("虚构书店")
    assert "今天没有这笔核销" in post(enter(stranger), "till-undo", row.number, reason="x", status=404).text
    later = row.recorded_at + timedelta(minutes=31)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    page = client.post(reverse("office:till-undo", args=[row.number]), {"reason": "太晚了"}, follow=True)
    assert page.status_code in (200, 404)
    assert not Redemption.objects.filter(undo_of=row).exists()


# -------------------------------------------------------------------------------------------------- the alliance


def application(**changes: str) -> dict[str, str]:
    form = {
        "name": "虚构食品有限公司",
        "credit_code": world.CREDIT_CODE,
        "title": "虚构小吃",
        "contract_from": today().isoformat(),
        "contract_last": (today() + timedelta(days=364)).isoformat(),
    }
    return form | changes


def test_an_application_is_checked_decided_and_given_a_shop_and_people(operator: Client) -> None:
    world.divide()
    assert "还没有商户" in show(operator, "rewards-merchants").text
    wrong = application(credit_code=world.CREDIT_CODE[:-1] + "A")
    page = post(operator, "rewards-apply", status=422, **wrong)
    assert "信用代码" in page.text
    assert hidden(page, "title") == "虚构小吃"
    assert queries.merchants() == []
    assert "等待审核" in post(operator, "rewards-apply", **application()).text
    (found,) = queries.merchants()
    assert (found.state, (found.contract_to - found.contract_from).days) == (MerchantState.APPLIED, 365)
    assert "已是商户" in post(operator, "rewards-apply", status=409, **application()).text
    assert "现在合作中" in post(operator, "rewards-merchant-decide", found.number, state="active").text
    shop = {"title": "虚构小吃城南店", "division_code": world.VILLAGE, "address": "示例路 2 号", "plate": "PJ-001"}
    assert "PJ-001" in post(operator, "rewards-shop-add", found.number, **shop).text
    assert "已经有了" in post(operator, "rewards-shop-add", found.number, status=409, **shop).text
    assert "只能用大写" in post(operator, "rewards-shop-add", found.number, status=422, **(shop | {"plate": "a"})).text
    (made,) = queries.shops(found.number)
    closing = shop | {"closed": "True"}
    assert "已停用" in post(operator, "rewards-shop", found.number, made.number, **closing).text
    assert [row.actor for row in parties.audit_trail(action="rewards.admit_status")] == ["staff:op"]


def test_a_suspension_needs_its_reason_and_who_left_stays_left(alliance: world.Alliance, operator: Client) -> None:
    page = post(operator, "rewards-merchant-decide", alliance.merchant, status=422, state="suspended")
    assert "暂停商户要写明原因" in page.text
    assert queries.merchant(alliance.merchant).state is MerchantState.ACTIVE
    stopped = post(operator, "rewards-merchant-decide", alliance.merchant, state="suspended", reason="投诉核查")
    assert "已暂停：收银员能登录" in stopped.text
    assert "投诉核查" in stopped.text
    assert "合作状态的变更" in stopped.text
    assert "现在合作中" in post(operator, "rewards-merchant-decide", alliance.merchant, state="active").text
    left = post(operator, "rewards-merchant-decide", alliance.merchant, state="left")
    assert "变更合作状态" not in left.text
    post(operator, "rewards-merchant-decide", alliance.merchant, status=422, state="active")
    assert queries.merchant(alliance.merchant).state is MerchantState.LEFT


def test_staff_come_change_and_go_by_their_user_name(alliance: world.Alliance, operator: Client) -> None:
    person = hire("shopkeeper")
    names = {"username": "shopkeeper"}
    assert "没有" in post(operator, "rewards-merchant-staff", alliance.merchant, status=404, username="nobody").text
    page = post(operator, "rewards-merchant-staff", alliance.merchant, status=404, role="", **names)
    assert "不是本商户的人员" in page.text
    page = post(operator, "rewards-merchant-staff", alliance.merchant, role="manager", **names)
    assert "现在是虚构餐馆的店长" in page.text
    assert [each.role for each in queries.merchant_of(person.pk)] == ["manager"]
    page = post(operator, "rewards-merchant-staff", alliance.merchant, role="", **names)
    assert "不再是虚构餐馆的人员" in page.text
    assert queries.merchant_of(person.pk) == []


def test_the_plate_leads_to_what_can_be_used_there(alliance: world.Alliance, operator: Client) -> None:
    page = show(operator, "rewards-plate", alliance.merchant, alliance.shop)
    assert "虚构餐馆一店" in page.text
    assert len(page.all("svg")) == 1
    show(operator, "rewards-plate", alliance.merchant, "shp_none", status=404)


def test_the_lists_are_filtered_and_leave_as_files(alliance: world.Alliance, operator: Client) -> None:
    world.join("虚构书店", MerchantState.APPLIED)
    page = show(operator, "rewards-merchants", state="applied")
    assert "列出1家" in page.text
    assert "虚构餐馆" not in page.text
    show(operator, "rewards-merchants", state="left")
    show(operator, "rewards-offers", state="withdrawn")
    for name, rows in (("rewards-merchants-csv", 2), ("rewards-offers-csv", 1)):
        file = operator.get(reverse(f"office:{name}"))
        assert len(list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))) == rows + 1
    assert "午餐券" in show(operator, "rewards-merchant", alliance.merchant).text


# ----------------------------------------------------------------------------------------------------- the offers


def draft(merchant: str, **changes: Any) -> dict[str, Any]:
    form = {
        "kind": "restaurant",
        "title": "晚餐券（示例）",
        "terms": "虚构餐馆堂食可用。",
        "price_points": "300",
        "face_value": "12.50",
        "sale_from": today().isoformat(),
        "sale_last": (today() + timedelta(days=30)).isoformat(),
        "valid_days": "15",
        "quantity": "40",
        "merchants": [merchant],
    }
    return form | changes


def test_an_offer_is_drafted_published_and_withdrawn(alliance: world.Alliance, operator: Client) -> None:
    page = post(operator, "rewards-offer-new", **draft(alliance.merchant))
    assert "草稿，居民看不到" in page.text
    (made,) = [each for each in queries.offers(published_only=False) if each.state is OfferState.DRAFT]
    assert (made.face_value_fen, made.left, made.valid_days) == (1250, 40, 15)
    assert (made.sale_to - made.sale_from).days == 31
    assert "内容已冻结" in post(operator, "rewards-offer-state", made.number, "published").text
    assert world.bought(made.number).code
    assert "剩余 39 份" in show(operator, "rewards-offer", made.number).text
    assert "不再兑换" in post(operator, "rewards-offer-state", made.number, "withdrawn").text
    assert "不能改为" in post(operator, "rewards-offer-state", made.number, "published").text
    post(operator, "rewards-offer-state", made.number, "draft", status=404)
    assert queries.offer(made.number).state is OfferState.WITHDRAWN


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price_points": "0"}, "1"),
        ({"face_value": ""}, "要填面值"),
        ({"face_value": "12.345"}, "小数"),
        ({"valid_days": ""}, "只填一项"),
        ({"valid_days": "", "valid_last": "2026-01-01"}, "不能早于兑换最后一天"),
        ({"sale_last": "2020-01-01"}, "不能早于开始的一天"),
        ({"merchants": []}, "至少选一家"),
        ({"kind": "honor"}, "没有面值"),
        ({"kind": "honor", "face_value": ""}, "不选商户"),
        ({"quantity": "-1"}, "0"),
        ({"terms": ""}, "必填"),
    ],
)
def test_a_faulty_draft_is_refused_beside_the_field_and_nothing_is_kept(
    alliance: world.Alliance, operator: Client, changes: dict[str, Any], words: str
) -> None:
    page = post(operator, "rewards-offer-new", status=422, **draft(alliance.merchant, **changes))
    assert words in page.text
    assert hidden(page, "title") == "晚餐券（示例）"
    assert len(queries.offers(published_only=False)) == 1


def test_a_new_draft_takes_over_what_another_offer_says(alliance: world.Alliance, operator: Client) -> None:
    page = show(operator, "rewards-offer-new", like=alliance.offer)
    assert hidden(page, "title") == "午餐券（示例）"
    assert hidden(page, "price_points") == "100"
    assert hidden(page, "face_value").startswith("10")
    assert "value" not in next(field for field in page.all("input") if field.get("name") == "quantity")
    show(operator, "rewards-offer-new", like="ofr_none", status=404)


def test_an_honor_needs_no_merchant(operator: Client) -> None:
    assert "只能起草荣誉和公益捐赠" in show(operator, "rewards-offer-new").text
    post(operator, "rewards-offer-new", **draft("", kind="honor", face_value="", merchants=[], quantity=""))
    (made,) = queries.offers(published_only=False)
    assert (made.face_value_fen, made.left, made.merchants) == (0, None, ())


def test_who_only_looks_sees_no_button(alliance: world.Alliance) -> None:
    client = enter(hire("aud", Role.AUDITOR))
    for name, args in (
        ("rewards-offers", ()),
        ("rewards-offer", (alliance.offer,)),
        ("rewards-merchants", ()),
        ("rewards-merchant", (alliance.merchant,)),
    ):
        assert show(client, name, *args).all("form") == []
    post(client, "rewards-offer-state", alliance.offer, "withdrawn", status=403)
    assert queries.offer(alliance.offer).state is OfferState.PUBLISHED
