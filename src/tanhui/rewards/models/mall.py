"""The alliance, what is offered, what was bought, what was tried at a merchant's."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tanhui.rewards.types import MerchantState, OfferKind, OfferState, Outcome, StaffRole, VoucherState

NOTHING_PERSONAL: frozenset[str] = frozenset()
AT_ONCE = ("honor", "donation")


def values(kinds: type[StrEnum]) -> list[str]:
    return [each.value for each in kinds]


def choices(kinds: type[StrEnum]) -> list[tuple[str, str]]:
    return [(each.value, each.label) for each in kinds]  # type: ignore[attr-defined]  # every one has its words


class Merchant(models.Model):
    """An organization in the alliance, for the days of its contract [from, to)."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    party = models.ForeignKey("parties.Party", verbose_name="单位", on_delete=models.PROTECT, related_name="+")
    title = models.CharField("名称", max_length=80)
    state = models.CharField("状态", max_length=12, choices=choices(MerchantState))
    contract_from = models.DateField("合作起始日")
    contract_to = models.DateField("合作截止日（不含当日）")
    applied_at = models.DateTimeField("申请时间")
    state_at = models.DateTimeField("状态起始时间", null=True, blank=True, help_text="暂停、恢复、退出的时间")

    class Meta:
        db_table = "rewards_merchant"
        verbose_name = verbose_name_plural = "商户"
        constraints = [
            models.UniqueConstraint(fields=["party"], condition=~Q(state="left"), name="rewards_merchant_once"),
            models.CheckConstraint(condition=Q(contract_to__gt=F("contract_from")), name="rewards_merchant_contract"),
            models.CheckConstraint(condition=Q(state__in=values(MerchantState)), name="rewards_merchant_state"),
        ]

    def __str__(self) -> str:
        return self.title


class Shop(models.Model):
    """A place of a merchant where vouchers are redeemed, with the plate that hangs there."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="shops")
    title = models.CharField("名称", max_length=80)
    division_code = models.CharField("行政区划代码", max_length=12)
    address = models.CharField("地址", max_length=120, blank=True)
    plate = models.CharField("牌号", max_length=20, blank=True)
    closed_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        db_table = "rewards_shop"
        verbose_name = verbose_name_plural = "门店"
        constraints = [
            models.UniqueConstraint(fields=["plate"], condition=~Q(plate=""), name="rewards_shop_plate"),
            models.UniqueConstraint(
                fields=["merchant", "title"], condition=Q(closed_at__isnull=True), name="rewards_shop_title"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MerchantStaff(models.Model):
    """A user works for a merchant, for a time."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="staff")
    user = models.ForeignKey("parties.User", verbose_name="人员", on_delete=models.PROTECT, related_name="+")
    role = models.CharField("岗位", max_length=8, choices=choices(StaffRole))
    began_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        db_table = "rewards_merchant_staff"
        verbose_name = verbose_name_plural = "商户人员"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "user"], condition=Q(ended_at__isnull=True), name="rewards_merchant_staff_once"
            ),
            models.CheckConstraint(condition=Q(role__in=values(StaffRole)), name="rewards_merchant_staff_role"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id}/{self.user_id}"


class Stock(models.Model):
    """How many there are of something, and how many are taken by vouchers that were not cancelled."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    title = models.CharField("名称", max_length=80)
    quantity = models.BigIntegerField("总量")
    taken = models.BigIntegerField("已兑出", default=0)

    class Meta:
        db_table = "rewards_stock"
        verbose_name = verbose_name_plural = "库存"
        constraints = [
            models.CheckConstraint(condition=Q(taken__gte=0, taken__lte=F("quantity")), name="rewards_stock_taken")
        ]

    def __str__(self) -> str:
        return self.title


class Offer(models.Model):
    """Something that points buy. Frozen once published; a changed offer is a new one."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    kind = models.CharField("类别", max_length=12, choices=choices(OfferKind))
    title = models.CharField("名称", max_length=80)
    terms = models.TextField("使用说明")
    price_points = models.IntegerField("兑换积分")
    face_value_fen = models.IntegerField("面值（分）", help_text="荣誉和公益捐赠为 0")
    sale_from = models.DateTimeField("开始兑换")
    sale_to = models.DateTimeField("停止兑换")
    valid_days = models.IntegerField("有效天数", null=True, blank=True)
    valid_until = models.DateTimeField("有效期至", null=True, blank=True)
    per_person_limit = models.IntegerField("每人限兑", null=True, blank=True)
    per_person_day_limit = models.IntegerField("每人每日限兑", null=True, blank=True)
    per_day_limit = models.IntegerField("每日限兑", null=True, blank=True)
    cancel_hours = models.IntegerField("可取消的小时数", null=True, blank=True, help_text="空为使用前均可，0 为不可")
    stock = models.ForeignKey(
        Stock, verbose_name="库存", on_delete=models.PROTECT, null=True, blank=True, related_name="offers"
    )
    state = models.CharField("状态", max_length=12, choices=choices(OfferState))
    created_at = models.DateTimeField("创建时间")

    class Meta:
        db_table = "rewards_offer"
        verbose_name = verbose_name_plural = "权益"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=values(OfferKind)), name="rewards_offer_kind"),
            models.CheckConstraint(condition=Q(state__in=values(OfferState)), name="rewards_offer_state"),
            models.CheckConstraint(condition=Q(price_points__gt=0), name="rewards_offer_price"),
            models.CheckConstraint(
                condition=Q(kind__in=AT_ONCE, face_value_fen=0) | (~Q(kind__in=AT_ONCE) & Q(face_value_fen__gt=0)),
                name="rewards_offer_face_value",
            ),
            models.CheckConstraint(condition=Q(sale_to__gt=F("sale_from")), name="rewards_offer_window"),
            models.CheckConstraint(
                condition=Q(valid_days__gt=0, valid_until__isnull=True)
                | Q(valid_days__isnull=True, valid_until__gte=F("sale_to")),
                name="rewards_offer_validity",
            ),
            models.CheckConstraint(
                condition=(Q(per_person_limit__isnull=True) | Q(per_person_limit__gt=0))
                & (Q(per_person_day_limit__isnull=True) | Q(per_person_day_limit__gt=0))
                & (Q(per_day_limit__isnull=True) | Q(per_day_limit__gt=0))
                & (Q(cancel_hours__isnull=True) | Q(cancel_hours__gte=0)),
                name="rewards_offer_limits",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class OfferMerchant(models.Model):
    """A merchant that redeems the vouchers of an offer; part of what is frozen."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    offer = models.ForeignKey(Offer, verbose_name="权益", on_delete=models.PROTECT, related_name="redeemers")
    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="offers")

    class Meta:
        db_table = "rewards_offer_merchant"
        verbose_name = verbose_name_plural = "可核销商户"
        constraints = [models.UniqueConstraint(fields=["offer", "merchant"], name="rewards_offer_merchant_once")]

    def __str__(self) -> str:
        return f"{self.offer_id}/{self.merchant_id}"


class OfferDay(models.Model):
    """How many vouchers of an offer with a daily limit were given out on a day and not cancelled."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    offer = models.ForeignKey(Offer, verbose_name="权益", on_delete=models.PROTECT, related_name="days")
    day = models.DateField("日期")
    ceiling = models.IntegerField("当日限兑")
    taken = models.IntegerField("当日已兑")

    class Meta:
        db_table = "rewards_offer_day"
        verbose_name = verbose_name_plural = "权益每日兑换量"
        constraints = [
            models.UniqueConstraint(fields=["offer", "day"], name="rewards_offer_day_once"),
            models.CheckConstraint(condition=Q(taken__gte=0, taken__lte=F("ceiling")), name="rewards_offer_day_taken"),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} {self.day}"


class Voucher(models.Model):
    """What a person bought with points. The code itself is not stored: it follows from the number and a secret."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    offer = models.ForeignKey(Offer, verbose_name="权益", on_delete=models.PROTECT, related_name="vouchers")
    party = models.ForeignKey(
        "parties.Party", verbose_name="持有人", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    code_hash = models.BinaryField("券码摘要", max_length=32, unique=True)
    state = models.CharField("状态", max_length=10, choices=choices(VoucherState))
    price_points = models.IntegerField("兑换积分")
    face_value_fen = models.IntegerField("面值（分）")
    valid_from = models.DateTimeField("有效期起")
    valid_to = models.DateTimeField("有效期止")
    exchanged_at = models.DateTimeField("兑换时间")
    key = models.CharField("请求键", max_length=80)
    input_hash = models.BinaryField("请求摘要", max_length=32)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True, help_text="使用、取消或过期")
    handled_by = models.CharField("代办人", max_length=80, blank=True, help_text="本人兑换的为空")
    device_key = models.BinaryField("设备摘要", max_length=16, null=True, blank=True)

    class Meta:
        db_table = "rewards_voucher"
        verbose_name = verbose_name_plural = "代金券"
        constraints = [
            models.UniqueConstraint(fields=["party", "key"], name="rewards_voucher_key_once"),
            models.CheckConstraint(condition=Q(state__in=values(VoucherState)), name="rewards_voucher_state"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="rewards_voucher_ended",
            ),
            models.CheckConstraint(
                condition=Q(price_points__gt=0, face_value_fen__gte=0, valid_to__gt=F("valid_from")),
                name="rewards_voucher_worth",
            ),
        ]
        indexes = [
            models.Index(fields=["party", "offer", "exchanged_at"], name="rewards_voucher_holder"),
            models.Index(fields=["valid_to", "id"], condition=Q(state="open"), name="rewards_voucher_open"),
            models.Index(
                fields=["device_key", "exchanged_at"],
                condition=Q(device_key__isnull=False),
                name="rewards_voucher_device",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class VoucherPoints(models.Model):
    """How many points of an expiry year paid for a voucher; together they are its price."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    voucher = models.ForeignKey(
        Voucher, verbose_name="代金券", on_delete=models.PROTECT, related_name="points", db_index=False
    )
    expiry_year = models.IntegerField("到期年份")
    points = models.IntegerField("积分")

    class Meta:
        db_table = "rewards_voucher_points"
        verbose_name = verbose_name_plural = "代金券所用积分"
        constraints = [
            models.UniqueConstraint(fields=["voucher", "expiry_year"], name="rewards_voucher_points_once"),
            models.CheckConstraint(
                condition=Q(points__gt=0, expiry_year__gte=2000, expiry_year__lte=2099),
                name="rewards_voucher_points_form",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id}/{self.expiry_year}"


class Redemption(models.Model):
    """One attempt at a merchant's, kept whatever came of it. Only ever appended; an undo is a second row.

    `turn` counts the redemptions of one voucher: 1, and one more after each undo; 0 for what was refused.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    voucher = models.ForeignKey(
        Voucher, verbose_name="代金券", on_delete=models.PROTECT, null=True, blank=True, related_name="redemptions"
    )
    merchant = models.ForeignKey(
        Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="redemptions", db_index=False
    )
    shop = models.ForeignKey(
        Shop, verbose_name="门店", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        "parties.User", verbose_name="经办人", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    nonce = models.CharField("商户请求号", max_length=80)
    input_hash = models.BinaryField("请求摘要", max_length=32)
    recorded_at = models.DateTimeField("记录时间")
    claimed_at = models.DateTimeField("商户时间")
    offline = models.BooleanField("离线核销", default=False)
    outcome = models.CharField("结果", max_length=20, choices=choices(Outcome))
    message = models.CharField("说明", max_length=200)
    turn = models.IntegerField("第几次核销", default=0)
    undo_of = models.OneToOneField(
        "self", verbose_name="撤销的核销", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by"
    )
    reason = models.CharField("撤销原因", max_length=200, blank=True)

    class Meta:
        db_table = "rewards_redemption"
        verbose_name = verbose_name_plural = "核销记录"
        constraints = [
            models.UniqueConstraint(fields=["merchant", "nonce"], name="rewards_redemption_nonce_once"),
            models.UniqueConstraint(
                fields=["voucher", "turn"], condition=Q(outcome="redeemed"), name="rewards_redemption_turn_once"
            ),
            models.CheckConstraint(condition=Q(outcome__in=values(Outcome)), name="rewards_redemption_outcome"),
            models.CheckConstraint(
                condition=Q(outcome="redeemed", turn__gt=0, voucher__isnull=False, shop__isnull=False)
                | (Q(outcome="undone", turn__gt=0, voucher__isnull=False) & ~Q(reason=""))
                | (~Q(outcome__in=["redeemed", "undone"]) & Q(turn=0)),
                name="rewards_redemption_turn",
            ),
            models.CheckConstraint(
                condition=Q(outcome="undone", undo_of__isnull=False)
                | (~Q(outcome="undone") & Q(undo_of__isnull=True, reason="")),
                name="rewards_redemption_undo",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "recorded_at"], name="rewards_redemption_day"),
            models.Index(
                fields=["staff", "recorded_at"],
                condition=Q(outcome__in=["bad_check_digit", "bad_signature", "unknown_code"]),
                name="rewards_redemption_guesses",
            ),
        ]

    def __str__(self) -> str:
        return self.number
