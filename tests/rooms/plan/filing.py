"""A small county for tests of registers: an adopted invented plan, registers of every way of counting, and staff."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl

from tanhui.parties import services as parties
from tanhui.parties.types import Actor, DivisionRow, DivisionTable, Role, Scope, StaffDetails
from tanhui.plan import services
from tanhui.plan._register_document import read_register
from tanhui.plan._yaml import read_text
from tanhui.plan.models import Figure, Indicator, Record
from tanhui.plan.types import Measurement, RegisterDocument, RowDetails, Upload
from tanhui_plandoc import Draft
from tanhui_plandoc.draft import Department, Group, Kind, Source, Task
from tanhui_plandoc.draft import Indicator as DraftIndicator

SYSTEM = Actor.system("tests")
START = datetime(2026, 3, 1, 4, tzinfo=UTC)
NOW = datetime(2026, 9, 20, 4, tzinfo=UTC)
TODAY = date(2026, 9, 20)
PDF = Upload("证明.pdf", b"%PDF-1.4 an invented proof")

DIVISIONS = DivisionTable(
    (
        DivisionRow("430626000000", "平江县", "county", code="430626"),
        DivisionRow("430626104000", "长寿镇", "township", "430626000000", "430626104"),
        DivisionRow("430626103000", "加义镇", "township", "430626000000", "430626103"),
        DivisionRow("430626104201", "示例村", "village", "430626104000"),
        DivisionRow("430626103201", "示例村", "village", "430626103000"),
    )
)

RESTAURANTS = """
code: restaurants
title: 示例餐厅台账
row: 一家示例餐厅
tasks: [1]
public: true
may_file: [commerce-grain, leads]
evidence: {required: true, note: 现场照片}
fields:
  - {name: restaurant, title: 餐厅名称, type: text, required: true, public: true, max_length: 20}
  - {name: spot, title: 位置, type: place, public: true}
  - {name: township, title: 所在乡镇, type: division, level: township, required: true, public: true}
  - {name: awarded_on, title: 评定日期, type: date, required: true, public: true}
  - {name: seats, title: 餐位, type: integer, unit: 个, min: 1, max: 5000}
  - {name: area, title: 面积, type: decimal, unit: 平方米, min: "0", places: 2}
  - {name: kind, title: 类别, type: choice, choices: [正餐, 快餐], public: true}
  - {name: passed, title: 是否通过, type: yes_no}
  - {name: organizer, title: 主办单位, type: organization}
  - {name: year, title: 年度, type: year}
  - {name: credit, title: 信用代码, type: credit_code}
  - {name: link, title: 公开链接, type: link}
  - {name: remark, title: 说明, type: long_text}
dated_by: awarded_on
placed_by: spot
key: [restaurant, township]
feeds:
  - {indicator: i-restaurants, how: count, unit: 家}
samples: 2
sample_values: {restaurant: [示例餐厅甲（虚构）]}
"""

TRAININGS = """
code: trainings
title: 示例培训台账
row: 一场示例培训
tasks: [1]
may_file: [leads]
fields:
  - {name: held_on, title: 日期, type: date, required: true}
  - {name: topic, title: 主题, type: text}
  - {name: people, title: 人数, type: integer, unit: 人, min: 0}
  - {name: audience, title: 对象, type: choice, choices: [干部, 教师, 学生]}
  - {name: passed, title: 是否通过, type: yes_no}
  - {name: green, title: 绿色数量, type: decimal, places: 3}
  - {name: whole, title: 总数量, type: decimal, places: 3}
dated_by: held_on
feeds:
  - {indicator: i-people, how: sum, field: people, where: {passed: true}, unit: 人}
  - {indicator: i-each, how: count, per: audience, unit: 场}
  - {indicator: i-each-sum, how: sum, field: people, per: audience, unit: 人}
  - {indicator: i-topics, how: distinct, field: topic, unit: 个}
  - {indicator: i-share, how: share, field: green, total: whole, unit: "%"}
  - {indicator: i-share-latest, how: share, field: green, total: whole, latest_per: [topic], unit: "%"}
  - {indicator: i-latest, how: latest, field: green, unit: 亩, factor: "10000"}
  - {indicator: i-latest-per, how: latest, field: green, latest_per: [topic], unit: 亩}
  - {indicator: i-yearly, how: count, unit: 场}
  - {indicator: i-quarterly, how: sum, field: people, unit: 人}
"""

GOALS: Sequence[tuple[str, Kind, str | None, str | None, str, str | None]] = (
    ("i-restaurants", Kind.QUANTITATIVE, ">=", "5", "家", None),
    ("i-people", Kind.QUANTITATIVE, ">=", "100", "人", None),
    ("i-each", Kind.QUANTITATIVE, ">=", "2", "场", None),
    ("i-each-sum", Kind.QUANTITATIVE, ">=", "50", "人", None),
    ("i-topics", Kind.QUANTITATIVE, ">=", "3", "个", None),
    ("i-share", Kind.QUANTITATIVE, ">=", "60", "%", None),
    ("i-share-latest", Kind.QUANTITATIVE, ">=", "60", "%", None),
    ("i-latest", Kind.QUANTITATIVE, ">=", "220000", "亩", None),
    ("i-latest-per", Kind.QUANTITATIVE, ">=", "20", "亩", None),
    ("i-yearly", Kind.RECURRING, ">=", "2", "场", "yearly"),
    ("i-quarterly", Kind.RECURRING, ">=", "20", "人", "quarterly"),
    ("i-hand", Kind.QUANTITATIVE, "<=", "30", "%", None),
    ("i-source", Kind.QUANTITATIVE, ">=", "10", "人", None),
)
EDUCATION = Department(name="平江县教育局", raw="教育局", code="education")
COMMERCE = Department(name="平江县商务粮食局", raw="商务粮食局", code="commerce-grain")


def plan() -> Draft:
    """An invented plan of two tasks; the second has no indicators."""
    indicators = tuple(
        DraftIndicator(
            id=code,
            text=f"示例指标{position}",
            kind=kind,
            source=Source.BODY,
            deadline_year=2030,
            comparator=comparator,
            value=Decimal(value) if value else None,
            unit=unit,
            recurrence=rhythm,
        )
        for position, (code, kind, comparator, value, unit, rhythm) in enumerate(GOALS, start=1)
    )
    first = Task(no=1, title="示例任务甲", text="虚构", leads=(EDUCATION,), indicators=indicators)
    second = Task(no=2, title="示例任务乙", text="虚构", leads=(COMMERCE,), supporters=(EDUCATION,))
    return Draft(title="示例方案（虚构）", date="2026-01", groups=(Group(1, "示例章", (first, second)),))


def document(text: str, **changes: Any) -> RegisterDocument:
    """A register from YAML, with some keys changed."""
    fields = read_text(text, name="registers/example.yaml")
    for key, value in changes.items():
        fields[key] = value
        fields.lines.setdefault(key, 1)
    return read_register(fields)


def measure(indicator: str, by: str, source: str = "", **changes: Any) -> Measurement:
    """How an indicator is counted."""
    facts: dict[str, Any] = {
        "note": "",
        "weight": 1,
        "stale_after_days": 120,
        "baseline": None,
        "baseline_on": None,
        "staged": (),
        "where": "measures.yaml:1",
    }
    return Measurement(indicator=indicator, by=by, source=source, **{**facts, **changes})


def measures() -> list[Measurement]:
    by_register = {"i-restaurants": "restaurants"}
    listed = [measure(code, "register", by_register.get(code, "trainings")) for code, *_ in GOALS[:11]]
    return [*listed, measure("i-hand", "hand"), measure("i-source", "source", "parties.residents")]


def open_county() -> None:
    """Divisions, the plan adopted, two registers defined."""
    parties.register(details=DIVISIONS, at=START, by=SYSTEM)
    number = services.draft(name="plan", draft=plan(), at=START, by=SYSTEM)
    services.adopt(number=number, at=START, by=SYSTEM)
    define()


def define(*registers: RegisterDocument, at: datetime = START) -> int:
    """Take the two registers, or those given, with all measures."""
    listed = registers or (document(RESTAURANTS), document(TRAININGS))
    return services.define(registers=listed, measures=measures(), at=at, by=SYSTEM)


def staff(username: str, role: Role | None = None, department: str = "") -> Actor:
    """A member of staff, with a role for a department or for the county."""
    details = StaffDetails(username=username, display_name=f"示例{username}", password="an invented password 417")
    found = parties.register(details=details, at=START, by=SYSTEM)
    if role is not None:
        scope = Scope("organization", department) if department else Scope()
        parties.grant(user_id=found.id, role=role, at=START, by=SYSTEM, scope=scope)
    return Actor(name=f"staff:{username}", user_id=found.id)


def officer(username: str = "officer", department: str = "education") -> Actor:
    return staff(username, Role.OFFICER, department)


def reviewer(username: str = "reviewer", department: str = "education") -> Actor:
    return staff(username, Role.REVIEWER, department)


def restaurant(name: str = "示例餐厅甲", **changes: Any) -> RowDetails:
    """A good row with evidence; a value of None is left out."""
    values: dict[str, Any] = {"restaurant": name, "township": "长寿镇", "awarded_on": "2026-05-01"}
    values |= {key: value for key, value in changes.items() if key not in ("evidence", "note")}
    kept = {key: value for key, value in values.items() if value is not None}
    return RowDetails(kept, changes.get("evidence", (PDF,)), changes.get("note", ""))


def training(day: str = "2026-05-01", **values: Any) -> RowDetails:
    return RowDetails({"held_on": day, **values})


def file(*rows: RowDetails, register: str = "restaurants", by: Actor = SYSTEM, **more: Any) -> list[str]:
    """File rows for the education bureau."""
    wanted: dict[str, Any] = {"department": "education", "at": NOW, **more}
    return services.file(register=register, rows=rows, by=by, **wanted)


def approve(*numbers: str, by: Actor = SYSTEM, at: datetime = NOW) -> int:
    return services.review(numbers=numbers, approve=True, at=at, by=by)


def filed(*rows: RowDetails, register: str = "trainings", at: datetime = NOW, **more: Any) -> list[str]:
    """Rows that are filed and approved."""
    numbers = file(*rows, register=register, at=at, **more)
    approve(*numbers, at=at)
    return numbers


def figure(code: str) -> tuple[Decimal, int] | None:
    """The latest figure: value and rows."""
    row = Figure.objects.filter(indicator__code=code).order_by("-id").first()
    return (row.value, row.rows) if row else None


def stored() -> tuple[int, int]:
    """How many records and figures there are."""
    return Record.objects.count(), Figure.objects.count()


def indicator(code: str) -> Indicator:
    return Indicator.objects.get(code=code)


def workbook(header: Sequence[str], *rows: Sequence[Any], formulas: bool = False) -> Upload:
    """A workbook as a department fills it in; texts are texts, unless they may be formulas and errors."""
    book = openpyxl.Workbook()
    book.active.title = "填报"
    for line in (header, *rows):
        book.active.append(list(line))
    for cell in () if formulas else (cell for row in book.active.iter_rows() for cell in row):
        if isinstance(cell.value, str):
            cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    return Upload("填报.xlsx", file.getvalue())


def cells(content: bytes, sheet: int = 0) -> list[list[Any]]:
    """A workbook's sheet as rows of values."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for row in book.worksheets[sheet].iter_rows()]
