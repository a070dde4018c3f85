"""`tanhui demo`: a county with invented residents, from nothing to a running web site, in one command.

Every step may be repeated: broken off at any point, the next start goes on. What was decided on the first start
(seed, size, last day, passwords) is kept in `var/demo.json`, together with the database that it belongs to.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import psycopg
from django.db import connections

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict
from tanhui.project.database import embedded_cluster, uses_embedded

STATE_FILE = "demo.json"
STAFF = (
    ("demo-admin", "演示管理员", "administrator", ""),
    ("demo-operator", "演示运营员", "operator", ""),
    ("demo-committee", "演示专家委员", "committee", ""),
    ("demo-auditor", "演示审计员", "auditor", ""),
    ("demo-clerk", "演示代办员", "clerk", ""),
    ("demo-clerk-2", "演示代办员（第二人）", "clerk", ""),
    ("demo-finance", "演示财务复核员", "finance", ""),
    ("demo-action", "演示专班人员", "action_office", ""),
    ("demo-officer", "演示填报员（教育局）", "officer", "organization:education"),
    ("demo-reviewer", "演示审核员（教育局）", "reviewer", "organization:education"),
)
"""User name, name, role and scope of the staff of a demo county; all have the password of the state."""
MERCHANT_STAFF = (("demo-merchant", "演示店长（第一家商户）"), ("demo-cashier", "演示收银员（其余商户）"))
"""User name and name of the manager of the mall's first merchant, and of the cashier of all others; without a role."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class DemoState:
    """What the first start decided. `database` names the database that holds the demo; `done` once all is settled.

    `logins`: user name, title and second factor of each member of staff.
    """

    seed: int
    residents: int
    days: int
    end_on: date
    password: str = field(repr=False)
    database: str = ""
    done: bool = False
    logins: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)


def read_state(var: Path) -> DemoState | None:
    """The state kept in `var`, or None before the first start. Raises BadInput where it cannot be read."""
    path = var / STATE_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        logins = tuple((str(user), str(title), str(factor)) for user, title, factor in content.pop("logins", ()))
        end_on = date.fromisoformat(content.pop("end_on"))
        return DemoState(**content, end_on=end_on, logins=logins)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput("演示县的状态文件无法识别", where=str(path), fix="运行 tanhui demo --reset 重新建立") from error


def write_state(var: Path, state: DemoState) -> None:
    """Keep the state; it holds the demo's passwords, so only its owner may read it."""
    var.mkdir(parents=True, exist_ok=True)
    fresh = var / f"{STATE_FILE}.new"
    fresh.unlink(missing_ok=True)
    content = json.dumps(asdict(state) | {"end_on": state.end_on.isoformat()}, ensure_ascii=False, indent=2)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    fresh.replace(var / STATE_FILE)


def new_state(*, seed: int, residents: int, days: int, at: datetime) -> DemoState:
    """The decisions of a first start at `at`: the last simulated day is yesterday."""
    end_on = local_day(at) - timedelta(days=1)
    return DemoState(seed=seed, residents=residents, days=days, end_on=end_on, password=secrets.token_urlsafe(9))


def reset(var: Path, say: Say) -> None:
    """Delete the demo and its embedded database. Raises Conflict where the data are not a demo's."""
    if not uses_embedded(os.environ):
        raise Conflict("--reset 只删除内置数据库", where="DATABASE_URL", fix="自行清空那个数据库后再运行 tanhui demo")
    cluster = embedded_cluster(var, say=say)
    if cluster.data.exists() and not (var / STATE_FILE).exists():
        fix = f"确实不要这些数据时，自行删除 {cluster.home}"
        raise Conflict("内置数据库里的不是演示数据，拒绝删除", where=str(cluster.data), fix=fix)
    say("删除演示数据……")
    cluster.remove()
    (var / STATE_FILE).unlink(missing_ok=True)


def is_complete(state: DemoState, var: Path, say: Say) -> bool:
    """Whether the database still is the one in which the demo was completed. Does not need Django."""
    if not (state.done and state.logins):
        return False
    with ExitStack() as stack:
        url = os.environ.get("DATABASE_URL") or ""
        if uses_embedded(os.environ):
            url = stack.enter_context(embedded_cluster(var, say=say).leased())
        return identity_of(stack.enter_context(psycopg.connect(url))) == state.database


def identity_of(connection: psycopg.Connection[Any]) -> str:
    """A name for this very database: one made anew, or another server's, has another."""
    row = connection.execute(
        "SELECT system_identifier || ':' || oid || ':' || datname FROM pg_control_system(), pg_database"
        " WHERE datname = current_database()"
    ).fetchone()
    return str(row[0]) if row else ""


@contextmanager
def opened(var: Path, say: Say) -> Iterator[None]:
    """The database runs and Django is ready, as a demo county."""
    os.environ["TANHUI_DEMO"] = "1"
    with ExitStack() as stack:
        if uses_embedded(os.environ):
            stack.enter_context(embedded_cluster(var, say=say).leased())
        django.setup()
        stack.callback(connections.close_all)
        yield
