"""The work on a task: who is asked, what is done by when, what waits for what, and what an officer overrules."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tanhui.plan.models.adoption import NOTHING_PERSONAL, Department, Indicator, RoadmapItem, Task


class Contact(models.Model):
    """The member of staff who answers for a department's part in a task."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="contacts")
    department = models.ForeignKey(Department, verbose_name="部门", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="联系人", on_delete=models.PROTECT, related_name="+"
    )
    since_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        db_table = "plan_contact"
        verbose_name = verbose_name_plural = "联系人"
        constraints = [
            models.UniqueConstraint(
                fields=["task", "department"], condition=Q(ended_at__isnull=True), name="plan_contact_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.department}"


class SubTask(models.Model):
    """A piece of work towards a task, with an owner, a day by which it is due and the day when it was done."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    task = models.ForeignKey(Task, verbose_name="任务", on_delete=models.PROTECT, related_name="sub_tasks")
    roadmap_item = models.ForeignKey(
        RoadmapItem, verbose_name="路线图事项", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    department = models.ForeignKey(Department, verbose_name="责任部门", on_delete=models.PROTECT, related_name="+")
    title = models.CharField("事项", max_length=120)
    due_on = models.DateField("期限")
    done_on = models.DateField("完成日期", null=True, blank=True)
    cancelled = models.BooleanField("已取消", default=False)
    note = models.CharField("说明", max_length=500, blank=True)
    created_by = models.CharField("建立者", max_length=60)
    created_at = models.DateTimeField("建立时间")

    class Meta:
        db_table = "plan_sub_task"
        verbose_name = verbose_name_plural = "子任务"
        ordering = ("due_on", "id")
        constraints = [
            models.CheckConstraint(condition=Q(done_on__isnull=True) | Q(cancelled=False), name="plan_sub_task_end")
        ]

    def __str__(self) -> str:
        return self.title


class Dependency(models.Model):
    """`after` cannot be done before `before` is. The room keeps the whole free of circles."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    before = models.ForeignKey(SubTask, verbose_name="先做", on_delete=models.PROTECT, related_name="followers")
    after = models.ForeignKey(SubTask, verbose_name="后做", on_delete=models.PROTECT, related_name="requirements")

    class Meta:
        db_table = "plan_dependency"
        verbose_name = verbose_name_plural = "先后关系"
        constraints = [
            models.UniqueConstraint(fields=["before", "after"], name="plan_dependency_once"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="plan_dependency_two"),
        ]

    def __str__(self) -> str:
        return f"{self.before_id} → {self.after_id}"


class Override(models.Model):
    """A status set by hand over what the rule says, with the reason that everybody sees. Appended; latest holds."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    indicator = models.ForeignKey(Indicator, verbose_name="指标", on_delete=models.PROTECT, related_name="overrides")
    status = models.CharField("状态", max_length=12, blank=True, help_text="空为恢复按规则判断")
    reason = models.CharField("理由", max_length=500)
    decided_by = models.CharField("决定人", max_length=60)
    decided_at = models.DateTimeField("决定时间")

    class Meta:
        db_table = "plan_override"
        verbose_name = verbose_name_plural = "人工判定"

    def __str__(self) -> str:
        return self.reason


class Reminder(models.Model):
    """What a department was reminded of, once for each occasion: a deadline that comes, a figure that grew stale."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    department = models.ForeignKey(Department, verbose_name="部门", on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField("类型", max_length=20)
    subject = models.CharField("对象", max_length=60, help_text="indicator:代码、sub-task:编号、notice:编号")
    occasion = models.CharField("场合", max_length=40, help_text="同一场合只提醒一次，如 2025-12-31/30")
    message = models.CharField("内容", max_length=300)
    made_at = models.DateTimeField("提醒时间")

    class Meta:
        db_table = "plan_reminder"
        verbose_name = verbose_name_plural = "提醒"
        constraints = [
            models.UniqueConstraint(fields=["department", "kind", "subject", "occasion"], name="plan_reminder_once")
        ]

    def __str__(self) -> str:
        return self.message
