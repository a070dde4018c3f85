"""`tanhui doctor`: what could keep the house from running, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import django
from django.conf import settings
from django.db import OperationalError, connection

from tanhui.kernel.county import PROJECT_ROOT, load_county
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.errors import TanhuiError
from tanhui.project.database import embedded_cluster, uses_embedded
from tanhui.project.prepare import pending_migrations
from tanhui.project.secrets import NAMES, environment_name

OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRESQL = 150000
LEAST_FREE_BYTES = 1 << 30
GOOD_FREE_BYTES = 10 << 30
CLOCK_TOLERANCE = timedelta(seconds=5)
BUILT_ON = datetime(2026, 11, 1, tzinfo=UTC)
SILENT_WORKER = timedelta(seconds=60)
FAILURES_WITHIN = timedelta(days=1)


class State(StrEnum):
    """How a check ended."""

    GOOD = "good"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One answer: what was looked at, how it is, and what to do where it is not good."""

    check: str
    state: State
    text: str
    fix: str = ""


Check = Callable[[], Finding]


def good(check: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(check, State.GOOD, text)


def examine(var: Path, now: Callable[[], datetime]) -> Iterator[Finding]:
    """All checks in order; `now` reads the clock. A check that breaks is a finding too; the rest still run."""
    yield _guarded("Python", python_version)
    yield _guarded("依赖", lambda: dependencies(PROJECT_ROOT / "requirements" / "runtime.txt"))
    yield _guarded("磁盘", lambda: disk(var))
    yield _guarded("时钟", lambda: clock(now()))
    yield _guarded("字体", fonts)
    yield _guarded("密钥", lambda: secrets(var))
    yield _guarded("县域", county)
    with ExitStack() as stack:
        try:
            if uses_embedded(os.environ):
                stack.enter_context(embedded_cluster(var).leased())
            django.setup()
        except Exception as error:
            yield _broken("数据库", error)
            return
        stack.callback(connection.close)
        reached = _guarded("数据库", database)
        yield reached
        if reached.state is State.FAILED:
            return
        yield _guarded("数据库时钟", lambda: database_clock(now))
        yield _guarded("表结构", migrations)
        yield _guarded("后台任务", lambda: worker(now()))


def _guarded(check: str, ask: Check) -> Finding:
    try:
        return ask()
    except Exception as error:
        return _broken(check, error)


def _broken(check: str, error: Exception) -> Finding:
    if isinstance(error, TanhuiError):
        where = f"（{error.where}）" if error.where else ""
        return Finding(check, State.FAILED, f"{error.message}{where}", error.fix)
    text = " ".join(str(error).split())[:400]
    if isinstance(error, OperationalError):
        return Finding(check, State.FAILED, f"连接不上：{text}", "检查 DATABASE_URL、网络与数据库服务")
    return Finding(check, State.FAILED, f"{type(error).__name__}：{text}", "按提示处理后再次运行 tanhui doctor")


def python_version() -> Finding:
    """Python is recent enough."""
    text = f"{platform.python_version()}（{sys.executable}）"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("Python", State.FAILED, text, "安装 Python 3.11 或更高版本，然后运行 make venv")
    return good("Python", text)


def dependencies(lock: Path) -> Finding:
    """What is installed is what the lock file says."""
    if not lock.is_file():
        return Finding("依赖", State.WARNING, "没有锁定文件，未核对", f"从代码库恢复 {lock}")
    differ = []
    pattern = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?: ;.*)?(?: \\)?$", re.MULTILINE)
    locked: dict[str, set[str]] = {}
    for name, version in pattern.findall(lock.read_text(encoding="utf-8")):
        locked.setdefault(name, set()).add(version)
    for name, versions in locked.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform, or another Python
        if installed not in versions:
            differ.append(f"{name} {installed}（锁定 {'/'.join(sorted(versions))}）")
    if differ:
        return Finding("依赖", State.WARNING, "与锁定文件不同：" + "、".join(differ), "运行 make venv")
    return good("依赖", f"与锁定文件一致（{len(locked)} 项）")


def disk(var: Path) -> Finding:
    """There is room for data."""
    existing = next(folder for folder in (var, *var.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    text = f"{existing} 剩余 {free / (1 << 30):.1f} GB"
    if not os.access(existing, os.W_OK):
        return Finding("磁盘", State.FAILED, f"{existing} 不可写", "更改文件夹权限，或用 TANHUI_VAR 指定别处")
    if free < LEAST_FREE_BYTES:
        return Finding("磁盘", State.FAILED, text, "清理磁盘：数据库写满后会停止")
    if free < GOOD_FREE_BYTES:
        return Finding("磁盘", State.WARNING, text, "建议留出 10 GB 以上")
    return good("磁盘", text)


def clock(now: datetime) -> Finding:
    """The machine's clock is not absurd and knows the county's zone."""
    local = now.astimezone(COUNTY_ZONE)
    text = f"{local:%Y-%m-%d %H:%M:%S}（{COUNTY_ZONE.key}）"
    if now < BUILT_ON:
        return Finding("时钟", State.FAILED, f"{text}，早于本程序的发布日期", "校准系统时钟并启用 NTP")
    return good("时钟", text)


def fonts() -> Finding:
    """A Chinese font for pictures and certificates; web pages use the reader's own."""
    program = shutil.which("fc-list")
    if program is None:
        return Finding("字体", State.WARNING, "没有 fontconfig，无法查看字体", "需要截图或证书时安装 fonts-noto-cjk")
    listed = subprocess.run([program, ":lang=zh", "family"], capture_output=True, text=True, check=False).stdout
    families = sorted({line.split(",")[0].strip() for line in listed.splitlines() if line.strip()})
    if not families:
        return Finding("字体", State.WARNING, "没有中文字体", "需要截图或证书时安装 fonts-noto-cjk")
    return good("字体", f"{families[0]} 等 {len(families)} 种中文字体")


def secrets(var: Path) -> Finding:
    """Secrets come from the environment or from a closed file."""
    missing = [name for name in NAMES if not os.environ.get(environment_name(name))]
    if not missing:
        return good("密钥", "全部来自环境变量")
    path = var / "secrets.json"
    if not path.exists():
        fix = "首次启动时自动生成；若已有居民数据，请先从备份恢复原文件"
        return Finding("密钥", State.WARNING, f"{path} 还不存在", fix)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding("密钥", State.FAILED, f"{path} 可被其他用户读取（{mode:o}）", f"chmod 600 {path}")
    return good("密钥", f"{path}（请与数据库分开备份）")


def county() -> Finding:
    """The county's folder exists and can be read."""
    chosen = load_county(os.environ.get("TANHUI_COUNTY") or "pingjiang")
    return good("县域", f"{chosen.name}（{chosen.division_code}，{chosen.folder}）")


def database() -> Finding:
    """Version, encoding, sorting and isolation of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
            " pg_encoding_to_char(encoding), current_setting('default_transaction_isolation'),"
            " coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', datcollate)"
            " FROM pg_database d WHERE datname = current_database()"
        )
        number, version, encoding, isolation, locale = cursor.fetchone()
    kind = f"内置，{embedded_cluster(settings.VAR).home}" if uses_embedded(os.environ) else "DATABASE_URL"
    text = f"PostgreSQL {version}（{kind}），{encoding}，{locale}"
    if number < OLDEST_POSTGRESQL:
        return Finding("数据库", State.FAILED, text, "需要 PostgreSQL 15 或更高版本")
    if encoding != "UTF8":
        return Finding("数据库", State.FAILED, text, "用 createdb --encoding=UTF8 --template=template0 重新建库")
    if isolation != "read committed":
        fix = "ALTER DATABASE … SET default_transaction_isolation = 'read committed'"
        return Finding("数据库", State.FAILED, f"{text}，隔离级别 {isolation}", fix)
    if locale not in {"C", "C.UTF-8", "POSIX", "C.utf8"}:
        fix = "建议 C.UTF-8：与操作系统升级无关，索引不会因排序规则改变而失效"
        return Finding("数据库", State.WARNING, text, fix)
    return good("数据库", text)


def database_clock(now: Callable[[], datetime]) -> Finding:
    """Two clocks that differ make two truths."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    difference = abs(theirs - now())
    if difference > CLOCK_TOLERANCE:
        text = f"数据库与本机的时钟相差 {difference.total_seconds():.0f} 秒"
        return Finding("数据库时钟", State.FAILED, text, "两台机器都启用 NTP")
    return good("数据库时钟", "与本机一致")


def migrations() -> Finding:
    """The tables are those of this program."""
    pending = pending_migrations()
    if pending:
        shown = "、".join(pending[:5]) + (f" 等 {len(pending)} 项" if len(pending) > 5 else "")
        return Finding("表结构", State.FAILED, f"待更新：{shown}", "先备份，再运行 tanhui django migrate")
    return good("表结构", "与程序一致")


def worker(now: datetime) -> Finding:
    """A worker has given a sign of life within the last minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('procrastinate_workers') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return Finding("后台任务", State.WARNING, "任务表还没有建立", "先运行 tanhui django migrate")
        cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
        seen = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(DISTINCT job_id) FROM procrastinate_events WHERE type = 'failed' AND at > %s",
            [now - FAILURES_WITHIN],
        )
        failed = cursor.fetchone()[0]
    if seen is None or now - seen > SILENT_WORKER:
        return Finding("后台任务", State.WARNING, "没有在运行", "运行 tanhui serve（或 systemctl start tanhui）")
    if failed:
        return Finding(
            "后台任务",
            State.WARNING,
            f"在运行；一天内有 {failed} 个任务失败",
            "查看 tanhui serve 的日志；排除原因后会按计划再次运行",
        )
    return good("后台任务", "在运行")
