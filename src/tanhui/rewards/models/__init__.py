"""Tables of the room: the alliance with its phones, the mall, the year's money, queues and holds."""

from tanhui.rewards.models.budget import BudgetLine, Hold, Waiting
from tanhui.rewards.models.devices import MerchantDevice
from tanhui.rewards.models.funds import FundsStatement
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
    "FundsStatement",
    "Hold",
    "Merchant",
    "MerchantDevice",
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
