"""What every operation may answer, for the document: its own answer, and problems by status."""

from __future__ import annotations

from typing import Any

from tanhui.api.schemas import Problem

_ALWAYS = (400, 429, 500, 503)


def answers(schema: type[Any], *problems: int, status: int = 200) -> dict[int, Any]:
    """The `response=` of an operation: `schema` at `status`, and a problem at each other status."""
    return {status: schema} | dict.fromkeys(sorted({*_ALWAYS, *problems}), Problem)
