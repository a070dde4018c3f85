"""Supervision as the safeguards ask: reviews, notices, appraisal, cases, money, feedback, and published reports."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tanhui.plan.models.adoption import NOTHING_PERSONAL, Department, Indicator, Task


class ProgressReview(models.Model):
    """A periodic meeting on progress (调度): opened, then closed with its conclusions and the state of that day."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    title = models.CharField("名称", max_length=80)
    held_on = models.DateField("日期")
    agenda = models.TextField("议题", blank=True)
    conclusions = models.TextField("结论", blank=True)
    state_then = models.JSONField("当时的进展", default=dict)
    opened_by = models.CharField("发起人", max_length=60)
    opened_at = models.DateTimeField("发起时间")
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        db_table = "plan_progress_review"
        verbose_name = verbose_name_plural = "进展调度"

    def __str__(self) -> str:
        return self.title


class Notice(models.Model):
    """A notice of rectification (督办): to a department, with a deadline, an answer and an end."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    review = models.ForeignKey(
        ProgressReview, verbose_name="调度", on_delete=models.PROTECT, null=True, blank=True, related_name="notices"
    )
    department = models.ForeignKey(Department, verbose_name="部门", on_delete=models.PROTECT, related_name="notices")
    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="notices")
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, null=True, blank=True, related_name="notices"
    )
    problem = models.CharField("问题", max_length=500)
    due_on = models.DateField("答复期限")
    issued_by = models.CharField("发出人", max_length=60)
    issued_at = models.DateTimeField("发出时间")
    answer = models.CharField("答复", max_length=1000, blank=True)
    answered_by = models.CharField("答复人", max_length=60, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    verdict = models.CharField("结论", max_length=500, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    history = models.JSONField("以前的往来", default=list, help_text="退回重办时，前一次的期限、答复和结论")

    class Meta:
        db_table = "plan_notice"
        verbose_name = verbose_name_plural = "督办通知"
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(answered_at__isnull=False), name="plan_notice_order"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Appraisal(models.Model):
    """A year's scores of departments, by the county's published rules; frozen once published."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    year = models.IntegerField("年度")
    rules = models.JSONField("评分规则")
    rules_hash = models.CharField("规则摘要", max_length=64)
    scores = models.JSONField("得分", help_text="部门、各项得分、依据")
    computed_by = models.CharField("计算者", max_length=60)
    computed_at = models.DateTimeField("计算时间")
    published_at = models.DateTimeField("公布时间", null=True, blank=True)

    class Meta:
        db_table = "plan_appraisal"
        verbose_name = verbose_name_plural = "年度考核"
        constraints = [
            models.UniqueConstraint(
                fields=["year"], condition=Q(published_at__isnull=False), name="plan_appraisal_one_a_year"
            )
        ]

    def __str__(self) -> str:
        return f"{self.year}"


class GoodCase(models.Model):
    """A good case that a department collected; published after a second person agreed."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="cases")
    department = models.ForeignKey(Department, verbose_name="部门", on_delete=models.PROTECT, related_name="cases")
    title = models.CharField("标题", max_length=80)
    text = models.TextField("经验做法", max_length=3000)
    link = models.URLField("公开链接", max_length=300, blank=True)
    sample = models.BooleanField("示例", default=False)
    filed_by = models.CharField("填报人", max_length=60)
    filed_at = models.DateTimeField("填报时间")
    published_by = models.CharField("公布人", max_length=60, blank=True)
    published_at = models.DateTimeField("公布时间", null=True, blank=True)

    class Meta:
        db_table = "plan_good_case"
        verbose_name = verbose_name_plural = "典型案例"

    def __str__(self) -> str:
        return self.title


class FundingLine(models.Model):
    """Money for a task from one source; its amounts are entries."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="funding")
    department = models.ForeignKey(Department, verbose_name="部门", on_delete=models.PROTECT, related_name="+")
    title = models.CharField("项目", max_length=120)
    origin = models.CharField("资金来源", max_length=80)
    year = models.IntegerField("年度")
    sample = models.BooleanField("示例", default=False)
    created_at = models.DateTimeField("建立时间")

    class Meta:
        db_table = "plan_funding_line"
        verbose_name = verbose_name_plural = "资金安排"

    def __str__(self) -> str:
        return self.title


class FundingEntry(models.Model):
    """An amount planned, committed or paid. Only ever appended; a mistake is corrected by a negative amount."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class Kind(models.TextChoices):
        PLANNED = "planned", "计划"
        COMMITTED = "committed", "落实"
        PAID = "paid", "支付"

    line = models.ForeignKey(FundingLine, verbose_name="资金安排", on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField("类型", max_length=10, choices=Kind)
    amount_fen = models.BigIntegerField("金额（分）")
    happened_on = models.DateField("日期")
    note = models.CharField("说明", max_length=300, blank=True)
    entered_by = models.CharField("登记人", max_length=60)
    entered_at = models.DateTimeField("登记时间")

    class Meta:
        db_table = "plan_funding_entry"
        verbose_name = verbose_name_plural = "资金记录"
        constraints = [models.CheckConstraint(condition=~Q(amount_fen=0), name="plan_funding_entry_says")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_fen}"


class Feedback(models.Model):
    """What somebody of the public wrote about a task, and the reply. Nobody's name or phone is asked or kept."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True, help_text="公众凭此查看答复")
    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="feedback")
    text = models.CharField("意见", max_length=500)
    received_at = models.DateTimeField("收到时间")
    due_on = models.DateField("答复期限")
    reply = models.CharField("答复", max_length=1000, blank=True)
    replied_by = models.CharField("答复人", max_length=60, blank=True)
    replied_at = models.DateTimeField("答复时间", null=True, blank=True)
    public = models.BooleanField("公开", default=False, help_text="答复后由答复人决定是否公开")

    class Meta:
        db_table = "plan_feedback"
        verbose_name = verbose_name_plural = "公众意见"
        constraints = [
            models.CheckConstraint(
                condition=Q(public=False) | Q(replied_at__isnull=False), name="plan_feedback_public_after_reply"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Report(models.Model):
    """A published report of a period: its content, and the very files that were published. Never changed."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    title = models.CharField("标题", max_length=120)
    as_of = models.DateField("截至")
    previous = models.OneToOneField(
        "self", verbose_name="上一期", on_delete=models.PROTECT, null=True, blank=True, related_name="next"
    )
    content = models.JSONField("内容")
    content_hash = models.CharField("内容摘要", max_length=64)
    word = models.BinaryField("Word 文件")
    excel = models.BinaryField("Excel 文件")
    published_by = models.CharField("发布人", max_length=60)
    published_at = models.DateTimeField("发布时间")

    class Meta:
        db_table = "plan_report"
        verbose_name = verbose_name_plural = "进展报告"
        ordering = ("-as_of", "-id")

    def __str__(self) -> str:
        return self.title
