"""Tables of the room: cases, what was found, decided, appealed against and ruled."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models import Q

from tanhui.integrity.types import Action, CaseState, SubjectKind

NOTHING_PERSONAL: frozenset[str] = frozenset()


def _values(kinds: type[StrEnum]) -> list[str]:
    return [each.value for each in kinds]


class Case(models.Model):
    """Somebody or something to look at. One open case a subject; later findings join it while it is open."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    kind = models.CharField("对象", max_length=10, choices=[(each.value, each.label) for each in SubjectKind])
    subject = models.CharField("对象编号", max_length=64)
    party = models.ForeignKey(
        "parties.Party", verbose_name="当事人", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField("状态", max_length=10, choices=[(each.value, each.label) for each in CaseState])
    opened_at = models.DateTimeField("立案时间")

    class Meta:
        db_table = "integrity_case"
        verbose_name = verbose_name_plural = "核查案件"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state="open"), name="integrity_case_open_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=_values(SubjectKind)), name="integrity_case_kind"),
            models.CheckConstraint(condition=Q(state__in=_values(CaseState)), name="integrity_case_state"),
        ]

    def __str__(self) -> str:
        return self.number


class Finding(models.Model):
    """What a rule counted on a day, and from which records. Only appended."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    case = models.ForeignKey(Case, verbose_name="案件", on_delete=models.PROTECT, related_name="findings")
    rule = models.CharField("规则", max_length=40)
    kind = models.CharField("对象", max_length=10)
    subject = models.CharField("对象编号", max_length=64)
    day = models.DateField("日期")
    sentence = models.CharField("发现", max_length=200)
    measures = models.JSONField("计数")
    evidence = models.JSONField("所据记录")
    found_at = models.DateTimeField("发现时间")

    class Meta:
        db_table = "integrity_finding"
        verbose_name = verbose_name_plural = "异常发现"
        constraints = [
            models.UniqueConstraint(fields=["rule", "kind", "subject", "day"], name="integrity_finding_once")
        ]

    def __str__(self) -> str:
        return self.number


class Decision(models.Model):
    """What a person decided about a case, and why. Only appended; `effect` is what it made in another room."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    case = models.OneToOneField(Case, verbose_name="案件", on_delete=models.PROTECT, related_name="decision")
    action = models.CharField("决定", max_length=10, choices=[(each.value, each.label) for each in Action])
    reason = models.CharField("理由", max_length=400)
    until = models.DateField("截止日（含）", null=True, blank=True)
    effect = models.CharField("作用", max_length=30, blank=True)
    decided_by = models.CharField("决定人", max_length=80)
    decided_at = models.DateTimeField("决定时间")

    class Meta:
        db_table = "integrity_decision"
        verbose_name = verbose_name_plural = "核查决定"
        constraints = [
            models.CheckConstraint(condition=Q(action__in=_values(Action)), name="integrity_decision_action"),
            models.CheckConstraint(condition=~Q(reason=""), name="integrity_decision_reason"),
            models.CheckConstraint(
                condition=Q(action="hold", until__isnull=False) | (~Q(action="hold") & Q(until__isnull=True)),
                name="integrity_decision_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.action}"


class Appeal(models.Model):
    """Why somebody concerned thinks the decision wrong; the words are sealed and forgotten with the person."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    case = models.OneToOneField(Case, verbose_name="案件", on_delete=models.PROTECT, related_name="appeal")
    sealed_text = models.BinaryField("申诉内容（加密）")
    raised_by = models.CharField("申诉人", max_length=80)
    raised_at = models.DateTimeField("申诉时间")

    class Meta:
        db_table = "integrity_appeal"
        verbose_name = verbose_name_plural = "案件申诉"

    def __str__(self) -> str:
        return f"{self.case_id}"


class Ruling(models.Model):
    """Another person's word on an appeal. Only appended."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    case = models.OneToOneField(Case, verbose_name="案件", on_delete=models.PROTECT, related_name="ruling")
    upheld = models.BooleanField("维持决定")
    reason = models.CharField("理由", max_length=400)
    ruled_by = models.CharField("复核人", max_length=80)
    ruled_at = models.DateTimeField("复核时间")

    class Meta:
        db_table = "integrity_ruling"
        verbose_name = verbose_name_plural = "申诉复核"
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="integrity_ruling_reason")]

    def __str__(self) -> str:
        return f"{self.case_id}"


class NewsCursor(models.Model):
    """How far this room has read the news of a lower room."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    name = models.CharField("名称", max_length=40, unique=True)
    position = models.BigIntegerField("已读到", default=0)

    class Meta:
        db_table = "integrity_news_cursor"
        verbose_name = verbose_name_plural = "读取位置（核查）"

    def __str__(self) -> str:
        return self.name
