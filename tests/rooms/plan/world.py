"""A small plan for tests, all invented: 虚构县 with three tasks, two registers, and staff of two departments.

`open_plan()` does everything: organizations, staff, the plan adopted, registers defined. The days are fixed; what is
due in 2025 is late on every day since, what is due in 2090 is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tanhui.parties import services as parties
from tanhui.parties.types import Actor, OrganizationDetails, Role, Scope, StaffDetails
from tanhui.plan import services
from tanhui.plan._register_document import read_register
from tanhui.plan._yaml import read_text
from tanhui.plan.types import HandFigure, Measurement, RegisterDocument, RowDetails, Upload
from tanhui_plandoc import Draft
from tanhui_plandoc.draft import Diagnostic, Place, Severity

START = datetime(2026, 1, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 15, 2, tzinfo=UTC)
TODAY = date(2026, 6, 15)
PDF = Upload("证明（示例）.pdf", b"%PDF-1.4\n% invented evidence\n%%EOF\n")
PASSWORD = "an-invented-password-only-tests-know"

EDUCATION, COMMERCE, ECOLOGY = "education", "commerce-grain", "ecology-environment"
_NAMES = {EDUCATION: "虚构县教育局", COMMERCE: "虚构县商务局", ECOLOGY: "虚构县生态环境局"}
_RAW = {EDUCATION: "教育局", COMMERCE: "商务局", ECOLOGY: "生态环境局"}

SCHOOLS, CLASSES, RESTAURANTS, WASTE, RULES, FILMS = (
    "i-0000000a", "i-0000000b", "i-0000000c", "i-0000000d", "i-0000000e", "i-0000000f",
)  # fmt: skip


def department(code: str) -> dict[str, Any]:
    """A department as the plan's document names it."""
    return {"name": _NAMES[code], "raw": _RAW[code], "code": code}


def indicator(
    code: str, text: str, kind: str = "quantitative", *, year: int | None = None, value: Any = None,
    unit: str | None = None, comparator: str | None = ">=", recurrence: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """An indicator as the plan's document says it."""
    return {
        "id": code, "text": text, "kind": kind, "source": "body", "lines": [1], "deadline_year": year,
        "deadline": str(year) if year else None, "comparator": comparator if value is not None else None,
        "value": value, "unit": unit, "recurrence": recurrence,
        "occurrences": [{"source": "body", "section": "正文", "quote": "", "lines": [1]}],
    }  # fmt: skip


def _school_task() -> dict[str, Any]:
    return {
        "no": 1, "title": "绿色学校", "text": "建设绿色学校", "lines": [2],
        "clauses": [{"no": 1, "text": "建设绿色学校"}, {"no": 2, "text": "上节能课"}],
        "leads": [department(EDUCATION)], "supporters": [department(ECOLOGY)],
        "boxes": [{"no": 1, "title": "绿色校园行动", "actions": [
            {"title": "节能改造", "text": "换节能灯"}, {"title": "光盘行动", "text": "不剩饭菜"}]}],
        "indicators": [
            indicator(SCHOOLS, "创建绿色学校", year=2090, value=4, unit="所"),
            indicator(CLASSES, "节能课", "recurring", value=2, unit="场", recurrence="yearly"),
        ],
        "roadmap": [
            {"period": "到2025年", "text": "选定试点学校", "mark": "routine", "deadline_year": 2025},
            {"period": "到2090年", "text": "绿色学校全覆盖", "mark": "proactive", "deadline_year": 2090},
        ],
    }  # fmt: skip


def _restaurant_task() -> dict[str, Any]:
    return {
        "no": 2, "title": "绿色餐饮", "text": "评定绿色餐厅", "lines": [3],
        "clauses": [{"no": 1, "text": "评定绿色餐厅"}],
        "leads": [department(COMMERCE)], "supporters": [department(EDUCATION)],
        "indicators": [
            indicator(RESTAURANTS, "评定绿色餐厅", year=2090, value=3, unit="家"),
            indicator(WASTE, "餐厨垃圾日产生量", year=2090, value=10, unit="吨", comparator="<="),
            indicator(RULES, "出台评定办法", "milestone", year=2025),
        ],
        "roadmap": [{"period": "到2025年", "text": "出台评定办法", "mark": None, "deadline_year": 2025}],
    }  # fmt: skip


def _film_task() -> dict[str, Any]:
    return {
        "no": 3, "title": "绿色宣传", "text": "拍摄宣传片", "lines": [4],
        "clauses": [{"no": 1, "text": "拍摄宣传片"}],
        "leads": [department(ECOLOGY)], "supporters": [],
        "indicators": [indicator(FILMS, "制作宣传片", year=2090, value=2, unit="部")],
        "roadmap": [],
    }  # fmt: skip


def draft(**changes: Any) -> Draft:
    """The plan as read, without diagnostics."""
    content: dict[str, Any] = {
        "title": "虚构县绿色行动方案（示例）",
        "status": "征求意见稿",
        "date": "2026-01",
        "overall_targets": [{"text": "绿色生活成为习惯", "deadline_year": 2090}],
        "groups": [
            {"no": 1, "title": "生活", "tasks": [_school_task(), _restaurant_task()]},
            {"no": 2, "title": "宣传", "tasks": [_film_task()]},
        ],
        "safeguards": [{"no": 1, "title": "组织保障", "text": "成立专班", "clauses": [{"no": 1, "text": "成立专班"}]}],
    }
    return Draft.from_json(content | changes)


TEXT = "虚构县绿色行动方案\n创建绿色学校4所\n评定绿色餐厅3家\n拍摄宣传片2部\n末行"


def diagnostics() -> tuple[Diagnostic, ...]:
    """Four findings: two substantive, one on a name, one on a sign."""
    return (
        Diagnostic(
            "value-differs", Severity.SUBSTANTIVE, "绿色学校数量前后不一：4所、5所", 1,
            (Place((2,), "创建绿色学校4所"),),
            "核对后选定一个数", f"indicator:{SCHOOLS}",
        ),
        Diagnostic(
            "leads-differ", Severity.SUBSTANTIVE, "宣传片由谁牵头，前后不一", 3, (Place((4,), "拍摄宣传片2部"),),
            "", "task:3",
        ),
        Diagnostic("department-two-names", Severity.NAMING, "教育局有两种写法", 1, (Place((3,), "评定绿色餐厅3家"),)),
        Diagnostic("roadmap-unmarked", Severity.TYPOGRAPHIC, "路线图一条没有标记", 2, (), "", "roadmap:2:1"),
    )  # fmt: skip


REGISTERS = (
    """
code: green-schools
title: 绿色学校台账（示例）
row: 一所绿色学校
tasks: [1]
topics: [校园]
public: true
may_file: [leads]
evidence: {required: true, note: 评定文件}
fields:
  - {name: school, title: 学校名称, type: text, required: true, public: true, max_length: 60}
  - {name: awarded_on, title: 评定日期, type: date, required: true, public: true}
  - {name: classes, title: 班级数, type: integer, unit: 个, min: 1, max: 200}
dated_by: awarded_on
key: [school]
feeds:
  - {indicator: i-0000000a, how: count, unit: 所}
samples: 2
""",
    """
code: green-restaurants
title: 绿色餐厅台账（示例）
row: 一家绿色餐厅
tasks: [2]
public: true
may_file: [leads, supporters]
evidence: {required: false, note: 照片}
fields:
  - {name: restaurant, title: 餐厅名称, type: text, required: true, public: true, max_length: 60}
  - {name: awarded_on, title: 评定日期, type: date, required: true, public: true}
  - {name: place, title: 位置, type: place, public: true}
dated_by: awarded_on
placed_by: place
key: [restaurant]
feeds:
  - {indicator: i-0000000c, how: count, unit: 家}
samples: 2
""",
)


def registers() -> list[RegisterDocument]:
    """The two registers: schools by the education bureau, restaurants by two bureaus."""
    return [read_register(read_text(text, name="world")) for text in REGISTERS]


def measures() -> list[Measurement]:
    """How the plan's indicators are counted: two by register, the rest by hand."""
    return [
        measure(SCHOOLS, "register", "green-schools", weight=2),
        measure(RESTAURANTS, "register", "green-restaurants"),
        *(measure(code, "hand") for code in (CLASSES, WASTE, RULES, FILMS)),
    ]


def measure(code: str, by: str, source: str = "", *, weight: int = 1, stale_after_days: int = 120) -> Measurement:
    """How one indicator is counted."""
    return Measurement(code, "", by, source, weight, stale_after_days, None, None, (), "world")


@dataclass(frozen=True)
class Staff:
    """Actors: the working group's two, and an officer and a reviewer of the education and the commerce bureau."""

    office: Actor
    deputy: Actor
    officer: Actor
    reviewer: Actor
    merchant: Actor
    merchant_reviewer: Actor
    nobody: Actor


_ROLES: Sequence[tuple[str, str, Role | None, str]] = (
    ("office", "专班甲", Role.ACTION_OFFICE, ""),
    ("deputy", "专班乙", Role.ACTION_OFFICE, ""),
    ("officer", "教育填报员", Role.OFFICER, EDUCATION),
    ("reviewer", "教育审核员", Role.REVIEWER, EDUCATION),
    ("merchant", "商务填报员", Role.OFFICER, COMMERCE),
    ("merchant_reviewer", "商务审核员", Role.REVIEWER, COMMERCE),
    ("nobody", "路人", None, ""),
)


def hire() -> Staff:
    """The staff with their roles; user names as the fields of `Staff`, all with `PASSWORD`."""
    system = Actor.system("test")
    actors = {}
    for username, name, role, code in _ROLES:
        ref = parties.register(details=StaffDetails(username, name, PASSWORD), at=START, by=system)
        if role is not None:
            scope = Scope("organization", code) if code else Scope()
            parties.grant(user_id=ref.id, role=role, at=START, by=system, scope=scope)
        actors[username] = Actor(name=f"staff:{username}", user_id=ref.id)
    return Staff(**actors)


def organizations() -> None:
    """The departments as organizations of the county, by their codes."""
    for code, name in _NAMES.items():
        details = OrganizationDetails(name=name, code=code)
        parties.register(details=details, at=START, by=Actor.system("test"))


def adopt(plan: Draft | None = None, *, at: datetime = START, name: str = "虚构县方案.txt") -> int:
    """Take in a plan without open findings and adopt it; returns the version."""
    number = services.draft(name=name, draft=draft() if plan is None else plan, text=TEXT, at=at)
    return services.adopt(number=number, at=at)


def open_plan() -> Staff:
    """Everything: organizations, staff, the plan in force, its registers and measures."""
    organizations()
    staff = hire()
    adopt()
    services.define(registers=registers(), measures=measures(), at=START)
    return staff


def file_school(staff: Staff, name: str = "虚构一中", *, on: str = "2026-03-01", at: datetime = NOW) -> str:
    """A green school, filed by the education bureau; returns the record's number."""
    row = RowDetails({"school": name, "awarded_on": on, "classes": "12"}, (PDF,))
    return services.file(register="green-schools", rows=[row], department=EDUCATION, at=at, by=staff.officer)[0]


def file_restaurant(staff: Staff, name: str = "虚构餐厅", *, on: str = "2026-03-01", at: datetime = NOW) -> str:
    """A green restaurant, filed by the commerce bureau; returns the record's number."""
    row = RowDetails({"restaurant": name, "awarded_on": on})
    return services.file(register="green-restaurants", rows=[row], department=COMMERCE, at=at, by=staff.merchant)[0]


def report(
    staff: Staff, code: str, value: str, *, department: str = COMMERCE, as_of: date = TODAY, at: datetime = NOW
) -> str:
    """A value by hand, filed by a department's officer; returns the record's number."""
    hand = HandFigure(code, value, as_of, (PDF,))
    by = staff.officer if department == EDUCATION else staff.merchant if department == COMMERCE else staff.office
    return services.file(hand=hand, department=department, at=at, by=by)[0]


def approve(staff: Staff, *numbers: str, at: datetime = NOW, by: Actor | None = None) -> int:
    """A second person approves records; the working group's deputy where nobody is named."""
    return services.review(numbers=numbers, approve=True, at=at, by=by or staff.deputy)


def give_back(staff: Staff, *numbers: str, note: str = "请补充材料", at: datetime = NOW) -> int:
    """A second person returns records."""
    return services.review(numbers=numbers, approve=False, note=note, at=at, by=staff.deputy)


def changed(plan: Draft, no: int, /, **changes: Any) -> Draft:
    """The plan with fields of one task replaced."""
    groups = (
        replace(group, tasks=tuple(replace(task, **changes) if task.no == no else task for task in group.tasks))
        for group in plan.groups
    )
    return replace(plan, groups=tuple(groups))


def exactly(number: str) -> Decimal:
    """A decimal as figures are stored."""
    return Decimal(number).quantize(Decimal("0.000001"))
