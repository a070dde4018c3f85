"""Office files with equal bytes for equal content: no time of writing, no order of chance."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def packed_again(content: bytes, modified: date) -> bytes:
    """The same office file with fixed times: of its entries, and of when it was last changed."""
    packed = io.BytesIO()
    stamp = f"{modified.isoformat()}T00:00:00Z".encode()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _MODIFIED.sub(lambda match: match[1] + stamp + match[2], data)
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            new.writestr(entry, data, compresslevel=6)
    return packed.getvalue()


def readable(value: Any) -> Any:
    """A content with all its texts rid of control characters, which no office file can hold."""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, Mapping):
        return {key: readable(each) for key, each in value.items()}
    return [readable(each) for each in value] if isinstance(value, list) else value


def yuan(fen: int) -> str:
    """An amount of money for people: 元 with two decimals, thousands grouped."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}元"


def day(text: str | None) -> str:
    """An ISO day as people write it; – for none."""
    if not text:
        return "–"
    found = date.fromisoformat(text)
    return f"{found.year}年{found.month}月{found.day}日"


def title_lines(content: Mapping[str, Any]) -> list[str]:
    """What stands under the title: the plan and its version, the day, the previous report, the mark of samples."""
    plan, previous = content["plan"], content["previous"]
    status = f"（{plan['status']}）" if plan["status"] else ""
    lines = [
        f"方案：{plan['title']}{status}，第{plan['version']}版",
        f"数据截至：{day(content['as_of'])}",
        f"上一期：{previous['title']}" if previous else "上一期：无",
    ]
    return [*lines, "含示例数据：其中有虚构的演示记录，不是事实。"] if content["samples"] else lines


def task_rows(content: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The tasks as a table under `TASK_HEADER`."""
    return [
        (
            str(task["no"]),
            task["title"],
            "、".join(task["leads"]),
            task["label"],
            task["percent"],
            str(task["records"]),
            task["change"],
        )
        for task in content["tasks"]
    ]


def indicator_row(each: Mapping[str, Any]) -> tuple[str, ...]:
    """An indicator under `INDICATOR_HEADER`."""
    value = f"{each['value']}（{day(each['as_of'])}）" if each["number"] is not None else "–"
    note = "；".join(each["notes"]) or "–"
    return (each["text"], each["target"], value, each["label"], each["percent"], each["source"], each["change"], note)


def notice_rows(content: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The notices under `NOTICE_HEADER`."""
    return [
        (
            each["department"],
            str(each["task_no"]),
            each["problem"],
            day(each["due_on"]),
            f"{each['label']}{'（逾期）' if each['late'] else ''}",
        )
        for each in content["notices"]
    ]


def topic_rows(content: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The fields of publication under `TOPIC_HEADER`."""
    return [
        (
            each["title"],
            "；".join(f"任务{task['no']} {task['label']} {task['percent']}" for task in each["tasks"]) or "–",
            "；".join(f"{row['title']} {row['rows']}条" for row in each["registers"]) or "–",
            each["note"] or "–",
        )
        for each in content["topics"]
    ]


def case_rows(content: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The good cases under `CASE_HEADER`."""
    return [
        (str(each["task_no"]), each["department"], f"{each['title']}{'（示例）' if each['sample'] else ''}")
        for each in content["cases"]
    ]


def funding_rows(content: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The three sums of money under `FUNDING_HEADER`."""
    titles = (("计划", "planned_fen"), ("落实", "committed_fen"), ("支付", "paid_fen"))
    return [(title, yuan(content["funding"][key])) for title, key in titles]


def status_line(content: Mapping[str, Any], labels: Iterable[tuple[str, str]]) -> str:
    """How many indicators stand how: 已完成3项，逾期1项…"""
    counts = content["summary"]["counts"]
    return "，".join(f"{label}{counts[value]}项" for value, label in labels)


TASK_HEADER = ("序号", "任务", "牵头单位", "状态", "完成率", "本期记录", "与上期比较")
INDICATOR_HEADER = ("指标", "目标", "现值（截至）", "状态", "完成率", "数据来源", "与上期比较", "说明")
NOTICE_HEADER = ("部门", "任务", "问题", "答复期限", "状态")
TOPIC_HEADER = ("领域", "相关任务", "台账", "说明")
CASE_HEADER = ("任务", "部门", "案例")
FUNDING_HEADER = ("类型", "累计金额")
