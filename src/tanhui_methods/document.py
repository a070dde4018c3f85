"""A method file taken apart: front matter, chapters, fenced blocks, each with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tanhui_methods.errors import MethodError
from tanhui_methods.model import Chapter

LONGEST: Final = 512 * 1024
YAML_BLOCKS: Final = (
    "inputs", "parameters", "conditions", "deduplicate", "caps", "grades", "points", "examples",
)  # fmt: skip
REPEATABLE: Final = frozenset({"inputs", "parameters", "conditions", "caps", "examples", "formula"})
_OPEN = re.compile(r"(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)\Z")
_HEADING = re.compile(r"##[ \t]+(?P<heading>\S.*?)[ \t#]*\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """The inside of a fenced block; `first_line` is the line after the fence."""

    kind: str
    text: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Document:
    front: Block
    blocks: tuple[Block, ...]
    chapters: tuple[Chapter, ...]

    def of(self, kind: str) -> list[Block]:
        return [block for block in self.blocks if block.kind == kind]


def split(text: str, path: str) -> Document:
    """Take a file apart. Raises MethodError when its outline is wrong."""
    _check_text(text, path)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---":
        raise MethodError(
            "第一行应为“---”，其后是基本信息", path=path, line=1, fix="照 docs/reference/method-format.md 补上基本信息"
        )
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise MethodError("基本信息没有结束", path=path, line=1, fix="在基本信息之后另起一行写“---”")
    front = Block("front", "\n".join(lines[1:end]), 2)
    blocks, chapters = _body(lines, end + 1, path)
    seen: set[str] = set()
    for block in blocks:
        if block.kind in seen and block.kind not in REPEATABLE:
            raise MethodError(f"{block.kind} 块写了两次", path=path, line=block.first_line - 1, fix="合并成一块")
        seen.add(block.kind)
    return Document(front, tuple(blocks), tuple(chapters))


def _check_text(text: str, path: str) -> None:
    if len(text) > LONGEST:
        raise MethodError(f"文件太大（至多 {LONGEST // 1024} KB）", path=path, fix="拆成几个方法学")
    if "\r" in text.replace("\r\n", "\n"):
        raise MethodError("换行符不一致（有单独的回车符）", path=path, fix="另存为 LF 或 CRLF 换行")
    for number, line in enumerate(text.split("\n"), 1):
        bad = next((mark for mark in line if not (mark.isprintable() or mark in "\t\r\u3000\u00a0\ufeff")), None)
        if bad is not None:
            message = f"有不可见的控制字符（U+{ord(bad):04X}）"
            raise MethodError(message, path=path, line=number, fix="删去这个字符")


def _body(lines: list[str], start: int, path: str) -> tuple[list[Block], list[Chapter]]:
    blocks: list[Block] = []
    chapters: list[Chapter] = []
    heading, heading_line, body = "", start + 1, list[str]()
    at = start
    while at < len(lines):
        line = lines[at]
        opened = _OPEN.match(line.rstrip())
        if opened is not None:
            close = _closing(lines, at, opened["fence"], path)
            kind = _kind(opened["info"], path, at + 1)
            if kind:
                blocks.append(Block(kind, "\n".join(lines[at + 1 : close]), at + 2))
            body.extend(lines[at : close + 1])
            at = close + 1
            continue
        found = _HEADING.match(line)
        if found is not None:
            if heading:
                chapters.append(Chapter(heading, "\n".join(body).strip("\n"), heading_line))
            heading, heading_line, body = found["heading"], at + 1, []
        else:
            body.append(line)
        at += 1
    if heading:
        chapters.append(Chapter(heading, "\n".join(body).strip("\n"), heading_line))
    return blocks, chapters


def _closing(lines: list[str], at: int, fence: str, path: str) -> int:
    for place in range(at + 1, len(lines)):
        line = lines[place].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return place
    raise MethodError("这里开始的块没有结束", path=path, line=at + 1, fix=f"在块的末尾另起一行写“{fence}”")


def _kind(info: str, path: str, line: int) -> str:
    """What a fenced block is for; empty for one that is only text."""
    words = info.split()
    if words == ["formula"]:
        return "formula"
    if not words or words[0] not in {"yaml", "formula"}:
        return ""
    if len(words) == 2 and words[0] == "yaml" and words[1] in YAML_BLOCKS:
        return words[1]
    raise MethodError(
        f"不认识的块“{info.strip()[:60]}”", path=path, line=line,
        fix=f"可执行的块：formula，或 yaml 加 {'、'.join(YAML_BLOCKS)} 之一",
    )  # fmt: skip
