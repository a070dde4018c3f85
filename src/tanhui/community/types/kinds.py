"""Kinds and states, each with its Chinese words, and the times that hold everywhere."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

OFFLINE_WINDOW = timedelta(hours=72)
"""How long after its own time a check-in without network may be uploaded."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far ahead of ours the clock of a phone may be."""
ROTATION_S = 30
"""Seconds after which the QR code of an occasion changes; the one before still counts."""


class OccasionKind(StrEnum):
    """What people come to."""

    PICKUP = "pickup"
    COLLECTION = "collection"
    TRAINING = "training"
    VOLUNTEER = "volunteer"
    STUDY_VISIT = "study_visit"
    RUN = "run"
    EXCHANGE_DAY = "exchange_day"
    LECTURE = "lecture"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "pickup": "上门回收",
            "collection": "定点回收",
            "training": "培训",
            "volunteer": "志愿服务",
            "study_visit": "研学",
            "run": "健康跑",
            "exchange_day": "村组集中兑换",
            "lecture": "宣讲",
        }[self.value]


class OccasionState(StrEnum):
    """A draft is seen by its makers only; an open one is booked and attended; over; or called off."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"draft": "草稿", "open": "进行中", "closed": "已结束", "cancelled": "已取消"}[self.value]


class BookingState(StrEnum):
    """A place: held, waited for, given back, used, or not used."""

    BOOKED = "booked"
    WAITING = "waiting"
    RELEASED = "released"
    ATTENDED = "attended"
    NO_SHOW = "no_show"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "booked": "已预约",
            "waiting": "候补中",
            "released": "已取消",
            "attended": "已到场",
            "no_show": "未到场",
        }[self.value]


class CheckInState(StrEnum):
    """Counted; waiting for a second person; refused by the second person; or replaced by a correction."""

    COUNTED = "counted"
    PENDING = "pending"
    REFUSED = "refused"
    CORRECTED = "corrected"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"counted": "已计入", "pending": "待第二人确认", "refused": "未通过", "corrected": "已更正"}[self.value]


class Weighed(StrEnum):
    """How a mass was found: read off a scale that the platform knows, or by hand."""

    SCALE = "scale"
    HAND = "hand"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"scale": "电子秤读数", "hand": "人工称量"}[self.value]


class PointKind(StrEnum):
    """A staffed point, or a box that stands somewhere."""

    POINT = "point"
    BOX = "box"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"point": "回收点", "box": "回收箱"}[self.value]


class PointState(StrEnum):
    """Whether one can bring something now."""

    OPEN = "open"
    FULL = "full"
    BROKEN = "broken"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"open": "可投放", "full": "已满", "broken": "待维修", "closed": "已停用"}[self.value]


class TeamRole(StrEnum):
    """The four roles of a volunteer team (box 2 of the plan)."""

    PROMOTER = "promoter"
    ADVISER = "adviser"
    SUPERVISOR = "supervisor"
    LECTURER = "lecturer"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"promoter": "宣传员", "adviser": "劝导员", "supervisor": "监督员", "lecturer": "授课讲师"}[self.value]
