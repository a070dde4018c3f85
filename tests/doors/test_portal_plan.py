"""The plan's public pages: well made with and without a plan, true to the room, and silent about what is not public."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from django.core.cache import cache
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document
from tests.doors.pages import Page
from tests.doors.public import PLAN, page_of, rows_of
from tests.doors.town import HIDDEN, Town, open_town, pages
from tests.rooms.plan import world

from tanhui.plan import queries, services
from tanhui.plan.types import (
    Light,
    OverrideDetails,
    RegisterDocument,
    Status,
)
from tanhui.portal.plan_reading import today
from tanhui.portal.templatetags.plan import progress

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def town() -> Town:
    return open_town()


FILES = ("plan-json", "plan-csv", "plan-map-geojson")


def test_before_a_plan_is_adopted_every_page_says_what_will_be_there(client: Client) -> None:
    assert "方案还没有采纳" in page_of(client, "plan").text
    for name in PLAN:
        assert "还没有" in page_of(client, name).text or name == "plan-feedback"
    assert "行动方案" in page_of(client, "home").text
    for name in FILES:
        assert client.get(reverse(f"portal:{name}")).status_code == 200
    assert json.loads(client.get(reverse("portal:plan-json")).content)["tasks"] == []


def test_every_page_of_an_adopted_plan_is_well_made_and_says_nothing_that_is_not_public(
    client: Client, town: Town
) -> None:
    for name, arguments in pages(town):
        page = page_of(client, name, *arguments)
        for hidden in HIDDEN:
            assert hidden not in page.text, (name, arguments, hidden)
        assert town.waiting not in page.text


def test_no_page_but_the_form_leaves_anything_in_the_browser(client: Client, town: Town) -> None:
    for name, arguments in pages(town):
        cookies = client.get(reverse(f"portal:{name}", args=arguments)).cookies
        assert bool(cookies) == (name == "plan-feedback-new"), name


def test_the_overview_shows_every_promise_with_owner_target_value_and_light(client: Client, town: Town) -> None:
    text = page_of(client, "plan").text
    for wanted in (
        "虚构县绿色行动方案（示例）",
        "征求意见稿",
        "绿色学校",
        "绿色餐饮",
        "绿色宣传",
        "教育局牵头，1家配合",
    ):
        assert wanted in text
    assert "1所 目标： 到2090年，不少于4所" in text
    assert "正常推进" in text
    assert "逾期" in text  # the milestone of 2025
    plan = queries.plan(today())
    assert plan is not None
    for task in plan.tasks:
        assert task.light.status.label in text
        assert task.light.percent in text or task.light.completion_bp is None


def test_tasks_are_filtered_by_department_and_by_status(client: Client, town: Town) -> None:
    def shown(**query: str) -> list[str]:
        page = Page(client.get(reverse("portal:plan"), query))  # type: ignore[arg-type]
        assert page.faults() == []
        return [link["href"] for link in page.all("a") if link.get("class") == "task-link"]

    every = [reverse("portal:plan-task", args=[no]) for no in (1, 2, 3)]
    assert shown() == every
    assert shown(department=world.ECOLOGY) == [every[0], every[2]]
    assert shown(department=world.COMMERCE) == [every[1]]
    assert shown(status="late") == [every[1]]
    assert shown(status="no_data") == [every[2]]
    assert shown(department="nobody") == []
    assert "没有符合条件的任务" in page_of(client, "plan", department="nobody").text


def test_a_task_shows_boxes_roadmap_departments_registers_cases_and_replies(client: Client, town: Town) -> None:
    text = page_of(client, "plan-task", 1).text
    for wanted in ("虚构县教育局", "虚构县生态环境局", "绿色校园行动", "节能改造", "选定试点学校", "绿色学校全覆盖"):
        assert wanted in text
    for wanted in ("绿色学校台账（示例）", "示例公开案例", "校门口希望多种树", "今年春天种"):
        assert wanted in text
    for unanswered in ("教室的灯太亮了", "还没有人看过的意见"):
        assert unanswered not in text
    signs = [each["class"] for each in page_of(client, "plan-task", 1).all("span") if "stance" in each.get("class", "")]
    assert {"stance stance-proactive", "stance stance-routine"} <= set(signs)


def test_a_status_by_hand_stands_with_its_reason_and_what_the_rule_says(client: Client, town: Town) -> None:
    details = OverrideDetails(indicator=world.RULES, status=Status.ON_TIME, reason="上级改了期限，会议同意")
    services.work(details=details, at=world.NOW, by=town.staff.office)
    for name, argument in (("plan-task", 2), ("plan-indicator", world.RULES)):
        text = page_of(client, name, argument).text
        assert "人工判定" in text
        assert "上级改了期限，会议同意" in text
        assert "按规则为“逾期”" in text
    assert "上级改了期限，会议同意" in client.get(reverse("portal:plan-csv")).content.decode()


def test_samples_are_marked_wherever_their_value_or_row_stands(client: Client, town: Town) -> None:
    marked = [("plan-register", "green-restaurants"), ("plan-indicator", world.RESTAURANTS), ("plan-task", 2)]
    for name, argument in marked:
        marks = [each for each in page_of(client, name, argument).all("span") if each.get("class") == "sample-mark"]
        assert marks, name
    assert not [each for each in page_of(client, "plan-indicator", world.SCHOOLS).all("span") if "sample" in str(each)]
    assert "不代表真实情况" in page_of(client, "plan").text
    values = json.loads(client.get(reverse("portal:plan-json")).content)
    figures = {each["code"]: each["figure"] for task in values["tasks"] for each in task["indicators"]}
    assert values["samples"] is True
    assert figures[world.RESTAURANTS]["sample"] is True
    assert figures[world.SCHOOLS]["sample"] is False


def test_an_indicator_leads_to_the_rows_that_make_its_value(client: Client, town: Town) -> None:
    page = page_of(client, "plan-indicator", world.SCHOOLS)
    assert "虚构一中" in page.text
    assert any(each.get("id") == town.school for each in page.all("tr"))
    by_hand = page_of(client, "plan-indicator", world.WASTE).text
    assert "12.5" in by_hand
    assert "虚构县商务局" in by_hand
    assert "还没有数值" in page_of(client, "plan-indicator", world.FILMS).text


def test_a_register_that_is_not_public_shows_counts_alone(client: Client, town: Town) -> None:
    closed = [_closed(each) if each.code == "green-schools" else each for each in world.registers()]
    services.define(registers=closed, measures=world.measures(), at=world.NOW)
    for name, argument in (("plan-register", "green-schools"), ("plan-indicator", world.SCHOOLS)):
        page = page_of(client, name, argument)
        assert "逐行内容不公开" in page.text
        assert "虚构一中" not in page.text
    for name in ("plan-register-xlsx", "plan-register-csv"):
        response = client.get(reverse(f"portal:{name}", args=["green-schools"]))
        assert response.status_code == 404
        assert "虚构一中" not in response.content.decode()


def _closed(document: RegisterDocument) -> RegisterDocument:
    text = next(each for each in world.REGISTERS if f"code: {document.code}\n" in each)
    return world.read_register(
        world.read_text(text.replace("public: true\nmay_file", "public: false\nmay_file"), name="w")
    )


def test_rows_are_turned_page_by_page(client: Client, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tanhui.portal.views.plan_registers._PAGE", 1)
    first = page_of(client, "plan-register", "green-restaurants")
    assert ("示例餐厅乙" in first.text, "虚构餐厅甲" in first.text) == (True, False)
    (address,) = [link["href"] for link in first.all("a") if link.get("href", "").startswith("?before=")]
    second = page_of(client, "plan-register", "green-restaurants", before=address.removeprefix("?before="))
    assert ("示例餐厅乙" in second.text, "虚构餐厅甲" in second.text) == (False, True)
    assert page_of(client, "plan-register", "green-restaurants", before="row_nowhere", status=404)


def test_files_open_and_hold_what_the_pages_show(client: Client, town: Town) -> None:
    sheet = openpyxl.load_workbook(
        io.BytesIO(client.get(reverse("portal:plan-register-xlsx", args=["green-schools"])).content)
    ).active
    assert sheet is not None
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert "虚构一中" in cells
    assert not set(HIDDEN) & set(cells)
    rows = rows_of(client.get(reverse("portal:plan-register-csv", args=["green-schools"])))
    assert rows[0] == ["编号", "学校名称", "评定日期", "填报部门", "示例"]
    assert [row[1:] for row in rows[1:]] == [["虚构一中", "2026-03-01", "虚构县教育局", "否"]]
    plan = rows_of(client.get(reverse("portal:plan-csv")))
    assert len(plan) == 1 + 6
    assert {len(row) for row in plan} == {16}
    word = client.get(reverse("portal:plan-report-file", args=[town.report, "docx"]))
    assert "绿色行动方案" in Document(io.BytesIO(word.content)).paragraphs[0].text
    excel = client.get(reverse("portal:plan-report-file", args=[town.report, "xlsx"]))
    assert openpyxl.load_workbook(io.BytesIO(excel.content)).sheetnames
    assert "attachment" in word["Content-Disposition"]
    assert queries.report_file(town.report, "word")[1] == word.content


def test_programs_get_exact_values_and_the_hash_of_the_version(client: Client, town: Town) -> None:
    content = json.loads(client.get(reverse("portal:plan-json")).content)
    version = queries.version()
    assert content["version"]["content_hash"] == version.content_hash
    indicators = {each["code"]: each for task in content["tasks"] for each in task["indicators"]}
    assert indicators[world.WASTE]["figure"]["value"] == "12.5"
    assert indicators[world.SCHOOLS]["targets"][0] == {
        "due_on": "2090-12-31", "comparator": ">=", "value": "4", "value_max": None, "staged": False,
    }  # fmt: skip
    assert indicators[world.FILMS]["figure"] is None
    frozen = client.get(reverse("portal:plan-version-json", args=[1])).content
    assert hashlib.sha256(frozen).hexdigest() == version.content_hash
    assert json.loads(frozen) == dict(queries.version_content(1))


def test_the_map_and_its_list_show_the_same_places(client: Client, town: Town) -> None:
    page = page_of(client, "plan-map")
    pins = [each["href"] for each in page.all("a") if each.get("tabindex") == "-1"]
    listed = {each["id"] for each in page.all("li") if "id" in each}
    assert {f"#{each}" for each in listed} == set(pins)
    assert len(pins) == 2
    features = json.loads(client.get(reverse("portal:plan-map-geojson")).content)["features"]
    assert {feature["id"] for feature in features} == listed
    assert [113.6, 28.7] in [feature["geometry"]["coordinates"] for feature in features]
    assert "没有符合条件的地点" in page_of(client, "plan-map", division="无此乡镇").text
    assert len(page_of(client, "plan-map", register="green-restaurants").all("title")) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/plan/tasks/99/",
        "/plan/tasks/99/feedback/",
        "/plan/indicators/none/",
        "/plan/departments/none/",
        "/plan/registers/none/",
        "/plan/registers/none.xlsx",
        "/plan/registers/none.csv",
        "/plan/reports/none/",
        "/plan/reports/none.docx",
        "/plan/cases/none/",
        "/plan/feedback/none/",
        "/plan/feedback/?number=a/b",
        "/plan/versions/9.json",
    ],
)
def test_what_does_not_exist_says_so_in_chinese(client: Client, town: Town, path: str) -> None:
    response: Any = client.get(path)
    assert response.status_code == 404
    page = Page(response)
    assert page.faults() == []
    assert "没有" in page.text


def test_a_case_that_nobody_published_is_nowhere(client: Client, town: Town) -> None:
    hidden = next(case for case in queries.cases(public_only=False) if case.title == "示例未公开案例")
    assert "没有这个案例" in page_of(client, "plan-case", hidden.number, status=404).text


def test_more_rows_ask_no_more_of_the_database(client: Client, town: Town) -> None:
    addresses = [reverse(f"portal:{name}", args=arguments) for name, arguments in pages(town)]

    def asked() -> list[int]:
        cache.clear()
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    before = asked()
    world.approve(town.staff, *(world.file_school(town.staff, f"虚构第{at}小学") for at in range(20)))
    after = asked()
    assert after == before
    named = dict(zip(addresses, after, strict=True))
    assert named[reverse("portal:plan")] <= 14
    assert max(after) <= 45


def test_a_value_stands_beside_its_target_in_the_same_words_on_every_page(client: Client, town: Town) -> None:
    school = queries.indicator(world.SCHOOLS, today())
    assert school.figure is not None
    assert school.target is not None
    for page in (page_of(client, "plan"), page_of(client, "plan-indicator", world.SCHOOLS)):
        assert school.figure.words in page.text
        assert school.target.words in page.text


@pytest.mark.parametrize("status", list(Status))
def test_a_light_is_a_shape_a_word_and_a_bar(status: Status) -> None:
    light = Light(completion_bp=2_550, status=status, rule_status=status)
    html = render_to_string("tanhui/light.html", {"light": light})
    assert status.label in html
    others = {render_to_string("tanhui/lamp.html", {"status": other}) for other in Status if other != status}
    assert render_to_string("tanhui/lamp.html", {"status": status}) not in others
    assert 'width="25.5%"' in progress(light)
    assert 'width="0%"' in progress(Light(completion_bp=None, status=status, rule_status=status))
    assert 'width="1.0%"' in progress(Light(completion_bp=3, status=status, rule_status=status))


def test_versions_show_what_each_changed(client: Client, town: Town) -> None:
    world.adopt(world.changed(world.draft(), 3, indicators=()), at=world.NOW, name="第二版.txt")
    text = page_of(client, "plan-versions").text
    for wanted in ("第2版", "现行", "第1版", "已被替代", "与上一版比较", "取消", queries.version(1).content_hash):
        assert wanted in text
    assert "现行方案已取消" in page_of(client, "plan-indicator", world.FILMS).text
    assert "制作宣传片" not in page_of(client, "plan-task", 3).text


@pytest.mark.parametrize(("changes", "folded"), [(12, False), (13, True)])
def test_a_long_list_of_changes_is_folded(changes: int, folded: bool) -> None:
    rows = [{"words": f"任务{number}取消"} for number in range(changes)]
    version = {"version": 2, "adopted_at": world.NOW, "starts_on": world.TODAY}
    html = render_to_string("portal/plan/versions.html", {"versions": [(version, [("取消", rows)])]})
    assert html.count("<li><span>任务") == changes
    assert ("<summary>逐条列出</summary>" in html) == folded
