"""Tiles (C2SP tlog-tiles): the log as immutable static files from which anybody computes any proof."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tanhui_tlog.errors import NoteError, ProofError
from tanhui_tlog.merkle import Tree

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_LEVEL = 63
_MAX_ENTRY_BYTES = 0xFFFF
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True)
class Tile:
    """A run of up to 256 hashes of one level, or (level None) of entries. Raises ProofError out of bounds."""

    level: int | None
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if self.index < 0 or not 1 <= self.width <= WIDTH or not 0 <= (self.level or 0) <= MAX_LEVEL:
            raise ProofError(f"瓦片超出范围：{self.level}/{self.index}/{self.width}")

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Read a path below the log's prefix. Raises NoteError unless it is the one spelling of a tile."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise NoteError(f"不是瓦片路径：{path[:80]}")
        level = None if match["level"] == "entries" else int(match["level"])
        index = int(re.sub("[x/]", "", match["index"]))
        width = int(match["width"] or WIDTH)
        if (level or 0) > MAX_LEVEL or width > WIDTH or cls(level, index, width).path != path:
            raise NoteError(f"不是瓦片路径：{path[:80]}")
        return cls(level, index, width)

    @property
    def path(self) -> str:
        """The path below the log's prefix, such as `tile/0/x001/x234/067` or `tile/entries/000.p/5`."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level is None else str(self.level)
        return f"tile/{level}/{name}" + (f".p/{self.width}" if self.width < WIDTH else "")


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles of hashes that a log must publish when it grows from one size to the other.

    From 0 that is all of them, level by level; the last of a level may be partial.
    """
    if not 0 <= old_size <= new_size:
        raise ProofError(f"较早的条数 {old_size} 不在 0 与 {new_size} 之间")
    for level in range(MAX_LEVEL + 1):
        before, count = old_size >> HEIGHT * level, new_size >> HEIGHT * level
        if count == 0:
            return
        for index in range(before // WIDTH, -(-count // WIDTH)):
            width = min(WIDTH, count - index * WIDTH)
            if before < index * WIDTH + width:
                yield Tile(level, index, width)


def tile_hashes(tree: Tree, tile: Tile) -> bytes:
    """The content of a tile: its hashes, joined. Raises ProofError where the tree does not reach."""
    depth = HEIGHT * (tile.level or 0)
    start = tile.index * WIDTH
    row = tree.levels[depth][start : start + tile.width] if depth < len(tree.levels) else []
    if tile.level is None or len(row) != tile.width:
        raise ProofError(f"日志没有瓦片 {tile.path}")
    return b"".join(row)


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """The content of an entry tile: each entry after its length, two bytes, big-endian."""
    if any(len(entry) > _MAX_ENTRY_BYTES for entry in entries):
        raise ProofError(f"一条记录不能超过 {_MAX_ENTRY_BYTES} 字节")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def read_entry_bundle(data: bytes) -> list[bytes]:
    """The entries of an entry tile. Raises ProofError when it is cut off."""
    entries, position = [], 0
    while position < len(data):
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise ProofError("记录文件不完整")
        entries.append(data[start:position])
    return entries
