"""Speed of the plan reader: the real document, and a megabyte of plan text.

    python -m bench.plan_reading [rounds]        default 15

Prints the machine, the date, the median of reading the real plan where ../shared has it (else the longest plan of the
corpus) and a megabyte of every corpus plan one after the other, and the physical limit of the same run: reading the
file and decoding it. Reading includes the diagnostics.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.machine import Stopwatch, describe
from tanhui_plandoc import Draft, read

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared/plan/pingjiang-2023.txt"
CORPUS = sorted((ROOT / "tests/plandoc/corpus").glob("*.txt"))
GOAL_MS = 300
GOAL_MEGABYTE_MS = 2000
MEGABYTE = 1_000_000


def median_ms(rounds: int, work: Callable[[], object]) -> tuple[float, float]:
    """Medians of several runs in milliseconds: by the clock, and of processor time, which others do not stretch."""
    by_clock, by_processor = [], []
    for _ in range(rounds):
        used = time.process_time()
        with Stopwatch() as watch:
            work()
        by_clock.append(watch.seconds)
        by_processor.append(time.process_time() - used)
    return statistics.median(by_clock) * 1000, statistics.median(by_processor) * 1000


def summary(draft: Draft) -> str:
    tasks = draft.tasks
    return (
        f"{len(tasks)} tasks, {sum(len(task.indicators) for task in tasks)} indicators, "
        f"{sum(len(task.roadmap) for task in tasks)} roadmap items, {len(draft.diagnostics)} diagnostics"
    )


def measure(label: str, path: Path, goal: int, rounds: int) -> bool:
    """Measure one file; gives whether the goal is met."""
    text = path.read_text(encoding="utf-8")
    limit, _ = median_ms(rounds, lambda: path.read_text(encoding="utf-8"))
    took, used = median_ms(rounds, lambda: read(text))
    print(f"{label}: {path.stat().st_size:,} bytes; {summary(read(text))}")
    print(f"  bare reading of the file: {limit:.2f} ms (the physical limit)")
    met = "met" if took <= goal else "NOT met"
    print(f"  plan reader:              {took:.0f} ms, {used:.0f} ms of processor time; goal {goal} ms: {met}")
    return took <= goal


def main(rounds: int = 15) -> None:
    print(describe())
    real = REAL if REAL.is_file() else max(CORPUS, key=lambda path: path.stat().st_size)
    measure("the real plan" if real is REAL else f"no ../shared, so {real.name}", real, GOAL_MS, rounds)
    with tempfile.TemporaryDirectory(prefix="tanhui-bench-") as folder:
        for source in CORPUS:
            text = source.read_text(encoding="utf-8")
            path = Path(folder) / source.name
            path.write_text(text * (MEGABYTE // len(text.encode()) + 1), encoding="utf-8")
            measure(f"a megabyte of {source.name}", path, GOAL_MEGABYTE_MS, max(1, rounds // 5))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
