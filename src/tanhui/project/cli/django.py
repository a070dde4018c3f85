"""`tanhui django …`: Django's own management commands."""

from __future__ import annotations

import importlib

import click

from tanhui.project.cli.chinese import Command
from tanhui.project.cli.house import open_house


@click.command(
    cls=Command,
    examples=["tanhui django migrate", "tanhui django showmigrations", "tanhui django help"],
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": ["-h"]},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[参数]……")
def command(arguments: tuple[str, ...]) -> None:
    """转到 Django 的管理命令；没有设置 DATABASE_URL 时先启动内置数据库。"""
    management = importlib.import_module("django.core.management")
    with open_house():
        management.execute_from_command_line(["tanhui django", *arguments])
