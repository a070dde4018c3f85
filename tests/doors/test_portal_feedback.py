"""Feedback from the public: written without a name, found by its number, refused where it says too much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from tests.doors.pages import Page
from tests.doors.public import page_of
from tests.rooms.plan import world

from tanhui.kernel.errors import Busy
from tanhui.plan import queries, services
from tanhui.plan.types import FeedbackReply
from tanhui.portal.plan_reading import today
from tanhui.portal.senders import AN_HOUR, MOST_AN_HOUR, count_sent, sender

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 15, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def staff() -> world.Staff:
    return world.open_plan()


def _send(client: Client, text: str, **extra: Any) -> Any:
    return client.post(reverse("portal:plan-feedback-new", args=[1]), {"text": text}, **extra)


def test_what_is_sent_gets_a_number_that_leads_to_the_reply(client: Client, staff: world.Staff) -> None:
    response = _send(client, "校门口希望多种几棵树")
    assert response.status_code == 302
    (kept,) = queries.feedback(on=today(), task_no=1)
    assert response.url == reverse("portal:plan-feedback-one", args=[kept.number]) + "?sent=1"
    page = Page(client.get(response.url))
    assert page.faults() == []
    assert "收到了" in page.text
    assert page.text.count(kept.number) >= 2
    assert "等待答复" in page_of(client, "plan-feedback-one", kept.number).text
    assert "校门口" not in page_of(client, "plan-task", 1).text

    details = FeedbackReply(number=kept.number, reply="今年春天就种", public=True)
    services.work(details=details, at=world.NOW, by=staff.officer)
    answered = page_of(client, "plan-feedback-one", kept.number).text
    assert "今年春天就种" in answered
    assert "教育填报员" not in answered
    assert "今年春天就种" in page_of(client, "plan-task", 1).text


def test_the_form_leads_to_the_page_of_a_number(client: Client, staff: world.Staff) -> None:
    response: Any = client.get(reverse("portal:plan-feedback"), {"number": " fbk_1 "})
    assert response.url == reverse("portal:plan-feedback-one", args=["fbk_1"])
    missing = page_of(client, "plan-feedback-one", "fbk_1", status=404)
    assert "没有" in missing.text
    assert any(each.get("value") == "fbk_1" for each in missing.all("input"))


@pytest.mark.parametrize("text", ["请打 13800138000 找我", "我的证件 430626199001011234，请核实"])
def test_phone_and_identity_numbers_are_refused_and_nothing_typed_is_lost(
    client: Client, staff: world.Staff, text: str
) -> None:
    response = _send(client, text)
    assert response.status_code == 422
    page = Page(response)
    assert page.faults() == []
    assert "不能写个人信息" in page.text
    assert text in page.text
    assert queries.feedback(on=today(), task_no=1) == []


@pytest.mark.parametrize(("text", "words"), [("", "请写下您的意见"), ("好", "至少写5个字"), ("长" * 501, "500")])
def test_too_little_and_too_much_is_said_beside_the_field(
    client: Client, staff: world.Staff, text: str, words: str
) -> None:
    response = _send(client, text)
    assert response.status_code == 422
    assert words in Page(response).text
    assert queries.feedback(on=today(), task_no=1) == []


def test_five_an_hour_from_one_address_and_not_one_more(client: Client, staff: world.Staff) -> None:
    here, there = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "192.0.2.8"}
    for at in range(MOST_AN_HOUR):
        assert _send(client, f"第{at}条不同的意见", **here).status_code == 302
    refused = _send(client, "这一条太多了", **here)
    assert refused.status_code == 422
    assert "一小时内最多" in Page(refused).text
    assert "这一条太多了" in Page(refused).text
    assert len(queries.feedback(on=today(), task_no=1)) == MOST_AN_HOUR
    assert _send(client, "另一个地方的意见", **there).status_code == 302


def test_the_count_begins_anew_with_the_hour() -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7")
    for _ in range(MOST_AN_HOUR):
        count_sent(request, AT)
    with pytest.raises(Busy):
        count_sent(request, AT)
    count_sent(request, AT + timedelta(seconds=AN_HOUR))


@pytest.mark.parametrize(
    ("direct", "forwarded", "meant"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("", "203.0.113.9", "203.0.113.9"),
        ("no address", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_a_proxy_on_this_machine_is_believed(direct: str, forwarded: str, meant: str) -> None:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": direct, "HTTP_X_FORWARDED_FOR": forwarded}
    assert sender(request) == meant


def test_another_site_cannot_send_for_a_visitor(staff: world.Staff) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert _send(strict, "冒用的意见写在这里").status_code == 403
    address = reverse("portal:plan-feedback-new", args=[1])
    assert strict.get(address).cookies["csrftoken"]["max-age"] == ""  # gone with the browser
    token = next(each["value"] for each in Page(strict.get(address)).all("input") if "csrf" in each.get("name", ""))
    answer = strict.post(address, {"text": "自己写下的意见", "csrfmiddlewaretoken": token})
    assert answer.status_code == 302
    assert len(queries.feedback(on=today(), task_no=1)) == 1


def test_nobody_keeps_what_stands_on_a_page_with_a_number(client: Client, staff: world.Staff) -> None:
    _send(client, "校门口希望多种几棵树")
    response = client.get(reverse("portal:plan-feedback-one", args=[queries.feedback(on=today(), task_no=1)[0].number]))
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
