"""The root of `tanhui`: knows the names of the sub-commands and loads one only when it is called."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import signal
import sys
from typing import Any

import click

from tanhui.kernel.errors import Busy, Conflict, TanhuiError
from tanhui.project.cli.chinese import Group, speak_chinese

COMMANDS = {
    "demo": "一条命令建起演示县：数据库、居民、90 天低碳行为、结算、网站",
    "serve": "启动网站与后台任务",
    "doctor": "检查运行环境，并说明怎么处理",
    "county": "县域数据：装入行政区划、单位、接入方、方法学",
    "method": "方法学：校验、查看、试算、解释",
    "behaviors": "低碳行为：从接入方的文件导入",
    "settle": "结算：让账簿与证据一致",
    "ledger": "账簿：试算平衡、对账单、逐笔核对",
    "plan": "实施方案：读文件，列出任务、指标与不一致之处",
    "parties": "居民与单位：登记、绑定、导出、注销、留痕核验",
    "django": "转到 Django 的管理命令（迁移等）",
}
"""Sub-command and its line of help; the module of the same name here has the command as `command`."""

_LACKING = ("42P01", "42703")
"""PostgreSQL's undefined_table and undefined_column."""

EXPECTED_ERROR = 1
WRONG_USE = 2


class LazyGroup(Group):
    """Lists the commands from the table above, so that `tanhui --help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tanhui.project.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("子命令"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TanhuiError as error:
            complain(error)
        except Exception as error:
            trouble = _database_trouble(error)
            if trouble is None:
                raise
            complain(trouble)
        ctx.exit(EXPECTED_ERROR)


def _database_trouble(error: Exception) -> TanhuiError | None:
    """What to say where the database is away or lacks our tables; None where the error is another."""
    if _database_is_away(error):
        return Busy(
            f"数据库连接不上，或中断了操作：{str(error).strip()}",
            fix="运行 tanhui doctor 查看原因，然后再次运行；没有保存一半的结果",
        )
    if getattr(error.__cause__, "sqlstate", None) in _LACKING:
        return Conflict(
            f"数据库里没有程序要用的表或栏目：{str(error).strip().splitlines()[0]}",
            fix="运行 tanhui django migrate（已有数据的先备份），然后再次运行",
        )
    return None


def _database_is_away(error: Exception) -> bool:
    loaded = [sys.modules.get(name) for name in ("psycopg", "django.db")]  # neither is imported for this question
    return any(module is not None and isinstance(error, module.OperationalError) for module in loaded)


def complain(error: TanhuiError) -> None:
    """One clear paragraph on stderr: where, what, why, what to do."""
    lines = [f"错误：{error.message}"]
    if error.where:
        lines.append(f"　位置：{error.where}")
    if error.fix:
        lines.append(f"　处理：{error.fix}")
    click.echo("\n".join(lines), err=True)


@click.group(
    cls=LazyGroup,
    examples=[
        "tanhui demo                                   # 建起并打开演示县",
        "tanhui behaviors import --source bike trips.csv",
        "tanhui settle                                 # 结算",
        "tanhui ledger trial-balance                   # 试算平衡",
        "tanhui doctor                                 # 有问题时先看这里",
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="tanhui", prog_name="tanhui", message="%(prog)s %(version)s", help="显示版本。")
def root() -> None:
    """碳惠：县域绿色低碳行动的开放平台。"""


def _leave(number: int, frame: object) -> None:
    """On SIGTERM leave as on Ctrl-C: give the lease on the database back, close what is open."""
    sys.exit(128 + number)


def main() -> None:
    """Entry of the command line. Exit code 0, 1 (expected error), 2 (wrong use)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tanhui.project.settings")
    speak_chinese()
    signal.signal(signal.SIGTERM, _leave)
    try:
        root.main(prog_name="tanhui")
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXPECTED_ERROR)
