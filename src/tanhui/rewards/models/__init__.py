"""Tables of the room: the alliance and the mall, the year's money, queues and holds."""

from tanhui.rewards.models.budget import BudgetLine, Hold, Waiting
from tanhui.rewards.models.mall import (
    Merchant,
    MerchantStaff,
    Offer,
    OfferDay,
    OfferMerchant,
    Redemption,
    Shop,
    Stock,
    Voucher,
    VoucherPoints,
)

__all__ = [
    "BudgetLine",
    "Hold",
    "Merchant",
    "MerchantStaff",
    "Offer",
    "OfferDay",
    "OfferMerchant",
    "Redemption",
    "Shop",
    "Stock",
    "Voucher",
    "VoucherPoints",
    "Waiting",
]
