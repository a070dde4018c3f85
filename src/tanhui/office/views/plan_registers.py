"""Registers: all of them, the rows of one, a new row, and whole workbooks of rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import BadInput, TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import actor, today
from tanhui.office.files import workbook_file
from tanhui.office.plan_counties import division_names, is_demo, organization_names
from tanhui.office.plan_forms import RowForm, WorkbookForm, show_refusal
from tanhui.parties.types import COUNTY
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import DepartmentRef, FileFaults, RegisterView, RowFault

_ROWS = 50
_FAULTS_SHOWN = 200
_FAULTS_HOURS = 12
_SALT = "office.plan.faults"
STATES = (
    ("filed", "待审核"),
    ("approved", "已审核"),
    ("returned", "已退回"),
    ("withdrawn", "已撤回"),
    ("corrected", "已更正"),
)
"""States of a record: code and words."""


@require_safe
@office_page("plan-registers")
def registers(request: HttpRequest) -> HttpResponse:
    """All registers, searched by title and filtered by task; first those for which the person files."""
    text, no = request.GET.get("text", "").strip()[:60], request.GET.get("task", "")
    task_no = int(no) if no.isascii() and no.isdigit() and len(no) < 5 else None
    shown = [
        each
        for each in plan.registers()
        if (not text or text in each.title or text in each.row) and (task_no is None or task_no in each.tasks)
    ]
    mine = {each.code for each in _acts_for(request)}
    everywhere = may(request.user, "plan-file", COUNTY)
    own = [each for each in shown if not everywhere and mine & {department.code for department in each.may_file}]
    context = {
        "section": "plan-registers",
        "own": own,
        "others": [each for each in shown if each not in own],
        "everywhere": everywhere,
        "tasks": plan.task_titles(),
        "wanted": {"text": text, "task": task_no},
        "waiting": sum(each.waiting for each in shown),
        "approved": sum(each.approved for each in shown),
    }
    return render(request, "office/plan/registers.html", context)


def _acts_for(request: HttpRequest) -> list[DepartmentRef]:
    """The departments for which the person files."""
    return plan.may_file(request.user.pk or 0) if may(request.user, "plan-file") else []


def filers(request: HttpRequest, register: RegisterView) -> list[DepartmentRef]:
    """The departments for which the person may file in this register."""
    mine = {each.code for each in _acts_for(request)}
    return [each for each in register.may_file if each.code in mine]


@require_safe
@office_page("plan-register")
def register(request: HttpRequest, code: str) -> HttpResponse:
    """The rows of a register, newest first; by state, department and text."""
    found = plan.register(code)
    wanted = {key: request.GET.get(key, "").strip()[:80] for key in ("state", "department", "text")}
    before = request.GET.get("before") or None
    rows = plan.records(
        register=code,
        state=wanted["state"],
        department=wanted["department"],
        text=wanted["text"],
        before=before,
        limit=_ROWS + 1,
    )
    context = {
        "section": "plan-registers",
        "register": found,
        "columns": [each for each in found.fields if each.type != "long_text"][:4],
        "key": [each.title for each in found.fields if each.name in found.key],
        "rows": rows[:_ROWS],
        "next": rows[_ROWS - 1].number if len(rows) > _ROWS else None,
        "before": before,
        "wanted": wanted,
        "query": urlencode({key: value for key, value in wanted.items() if value}),
        "states": STATES,
        "filers": filers(request, found),
        "tasks": [(no, title) for no, title in plan.task_titles().items() if no in found.tasks],
    }
    return render(request, "office/plan/register.html", context)


@require_safe
@office_page("plan-template")
def template(request: HttpRequest, code: str) -> HttpResponse:
    """An empty workbook of a register, with what each column wants."""
    return workbook_file(f"{plan.register(code).title}-模板.xlsx", plan.template(code))


@require_safe
@office_page("plan-export")
def export(request: HttpRequest, code: str) -> HttpResponse:
    """All rows of a register as a workbook."""
    return workbook_file(f"{plan.register(code).title}.xlsx", plan.export(code))


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-file")
def file(request: HttpRequest, code: str) -> HttpResponse:
    """A new row, with its evidence; `from` names an occasion on the platform that suggests what it says."""
    found = plan.register(code)
    departments = filers(request, found)
    suggested = {row.occasion: row for row in plan.suggested_rows(code, on=today())} if departments else {}
    chosen = suggested.get(request.GET.get("from", ""))
    form = RowForm(
        request.POST or None,
        request.FILES or None,
        register=found,
        departments=departments,
        division_names=division_names(),
        organization_names=organization_names(),
        demo=is_demo(),
        initial={f"value_{name}": value for name, value in chosen.values.items()} if chosen else None,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                (number,) = services.file(
                    register=code,
                    rows=[form.row()],
                    department=form.cleaned_data["department"],
                    sample=form.cleaned_data.get("sample", False),
                    at=timezone.now(),
                    by=actor(request),
                )
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
            else:
                return redirect("office:plan-record", number=number)
    context = {
        "section": "plan-registers",
        "register": found,
        "key": [each.title for each in found.fields if each.name in found.key],
        "departments": departments,
        "form": form,
        "suggested": list(suggested.values()),
        "chosen": chosen,
    }
    return render(request, "office/plan/file.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-import")
def take_workbook(request: HttpRequest, code: str) -> HttpResponse:
    """A workbook of rows: checked only, or checked and filed. One fault, and nothing is stored."""
    found = plan.register(code)
    departments = filers(request, found)
    form = WorkbookForm(request.POST or None, request.FILES or None, departments=departments, demo=is_demo())
    context: dict[str, Any] = {
        "section": "plan-registers",
        "register": found,
        "departments": departments,
        "form": form,
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                outcome = _take(request, form, found)
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
            else:
                context |= outcome
                status = 422 if outcome.get("faults") else 200
    return render(request, "office/plan/import.html", context, status=status)


def _take(request: HttpRequest, form: WorkbookForm, found: RegisterView) -> dict[str, Any]:
    """What the page shows: faults with a token to fetch them all, that the check found none, or what was filed."""
    upload, data = form.upload(), form.cleaned_data
    if request.POST.get("act") != "file":
        faults = plan.check_workbook(found.code, upload, timezone.now())
        return _faulty(faults, upload.name) if faults else {"sound": upload.name}
    try:
        numbers = services.file(
            register=found.code,
            workbook=upload,
            department=data["department"],
            sample=data.get("sample", False),
            at=timezone.now(),
            by=actor(request),
        )
    except FileFaults as error:
        return _faulty(error.faults, upload.name)
    return {"filed": len(numbers), "name": upload.name}


def _faulty(faults: Sequence[RowFault], name: str) -> dict[str, Any]:
    token = signing.dumps([dataclasses.astuple(each) for each in faults], salt=_SALT, compress=True)
    return {"faults": faults[:_FAULTS_SHOWN], "fault_count": len(faults), "token": token, "name": name}


@require_POST
@office_page("plan-import-faults")
def faults(request: HttpRequest, code: str) -> HttpResponse:
    """All faults of a workbook that was refused, as a workbook. The page holds them, signed: nothing was stored."""
    found = plan.register(code)
    try:
        rows = signing.loads(request.POST.get("token", ""), salt=_SALT, max_age=_FAULTS_HOURS * 3600)
    except signing.BadSignature as error:
        raise BadInput("错误清单已经过期", where=code, fix="重新上传文件检查，再下载错误清单") from error
    content = plan.faults_workbook([RowFault(*each) for each in rows], code)
    return workbook_file(f"{found.title}-错误清单.xlsx", content)
