"""Registers, their records with evidence, and the figures that come of them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tanhui.plan.models.adoption import NOTHING_PERSONAL, Department, Indicator


class Register(models.Model):
    """One kind of counted fact; what a row is, is said by the county's document (the latest edition)."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    code = models.SlugField("代码", max_length=60, unique=True)
    title = models.CharField("名称", max_length=80)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        db_table = "plan_register"
        verbose_name = verbose_name_plural = "台账"

    def __str__(self) -> str:
        return self.title


class RegisterEdition(models.Model):
    """A register's document as it stood from some time on. Only ever appended, also where a document returns to what
    it was: the latest edition holds. A record keeps its own."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    register = models.ForeignKey(Register, verbose_name="台账", on_delete=models.PROTECT, related_name="editions")
    content = models.JSONField("内容")
    content_hash = models.CharField("内容摘要", max_length=64)
    loaded_by = models.CharField("装入者", max_length=60)
    loaded_at = models.DateTimeField("装入时间")

    class Meta:
        db_table = "plan_register_edition"
        verbose_name = verbose_name_plural = "台账版本"

    def __str__(self) -> str:
        return self.content_hash[:12]


class Record(models.Model):
    """One row of a register, or (with `indicator`) one value by hand. Its content never changes after filing.

    `live_key` is the row's key while it stands: no two standing rows of a register have the same. A record that
    corrects another takes its key only when it is approved; `void` says that the other is struck out instead.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class State(models.TextChoices):
        FILED = "filed", "待审核"
        APPROVED = "approved", "已审核"
        RETURNED = "returned", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"
        CORRECTED = "corrected", "已更正"

    id = models.BigAutoField("序号", primary_key=True)
    number = models.CharField("编号", max_length=30, unique=True)
    register = models.ForeignKey(
        Register, verbose_name="台账", on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    edition = models.ForeignKey(
        RegisterEdition, verbose_name="台账版本", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, null=True, blank=True, related_name="reports"
    )
    values = models.JSONField("内容", default=dict)
    happened_on = models.DateField("发生日期")
    division_code = models.CharField("行政区划", max_length=12, blank=True)
    longitude_e6 = models.IntegerField("经度（百万分之一度）", null=True, blank=True)
    latitude_e6 = models.IntegerField("纬度（百万分之一度）", null=True, blank=True)
    department = models.ForeignKey(Department, verbose_name="填报部门", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=State, default=State.FILED)
    live_key = models.BinaryField("唯一键", max_length=16, null=True, blank=True)
    corrects = models.ForeignKey(
        "self", verbose_name="更正", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    void = models.BooleanField("作废原记录", default=False)
    note = models.CharField("说明", max_length=500, blank=True)
    sample = models.BooleanField("示例", default=False, help_text="演示数据，不是事实")
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="填报人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    filed_at = models.DateTimeField("填报时间")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="审核人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)
    review_note = models.CharField("审核意见", max_length=500, blank=True)

    class Meta:
        db_table = "plan_record"
        verbose_name = verbose_name_plural = "台账记录"
        indexes = [
            models.Index(fields=["register", "state", "-id"], name="plan_record_listed"),
            models.Index(fields=["indicator", "state", "-id"], name="plan_record_by_hand"),
            models.Index(fields=["state", "department"], name="plan_record_waiting"),
            models.Index(fields=["register", "state"], condition=Q(sample=True), name="plan_record_invented"),
            models.Index(
                fields=["register", "happened_on", "id"],
                include=["sample"],
                condition=Q(state="approved", void=False),
                name="plan_record_counted",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(register__isnull=False, edition__isnull=False, indicator__isnull=True)
                | Q(register__isnull=True, edition__isnull=True, indicator__isnull=False),
                name="plan_record_of_what",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | Q(filed_by__isnull=True) | ~Q(reviewed_by=F("filed_by")),
                name="plan_record_second_person",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["filed", "withdrawn"]) & Q(reviewed_at__isnull=True))
                | (Q(state__in=["approved", "returned", "corrected"]) & Q(reviewed_at__isnull=False)),
                name="plan_record_reviewed",
            ),
            models.CheckConstraint(
                condition=Q(live_key__isnull=True) | Q(state__in=["filed", "approved"]), name="plan_record_standing"
            ),
            models.CheckConstraint(condition=Q(void=False) | Q(corrects__isnull=False), name="plan_record_void"),
            models.CheckConstraint(
                condition=Q(longitude_e6__isnull=True, latitude_e6__isnull=True)
                | Q(
                    longitude_e6__range=(-180_000_000, 180_000_000),
                    latitude_e6__range=(-90_000_000, 90_000_000),
                ),
                name="plan_record_place",
            ),
            models.UniqueConstraint(fields=["register", "live_key"], name="plan_record_one_key"),
            models.UniqueConstraint(
                fields=["corrects"], condition=Q(state__in=["filed", "approved"]), name="plan_record_one_correction"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Evidence(models.Model):
    """A file that proves a record, a notice's answer or a case; known by the hash of its bytes."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    record = models.ForeignKey(Record, verbose_name="记录", on_delete=models.PROTECT, related_name="evidence")
    name = models.CharField("文件名", max_length=120)
    media_type = models.CharField("类型", max_length=80)
    digest = models.CharField("内容摘要", max_length=64, help_text="SHA-256")
    content = models.BinaryField("内容")
    added_at = models.DateTimeField("上传时间")

    class Meta:
        db_table = "plan_evidence"
        verbose_name = verbose_name_plural = "佐证材料"

    def __str__(self) -> str:
        return self.name


class Figure(models.Model):
    """An indicator's value at a time, with what it was counted from. Only ever appended: the latest one holds."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    id = models.BigAutoField("序号", primary_key=True)
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, related_name="figures", db_index=False
    )
    value = models.DecimalField("数值", max_digits=24, decimal_places=6)
    rows = models.IntegerField("由多少条记录得出", default=0)
    as_of = models.DateField("截至")
    counted_from = models.CharField("来自", max_length=80, help_text="register:代码、source:名称、hand:记录编号")
    counted_at = models.DateTimeField("计算时间")

    class Meta:
        db_table = "plan_figure"
        verbose_name = verbose_name_plural = "指标数值"
        indexes = [
            models.Index(fields=["indicator", "-id"], name="plan_figure_latest"),
            models.Index(fields=["indicator", "-id"], condition=Q(rows=0), name="plan_figure_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.value}"
