"""`tanhui settle`."""

from __future__ import annotations

import click

from tanhui.project.cli.chinese import Command
from tanhui.project.cli.house import now, open_house, room
from tanhui.project.cli.output import Progress, json_option, print_json


@click.command(cls=Command, examples=["tanhui settle", "tanhui settle --json"])
@json_option
def command(as_json: bool) -> None:
    """结算：按现行方法学计算每人每天应记的减排量与积分，把与账簿的差额记入账簿。

    可随时运行、重复运行；没有新证据时不产生任何分录。中途被打断后再次运行即可，结果相同。
    """
    with open_house(), Progress("结算（人·日）") as progress:
        summary = room("scenarios.services").settle(at=now(), on_progress=progress)
    if as_json:
        print_json(summary)
        return
    if summary.expired_points:
        click.echo(f"往年底到期、没有用掉的积分 {summary.expired_points:,} 分，已作废。")
    if not summary.runs:
        click.echo("没有需要结算的行为。" if summary.expired_points else "没有需要结算的内容，账簿没有变化。")
        return
    click.echo(
        f"结算 {summary.person_days:,} 个人·日、{summary.behaviors:,} 条行为；"
        f"写入 {summary.lines:,} 行、{summary.transfers:,} 张凭证。"
    )
    click.echo(f"减排量变化 {summary.reduction_g:+,} 克，积分变化 {summary.points:+,} 分。")
