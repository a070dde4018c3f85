"""Who was there, what was brought, and the cards of those without a phone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tanhui.community.models.occasions import Occasion
from tanhui.community.models.points import NOTHING_PERSONAL, choices, values
from tanhui.community.types import CheckInState, Weighed


class Card(models.Model):
    """A printed card of single-use tokens for a resident. The tokens follow from this row; they are not stored."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    party = models.ForeignKey("parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+")
    division_code = models.CharField("行政区划代码", max_length=12, blank=True)
    serials = models.SmallIntegerField("张数")
    valid_until = models.DateTimeField("有效期至")
    issued_at = models.DateTimeField("发放时间")
    issued_by = models.ForeignKey(
        "parties.User", verbose_name="发放人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    witness = models.ForeignKey("parties.User", verbose_name="见证人", on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField("作废时间", null=True, blank=True)
    reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        db_table = "community_card"
        verbose_name = verbose_name_plural = "二维码卡"
        constraints = [
            models.CheckConstraint(condition=Q(serials__range=(1, 96)), name="community_card_serials"),
            models.CheckConstraint(
                condition=Q(issued_by__isnull=True) | ~Q(witness=F("issued_by")), name="community_card_two_persons"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CheckIn(models.Model):
    """A person was at an occasion. Only its state moves; a mistake is corrected by another that names it.

    Who recorded it: staff, or a resident (the person or a guardian); the system where both are empty.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    occasion = models.ForeignKey(
        Occasion, verbose_name="活动", on_delete=models.PROTECT, related_name="check_ins", db_index=False
    )
    party = models.ForeignKey(
        "parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    by_user = models.ForeignKey(
        "parties.User", verbose_name="记录人员", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    by_party = models.ForeignKey(
        "parties.Party", verbose_name="记录居民", on_delete=models.PROTECT, null=True, related_name="+"
    )
    nonce = models.CharField("请求号", max_length=64)
    input_hash = models.BinaryField("请求摘要", max_length=32)
    happened_at = models.DateTimeField("发生时间")
    recorded_at = models.DateTimeField("记录时间")
    offline = models.BooleanField("离线补传", default=False)
    card = models.ForeignKey(
        Card, verbose_name="二维码卡", on_delete=models.PROTECT, null=True, related_name="uses", db_index=False
    )
    serial = models.SmallIntegerField("卡上序号", null=True)
    minutes = models.IntegerField("服务时长（分钟）", null=True)
    score = models.IntegerField("得分", null=True)
    score_of = models.IntegerField("满分", null=True)
    corrects = models.ForeignKey(
        "self", verbose_name="更正", on_delete=models.PROTECT, null=True, related_name="corrections", db_index=False
    )
    reason = models.CharField("更正原因", max_length=200, blank=True)
    state = models.CharField("状态", max_length=10, choices=choices(CheckInState))
    confirmed_by = models.ForeignKey(
        "parties.User", verbose_name="确认人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True)
    refusal = models.CharField("未通过原因", max_length=200, blank=True)

    class Meta:
        db_table = "community_check_in"
        verbose_name = verbose_name_plural = "签到"
        indexes = [
            models.Index(fields=["occasion", "id"], name="community_check_in_occasion"),
            models.Index(fields=["party", "id"], name="community_check_in_own"),
            models.Index(fields=["happened_at"], name="community_check_in_time"),
            models.Index(fields=["id"], condition=Q(state="pending"), name="community_check_in_pending"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["by_user", "by_party", "nonce"], nulls_distinct=False, name="community_check_in_nonce"
            ),
            models.UniqueConstraint(
                fields=["card", "serial"], condition=Q(card__isnull=False), name="community_check_in_serial"
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(corrects__isnull=False) & ~Q(state="refused"),
                name="community_check_in_corrected_once",
            ),
            models.CheckConstraint(condition=Q(state__in=values(CheckInState)), name="community_check_in_state"),
            models.CheckConstraint(
                condition=Q(card__isnull=True, serial__isnull=True) | Q(card__isnull=False, serial__gte=1),
                name="community_check_in_card",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("pending", "refused", "corrected"))
                | Q(by_user__isnull=True)
                | Q(card__isnull=False)
                | Q(confirmed_by__isnull=False),
                name="community_check_in_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("by_user")),
                name="community_check_in_another",
            ),
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__range=(1, 1440)), name="community_check_in_minutes"
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True, score_of__isnull=True)
                | Q(score__gte=0, score_of__gte=1, score__lte=F("score_of")),
                name="community_check_in_score",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(reason=""), name="community_check_in_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Measurement(models.Model):
    """One measured quantity of a check-in, and what the scenario is told of it."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    check_in = models.ForeignKey(
        CheckIn, verbose_name="签到", on_delete=models.PROTECT, related_name="measured", db_index=False
    )
    line = models.SmallIntegerField("行")
    material = models.CharField("物料", max_length=40)
    mass_g = models.BigIntegerField("质量（克）", null=True)
    item_count = models.IntegerField("件数", null=True)
    weighed = models.CharField("称量方式", max_length=8, choices=choices(Weighed))
    reading = models.CharField("电子秤读数", max_length=80, blank=True)
    scenario = models.CharField("场景", max_length=40, blank=True, help_text="空为还没有方法")
    inputs = models.JSONField("报送内容")
    grade = models.SmallIntegerField("证据等级", help_text="1=A 2=B 3=C 4=D")

    class Meta:
        db_table = "community_measurement"
        verbose_name = verbose_name_plural = "称量"
        constraints = [
            models.UniqueConstraint(fields=["check_in", "line"], name="community_measurement_line"),
            models.UniqueConstraint(fields=["check_in", "material"], name="community_measurement_material"),
            models.CheckConstraint(
                condition=(Q(mass_g__isnull=False) | Q(item_count__isnull=False))
                & (Q(mass_g__isnull=True) | Q(mass_g__gte=1))
                & (Q(item_count__isnull=True) | Q(item_count__gte=1)),
                name="community_measurement_quantity",
            ),
            models.CheckConstraint(condition=Q(weighed__in=values(Weighed)), name="community_measurement_weighed"),
            models.CheckConstraint(condition=Q(grade__range=(1, 4)), name="community_measurement_grade"),
        ]

    def __str__(self) -> str:
        return f"{self.check_in_id}/{self.line} {self.material}"


class CheckInNews(models.Model):
    """A check-in took a state; ids appear in order of commit, so that other rooms can read on from one."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    check_in = models.ForeignKey(
        CheckIn, verbose_name="签到", on_delete=models.PROTECT, related_name="news", db_index=False
    )
    state = models.CharField("状态", max_length=10, choices=choices(CheckInState))
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "community_check_in_news"
        verbose_name = verbose_name_plural = "签到消息"
        constraints = [models.UniqueConstraint(fields=["check_in", "state"], name="community_check_in_news_once")]

    def __str__(self) -> str:
        return f"{self.check_in_id} {self.state}"
