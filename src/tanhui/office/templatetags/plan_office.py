"""How the working group's pages write targets of a draft, and states of work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tanhui_plandoc.draft import Draft, Indicator, Severity

register = template.Library()

_COMPARING = {">=": "不少于", ">": "超过", "<=": "不超过", "<": "低于", "=": ""}
_RHYTHMS = {
    "daily": "每天", "weekly": "每周", "monthly": "每月", "quarterly": "每季度", "half_yearly": "每半年",
    "yearly": "每年", "irregular": "定期",
}  # fmt: skip
_SEVERITIES = {
    Severity.SUBSTANTIVE: ("bad", "实质"),
    Severity.NAMING: ("warn", "名称"),
    Severity.TYPOGRAPHIC: ("info", "文字"),
}
_STATES = {
    "open": "warn", "adopted": "good", "abandoned": "", "answered": "info", "closed": "good", "published": "good",
    "planned": "", "committed": "info", "paid": "good",
}  # fmt: skip
_CHANGES = {
    "task": "任务", "department": "分工", "box": "专栏", "indicator": "指标", "deadline": "期限", "number": "目标值",
    "roadmap": "路线图", "mark": "标记", "clause": "条文", "overall": "总体目标", "safeguard": "保障措施",
}  # fmt: skip


@register.filter
def severity_badge(value: str) -> SafeString:
    """How much a finding matters."""
    kind, words = _SEVERITIES[Severity(value)]
    return format_html('<span class="badge {}">{}</span>', kind, words)


@register.simple_tag
def state_badge(state: str, label: str) -> SafeString:
    """The state of a document, a notice or an appraisal, in the room's words."""
    return format_html('<span class="badge {}">{}</span>', _STATES.get(state, ""), label)


@register.filter
def target_words(indicator: Indicator) -> str:
    """What an indicator of a draft asks for: 到2025年 不少于 5 家; a dash where it names nothing."""
    when = f"到{indicator.deadline_year}年" if indicator.deadline_year else _RHYTHMS.get(indicator.recurrence or "", "")
    if indicator.value is None:
        return when or "—"
    unit, amount = indicator.unit or "", format(indicator.value, "f")
    if indicator.comparator == "range":
        amount = f"{amount}至{indicator.value_max:f}" if indicator.value_max is not None else amount
    elif indicator.value_text:
        return f"{when} {_COMPARING.get(indicator.comparator or '', '')}{indicator.value_text}".strip()
    return f"{when} {_COMPARING.get(indicator.comparator or '', '')}{amount}{unit}".strip()


@register.filter
def line_words(lines: Any) -> str:
    """Line numbers as people say them: 第12行, 第12—15行."""
    numbers = sorted(int(each) for each in lines)
    if not numbers:
        return ""
    return f"第{numbers[0]}行" if numbers[0] == numbers[-1] else f"第{numbers[0]}—{numbers[-1]}行"


@register.simple_tag
def outline(draft: Draft) -> Mapping[str, int]:
    """How much of each kind a draft holds."""
    tasks = draft.tasks
    return {
        "groups": len(draft.groups),
        "tasks": len(tasks),
        "boxes": sum(len(task.boxes) for task in tasks),
        "indicators": sum(len(task.indicators) for task in tasks),
        "roadmap": sum(len(task.roadmap) for task in tasks),
        "safeguards": len(draft.safeguards),
    }


@register.filter
def as_day(text: Any) -> date | None:
    """An ISO day in stored content, as a day."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


@register.filter
def change_kind(what: str) -> str:
    """What kind of thing differs between two versions."""
    return _CHANGES.get(what, what)


@register.filter
def as_moment(text: Any) -> datetime | None:
    """An ISO instant in stored content, as an instant."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


@register.simple_tag
def report_changes(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What moved since the last report: tasks and indicators whose words are not that nothing changed."""
    still = ("与上期持平", "仍无数据", "首期")
    changes = []
    for task in content["tasks"]:
        if task["change"] not in still:
            changes.append({"no": task["no"], "words": f"{task['title']}：{task['change']}"})
        changes += [
            {"no": task["no"], "words": f"{each['text']}：{each['change']}"}
            for each in task["indicators"]
            if each["change"] not in still
        ]
    return changes
