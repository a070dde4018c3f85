"""`tanhui doctor`."""

from __future__ import annotations

import importlib

import click

from tanhui.project.cli.chinese import Command
from tanhui.project.cli.house import now, var_folder
from tanhui.project.cli.output import json_option, print_json

_SIGNS = {"good": "✓", "warning": "!", "failed": "✗"}


@click.command(cls=Command, examples=["tanhui doctor", "tanhui doctor --json | jq '.[] | select(.state != \"good\")'"])
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """检查运行环境：Python、数据库、磁盘、时钟、字体、密钥、表结构、后台任务。

    每一项不正常的，都说明怎么处理。有“✗”时退出码为 1。
    """
    doctor = importlib.import_module("tanhui.project.doctor")
    findings = []
    for finding in doctor.examine(var_folder(), now):
        findings.append(finding)
        if not as_json:
            click.echo(f"{_SIGNS[finding.state]} {finding.check}：{finding.text}")
            if finding.fix:
                click.echo(f"    处理：{finding.fix}")
    if as_json:
        print_json(findings)
    if any(finding.state == "failed" for finding in findings):
        context.exit(1)
