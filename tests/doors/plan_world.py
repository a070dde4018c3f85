"""An invented plan in force for the departments' pages: two tasks, two registers, one value by hand, and staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from tests.rooms.scenarios.world import START

from tanhui.kernel.county import County
from tanhui.parties import services as parties
from tanhui.parties.types import Actor
from tanhui.plan import queries, services
from tanhui.plan.types import Measurement, RowDetails, SubTaskDetails, Upload
from tanhui.project.county import SYSTEM, divisions, this_county
from tanhui_plandoc import Draft

FOLDER = Path(__file__).parent / "plan_county"
REGISTER, SIGNS = "town-trainings", "town-signs"
FORESTRY, EDUCATION = "forestry", "education"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def _indicator(code: str, text: str, year: int, value: str, unit: str) -> dict[str, Any]:
    return {
        "id": code, "text": text, "kind": "quantitative", "source": "body", "lines": [5], "deadline_year": year,
        "comparator": ">=", "value": value, "unit": unit,
        "occurrences": [{"source": "annex", "section": "附件1", "quote": "", "lines": [40, 41]}],
    }  # fmt: skip


_FORESTRY = {"name": "平江县林业局", "raw": "林业局", "code": FORESTRY}
_EDUCATION = {"name": "平江县教育局", "raw": "教育局", "code": EDUCATION}
_PLAN = {
    "title": "示例县绿色行动方案（虚构）",
    "status": "印发稿",
    "date": "2023-01-01",
    "groups": [
        {
            "no": 1,
            "title": "林场",
            "tasks": [
                {
                    "no": 1, "title": "护林员培训", "text": "让每个林场都有懂技术的人", "leads": [_FORESTRY],
                    "supporters": [_EDUCATION],
                    "indicators": [
                        _indicator("i-trainings", "林场技术培训场次", 2024, "10", "场"),
                        _indicator("i-area", "抚育面积", 2060, "500", "亩"),
                    ],
                    "boxes": [
                        {"no": 1, "title": "下乡课堂", "actions": [{"title": "巡回授课", "text": "每个乡镇一次"}]}
                    ],
                    "roadmap": [
                        {"period": "到2025年", "text": "办好第一批课堂", "mark": "proactive", "deadline_year": 2025},
                        {"period": "到2025年", "text": "印发教材", "mark": "routine", "deadline_year": 2025},
                    ],
                },
                {
                    "no": 2, "title": "林区标识", "text": "", "leads": [_EDUCATION],
                    "indicators": [_indicator("i-signs", "护林标识牌", 2060, "20", "块")],
                },
            ],
        }
    ],
}  # fmt: skip


def _measure(code: str, by: str, source: str = "") -> Measurement:
    return Measurement(code, "", by, source, 1, 120, None, None, (), "tests")


def open_plan() -> None:
    """Divisions, the plan in force, its registers, and how its indicators are counted."""
    parties.register(details=divisions(this_county()), at=START, by=SYSTEM)
    number = services.draft(name="示例方案.txt", draft=Draft.from_json(_PLAN), at=START)
    services.adopt(number=number, at=START)
    measures = [
        _measure("i-trainings", "register", REGISTER),
        _measure("i-area", "hand"),
        _measure("i-signs", "register", SIGNS),
    ]
    services.define(registers=queries.county_registers(County(FOLDER)), measures=measures, at=START)


TRAINING = RowDetails(
    {"title": "油茶修剪（示例）", "held_on": "2025-05-20", "people": "42", "audience": "林农"},
    (Upload("签到照片.pdf", PDF),),
)


def file_training(by: Actor, title: str = "油茶修剪（示例）", day: date = date(2025, 5, 20)) -> str:
    """A row of the first register, waiting for its review; its number."""
    row = replace(TRAINING, values=dict(TRAINING.values) | {"title": title, "held_on": day.isoformat()})
    (number,) = services.file(register=REGISTER, rows=[row], department=FORESTRY, at=START, by=by)
    return number


def plan_step(by: Actor, title: str = "编写教材（示例）", due_on: date = date(2025, 6, 1)) -> str:
    """A sub-task of the first task; its number."""
    details = SubTaskDetails(task_no=1, department=FORESTRY, title=title, due_on=due_on)
    return services.work(details=details, at=START, by=by)
