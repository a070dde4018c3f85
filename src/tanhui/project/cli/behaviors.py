"""`tanhui behaviors`."""

from __future__ import annotations

from pathlib import Path

import click

from tanhui.project.cli.chinese import Command, Group
from tanhui.project.cli.house import acting, now, open_house, room
from tanhui.project.cli.output import Progress, json_option, print_json, table

SHOWN_REFUSALS = 20


@click.group(cls=Group, examples=["tanhui behaviors import --source demo-e-bike 骑行.csv"])
def command() -> None:
    """低碳行为。"""


@command.command(
    "import",
    cls=Command,
    examples=[
        "tanhui behaviors import --source demo-e-bike 骑行.csv",
        "tanhui behaviors import --source valleybike --mapping 映射.toml trips.xlsx --json",
    ],
)
@click.option("--source", required=True, metavar="代码", help="接入方代码。")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="文件",
    help="映射文件；默认为县域文件夹的 mappings/<接入方>.toml。",
)
@click.option("--by", metavar="用户名", help="由哪位工作人员代为报送，权限与在工作台相同，留痕；不写则由本机报送。")
@click.argument("file", metavar="文件", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_(source: str, mapping: Path | None, by: str | None, file: Path, as_json: bool) -> None:
    """从接入方的文件（CSV、Excel、Parquet）导入低碳行为。

    整个文件一次入库：文件有错时什么也不保存。同一行重复导入只算一次；不合格的行逐行说明原因，其余的行照常入库。
    """
    with open_house(), Progress("导入") as progress:
        delivery = room("scenarios.queries").file_delivery(source=source, path=file, mapping_path=mapping)
        receipt = room("scenarios.services").submit(
            source=source,
            delivery=delivery.draft,
            evidence=delivery.evidence,
            at=now(),
            by=acting(by) if by else None,
            on_progress=progress,
        )
    if as_json:
        print_json(receipt)
        return
    again = "（这份文件以前收过，本次没有改动）" if receipt.repeated else ""
    click.echo(f"回执 {receipt.number}{again}")
    click.echo(
        f"读入 {receipt.rows_read:,} 行：接受 {receipt.rows_accepted:,}，等待绑定 {receipt.rows_waiting:,}，"
        f"重复 {receipt.rows_duplicate:,}，退回 {receipt.rows_refused:,}"
    )
    for refusal in receipt.refusals[:SHOWN_REFUSALS]:
        click.echo(f"　第 {refusal.row_number} 行：{refusal.message}（{refusal.code}）")
    hidden = receipt.rows_refused - len(receipt.refusals[:SHOWN_REFUSALS])
    if hidden > 0:
        click.echo(f"　另有 {hidden:,} 行，可在工作台的接入页查看")


@command.command(
    "summary",
    cls=Command,
    examples=["tanhui behaviors summary --source demo-e-bike", "tanhui behaviors summary --source valleybike --json"],
)
@click.option("--source", required=True, metavar="代码", help="接入方代码。")
@json_option
def summary(source: str, as_json: bool) -> None:
    """一个接入方的行为结算后怎样：计入多少、搁置多少、为什么。"""
    with open_house():
        room("scenarios.queries").source(source)
        rows = room("scenarios.queries").outcomes(source)
    if as_json:
        print_json(rows)
        return
    lines = [(row.outcome, row.behaviors, row.residents, row.reduction_g, row.points, row.text) for row in rows]
    click.echo(table(("结果", "行为", "居民", "减排量（克）", "积分", "说明"), lines))
    totals = [sum(getattr(row, name) for row in rows) for name in ("behaviors", "reduction_g", "points")]
    click.echo("合计 {:,} 条行为，{:,} 克二氧化碳当量，{:,} 分。".format(*totals))
