"""Trying methods on the command line: files only, no database."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from tanhui.kernel.county import PROJECT_ROOT, load_county
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.errors import BadInput, NotFound, TanhuiError
from tanhui_methods import (
    GRADES,
    Library,
    Method,
    MethodError,
    MethodErrors,
    Problem,
    evaluate,
    load_library,
    load_method,
    publication_problems,
)

_ASSIGNMENT = re.compile(r"^([a-z][a-z0-9_]*)=(.*)$", re.DOTALL)


class BadMethod(TanhuiError):
    """A method file, a factor table or an event that the evaluator refuses."""

    code = "bad_method"
    status = 422


def translated(error: MethodError) -> BadMethod:
    """The error as the command line shows it; several at once keep all their places."""
    if isinstance(error, MethodErrors) and len(error.errors) > 1:
        return BadMethod(f"共 {len(error.errors)} 处错误：\n" + "\n".join(f"　{each}" for each in error.errors))
    return BadMethod(error.message, where=error.where, fix=error.fix)


def factor_folders(county_name: str) -> list[Path]:
    """The shared factors and the county's own."""
    return [PROJECT_ROOT / "factors", load_county(county_name).folder / "factors"]


def the_library(county_name: str) -> Library:
    """Every method file with every factor. Raises BadMethod with all errors."""
    try:
        return load_library(PROJECT_ROOT / "methods", factor_folders(county_name))
    except MethodError as error:
        raise translated(error) from error


def problems_of(county_name: str, files: Sequence[Path]) -> list[Problem]:
    """What keeps the library, or just these files, from being used or published. An empty list is a pass."""
    try:
        library = load_library(PROJECT_ROOT / "methods", factor_folders(county_name))
        if not files:
            return list(library.check())
    except MethodErrors as error:
        found = [Problem(each.message, each.path, each.line, each.fix) for each in error.errors]
        wanted = {str(path.resolve()) for path in files}
        return [each for each in found if not wanted or str(Path(each.path).resolve()) in wanted]
    except MethodError as error:
        return [Problem(error.message, error.path, error.line, error.fix)]
    return [problem for path in files for problem in _problems_of_file(library, path)]


def _problems_of_file(library: Library, path: Path) -> list[Problem]:
    try:
        method = load_method(path.read_text(encoding="utf-8"), path=str(path), factors=library.factors)
    except UnicodeDecodeError:
        return [Problem("文件不是 UTF-8 编码", str(path), 0, "另存为 UTF-8")]
    except MethodErrors as error:
        return [Problem(each.message, each.path, each.line, each.fix) for each in error.errors]
    except MethodError as error:
        return [Problem(error.message, error.path, error.line, error.fix)]
    return list(publication_problems(method))


def chosen(library: Library, name: str, version: str | None, on: date) -> Method:
    """The method of that name: the version asked for, else the one in force on `on`. Raises NotFound."""
    candidates = [method for method in library.methods if name in {method.name, method.number}]
    if not candidates:
        known = "、".join(sorted({method.name for method in library.methods}))
        raise NotFound(f"没有方法学 {name}", where="methods/", fix=f"可选：{known}")
    if version is not None:
        candidates = [method for method in candidates if method.version == version]
    else:
        candidates = [method for method in candidates if method.in_force(on)]
    if not candidates:
        what = f"{version} 版" if version else f"在 {on.isoformat()} 生效的版本"
        raise NotFound(f"方法学 {name} 没有{what}", where="methods/", fix="用 tanhui method show 查看各版本")
    return candidates[-1]


def event(method: Method, assignments: Iterable[str], *, day: date, grade: str, event_id: int = 1) -> dict[str, Any]:
    """One event from `name=value` pairs. Raises BadInput naming what is unknown or no whole number."""
    values: dict[str, str] = {}
    for assignment in assignments:
        match = _ASSIGNMENT.match(assignment)
        if match is None:
            raise BadInput(f"写成 名称=数值 的形式：{assignment}", where="参数", fix=f"可用的名称：{_names(method)}")
        values[match[1]] = match[2]
    return event_of(method, values, day=day, grade=grade, event_id=event_id, where="参数")


def event_of(
    method: Method, values: Mapping[str, str], *, day: date, grade: str, event_id: int, where: str
) -> dict[str, Any]:
    """An event of the evaluators' shape from texts."""
    unknown = sorted(values.keys() - method.inputs.keys() - _STANDARD)
    if unknown:
        raise BadInput(
            f"{method.title} 没有输入 {'、'.join(unknown)}", where=where, fix=f"可用的名称：{_names(method)}"
        )
    at = datetime.combine(day, time(12), COUNTY_ZONE)
    made: dict[str, Any] = {
        "event_id": event_id,
        "person": int(values.get("person") or 1),
        "day": day,
        "at": int(values.get("at") or at.timestamp()),
        "tie": values.get("tie") or f"{event_id:09d}",
        "grade": GRADES.index(grade) + 1,
        "exclude": values.get("exclude") or None,
    }
    for name, given in method.inputs.items():
        text = values.get(name, "")
        made[name] = _value(text, given.kind, f"{where}：{name}") if text else None
    return made


_STANDARD = frozenset({"event_id", "person", "day", "at", "tie", "grade", "exclude"})


def _names(method: Method) -> str:
    return "、".join(f"{name}（{given.title}）" for name, given in method.inputs.items())


def _value(text: str, kind: str, where: str) -> int | str:
    if kind != "integer":
        return text
    try:
        return int(text)
    except ValueError:
        raise BadInput(f"应为整数，实为 {text[:40]}", where=where, fix="按输入名称末尾的单位写整数") from None


def events_of_file(method: Method, path: Path) -> list[dict[str, Any]]:
    """Events from a CSV whose header names inputs and, if needed, day, person, at, tie, grade."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise BadInput("文件里没有数据行", where=str(path), fix="第一行写输入名称，其后每行一条行为")
    events = []
    for number, row in enumerate(rows, start=2):
        where = f"{path} 第 {number} 行"
        try:
            day = date.fromisoformat(row.get("day") or "")
        except ValueError:
            raise BadInput("缺少日期或写法不对", where=where, fix="加一列 day，写成 2026-06-01") from None
        grade = row.get("grade") or "A"
        if grade not in GRADES:
            raise BadInput(f"证据等级 {grade} 不是 A、B、C、D", where=where)
        values = {name: text or "" for name, text in row.items() if name is not None}
        events.append(event_of(method, values, day=day, grade=grade, event_id=number - 1, where=where))
    return events


def run_examples(method: Method) -> list[tuple[str, bool, str]]:
    """The method's worked examples: (title, whether it comes out as written, what differs)."""
    answers = []
    for example in method.examples:
        results = evaluate(method, example.events)
        differences = [
            f"第 {number} 条应为 {want.reduction_g} 克 {want.points} 分，实为 {got.reduction_g} 克 {got.points} 分"
            for number, (want, got) in enumerate(zip(example.expected, results, strict=True), start=1)
            if (want.reduction_g, want.points) != (got.reduction_g, got.points)
        ]
        answers.append((example.title, not differences, "；".join(differences)))
    return answers
