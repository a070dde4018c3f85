"""The annual appraisal: every department's points by the county's rules, exact, each with its basis in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import day_end, day_start, local_day
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.plan import _county, _drafts, _plan, _registers
from tanhui.plan.models import (
    Appraisal,
    Assignment,
    Department,
    Figure,
    GoodCase,
    Indicator,
    Notice,
    PlanVersion,
    Record,
)
from tanhui.plan.rules import ALL
from tanhui.plan.types import AppraisalRun, AppraisalView, IndicatorView


@dataclass(frozen=True)
class Part:
    """The share of an item's points that a department earned, and why; None where the item cannot apply to it."""

    share: Fraction | None
    basis: str


@dataclass(frozen=True)
class Year:
    """What the appraisal looks at: the year up to a day, the indicators by department that leads them."""

    first: date
    last: date
    led: Mapping[int, tuple[IndicatorView, ...]]
    quarters: tuple[date, ...]


def run(details: AppraisalRun, at: datetime, by: Actor) -> str:
    """Compute a year's scores; a provisional run replaces the one before, a published one stays for good."""
    parties.require(by, "plan.publish" if details.publish else "plan.supervise")
    _drafts.take_turn()
    today = local_day(at)
    if details.year > today.year or PlanVersion.objects.filter(starts_on__year__lte=details.year).first() is None:
        raise BadInput(f"{details.year} 年还没有可以考核的内容", where="year", fix="选择方案实施以来的年度")
    if Appraisal.objects.filter(year=details.year, published_at__isnull=False).exists():
        raise Conflict(
            f"{details.year} 年的考核结果已经公布，不再改动", where=str(details.year), fix="查看已公布的结果"
        )
    if details.publish and today <= date(details.year, 12, 31):
        raise Conflict(f"{details.year} 年还没有结束，只能试算", where=str(details.year), fix="年度结束后再公布")
    rules = _county.appraisal_rules(_registers.county())
    row = Appraisal.objects.filter(year=details.year).first() or Appraisal(
        number=new_number("apr", at), year=details.year
    )
    row.rules, row.rules_hash = rules, digest(rules).hex()
    row.scores = scores(rules, details.year, today)
    row.computed_by, row.computed_at = by.name, at
    row.published_at = at if details.publish else None
    row.save()
    return row.number


def scores(rules: Mapping[str, Any], year: int, today: date) -> list[dict[str, Any]]:
    """The departments' points, best first. An item that cannot apply to a department is left out and the others
    count to the full (合理缺项折算); a department to which nothing but cases could apply is not scored."""
    span = _year(year, min(today, date(year, 12, 31)))
    possible = sum(item["points"] for item in rules["items"])
    found = []
    for department in Department.objects.filter(assignments__task__dropped=False).distinct().order_by("code"):
        parts = {item["code"]: MEASURES[item["measure"]](department, span, item) for item in rules["items"]}
        counted = [item for item in rules["items"] if parts[item["code"]].share is not None]
        if not any(item["measure"] != "good_cases" for item in counted):
            continue
        earned = {item["code"]: (parts[item["code"]].share or 0) * item["points"] for item in counted}
        total = sum(earned.values(), Fraction(0)) * possible / sum(item["points"] for item in counted)
        items = {
            item["code"]: {
                "points": _text(earned[item["code"]]) if item["code"] in earned else "–",
                "basis": parts[item["code"]].basis,
            }
            for item in rules["items"]
        }
        score = {"department": department.code, "name": department.name, "total": _text(total), "items": items}
        found.append((-total, department.code, score))
    return [score for _, _, score in sorted(found, key=lambda each: each[:2])]


def _text(points: Fraction | int) -> str:
    """Points with two decimals, half rounded up."""
    exact = Fraction(points)
    hundredths = (exact * 100 + Fraction(1, 2)).__floor__()
    return str(Decimal(hundredths).scaleb(-2).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _year(year: int, last: date) -> Year:
    views = {each.no: each.indicators for each in _plan.task_views(last, _plan.starts_on(last))}
    led: dict[int, tuple[IndicatorView, ...]] = {}
    leading = Assignment.objects.filter(leads=True, task__dropped=False).order_by("task__no")
    for department_id, number in leading.values_list("department_id", "task__no"):
        led[department_id] = (*led.get(department_id, ()), *views[number])
    begun = PlanVersion.objects.order_by("version").values_list("adopted_at", flat=True).first()
    ends = (date(year, 3, 31), date(year, 6, 30), date(year, 9, 30), date(year, 12, 31))
    quarters = tuple(day for day in ends if day <= last and begun is not None and day >= local_day(begun))
    return Year(date(year, 1, 1), last, led, quarters)


def led_completion(department: Department, year: Year, item: Mapping[str, Any]) -> Part:
    """The mean completion of the indicators of the tasks that it leads, by weight; those without data count nothing."""
    led = year.led.get(department.pk, ())
    if not led:
        return Part(None, "没有牵头任务的指标，不计入")
    weight = sum(each.weight for each in led)
    share = Fraction(sum(each.weight * (each.light.completion_bp or 0) for each in led), weight * ALL)
    known = sum(each.light.completion_bp is not None for each in led)
    return Part(share, f"牵头{len(led)}项指标，有数据{known}项，平均完成{_percent(share)}")


def filed_on_time(department: Department, year: Year, item: Mapping[str, Any]) -> Part:
    """At the end of each quarter: led indicators whose figure was no older than the county allows for it.

    What the platform counts itself from other rooms is nobody's to file, and left out.
    """
    rows = Indicator.objects.filter(
        task__assignments__department=department, task__assignments__leads=True, task__dropped=False, dropped=False
    ).exclude(by=Indicator.By.SOURCE)
    due = [(row, day) for row in rows for day in year.quarters]
    if not due:
        return Part(None, "没有应按季填报的指标，不计入")
    days: dict[int, list[tuple[date, date]]] = {}
    figures = Figure.objects.filter(indicator__in=[row.pk for row in rows])
    for indicator_id, as_of, counted_at in figures.values_list("indicator_id", "as_of", "counted_at"):
        days.setdefault(indicator_id, []).append((as_of, local_day(counted_at)))
    fresh = sum(
        any(
            day - timedelta(days=row.stale_after_days) <= as_of <= day and counted_on <= day
            for as_of, counted_on in days.get(row.pk, ())
        )
        for row, day in due
    )
    return Part(Fraction(fresh, len(due)), f"{len(year.quarters)}个季度末应有数据{len(due)}项次，按时更新{fresh}项次")


def approved_first_time(department: Department, year: Year, item: Mapping[str, Any]) -> Part:
    """Of its records reviewed in the year, those that were not returned."""
    reviewed = Record.objects.filter(
        department=department,
        reviewed_at__gte=day_start(year.first),
        reviewed_at__lt=day_end(year.last),
    )
    total = reviewed.count()
    if total == 0:
        return Part(None, "没有经审核的记录，不计入")
    returned = reviewed.filter(state=Record.State.RETURNED).count()
    return Part(Fraction(total - returned, total), f"审核{total}条，退回{returned}条")


def notices_answered_on_time(department: Department, year: Year, item: Mapping[str, Any]) -> Part:
    """Of its notices whose first deadline fell in the year, those first answered by then."""
    on_time = total = 0
    for row in Notice.objects.filter(department=department):
        first = row.history[0] if row.history else None
        due_on = date.fromisoformat(first["due_on"]) if first else row.due_on
        answered_at = datetime.fromisoformat(first["answered_at"]) if first else row.answered_at
        answered_on = local_day(answered_at) if answered_at else None
        if not year.first <= due_on <= year.last or (answered_on is None and due_on >= year.last):
            continue
        total += 1
        on_time += answered_on is not None and answered_on <= due_on
    if total == 0:
        return Part(None, "没有到期的督办通知，不计入")
    return Part(Fraction(on_time, total), f"督办通知{total}份，按期答复{on_time}份")


def good_cases(department: Department, year: Year, item: Mapping[str, Any]) -> Part:
    """Its cases published in the year, full at the number that the rules say."""
    number = GoodCase.objects.filter(
        department=department,
        published_at__gte=day_start(year.first),
        published_at__lt=day_end(year.last),
    ).count()
    full = int(item.get("full_at", 1))
    return Part(min(Fraction(1), Fraction(number, full)), f"公布典型案例{number}个，满分须{full}个")


def _percent(share: Fraction) -> str:
    whole, rest = divmod((share * ALL).__floor__(), 100)
    return f"{whole}.{rest:02d}%"


MEASURES: Mapping[str, Callable[[Department, Year, Mapping[str, Any]], Part]] = {
    "led_completion": led_completion,
    "filed_on_time": filed_on_time,
    "approved_first_time": approved_first_time,
    "notices_answered_on_time": notices_answered_on_time,
    "good_cases": good_cases,
}


def appraisals() -> list[AppraisalView]:
    """All appraisals, the latest year first."""
    return [_view(row) for row in Appraisal.objects.order_by("-year")]


def appraisal(number: str) -> AppraisalView:
    """One appraisal. Raises NotFound."""
    row = Appraisal.objects.filter(number=number).first()
    if row is None:
        raise NotFound("没有这次考核", where=number[:40], fix="核对编号")
    return _view(row)


def _view(row: Appraisal) -> AppraisalView:
    return AppraisalView(
        number=row.number,
        year=row.year,
        title=row.rules["title"],
        status=row.rules["status"],
        items=tuple(row.rules["items"]),
        scores=tuple(row.scores),
        rules_hash=row.rules_hash,
        computed_at=row.computed_at,
        published_at=row.published_at,
    )
