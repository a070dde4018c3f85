"""`tanhui demo`."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from tanhui.project.cli.chinese import Command
from tanhui.project.cli.house import now, say, var_folder
from tanhui.project.cli.output import Progress

SEED, RESIDENTS, DAYS = 20261122, 2000, 90


@click.command(
    cls=Command,
    examples=[
        "tanhui demo",
        "tanhui demo --port 8001",
        "tanhui demo --reset --residents 200 --days 30   # 小一些的演示县",
    ],
)
@click.option("--seed", type=int, metavar="整数", help=f"种子：同一种子得到同一个县。默认 {SEED}。")
@click.option("--residents", type=click.IntRange(1, 200_000), metavar="人数", help=f"虚构居民数。默认 {RESIDENTS}。")
@click.option("--days", type=click.IntRange(1, 3660), metavar="天数", help=f"到昨天为止的天数。默认 {DAYS}。")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="地址", help="监听的地址。")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), metavar="端口", help="监听的端口。"
)
@click.option("--reset", is_flag=True, help="先删除已有的演示数据。")
@click.option("--no-serve", is_flag=True, help="只建好数据，不启动网站。")
def command(
    seed: int | None,
    residents: int | None,
    days: int | None,
    host: str,
    port: int,
    reset: bool,
    no_serve: bool,
) -> None:
    """一条命令建起演示县并打开网站。

    启动数据库、装入县域数据、虚构居民与他们的低碳行为（经由真实的接入口）、结算、启动网站，并显示地址与登录名。
    再次运行时直接打开；中途被打断后再次运行会接着做完。演示县里的人和单位都是虚构的。
    """
    demo = importlib.import_module("tanhui.project.demo")
    serving = importlib.import_module("tanhui.project.serve")
    var = var_folder()
    if not no_serve:
        serving.refuse_taken_port(host, port)
    if reset:
        demo.reset(var, say)
    state = demo.read_state(var)
    wishes = {"seed": seed, "residents": residents, "days": days}
    if state is None:
        decided = {"seed": SEED, "residents": RESIDENTS, "days": DAYS} | {
            k: v for k, v in wishes.items() if v is not None
        }
        state = demo.new_state(**decided, at=now())
    elif any(wish is not None and wish != getattr(state, name) for name, wish in wishes.items()):
        raise click.UsageError("已有的演示县是用别的种子、人数或天数建的；要重建请加 --reset")
    if not demo.is_complete(state, var, say):
        with demo.opened(var, say):
            steps = importlib.import_module("tanhui.project.demo_steps")
            state = steps.build(state, var=var, at=now(), say=say, progress=Progress)
    _print_logins(state)
    if not no_serve:
        _become_server(var, host, port)


def _print_logins(state: Any) -> None:
    say("")
    say(f"工作台登录（/office/，密码都是 {state.password}）：")
    for username, title, secret in state.logins:
        say(f"　{username:<16}{title}　动态验证码密钥 {secret}")
    say("　登录第二步的动态验证码，演示环境会直接显示在页面上；也可把密钥输入手机上的验证器应用。")
    say(f"居民登录（演示登录，无须密码）：demo-1 … demo-{state.residents}")
    say("")


def _become_server(var: Any, host: str, port: int) -> None:
    """Replace this process, and all that the building left in its memory, by `tanhui serve`."""
    os.environ["TANHUI_VAR"] = str(var)
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-m", "tanhui.project.cli", "serve", "--demo", "--migrate"]
    command += ["--host", host, "--port", str(port)]
    os.execv(sys.executable, command)  # noqa: S606
