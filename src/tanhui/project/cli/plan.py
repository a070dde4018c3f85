"""`tanhui plan`."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import click

from tanhui.project.cli.chinese import Command, Group
from tanhui.project.cli.house import open_house, room
from tanhui.project.cli.output import json_option, print_json, table


@click.group(
    cls=Group,
    examples=[
        "tanhui plan read 实施方案.docx",
        "tanhui plan read 实施方案.pdf --json",
        "TANHUI_COUNTY=example tanhui plan start 实施方案.docx",
        "tanhui plan coverage --missing",
    ],
)
def command() -> None:
    """实施方案：从文件到可以核对的任务、指标与路线图。"""


@command.command(
    "read",
    cls=Command,
    examples=["tanhui plan read 实施方案.docx", "tanhui plan read 实施方案.txt --json > 草稿.json"],
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="文件")
@json_option
def read(file: Path, as_json: bool) -> None:
    """读一份实施方案（.docx、.pdf、.txt、.md），列出任务、牵头单位、指标，以及前后不一致之处。

    不需要数据库；单位名称按县域文件夹的 organizations.csv 统一。行号是文件转成文字后的行号。
    """
    draft = room("project.plan_file").draft_of(file, os.environ.get("TANHUI_COUNTY") or "pingjiang")
    if as_json:
        print_json(draft.as_json())
    else:
        click.echo(_summary(draft))


@command.command(
    "start",
    cls=Command,
    examples=["TANHUI_COUNTY=example tanhui plan start 实施方案.docx"],
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="文件")
def start(file: Path) -> None:
    """读一份实施方案，在县域文件夹（TANHUI_COUNTY）的 plan/ 里写出方案、计数办法、承诺对照的初稿。

    不需要数据库。已有的文件一个也不改。写出的内容要逐项核对；指标先都按人工填报，承诺先都写“还没有写明由什么落实”。
    """
    importlib.import_module("django").setup()
    name = os.environ.get("TANHUI_COUNTY") or "pingjiang"
    draft = room("project.plan_file").draft_of(file, name)
    written = room("project.plan_start").start_plan(draft, room("kernel.county").load_county(name))
    click.echo("\n".join(str(path) for path in written))
    click.echo("核对后运行 tanhui county load；怎样继续见 counties/pingjiang/README.md", err=True)


def _summary(draft: Any) -> str:
    tasks = draft.tasks
    indicators = [one for task in tasks for one in task.indicators]
    parts = [
        f"{draft.title or '（没有读出标题）'}　{draft.status}　{draft.date}".rstrip("　"),
        f"{len(draft.groups)} 组 {len(tasks)} 项任务，{sum(len(task.boxes) for task in tasks)} 个专栏，"
        f"{len(indicators)} 项指标（{sum(one.deadline_year is not None for one in indicators)} 项有期限），"
        f"{sum(len(task.roadmap) for task in tasks)} 条路线图，{len(draft.overall_targets)} 条总体目标，"
        f"{len(draft.safeguards)} 条保障。",
        table(
            ("任务", "标题", "牵头单位", "指标", "专栏", "路线图"),
            [
                (
                    str(task.no),
                    task.title,
                    "、".join(one.raw for one in task.leads) or "（没有读出）",
                    len(task.indicators),
                    len(task.boxes),
                    len(task.roadmap),
                )
                for task in tasks
            ],
        ),
    ]
    for severity, title in (("substantive", "内容"), ("naming", "名称"), ("typographic", "文字")):
        found = [one for one in draft.diagnostics if one.severity == severity]
        if found:
            parts.append(f"{title}问题 {len(found)} 处：\n" + "\n".join(_line(one) for one in found))
    if not draft.diagnostics:
        parts.append("没有发现前后不一致之处。")
    return "\n\n".join(parts)


def _line(diagnostic: Any) -> str:
    lines = sorted({number for place in diagnostic.places for number in place.lines})
    where = "" if "行" in diagnostic.message or not lines else f"（第 {'、'.join(map(str, lines[:8]))} 行）"
    return f"  {diagnostic.message}{where}"


@command.command(
    "coverage",
    cls=Command,
    examples=["tanhui plan coverage", "tanhui plan coverage --missing", "tanhui plan coverage --json > 对照.json"],
)
@click.option("--missing", is_flag=True, help="只列平台还没有落实的。")
@click.option("--task", type=int, metavar="序号", help="只列一项任务的。")
@json_option
@click.pass_context
def coverage(context: click.Context, missing: bool, task: int | None, as_json: bool) -> None:
    """对照现行方案的每一条（条文、专栏行动、指标、路线图事项、保障、总体目标），列出由平台的哪一部分落实。

    有没有写明去处的条目时，逐条列出，退出码为 1。
    """
    with open_house():
        queries = room("plan.queries")
        rows, uncovered = queries.coverage(), queries.uncovered()
    shown = [row for row in rows if (not missing or row.missing) and task in (None, row.task_no)]
    if as_json:
        print_json({"rows": shown, "uncovered": uncovered})
    else:
        header = ("类别", "编号", "内容", "由什么落实", "怎样落实或还缺什么")
        click.echo(table(header, [_served(row) for row in shown]))
        click.echo(
            f"\n共 {len(rows)} 条：有落实 {sum(1 for row in rows if row.by)} 条，"
            f"其中还缺一部分 {sum(1 for row in rows if row.by and row.missing)} 条；"
            f"平台还没有 {sum(1 for row in rows if not row.by)} 条；没有交代 {len(uncovered)} 条。"
        )
    for line in uncovered:
        click.echo(line, err=True)
    if uncovered:
        context.exit(1)


_KINDS = {
    "clause": "条文",
    "action": "专栏行动",
    "indicator": "指标",
    "roadmap": "路线图",
    "safeguard": "保障",
    "overall": "总体目标",
}


def _served(row: Any) -> tuple[str, str, str, str, str]:
    return _KINDS[row.kind], row.ref, row.text[:24], _listed([title for _, _, title in row.by]), row.missing or row.how


def _listed(titles: list[str]) -> str:
    """Whole titles as far as they fit a line, and how many there are where some do not."""
    shown = [title for number, title in enumerate(titles) if number == 0 or len("、".join(titles[: number + 1])) <= 40]
    return ("、".join(shown) + (f" 等{len(titles)}项" if len(shown) < len(titles) else "")) or "—"
