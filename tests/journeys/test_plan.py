"""J5, through HTTP: a document becomes a draft, is settled and adopted; rows are filed and reviewed; a figure moves;
a report is published. Once with an invented plan, once with the real document where it is at hand."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.doors.desk import enter, hire

from tanhui.office.acts import today
from tanhui.parties import queries as parties
from tanhui.parties import services as party_services
from tanhui.parties.types import OrganizationDetails, Role, Scope
from tanhui.plan import queries, services
from tanhui.plan._register_document import read_register
from tanhui.plan._yaml import read_text
from tanhui.plan.types import Measurement
from tanhui.project.county import SYSTEM, divisions, this_county

ROOT = Path(__file__).resolve().parents[2]
INVENTED = ROOT / "tests/plandoc/corpus/boxes_and_annexes.txt"
REAL = ROOT.parent / "shared/plan/pingjiang-2023.txt"
PDF = b"%PDF-1.4\n% invented evidence\n%%EOF\n"

POINTS = """
code: water-points
title: 节水教育点台账（示例）
row: 一个建成的节水教育点
tasks: [1]
public: true
may_file: [leads]
evidence: {required: true, note: 验收单}
fields:
  - {name: title, title: 名称, type: text, required: true, public: true, max_length: 60}
  - {name: built_on, title: 建成日期, type: date, required: true, public: true}
dated_by: built_on
key: [title]
feeds:
  - {indicator: INDICATOR, how: count, unit: 个}
samples: 0
"""


@dataclass
class People:
    """Browsers of the working group, of one department's officer and reviewer, and of the public."""

    office: Client
    officer: Client
    reviewer: Client
    stranger: Client
    public: Client


def people(department: str, other: str) -> People:
    """The county's departments and divisions, and staff of two departments."""
    county = this_county()
    party_services.register(details=divisions(county), at=timezone.now(), by=SYSTEM)
    for row in county.rows("organizations.csv"):
        details = OrganizationDetails(name=row["name"], code=row["code"])
        party_services.register(details=details, at=timezone.now(), by=SYSTEM)
    here, there = Scope("organization", department), Scope("organization", other)
    return People(
        office=enter(hire("office", Role.ACTION_OFFICE)),
        officer=enter(hire("officer", Role.OFFICER, scope=here)),
        reviewer=enter(hire("reviewer", Role.REVIEWER, scope=here)),
        stranger=enter(hire("stranger", Role.OFFICER, scope=there)),
        public=Client(),
    )


def posted(client: Client, path: str, data: dict[str, Any], expected: int = 302) -> Any:
    """Post a form; the answer, whose status is as expected."""
    response = client.post(path, data)
    assert response.status_code == expected, response.content.decode()[:4000]
    return response


def hand_in(client: Client, path: Path) -> str:
    """Upload a document; its number on the desk."""
    file = SimpleUploadedFile(path.name, path.read_bytes(), "text/plain")
    return posted(client, "/office/plan/drafts/", {"file": file}).url.split("/")[-2]


def settle(client: Client, number: str, corrections: dict[tuple[str, str], str]) -> int:
    """Decide every finding through its form: correct where asked, accept the rest. How many there were."""
    path = f"/office/plan/drafts/{number}/"
    assert client.get(path).status_code == 200
    findings, left = queries.findings(number), dict(corrections)
    for each in findings:
        data = {f"f{each.position}-choice": "accept", f"f{each.position}-note": ""}
        for at, (subject, field, _, now) in enumerate(each.correctable):
            wanted = left.pop((subject, field), None)
            data[f"f{each.position}-c{at}"] = now if wanted is None else wanted
            if wanted is not None:
                data[f"f{each.position}-choice"] = "correct"
        posted(client, f"{path}findings/{each.position}/", data)
    assert not left, f"no finding offers these corrections: {left}"
    return len(findings)


def indicator(client: Client, code: str) -> dict[str, Any]:
    """An indicator as the public file says it."""
    content = client.get("/plan.json").json()
    return next(each for task in content["tasks"] for each in task["indicators"] if each["code"] == code)


def value(client: Client, code: str) -> str | None:
    """What an indicator stands at, in public."""
    figure = indicator(client, code)["figure"]
    return figure and figure["value"]


def file_row(client: Client, register: str, department: str, row: dict[str, str], expected: int = 302) -> Any:
    """File a row with evidence through the register's form."""
    data: dict[str, Any] = {f"value_{name}": value for name, value in row.items()}
    data |= {"note": "", "department": department, "evidence": SimpleUploadedFile("证明.pdf", PDF, "application/pdf")}
    return posted(client, f"/office/plan/registers/{register}/file/", data, expected)


def work_and_publish(who: People, *, register: str, department: str, code: str, row: dict[str, str]) -> None:
    """From an adopted plan to a published report: what each of them does, and what the public then sees."""
    assert value(who.public, code) in (None, "0")
    refused = file_row(who.stranger, register, department, row, expected=403)
    assert "plan" in {entry.action.split(".")[0] for entry in parties.audit_trail(actor="staff:stranger")}
    assert queries.records(register=register) == [], refused.status_code

    file_row(who.officer, register, department, row)
    (record,) = queries.records(register=register)
    assert value(who.public, code) in (None, "0")
    decision = {"number": record.number, "act": "approve", "note": "材料齐全"}
    assert who.officer.post("/office/plan/review/decide/", decision).status_code == 403
    posted(who.reviewer, "/office/plan/review/decide/", decision)
    late = posted(who.office, "/office/plan/review/decide/", decision, expected=409)
    assert "已" in late.content.decode()
    assert value(who.public, code) == "1"
    page = who.public.get(f"/plan/registers/{register}/")
    assert page.status_code == 200
    assert next(iter(row.values())) in page.content.decode()

    as_of = today()
    posted(who.officer, "/office/plan/reports/publish/", {"as_of": as_of.isoformat(), "title": ""}, expected=403)
    posted(who.office, "/office/plan/reports/publish/", {"as_of": as_of.isoformat(), "title": ""})
    (report,) = queries.reports()
    check_report(who.public, report.number)
    again = {"as_of": as_of.isoformat(), "title": ""}
    posted(who.office, "/office/plan/reports/publish/", again, expected=409)
    assert [each.number for each in queries.reports()] == [report.number]


def check_report(client: Client, number: str) -> None:
    """The page and both files say how many tasks the plan has; a second download is the same to the byte."""
    plan = queries.plan(today())
    assert plan is not None
    assert client.get(f"/plan/reports/{number}/").status_code == 200
    word, excel = (client.get(f"/plan/reports/{number}.{kind}").content for kind in ("docx", "xlsx"))
    assert word == client.get(f"/plan/reports/{number}.docx").content
    document = docx.Document(io.BytesIO(word))
    told = "\n".join(each.text for each in document.paragraphs)
    told += "\n".join(cell.text for table in document.tables for line in table.rows for cell in line.cells)
    cells = {
        str(cell)
        for sheet in openpyxl.load_workbook(io.BytesIO(excel))
        for line in sheet.iter_rows(values_only=True)
        for cell in line
        if cell is not None
    }
    for task in plan.tasks:
        assert task.title in told
        assert any(task.title in cell for cell in cells)


@pytest.mark.django_db
def test_an_invented_plan_from_the_document_to_a_report() -> None:
    who = people("education", "commerce-grain")
    assert who.public.get("/plan/").status_code == 200
    number = hand_in(who.office, INVENTED)
    code = next(
        each.id for task in queries.draft_of(number).tasks for each in task.indicators if "节水教育点" in each.text
    )
    posted(who.office, f"/office/plan/drafts/{number}/adopt/", {}, expected=409)
    assert settle(who.office, number, {(f"indicator:{code}", "value"): "5"}) > 15
    posted(who.officer, f"/office/plan/drafts/{number}/adopt/", {}, expected=403)
    posted(who.office, f"/office/plan/drafts/{number}/adopt/", {})
    assert indicator(who.public, code)["targets"][-1]["value"] == "5"
    register = read_register(read_text(POINTS.replace("INDICATOR", code), name="water-points"))
    counted = Measurement(code, "", "register", "water-points", 1, 120, None, None, (), "measures")
    services.define(registers=[register], measures=[counted], at=timezone.now())
    day = today() - timedelta(days=3)
    work_and_publish(
        who,
        register="water-points",
        department="education",
        code=code,
        row={"title": "虚构水厂节水点", "built_on": day.isoformat()},
    )


@pytest.mark.django_db
@pytest.mark.real_input
@pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL.name} is not here")
def test_the_real_plan_from_the_document_to_a_report() -> None:
    who = people("commerce-grain", "education")
    services.define(
        registers=queries.county_registers(this_county()),
        measures=queries.county_measures(this_county()),
        at=timezone.now(),
    )
    number = hand_in(who.office, REAL)
    settle(who.office, number, {})
    posted(who.office, f"/office/plan/drafts/{number}/adopt/", {})
    plan = queries.plan(today())
    assert plan is not None
    assert (len(plan.tasks), plan.boxes, plan.roadmap) == (18, 9, 93)
    code = next(each.code for task in plan.tasks for each in task.indicators if "家绿色餐厅" in each.text)
    measured = {each.by for task in plan.tasks for each in task.indicators}
    assert "register" in measured
    townships = [each.name for each in parties.divisions("township")]
    work_and_publish(
        who,
        register="green-restaurants",
        department="commerce-grain",
        code=code,
        row={
            "title": "虚构餐厅",
            "township": townships[0],
            "standard": "虚构规范",
            "awarded_on": (today() - timedelta(days=9)).isoformat(),
            "small_portions": "是",
            "in_force": "是",
        },
    )
