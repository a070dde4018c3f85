"""Monthly statements of the programme's money, as they were signed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tanhui.rewards.models.mall import NOTHING_PERSONAL


class FundsStatement(models.Model):
    """What was signed for a month: canonical JSON, its signature and the key it is checked with. Only appended."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    month = models.DateField("月份", unique=True, help_text="当月第一天")
    content = models.BinaryField("签名内容")
    signature = models.CharField("签名", max_length=128)
    public_key = models.CharField("公钥", max_length=64)
    signed_at = models.DateTimeField("签名时间")
    signed_by = models.CharField("签名人", max_length=80)

    class Meta:
        db_table = "rewards_funds_statement"
        verbose_name = verbose_name_plural = "资金月报"
        constraints = [
            models.CheckConstraint(condition=models.Q(month__day=1), name="rewards_funds_statement_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
