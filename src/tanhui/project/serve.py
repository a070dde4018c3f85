"""`tanhui serve`: the web server and the worker, with the embedded database where no other is named."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tanhui.kernel.errors import BadInput, Conflict, TanhuiError
from tanhui.project.database import embedded_cluster, uses_embedded
from tanhui.project.postgres import Cluster
from tanhui.project.processes import Program, Supervisor

MIGRATIONS_PENDING = 3
LOOK_AT_DATABASE_SECONDS = 2.0
WEB_THREADS = 4


@dataclass(frozen=True)
class Serving:
    """How to serve. `public_url` is what people type; empty means the address of the socket."""

    var: Path
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    web_processes: int = 1
    migrate: bool = False
    demo: bool = False

    @property
    def url(self) -> str:
        """The address to show."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return self.public_url or os.environ.get("TANHUI_PUBLIC_URL") or f"http://{host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """What the children need to know on top of our own environment."""
        return {
            "DJANGO_SETTINGS_MODULE": "tanhui.project.settings",
            "TANHUI_VAR": str(self.var),
            "TANHUI_PUBLIC_URL": self.url,
            "TANHUI_STATIC_MANIFEST": "1",
            "PYTHONUNBUFFERED": "1",
            **({"TANHUI_DEMO": "1"} if self.demo else {}),
        }


class PreparationFailed(TanhuiError):
    """The tables or the static files could not be made ready."""

    code = "preparation_failed"
    status = 503


def serve(serving: Serving, *, say: Callable[[str], None], ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT. `ready` is called once, with the address, when the first page answers."""
    refuse_taken_port(serving.host, serving.port)
    with ExitStack() as stack:
        cluster: Cluster | None = None
        if uses_embedded(os.environ):
            cluster = embedded_cluster(serving.var, say=say)
            stack.enter_context(cluster.leased())
        prepare(serving)
        supervisor = Supervisor(programs(serving), say=say, watch=_database_watch(cluster, say))
        threading.Thread(target=_tell_when_ready, args=(serving, ready), daemon=True).start()
        supervisor.run()
        say("已停止")


def programs(serving: Serving) -> list[Program]:
    """The web server and the worker."""
    environment = serving.environment()
    web = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    web += ["--host", serving.host, "--port", str(serving.port), "--workers", str(serving.web_processes)]
    web += ["--blocking-threads", str(WEB_THREADS), "--respawn-failed-workers", "--workers-kill-timeout", "10"]
    web += ["--static-path-route", "/static", "--static-path-mount", str(serving.var / "static")]
    web += ["tanhui.project.wsgi:application"]
    worker = [sys.executable, "-m", "tanhui.project.worker"]
    return [Program("网站", web, environment), Program("后台任务", worker, environment)]


def prepare(serving: Serving) -> None:
    """Tables and static files. Raises Conflict where migrations are pending, PreparationFailed on anything else."""
    command = [sys.executable, "-m", "tanhui.project.prepare", *(["--migrate"] if serving.migrate else [])]
    done = subprocess.run(command, env=os.environ | serving.environment(), capture_output=True, text=True, check=False)
    if done.returncode == MIGRATIONS_PENDING:
        raise Conflict(
            "数据库的表结构落后于程序", fix="先备份，再运行 tanhui django migrate，或 tanhui serve --migrate"
        )
    if done.returncode != 0:
        raise PreparationFailed(f"启动前的准备失败：{done.stderr.strip()[-1500:]}", fix="运行 tanhui doctor 查看原因")


def refuse_taken_port(host: str, port: int) -> None:
    """Raises BadInput where something else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"不能在 {host}:{port} 上监听（{error.strerror}）"
            raise BadInput(message, where="--port", fix="换一个端口，如 --port 8001") from error


def _database_watch(cluster: Cluster | None, say: Callable[[str], None]) -> Callable[[], None]:
    looked = time.monotonic()

    def watch() -> None:
        nonlocal looked
        if cluster is None or time.monotonic() - looked < LOOK_AT_DATABASE_SECONDS:
            return
        looked = time.monotonic()
        if cluster.server_pid() is None:
            say("数据库意外停止，重新启动")
            cluster.start()

    return watch


def _tell_when_ready(serving: Serving, ready: Callable[[str], None]) -> None:
    while not answers(serving.host, serving.port):
        time.sleep(0.2)
    ready(serving.url)


def answers(host: str, port: int, path: str = "/", headers: Mapping[str, str] | None = None) -> bool:
    """Whether the web server answers with something better than a server error."""
    host = "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host  # noqa: S104
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": "localhost", **(headers or {})})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
