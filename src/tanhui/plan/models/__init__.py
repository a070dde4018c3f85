"""The tables of the room: the plan itself, its registers, the work on it, its supervision."""

from tanhui.plan.models.adoption import (
    ActionBox,
    Assignment,
    Department,
    Finding,
    FindingDecision,
    Indicator,
    PlanDocument,
    PlanVersion,
    RoadmapItem,
    Target,
    Task,
)
from tanhui.plan.models.registers import Evidence, Figure, Record, Register, RegisterEdition
from tanhui.plan.models.supervision import (
    Appraisal,
    Feedback,
    FundingEntry,
    FundingLine,
    GoodCase,
    Notice,
    ProgressReview,
    Report,
)
from tanhui.plan.models.work import Contact, Dependency, Override, Reminder, SubTask

__all__ = [
    "ActionBox",
    "Appraisal",
    "Assignment",
    "Contact",
    "Department",
    "Dependency",
    "Evidence",
    "Feedback",
    "Figure",
    "Finding",
    "FindingDecision",
    "FundingEntry",
    "FundingLine",
    "GoodCase",
    "Indicator",
    "Notice",
    "Override",
    "PlanDocument",
    "PlanVersion",
    "ProgressReview",
    "Record",
    "Register",
    "RegisterEdition",
    "Reminder",
    "Report",
    "RoadmapItem",
    "SubTask",
    "Target",
    "Task",
]
