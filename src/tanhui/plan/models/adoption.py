"""The plan itself: documents as read, what an officer settled, the versions adopted, and the version in force."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

NOTHING_PERSONAL: frozenset[str] = frozenset()


class PlanDocument(models.Model):
    """A plan's text as somebody handed it in, with the draft that the reader made of it."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class State(models.TextChoices):
        OPEN = "open", "待校核"
        ADOPTED = "adopted", "已采纳"
        ABANDONED = "abandoned", "已作废"

    number = models.CharField("编号", max_length=30, unique=True)
    name = models.CharField("文件名", max_length=120)
    title = models.CharField("标题", max_length=120)
    status = models.CharField("文稿状态", max_length=40, blank=True, help_text="如征求意见稿；空为正式印发")
    text = models.TextField("原文", blank=True, help_text="逐行保留；由县域文件夹装入时为空")
    draft = models.JSONField("读出的内容")
    draft_hash = models.CharField("内容摘要", max_length=64)
    state = models.CharField("状态", max_length=12, choices=State, default=State.OPEN)
    received_by = models.CharField("录入者", max_length=60)
    received_at = models.DateTimeField("录入时间")

    class Meta:
        db_table = "plan_document"
        verbose_name = verbose_name_plural = "方案文稿"

    def __str__(self) -> str:
        return self.title


class Finding(models.Model):
    """One diagnostic of a document, waiting for or having an officer's decision."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    document = models.ForeignKey(PlanDocument, verbose_name="文稿", on_delete=models.PROTECT, related_name="findings")
    position = models.IntegerField("序号")
    code = models.CharField("代码", max_length=60)
    severity = models.CharField("程度", max_length=16)
    task_no = models.IntegerField("任务", null=True, blank=True)
    message = models.TextField("说明")
    places = models.JSONField("出处", default=list, help_text="行号与原句")
    suggestion = models.TextField("建议", blank=True)
    subject = models.CharField("对象", max_length=80, blank=True)

    class Meta:
        db_table = "plan_finding"
        verbose_name = verbose_name_plural = "文稿疑点"
        constraints = [models.UniqueConstraint(fields=["document", "position"], name="plan_finding_once")]

    def __str__(self) -> str:
        return self.message


class FindingDecision(models.Model):
    """An officer's word on a finding. Only ever appended: the latest one holds."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class Choice(models.TextChoices):
        ACCEPT = "accept", "照原文"
        CORRECT = "correct", "更正"
        NOTE = "note", "备注"

    finding = models.ForeignKey(Finding, verbose_name="疑点", on_delete=models.PROTECT, related_name="decisions")
    choice = models.CharField("决定", max_length=8, choices=Choice)
    corrections = models.JSONField("更正内容", default=list, help_text="对象、字段、值")
    note = models.CharField("说明", max_length=500, blank=True)
    decided_by = models.CharField("决定人", max_length=60)
    decided_at = models.DateTimeField("决定时间")

    class Meta:
        db_table = "plan_finding_decision"
        verbose_name = verbose_name_plural = "疑点决定"
        constraints = [
            models.CheckConstraint(
                condition=~Q(choice="correct") | ~Q(corrections=[]), name="plan_finding_decision_says_what"
            )
        ]

    def __str__(self) -> str:
        return self.get_choice_display()


class PlanVersion(models.Model):
    """A version of the plan as adopted: frozen with its content, its hash, and what differs from the one before."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    version = models.IntegerField("版次", unique=True)
    document = models.OneToOneField(
        PlanDocument, verbose_name="文稿", on_delete=models.PROTECT, related_name="adopted_as"
    )
    title = models.CharField("标题", max_length=120)
    status = models.CharField("文稿状态", max_length=40, blank=True)
    content = models.JSONField("内容")
    content_hash = models.CharField("内容摘要", max_length=64)
    comparison = models.JSONField("与上一版比较", default=dict)
    starts_on = models.DateField("起算日", help_text="计算进度用：方案的日期")
    adopted_by = models.CharField("采纳人", max_length=60)
    adopted_at = models.DateTimeField("采纳时间")

    class Meta:
        db_table = "plan_version"
        verbose_name = verbose_name_plural = "方案版次"
        constraints = [models.CheckConstraint(condition=Q(version__gte=1), name="plan_version_counts")]

    def __str__(self) -> str:
        return f"{self.title}（第{self.version}版）"


class Department(models.Model):
    """A department that the plan names, joined to the county's register of organizations where it is known there."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    short_name = models.CharField("简称", max_length=40)
    party = models.ForeignKey(
        "parties.Party", verbose_name="单位", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "plan_department"
        verbose_name = verbose_name_plural = "责任部门"

    def __str__(self) -> str:
        return self.short_name


class Task(models.Model):
    """A key task, as the version in force has it; dropped ones stay, because work and records hang on them."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    no = models.IntegerField("序号")
    title = models.CharField("名称", max_length=80, unique=True)
    text = models.TextField("内容", blank=True)
    lines = models.JSONField("行号", default=list)
    group_no = models.IntegerField("章序号")
    group_title = models.CharField("章", max_length=80)
    version = models.ForeignKey(PlanVersion, verbose_name="版次", on_delete=models.PROTECT, related_name="+")
    dropped = models.BooleanField("已取消", default=False)

    class Meta:
        db_table = "plan_task"
        verbose_name = verbose_name_plural = "重点任务"
        ordering = ("no",)
        constraints = [models.UniqueConstraint(fields=["no"], condition=Q(dropped=False), name="plan_task_one_number")]

    def __str__(self) -> str:
        return f"{self.no}. {self.title}"


class Assignment(models.Model):
    """A department leads a task, or supports it. Replaced as a whole when another version is adopted."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="assignments")
    department = models.ForeignKey(
        Department, verbose_name="部门", on_delete=models.PROTECT, related_name="assignments"
    )
    leads = models.BooleanField("牵头", help_text="否为配合")
    position = models.IntegerField("次序")
    raw_name = models.CharField("原文称谓", max_length=80)

    class Meta:
        db_table = "plan_assignment"
        verbose_name = verbose_name_plural = "任务分工"
        ordering = ("task", "-leads", "position")
        constraints = [models.UniqueConstraint(fields=["task", "department"], name="plan_assignment_once")]

    def __str__(self) -> str:
        return f"{self.department}（{'牵头' if self.leads else '配合'}）"


class ActionBox(models.Model):
    """A box of the plan with its actions: title and text each."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="boxes")
    no = models.IntegerField("序号", null=True, blank=True)
    title = models.CharField("名称", max_length=80)
    actions = models.JSONField("行动", default=list)

    class Meta:
        db_table = "plan_action_box"
        verbose_name = verbose_name_plural = "专栏"
        ordering = ("task", "no")

    def __str__(self) -> str:
        return self.title


class Indicator(models.Model):
    """One target of the plan and how it is counted. `code` survives a change of number or deadline."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class By(models.TextChoices):
        REGISTER = "register", "台账"
        SOURCE = "source", "平台数据"
        HAND = "hand", "人工填报"

    code = models.SlugField("代码", max_length=40, unique=True)
    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="indicators")
    position = models.IntegerField("次序")
    text = models.CharField("指标", max_length=200)
    kind = models.CharField("类型", max_length=16)
    unit = models.CharField("单位", max_length=20, blank=True)
    recurrence = models.CharField("周期", max_length=16, blank=True)
    by = models.CharField("数据来自", max_length=10, choices=By, default=By.HAND)
    source = models.CharField("来源", max_length=60, blank=True, help_text="台账代码，或平台数据的名称")
    weight = models.IntegerField("权重", default=1)
    stale_after_days = models.IntegerField("多少天不更新算陈旧", default=180)
    baseline = models.DecimalField("基期值", max_digits=24, decimal_places=6, null=True, blank=True)
    baseline_on = models.DateField("基期", null=True, blank=True)
    occurrences = models.JSONField("出处", default=list)
    version = models.ForeignKey(PlanVersion, verbose_name="版次", on_delete=models.PROTECT, related_name="+")
    dropped = models.BooleanField("已取消", default=False)

    class Meta:
        db_table = "plan_indicator"
        verbose_name = verbose_name_plural = "指标"
        ordering = ("task", "position")
        constraints = [
            models.CheckConstraint(condition=Q(weight__gte=1), name="plan_indicator_weight"),
            models.CheckConstraint(condition=Q(stale_after_days__gte=1), name="plan_indicator_stale"),
            models.CheckConstraint(
                condition=Q(by="hand", source="") | (~Q(by="hand") & ~Q(source="")), name="plan_indicator_source"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Target(models.Model):
    """What an indicator is to reach by a day. The plan's own target, and stages that the county set before it."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    indicator = models.ForeignKey(Indicator, verbose_name="指标", on_delete=models.PROTECT, related_name="targets")
    due_on = models.DateField("期限", null=True, blank=True, help_text="最后一天；没有期限为空")
    comparator = models.CharField("比较", max_length=6, blank=True)
    value = models.DecimalField("目标值", max_digits=24, decimal_places=6, null=True, blank=True)
    value_max = models.DecimalField("上限", max_digits=24, decimal_places=6, null=True, blank=True)
    value_text = models.CharField("原文写法", max_length=60, blank=True)
    staged = models.BooleanField("阶段目标", default=False)

    class Meta:
        db_table = "plan_target"
        verbose_name = verbose_name_plural = "目标值"
        ordering = ("indicator", "due_on")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "due_on"], nulls_distinct=False, name="plan_target_once"),
            models.CheckConstraint(
                condition=Q(value_max__isnull=True) | Q(value__isnull=False, value_max__gte=F("value")),
                name="plan_target_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.comparator}{self.value}"


class RoadmapItem(models.Model):
    """A line of the roadmap: what is to be done by a period, of one's own accord (★) or as usual (▲)."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="roadmap")
    position = models.IntegerField("次序", help_text="在任务的同一时期之内，从 1 起")
    period = models.CharField("时期", max_length=40)
    due_year = models.IntegerField("年份", null=True, blank=True)
    text = models.CharField("内容", max_length=300)
    stance = models.CharField("做法", max_length=12, blank=True, help_text="proactive ★、routine ▲")

    class Meta:
        db_table = "plan_roadmap_item"
        verbose_name = verbose_name_plural = "路线图事项"
        ordering = ("task", "due_year", "position")

    def __str__(self) -> str:
        return self.text
