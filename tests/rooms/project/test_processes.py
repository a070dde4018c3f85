"""The supervisor restarts what falls, waits longer each time, and stops everything in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tanhui.project.processes import Program, Supervisor, pause_before_restart

LIVES = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"
DIES = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); sys.exit(3)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LIVES


def program(name: str, code: str, note: Path) -> Program:
    return Program(name, [sys.executable, "-c", code, str(note)])


def pids(note: Path) -> list[int]:
    return [int(line) for line in note.read_text().splitlines()] if note.exists() else []


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_pauses_grow_to_a_limit():
    assert [pause_before_restart(n) for n in range(1, 6)] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert pause_before_restart(50) == 30.0


def run_until(supervisor: Supervisor, act: Callable[[], None]) -> None:
    """Run the supervisor in the main thread, as it must be, while `act` runs beside it."""
    errors: list[BaseException] = []

    def beside() -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)
        finally:
            supervisor.stop()

    thread = threading.Thread(target=beside)
    thread.start()
    supervisor.run()
    thread.join(30)
    if errors:
        raise errors[0]


def test_a_killed_program_is_started_again_and_the_others_are_left_alone(tmp_path):
    one, other, said = tmp_path / "one", tmp_path / "other", []
    supervisor = Supervisor([program("甲", LIVES, one), program("乙", LIVES, other)], say=said.append)

    def act() -> None:
        wait_until(lambda: len(pids(one)) == 1 and len(pids(other)) == 1)
        os.kill(pids(one)[0], signal.SIGKILL)
        wait_until(lambda: len(pids(one)) == 2)

    run_until(supervisor, act)
    assert len(pids(other)) == 1
    assert said == ["甲 被信号 9 终止，立即重新启动"]
    assert all(gone(pid) for pid in pids(one) + pids(other))


def test_what_keeps_falling_is_started_less_and_less_often(tmp_path):
    note, said = tmp_path / "note", []
    supervisor = Supervisor([program("甲", DIES, note)], say=said.append)
    run_until(supervisor, lambda: wait_until(lambda: len(said) == 3))
    assert said == [
        "甲 退出（代码 3），立即重新启动",
        "甲 退出（代码 3），0.5 秒后重新启动",
        "甲 退出（代码 3），1 秒后重新启动",
    ]


def test_what_does_not_stop_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("tanhui.project.processes.STOP_SECONDS", 0.3)
    note = tmp_path / "note"
    supervisor = Supervisor([program("甲", STUBBORN, note)], say=lambda text: None)
    run_until(supervisor, lambda: wait_until(lambda: len(pids(note)) == 1))
    assert gone(pids(note)[0])


LEAVES_A_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "a").write(f"{os.getpid()}\\n{child.pid}\\n")
time.sleep(600)
"""


def test_what_a_killed_program_had_started_is_cleared_away_first(tmp_path):
    note = tmp_path / "note"
    supervisor = Supervisor([program("甲", LEAVES_A_CHILD, note)], say=lambda text: None)

    def act() -> None:
        wait_until(lambda: len(pids(note)) == 2)
        os.kill(pids(note)[0], signal.SIGKILL)
        wait_until(lambda: len(pids(note)) == 4)
        wait_until(lambda: gone(pids(note)[1]))

    run_until(supervisor, act)
    wait_until(lambda: all(gone(pid) for pid in pids(note)))


SUPERVISOR = """
import sys
from tanhui.project.processes import Program, Supervisor
print("ready", flush=True)
Supervisor([Program("child", sys.argv[1:])], say=lambda text: print(text, file=sys.stderr)).run()
print("stopped", flush=True)
"""


def supervisor_process(note: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SUPERVISOR, sys.executable, "-c", LIVES, str(note)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    wait_until(lambda: len(pids(note)) == 1)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_everything_cleanly(tmp_path, number):
    note = tmp_path / "note"
    process = supervisor_process(note)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == ("stopped\n", 0)
    assert gone(pids(note)[0])


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_killed_supervisor_leaves_nothing_behind(tmp_path):
    note = tmp_path / "note"
    process = supervisor_process(note)
    process.kill()
    process.communicate(timeout=30)
    wait_until(lambda: gone(pids(note)[0]))
