"""A morning in a village without network, in a real browser: weighed, kept, brought back, counted once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect
from tests.doors import village_world as world
from tests.doors.desk import SYSTEM, enter, hire
from tests.journeys.test_pages_in_browser import AUDIT, CHROMIUM, DESK, PHONE, Visit, browser

from tanhui.community import services
from tanhui.community.types import (
    BookingDetails,
    CheckInDetails,
    Measured,
    PointDetails,
    PointKind,
    PriceDetails,
    TeamDetails,
)
from tanhui.office.acts import today
from tanhui.parties.types import Actor, PartyRef, Role, Scope

__all__ = ["browser"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


_CONTROLLED = """() => new Promise((done) => {
  if (navigator.serviceWorker.controller) done();
  navigator.serviceWorker.addEventListener("controllerchange", () => done(), { once: true });
})"""


@dataclass(frozen=True)
class Morning:
    """Sessions of two clerks, the occasion, and what stands on the cards; the last token was used elsewhere."""

    clerk: str
    second: str
    occasion: str
    zhang: tuple[str, ...]
    li: tuple[str, ...]
    wang: tuple[str, ...]
    used: str


@pytest.fixture
def morning(transactional_db: None) -> Morning:
    """The village on the evening before; one code of 王小妹 was used at another scale already."""
    cache.clear()
    village = world.open_village()

    def tokens(who: PartyRef) -> tuple[str, ...]:
        return world.card(village, who).tokens

    wang = tokens(village.wang)
    elsewhere = CheckInDetails(
        village.occasion, "elsewhere-1", timezone.now(), card=wang[3], measured=(Measured("waste-paper", mass_g=900),)
    )
    third = hire("clerk-three", Role.CLERK, scope=Scope("division", world.TOWN))
    services.check_in(details=elsewhere, at=timezone.now(), by=Actor.staff(third))
    sessions = _session(village.clerk), _session(village.second)
    return Morning(*sessions, village.occasion, tokens(village.zhang), tokens(village.li), wang, wang[3])


def test_a_morning_without_network_arrives_once(morning: Morning, live_server: Any, browser: Browser) -> None:
    visit = Visit(browser, live_server, PHONE, morning.clerk)
    page = visit.page
    _takes_along(visit)
    visit.context.set_offline(True)
    page.reload()
    expect(page.locator("#bar-net")).to_have_text("没有网络，照常记")
    expect(page.locator("#pack-words")).to_contain_text("3位居民")
    assert page.evaluate(AUDIT) == []

    _weighs_by_card(page, morning.zhang[0], "amount-waste-paper", "3.5")
    _weighs_by_card(page, morning.li[0], "amount-plastic-box", "1.25")
    _weighs_by_card(page, morning.wang[0], "amount-express-carton", "6")
    _weighs_by_name(page)
    _refuses(page, morning)
    _weighs_by_card(page, morning.used, "amount-waste-paper", "0.9")
    page.reload()
    expect(page.locator("#bar-waiting")).to_have_text("5条没上传")
    expect(page.locator("#entries li")).to_have_count(5)

    _brings_it_back(visit)
    states = page.locator("#entries li").evaluate_all("rows => rows.map((row) => row.className).sort()")
    assert states == ["counted", "counted", "counted", "pending", "refused"]
    assert "用过" in page.locator("#entries .refused").inner_text()
    expect(page.locator("#upload-words")).to_contain_text("有1条没有计入")
    assert page.evaluate(AUDIT) == []
    page.reload()
    expect(page.locator("#bar-waiting")).to_have_text("都传好了")
    _is_in_the_books_once(Visit(browser, live_server, DESK, morning.clerk), morning)
    _second_person(Visit(browser, live_server, PHONE, morning.second))
    _clears(page)


def _takes_along(visit: Visit) -> None:
    page = visit.page
    page.goto(visit.base + reverse("office:village-mode"))
    page.get_by_label("去哪里").select_option(world.VILLAGE)
    page.get_by_role("button", name="带上今天的资料").click()
    expect(page.locator("#pack-words")).to_contain_text("1场活动、3位居民")
    page.evaluate(_CONTROLLED)
    assert visit.faults == []


def _weighs_by_card(page: Page, token: str, field: str, amount: str) -> None:
    page.get_by_label("扫卡片上的码").fill(token)
    page.keyboard.press("Enter")
    page.locator(f"#{field}").fill(amount)
    page.get_by_role("button", name="记下").click()
    expect(page.locator("#verdict-what")).to_contain_text(amount)
    expect(page.locator("#verdict-sign")).to_have_text("✓ 记下了")


def _weighs_by_name(page: Page) -> None:
    page.get_by_text("没带卡片：找人").click()
    page.get_by_label("昵称里的字").fill("李大")
    page.get_by_role("button", name="李大伯").click()
    page.locator("#amount-waste-paper").fill("2")
    page.get_by_role("button", name="记下").click()
    expect(page.locator("#verdict-fix")).to_contain_text("第二个人确认")


def _refuses(page: Page, morning: Morning) -> None:
    """The same code again, a code that is not ours, three tonnes: all without asking anybody."""
    forged = morning.zhang[1][:-4] + "AAAA"
    for token, words in ((morning.zhang[0], "用过了"), (forged, "不是本平台的卡片"), ("hello", "不是本平台的卡片")):
        page.get_by_label("扫卡片上的码").fill(token)
        page.keyboard.press("Enter")
        expect(page.locator("#verdict-what")).to_contain_text(words)
    page.get_by_label("扫卡片上的码").fill(morning.zhang[1])
    page.keyboard.press("Enter")
    for amount, words in (("3000", "最多"), ("三斤", "请填数字"), ("", "至少填一种")):
        page.locator("#amount-waste-paper").fill(amount)
        page.get_by_role("button", name="记下").click()
        expect(page.locator("#amount-fault")).to_contain_text(words)
    page.get_by_role("button", name="换一位").click()


def _brings_it_back(visit: Visit) -> None:
    """The network is back; the first answer is lost on its way, so the same entries are sent again."""
    page, lost = visit.page, list[int]()

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/village/upload/", lose)
    visit.context.set_offline(False)
    expect(page.locator("#bar-net")).to_have_text("有网络")
    expect(page.locator("#bar-waiting")).to_have_text("5条没上传")
    expect(page.locator("#upload")).to_be_enabled()
    while not lost:
        page.wait_for_timeout(100)
    expect(page.locator("#upload")).to_be_enabled()
    assert lost == [200]
    page.get_by_role("button", name="现在上传").click()
    expect(page.locator("#bar-waiting")).to_have_text("都传好了")


def _is_in_the_books_once(visit: Visit, morning: Morning) -> None:
    """Four of the phone, one of the other scale."""
    faults = visit.look(reverse("office:village-weigh-at", args=[morning.occasion]))
    rows = visit.page.locator("table tbody tr")
    expect(rows).to_have_count(5)
    assert sorted(row.split("\t")[1] for row in rows.all_inner_texts()) == sorted(
        ["废纸 3.5 千克", "塑料餐盒 1.25 千克", "快递纸箱 6 件", "废纸 2 千克", "废纸 0.9 千克"]
    )
    assert faults == []


def _second_person(visit: Visit) -> None:
    page = visit.page
    visit.look(reverse("office:village-pending"))
    page.get_by_role("button", name="对，计入").click()
    expect(page.locator(".notice.good")).to_contain_text("李大伯：已计入")
    expect(page.get_by_text("没有等待确认的")).to_be_visible()
    assert visit.faults == []


def _clears(page: Page) -> None:
    page.get_by_text("把手机交给别人以前").click()
    page.get_by_role("button", name="清空这部手机").click()
    expect(page.locator("#no-entries")).to_be_visible()
    expect(page.locator("#weighing")).to_be_hidden()


@pytest.fixture
def county(transactional_db: None) -> dict[str, Any]:
    """A village in which something of everything has happened; the addresses of its pages and who opens them."""
    cache.clear()
    village, now = world.open_village(), timezone.now()
    by, pickup = Actor.staff(village.clerk), world.coming(village.host, capacity=2)
    for who in (village.zhang, village.li, village.wang):
        services.book(details=BookingDetails(pickup, who.id, f"booking-{who.id}", "两大袋纸板"), at=now, by=by)
    sheet = world.card(village, village.zhang, 24)
    printed = world.card(village, village.zhang, 24, by=village.clerk)

    def check_in(nonce: str, **who: Any) -> str:
        details = CheckInDetails(village.occasion, nonce, now, measured=(Measured("waste-paper", mass_g=3500),), **who)
        return services.check_in(details=details, at=now, by=by).number

    counted, pending = check_in("counted-1", card=sheet.tokens[0]), check_in("pending-1", party_id=village.li.id)
    box = PointDetails(
        PointKind.BOX, "虚构旧衣回收箱（示例）", world.VILLAGE, "村部东侧公路边", ("old-clothes",), "全天"
    )
    point = services.arrange(details=box, at=now, by=SYSTEM)
    services.arrange(details=PriceDetails(village.host.number, "waste-paper", 85, today()), at=now, by=SYSTEM)
    team = services.arrange(
        details=TeamDetails("虚构志愿队（示例）", village.host.number, world.VILLAGE), at=now, by=SYSTEM
    )
    day = world.exchange_day(village)
    here = CheckInDetails(day, "here-0001", now, card=sheet.tokens[1])
    services.check_in(details=here, at=now, by=by)
    zhang = village.zhang.number
    clerk = [
        ("community-occasions", []), ("community-occasion", [pickup]), ("community-route", [pickup]),
        ("community-attendance", [village.occasion]), ("community-screen", [village.occasion]),
        ("community-points", []), ("community-point", [point]), ("community-prices", []), ("community-teams", []),
        ("community-team", [team]), ("community-cards", []), ("community-cards-of", [zhang]),
        ("community-card-issue", [zhang]), ("community-card-sheet", [zhang, printed.card.number]),
        ("village-weigh", []),
        ("village-weigh-at", [village.occasion]), ("village-receipt", [counted]), ("village-receipt", [pending]),
        ("village-correct", [counted]), ("village-pending", []), ("village-exchange", []),
        ("village-exchange-day", [day]), ("village-exchange-for", [day, zhang]), ("village-exchange-sheet", [day]),
        ("village-mode", []),
    ]  # fmt: skip
    operator = [
        ("community-occasion", [pickup]), ("community-occasion-new", []), ("community-occasion-change", [pickup]),
        ("community-point-new", []), ("community-price-new", []), ("community-team-new", []), ("village-stock", []),
    ]  # fmt: skip
    return {
        "clerk": (_session(village.clerk), [reverse(f"office:{name}", args=args) for name, args in clerk]),
        "operator": (
            _session(hire("op", Role.OPERATOR)),
            [reverse(f"office:{name}", args=args) for name, args in operator],
        ),
    }


def _session(user: Any) -> str:
    return enter(user).cookies[settings.SESSION_COOKIE_NAME].value


def test_every_page_of_a_village_fits_a_phone_and_a_desk(
    county: dict[str, Any], live_server: Any, browser: Browser
) -> None:
    session, pages = county["clerk"]
    faults = Visit(browser, live_server, PHONE, session, large=True).look(*pages)
    for size in (PHONE, DESK):
        for who, addresses in county.values():
            faults += Visit(browser, live_server, size, who).look(*addresses)
    assert faults == []
