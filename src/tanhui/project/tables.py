"""Rows of a county's documents, each checked against what may and what must be written in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tanhui.kernel.errors import BadInput


class Document(BaseModel):
    """A row of a county's document: its fields are what may be written, those without a default what must be."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Row = TypeVar("Row", bound=Document)


def documents(kind: type[Row], table: dict[str, Any], name: str, common: Mapping[str, Any], where: str) -> list[Row]:
    """The rows of `table[name]`; `common` is what a row does not say itself. Raises BadInput, saying where."""
    rows = table.pop(name, [])
    if table:
        raise BadInput(f"不认识的栏目 {'、'.join(sorted(table))}", where=where, fix="核对拼写")
    found = []
    for serial, row in enumerate(rows, start=1):
        try:
            found.append(kind.model_validate({**common, **row}))
        except ValidationError as error:
            places = "、".join(".".join(str(part) for part in fault["loc"]) for fault in error.errors())
            title = row.get("title", "")
            raise BadInput(
                f"第 {serial} 项“{title}”的 {places} 缺少、多余或不是应有的类型", where=where, fix="照文件里的例子改正"
            ) from error
    return found


def once(names: Sequence[str], where: str) -> None:
    """Raises BadInput where a name is written twice."""
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"“{name}”写了两次", where=where, fix="改用不同的代码和名称")
