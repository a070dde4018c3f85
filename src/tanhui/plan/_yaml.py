"""The county's documents as YAML, read strictly: what is not said plainly is refused, with file and line.

Only the words of YAML 1.2 mean something (`true`, `false`, `null`, whole numbers): `yes`, `no`, `on` and dates stay
text, and so do decimal numbers, which are exact as text and would not be as floats. Keys are text. Duplicate keys,
anchors, tags and second documents are refused. Every mapping and list knows the lines that it came from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from tanhui.kernel.errors import BadInput

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FIX = "按 docs/reference/registers.md 的写法改正"


class Fields(dict[str, Any]):
    """A mapping that knows its file and the line of every key."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file, self.line, self.lines = file, line, dict[str, int]()

    def at(self, key: str = "") -> str:
        """Where a key stands: `file:line`."""
        return f"{self.file}:{self.lines.get(key, self.line)}"


class Items(list[Any]):
    """A list that knows its file and the line of every item."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file, self.line, self.lines = file, line, list[int]()

    def at(self, position: int) -> str:
        """Where an item stands: `file:line`."""
        return f"{self.file}:{self.lines[position]}"


def read_file(path: Path, *, name: str) -> Fields:
    """The document in a file, which must be a mapping. `name` is how errors call the file. Raises BadInput."""
    content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise BadInput(f"文件超过 {MAX_BYTES // 1000} KB", where=name, fix="拆成几个文件")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput("文件不是 UTF-8 编码", where=f"{name}:{line}", fix="另存为 UTF-8") from error
    return read_text(text, name=name)


def read_text(text: str, *, name: str) -> Fields:
    """The document in a text, which must be a mapping. Raises BadInput with file and line."""
    try:
        events: Iterator[Any] = iter(list(yaml.parse(text, Loader=_LOADER)))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"YAML 写法有误：{error.problem}", where=f"{name}:{line}", fix=FIX) from error
    except yaml.YAMLError as error:
        raise BadInput("YAML 中有不允许的字符", where=name, fix=FIX) from error
    document: Any = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise BadInput("一个文件只能有一份文档", where=_place(name, event), fix="删去“---”及其后的内容")
            document = _value(next(events), events, name, 0)
    if not isinstance(document, Fields):
        raise BadInput("文件应是“名称: 值”的清单", where=f"{name}:1", fix=FIX)
    return document


def _line(event: Any) -> int:
    number: int = event.start_mark.line + 1
    return number


def _place(name: str, event: Any) -> str:
    return f"{name}:{_line(event)}"


def _value(event: Any, events: Iterator[Any], name: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise BadInput("嵌套太深", where=_place(name, event), fix=FIX)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise BadInput("不能使用锚点（&、*）", where=_place(name, event), fix="把内容写全")
    if getattr(event, "tag", None):
        raise BadInput("不能使用标签（!）", where=_place(name, event), fix="文字加引号即可")
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(event, events, name, depth)
    if isinstance(event, yaml.SequenceStartEvent):
        items = Items(name, _line(event))
        for inner in events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            items.lines.append(_line(inner))
            items.append(_value(inner, events, name, depth + 1))
        return items
    return _scalar(event)


def _mapping(event: Any, events: Iterator[Any], name: str, depth: int) -> Fields:
    fields = Fields(name, _line(event))
    for inner in events:
        if isinstance(inner, yaml.MappingEndEvent):
            break
        if not isinstance(inner, yaml.ScalarEvent) or inner.anchor or inner.tag:
            raise BadInput("名称只能是文字", where=_place(name, inner), fix=FIX)
        key = inner.value
        if key == "<<":
            raise BadInput("不能使用合并（<<）", where=_place(name, inner), fix="把内容写全")
        if key in fields.lines:
            first = fields.lines[key]
            raise BadInput(f"“{key}”写了两次，第一次在第 {first} 行", where=_place(name, inner), fix="删去一处")
        fields.lines[key] = _line(inner)
        fields[key] = _value(next(events), events, name, depth + 1)
    return fields


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.style:  # quoted, or a block of text; a plain scalar has none
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE.fullmatch(text) else text


def known(fields: Fields, allowed: Collection[str], required: Collection[str] = ()) -> None:
    """Refuse keys that mean nothing, and the absence of those that must be there. Raises BadInput."""
    for key in fields:
        if key not in allowed:
            fix = f"可用的名称：{'、'.join(allowed)}"
            raise BadInput(f"不认识的名称“{key}”", where=fields.at(key), fix=fix)
    for key in required:
        if fields.get(key) is None:
            raise BadInput(f"缺少“{key}”", where=fields.at(), fix=FIX)


def text_of(fields: Fields, key: str, default: str = "", *, most: int = 0) -> str:
    """A text; a number that was written without quotes counts as text. Raises BadInput."""
    value = fields.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadInput(f"“{key}”应是文字", where=fields.at(key), fix=FIX)
    text = str(value).strip()
    if most and len(text) > most:
        raise BadInput(f"“{key}”最多 {most} 个字，现有 {len(text)} 个", where=fields.at(key), fix="写短一些")
    return text


def whole_of(fields: Fields, key: str, default: int = 0, *, least: int = 0) -> int:
    """A whole number, at least `least`. Raises BadInput."""
    value = fields.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadInput(f"“{key}”应是不小于 {least} 的整数", where=fields.at(key), fix=FIX)
    return value


def truth_of(fields: Fields, key: str, default: bool = False) -> bool:
    """true or false, in these words. Raises BadInput."""
    value = fields.get(key, default)
    if not isinstance(value, bool):
        raise BadInput(f"“{key}”只能写 true 或 false", where=fields.at(key), fix=FIX)
    return value


def items_of(fields: Fields, key: str, *, of: type | None = None) -> list[Any]:
    """A list, empty where the key is absent; of text, whole numbers or mappings. Raises BadInput."""
    value = fields.get(key)
    if value is None:
        return []
    if not isinstance(value, Items):
        raise BadInput(f"“{key}”应是清单", where=fields.at(key), fix="写成 [甲, 乙] 或每行一个“- ”")
    for position, item in enumerate(value):
        if of and (not isinstance(item, of) or (of is int and isinstance(item, bool))):
            kinds = {str: "文字", int: "整数", Fields: "“名称: 值”"}
            raise BadInput(f"“{key}”的每一项应是{kinds.get(of, of.__name__)}", where=value.at(position), fix=FIX)
    return list(value)


def plain(value: Any) -> Any:
    """The same as plain dictionaries and lists, as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value
