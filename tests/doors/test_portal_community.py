"""Recycling and activities on the public pages: plain words, a map of our own, one choice to report, nothing kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from math import dist
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.doors import community_world as world
from tests.doors.community_world import AT, DAY, HOUR, PAPER, TOMORROW
from tests.doors.pages import Page
from tests.doors.public import COMMUNITY, page_of, rows_of
from tests.rooms.community import village

from tanhui.community import queries, services
from tanhui.community.types import (
    OccasionKind,
    OccasionState,
    PointKind,
    PointReport,
    PointState,
    QuizAnswers,
    TeamRole,
)
from tanhui.kernel.days import local_day
from tanhui.portal.community_reading import apart, box_around, month_of, on_sheet, point_cards, price_words, time_words
from tanhui.portal.map_sheet import MapSheet
from tanhui.portal.senders import MOST_AN_HOUR
from tanhui.portal.views import community

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_fixed_day(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setattr(community, "timezone", SimpleNamespace(now=lambda: AT))
    world.open_village()
    yield
    cache.clear()


def month() -> str:
    return f"{local_day(TOMORROW):%Y-%m}"


@pytest.mark.parametrize("name", COMMUNITY)
def test_every_part_is_in_the_menu_and_one_step_from_every_other(client: Client, name: str) -> None:
    page = page_of(client, name)
    links = {link["href"] for link in page.all("a")}
    assert {reverse(f"portal:{each}") for each in COMMUNITY} <= links
    assert page.all("script") == []


def test_before_anything_is_there_every_page_says_what_will_be(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "还没有登记回收点" in page_of(client, "community-points").text
    assert "这个月还没有安排" in page_of(client, "community-occasions").text
    assert "还没有登记志愿队伍" in page_of(client, "community-teams").text
    assert "现在还没有企业公布收购价" in page_of(client, "community").text
    monkeypatch.setattr(queries, "materials", list)
    monkeypatch.setattr(queries, "quizzes", list)
    assert "回收品类还没有公布" in page_of(client, "community").text
    assert "还没有题库" in page_of(client, "community-quizzes").text


# ------------------------------------------------------------------------------------------------------- materials


def test_each_material_says_what_is_taken_what_is_not_and_what_it_counts_for(client: Client) -> None:
    page = page_of(client, "community")
    for each in queries.materials():
        assert each.title in page.text
        for words in (*each.accepted, *each.declined):
            assert words in page.text
    assert "一人一次最多100千克" in page.text
    assert "一人一次最多50件" in page.text
    methods = [link["href"] for link in page.all("a") if link["href"].startswith("/methods/recycling/")]
    assert reverse("portal:method", args=["recycling", "recyclables"]) in methods


def test_a_picture_is_the_countys_own_and_nothing_else_is_served(client: Client) -> None:
    pictures = page_of(client, "community").all("img")
    assert pictures
    for image in pictures:
        response = client.get(image["src"])
        assert response.status_code == 200
        assert response["Content-Type"] == "image/svg+xml"
        assert image["alt"] == ""
    assert client.get(reverse("portal:community-picture", args=["nothing"])).status_code == 404


def test_two_prices_are_kept_apart(client: Client) -> None:
    world.price(world.host("虚构甲公司"), 120)
    world.price(world.host("虚构乙公司"), 95)
    world.price(world.host("虚构丙公司"), 30, world.CARTON)
    page = page_of(client, "community")
    assert page.text.index("1.20 元／千克") < page.text.index("0.95 元／千克")
    assert "0.30 元／件" in page.text
    assert "平台只公布，不经手一分钱" in page.text
    rows = rows_of(client.get(reverse("portal:community-prices-csv")))
    assert [row[:4] for row in rows[1:]] == [
        ["废纸", "虚构甲公司", "1.20 元／千克", "120"],
        ["废纸", "虚构乙公司", "0.95 元／千克", "95"],
        ["快递纸箱", "虚构丙公司", "0.30 元／件", "30"],
    ]


# ---------------------------------------------------------------------------------------------------------- points


def test_map_and_list_have_the_same_numbers(client: Client) -> None:
    first, second = world.point("甲点（虚构）"), world.point("乙箱（虚构）", kind=PointKind.BOX)
    world.point("丙点（虚构）", longitude_e6=None, latitude_e6=None)
    page = page_of(client, "community-points")
    drawn = [link["href"] for link in page.all("a") if link["href"].startswith("#p")]
    items = [item["id"] for item in page.all("li") if item.get("id", "").startswith("p")]
    assert len(drawn) == 2
    assert len(items) == 3
    assert {href[1:] for href in drawn} <= set(items)
    assert "共3处" in page.text
    for number in (first, second):
        assert reverse("portal:community-point", args=[number]) in {link["href"] for link in page.all("a")}


def test_no_number_on_the_map_covers_another() -> None:
    sheet = MapSheet((Decimal("113.15"), Decimal("28.40"), Decimal("114.17"), Decimal("29.12")))
    left, top, width, height = sheet.inner
    corner, middle = (left, top), (left + width // 2, top + height // 2)
    spots = apart([middle] * 12 + [None] + [corner] * 3, sheet)
    assert (spots[0], spots[12], spots[13]) == (middle, None, corner), "the first stands where it lies"
    found = [spot for spot in spots if spot]
    assert all(dist(one, other) > 70 for one, other in combinations(found, 2))
    assert all(left <= x <= left + width and top <= y <= top + height for x, y in found)
    assert apart([middle] * 120, sheet)[-1] == middle, "where nothing is free it lies on top"


def test_a_township_fills_the_sheet(client: Client) -> None:
    near = [world.point(f"{i}号箱（虚构）", longitude_e6=113_600_000 + 6_000 * i) for i in range(3)]
    world.point("远处（虚构）", division_code=world.OTHER_VILLAGE, longitude_e6=113_900_000)
    cards = point_cards([queries.point(number) for number in near], {}, {})
    whole = (Decimal("113.15"), Decimal("28.40"), Decimal("114.17"), Decimal("29.12"))
    west, south, east, north = box_around(cards, whole)
    assert (west + east) / 2 == Decimal("113.606")
    assert (south + north) / 2 == Decimal("28.7")
    assert Decimal("0.04") <= north - south <= Decimal("0.06")
    sheet = MapSheet((west, south, east, north))
    assert abs(sheet.inner[2] - sheet.inner[3]) < 10, "as wide as high"
    assert [card.spot for card in on_sheet(cards, sheet)] == [card.place for card in on_sheet(cards, sheet)]
    assert box_around([], whole) == whole
    page = page_of(client, "community-points", town="虚构镇")
    assert len([link for link in page.all("a") if link["href"].startswith("#p")]) == 4


def test_points_are_found_by_material_place_and_state(client: Client) -> None:
    world.point("纸点（虚构）")
    full = world.point("衣箱（虚构）", materials=(world.CLOTHES,), division_code=world.OTHER_VILLAGE)
    services.arrange(details=PointReport(full, PointState.FULL), at=AT - HOUR, by=world.SYSTEM)
    assert "衣箱" not in page_of(client, "community-points", material=PAPER).text
    assert "纸点" not in page_of(client, "community-points", material=world.CLOTHES).text
    assert "衣箱" not in page_of(client, "community-points", state="open").text
    assert "没有符合条件的回收点" in page_of(client, "community-points", material=world.CARTON).text
    assert "没有符合条件的回收点" in page_of(client, "community-points", town="没有这个镇").text


def test_points_leave_as_files(client: Client) -> None:
    number = world.point("甲点（虚构）")
    world.point("丙点（虚构）", longitude_e6=None, latitude_e6=None)
    rows = {row[0]: row for row in rows_of(client.get(reverse("portal:community-points-csv")))}
    assert rows[number][2:] == [
        "甲点（虚构）", "虚构镇", "示例路 1 号", "废纸", "每天 8:00—18:00", "可投放",
        queries.point(number).state_at.isoformat(timespec="minutes"), "113.600000", "28.700000",
    ]  # fmt: skip
    response = client.get(reverse("portal:community-points-geojson"))
    assert response["Content-Type"] == "application/geo+json"
    (feature,) = json.loads(response.content)["features"]
    assert feature["geometry"]["coordinates"] == [113.6, 28.7]


def _report(client: Client, number: str, state: str, **extra: Any) -> Any:
    return client.post(reverse("portal:community-point", args=[number]), {"state": state}, **extra)


def test_a_report_is_one_choice_and_names_nobody(client: Client) -> None:
    number = world.point()
    form = page_of(client, "community-point", number)
    assert {field["type"] for field in form.all("input")} == {"hidden", "radio"}
    assert form.all("textarea") == []
    response = _report(client, number, "full")
    assert response.status_code == 302
    page = Page(client.get(response.url))
    assert page.faults() == []
    assert "收到了，谢谢" in page.text
    assert "有人反映：已满，还没有核对" in page.text
    assert "有人反映：已满，待核对" in page_of(client, "community-points").text
    with connection.cursor() as cursor:
        cursor.execute("SELECT party_id, user_id, note, state FROM community_point_notice")
        assert cursor.fetchall() == [(None, None, "", "full")]
    services.arrange(details=PointReport(number, PointState.FULL), at=AT + HOUR, by=village.clerk())
    assert "有人反映" not in page_of(client, "community-points").text


@pytest.mark.parametrize("state", ["", "closed", "elsewhere"])
def test_what_cannot_be_reported_is_said_beside_the_choices(client: Client, state: str) -> None:
    number = world.point()
    response = _report(client, number, state)
    assert response.status_code == 422
    page = Page(response)
    assert page.faults() == []
    assert ("请选一项" if not state else "请从几项中选一项") in page.text
    assert queries.point(number).reported is None


def test_reports_of_one_sender_are_counted(client: Client) -> None:
    number = world.point()
    here, there = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "192.0.2.8"}
    for _ in range(MOST_AN_HOUR):
        assert _report(client, number, "broken", **here).status_code == 302
    refused = _report(client, number, "full", **here)
    assert refused.status_code == 422
    assert f"最多提交{MOST_AN_HOUR}条反映" in Page(refused).text
    assert queries.point(number).reported is PointState.BROKEN
    assert _report(client, number, "full", **there).status_code == 302


def test_another_site_cannot_report_for_a_visitor() -> None:
    number = world.point()
    strict = Client(enforce_csrf_checks=True)
    assert _report(strict, number, "full").status_code == 403
    assert queries.point(number).reported is None


def test_a_point_says_what_is_on_there(client: Client) -> None:
    number = world.point("甲点（虚构）")
    world.occasion("在这里的回收（虚构）", point=number)
    world.occasion("在别处的回收（虚构）")
    world.occasion("草稿的回收（虚构）", OccasionState.DRAFT, point=number)
    text = page_of(client, "community-point", number).text
    assert "在这里的回收（虚构）" in text
    assert "在别处" not in text
    assert "草稿" not in text
    missing: Any = client.get(reverse("portal:community-point", args=["cpt_00000000000000000000000000"]))
    assert missing.status_code == 404
    assert "没有这个回收点" in Page(missing).text


# ------------------------------------------------------------------------------------------------------- occasions


def test_the_month_shows_what_is_on_by_day_and_no_drafts(client: Client) -> None:
    for state in OccasionState:
        world.occasion(f"{state.value}（虚构）", state)
    page = page_of(client, "community-occasions", month=month())
    for words in ("open（虚构）", "closed（虚构）", "cancelled（虚构）", "连日大雨", "共3场"):
        assert words in page.text
    assert "draft（虚构）" not in page.text
    day = f"d{local_day(TOMORROW):%Y%m%d}"
    assert f"#{day}" in {link["href"] for link in page.all("a")}
    rows = rows_of(client.get(reverse("portal:community-occasions-csv"), {"month": month()}))
    assert sorted(row[2] for row in rows[1:]) == ["cancelled（虚构）", "closed（虚构）", "open（虚构）"]


def test_a_month_too_full_for_a_page_asks_for_a_township(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(community, "SHOWN", 2)
    for i in range(5):
        start = TOMORROW + i * DAY
        world.occasion(f"第{i}场（虚构）", starts_at=start, ends_at=start + HOUR)
    page = page_of(client, "community-occasions")
    assert "这个月往后还有3场" in page.text
    assert "共5场" in page.text
    assert [f"第{i}场（虚构）" in page.text for i in range(5)] == [True, True, False, False, False]
    assert len([link for link in page.all("a") if link["href"].startswith("#d")]) == 2
    file = client.get(reverse("portal:community-occasions-csv"), {"month": month()})
    assert len(rows_of(file)) == 6


def test_what_is_over_is_folded_away_in_this_month_only(client: Client) -> None:
    past = world.occasion("过去的（虚构）", starts_at=AT - 2 * DAY, ends_at=AT - 2 * DAY + HOUR, capacity=None)
    world.occasion("将来的（虚构）")
    page = page_of(client, "community-occasions")
    assert "本月已经过去的（1天）" in page.text
    assert page.text.index("过去的（虚构）") < page.text.index("将来的（虚构）")
    assert "已结束" in page_of(client, "community-occasion", past).text


def test_occasions_are_found_by_kind_and_place(client: Client) -> None:
    world.occasion("上门（虚构）")
    world.occasion("跑步（虚构）", kind=OccasionKind.RUN, materials=())
    assert "上门（虚构）" not in page_of(client, "community-occasions", month=month(), kind="run").text
    page = page_of(client, "community-occasions", month=month(), kind="training")
    assert "没有符合条件的活动" in page.text
    assert "跑步（虚构）" in page_of(client, "community-occasions", month=month(), kind="run").text


@pytest.mark.parametrize("asked", ["2026-13", "99999-01", "x", "2026-1", "0000-00", "<b>"])
def test_a_month_that_is_none_is_this_month(client: Client, asked: str) -> None:
    assert month_of(asked, local_day(AT)) == local_day(AT).replace(day=1)
    assert page_of(client, "community-occasions", month=asked).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ("可以预约", "2个名额，还有2个", "请代办员预约")),
        ({"capacity": None}, ("可以预约", "名额不限")),
        ({"bookable": False, "capacity": None}, ("直接来", "不用预约，到时间直接来")),
        ({"book_from": AT + 2 * HOUR, "book_to": AT + 3 * HOUR}, ("起预约", "预约截止")),
        ({"book_from": AT - 3 * HOUR, "book_to": AT - HOUR}, ("预约已截止", "不再接受预约")),
        ({"starts_at": AT - HOUR}, ("正在进行",)),
        ({"minutes": 120, "kind": OccasionKind.VOLUNTEER, "materials": ()}, ("记120分钟",)),
        ({"kind": OccasionKind.TRAINING, "materials": (), "audience": "villagers"}, ("面向", "村（居）民")),
    ],
)
def test_an_occasion_says_how_one_may_come(client: Client, changes: dict[str, Any], words: tuple[str, ...]) -> None:
    page = page_of(client, "community-occasion", world.occasion("虚构活动", **changes))
    for each in (*words, "虚构再生资源公司", "村部门前"):
        assert each in page.text


def test_a_full_occasion_offers_the_waiting_list(client: Client) -> None:
    number = world.occasion(capacity=1)
    village.book(village.resident(), number, at=AT - HOUR)
    page = page_of(client, "community-occasion", number)
    assert "1个名额已约满，可以候补" in page.text
    village.book(village.resident(), number, at=AT - HOUR)
    assert "1个名额已约满，1人候补" in page_of(client, "community-occasion", number).text


def test_a_draft_is_no_page(client: Client) -> None:
    address = reverse("portal:community-occasion", args=[world.occasion(state=OccasionState.DRAFT)])
    response: Any = client.get(address)
    assert response.status_code == 404
    assert "虚构上门回收" not in Page(response).text


# ------------------------------------------------------------------------------------------------------------ quiz


def _answer(client: Client, chosen: dict[str, str]) -> Any:
    return client.post(reverse("portal:community-quiz", args=["sorting"]), chosen)


def _drawn(client: Client) -> tuple[str, dict[str, list[str]]]:
    """The nonce of a fresh page, and its questions with their options."""
    fields = page_of(client, "community-quiz", "sorting").all("input")
    options: dict[str, list[str]] = {}
    for each in fields:
        if each["type"] == "radio":
            options.setdefault(each["name"], []).append(each["value"])
    return next(each["value"] for each in fields if each["name"] == "nonce"), options


def test_practice_is_marked_explained_and_not_kept(client: Client) -> None:
    nonce, options = _drawn(client)
    quiz = queries.quiz("sorting", nonce)
    assert list(options) == [each.code for each in quiz.questions]
    right = queries.marked(QuizAnswers("sorting", nonce, {})).right
    response = _answer(client, {"nonce": nonce, **right})
    page = Page(response)
    assert (response.status_code, page.faults()) == (200, [])
    assert f"{len(right)}题答对{len(right)}题" in page.text
    assert "通过了" in page.text
    wrong = {code: next(each for each in options[code] if each != option) for code, option in right.items()}
    page = Page(_answer(client, {"nonce": nonce, **wrong}))
    assert f"{len(right)}题答对0题" in page.text
    assert page.text.count("正确答案") == page.text.count("您选的") == len(right)
    assert queries.marked(QuizAnswers("sorting", nonce, {})).explained[next(iter(right))] in page.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM community_quiz_attempt")
        assert cursor.fetchone() == (0,)


def test_questions_left_open_are_marked_and_the_others_stay_chosen(client: Client) -> None:
    nonce, options = _drawn(client)
    first, *rest = options
    response = _answer(client, {"nonce": nonce, first: options[first][1]})
    page = Page(response)
    assert (response.status_code, page.faults()) == (422, [])
    assert f"还有{len(rest)}题没有答" in page.text
    assert [each["value"] for each in page.all("input") if "checked" in each] == [options[first][1]]


def test_a_forged_nonce_gets_fresh_questions_and_an_unknown_quiz_is_no_page(client: Client) -> None:
    for nonce in ("", "x", "<script>", "y" * 65):
        response = _answer(client, {"nonce": nonce})
        assert (response.status_code, response.url) == (302, reverse("portal:community-quiz", args=["sorting"]))
    missing: Any = client.get(reverse("portal:community-quiz", args=["nothing"]))
    assert missing.status_code == 404


# ----------------------------------------------------------------------------------------------------------- teams


def test_teams_are_numbers_without_names(client: Client) -> None:
    person = village.resident()
    world.team("虚构一队", (person, TeamRole.ADVISER))
    world.team("虚构散队", ended=True)
    page = page_of(client, "community-teams")
    assert "虚构一队" in page.text
    assert "虚构散队" not in page.text
    assert "1 人" in page.text
    assert "person" not in page.text


# ----------------------------------------------------------------------------------------------------------- words


def test_prices_and_times_in_words() -> None:
    materials = {each.code: each for each in queries.materials()}
    view = SimpleNamespace(price_fen=5)
    assert price_words(view, materials[PAPER]) == "0.05 元／千克"  # type: ignore[arg-type]
    assert price_words(SimpleNamespace(price_fen=1200), materials[world.CARTON]) == "12.00 元／件"  # type: ignore[arg-type]
    assert time_words(AT, AT + 3 * HOUR) == "9:00—12:00"
    assert time_words(AT, AT + DAY) == "9:00—2026年6月11日 9:00"
