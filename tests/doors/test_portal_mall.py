"""The mall that everybody sees: what points buy, in words, and nothing that cannot be had."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.doors import rewards_world as world
from tests.doors.public import page_of
from tests.rooms.rewards import mall

from tanhui.rewards import services
from tanhui.rewards.types import MerchantState, MerchantStatus, OfferKind, OfferStatus, ShopDetails

pytestmark = pytest.mark.django_db


def test_before_anything_is_published_it_says_what_will_be_there(client: Client) -> None:
    world.divide()
    merchant, _, _ = world.join()
    services.offer(details=world.details(merchant), at=timezone.now())
    page = page_of(client, "mall")
    assert "商城还没有上架权益" in page.text
    assert "午餐券" not in page.text
    assert "积分怎么来" in page.text


def test_an_offer_says_its_price_its_terms_its_limits_and_where_it_is_used(client: Client) -> None:
    alliance = world.open_alliance()
    world.publish(alliance.merchant, title="早餐券（示例）", kind=OfferKind.GOODS, per_person_limit=2, cancel_hours=24)
    page = page_of(client, "mall")
    for words in ("100 分", "虚构商户堂食可用", "不限量", "兑换后30天内使用", "每人限兑2份", "兑换后24小时内可以取消"):
        assert words in page.text
    assert "虚构镇 虚构餐馆一店 （示例路 1 号）" in page.text
    assert "这里只能看，不能兑换" in page.text
    assert page.text.index("餐饮券") < page.text.index("早餐券（示例）")
    assert page.all("form") == []


def test_what_is_left_is_said_in_words(client: Client) -> None:
    alliance = world.open_alliance()
    few = world.publish(alliance.merchant, title="少量（示例）", stock=mall.stock(2))
    world.publish(alliance.merchant, title="充足（示例）", stock=mall.stock(500))
    early = {"sale_from": timezone.now() + timedelta(days=2)}
    world.publish(alliance.merchant, title="预告（示例）", **early)
    page = page_of(client, "mall")
    assert "只剩2份" in page.text
    assert "充足（示例） 有余量" in page.text
    assert "预告（示例） 还没有开始兑换" in page.text
    world.bought(few)
    world.bought(few)
    assert "少量（示例） 已兑完" in page_of(client, "mall").text


def test_what_is_withdrawn_or_over_is_not_shown(client: Client) -> None:
    alliance = world.open_alliance()
    over = {"sale_to": timezone.now() - timedelta(minutes=1)}
    world.publish(alliance.merchant, title="过期（示例）", **over)
    services.offer(details=OfferStatus(alliance.offer, mall.OfferState.WITHDRAWN), at=timezone.now())
    page = page_of(client, "mall")
    assert "过期（示例）" not in page.text
    assert "商城还没有上架权益" in page.text


def test_a_shop_that_does_not_redeem_now_is_no_place_to_use_it(client: Client) -> None:
    alliance = world.open_alliance()
    closed = ShopDetails(
        alliance.merchant, "虚构餐馆一店", world.VILLAGE, number=alliance.shop, plate="P-X", closed=True
    )
    services.admit(details=closed, at=timezone.now())
    assert "请先不要兑换" in page_of(client, "mall").text
    opened = ShopDetails(alliance.merchant, "虚构餐馆二店", world.TOWN)
    services.admit(details=opened, at=timezone.now())
    assert "虚构镇 虚构餐馆二店" in page_of(client, "mall").text
    services.admit(details=MerchantStatus(alliance.merchant, MerchantState.SUSPENDED, "测试"), at=timezone.now())
    assert "虚构餐馆二店" not in page_of(client, "mall").text


def test_the_plates_code_leads_to_what_is_used_in_that_shop(client: Client) -> None:
    alliance = world.open_alliance()
    merchant, shop, _ = world.join("虚构书店")
    assert "现在没有可以在这里用的权益" in page_of(client, "mall", shop=shop).text
    world.publish(merchant, title="书券（示例）")
    page = page_of(client, "mall", shop=shop)
    assert "在虚构书店一店能用的权益" in page.text
    assert shop not in page.text
    assert "书券（示例）" in page.text
    assert "午餐券" not in page.text
    assert "午餐券" in page_of(client, "mall", shop=alliance.shop).text
    assert "积分商城" in page_of(client, "mall", shop="shp_none").text


def test_an_honor_has_no_place_and_cannot_be_given_back(client: Client) -> None:
    number = services.offer(details=world.details(kind=OfferKind.HONOR, face_value_fen=0), at=timezone.now())
    services.offer(details=OfferStatus(number, mall.OfferState.PUBLISHED), at=timezone.now())
    page = page_of(client, "mall")
    assert "兑换即完成，不能取消" in page.text
    assert "在哪里用" not in page.text
    assert "天内使用" not in page.text
