"""Methods as this room holds them: registered by hash, moved through their stages, compiled for the database."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tanhui.kernel.county import PROJECT_ROOT, load_county
from tanhui.kernel.days import local_day
from tanhui.scenarios.models import MethodDecision, MethodInForce, MethodVersion, Scenario
from tanhui.scenarios.rules import STANDARD_INPUTS, Programme, next_stages, read_programme
from tanhui.scenarios.types import MethodMissing, MethodNotReady
from tanhui_methods import (
    FactorTable,
    Library,
    Method,
    RowRule,
    load_library,
    load_method,
    publication_problems,
    read_factors,
)


def current_programme() -> Programme:
    """The points programme of this installation's county."""
    return read_programme(load_county(settings.TANHUI_COUNTY).table("programme.toml"))


def library() -> Library:
    """The methods and factors as the files say now: what may be registered, not what is in force.

    Read once until a file changes. Raises MethodErrors where a file is wrong.
    """
    methods, factors = _folders()
    files = [*sorted(methods.rglob("*.md")), *(path for folder in factors for path in sorted(folder.glob("*.csv")))]
    return _library(methods, factors, tuple((path, path.stat().st_mtime_ns) for path in files))


def _folders() -> tuple[Path, tuple[Path, ...]]:
    return PROJECT_ROOT / "methods", (PROJECT_ROOT / "factors", load_county(settings.TANHUI_COUNTY).folder / "factors")


@lru_cache(maxsize=2)
def _library(methods: Path, factors: tuple[Path, ...], as_of: tuple[tuple[Path, int], ...]) -> Library:
    return load_library(methods, factors)


@lru_cache(maxsize=256)
def _loaded(rule_hash: str) -> Method:
    version = MethodVersion.objects.get(rule_hash=rule_hash)
    path = f"{version.name}/{version.version}.md"
    return load_method(version.text, path=path, factors=_thawed(version.factors, path))


_COLUMNS = (
    "factor",
    "region",
    "year",
    "value",
    "unit",
    "source",
    "status",
    "valid_from",
    "valid_to",
    "best_before",
    "note",
)


def _frozen(method: Method) -> list[list[str]]:
    """The factor rows that a method uses, as the cells of a factor table; kept beside its text for ever."""
    rows = [
        (
            row.factor,
            row.region,
            row.year,
            row.written,
            row.unit.text,
            row.source,
            row.status,
            row.valid_from,
            row.valid_to,
            row.best_before,
            row.note,
        )
        for row in method.factor_rows()
    ]
    return [["" if cell is None else str(cell) for cell in row] for row in rows]


def _thawed(rows: Sequence[Sequence[str]], path: str) -> FactorTable:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_COLUMNS, *rows])
    return FactorTable(read_factors(text.getvalue(), path=f"{path}#factors"))


def loaded(version: MethodVersion) -> Method:
    """The method of a registered version, from its own frozen text and factor rows."""
    return _loaded(version.rule_hash)


@lru_cache(maxsize=256)
def loaded_by_id(method_id: int) -> Method:
    """The method of a registered version's row; versions never change, so this is asked once a process."""
    return loaded(MethodVersion.objects.get(id=method_id))


@dataclass(frozen=True)
class CompiledMethod:
    """A method as SQL over a relation `events` (see tanhui_methods for its columns)."""

    method: Method
    result_sql: str

    def inputs_sql(self, days: str) -> str:
        """The relation `events`: this scenario's behaviors on those days, with the method's inputs as columns."""
        columns = "".join(f", {_source(name, item.kind)} AS {name}" for name, item in self.method.inputs.items())
        return (
            f"SELECT e.event_id, e.person, e.day, e.at, e.tie, e.grade::bigint AS grade, x.reason AS exclude{columns}"
            " FROM settle_event e LEFT JOIN settle_excluded x ON x.event_id = e.event_id"
            f" WHERE e.scenario_id = %(scenario)s AND {days}"
        )

    def plausibility_sql(self, row_rules: Sequence[tuple[str, str, str]]) -> str:
        """(event_id, reason) of every behavior, the reason null where all row rules hold."""
        return _plausibility_sql(self.method.rule_hash, tuple(row_rules))


def _source(name: str, kind: str) -> str:
    if name in STANDARD_INPUTS:
        return f"e.{name}"
    if kind != "integer":
        return f"(e.details->>'{name}')"
    # A text where the method wants a number is a missing input of that act, never a fault of the settlement.
    stated = f"CASE WHEN jsonb_typeof(e.details->'{name}') = 'number' THEN (e.details->>'{name}')::bigint END"
    return f"coalesce({stated}, e.ended - e.at)" if name == "duration_s" else f"({stated})"


_FACTS = {
    "event_id": "int64",
    "person": "int64",
    "day": "date",
    "at": "int64",
    "tie": "string",
    "grade": "int64",
    "exclude": "string",
}


def _events(method: Method) -> Any:
    ibis = importlib.import_module("ibis")
    kinds = {name: "int64" if item.kind == "integer" else "string" for name, item in method.inputs.items()}
    return ibis.table({**_FACTS, **kinds}, name="events")


def _to_sql(expression: Any) -> str:
    ibis = importlib.import_module("ibis")
    return _escape(str(ibis.to_sql(expression, dialect="postgres")))


@lru_cache(maxsize=256)
def _compiled(rule_hash: str) -> CompiledMethod:
    method = _loaded(rule_hash)
    columnar = importlib.import_module("tanhui_methods.columnar")
    return CompiledMethod(method, _to_sql(columnar.compile_method(method, _events(method))))


@lru_cache(maxsize=256)
def _plausibility_sql(rule_hash: str, row_rules: tuple[tuple[str, str, str], ...]) -> str:
    columnar = importlib.import_module("tanhui_methods.columnar")
    method = _loaded(rule_hash)
    rules = [RowRule(code, condition, message) for code, condition, message in row_rules]
    return _to_sql(columnar.compile_row_rules(rules, method, _events(method)))


def _escape(statement: str) -> str:
    return statement.replace("%", "%%")


def compiled(version: MethodVersion) -> CompiledMethod:
    """The registered version as SQL for PostgreSQL; compiled once a process."""
    return _compiled(version.rule_hash)


def wide_horizons() -> dict[str, list[int]]:
    """Scenarios whose method caps by month or year: {"month": [scenario ids], "year": [...]}."""
    wide: dict[str, list[int]] = {}
    for period in MethodInForce.objects.select_related("method"):
        kind = loaded(period.method).cap_horizon
        if kind != "day" and period.scenario_id not in wide.setdefault(kind, []):
            wide[kind].append(period.scenario_id)
    return {kind: ids for kind, ids in wide.items() if ids}


# ---------------------------------------------------------------- the life of a version


def advance(name: str, version: str, stage: str, *, by: str, note: str, at: datetime, rule_hash: str) -> MethodVersion:
    """Move a version to its next stage; see the verb `advance_method`."""
    if stage == MethodDecision.Stage.DRAFT:
        row = _register(name, version, at)
    else:
        rows = MethodVersion.objects.select_for_update().filter(name=name, version=version)
        found = rows.filter(rule_hash=rule_hash).first() if rule_hash else rows.order_by("-id").first()
        if found is None:
            raise MethodMissing(f"没有登记过方法 {name} 的 {version} 版", fix="先用阶段 draft 登记")
        row = found
    _check_step(row, stage)
    if stage == MethodDecision.Stage.IN_FORCE:
        _enter_force(row)
    elif stage == MethodDecision.Stage.WITHDRAWN:
        _leave_force(row, local_day(at))
    MethodDecision.objects.create(method=row, stage=stage, decided_by=by, note=note, decided_at=at)
    return row


def stage_of(row: MethodVersion) -> str | None:
    """The stage of a version's latest decision; None before the first."""
    latest = row.decisions.order_by("-id").first()
    return latest.stage if latest else None


def _register(name: str, version: str, at: datetime) -> MethodVersion:
    found = [method for method in library().methods if (method.name, method.version) == (name, version)]
    if not found:
        raise MethodMissing(f"methods/ 下没有方法 {name} 的 {version} 版", fix="检查文件名和前言中的 name、version")
    method = found[0]
    row, _ = MethodVersion.objects.get_or_create(
        rule_hash=method.rule_hash,
        defaults={
            "name": name,
            "version": version,
            "number": method.number,
            "title": method.title,
            "content_hash": method.content_hash,
            "text": method.text,
            "factors": _frozen(method),
            "valid_from": method.valid_from,
            "valid_to": method.valid_to,
            "registered_at": at,
        },
    )
    return row


def _check_step(row: MethodVersion, stage: str) -> None:
    current = stage_of(row)
    if stage not in next_stages(current):
        allowed = "、".join(str(MethodDecision.Stage(s).label) for s in sorted(next_stages(current))) or "无"
        here = MethodDecision.Stage(current).label if current else "未登记"
        raise MethodNotReady(
            f"{row} 现在是“{here}”，不能直接到“{MethodDecision.Stage(stage).label}”",
            fix=f"可走的下一步：{allowed}",
        )
    if stage in (MethodDecision.Stage.PUBLIC_NOTICE, MethodDecision.Stage.IN_FORCE):
        problems = publication_problems(loaded(row))
        if problems:
            raise MethodNotReady(f"{row} 还不能发布：{'；'.join(map(str, problems))}", fix="补齐后登记新版本再走流程")


def _enter_force(row: MethodVersion) -> None:
    scenario = Scenario.objects.select_for_update().filter(method_name=row.name).first()
    if scenario is None:
        raise MethodNotReady(
            f"县里没有开放使用方法 {row.name} 的场景", fix="在县文件夹 scenarios/ 下添加场景文件并载入"
        )
    supersedes = loaded(row).supersedes
    stale_until = row.valid_to
    for period in MethodInForce.objects.filter(scenario=scenario).select_related("method"):
        ends = period.ends_on or date.max
        if ends <= row.valid_from or (row.valid_to and row.valid_to <= period.starts_on):
            continue
        if period.method.version != supersedes and period.method.version != row.version:
            raise MethodNotReady(
                f"{row} 与施行中的 {period.method} 日期重叠",
                fix="在前言的 supersedes 写明替代的版本，或改 valid_from",
            )
        if stale_until is not None and ends > stale_until:  # what ruled there rules no longer
            stale_until = period.ends_on
        if period.starts_on >= row.valid_from:
            period.delete()
        else:
            period.ends_on = row.valid_from
            period.save(update_fields=["ends_on"])
    MethodInForce.objects.create(method=row, scenario=scenario, starts_on=row.valid_from, ends_on=row.valid_to)
    mark_days(scenario.id, row.valid_from, stale_until)


def _leave_force(row: MethodVersion, today: date) -> None:
    period = MethodInForce.objects.filter(method=row).first()
    if period is None:
        return
    if period.starts_on >= today:
        period.delete()
    else:
        period.ends_on = min(today, period.ends_on or today)
        period.save(update_fields=["ends_on"])
    mark_days(period.scenario_id, today, None)


def mark_days(scenario_id: int, first_day: date, end: date | None) -> None:
    """Mark every person-day on which that scenario has a behavior: a changed rule makes the books stale."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scenarios_day_mark (party_id, day) SELECT DISTINCT party_id, day FROM scenarios_behavior"
            " WHERE scenario_id = %s AND day >= %s AND (%s::date IS NULL OR day < %s)",
            [scenario_id, first_day, end, end],
        )


# ---------------------------------------------------------------- reading


def outcome_text(outcome: str, scenario_rules: Mapping[str, str], method: Method | None) -> str:
    """The sentence a resident reads for an outcome."""
    head, _, reason = outcome.partition(":")
    if head == "counted":
        return "已计入"
    if head == "capped":
        return "超过上限的部分未计入"
    if head == "duplicate":
        return "与另一条记录是同一次行为，只计一次"
    if head == "not_applicable" and method is not None:
        for condition in method.conditions:
            if condition.name == reason:
                return str(condition.message)
        return "证据等级不被本方法接受" if reason == "grade" else "不符合本方法的适用条件"
    return _excluded_text(reason, scenario_rules, method)


def _excluded_text(reason: str, scenario_rules: Mapping[str, str], method: Method | None) -> str:
    kind, _, code = reason.partition(":")
    if kind == "implausible":
        return scenario_rules.get(code) or "数据不合常理，暂不计入；可以申诉"
    name = _title(code, method)
    fixed = {
        "superseded": "接入方已更正或撤回这条记录",
        "ruled_out": "经工作人员核查，不予计入",
        "no_method": "当日没有施行中的方法，暂不计入",
        "missing": f"缺少方法所需的数据（{name}），暂不计入",
        "bounds": f"数据超出方法允许的范围（{name}），暂不计入；可以申诉",
        "factor": f"当年的排放因子还没有公布（{name}），公布后会自动补算",
    }
    return fixed.get(kind, "未计入")


def _title(name: str, method: Method | None) -> str:
    """What people call an input or a parameter of the method; its name where the method is not at hand."""
    if name == "grade":
        return "证据等级"
    found = (method.inputs.get(name) or method.parameters.get(name)) if method else None
    return found.title if found else name
