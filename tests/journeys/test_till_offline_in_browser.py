"""A merchant's phone without network, in a real browser: let in, cut off, redeem, refuse, reload, upload, take back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.doors import rewards_world as world
from tests.doors.desk import enter, hire

from tanhui.parties.types import Role
from tanhui.rewards import services
from tanhui.rewards.models import Redemption
from tanhui.rewards.types import ApplicationDetails, DeviceInvite, MerchantStaffDetails, Outcome, StaffRole

CHROMIUM = shutil.which("chromium")
AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")
PHONE, DESK = {"width": 375, "height": 812}, {"width": 1440, "height": 900}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


class Till:
    """The page on a phone, with everything that went wrong in it."""

    def __init__(self, browser: Browser, base: str, size: dict[str, int] = PHONE) -> None:
        self.address = base + reverse("portal:till")
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport=size,  # type: ignore[arg-type]
        )
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._heard(message.type, message.text))

    def _heard(self, kind: str, text: str) -> None:
        # A request that fails while the network is off is what these tests are about.
        if kind == "error" and "ERR_INTERNET_DISCONNECTED" not in text:
            self.faults.append(text)

    def come_in(self, code: str) -> None:
        """Let in by the code, with the worker in charge of the page."""
        self.page.goto(f"{self.address}#code={code}")
        self.page.get_by_role("button", name="配对").click()
        expect(self.page.locator("#desk")).to_be_visible()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    def redeem(self, text: str) -> str:
        """What the verdict says."""
        self.page.get_by_label("券码").fill(text)
        self.page.get_by_role("button", name="核销", exact=True).click()
        expect(self.page.get_by_label("券码")).to_have_value("")
        return " ".join(self.page.locator("#verdict").inner_text().split())

    def cut(self, off: bool = True) -> None:
        """The network goes, or comes back."""
        self.context.set_offline(off)

    def look(self) -> None:
        """What a person with weak eyes or a small phone would stumble over."""
        self.faults += self.page.evaluate(AUDIT)


@pytest.fixture
def alliance(transactional_db: None) -> world.Alliance:
    cache.clear()
    return world.open_alliance()


def invitation(alliance: world.Alliance) -> str:
    details = DeviceInvite(alliance.merchant, alliance.shop, alliance.cashier.pk, "前台手机")
    return services.admit(details=details, at=timezone.now())


def play(live_server: Any, act: Any, size: dict[str, int] = PHONE) -> None:
    """Run `act` on a till; the database is looked at before and after only."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        till = Till(browser, live_server.url, size)
        act(till)
        assert till.faults == []
        browser.close()


def test_a_morning_without_network(alliance: world.Alliance, live_server: Any) -> None:
    online, first, second = (world.bought(alliance.offer) for _ in range(3))
    stranger = world.bought(world.publish(world.join("虚构茶馆")[0]))
    code = invitation(alliance)
    changed = first.token[:40] + ("A" if first.token[40] != "A" else "B") + first.token[41:]

    def morning(till: Till) -> None:
        till.come_in(code)
        till.look()
        assert "✓ 可以受理 午餐券（示例） 抵 10.00 元" in till.redeem(online.code)
        till.cut()
        till.page.reload()
        expect(till.page.locator("#net")).to_have_text("没有网络")
        assert "可以受理（离线） 午餐券（示例）" in till.redeem(first.token)
        till.look()
        for text, words in (
            (first.token, "在这台手机上核销过"),
            (online.token, "在这台手机上核销过"),
            (changed, "不是本平台签发的"),
            (stranger.token, "不在本商户使用"),
            ("1234 5678", "校验位不符"),
            (second.code, "没有网络，数字券码不能核对"),
        ):
            answer = till.redeem(text)
            assert "不能受理" in answer
            assert words in answer
        assert "可以受理（离线）" in till.redeem(second.token)
        till.page.reload()
        expect(till.page.locator("#waiting")).to_have_text("2")
        expect(till.page.locator("#rows .badge.warn")).to_have_count(2)
        till.cut(False)
        expect(till.page.locator("#waiting")).to_have_text("0", timeout=20_000)
        expect(till.page.locator("#rows .badge.good")).to_have_count(3)
        expect(till.page.locator("#sum")).to_have_text("30.00")
        till.page.locator("#rows").get_by_role("button", name="撤销").first.click()
        till.page.get_by_label("撤销原因").fill("扫错了券")
        till.page.locator("#undo").get_by_role("button", name="撤销", exact=True).click()
        expect(till.page.locator("#sum")).to_have_text("20.00")
        till.look()

    play(live_server, morning)
    rows = Redemption.objects.filter(outcome=Outcome.REDEEMED)
    assert rows.count() == 3
    assert rows.filter(offline=True).count() == 2
    assert Redemption.objects.filter(outcome=Outcome.UNDONE).count() == 1
    assert (
        not Redemption.objects.filter(merchant__number=alliance.merchant)
        .exclude(outcome__in=[Outcome.REDEEMED, Outcome.UNDONE])
        .exists()
    )


def test_what_another_till_took_first_is_told_after_the_upload(alliance: world.Alliance, live_server: Any) -> None:
    voucher, codes = world.bought(alliance.offer), [invitation(alliance), invitation(alliance)]

    def twice(till: Till) -> None:
        browser = till.context.browser
        assert browser is not None
        other = Till(browser, till.address.removesuffix(reverse("portal:till")), DESK)
        till.come_in(codes[0])
        other.come_in(codes[1])
        till.cut()
        other.look()
        assert "可以受理（离线）" in till.redeem(voucher.token)
        assert "✓ 可以受理" in other.redeem(voucher.token)
        till.cut(False)
        expect(till.page.locator("#rows .badge.bad")).to_have_count(1, timeout=20_000)
        assert "使用过" in till.page.locator("#rows").inner_text()
        assert "0.00" in till.page.locator("#sum").inner_text()
        assert other.faults == []

    play(live_server, twice)
    assert Redemption.objects.filter(outcome=Outcome.REDEEMED).count() == 1
    assert Redemption.objects.filter(outcome=Outcome.ALREADY_REDEEMED, offline=True).count() == 1


def test_the_pages_around_the_till_fit_a_phone_and_a_desk(alliance: world.Alliance, live_server: Any) -> None:
    at, manager = timezone.now(), hire("manager")
    services.admit(details=MerchantStaffDetails(alliance.merchant, manager.pk, StaffRole.MANAGER), at=at)
    invitation(alliance)
    unit = ("虚构食品有限公司", world.CREDIT_CODE, "虚构小吃", "虚构小吃城南店", world.VILLAGE, "示例路 2 号")
    sent = services.admit(details=ApplicationDetails(*unit, words="午餐券，每月一百份。"), at=at)
    shop = [alliance.merchant, alliance.shop]
    own = [reverse("office:till"), reverse("office:till-own")]
    own += [reverse("office:till-shop", args=shop), reverse("office:till-plate", args=shop)]
    run = [reverse("office:rewards-merchants"), reverse("office:rewards-merchant", args=shop[:1])]
    run += [reverse("office:rewards-applications"), reverse("office:rewards-application", args=[sent])]
    public = [reverse("portal:mall-join"), reverse("portal:mall-join-one", args=[sent]), reverse("portal:till")]
    sessions = [
        enter(each).cookies[settings.SESSION_COOKIE_NAME].value for each in (manager, hire("op", Role.OPERATOR))
    ]

    def visit(till: Till) -> None:
        base = till.address.removesuffix(reverse("portal:till"))
        for session, pages in (("", public), (sessions[0], own), (sessions[1], run)):
            till.context.clear_cookies()
            if session:
                till.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])
            for path in pages:
                till.page.goto(base + path)
                till.look()

    for size in (PHONE, DESK):
        play(live_server, visit, size)


def test_a_phone_that_was_ended_keeps_what_it_took_until_it_is_let_in_again(
    alliance: world.Alliance, live_server: Any
) -> None:
    voucher, codes = world.bought(alliance.offer), [invitation(alliance), invitation(alliance)]

    def act(till: Till) -> None:
        till.come_in(codes[0])
        till.cut()
        assert "可以受理（离线）" in till.redeem(voucher.token)
        # The token is taken away as a manager's act would make it worthless.
        till.page.evaluate(
            "tanhuiOffline.queue.open('till').then((queue) => queue.keep('token', 'TD1.' + 'A'.repeat(43)))"
        )
        till.cut(False)
        till.page.reload()
        expect(till.page.locator("#trouble")).to_contain_text("还有 1 笔核销没有上传")
        till.page.get_by_label("配对码").fill(codes[1])
        till.page.get_by_role("button", name="配对").click()
        expect(till.page.locator("#rows .badge.good")).to_have_count(1, timeout=20_000)
        till.faults = [each for each in till.faults if "401" not in each]

    play(live_server, act)
    assert Redemption.objects.filter(outcome=Outcome.REDEEMED, offline=True).count() == 1
