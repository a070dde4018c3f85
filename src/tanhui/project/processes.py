"""Child processes that do not outlive their parent, and a supervisor that keeps them running.

The supervisor starts what it is given, starts again what falls down (at once, then after growing pauses), and on
SIGTERM or SIGINT stops everything in good order. It holds no state: killed with -9, its children receive SIGTERM
from the kernel (Linux), and the next start begins anew.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STABLE_SECONDS = 30.0
STOP_SECONDS = 25.0

_PR_SET_PDEATHSIG = 1


def ask_signal_at_parents_death(number: signal.Signals) -> Callable[[], None]:
    """For a child between fork and exec: the kernel sends `number` when the thread that forked it ends (Linux).

    A child whose parent ended before it could ask ends at once.
    """
    parent = os.getpid()
    library = ctypes.CDLL(None)

    def arrange() -> None:
        if hasattr(library, "prctl"):
            library.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def pause_before_restart(failures: int) -> float:
    """Seconds to wait after that many failures in a row: none, then 0.5, 1, 2 … 30."""
    if failures <= 1:
        return 0.0
    return min(FIRST_PAUSE * 2.0 ** (failures - 2), LONGEST_PAUSE)


@dataclass(frozen=True)
class Program:
    """One program to keep running. `environment` is added to ours."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Charge:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0


class Supervisor:
    """Runs programs until told to stop. `watch` is called every turn (about five times a second)."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        say: Callable[[str], None],
        watch: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._charges = [_Charge(program) for program in programs]
        self._say = say
        self._watch = watch
        self._clock = clock
        self._stopping = False

    def run(self) -> None:
        """Start everything, keep it running, return after SIGTERM, SIGINT or `stop`. Main thread only."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            while not self._stopping:
                self._turn()
                self._watch()
                time.sleep(0.2)
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Ask `run` to stop everything and return."""
        self._stopping = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:  # asked twice: no more patience
            for charge in self._charges:
                if charge.process is not None and charge.process.returncode is None:
                    os.killpg(charge.process.pid, signal.SIGKILL)
        self.stop()

    def _turn(self) -> None:
        for charge in self._charges:
            if charge.process is None:
                if self._clock() >= charge.due:
                    self._start(charge)
            elif _has_ended(charge.process):
                self._note_end(charge, _clear_away(charge.process))

    def _start(self, charge: _Charge) -> None:
        charge.process = subprocess.Popen(
            list(charge.program.command),
            env=os.environ | dict(charge.program.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone; we pass it on in order
            preexec_fn=ask_signal_at_parents_death(signal.SIGTERM),
        )
        charge.started = self._clock()

    def _note_end(self, charge: _Charge, code: int) -> None:
        lasted = self._clock() - charge.started
        charge.failures = 1 if lasted >= STABLE_SECONDS else charge.failures + 1
        pause = pause_before_restart(charge.failures)
        charge.process = None
        charge.due = self._clock() + pause
        how = f"被信号 {-code} 终止" if code < 0 else f"退出（代码 {code}）"
        then = f"{pause:g} 秒后重新启动" if pause else "立即重新启动"
        self._say(f"{charge.program.name} {how}，{then}")

    def _end_all(self) -> None:
        living = [charge.process for charge in self._charges if charge.process is not None]
        for process in living:
            if not _has_ended(process):
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and not all(_has_ended(process) for process in living):
            time.sleep(0.05)
        for process in living:
            _clear_away(process)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process ended. It is left a zombie, so that its number, its group's number, stays taken."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _clear_away(process: subprocess.Popen[bytes]) -> int:
    """Kill the process and all that it started and left in its group, such as a killed web server's workers."""
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
