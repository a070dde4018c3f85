"""The alliance, offers, vouchers and their redemption."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from tanhui.kernel.errors import Conflict

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a merchant's clock may be off: ahead of ours when it reports, behind it before a voucher is good."""
OFFLINE_WINDOW = timedelta(hours=72)
"""How long after its own time a redemption without network may be uploaded; vouchers expire only after it."""
UNDO_WINDOW = timedelta(minutes=30)
"""How long after it was recorded the same merchant may undo a redemption."""


class OfferKind(StrEnum):
    """What is offered. Honors and donations are fulfilled at once and cost no money."""

    RESTAURANT = "restaurant"
    SCENIC = "scenic"
    PARKING = "parking"
    TRANSIT = "transit"
    GOODS = "goods"
    HONOR = "honor"
    DONATION = "donation"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return _KIND_TITLES[self]

    @property
    def at_once(self) -> bool:
        """Whether an exchange fulfills it, so that no merchant redeems anything."""
        return self in (OfferKind.HONOR, OfferKind.DONATION)


_KIND_TITLES = {
    OfferKind.RESTAURANT: "餐饮券",
    OfferKind.SCENIC: "景区门票",
    OfferKind.PARKING: "停车优惠",
    OfferKind.TRANSIT: "公交与骑行",
    OfferKind.GOODS: "实物",
    OfferKind.HONOR: "荣誉",
    OfferKind.DONATION: "公益捐赠",
}


class OfferState(StrEnum):
    """A draft may change, a published offer is frozen, a withdrawn one is sold no more (its vouchers stay good)."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"draft": "草稿", "published": "已上架", "withdrawn": "已下架"}[self.value]


class MerchantState(StrEnum):
    """A merchant's standing in the alliance. Only an active one redeems."""

    APPLIED = "applied"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"applied": "待审核", "active": "合作中", "suspended": "已暂停", "left": "已退出"}[self.value]


class StaffRole(StrEnum):
    """What a member of a merchant's staff may be. Both redeem."""

    MANAGER = "manager"
    CASHIER = "cashier"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"manager": "店长", "cashier": "收银员"}[self.value]


class VoucherState(StrEnum):
    """Where a voucher stands."""

    OPEN = "open"
    REDEEMED = "redeemed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"open": "待使用", "redeemed": "已使用", "cancelled": "已取消", "expired": "已过期"}[self.value]


class Outcome(StrEnum):
    """What came of an attempt at a merchant's: redeemed, undone, or the reason of the refusal."""

    REDEEMED = "redeemed"
    UNDONE = "undone"
    BAD_CHECK_DIGIT = "bad_check_digit"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_CODE = "unknown_code"
    CLOCK_OFF = "clock_off"
    MERCHANT_SUSPENDED = "merchant_suspended"
    SHOP_UNKNOWN = "shop_unknown"
    OTHER_MERCHANT = "other_merchant"
    ALREADY_REDEEMED = "already_redeemed"
    CANCELLED = "cancelled"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """The sentence that a cashier reads."""
        return _OUTCOME_SENTENCES[self]

    @property
    def advice(self) -> str:
        """What the cashier does next; empty where nothing is to be done."""
        return _OUTCOME_ADVICE.get(self, "")


_OUTCOME_SENTENCES = {
    Outcome.REDEEMED: "核销成功",
    Outcome.UNDONE: "核销已撤销，券恢复为待使用",
    Outcome.BAD_CHECK_DIGIT: "券码有误：校验位不符，请核对后重新输入",
    Outcome.BAD_SIGNATURE: "二维码不是本平台签发的，或已被改动，请勿受理",
    Outcome.UNKNOWN_CODE: "没有这张券，请核对券码",
    Outcome.CLOCK_OFF: "核销时间不对：设备时钟快了十分钟以上，或离线记录超过 72 小时才上传",
    Outcome.MERCHANT_SUSPENDED: "本商户目前不在合作状态，不能核销",
    Outcome.SHOP_UNKNOWN: "没有这个门店，或门店已停用",
    Outcome.OTHER_MERCHANT: "这张券不在本商户使用",
    Outcome.ALREADY_REDEEMED: "这张券已经使用过",
    Outcome.CANCELLED: "这张券已由持有人取消",
    Outcome.NOT_YET_VALID: "这张券还没有到使用时间",
    Outcome.EXPIRED: "这张券已经过期",
}

_OUTCOME_ADVICE = {
    Outcome.BAD_CHECK_DIGIT: "请客人再念一遍，四位一组核对。",
    Outcome.UNKNOWN_CODE: "请客人打开自己的券，重新出示。",
    Outcome.BAD_SIGNATURE: "请客人从自己的账户里重新打开券；仍然不行，不要受理。",
    Outcome.ALREADY_REDEEMED: "不要再次受理。刚才核销错了，可在下面的今日记录里撤销。",
    Outcome.MERCHANT_SUSPENDED: "请联系平台运营人员。",
    Outcome.SHOP_UNKNOWN: "请联系平台运营人员。",
    Outcome.OTHER_MERCHANT: "请客人看券上写明的商户。",
}


# -------------------------------------------------------------------------------------------- what verbs are told


@dataclass(frozen=True)
class MerchantDetails:
    """An organization of `parties` applies to the alliance for a time; [from, to) are days of the county."""

    party_id: int
    title: str
    contract_from: date
    contract_to: date


@dataclass(frozen=True)
class MerchantStatus:
    """Take in, suspend, bring back, or let go; `merchant` is a `mer_…`."""

    merchant: str
    state: MerchantState
    reason: str = ""


@dataclass(frozen=True)
class ShopDetails:
    """A shop of a merchant. With `number` (`shp_…`): its new details, or `closed`."""

    merchant: str
    title: str
    division_code: str
    address: str = ""
    plate: str = ""
    number: str = ""
    closed: bool = False


@dataclass(frozen=True)
class MerchantStaffDetails:
    """A user works for a merchant (`given`) or no longer does."""

    merchant: str
    user_id: int
    role: StaffRole = StaffRole.CASHIER
    given: bool = True


@dataclass(frozen=True)
class StockDetails:
    """How many there are of something that one offer or several share. With `number` (`stk_…`): the new quantity."""

    title: str
    quantity: int
    number: str = ""


@dataclass(frozen=True)
class OfferDetails:
    """A new draft, or with `number` the new content of a draft.

    `price_points` > 0; `face_value_fen` is what the merchant is owed, 0 exactly for honors and donations. Sold in
    [sale_from, sale_to). A voucher is good for `valid_days` from its exchange, or until the instant `valid_until`:
    exactly one of them. Limits of None do not limit. `cancel_hours`: None, any time before use; 0, never; N, within N
    hours of the exchange. `stock` is a `stk_…` or empty for as many as wanted; `merchants` are those who redeem it.
    """

    kind: OfferKind
    title: str
    terms: str
    price_points: int
    face_value_fen: int
    sale_from: datetime
    sale_to: datetime
    valid_days: int | None = None
    valid_until: datetime | None = None
    per_person_limit: int | None = None
    per_person_day_limit: int | None = None
    per_day_limit: int | None = None
    cancel_hours: int | None = None
    stock: str = ""
    merchants: tuple[str, ...] = ()
    number: str = ""


@dataclass(frozen=True)
class OfferStatus:
    """Publish a draft, or withdraw an offer."""

    offer: str
    state: OfferState


@dataclass(frozen=True)
class RedemptionDetails:
    """One attempt at a merchant's: the sixteen digits or the signed token in `code`.

    `nonce` is the merchant's name for the attempt (8 to 64 letters, digits, `-`, `_`): repeated, it gets the first
    answer. `claimed_at` is the merchant's own time. `offline`: it was checked without network and is uploaded now.
    """

    code: str = field(repr=False)
    merchant: str
    shop: str
    nonce: str
    claimed_at: datetime
    offline: bool = False


# ---------------------------------------------------------------------------------------------- what is given back


@dataclass(frozen=True)
class MerchantView:
    """A member of the alliance."""

    number: str
    title: str
    party_id: int
    state: MerchantState
    contract_from: date
    contract_to: date


@dataclass(frozen=True)
class ShopView:
    """A shop of a merchant."""

    number: str
    merchant: str
    title: str
    division_code: str
    address: str
    plate: str
    closed: bool


@dataclass(frozen=True)
class MembershipView:
    """For whom a user works, and as what."""

    merchant: str
    title: str
    state: MerchantState
    role: StaffRole


@dataclass(frozen=True)
class MerchantStaffView:
    """Somebody who works for a merchant now."""

    user_id: int
    username: str
    name: str
    role: StaffRole
    began_at: datetime


@dataclass(frozen=True)
class OfferView:
    """An offer. `left` is what the stock still has; None where it is not limited."""

    number: str
    kind: OfferKind
    title: str
    terms: str
    price_points: int
    face_value_fen: int
    state: OfferState
    sale_from: datetime
    sale_to: datetime
    valid_days: int | None
    valid_until: datetime | None
    per_person_limit: int | None
    per_person_day_limit: int | None
    per_day_limit: int | None
    cancel_hours: int | None
    merchants: tuple[str, ...]
    left: int | None


@dataclass(frozen=True)
class VoucherView:
    """A voucher as its holder sees it. `points` are (expiry year, points spent from it).

    `code` (sixteen digits in groups of four) and `token` are given to the holder of an open voucher only.
    """

    number: str
    offer: str
    kind: OfferKind
    title: str
    state: VoucherState
    price_points: int
    face_value_fen: int
    valid_from: datetime
    valid_to: datetime
    exchanged_at: datetime
    ended_at: datetime | None
    points: tuple[tuple[int, int], ...]
    replayed: bool = False
    code: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class RedemptionResult:
    """What came of an attempt; `message` is for the cashier. `replayed`: it was recorded before this call."""

    number: str
    outcome: Outcome
    message: str
    title: str
    face_value_fen: int
    claimed_at: datetime
    recorded_at: datetime
    replayed: bool = False


@dataclass(frozen=True)
class RedemptionView:
    """One line of a merchant's day."""

    number: str
    outcome: Outcome
    message: str
    shop: str
    staff: str
    voucher: str
    title: str
    face_value_fen: int
    offline: bool
    claimed_at: datetime
    recorded_at: datetime
    undoes: str
    undone: bool


@dataclass(frozen=True)
class TokenKey:
    """The public key by which a merchant's phone checks tokens without network: Ed25519, 32 bytes in hexadecimal."""

    algorithm: str
    public_key: str


# ------------------------------------------------------------------------------------------------------- refusals


class SoldOut(Conflict):
    """The stock, or the day's number, is given out."""

    code = "sold_out"


class NotOnSale(Conflict):
    """The offer is not published, or not within its window."""

    code = "not_on_sale"


class LimitReached(Conflict):
    """The person has had as many as one person may have."""

    code = "limit_reached"


class NotEnoughPoints(Conflict):
    """The person's points that are still good do not pay for it."""

    code = "not_enough_points"


class KeyReused(Conflict):
    """The key or nonce was used before with another content."""

    code = "key_reused"


class NotCancellable(Conflict):
    """The voucher is not open, or may not be cancelled any more."""

    code = "not_cancellable"


class TooLate(Conflict):
    """The time to undo a redemption is over."""

    code = "too_late"
