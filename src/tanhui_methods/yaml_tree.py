"""YAML as a small tree in which every value is still text and knows its line.

The parser's events are used rather than its loader: no float, date or truth value is ever guessed, and anchors,
aliases and tags (the dangerous part of YAML) are errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from tanhui_methods.errors import MethodError

_DEEPEST = 12
_MOST_NODES = 50_000


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    pairs: tuple[tuple[Scalar, Node], ...]
    line: int


Node = Scalar | Sequence | Mapping


def parse(text: str, *, path: str, first_line: int) -> Node | None:
    """Read one YAML document; `first_line` is the line of the file on which `text` begins. None if empty."""
    try:
        return _Builder(text, path, first_line).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = first_line + (mark.line if mark is not None else 0)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "无法读入"
        raise MethodError(
            f"YAML 写法有误（{problem}）", path=path, line=line, fix="检查缩进、冒号后的空格、括号和引号是否成对"
        ) from None


class _Builder:
    def __init__(self, text: str, path: str, first_line: int) -> None:
        self.events = yaml.parse(text, Loader=yaml.SafeLoader)
        self.path = path
        self.first_line = first_line
        self.count = 0

    def fail(self, event: yaml.Event, message: str, fix: str = "") -> MethodError:
        return MethodError(message, path=self.path, line=self.line(event), fix=fix)

    def line(self, event: yaml.Event) -> int:
        return self.first_line + (event.start_mark.line if event.start_mark is not None else 0)

    def document(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.fail(event, "一个块里只能有一份 YAML", "去掉中间的 ---")
                root = self.node(next(self.events), 0)
        if isinstance(root, Scalar) and not root.text:
            return None
        return root

    def node(self, event: yaml.Event, depth: int) -> Node:
        self.count += 1
        if self.count > _MOST_NODES:
            raise self.fail(event, f"内容太多（至多 {_MOST_NODES} 项）", "拆分文件")
        if depth > _DEEPEST:
            raise self.fail(event, f"套得太深（至多 {_DEEPEST} 层）", "展开成较浅的结构")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self.fail(event, "不许用 YAML 的锚点和别名（& 和 *）", "把值写全，或给文字加引号")
        if getattr(event, "tag", None) is not None:
            raise self.fail(event, "不许用 YAML 的标签（!）", "去掉标签，或给文字加引号")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.plain_style if hasattr(event, "plain_style") else event.style is None
            text = "" if plain and event.value in {"~", "null"} else event.value
            return Scalar(text, self.line(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(event, depth)
        return self.mapping(event, depth)

    def sequence(self, start: yaml.Event, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return Sequence(tuple(items), self.line(start))

    def mapping(self, start: yaml.Event, depth: int) -> Mapping:
        pairs: list[tuple[Scalar, Node]] = []
        seen: set[str] = set()
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self.fail(event, "字段名应为文字")
            if key.text in seen:
                raise self.fail(event, f"字段“{key.text[:60]}”写了两次", "只保留一次")
            seen.add(key.text)
            pairs.append((key, self.node(next(self.events), depth + 1)))
        return Mapping(tuple(pairs), self.line(start))
