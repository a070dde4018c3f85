"""`tanhui demo` and `tanhui serve` from outside: broken off and resumed, started twice, killed and stopped."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tanhui.kernel.errors import BadInput
from tanhui.project import demo
from tanhui.project.database import embedded_cluster
from tanhui.project.postgres import Cluster
from tanhui.project.serve import refuse_taken_port

SMALL = ("--seed", "7", "--residents", "12", "--days", "3")


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """The run-time folder of one demo, shared by the tests of this module: each goes on where the last one ended."""
    folder = Path(tempfile.mkdtemp(prefix="tanhui-demo-"))
    folder.chmod(0o755)
    yield folder
    embedded_cluster(folder).remove()
    shutil.rmtree(folder)


def start(var: Path, *arguments: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "tanhui.project.cli", *arguments]
    return subprocess.Popen(
        command,
        env=inherited | {"TANHUI_VAR": str(var)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(var: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(var, *arguments)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def wait_until(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def page(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What the process says on stderr, to the line that holds `text`."""
    said = ""
    for line in process.stderr:
        said += line
        if text in line:
            return said
    raise AssertionError(f"never said {text}: {said}")


def child_of(process: subprocess.Popen[str], module: bytes) -> int:
    """The child that runs that Python module."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (found,) = (int(pid) for pid in children if module in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))
    return found


@pytest.fixture(scope="module")
def built(var: Path) -> Path:
    """A demo that was killed while it was being built, database and all, and then built to the end."""
    first = start(var, "demo", *SMALL, "--no-serve")
    read_until(first, "方法学")
    first.kill()
    first.communicate(timeout=30)
    os.kill(embedded_cluster(var).server_pid(), signal.SIGKILL)
    code, _, err = run(var, "demo", *SMALL, "--no-serve")
    assert code == 0, err
    assert "demo-admin" in err
    return var


def test_a_demo_that_was_killed_is_completed_and_its_books_balance(built):
    code, out, err = run(built, "ledger", "trial-balance", "--json")
    assert code == 0, err
    balance = json.loads(out)
    assert balance["out_of_balance"] == {}
    assert sum(line["credits"] for line in balance["lines"]) > 0


def test_a_second_start_changes_nothing(built):
    before = (built / "demo.json").read_text()
    code, _, err = run(built, "demo", "--no-serve")
    assert code == 0, err
    assert "虚构" not in err, "nothing is simulated again"
    assert (built / "demo.json").read_text() == before
    assert embedded_cluster(built).server_pid() is None, "the database is stopped by the last one out"


def test_another_size_needs_a_reset(built):
    code, _, err = run(built, "demo", "--residents", "13", "--no-serve")
    assert code == 2
    assert "--reset" in err


def test_serve_restarts_what_is_killed_and_stops_cleanly(built):
    port = free_port()
    server = start(built, "serve", "--demo", "--port", str(port))
    try:
        wait_until(lambda: page(port, "/") == 200)
        assert page(port, "/office/") in {200, 302}
        assert "网站已就绪" in read_until(server, "已就绪")
        for module, name in ((b"tanhui.project.worker", "后台任务"), (b"granian", "网站")):
            os.kill(child_of(server, module), signal.SIGKILL)
            read_until(server, f"{name} 被信号 9 终止")
        wait_until(lambda: page(port, "/") == 200)
    finally:
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=60)
    assert server.returncode == 0
    assert err.endswith("已停止\n")
    assert page(port, "/") == 0
    assert embedded_cluster(built).server_pid() is None


def test_demo_becomes_the_server(built):
    port = free_port()
    server = start(built, "demo", "--port", str(port))
    try:
        said = read_until(server, "网站已就绪")
        assert f"http://127.0.0.1:{port}" in said
        assert re.search(r"demo-operator\s+演示运营员", said)
        assert page(port, "/") == 200
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)
    assert server.returncode == 0


def test_serve_refuses_a_taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="监听"):
            refuse_taken_port("127.0.0.1", taken.getsockname()[1])


def test_serve_refuses_tables_that_lag_behind(tmp_path):
    folder = Path(tempfile.mkdtemp(prefix="tanhui-lag-"))
    folder.chmod(0o755)
    try:
        code, _, err = run(folder, "serve", "--port", str(free_port()))
        assert code == 1
        assert "tanhui django migrate" in err
    finally:
        embedded_cluster(folder).remove()
        shutil.rmtree(folder)


def test_reset_deletes_a_demo_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    removed = []
    monkeypatch.setattr(Cluster, "remove", lambda self: removed.append(self.folder))
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    cluster = embedded_cluster(tmp_path)
    cluster.data.mkdir(parents=True, exist_ok=True)
    with pytest.raises(Exception, match="拒绝删除"):
        demo.reset(tmp_path, lambda text: None)
    assert removed == []
    (tmp_path / "demo.json").write_text("torn")
    demo.reset(tmp_path, lambda text: None)
    assert removed == [tmp_path / "postgres"]
    assert not (tmp_path / "demo.json").exists()
    shutil.rmtree(cluster.home)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    with pytest.raises(Exception, match="只删除内置数据库"):
        demo.reset(tmp_path, lambda text: None)


def test_state_is_kept_closed_and_a_torn_one_says_what_to_do(tmp_path):
    state = demo.new_state(seed=1, residents=2, days=3, at=datetime(2026, 11, 22, 17, tzinfo=UTC))
    assert state.end_on.isoformat() == "2026-11-22", "yesterday in the county, where the 23rd has begun"
    demo.write_state(tmp_path, state)
    path = tmp_path / "demo.json"
    assert path.stat().st_mode & 0o077 == 0
    assert demo.read_state(tmp_path) == state
    assert state.password not in repr(state)
    path.write_text(path.read_text()[:20])
    with pytest.raises(BadInput, match="无法识别"):
        demo.read_state(tmp_path)
