"""Every page of both HTML doors in a real browser, on a phone and on a desk: it loads, reads and fits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.doors import community_world as community
from tests.doors.desk import enter, hire
from tests.doors.plan_office_world import open_office
from tests.doors.public import COMMUNITY
from tests.doors.town import open_town, pages
from tests.rooms.scenarios.world import NOW, START, deliver, join, open_county, ride

from tanhui.community import queries as community_queries
from tanhui.community import services as community_services
from tanhui.community.types import OccasionState, PointKind, PointReport, PointState
from tanhui.kernel.days import local_day
from tanhui.office.acts import today
from tanhui.parties import services as parties
from tanhui.parties.types import Role
from tanhui.plan import queries as plan
from tanhui.plan import services as plan_services
from tanhui.plan.types import AppraisalRun
from tanhui.project.county import SYSTEM, divisions, this_county
from tanhui.scenarios import queries, services

CHROMIUM = shutil.which("chromium")
AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")
PHONE, DESK = {"width": 375, "height": 812}, {"width": 1440, "height": 900}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture
def addresses(transactional_db: None) -> tuple[list[str], list[str], str]:
    """A small settled county: public addresses, addresses of the office, and the session of an operator."""
    cache.clear()
    open_county()
    parties.register(details=divisions(this_county()), at=START, by=SYSTEM)
    (ana,) = join("安娜")
    receipt = deliver(ride("slow", ana), ride("fast", ana, minute=700, seconds=60, distance_m=9_000), name="骑行.csv")
    services.settle(at=NOW)
    case = queries.set_aside()[0].number
    services.contest(number=case, party_id=ana, text="我下坡骑得快，请核查轨迹。", at=NOW)
    slow = next(line.number for line in queries.statement(ana).lines if line.outcome == "counted")
    shared = services.share(number=slow, party_id=ana, at=NOW)
    found = queries.case(slow)
    public = [
        *(reverse(f"portal:{name}") for name in ("home", "methods", "factors", "budget", "receipts")),
        *(reverse(f"portal:{name}") for name in ("about", "privacy", "accessibility")),
        reverse("portal:method", args=["transport", "shared-e-bike"]),
        reverse("portal:method", args=["recycling", "recyclables"]),
        reverse("portal:receipt", args=[shared]),
    ]
    source = "demo-e-bike"
    office = [
        *(reverse(f"office:{name}") for name in ("start", "partners", "partner-admit", "evidence", "methods")),
        *(reverse(f"office:{name}") for name in ("runs", "settle", "books")),
        reverse("office:partner", args=[source]),
        reverse("office:partner-change", args=[source]),
        reverse("office:delivery", args=[source, receipt.number]),
        reverse("office:case", args=[case]),
        reverse("office:method", args=[found.rule_hash]),
        reverse("office:method-replay", args=[found.rule_hash]) + "?starts_on=2026-09-01&last_on=2026-09-30",
        reverse("office:run", args=[found.run_number]),
        reverse("office:transfer", args=[found.transfer_number]),
    ]
    session = enter(hire("op", Role.OPERATOR)).cookies[settings.SESSION_COOKIE_NAME].value
    return public, office, session


@pytest.fixture
def plan_addresses(transactional_db: None) -> list[str]:
    """Every public page of the plan in a county that works on it."""
    cache.clear()
    parties.register(details=divisions(this_county()), at=START, by=SYSTEM)
    return [reverse(f"portal:{name}", args=arguments) for name, arguments in pages(open_town())]


@pytest.fixture
def community_addresses(transactional_db: None) -> list[str]:
    """Every public page of recycling and activities, in a village where much is on."""
    cache.clear()
    community.open_village()
    full = community.point("虚构南街村回收箱", kind=PointKind.BOX, longitude_e6=113_900_000)
    community_services.arrange(details=PointReport(full, PointState.FULL), at=START, by=SYSTEM)
    here = community.point("虚构北街村回收点", materials=(community.PAPER, community.CLOTHES, community.CARTON))
    community.price(community.host("虚构再生资源回收有限公司"), 120)
    community.team("虚构镇绿色低碳志愿服务队")
    shown = [community.occasion(f"虚构{state.label}", state, point=here) for state in OccasionState][1:]
    (quiz, *_) = community_queries.quizzes()
    return [
        *(reverse(f"portal:{name}") for name in COMMUNITY),
        reverse("portal:community-occasions") + f"?month={local_day(community.TOMORROW):%Y-%m}",
        *(reverse("portal:community-point", args=[number]) for number in (here, full)),
        *(reverse("portal:community-occasion", args=[number]) for number in shown),
        reverse("portal:community-quiz", args=[quiz.code]),
    ]


@pytest.fixture
def group_addresses(transactional_db: None) -> tuple[list[str], str, str]:
    """Every page of the working group, the one of a document with open findings, and the group's session."""
    cache.clear()
    made = open_office()
    plan_services.work(details=AppraisalRun(START.year), at=START)
    late = next(
        each.code for task in plan.plan(today()).tasks for each in task.indicators if each.light.status == "late"
    )  # type: ignore[union-attr]
    document = reverse("office:plan-draft", args=[made["open"]])
    listed = [
        *(reverse(f"office:plan-{name}") for name in ("drafts", "versions", "supervision", "notices", "appraisal")),
        *(reverse(f"office:plan-{name}") for name in ("cases", "case-file", "feedback", "funding", "funding-new")),
        *(reverse(f"office:plan-{name}") for name in ("reports", "coverage")),
        document,
        reverse("office:plan-adopt", args=[made["open"]]),
        reverse("office:plan-version", args=[1]),
        reverse("office:plan-meeting", args=[made["meeting"]]),
        reverse("office:plan-notice", args=[made["notice"]]),
        reverse("office:plan-notice-issue") + f"?indicator={late}",
        reverse("office:plan-funding-line", args=[made["funding"]]),
        reverse("office:plan-report", args=[made["report"]]),
        reverse("office:plan-report-publish") + f"?as_of={local_day(START) + timedelta(days=3)}",
    ]
    session = enter(hire("group", Role.ACTION_OFFICE)).cookies[settings.SESSION_COOKIE_NAME].value
    return listed, document, session


@pytest.fixture
def auditor(transactional_db: None) -> str:
    """The session of an auditor."""
    return enter(hire("aud", Role.AUDITOR)).cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium; nothing in the test touches the database while it runs."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


class Visit:
    """A browser window that notes everything that went wrong."""

    def __init__(self, browser: Browser, server: Any, size: dict[str, int], session: str = "", large: bool = False):
        self.base, self.faults = server.url, list[str]()
        self.context: BrowserContext = browser.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport=size,  # type: ignore[arg-type]
        )
        cookies = {settings.SESSION_COOKIE_NAME: session} if session else {}
        cookies |= {"display": "large"} if large else {}
        self.context.add_cookies([{"name": name, "value": value, "url": self.base} for name, value in cookies.items()])
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("request", lambda request: self._check_request(request.url))
        self.path = ""

    def _note(self, words: str) -> None:
        self.faults.append(f"{self.path}: {words}")

    def _check_request(self, address: str) -> None:
        if urlsplit(address).netloc != urlsplit(self.base).netloc and not address.startswith("data:"):
            self._note(f"asks {address}")

    def look(self, *paths: str) -> list[str]:
        """Open each address and audit it; returns all faults so far."""
        for self.path in paths:
            response = self.page.goto(self.base + self.path)
            if response is None or response.status != 200:
                self._note(f"answers {response and response.status}")
            if len(self.page.title()) < 5:
                self._note("has no title")
            self.faults += [f"{self.path}: {fault}" for fault in self.page.evaluate(AUDIT)]
        return self.faults


def test_every_page_fits_a_phone_and_a_desk_and_asks_nobody_else(
    addresses: tuple[list[str], list[str], str], auditor: str, live_server: Any, browser: Browser
) -> None:
    public, office, session = addresses
    trail = reverse("office:trail") + "?verify=1"
    faults = Visit(browser, live_server, PHONE, large=True).look(*public)
    for size in (PHONE, DESK):
        faults += Visit(browser, live_server, size).look(*public)
        faults += Visit(browser, live_server, size, session).look(*office)
        faults += Visit(browser, live_server, size, auditor).look(trail)
    assert faults == []
    _draws_its_chart_and_works_by_keyboard(Visit(browser, live_server, DESK))
    _opens_its_menu_on_a_phone(Visit(browser, live_server, PHONE))


def test_every_page_of_the_plan_fits_a_phone_and_a_desk(
    plan_addresses: list[str], live_server: Any, browser: Browser
) -> None:
    faults = Visit(browser, live_server, PHONE, large=True).look(*plan_addresses)
    for size in (PHONE, DESK):
        faults += Visit(browser, live_server, size).look(*plan_addresses)
    assert faults == []
    _leads_from_a_pin_to_its_line(Visit(browser, live_server, DESK))


def test_every_page_of_recycling_and_activities_fits_a_phone_and_a_desk(
    community_addresses: list[str], live_server: Any, browser: Browser
) -> None:
    faults = Visit(browser, live_server, PHONE, large=True).look(*community_addresses)
    for size in (PHONE, DESK):
        faults += Visit(browser, live_server, size).look(*community_addresses)
    assert faults == []
    _leads_from_a_number_on_the_map_to_its_point(Visit(browser, live_server, DESK))
    _answers_a_quiz_by_keyboard(Visit(browser, live_server, PHONE), community_addresses[-1])


def test_every_page_of_the_working_group_fits_and_a_finding_is_settled_by_keyboard(
    group_addresses: tuple[list[str], str, str], live_server: Any, browser: Browser
) -> None:
    listed, document, session = group_addresses
    faults = [fault for size in (PHONE, DESK) for fault in Visit(browser, live_server, size, session).look(*listed)]
    assert faults == []
    _settles_a_finding_by_keyboard(Visit(browser, live_server, DESK, session), document)


def _settles_a_finding_by_keyboard(visit: Visit, document: str) -> None:
    visit.look(document)
    visit.page.locator("input[type=radio][value=accept]").focus()
    visit.page.keyboard.press("Space")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**#finding-2")
    assert visit.page.evaluate("document.activeElement.id") == "finding-2"
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.name") == "f2-choice"
    assert visit.page.locator(".settled").inner_text().startswith("已处理 1 /")
    assert visit.faults == []


def _leads_from_a_pin_to_its_line(visit: Visit) -> None:
    visit.look(reverse("portal:plan-map"))
    pin = visit.page.locator(".pins a").first
    number = pin.get_attribute("href")
    pin.click()
    assert visit.page.url.endswith(str(number))
    assert visit.page.locator(f"{number}:target").inner_text().strip()
    assert visit.faults == []


def _leads_from_a_number_on_the_map_to_its_point(visit: Visit) -> None:
    visit.look(reverse("portal:community-points"))
    pin = visit.page.locator(".spots a").first
    number = pin.get_attribute("href")
    pin.click()
    assert visit.page.locator(f"{number}:target h3").inner_text().startswith("虚构")
    assert visit.faults == []


def _answers_a_quiz_by_keyboard(visit: Visit, address: str) -> None:
    visit.look(address)
    for name in visit.page.evaluate(
        "[...new Set([...document.querySelectorAll('.quiz [type=radio]')].map(e => e.name))]"
    ):
        visit.page.locator(f"input[name='{name}']").first.focus()
        visit.page.keyboard.press("Space")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(".answers")
    assert visit.page.locator(".answers > li .badge.good").count() >= 1
    assert [*visit.faults, *visit.page.evaluate(AUDIT)] == []


def _draws_its_chart_and_works_by_keyboard(visit: Visit) -> None:
    visit.look("/")
    assert visit.page.locator(".chart canvas").count() == 1
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "跳到正文"
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "main"


def _opens_its_menu_on_a_phone(visit: Visit) -> None:
    visit.look("/")
    visit.page.get_by_text("菜单", exact=True).click()
    visit.page.get_by_role("link", name="方法学").first.click()
    visit.page.wait_for_url("**/methods/")
    assert visit.page.locator("h1").inner_text() == "方法学"
    assert visit.faults == []
