"""What is held, how many places there are, and who has one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tanhui.community.models.points import NOTHING_PERSONAL, CollectionPoint, choices, values
from tanhui.community.types import BookingState, OccasionKind, OccasionState


class Occasion(models.Model):
    """Something that people come to, [starts_at, ends_at). What it is stays as it was once it is open."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    kind = models.CharField("类别", max_length=12, choices=choices(OccasionKind))
    title = models.CharField("名称", max_length=80)
    summary = models.TextField("说明", blank=True)
    host = models.ForeignKey("parties.Party", verbose_name="主办单位", on_delete=models.PROTECT, related_name="+")
    division_code = models.CharField("行政区划代码", max_length=12)
    place = models.CharField("地点", max_length=120)
    point = models.ForeignKey(
        CollectionPoint, verbose_name="回收点", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    bookable = models.BooleanField("可预约")
    book_from = models.DateTimeField("开始预约", null=True, blank=True)
    book_to = models.DateTimeField("停止预约", null=True, blank=True)
    materials = models.JSONField("物料", help_text="县域文件 community/materials.toml 的代码")
    audience = models.CharField("面向", max_length=40, blank=True)
    minutes = models.IntegerField("服务时长（分钟）", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=choices(OccasionState))
    reason = models.CharField("取消原因", max_length=200, blank=True)
    created_at = models.DateTimeField("创建时间")
    closed_at = models.DateTimeField("结束或取消时间", null=True, blank=True)

    class Meta:
        db_table = "community_occasion"
        verbose_name = verbose_name_plural = "活动"
        indexes = [
            models.Index(fields=["starts_at"], name="community_occasion_starts"),
            models.Index(fields=["division_code", "starts_at"], name="community_occasion_place"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=values(OccasionKind)), name="community_occasion_kind"),
            models.CheckConstraint(condition=Q(state__in=values(OccasionState)), name="community_occasion_state"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="community_occasion_order"),
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__range=(1, 1440)), name="community_occasion_minutes"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "open"), closed_at__isnull=True)
                | Q(state__in=("closed", "cancelled"), closed_at__isnull=False),
                name="community_occasion_over",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Places(models.Model):
    """The one row of an occasion that many want at once: how many places, how many of them are held."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    occasion = models.OneToOneField(
        Occasion, verbose_name="活动", on_delete=models.PROTECT, primary_key=True, related_name="places"
    )
    capacity = models.IntegerField("名额", null=True, blank=True, help_text="空为不限")
    taken = models.IntegerField("已占", default=0)

    class Meta:
        db_table = "community_places"
        verbose_name = verbose_name_plural = "名额"
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0) & (Q(capacity__isnull=True) | Q(taken__lte=F("capacity"))),
                name="community_places_taken",
            ),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(capacity__gte=1), name="community_places_capacity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taken}/{self.capacity}"


class Booking(models.Model):
    """A person's place in an occasion, or in its waiting list (in order of id).

    Who booked: the person where both `by_user` and `by_party` are empty.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    occasion = models.ForeignKey(
        Occasion, verbose_name="活动", on_delete=models.PROTECT, related_name="bookings", db_index=False
    )
    party = models.ForeignKey(
        "parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField("状态", max_length=10, choices=choices(BookingState))
    key = models.CharField("请求键", max_length=80)
    input_hash = models.BinaryField("请求摘要", max_length=32)
    note = models.CharField("备注", max_length=200, blank=True)
    booked_at = models.DateTimeField("预约时间")
    by_user = models.ForeignKey(
        "parties.User", verbose_name="代办人员", on_delete=models.PROTECT, null=True, related_name="+"
    )
    by_party = models.ForeignKey(
        "parties.Party", verbose_name="代办居民", on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField("状态时间")

    class Meta:
        db_table = "community_booking"
        verbose_name = verbose_name_plural = "预约"
        indexes = [
            models.Index(fields=["occasion", "state", "id"], name="community_booking_queue"),
            models.Index(fields=["party", "id"], name="community_booking_own"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["party", "key"], name="community_booking_key"),
            models.UniqueConstraint(
                fields=["occasion", "party"], condition=~Q(state="released"), name="community_booking_once"
            ),
            models.CheckConstraint(condition=Q(state__in=values(BookingState)), name="community_booking_state"),
        ]

    def __str__(self) -> str:
        return self.number
