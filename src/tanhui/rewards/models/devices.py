"""A merchant's phones."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tanhui.rewards.models.mall import NOTHING_PERSONAL, Merchant, Shop


class MerchantDevice(models.Model):
    """A phone that redeems for a shop in the name of one of its people. Code and token are kept as keyed hashes."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="devices")
    shop = models.ForeignKey(
        Shop, verbose_name="门店", on_delete=models.PROTECT, related_name="devices", db_index=False
    )
    user = models.ForeignKey("parties.User", verbose_name="人员", on_delete=models.PROTECT, related_name="+")
    title = models.CharField("名称", max_length=40, help_text="如：前台手机；不写人名")
    code_hash = models.BinaryField("配对码摘要", max_length=32, unique=True)
    invited_at = models.DateTimeField("允许时间")
    invited_until = models.DateTimeField("配对码有效期")
    token_hash = models.BinaryField("凭证摘要", max_length=32, unique=True, null=True, blank=True)
    entered_at = models.DateTimeField("配对时间", null=True, blank=True)
    last_seen_at = models.DateTimeField("最近使用", null=True, blank=True, help_text="精确到一小时")
    ended_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        db_table = "rewards_merchant_device"
        verbose_name = verbose_name_plural = "商户设备"
        constraints = [
            models.CheckConstraint(
                condition=Q(token_hash__isnull=True, entered_at__isnull=True)
                | Q(token_hash__isnull=False, entered_at__isnull=False),
                name="rewards_merchant_device_entered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"
