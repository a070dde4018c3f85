"""The year's money, queues, and persons who may not exchange for a while."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tanhui.rewards.models.mall import NOTHING_PERSONAL, Offer, Voucher, choices, values
from tanhui.rewards.types import WaitingState


class BudgetLine(models.Model):
    """What may be promised in a year, in all (no offer) or of one offer; `committed_fen` is promised and not back."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    year = models.IntegerField("年度")
    offer = models.ForeignKey(
        Offer, verbose_name="权益", on_delete=models.PROTECT, null=True, blank=True, related_name="budget_lines"
    )
    amount_fen = models.BigIntegerField("金额（分）")
    reserve_fen = models.BigIntegerField("预留（分）", default=0)
    committed_fen = models.BigIntegerField("已承诺（分）", default=0)
    source = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        db_table = "rewards_budget_line"
        verbose_name = verbose_name_plural = "年度资金"
        constraints = [
            models.UniqueConstraint(fields=["year"], condition=Q(offer__isnull=True), name="rewards_budget_year_once"),
            models.UniqueConstraint(
                fields=["year", "offer"], condition=Q(offer__isnull=False), name="rewards_budget_offer_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_fen__gte=0,
                    reserve_fen__gte=0,
                    committed_fen__gte=0,
                    committed_fen__lte=F("amount_fen") - F("reserve_fen"),
                ),
                name="rewards_budget_kept",
            ),
            models.CheckConstraint(
                condition=Q(offer__isnull=True) | Q(reserve_fen=0), name="rewards_budget_reserve_of_year"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}/{self.offer_id or ''}"


class Waiting(models.Model):
    """A person's place in the queue for an offer; a reserved one counts as taken in stock and budget."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    offer = models.ForeignKey(
        Offer, verbose_name="权益", on_delete=models.PROTECT, related_name="queue", db_index=False
    )
    party = models.ForeignKey("parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=choices(WaitingState))
    entered_at = models.DateTimeField("排队时间")
    reserved_at = models.DateTimeField("保留时间", null=True, blank=True)
    reserved_until = models.DateTimeField("保留至", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    voucher = models.OneToOneField(
        Voucher, verbose_name="代金券", on_delete=models.PROTECT, null=True, blank=True, related_name="waited"
    )

    class Meta:
        db_table = "rewards_waiting"
        verbose_name = verbose_name_plural = "排队"
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "party"], condition=Q(state__in=["waiting", "reserved"]), name="rewards_waiting_once"
            ),
            models.CheckConstraint(condition=Q(state__in=values(WaitingState)), name="rewards_waiting_state"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "reserved"], ended_at__isnull=True)
                | (~Q(state__in=["waiting", "reserved"]) & Q(ended_at__isnull=False)),
                name="rewards_waiting_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state="reserved") | Q(reserved_at__isnull=False, reserved_until__isnull=False),
                name="rewards_waiting_reserved",
            ),
            models.CheckConstraint(
                condition=Q(state="taken", voucher__isnull=False) | (~Q(state="taken") & Q(voucher__isnull=True)),
                name="rewards_waiting_taken",
            ),
        ]
        indexes = [
            models.Index(fields=["offer", "id"], condition=Q(state="waiting"), name="rewards_waiting_queue"),
            models.Index(fields=["reserved_until"], condition=Q(state="reserved"), name="rewards_waiting_lapsing"),
        ]

    def __str__(self) -> str:
        return self.number


class Hold(models.Model):
    """A person may not exchange, by a decision with its reason, until a time or until lifted."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    party = models.ForeignKey("parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("原因", max_length=400)
    case = models.CharField("案件", max_length=30)
    began_at = models.DateTimeField("开始时间")
    until = models.DateTimeField("截止时间", null=True, blank=True)
    lifted_at = models.DateTimeField("解除时间", null=True, blank=True)
    lift_reason = models.CharField("解除原因", max_length=400, blank=True)

    class Meta:
        db_table = "rewards_hold"
        verbose_name = verbose_name_plural = "暂停兑换"
        constraints = [
            models.UniqueConstraint(
                fields=["party", "case"], condition=Q(lifted_at__isnull=True), name="rewards_hold_once"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("began_at")), name="rewards_hold_until"
            ),
        ]

    def __str__(self) -> str:
        return self.number
