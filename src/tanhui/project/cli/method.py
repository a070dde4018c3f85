"""`tanhui method`: needs no database."""

from __future__ import annotations

import importlib
import os
from datetime import date
from pathlib import Path
from typing import Any

import click

from tanhui.kernel.days import local_day
from tanhui.project.cli.chinese import Command, Group
from tanhui.project.cli.house import now, room
from tanhui.project.cli.output import json_option, plain, print_json, table

GRADES = ("A", "B", "C", "D")
_OUTCOMES = {
    "counted": "计入",
    "capped": "达到上限",
    "duplicate": "重复",
    "excluded": "搁置",
    "not_applicable": "不适用",
}
DEPTHS = ("sentence", "arithmetic", "audit")
existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
version_option = click.option("--version", "version", metavar="版本", help="版本号；默认为当日生效的版本。")
day_option = click.option("--day", metavar="日期", help="活动日期，如 2026-06-01；默认今天。")
grade_option = click.option("--grade", type=click.Choice(GRADES), default="A", show_default=True, help="证据等级。")


def _county() -> str:
    return os.environ.get("TANHUI_COUNTY") or "pingjiang"


def _day(text: str | None) -> date:
    if text is None:
        return local_day(now())
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("写成 2026-06-01 的形式", param_hint="--day") from None


def _chosen(name: str, version: str | None, day: date) -> Any:
    methods = room("project.methods")
    return methods.chosen(methods.the_library(_county()), name, version, day)


def _evaluated(action: Any) -> Any:
    """Run something of the method core; its errors become ours."""
    core = importlib.import_module("tanhui_methods")
    try:
        return action(core)
    except core.MethodError as error:
        raise room("project.methods").translated(error) from error


@click.group(
    cls=Group,
    examples=[
        "tanhui method check",
        "tanhui method show shared-e-bike",
        "tanhui method run cycling distance_m=3200 duration_s=900",
        "tanhui method explain cycling distance_m=3200 duration_s=900 --depth arithmetic",
    ],
)
def command() -> None:
    """方法学：一个文件一个版本，写给专家委员会看，也由程序逐字执行。"""


@command.command(
    "check",
    cls=Command,
    examples=["tanhui method check", "tanhui method check methods/transport/shared-e-bike/1.0.0.md --json"],
)
@click.argument("files", nargs=-1, type=existing_file, metavar="[文件]……")
@json_option
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """校验方法学：语法、单位量纲、因子、算例、版本衔接。有问题时退出码为 1。"""
    problems = room("project.methods").problems_of(_county(), list(files))
    if as_json:
        print_json(problems)
    elif problems:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"共 {len(problems)} 个问题。", err=True)
    else:
        click.echo("校验通过。")
    if problems:
        context.exit(1)


@command.command(
    "show",
    cls=Command,
    examples=[
        "tanhui method show",
        "tanhui method show shared-e-bike --text",
        "tanhui method show electric-bus --json",
    ],
)
@click.argument("name", required=False, metavar="[名称]")
@version_option
@click.option("--text", "as_text", is_flag=True, help="输出方法学全文。")
@json_option
def show(name: str | None, version: str | None, as_text: bool, as_json: bool) -> None:
    """列出全部方法学，或查看其中一个：适用版本、输入、参数与来源、公式、上限。"""
    if name is None:
        found = room("project.methods").the_library(_county()).methods
        rows = [(m.name, m.version, m.title, m.status, m.valid_from, m.valid_to) for m in found]
        if as_json:
            print_json(
                [
                    dict(zip(("name", "version", "title", "status", "valid_from", "valid_to"), r, strict=True))
                    for r in rows
                ]
            )
        else:
            click.echo(table(("名称", "版本", "标题", "状态", "生效", "失效"), rows))
        return
    method = _chosen(name, version, _day(None))
    if as_text:
        click.echo(method.text)
    elif as_json:
        print_json(_summary(method))
    else:
        _print_method(method)


def _summary(method: Any) -> dict[str, Any]:
    names = ("number", "title", "family", "name", "version", "status", "valid_from", "valid_to", "issuing_body")
    head = {name: getattr(method, name) for name in (*names, "tradable", "advocacy", "content_hash", "rule_hash")}
    inputs = [
        {
            "name": i.name,
            "title": i.title,
            "kind": i.kind,
            "unit": i.unit.text if i.unit else None,
            "low": i.low,
            "high": i.high,
        }
        for i in method.inputs.values()
    ]
    parameters = [
        {
            "name": p.name,
            "title": p.title,
            "unit": p.unit.text,
            "value": e.written,
            "source": e.source,
            "status": e.status,
        }
        for p in method.parameters.values()
        for e in p.entries
    ]
    caps = [{"name": c.name, "title": c.title, "per": c.per, "of": c.of, "limit": c.limit} for c in method.caps]
    return plain(head | {"inputs": inputs, "parameters": parameters, "caps": caps})


def _print_method(method: Any) -> None:
    summary = _summary(method)
    click.echo(f"{method.title}（{method.number}，{method.name} {method.version}）")
    click.echo(f"发布：{method.issuing_body}　生效：{method.valid_from} — {method.valid_to or '至今'}")
    click.echo(f"规则哈希：{method.rule_hash}\n")
    click.echo(
        table(
            ("输入", "含义", "单位", "下限", "上限"),
            [(i["name"], i["title"], i["unit"], i["low"], i["high"]) for i in summary["inputs"]],
        )
    )
    click.echo("")
    rows = [(p["name"], p["title"], p["value"], p["unit"], p["status"], p["source"]) for p in summary["parameters"]]
    click.echo(table(("参数", "含义", "取值", "单位", "状态", "来源"), rows))
    if summary["caps"]:
        click.echo("")
        click.echo(table(("上限", "含义", "周期", "对象", "数值"), [tuple(c.values()) for c in summary["caps"]]))


@command.command(
    "run",
    cls=Command,
    examples=[
        "tanhui method run cycling distance_m=3200 duration_s=900",
        "tanhui method run shared-e-bike --events 行为.csv --json",
        "tanhui method run shared-e-bike --examples",
    ],
)
@click.argument("name", metavar="名称")
@click.argument("inputs", nargs=-1, metavar="[输入=数值]……")
@version_option
@day_option
@grade_option
@click.option(
    "--events", type=existing_file, metavar="文件", help="CSV：表头为输入名称，加上 day，可加 person、at、grade。"
)
@click.option("--examples", "own_examples", is_flag=True, help="运行方法学自带的算例。")
@json_option
@click.pass_context
def run(
    context: click.Context,
    name: str,
    inputs: tuple[str, ...],
    version: str | None,
    day: str | None,
    grade: str,
    events: Path | None,
    own_examples: bool,
    as_json: bool,
) -> None:
    """试算：按方法学计算一条或一批行为，不写入任何账簿。"""
    methods = room("project.methods")
    chosen_day = _day(day)
    method = _chosen(name, version, chosen_day)
    if own_examples:
        answers = _evaluated(lambda core: methods.run_examples(method))
        if as_json:
            print_json([{"title": title, "passed": passed, "difference": why} for title, passed, why in answers])
        else:
            for title, passed, why in answers:
                click.echo(f"{'✓' if passed else '✗'} {title}{'：' + why if why else ''}")
        context.exit(0 if all(passed for _, passed, _ in answers) else 1)
    rows = (
        methods.events_of_file(method, events)
        if events
        else [methods.event(method, inputs, day=chosen_day, grade=grade)]
    )
    results = _evaluated(lambda core: core.evaluate(method, rows))
    if as_json:
        print_json(results)
        return
    shown = [(r.event_id, r.reduction_g, r.points, "ABCD"[r.grade - 1], _spoken(r.outcome), r.cap) for r in results]
    click.echo(table(("序号", "减排量（克）", "积分", "等级", "结果", "上限"), shown))


def _spoken(outcome: str) -> str:
    kind, _, name = outcome.partition(":")
    return _OUTCOMES.get(kind, kind) + (f"（{name}）" if name else "")


@command.command(
    "explain",
    cls=Command,
    examples=["tanhui method explain cycling distance_m=3200 duration_s=900 --depth audit"],
)
@click.argument("name", metavar="名称")
@click.argument("inputs", nargs=-1, metavar="输入=数值……")
@version_option
@day_option
@grade_option
@click.option(
    "--depth", type=click.Choice(DEPTHS), default="arithmetic", show_default=True, help="一句话、算式、审计。"
)
@json_option
def explain(
    name: str, inputs: tuple[str, ...], version: str | None, day: str | None, grade: str, depth: str, as_json: bool
) -> None:
    """解释一个结果是怎么算出来的：一句话、带数值与来源的算式、带哈希的完整过程。"""
    methods = room("project.methods")
    chosen_day = _day(day)
    method = _chosen(name, version, chosen_day)
    row = methods.event(method, inputs, day=chosen_day, grade=grade)
    told = _evaluated(lambda core: core.explain(method, [row], row["event_id"], depth=depth))
    if as_json:
        print_json(told.to_dict())
    else:
        click.echo(told.to_text())
