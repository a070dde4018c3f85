"""The embedded PostgreSQL under rough treatment: races, kill -9, pid files that lie."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tanhui.kernel.errors import TanhuiError
from tanhui.project import postgres
from tanhui.project.postgres import Cluster


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user can reach (pytest's own is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="tanhui-cluster-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def cluster(place: Path) -> Iterator[Cluster]:
    made = Cluster(place / "postgres", throw_away=True, settings={"shared_buffers": "16MB"})
    yield made
    made.remove()


def note(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # IF NOT EXISTS alone loses races
        connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
        connection.execute("INSERT INTO notes VALUES (%s)", [text])


def notes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY text")]


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_second_start_finds_the_data_and_the_county_locale(cluster):
    with cluster.leased() as url:
        note(url, "first")
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT datlocprovider::text, datlocale, pg_encoding_to_char(encoding),"
                " current_setting('listen_addresses'), current_setting('fsync')"
                " FROM pg_database WHERE datname = current_database()"
            ).fetchone()
    assert row == ("b", "C.UTF-8", "UTF8", "", "off")
    assert cluster.server_pid() is None
    with cluster.leased() as url:
        note(url, "second")
        assert notes(url) == ["first", "second"]


def test_server_does_not_run_as_root_and_closes_its_folders(cluster):
    cluster.start()
    owner = os.stat(f"/proc/{cluster.server_pid()}").st_uid
    assert owner != 0
    for folder in (cluster.data, cluster.socket_folder):
        status = folder.stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (owner, 0o700)
    if os.geteuid() == 0:
        assert owner == pwd.getpwnam(os.environ.get("TANHUI_POSTGRES_USER", "nobody")).pw_uid


def test_the_last_lease_stops_the_server(cluster):
    with cluster.leased():
        first = cluster.server_pid()
        with cluster.leased():
            assert cluster.server_pid() == first
        assert cluster.server_pid() == first
    assert cluster.server_pid() is None


def _lease_once(folder: Path, barrier: object, answers: object) -> None:
    cluster = Cluster(folder, throw_away=True, settings={"shared_buffers": "16MB"})
    barrier.wait()
    with cluster.leased() as url:
        note(url, f"{os.getpid()}")
        answers.put(cluster.server_pid())
        barrier.wait()


def test_starters_at_once_share_one_server(cluster):
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(3), context.Queue()
    starters = [context.Process(target=_lease_once, args=(cluster.folder, barrier, answers)) for _ in range(3)]
    for starter in starters:
        starter.start()
    pids = {answers.get(timeout=60) for _ in starters}
    for starter in starters:
        starter.join(60)
        assert starter.exitcode == 0
    assert len(pids) == 1
    assert cluster.server_pid() is None
    with cluster.leased() as url:
        assert len(notes(url)) == 3


def test_killed_server_is_recovered_with_its_data(place):
    cluster = Cluster(place / "postgres", settings={"shared_buffers": "16MB"})
    try:
        url = cluster.start()
        note(url, "kept")
        pid = cluster.server_pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: cluster.server_pid() is None)
        assert notes(cluster.start()) == ["kept"]
        assert cluster.server_pid() != pid
    finally:
        cluster.remove()


HOLDER = """
import sys, time
from pathlib import Path
from tanhui.project.postgres import Cluster
with Cluster(Path(sys.argv[1]), settings={"shared_buffers": "16MB"}).leased(die_with_parent=sys.argv[2] == "die"):
    print("ready", flush=True)
    time.sleep(600)
"""


def holder(cluster: Cluster, how: str) -> subprocess.Popen[str]:
    """Another process that holds a lease until it is killed."""
    command = [sys.executable, "-c", HOLDER, str(cluster.folder), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(30)
    process.stdout.close()


def test_a_killed_holder_leaves_a_server_that_the_next_one_uses_and_stops(cluster):
    process = holder(cluster, "stay")
    pid = cluster.server_pid()
    kill(process)
    with cluster.leased():
        assert cluster.server_pid() == pid
    assert cluster.server_pid() is None


def test_killing_everything_loses_nothing(cluster):
    process = holder(cluster, "stay")
    note(cluster.url, "kept")
    everything = postgres._processes_in(cluster.data)
    assert len(everything) > 3
    kill(process)
    for pid in everything:
        os.kill(pid, signal.SIGKILL)
    with cluster.leased() as url:
        assert notes(url) == ["kept"]


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_server_dies_with_its_parent_when_asked(cluster):
    process = holder(cluster, "die")
    assert cluster.server_pid() is not None
    kill(process)
    wait_until(lambda: not postgres._processes_in(cluster.data))
    assert not (cluster.data / "postmaster.pid").exists(), "it stopped cleanly"


def test_pid_file_with_the_number_of_somebody_else_is_not_believed(cluster):
    cluster.start()
    cluster.stop()
    if os.geteuid() == 0:  # a process of the server's user, as PostgreSQL itself would refuse to start then
        user = cluster.data.stat().st_uid
        bystander = subprocess.Popen(["sleep", "600"], user=user)
    else:
        bystander = subprocess.Popen(["sleep", "600"])
    try:
        pid_file = cluster.data / "postmaster.pid"
        lines = [bystander.pid, cluster.data, 0, 5432, cluster.socket_folder, "", "  0  0", "ready   "]
        pid_file.write_text("\n".join(map(str, lines)) + "\n")
        os.chown(pid_file, cluster.data.stat().st_uid, -1)
        cluster.socket_folder.mkdir(exist_ok=True)
        (cluster.socket_folder / ".s.PGSQL.5432.lock").write_text("\n".join(map(str, lines)) + "\n")
        assert cluster.server_pid() is None
        with cluster.leased():
            assert cluster.server_pid() not in {None, bystander.pid}
        assert bystander.poll() is None, "the bystander was not signalled"
    finally:
        bystander.kill()
        bystander.wait(30)


def test_initialization_broken_off_starts_over(cluster):
    half = cluster.home / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with cluster.leased() as url:
        note(url, "works")
    assert not half.exists()


def test_data_of_another_version_is_refused_and_left_alone(cluster):
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("16\n")
    if os.geteuid() == 0:
        os.chown(cluster.data, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(TanhuiError, match="PostgreSQL 16"):
        cluster.start()
    assert (cluster.data / "PG_VERSION").read_text() == "16\n"


def test_a_server_that_cannot_start_says_why(cluster):
    cluster.start()
    cluster.stop()
    broken = Cluster(cluster.folder, throw_away=True, settings={"shared_buffers": "16 elephants"})
    with pytest.raises(TanhuiError, match="elephants"):
        broken.start()


def test_long_paths_get_a_short_socket(place):
    deep = place / ("very-long-folder-name-" * 4) / "postgres"
    cluster = Cluster(deep, throw_away=True, settings={"shared_buffers": "16MB"})
    assert len(str(cluster.socket_folder / ".s.PGSQL.5432")) <= 103
    try:
        note(cluster.start(), "reached")
    finally:
        cluster.remove()
    assert not cluster.socket_folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root places data where another user can reach them")
def test_root_in_a_closed_folder_places_data_and_binaries_elsewhere(place, monkeypatch):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    public = place / "public"
    wheel = postgres.wheel_binaries()
    binaries = closed / wheel.parent.name / wheel.name
    shutil.copytree(wheel, binaries, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = postgres._bundled_libraries(wheel)
    if libraries.is_dir():
        shutil.copytree(libraries, closed / libraries.name)
    monkeypatch.setattr(postgres, "PUBLIC_PLACES", (public,))
    monkeypatch.setattr(postgres, "wheel_binaries", lambda: binaries)
    cluster = Cluster(closed / "var" / "postgres", throw_away=True, settings={"shared_buffers": "16MB"})
    assert cluster.home.parent == public
    try:
        note(cluster.start(), "reached")
        program = os.readlink(f"/proc/{cluster.server_pid()}/exe")
        assert program.startswith(str(public / "postgresql-18-"))
    finally:
        cluster.remove()


def test_another_users_data_are_refused(cluster, monkeypatch):
    cluster.start()
    cluster.stop()
    data = cluster.data
    stranger = data.stat().st_uid + 1
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: stranger)
        with pytest.raises(TanhuiError, match="另一个用户"):
            postgres._server_user(data)


ORDINARY = """
import sys
from pathlib import Path
from tanhui.project.postgres import Cluster
for _ in range(2):
    with Cluster(Path(sys.argv[1]), throw_away=True, settings={"shared_buffers": "16MB"}).leased():
        print("works", flush=True)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user; all other tests are run as one")
def test_an_ordinary_user_needs_no_root(place):
    user = pwd.getpwnam("nobody")
    os.chown(place, user.pw_uid, user.pw_gid)
    command = [sys.executable, "-c", ORDINARY, str(place / "postgres")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(place)}
    become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **become)
    except PermissionError:
        pytest.skip("this Python lies where an ordinary user cannot reach it")
    assert (done.stdout, done.returncode) == ("works\nworks\n", 0), done.stderr
