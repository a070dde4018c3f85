"""Who may act for a department in a task, and texts as they may be stored."""

from __future__ import annotations

import re

from tanhui.kernel.errors import BadInput, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Scope
from tanhui.plan._fields import joined_digits
from tanhui.plan.models import Assignment, Department, Task
from tanhui.plan.types import DepartmentRef, NotYourTask

_NUMBERS = re.compile(r"(?<![0-9])(?:(?:\+?86)?1[3-9][0-9]{9}|[1-9][0-9]{16}[0-9Xx]|0[0-9]{2,3}[0-9]{7,8})(?![0-9])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def ref(department: Department) -> DepartmentRef:
    """A department for others to read."""
    return DepartmentRef(department.code, department.name, department.short_name)


def task_in_force(no: int) -> Task:
    """The task of that number in the plan in force. Raises NotFound."""
    task = Task.objects.filter(no=no, dropped=False).first()
    if task is None:
        raise NotFound(f"现行方案没有任务 {no}", where="task_no", fix="核对任务序号")
    return task


def plan_department(code: str) -> Department:
    """The department of that code. Raises NotFound."""
    department = Department.objects.filter(code=code).first()
    if department is None:
        raise NotFound("方案里没有这个部门", where=code[:40], fix="核对部门代码")
    return department


def require_part(by: Actor, task_no: int, code: str, permission: str = "plan.file") -> tuple[Task, Department]:
    """The task and the department, where the department has a part in it and `by` acts for it.

    Raises NotFound, NotYourTask.
    """
    task, department = task_in_force(task_no), plan_department(code)
    if not Assignment.objects.filter(task=task, department=department).exists():
        raise NotYourTask(
            f"{department.short_name}不是任务{task.no}“{task.title}”的牵头或配合单位", where=code, fix="核对任务分工"
        )
    require_hand(by, department, permission)
    return task, department


def require_hand(by: Actor, department: Department, permission: str = "plan.file") -> None:
    """Pass who acts for that department. Raises NotYourTask."""
    try:
        parties.require(by, permission, Scope("organization", department.code))
    except Forbidden as refused:
        raise NotYourTask(
            f"您不能代表{department.short_name}办理", where=department.code, fix="请本部门的填报人或专班办理"
        ) from refused


def line(text: str, where: str, most: int, *, least: int = 1) -> str:
    """A text of so many characters, without spaces around. Raises BadInput."""
    text = _CONTROL.sub("", text).strip()
    if not least <= len(text) <= most:
        raise BadInput(f"应为 {least} 至 {most} 个字，现为 {len(text)} 个字", where=where, fix="改写后重新提交")
    return text


def said(text: str, where: str, most: int, *, least: int = 1) -> str:
    """A text that others read: a `line` without phone or identity numbers, however written. Raises BadInput."""
    text = line(text, where, most, least=least)
    if _NUMBERS.search(joined_digits(text)):
        raise BadInput(
            "内容里有电话或证件号码，这里的文字可能公开，不能写个人信息", where=where, fix="删去号码后重新提交"
        )
    return text
