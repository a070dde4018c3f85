"""`tanhui parties`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tanhui.project.cli.chinese import Command, Group
from tanhui.project.cli.house import acting, now, open_house, room, say
from tanhui.project.cli.output import json_option, print_json, table

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def staff_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--by`: acts are done by somebody."""
    return click.option("--by", required=True, metavar="用户名", help="由哪位工作人员办理；权限与在工作台相同。")(
        function
    )


@click.group(
    cls=Group,
    examples=[
        "tanhui parties list --query 13800000000",
        "tanhui parties export pty_01… > 我的数据.json",
        "tanhui parties verify-audit",
    ],
)
def command() -> None:
    """居民与单位。"""


@command.command(
    "register",
    cls=Command,
    examples=[
        "tanhui parties register organization 平江某公交公司 --code bus --by operator",
        "tanhui parties register staff liming --title 李明 --by admin",
        "tanhui parties register staff admin --title 管理员 --first-administrator",
    ],
)
@click.argument("kind", metavar="类别", type=click.Choice(("organization", "staff")))
@click.argument("name", metavar="名称或用户名")
@click.option("--title", default="", metavar="姓名", help="工作人员的姓名。")
@click.option("--credit-code", default="", metavar="代码", help="统一社会信用代码（校验）。")
@click.option("--code", default="", metavar="代码", help="本县的简短代码。")
@click.option("--by", default="", metavar="用户名", help="由哪位工作人员办理。")
@click.option("--first-administrator", is_flag=True, help="登记第一位系统管理员；已有管理员时拒绝。")
@json_option
def register(
    kind: str, name: str, title: str, credit_code: str, code: str, by: str, first_administrator: bool, as_json: bool
) -> None:
    """登记单位或工作人员。居民由本人在小程序或网页加入，不在这里登记。"""
    if not by and not first_administrator:
        raise click.UsageError("须用 --by 写明由谁办理")
    with open_house():
        types = room("parties.types")
        if first_administrator:
            made = room("project.staff").first_administrator(
                username=name, display_name=title or name, password=_new_password(), at=now()
            )
        elif kind == "staff":
            details = types.StaffDetails(username=name, display_name=title or name, password=_new_password())
            made = room("parties.services").register(details=details, at=now(), by=acting(by))
        else:
            details = types.OrganizationDetails(name=name, credit_code=credit_code, code=code)
            made = room("parties.services").register(details=details, at=now(), by=acting(by))
    if as_json:
        print_json(_public(made))
    else:
        click.echo(f"已登记：{made.display_name}（{getattr(made, 'number', None) or made.username}）")


def _new_password() -> str:
    password: str = click.prompt("密码（至少 10 位）", hide_input=True, confirmation_prompt="再输入一次", err=True)
    return password


@command.command(
    "grant",
    cls=Command,
    examples=[
        "tanhui parties grant liming operator --by admin",
        "tanhui parties grant wangfang action_office --by admin",
        "tanhui parties grant zhangwei officer --scope organization:education --by admin",
    ],
)
@click.argument("username", metavar="用户名")
@click.argument("role", metavar="角色")
@click.option("--scope", default="", metavar="范围", help="如 organization:education、division:430626101；不写为全县。")
@click.option("--revoke", is_flag=True, help="收回而不是授予。")
@staff_option
def grant(username: str, role: str, scope: str, revoke: bool, by: str) -> None:
    """授予或收回角色。

    实施方案的角色：action_office（专班）、officer（部门填报员）、reviewer（部门审核员），后两种用 --scope 写明部门。
    其他：administrator、operator、committee、auditor、partner、clerk 等；写错时列出全部。
    """
    with open_house():
        types = room("parties.types")
        if role not in {each.value for each in types.Role}:
            raise click.BadParameter(
                "、".join(f"{each.value}（{each.label}）" for each in types.Role), param_hint="角色"
            )
        user = room("parties.queries").staff(username)
        room("parties.services").grant(
            user_id=user.id,
            role=types.Role(role),
            at=now(),
            by=acting(by),
            scope=types.Scope.parse(scope),
            given=not revoke,
        )
        label = types.Role(role).label
    click.echo(f"{'已收回' if revoke else '已授予'} {username}：{label}{f'（{scope}）' if scope else ''}")


@command.command("reset-second-factor", cls=Command, examples=["tanhui parties reset-second-factor liming --by admin"])
@click.argument("username", metavar="用户名")
@staff_option
def reset_second_factor(username: str, by: str) -> None:
    """手机和备用码都丢了：取消动态验证码，本人下次登录时重新设置。须由另一位系统管理员办理。"""
    with open_house():
        had_one = room("office.second_factor").reset(username=username, at=now(), by=acting(by))
    click.echo(f"{username}：{'已取消，下次登录时重新设置' if had_one else '本来就没有设置动态验证码'}")


@command.command(
    "bind",
    cls=Command,
    examples=[
        "tanhui parties bind --source bus 卡号0001 pty_01… --by operator",
        "tanhui parties bind --source bus 卡号0001 --end --by operator",
    ],
)
@click.option("--source", required=True, metavar="代码", help="接入方代码。")
@click.argument("external_id", metavar="接入方的用户编号")
@click.argument("party", metavar="[居民编号]", required=False)
@click.option("--end", is_flag=True, help="解除绑定。")
@staff_option
def bind(source: str, external_id: str, party: str | None, end: bool, by: str) -> None:
    """把接入方的一个用户编号绑定到居民（须有本人同意），或解除绑定。编号本身不保存。"""
    if bool(party) == end:
        raise click.UsageError("写明居民编号，或用 --end 解除绑定")
    with open_house():
        county = room("project.county")
        report = room("parties.services").bind(
            source=source,
            purpose=county.purpose_of(county.this_county(), source),
            at=now(),
            external_id=external_id,
            party_id=room("parties.queries").party(party).id if party else None,
            by=acting(by),
        )
    click.echo(f"新绑定 {report.bound}，解除 {report.unbound}，未变 {report.unchanged}")


@command.command(
    "invent",
    cls=Command,
    examples=["tanhui parties invent --source valleybike --from trips.csv"],
)
@click.option("--source", required=True, metavar="代码", help="接入方代码。")
@click.option("--from", "file", required=True, type=existing_file, metavar="文件", help="含有用户编号的文件。")
@click.option("--mapping", type=existing_file, metavar="文件", help="映射文件；默认为县域文件夹中的。")
@json_option
def invent(source: str, file: Path, mapping: Path | None, as_json: bool) -> None:
    """为文件中的每个用户编号虚构一位居民并绑定。只限演示县；可重复运行。"""
    with open_house():
        made = room("project.invention").invent_for_file(source=source, path=file, mapping=mapping, at=now(), say=say)
    if as_json:
        print_json(made)
    else:
        click.echo(f"用户编号 {made.person_ids:,} 个，虚构居民 {made.residents:,} 位，本次新绑定 {made.bound:,} 个")


@command.command(
    "list",
    cls=Command,
    examples=["tanhui parties list --query 13800000000", "tanhui parties list --query pty_01… --json"],
)
@click.option("--query", "asked", required=True, metavar="编号或手机号", help="居民编号或手机号（整号）。")
@json_option
def list_(asked: str, as_json: bool) -> None:
    """按编号或手机号查找；不提供全体居民的名单。"""
    with open_house():
        queries = room("parties.queries")
        found = [queries.party(asked)] if asked.startswith("pty_") else queries.resident_by_phone(asked)
    if as_json:
        print_json([_public(party) for party in found])
    else:
        click.echo(table(("编号", "类别", "称呼"), [(p.number, p.kind.value, p.display_name) for p in found]))


@command.command("export", cls=Command, examples=["tanhui parties export pty_01… > 我的数据.json"])
@click.argument("party", metavar="居民编号")
@staff_option
def export(party: str, by: str) -> None:
    """导出一位居民的全部个人信息（JSON）；导出本身留痕。"""
    with open_house():
        who = room("parties.queries").party(party)
        actor = acting(by)
        room("parties.queries").require(actor, "parties.export")
        content = room("parties.queries").export(who.id)
        room("parties.services").record(actor=actor, action="parties.export", target=who.number, at=now())
    print_json(content)


@command.command("erase", cls=Command, examples=["tanhui parties erase pty_01… --by operator"])
@click.argument("party", metavar="居民编号")
@staff_option
@click.confirmation_option("--yes", prompt="个人信息将被永久删除，不能恢复。继续吗？")
def erase(party: str, by: str) -> None:
    """注销一位居民：删除个人信息、解除绑定；账簿保持平衡。"""
    with open_house():
        who = room("parties.queries").party(party)
        room("parties.services").erase(party_id=who.id, at=now(), by=acting(by))
    click.echo(f"{who.number} 已注销")


@command.command(
    "verify-audit", cls=Command, examples=["tanhui parties verify-audit", "tanhui parties verify-audit --json"]
)
@json_option
@click.pass_context
def verify_audit(context: click.Context, as_json: bool) -> None:
    """核验操作留痕的哈希链。有改动时退出码为 1。"""
    with open_house():
        queries = room("parties.queries")
        problems = queries.verify_audit_trail()
        end = queries.audit_checkpoint()
    if as_json:
        print_json({"problems": problems, "checkpoint": end})
    elif problems:
        for problem in problems:
            click.echo(f"第 {problem.sequence} 条：{problem.message}", err=True)
    else:
        click.echo(f"操作留痕完整：共 {end.sequence:,} 条，末端哈希 {end.entry_hash.hex()}")
        click.echo("请把这一行抄存到别处：以后可据此发现对更早内容的改动。")
    if problems:
        context.exit(1)


def _public(party: Any) -> dict[str, Any]:
    """What may leave the house: no ids of the database."""
    if hasattr(party, "number"):
        return {"number": party.number, "kind": party.kind, "display_name": party.display_name, "erased": party.erased}
    return {"username": party.username, "display_name": party.display_name}
