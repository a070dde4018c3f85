"""Where recyclables are taken, how it is there, and what recyclers pay."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models import Q

from tanhui.community.types import PointKind, PointState

NOTHING_PERSONAL: frozenset[str] = frozenset()


def values(kinds: type[StrEnum]) -> list[str]:
    return [each.value for each in kinds]


def choices(kinds: type[StrEnum]) -> list[tuple[str, str]]:
    return [(each.value, each.label) for each in kinds]  # type: ignore[attr-defined]  # every one has its words


class CollectionPoint(models.Model):
    """A staffed point or a box, with the state that staff saw last."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    kind = models.CharField("类别", max_length=8, choices=choices(PointKind))
    title = models.CharField("名称", max_length=80)
    division_code = models.CharField("行政区划代码", max_length=12, db_index=True)
    address = models.CharField("地址", max_length=120)
    materials = models.JSONField("物料", help_text="县域文件 community/materials.toml 的代码")
    hours = models.CharField("开放时间", max_length=80, blank=True)
    longitude_e6 = models.IntegerField("经度（百万分之一度）", null=True, blank=True)
    latitude_e6 = models.IntegerField("纬度（百万分之一度）", null=True, blank=True)
    state = models.CharField("状态", max_length=8, choices=choices(PointState))
    state_at = models.DateTimeField("核对时间")
    created_at = models.DateTimeField("登记时间")

    class Meta:
        db_table = "community_collection_point"
        verbose_name = verbose_name_plural = "回收点"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=values(PointKind)), name="community_point_kind"),
            models.CheckConstraint(condition=Q(state__in=values(PointState)), name="community_point_state"),
            models.CheckConstraint(
                condition=Q(longitude_e6__isnull=True, latitude_e6__isnull=True)
                | Q(longitude_e6__range=(-180_000_000, 180_000_000), latitude_e6__range=(-90_000_000, 90_000_000)),
                name="community_point_place",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PointNotice(models.Model):
    """Somebody said how a point is: staff's word is the state, anybody else's a report. `party` is empty where a
    passer-by without an account said it; the words of a resident go with the resident.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    point = models.ForeignKey(
        CollectionPoint, verbose_name="回收点", on_delete=models.PROTECT, related_name="notices", db_index=False
    )
    official = models.BooleanField("工作人员核对")
    party = models.ForeignKey(
        "parties.Party", verbose_name="居民", on_delete=models.PROTECT, null=True, related_name="+"
    )
    user = models.ForeignKey(
        "parties.User", verbose_name="工作人员", on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField("状态", max_length=8, choices=choices(PointState))
    note = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "community_point_notice"
        verbose_name = verbose_name_plural = "回收点情况"
        indexes = [models.Index(fields=["point", "at"], name="community_point_notice_latest")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=values(PointState)), name="community_point_notice_state"),
            models.CheckConstraint(
                condition=Q(official=True, party__isnull=True) | Q(official=False, user__isnull=True),
                name="community_point_notice_hand",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.state}"


class MaterialPrice(models.Model):
    """What a recycler pays from a day on. Only appended; of two for one day the later one holds."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    organization = models.ForeignKey(
        "parties.Party", verbose_name="回收企业", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    material = models.CharField("物料", max_length=40)
    price_fen = models.IntegerField("单价（分）", help_text="每千克或每件")
    valid_from = models.DateField("起始日")
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        db_table = "community_material_price"
        verbose_name = verbose_name_plural = "回收价格"
        indexes = [
            models.Index(fields=["organization", "material", "valid_from"], name="community_price_latest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price_fen__range=(0, 10_000_000)), name="community_price_range")
        ]

    def __str__(self) -> str:
        return f"{self.material} {self.valid_from}"
