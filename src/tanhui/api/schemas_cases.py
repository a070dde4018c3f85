"""What the api says about decisions and appeals."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from tanhui.api.schemas import Input, Text


class FindingOut(Schema):
    """一天里数到了什么。"""

    day: date
    sentence: str


class CaseOut(Schema):
    """对本人的一个决定。`action`：dismiss 未见异常，warn 提醒，hold 暂停兑换。`upheld`：复核维持与否，未复核为空。"""

    number: str
    state: str
    state_title: str
    action: str
    action_title: str
    reason: str
    decided_at: datetime | None
    until: date | None
    appeal_until: date | None
    findings: list[FindingOut]
    appeal: str
    upheld: bool | None
    ruling: str


class CasesOut(Schema):
    """对本人的决定，新的在前。"""

    cases: list[CaseOut]


class AppealIn(Input):
    """申诉理由。"""

    text: Annotated[Text, Field(min_length=1, max_length=400, description="哪一点不对，有什么可以证明")]
