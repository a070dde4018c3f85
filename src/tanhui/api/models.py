"""What the door must remember between requests: revoked tokens, kept answers, windows of rate limits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

NOTHING_PERSONAL: frozenset[str] = frozenset()


class TokenEpoch(models.Model):
    """How often a resident has signed out everywhere: a token of an earlier epoch is no longer valid."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    party_number = models.CharField("居民编号", max_length=32, primary_key=True)
    epoch = models.IntegerField("轮次", default=0)

    class Meta:
        db_table = "api_token_epoch"
        verbose_name = verbose_name_plural = "登录轮次"

    def __str__(self) -> str:
        return f"{self.party_number}: {self.epoch}"


class KeptAnswer(models.Model):
    """The first answer to a write that carried an idempotency key, for a day: the same request gets it again."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    key = models.BinaryField("键", max_length=32, primary_key=True, help_text="居民编号与幂等键的摘要")
    fingerprint = models.BinaryField("请求摘要", max_length=32)
    status = models.SmallIntegerField("状态码")
    answer = models.JSONField("答复")
    answered_at = models.DateTimeField("答复时间", db_index=True)

    class Meta:
        db_table = "api_kept_answer"
        verbose_name = verbose_name_plural = "幂等答复"

    def __str__(self) -> str:
        return f"{self.status} {self.answered_at}"


class RateWindow(models.Model):
    """How many requests a caller has made in its current window. Unlogged: a crash may forget it."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    key = models.BinaryField("键", max_length=16, primary_key=True, help_text="调用者与限额名称的带密钥摘要")
    starts_at = models.DateTimeField("窗口开始", db_index=True)
    count = models.IntegerField("次数", default=0)

    class Meta:
        db_table = "api_rate_window"
        verbose_name = verbose_name_plural = "限流窗口"

    def __str__(self) -> str:
        return f"{self.starts_at}: {self.count}"
