"""The machine, the date and a database of the benchmark's own: figures without them say nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connections


def describe() -> str:
    """One line: date, processor, cores, memory, Python, commit."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return (
        f"{datetime.now(UTC):%Y-%m-%d} · {cpu} · {os.cpu_count()} cores · {memory:.0f} GiB"
        f" · Python {platform.python_version()} · commit {commit.stdout.strip()}"
    )


@contextmanager
def database() -> Iterator[str]:
    """A fresh embedded PostgreSQL with its defaults (durable), migrated; Django points to it. Gives its URL."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tanhui.project.settings")
    with tempfile.TemporaryDirectory(prefix="tanhui-bench-") as folder:
        os.environ["TANHUI_VAR"] = folder
        Path(folder).chmod(0o755)
        from tanhui.project.database import django_database
        from tanhui.project.postgres import Cluster

        cluster = Cluster(Path(folder) / "postgres")
        try:
            with cluster.leased(die_with_parent=True) as url:
                os.environ["DATABASE_URL"] = url
                django.setup()
                connections.databases["default"].update(django_database(url))
                call_command("migrate", verbosity=0)
                yield url
                connections.close_all()
        finally:
            cluster.remove()


class Stopwatch:
    """Seconds of a block: `with Stopwatch() as watch: …` then `watch.seconds`."""

    seconds = 0.0

    def __enter__(self) -> Stopwatch:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start


def copy_again(cursor: Any, table: str, where: str = "true") -> float:
    """Seconds of a raw COPY of a table's rows from memory into its like without index."""
    with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {where}) TO STDOUT") as out:
        payload = b"".join(bytes(block) for block in out)
    cursor.execute(f"CREATE TABLE bench_copy (LIKE {table})")
    with Stopwatch() as watch, cursor.copy("COPY bench_copy FROM STDIN") as into:
        for start in range(0, len(payload), 1 << 20):
            into.write(payload[start : start + (1 << 20)])
    cursor.execute("DROP TABLE bench_copy")
    return watch.seconds
