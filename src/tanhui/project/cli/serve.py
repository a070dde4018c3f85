"""`tanhui serve`."""

from __future__ import annotations

import importlib

import click

from tanhui.project.cli.chinese import Command
from tanhui.project.cli.house import say, var_folder


@click.command(
    cls=Command,
    examples=[
        "tanhui serve",
        "tanhui serve --port 8001 --migrate",
        "DATABASE_URL=postgresql://tanhui@db/tanhui tanhui serve --host 0.0.0.0 --public-url https://tan.example",
    ],
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="地址", help="监听的地址。")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), metavar="端口", help="监听的端口。"
)
@click.option("--public-url", default="", metavar="网址", help="居民输入的网址；https 开头时启用安全 Cookie。")
@click.option(
    "--processes", default=1, show_default=True, type=click.IntRange(1, 64), metavar="个数", help="网站进程数。"
)
@click.option("--migrate", is_flag=True, help="启动前更新表结构。")
@click.option("--demo", is_flag=True, help="作为演示县运行（允许开发登录）。")
def command(host: str, port: int, public_url: str, processes: int, migrate: bool, demo: bool) -> None:
    """启动网站与后台任务；Ctrl-C 停止。

    没有设置 DATABASE_URL 时，一并启动 var/ 中的内置数据库。某个进程意外退出时自动重新启动。
    """
    serving = importlib.import_module("tanhui.project.serve")
    plan = serving.Serving(
        var=var_folder(),
        host=host,
        port=port,
        public_url=public_url.rstrip("/"),
        web_processes=processes,
        migrate=migrate,
        demo=demo,
    )
    serving.serve(plan, say=say, ready=lambda url: say(f"网站已就绪：{url}　Ctrl-C 停止"))
