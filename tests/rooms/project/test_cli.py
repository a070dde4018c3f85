"""The command line: Chinese help with examples, quick to start, clear complaints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import click
import pytest
from click.testing import CliRunner
from django.db import connection

from tanhui.kernel.errors import NotFound
from tanhui.project.cli import output, root
from tanhui.project.cli.chinese import speak_chinese

HEAVY = (
    "django",
    "ibis",
    "pint",
    "duckdb",
    "pandas",
    "psycopg",
    "granian",
    "tanhui_methods",
    "tanhui.project.settings",
)


@pytest.fixture(autouse=True)
def chinese() -> None:
    speak_chinese()


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(root.root))


def test_every_command_of_the_table_exists():
    assert {path[0] for path in ALL} == set(root.COMMANDS)


@pytest.mark.parametrize("path", sorted(ALL), ids=" ".join)
def test_help_is_chinese_with_examples(path):
    option = "-h" if path == ("django",) else "--help"
    result = CliRunner().invoke(root.root, [*path, option], prog_name="tanhui")
    assert result.exit_code == 0
    assert "用法：" in result.output
    assert "示例" in result.output
    assert f"tanhui {' '.join(path)}" in result.output.split("示例")[1]
    for english in ("Usage", "Options", "Commands", "Arguments", "default:", "required", "Show this"):
        assert english not in result.output


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from tanhui.project.cli.root import root, speak_chinese; speak_chinese();"
        "root.main(['--help'], standalone_mode=False); print(' '.join(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stderr.split())


@pytest.mark.parametrize("name", [name for name in root.COMMANDS if name != "django"])
def test_help_of_a_command_loads_nothing_heavy(name):
    code = (
        "import sys; from tanhui.project.cli.root import root;"
        f"root.main([{name!r}, '--help'], standalone_mode=False); print(' '.join(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "没有子命令 'nonsense'"),
        (["serv"], "没有子命令 'serv'"),
        (["settle", "--nonsense"], "没有选项 '--nonsense'"),
        (["behaviors", "import", __file__], "缺少选项 '--source'"),
        (["behaviors", "import", "--source", "x", "/no/such/file"], "不存在"),
        (["serve", "--port", "eighty"], "不是有效的"),
        (["serve", "--port", "70000"], "超出范围"),
        (["ledger", "trial-balance", "--as-of", "gestern"], "2026-06-30T18:00"),
        (["method", "explain"], "缺少参数"),
        (["parties", "bind", "--source", "bus", "0001", "--by", "x"], "--end"),
        (["settle", "--json", "again"], "多余的参数"),
    ],
)
def test_wrong_use_is_explained_in_chinese_with_exit_code_2(arguments, said):
    result = CliRunner().invoke(root.root, arguments, prog_name="tanhui")
    assert result.exit_code == root.WRONG_USE
    assert said in result.stderr
    assert "错误：" in result.stderr
    assert "帮助：tanhui" in result.stderr


@click.command()
def failing() -> None:
    raise NotFound("没有这个文件", where="a.csv 第 3 行", fix="改名后重试")


def test_an_expected_error_is_one_paragraph_and_exit_code_1(monkeypatch):
    monkeypatch.setattr(root.LazyGroup, "get_command", lambda self, context, name: failing)
    result = CliRunner().invoke(root.root, ["settle"])
    assert result.exit_code == root.EXPECTED_ERROR
    assert result.stdout == ""
    assert result.stderr == "错误：没有这个文件\n　位置：a.csv 第 3 行\n　处理：改名后重试\n"


def test_a_database_that_is_away_is_no_traceback(tmp_path):
    environment = os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "TANHUI_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "tanhui.project.cli", "ledger", "trial-balance"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == root.EXPECTED_ERROR
    assert done.stderr.startswith("错误：数据库连接不上")
    assert "Traceback" not in done.stderr


def test_an_unreadable_database_url_names_the_variable(tmp_path):
    environment = os.environ | {"DATABASE_URL": "post gres", "TANHUI_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "tanhui.project.cli", "settle"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == root.EXPECTED_ERROR
    assert "环境变量 DATABASE_URL" in done.stderr


def test_tables_line_up_with_chinese_text():
    text = output.table(("名称", "数量"), [("碳", 1234567), ("long name", -5)])
    lines = text.splitlines()
    assert {output.width(line) for line in lines} == {20}
    assert "1,234,567" in lines[2]


def test_json_has_no_surprises():
    values = {"at": datetime(2026, 1, 2, tzinfo=UTC), "on": date(2026, 1, 2), "kg": Decimal("1.50"), "h": b"\x01"}
    assert json.loads(json.dumps(output.plain(values))) == {
        "at": "2026-01-02T00:00:00+00:00",
        "on": "2026-01-02",
        "kg": "1.50",
        "h": "01",
    }


@pytest.mark.django_db
def test_missing_tables_are_said_in_chinese(monkeypatch):
    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM no_such_table")

    monkeypatch.setattr(root.LazyGroup, "get_command", lambda *_: click.Command("settle", callback=query))
    result = CliRunner().invoke(root.root, ["settle"], prog_name="tanhui")
    assert result.exit_code == root.EXPECTED_ERROR
    assert "no_such_table" in result.stderr
    assert "tanhui django migrate" in result.stderr
