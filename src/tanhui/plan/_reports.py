"""Period reports: the state of a day as content, frozen with its Word and Excel files, compared with the last one.

Keys of the content: title, as_of, plan {title, status, version, hash}, summary {percent, counts, indicators, change},
previous {number, title, as_of} or null, samples (whether invented rows count in it), tasks, topics, notices, cases,
funding {planned_fen, committed_fen, paid_fen}. A task has no, title, group, leads, supporters, status, label,
percent, basis_points, proactive, routine, records (approved since the last report), sub_tasks {done, all, late},
change, indicators; an indicator has code, text, target, value, number, as_of, source, status, label, percent,
notes, change. Numbers that are no counts are texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import chinese_date, day_end, local_day
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.plan import (
    _acting,
    _drafts,
    _figures,
    _plan,
    _registers,
    _report_excel,
    _report_word,
    _supervision,
    _topics,
)
from tanhui.plan.models import FundingEntry, GoodCase, Notice, PlanVersion, Record, Report, SubTask
from tanhui.plan.types import IndicatorView, ReportView, Status, TaskView

FILES = {"word": ("word", "docx"), "excel": ("excel", "xlsx")}


def publish(*, as_of: date, title: str, at: datetime, by: Actor) -> str:
    """Freeze the state as of a day with its files; returns the report's number."""
    _drafts.take_turn()
    _stand_still()
    version, previous = _ground(as_of, local_day(at))
    title = _acting.said(title or f"{version.title}进展报告（截至{chinese_date(as_of)}）", "title", 120)
    content = compose(as_of=as_of, title=title, version=version, previous=previous)
    number = new_number("rpt", at)
    Report.objects.create(
        number=number,
        title=title,
        as_of=as_of,
        previous=previous,
        content=content,
        content_hash=digest(content).hex(),
        word=_report_word.write(content),
        excel=_report_excel.write(content),
        published_by=by.name,
        published_at=at,
    )
    detail = {"as_of": as_of.isoformat(), "hash": digest(content).hex(), "version": version.version}
    parties_services.record(actor=by, action="plan.publish_report", target=number, at=at, detail=detail)
    return number


def _stand_still() -> None:
    """Let no review, count or override come between the parts of the report until it is published.

    The tables are locked in the order in which reviewing writes them. Reading goes on.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE plan_record, plan_figure, plan_override IN SHARE MODE")


def preview(as_of: date, today: date) -> dict[str, Any]:
    """What a report as of a day would say if it were published now. Refuses what publishing would."""
    version, previous = _ground(as_of, today)
    title = f"{version.title}进展报告（截至{chinese_date(as_of)}）"
    return compose(as_of=as_of, title=title, version=version, previous=previous)


def _ground(as_of: date, today: date) -> tuple[PlanVersion, Report | None]:
    """The version in force and the last report, where a report as of that day may be published today."""
    version = PlanVersion.objects.defer("content").order_by("-version").first()
    if version is None or as_of < version.starts_on:
        raise BadInput("这一天还没有方案", where="as_of", fix="选择方案实施以后的日期")
    if as_of > today:
        raise BadInput("截至日期不能在以后", where="as_of", fix=f"选择{chinese_date(today)}或之前的日期")
    previous = Report.objects.defer("word", "excel").order_by("-as_of", "-id").first()
    if previous is not None and previous.as_of >= as_of:
        raise Conflict(
            f"截至{chinese_date(previous.as_of)}的报告已经发布",
            where="as_of",
            fix="选择更晚的日期；已发布的报告不再改动",
        )
    return version, previous


def compose(*, as_of: date, title: str, version: PlanVersion, previous: Report | None) -> dict[str, Any]:
    """The content of a report. Equal facts give equal content."""
    before: Mapping[str, Any] = previous.content if previous is not None else {}
    old_tasks = {task["no"]: task for task in before.get("tasks", ())}
    views = _plan.task_views(as_of, version.starts_on)
    plan = _plan.plan(as_of)
    records = _records_since(previous.as_of if previous else None, as_of)
    sub_tasks = _sub_tasks(as_of)
    tasks = [_task(each, old_tasks.get(each.no), records[each.no], sub_tasks.get(each.no, {})) for each in views]
    light = plan.light if plan is not None else None
    percent = light.percent if light is not None else "–"
    statuses = Counter(each.light.status for view in views for each in view.indicators)
    counts = {status.value: statuses[status] for status in Status}
    return {
        "title": title,
        "as_of": as_of.isoformat(),
        "plan": {
            "title": version.title,
            "status": version.status,
            "version": version.version,
            "hash": version.content_hash,
        },
        "previous": None
        if previous is None
        else {"number": previous.number, "title": previous.title, "as_of": previous.as_of.isoformat()},
        "summary": {
            "percent": percent,
            "counts": counts,
            "indicators": sum(counts.values()),
            "change": _summary_change(before.get("summary"), percent, counts),
        },
        "samples": _of_samples(views, as_of),
        "tasks": tasks,
        "topics": _topic_lines(as_of),
        "notices": _notices(as_of),
        "cases": _cases(previous.as_of if previous else None, as_of),
        "funding": _funding(as_of),
    }


def _of_samples(views: Iterable[TaskView], as_of: date) -> bool:
    """Whether anything in the report is invented: rows behind a value, or money."""
    if any(each.figure is not None and each.figure.sample for view in views for each in view.indicators):
        return True
    return FundingEntry.objects.filter(happened_on__lte=as_of, line__sample=True).exists()


def _task(
    view: TaskView, before: Mapping[str, Any] | None, records: int, sub_tasks: Mapping[str, int]
) -> dict[str, Any]:
    old = {each["code"]: each for each in before["indicators"]} if before else {}
    return {
        "no": view.no,
        "title": view.title,
        "group": view.group_title,
        "leads": [each.short_name for each in view.leads],
        "supporters": [each.short_name for each in view.supporters],
        "status": view.light.status.value,
        "label": view.light.status.label,
        "percent": view.light.percent,
        "basis_points": view.light.completion_bp,
        "proactive": view.proactive,
        "routine": view.routine,
        "records": records,
        "sub_tasks": {name: sub_tasks.get(name, 0) for name in ("done", "all", "late")},
        "change": _task_change(before, view),
        "indicators": [_indicator(each, old.get(each.code), before is not None) for each in view.indicators],
    }


def _indicator(each: IndicatorView, before: Mapping[str, Any] | None, compared: bool) -> dict[str, Any]:
    target, figure = each.target, each.figure
    return {
        "code": each.code,
        "text": each.text,
        "target": target.words if target else "",
        "unit": each.unit,
        "value": figure.words if figure else "",
        "number": format(figure.value, "f") if figure else None,
        "as_of": figure.as_of.isoformat() if figure else None,
        "source": f"{each.by_label}：{figure.title}" if figure and each.by != "hand" else each.by_label,
        "status": each.light.status.value,
        "label": each.light.status.label,
        "percent": each.light.percent,
        "notes": _notes(each),
        "change": _indicator_change(each, before, compared),
    }


def _notes(each: IndicatorView) -> list[str]:
    light = each.light
    notes = []
    if light.overridden:
        notes.append(f"人工判定（按规则为{light.rule_status.label}）：{light.overridden}")
    if light.regress:
        notes.append("比上一次数据后退")
    if light.stale:
        notes.append("数据陈旧")
    if light.missing_forecast:
        notes.append(f"按目前进度到期预计为{light.forecast}，达不到目标")
    return notes


def _indicator_change(each: IndicatorView, before: Mapping[str, Any] | None, compared: bool) -> str:
    if before is None:
        return "新列入的指标" if compared else "首期"
    if before["target"] != (each.target.words if each.target else ""):
        return f"目标由“{before['target']}”改为“{each.target.words if each.target else ''}”"
    if each.figure is None:
        return "仍无数据" if before["number"] is None else "数据已撤销"
    if before["number"] is None:
        return f"本期首次有数据：{each.figure.words}"
    was, now = Decimal(before["number"]), each.figure.value
    if before["value"] == each.figure.words:
        return "与上期持平" if was == now or each.kind == "milestone" else f"略有{'增加' if now > was else '减少'}"
    return f"由{before['value']}{'增至' if now > was else '减至'}{each.figure.words}"


def _task_change(before: Mapping[str, Any] | None, view: TaskView) -> str:
    if before is None:
        return "首期"
    parts = []
    if before["percent"] != view.light.percent:
        parts.append(f"完成率由{before['percent']}变为{view.light.percent}")
    if before["status"] != view.light.status.value:
        parts.append(f"状态由{before['label']}变为{view.light.status.label}")
    return "，".join(parts) or "与上期持平"


def _summary_change(before: Mapping[str, Any] | None, percent: str, counts: Mapping[str, int]) -> str:
    if before is None:
        return "首期报告，没有上期可比"
    parts = [f"总完成率由{before['percent']}变为{percent}"] if before["percent"] != percent else ["总完成率与上期持平"]
    for status in Status:
        was, now = before["counts"].get(status.value, 0), counts[status.value]
        if was != now:
            parts.append(f"{status.label}{'增加' if now > was else '减少'}{abs(now - was)}项")
    return "，".join(parts)


def _records_since(after: date | None, until: date) -> Counter[int]:
    """Approved records by task, decided after the last report's day."""
    states = [Record.State.APPROVED, Record.State.CORRECTED]
    rows = _figures.factual(Record.objects.filter(state__in=states, reviewed_at__lt=day_end(until)))
    if after is not None:
        rows = rows.filter(reviewed_at__gte=day_end(after))
    found: Counter[int] = Counter()
    documents = _registers.in_force()
    counted = rows.order_by().values_list("register__code", "indicator__task__no").annotate(Count("id"))
    for code, task_no, number_of in counted:
        for number in documents[code].document.tasks if code else (task_no,):
            found[number] += number_of
    return found


def _sub_tasks(as_of: date) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    rows = SubTask.objects.filter(cancelled=False, task__dropped=False, created_at__lt=day_end(as_of))
    for number, due_on, done_on in rows.values_list("task__no", "due_on", "done_on"):
        counted = found.setdefault(number, {"all": 0, "done": 0, "late": 0})
        done = done_on is not None and done_on <= as_of
        counted["all"] += 1
        counted["done"] += done
        counted["late"] += not done and due_on < as_of
    return found


def _topic_lines(as_of: date) -> list[dict[str, Any]]:
    return [
        {
            "title": each.title,
            "note": each.note,
            "tasks": [
                {"no": task.no, "label": task.light.status.label, "percent": task.light.percent} for task in each.tasks
            ],
            "registers": [{"title": row.title, "rows": row.approved} for row in each.registers],
        }
        for each in _topics.topics(as_of)
    ]


def _notices(as_of: date) -> list[dict[str, Any]]:
    rows = Notice.objects.filter(issued_at__lt=day_end(as_of), task__dropped=False)
    return [
        {
            "department": each.department.short_name,
            "task_no": each.task_no,
            "problem": each.problem,
            "due_on": each.due_on.isoformat(),
            "label": each.state_label,
            "late": each.late,
        }
        for each in _supervision.notice_views(rows, as_of)
    ]


def _cases(after: date | None, until: date) -> list[dict[str, Any]]:
    rows = GoodCase.objects.filter(published_at__lt=day_end(until))
    if after is not None:
        rows = rows.filter(published_at__gte=day_end(after))
    return [
        {"task_no": each.task_no, "department": each.department.short_name, "title": each.title, "sample": each.sample}
        for each in _supervision.case_views(rows)
    ]


def _funding(as_of: date) -> dict[str, int]:
    rows = FundingEntry.objects.filter(happened_on__lte=as_of).values("kind").annotate(sum=Sum("amount_fen"))
    sums = {row["kind"]: row["sum"] for row in rows}
    return {f"{kind}_fen": sums.get(kind, 0) for kind in FundingEntry.Kind.values}


def reports() -> list[ReportView]:
    """Published reports, the latest first."""
    return _views(Report.objects.defer("word", "excel").order_by("-as_of", "-id"))


def report(number: str) -> ReportView:
    """One report. Raises NotFound."""
    for found in _views(Report.objects.defer("word", "excel").filter(number=number)):
        return found
    raise NotFound("没有这份报告", where=number[:40], fix="核对编号")


def report_file(number: str, kind: str) -> tuple[str, bytes]:
    """The very file that was published, `word` or `excel`, with its name. Raises NotFound."""
    row = Report.objects.filter(number=number).first()
    if row is None or kind not in FILES:
        raise NotFound("没有这份报告文件", where=number[:40], fix="核对编号和格式")
    column, suffix = FILES[kind]
    return f"{row.title}.{suffix}", bytes(getattr(row, column))


def _views(rows: Iterable[Report]) -> list[ReportView]:
    listed: Sequence[Any] = list(rows)
    numbers = dict(Report.objects.values_list("pk", "number"))
    after = {previous: pk for pk, previous in Report.objects.values_list("pk", "previous_id") if previous}
    return [
        ReportView(
            number=row.number,
            title=row.title,
            as_of=row.as_of,
            content=row.content,
            content_hash=row.content_hash,
            published_by=row.published_by,
            published_at=row.published_at,
            previous=numbers.get(row.previous_id, ""),
            next=numbers.get(after.get(row.pk, 0), ""),
        )
        for row in listed
    ]
