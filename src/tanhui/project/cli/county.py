"""`tanhui county`."""

from __future__ import annotations

import click

from tanhui.project.cli.chinese import Command, Group
from tanhui.project.cli.house import now, open_house, room, say
from tanhui.project.cli.output import json_option, print_json


@click.group(cls=Group, examples=["tanhui county load"])
def command() -> None:
    """县域数据。"""


@command.command(
    "load", cls=Command, examples=["tanhui county load", "TANHUI_COUNTY=pingjiang tanhui county load --json"]
)
@json_option
def load(as_json: bool) -> None:
    """把 counties/ 下的县域文件夹装入数据库；可重复运行。

    包括行政区划、单位、接入方、场景、方法学、行动方案、台账和积分商城。方法学、方案与商城在演示县直接生效；
    在正式的县只登记为草案，由专家委员会签署方法学、由专班采纳方案、由运营员准入商户和上架权益，都在工作台办理。
    """
    with open_house():
        county = room("project.county")
        loaded = county.load(at=now(), say=say)
        plan = room("project.plan").load_plan(county.this_county(), at=now(), say=say)
        mall = room("project.mall").load_mall(county.this_county(), at=now(), say=say)
        community = room("project.community").load_community(county.this_county(), at=now(), say=say)
    if as_json:
        print_json({"county": loaded, "plan": plan, "mall": mall, "community": community})
        return
    click.echo(
        f"{loaded.county}：行政区划变更 {loaded.divisions_changed:,} 条，单位 {loaded.organizations} 个，"
        f"接入方 {loaded.sources} 个，场景 {loaded.scenarios} 个，"
        f"方法学生效 {loaded.methods_in_force} 个、待签署 {loaded.methods_waiting} 个。"
    )
    if plan is not None:
        state = f"第{plan.version}版" if plan.version else "待专班在工作台采纳"
        click.echo(
            f"{plan.title}（{state}）：任务 {plan.tasks} 项，指标 {plan.indicators} 个，台账 {plan.registers} 本。"
        )
    if mall is not None:
        state = "已上架" if mall.open else "待运营员准入商户、上架权益"
        click.echo(
            f"积分商城（{state}）：商户 {mall.merchants} 家，新登记 {mall.merchants_new} 家；"
            f"权益 {mall.offers} 项，新登记 {mall.offers_new} 项；"
            f"年度资金 {mall.lines} 条，新登记 {mall.lines_new} 条。"
        )
    if community is not None:
        click.echo(
            f"回收与活动：物料 {community.materials} 种，回收点 {community.points} 处，收购价 {community.prices} 项，"
            f"志愿队伍 {community.teams} 支；新登记 {community.new} 项。"
        )
