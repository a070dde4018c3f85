"""How things stand, how they are to be done, and who does them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How an indicator or a task stands, by rule. `label` is what people read."""

    DONE = "done"
    ON_TIME = "on_time"
    DUE_SOON = "due_soon"
    LATE = "late"
    NO_DATA = "no_data"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"done": "已完成", "on_time": "正常推进", "due_soon": "临近期限", "late": "逾期", "no_data": "暂无数据"}[
            self
        ]


class Stance(StrEnum):
    """How a roadmap item is to be done: ★ of one's own accord or anew, ▲ as usual or in support."""

    PROACTIVE = "proactive"
    ROUTINE = "routine"

    @property
    def sign(self) -> str:
        """★ or ▲."""
        return {"proactive": "★", "routine": "▲"}[self]

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"proactive": "主动做、创新做", "routine": "常规做、配合做"}[self]


@dataclass(frozen=True)
class DepartmentRef:
    """A department of the plan."""

    code: str
    name: str
    short_name: str
