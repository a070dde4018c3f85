"""`tanhui ledger`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.project.cli.chinese import Command, Group
from tanhui.project.cli.house import open_house, room
from tanhui.project.cli.output import json_option, plain, print_json, table

BOOKS = ("carbon", "points", "units", "money")
book_option = click.option("--book", type=click.Choice(BOOKS), help="账簿：碳、积分、核证量、资金。")


@click.group(cls=Group, examples=["tanhui ledger trial-balance", "tanhui ledger prove"])
def command() -> None:
    """账簿。"""


@command.command(
    "trial-balance",
    cls=Command,
    examples=["tanhui ledger trial-balance", "tanhui ledger trial-balance --book points --as-of 2026-07-01 --json"],
)
@book_option
@click.option("--as-of", metavar="时刻", help="截至某一时刻（ISO 8601，不写时区按北京时间）。")
@json_option
@click.pass_context
def trial_balance(context: click.Context, book: str | None, as_of: str | None, as_json: bool) -> None:
    """试算平衡：每本账簿的借方合计必须等于贷方合计。不平时退出码为 1。"""
    moment = _moment(as_of)
    with open_house():
        types = room("ledger.types")
        balance = room("ledger.queries").trial_balance(book=types.Book(book) if book else None, as_of=moment)
        wrong = balance.out_of_balance()
        titles = {line.book: line.book.title for line in balance.lines}
    if as_json:
        lines = [plain(line) | {"balance": line.balance} for line in balance.lines]
        print_json({"lines": lines, "out_of_balance": wrong})
    else:
        holders = {"system": "系统", "party": "居民和单位"}
        rows = [
            (titles[line.book], holders[line.holder], line.code, line.accounts, line.debits, line.credits, line.balance)
            for line in balance.lines
        ]
        click.echo(table(("账簿", "户主", "科目", "账户数", "借方合计", "贷方合计", "余额"), rows))
        click.echo("试算平衡。" if not wrong else "")
        for each, difference in wrong.items():
            click.echo(f"不平：{titles[each]} 相差 {difference:,}", err=True)
    if wrong:
        context.exit(1)


@command.command(
    "statement",
    cls=Command,
    examples=["tanhui ledger statement pty_01… --book carbon", "tanhui ledger statement pty_01… --book points --json"],
)
@click.argument("party", metavar="居民编号")
@click.option("--book", type=click.Choice(BOOKS), default="carbon", show_default=True, help="账簿。")
@click.option("--before", metavar="游标", help="上一页给出的游标。")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500), metavar="行数", help="每页行数。")
@json_option
def statement(party: str, book: str, before: str | None, limit: int, as_json: bool) -> None:
    """一位居民的对账单，最近的在前。"""
    with open_house():
        who = room("parties.queries").party(party)
        chosen = room("ledger.types").Book(book)
        page = room("ledger.queries").statement(who.id, chosen, before=before, limit=limit)
        title, unit = chosen.title, chosen.unit
    lines = list(page.lines)
    if as_json:
        print_json({"party": who.number, "book": book, "lines": [_public(line) for line in lines], "next": page.before})
        return
    click.echo(f"{who.display_name}（{who.number}）{title}，单位：{unit}")
    rows = [(_when(line.happened_at), line.number, line.account.code, line.change, line.memo) for line in lines]
    click.echo(table(("发生时间", "凭证", "账户", "变动", "摘要"), rows))
    if page.before:
        click.echo(f"下一页：--before {page.before}")


@command.command("prove", cls=Command, examples=["tanhui ledger prove", "tanhui ledger prove --json"])
@json_option
@click.pass_context
def prove(context: click.Context, as_json: bool) -> None:
    """逐账户核对：保存的余额必须等于全部分录之和。有出入时退出码为 1。"""
    with open_house():
        found = list(room("ledger.queries").prove())
    if as_json:
        print_json(found)
    elif not found:
        click.echo("核对无误：所有余额都等于分录之和。")
    else:
        click.echo(table(("检查", "说明", "应为", "实为"), [(f.check, f.message, f.expected, f.found) for f in found]))
    if found:
        context.exit(1)


def _public(line: Any) -> dict[str, Any]:
    """A line without the ids of the database, which never leave the house."""
    names = ("number", "kind", "change", "happened_at", "recorded_at", "memo")
    return {"account": line.account.code, "counter": line.counter.code} | {name: getattr(line, name) for name in names}


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("写成 2026-06-30T18:00 的形式", param_hint="--as-of") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=COUNTY_ZONE)


def _when(moment: Any) -> str:
    return f"{moment.astimezone(COUNTY_ZONE):%Y-%m-%d %H:%M}"
