"""Tables of the room: the alliance with its phones, the mall, the year's money, queues and holds."""

from tanhui.rewards.models.applications import MerchantApplication
from tanhui.rewards.models.budget import BudgetLine, Hold, Waiting
from tanhui.rewards.models.clearing import (
    ClearingCorrection,
    ClearingDispute,
    ClearingLine,
    ClearingPayment,
    ClearingPaymentLine,
    ClearingStatement,
    MerchantContract,
    PayAccount,
)
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
    "ClearingCorrection",
    "ClearingDispute",
    "ClearingLine",
    "ClearingPayment",
    "ClearingPaymentLine",
    "ClearingStatement",
    "FundsStatement",
    "Hold",
    "Merchant",
    "MerchantApplication",
    "MerchantContract",
    "MerchantDevice",
    "MerchantStaff",
    "Offer",
    "OfferDay",
    "OfferMerchant",
    "PayAccount",
    "Redemption",
    "Shop",
    "Stock",
    "Voucher",
    "VoucherPoints",
    "Waiting",
]
