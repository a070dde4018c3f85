"""What commands print: tables that line up with Chinese text, JSON for programs, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="输出 JSON，供程序读取。")


def plain(value: Any) -> Any:
    """A value of a room as JSON can hold it: dataclasses as objects, instants as ISO 8601, decimals as text."""
    if isinstance(value, Enum):
        return plain(value.value)
    if is_dataclass(value) and not isinstance(value, type):
        return {key: plain(item) for key, item in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def print_json(value: Any) -> None:
    """Indented JSON on stdout."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def width(text: str) -> int:
    """Columns that a terminal needs: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns side by side; numbers to the right, with separators of thousands."""
    body = [[_cell(value) for value in row] for row in rows]
    numeric = [bool(body) and all(row[i][1] for row in body) for i in range(len(header))]
    cells = [list(header), *([text for text, _ in row] for row in body)]
    widths = [max(width(row[i]) for row in cells) for i in range(len(header))]
    lines = [_line(row, widths, numeric) for row in cells]
    lines.insert(1, "  ".join("─" * each for each in widths))
    return "\n".join(lines)


def _cell(value: object) -> tuple[str, bool]:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}", True
    return ("" if value is None else str(plain(value))), False


def _line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = []
    for text, space, right in zip(row, widths, numeric, strict=True):
        gap = " " * (space - width(text))
        parts.append(gap + text if right else text + gap)
    return "  ".join(parts).rstrip()


class Progress:
    """Shows on stderr how far a long job is: on a terminal in place, elsewhere a line every few seconds."""

    def __init__(self, title: str, *, stream: Any = None) -> None:
        self.title = title
        self.stream = stream or sys.stderr
        self.began = self.shown = time.monotonic()
        self.lively = bool(getattr(self.stream, "isatty", lambda: False)())

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        """Report `done` of `total`; may be called as often as one likes."""
        moment = time.monotonic()
        if moment - self.shown < (0.2 if self.lively else 2):
            return
        self.shown = moment
        share = f"{done:,} / {total:,}（{done * 100 // max(total, 1)}%）" if total else f"{done:,}"
        text = f"{self.title} {share} {note}".rstrip()
        self.stream.write(f"\r\x1b[K{text}" if self.lively else f"{text}\n")
        self.stream.flush()

    def __exit__(self, *_: object) -> None:
        if self.lively and self.shown != self.began:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
