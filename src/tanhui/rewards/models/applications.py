"""Applications to the alliance."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tanhui.rewards.models.mall import NOTHING_PERSONAL, Merchant, choices, values
from tanhui.rewards.types import ApplicationState


class MerchantApplication(models.Model):
    """What a unit sent about itself, and what was decided. Public facts of a business, no person."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    name = models.CharField("单位全称", max_length=80)
    credit_code = models.CharField("统一社会信用代码", max_length=18)
    title = models.CharField("对外名称", max_length=80)
    shop_title = models.CharField("门店名称", max_length=80)
    division_code = models.CharField("行政区划代码", max_length=12)
    address = models.CharField("地址", max_length=120, blank=True)
    kinds = models.CharField("权益类别", max_length=80, blank=True, help_text="以空格隔开")
    words = models.CharField("拟提供的权益", max_length=500, blank=True)
    received_at = models.DateTimeField("收到时间")
    state = models.CharField("状态", max_length=10, choices=choices(ApplicationState))
    decided_at = models.DateTimeField("审核时间", null=True, blank=True)
    decided_by = models.CharField("审核人", max_length=80, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True)
    merchant = models.OneToOneField(
        Merchant, verbose_name="商户", on_delete=models.PROTECT, null=True, blank=True, related_name="application"
    )

    class Meta:
        db_table = "rewards_merchant_application"
        verbose_name = verbose_name_plural = "入盟申请"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=values(ApplicationState)), name="rewards_application_state"),
            models.CheckConstraint(
                condition=Q(state="received", decided_at__isnull=True, merchant__isnull=True)
                | Q(state="accepted", decided_at__isnull=False, merchant__isnull=False)
                | (Q(state="declined", decided_at__isnull=False, merchant__isnull=True) & ~Q(reason="")),
                name="rewards_application_decided",
            ),
        ]
        indexes = [models.Index(fields=["credit_code"], condition=Q(state="received"), name="rewards_application_open")]

    def __str__(self) -> str:
        return self.title
