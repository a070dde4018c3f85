"""The county's real plan, read where it lies: tasks, departments, targets and marks, none of its sentences."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from tanhui_plandoc import Draft, read
from tanhui_plandoc.draft import Indicator, Mark, Source

PATH = Path(__file__).parents[3] / "shared/plan/pingjiang-2023.txt"

pytestmark = [
    pytest.mark.real_input,
    pytest.mark.skipif(not PATH.is_file(), reason="no ../shared/plan"),
]

SHORT = {
    "环": "市生态环境局平江分局",
    "发": "发改局",
    "农": "农业农村局",
    "林": "林业局",
    "教": "教育局",
    "科": "科工信局",
    "交": "交通运输局",
    "旅": "文旅广体局",
    "商": "商务粮食局",
    "监": "市场监管局",
    "住": "住建局",
    "城": "城管局",
    "机": "机关事务服务中心",
    "宣": "县委宣传部",
    "财": "财政局",
}

# Task: title, leads, supporters; one sign for a department that several tasks name.
TASKS = {
    1: ("深化绿色低碳学校教育", "教", "环 发 农 林 水利局 气象局 文旅局"),
    2: ("强化干部绿色低碳培训", "发", "县委组织部 县委党校 财 科"),
    3: ("推进绿色低碳主题宣传", "环", "宣 总工会 发 林 交 旅 商"),
    4: ("营造绿色低碳舆论氛围", "宣", "发 环 城 交"),
    5: ("积极发展绿色生态旅游", "旅", "林 交 监 商"),
    6: ("普及绿色低碳出行方式", "交 发", "住 城 机 旅"),
    7: ("大力提倡绿色低碳饮食", "商", "机 监 教 农"),
    8: ("促进绿色低碳用品消费", "商", "监 农 供销社 环 教 住"),
    9: ("打造绿色低碳居住环境", "城 机", "住 农 供销联社"),
    10: ("鼓励绿色低碳衣着消费", "商", "教 财 农 卫健局"),
    11: ("搭建县级碳普惠平台", "环", "宣 发 交 旅 商 农"),
    12: ("扩大绿色生态产品供给", "发", "农 科 旅 环 自然资源局 林"),
    13: ("推进绿色低碳产品认证", "监", "科 农 环"),
    14: ("打造绿色供应链管理体系", "科", "发 农 环"),
    15: ("创建零碳机关", "机", "发 住 供销社"),
    16: ("创建零碳景区", "旅", "发"),
    17: ("创建零碳村庄", "农", "发 宣"),
    18: ("创建零碳学校", "教", "机 发"),
}

# Box: its task, title, number of actions.
BOXES = {
    1: (1, "绿色低碳学校教育行动", 3),
    2: (3, "绿色低碳主题宣传行动", 2),
    3: (4, "绿色低碳新闻报道行动", 2),
    4: (6, "提高公共客运服务水平行动", 1),
    5: (7, "绿色低碳餐饮行动", 2),
    6: (9, "创新乡镇村垃圾减量分类回收行动", 1),
    7: (11, "搭建碳普惠平台", 4),
    8: (12, "提升生态产品供给能力行动", 3),
    9: (14, "打造近零碳食品产业链", 1),
}

# Task, keyword, year, comparator, value, upper value, unit: every dated target of the body and the boxes.
DATED: list[tuple[int, str, int, str | None, int | None, int | None, str | None]] = [
    (1, "高中版的编印", 2023, None, None, None, None),
    (1, "师资培训", 2025, ">=", 1, None, "场"),
    (1, "课程实施方案", 2025, None, None, None, None),
    (1, "研学基地", 2030, ">=", 5, None, "个"),
    (2, "专题培训", 2025, ">=", 2, None, "场"),
    (3, "公民版", 2023, None, None, None, None),
    (3, "宣讲课程", 2030, ">=", 1, None, "套"),
    (3, "服务队伍", 2024, None, None, None, None),
    (3, "服务项目", 2030, ">=", 3, None, "个"),
    (5, "主题培训", 2025, ">=", 2, None, "场"),
    (5, "文化节", 2025, "=", 1, None, "场"),
    (5, "旅游线路", 2025, ">=", 1, None, "条"),
    (6, "公交专线", 2025, ">=", 2, None, "条"),
    (6, "全覆盖", 2030, None, None, None, None),
    (6, "乡镇引入", 2030, ">=", 6, None, "个"),
    (6, "满意度", 2030, None, None, None, None),
    (7, "绿色餐厅", 2025, ">=", 5, None, "家"),
    (7, "示范街", 2030, ">=", 1, None, "条"),
    (8, "销售专区", 2030, ">=", 50, None, "%"),
    (9, "在城区", 2023, "=", 39, None, "个"),
    (9, "在乡镇", 2023, "=", 23, None, "个"),
    (9, "积分兑换", 2025, ">=", 10, None, "家"),
    (11, "标准体系", 2025, None, None, None, None),
    (11, "小程序", 2028, None, None, None, None),
    (11, "两大场景", 2028, "=", 2, None, "场景"),
    (11, "网上商城", 2028, None, None, None, None),
    (11, "统一平台", 2030, None, None, None, None),
    (11, "林业碳汇", 2030, None, None, None, None),
    (11, "有机联动", 2030, None, None, None, None),
    (12, "油茶林", 2025, "=", 220_000, None, "亩"),
    (12, "茶叶", 2025, "=", 100_000, None, "亩"),
    (12, "中药材", 2025, ">=", 40_000, None, "亩"),
    (12, "白术", 2025, ">=", 20_000, None, "亩"),
    (12, "康养", 2025, "range", 8, 10, "个"),
    (12, "研学线路", 2025, ">=", 2, None, "条"),
    (13, "平江物华", 2025, ">=", 20, None, "家"),
    (13, "认证程序", 2030, None, None, None, None),
    (14, "信息披露", 2030, ">=", 5, None, "家"),
    (15, "实施规划", 2025, None, None, None, None),
    (15, "家机关", 2030, ">=", 2, None, "家"),
    (16, "实施规划", 2025, None, None, None, None),
    (16, "个景区", 2030, ">=", 2, None, "个"),
    (17, "实施规划", 2025, None, None, None, None),
    (17, "个村庄", 2030, ">=", 2, None, "个"),
    (18, "实施规划", 2025, None, None, None, None),
    (18, "所学校", 2030, ">=", 2, None, "所"),
]

# Task, keyword, where the target stands.
SECTIONS = [
    (1, "师资培训", "正文 附件1 附件2"),
    (1, "研学基地", "专栏1 附件1 附件2"),
    (2, "专题培训", "正文 附件1 附件2"),
    (3, "宣讲课程", "专栏2 附件1 附件2"),
    (4, "定期公布", "专栏3 附件1 附件2"),
    (4, "采访", "专栏3 附件1"),
    (6, "全覆盖", "正文 附件1 附件2"),
    (6, "满意度", "专栏4 附件1"),
    (7, "示范街", "专栏5 附件1 附件2"),
    (8, "销售专区", "正文 附件1 附件2"),
    (9, "在城区", "正文 附件1 附件2"),
    (11, "网上商城", "正文 附件1 附件2"),
    (12, "油茶林", "专栏8 附件1"),
    (13, "认证程序", "正文 附件1 附件2"),
    (15, "家机关", "正文 附件1"),
]

# Task: the marks until 2025 and until 2030; ★ of one's own accord, ▲ as usual, - without a mark.
MARKS = {
    1: ("★★▲▲▲", "★▲"),
    2: ("▲▲", ""),
    3: ("★★▲▲▲▲", "★★"),
    4: ("★▲▲", "▲▲"),
    5: ("★▲▲▲▲▲", "★"),
    6: ("★▲▲", "★▲▲▲"),
    7: ("▲▲▲▲", "▲"),
    8: ("★▲▲", "▲"),
    9: ("★▲▲▲▲", ""),
    10: ("▲▲", ""),
    11: ("★", "★★★★★★"),
    12: ("★▲", ""),
    13: ("★★▲▲", "★"),
    14: ("★▲", "★▲▲"),
    15: ("▲▲▲▲", "★"),
    16: ("▲▲▲▲", "★★★▲"),
    17: ("▲▲▲", "★▲"),
    18: ("-★★", "★"),
}
SIGNS = {Mark.PROACTIVE: "★", Mark.ROUTINE: "▲", None: "-"}


@cache
def text() -> str:
    return PATH.read_text(encoding="utf-8")


@cache
def plan() -> Draft:
    return read(text())


def the(task: int, keyword: str) -> Indicator:
    (found,) = (one for one in plan().tasks[task - 1].indicators if keyword in one.text)
    return found


def test_head_and_frame() -> None:
    draft = plan()
    assert (draft.title, draft.status, draft.date) == ("平江县绿色低碳全民行动实施方案", "征求意见稿", "2023-08")
    assert [len(group.tasks) for group in draft.groups] == [4, 7, 3, 4]
    assert [group.title for group in draft.groups] == [
        "倡导绿色低碳发展理念",
        "推广绿色低碳生活方式",
        "加强绿色低碳产品供给",
        "开展零碳示范创建活动",
    ]
    assert [one.title for one in draft.safeguards] == ["加强组织领导", "严格责任落实", "加大资金投入", "强化能力建设"]
    assert Counter(one.deadline_year for one in draft.overall_targets) == {2025: 11, 2030: 9}
    assert [(one.mark, one.text[:2]) for one in draft.legend] == [(Mark.ROUTINE, "常规"), (Mark.PROACTIVE, "主动")]


@pytest.mark.parametrize("no", TASKS)
def test_titles_leads_and_supporters(no: int) -> None:
    title, leads, supporters = TASKS[no]
    task = plan().tasks[no - 1]
    assert (task.no, task.title) == (no, title)
    assert [one.raw for one in task.leads] == [SHORT.get(sign, sign) for sign in leads.split()]
    assert [one.raw for one in task.supporters] == [SHORT.get(sign, sign) for sign in supporters.split()]
    assert task.clauses
    assert [clause.no for clause in task.clauses] == list(range(1, len(task.clauses) + 1))
    assert [row.section for row in task.annex_rows] == ["附件1"]


def test_boxes_and_their_actions() -> None:
    found = {box.no: (task.no, box.title, len(box.actions)) for task in plan().tasks for box in task.boxes if box.no}
    assert found == BOXES
    alone = [box for task in plan().tasks for box in task.boxes if len(box.actions) == 1]
    assert {box.actions[0].title for box in alone} == {"行动内容"}
    assert all(action.text for task in plan().tasks for box in task.boxes for action in box.actions)


@pytest.mark.parametrize(("task", "keyword", "year", "comparator", "value", "value_max", "unit"), DATED)
def test_dated_targets(
    task: int,
    keyword: str,
    year: int,
    comparator: str | None,
    value: int | None,
    value_max: int | None,
    unit: str | None,
) -> None:
    found = the(task, keyword)
    exact = None if value is None else Decimal(value)
    assert (found.deadline_year, found.comparator, found.value) == (year, comparator, exact)
    assert (found.value_max, found.unit) == (None if value_max is None else Decimal(value_max), unit)
    assert found.lines


def test_no_dated_target_more() -> None:
    found = Counter(task.no for task in plan().tasks for one in task.indicators if one.deadline_year)
    assert found == Counter(task for task, *_ in DATED)
    assert found.total() == 46
    assert {one.source for task in plan().tasks for one in task.indicators} == {Source.BODY, Source.BOX}


def test_recurring_duties() -> None:
    found = {(task.no, one.recurrence) for task in plan().tasks for one in task.indicators if one.recurrence}
    assert {(2, "irregular"), (4, "irregular"), (4, "yearly"), (1, "yearly"), (9, "quarterly")} <= found


@pytest.mark.parametrize(("task", "keyword", "sections"), SECTIONS)
def test_where_a_target_stands(task: int, keyword: str, sections: str) -> None:
    found = the(task, keyword)
    assert [one.section for one in found.occurrences] == sections.split()
    assert all(one.lines and one.text in one.quote for one in found.occurrences)


@pytest.mark.parametrize("no", MARKS)
def test_marks_of_the_roadmap(no: int) -> None:
    items = plan().tasks[no - 1].roadmap
    for period, year, wanted in zip(("到2025年", "到2030年"), (2025, 2030), MARKS[no], strict=True):
        found = [item for item in items if item.period == period]
        assert Counter(SIGNS[item.mark] for item in found) == Counter(wanted)
        assert {item.deadline_year for item in found} <= {year}


def test_the_roadmap_is_whole() -> None:
    items = [item for task in plan().tasks for item in task.roadmap]
    assert len(items) == 93
    assert sum(item.mark is None for item in items) == 1
    signs = Counter(re.findall("（([★▲])）", text().replace("(", "（").replace(")", "）")))
    assert Counter(SIGNS[item.mark] for item in items if item.mark) == signs


def test_lines_lead_to_the_sentence() -> None:
    lines = text().splitlines()
    for task in plan().tasks:
        for one in task.indicators:
            for place in one.occurrences:
                near = set("".join(lines[number - 1] for number in place.lines))
                assert set(re.findall("[\u4e00-\u9fff]", place.text)) <= near


def test_ids_are_stable() -> None:
    ids = {(task.no, one.text): one.id for task in plan().tasks for one in task.indicators}
    assert len(set(ids.values())) == len(ids)
    changed = read(
        text().replace("至少开通 2 条", "至少开通 7 条").replace("到 2025 年，至少开通", "到 2027 年，至少开通")
    )
    (moved,) = (one for one in changed.tasks[5].indicators if "公交专线" in one.text)
    assert (moved.value, moved.deadline_year) == (7, 2027)
    assert moved.id == the(6, "公交专线").id


def test_it_reads_the_same_again_and_as_json() -> None:
    assert read(text()) == plan()
    content = plan().as_json()
    assert Draft.from_json(json.loads(json.dumps(content, ensure_ascii=False))) == plan()
