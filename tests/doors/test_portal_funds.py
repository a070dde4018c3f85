"""The mall's money in public: pool, promises, queue, rule; and months that anybody can check without us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.doors import rewards_world as world
from tests.doors.public import page_of
from tests.rooms.rewards import mall

from tanhui.office.acts import today
from tanhui.rewards import queries, services
from tanhui.rewards.types import BudgetDetails, FundsDetails

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_pool_promises_and_rule_are_shown_in_yuan(client: Client) -> None:
    alliance = world.open_alliance()
    services.offer(details=BudgetDetails(today().year, 2_000_000, 100_000, "", "虚构文件"), at=timezone.now())
    line = BudgetDetails(today().year, 50_000, 0, alliance.offer, "虚构文件")
    services.offer(details=line, at=timezone.now())
    world.bought(alliance.offer)
    page = page_of(client, "mall-funds")
    for words in (
        "20,000.00 元",
        "预留 1,000.00 元",
        "已经答应出去 10.00 元",
        "还能换 18,990.00 元",
        "490.00 元",
        "够用",
    ):
        assert words in page.text, words
    assert "先例：韩国" in page.text
    assert "暂定" in page.text
    assert queries.funds_rule().rule[:20] in page.text
    assert "还没有签发过月报" in page.text


def test_when_the_money_does_not_reach_it_says_by_how_much(client: Client) -> None:
    mall.resident(10_000)
    page = page_of(client, "mall-funds")
    assert "不够全部在手积分来换，差 72.00 元" in page.text
    assert "够用。" not in page.text


def test_a_signed_month_can_be_checked_without_us(client: Client) -> None:
    month = (today().replace(day=1) - timedelta(days=1)).replace(day=1)
    services.clear(details=FundsDetails(month), at=timezone.now())
    page = page_of(client, "mall-funds")
    document = queries.funds_document(month)
    assert document.digest in page.text
    assert document.public_key in page.text
    found = [
        client.get(reverse(f"portal:mall-funds-{part}", args=[month.year, month.month]))
        for part in ("json", "signature", "key")
    ]
    for response, ending in zip(found, ("json", "sig", "pem"), strict=True):
        assert response["Content-Disposition"] == f'attachment; filename="funds-{month:%Y-%m}.{ending}"'
    content, signature, key = (response.content for response in found)
    public = load_pem_public_key(key)
    assert isinstance(public, Ed25519PublicKey)
    public.verify(signature, content)
    assert json.loads(content)["month"] == f"{month:%Y-%m}"
    with pytest.raises(InvalidSignature):
        public.verify(signature, content.replace(b'"queue":0', b'"queue":1'))


@pytest.mark.parametrize(("year", "month"), [(2026, 13), (2026, 0), (1999, 1), (123456, 5)])
def test_a_month_that_was_not_signed_is_not_found(client: Client, year: int, month: int) -> None:
    for part in ("json", "signature", "key"):
        assert client.get(reverse(f"portal:mall-funds-{part}", args=[year, month])).status_code == 404


def test_the_mall_and_the_budget_of_points_lead_there(client: Client) -> None:
    for name in ("mall", "budget"):
        assert reverse("portal:mall-funds") in {each.get("href") for each in page_of(client, name).all("a")}
