"""A read-only window on the alliance, the offers, the vouchers and what was tried with them."""

from __future__ import annotations

from django.contrib import admin

from tanhui.kernel.admin import ReadOnlyAdmin
from tanhui.rewards import models


@admin.register(models.Merchant)
class MerchantAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "state", "contract_from", "contract_to")
    list_filter = ("state",)
    search_fields = ("number", "title")


@admin.register(models.Shop)
class ShopAdmin(ReadOnlyAdmin):
    list_display = ("number", "merchant", "title", "division_code", "plate", "closed_at")
    list_select_related = ("merchant",)


@admin.register(models.MerchantStaff)
class MerchantStaffAdmin(ReadOnlyAdmin):
    list_display = ("merchant", "user", "role", "began_at", "ended_at")
    list_filter = ("role",)
    list_select_related = ("merchant", "user")


@admin.register(models.Stock)
class StockAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "quantity", "taken")


@admin.register(models.Offer)
class OfferAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "title", "price_points", "face_value_fen", "sale_from", "sale_to", "state")
    list_filter = ("kind", "state")
    search_fields = ("number", "title")


@admin.register(models.OfferMerchant)
class OfferMerchantAdmin(ReadOnlyAdmin):
    list_display = ("offer", "merchant")
    list_select_related = ("offer", "merchant")


@admin.register(models.OfferDay)
class OfferDayAdmin(ReadOnlyAdmin):
    list_display = ("offer", "day", "taken", "ceiling")
    list_select_related = ("offer",)
    show_full_result_count = False


@admin.register(models.Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    list_display = ("number", "offer", "state", "price_points", "face_value_fen", "valid_to", "exchanged_at")
    list_filter = ("state",)
    list_select_related = ("offer",)
    raw_id_fields = ("party",)
    search_fields = ("number",)
    show_full_result_count = False
    exclude = ("code_hash", "input_hash")


@admin.register(models.VoucherPoints)
class VoucherPointsAdmin(ReadOnlyAdmin):
    list_display = ("voucher", "expiry_year", "points")
    list_select_related = ("voucher",)
    raw_id_fields = ("voucher",)
    show_full_result_count = False


@admin.register(models.FundsStatement)
class FundsStatementAdmin(ReadOnlyAdmin):
    list_display = ("month", "number", "signed_by", "signed_at")
    exclude = ("content",)


@admin.register(models.Redemption)
class RedemptionAdmin(ReadOnlyAdmin):
    list_display = ("number", "merchant", "shop", "outcome", "offline", "claimed_at", "recorded_at")
    list_filter = ("outcome", "offline")
    list_select_related = ("merchant", "shop")
    raw_id_fields = ("voucher", "undo_of")
    search_fields = ("number",)
    show_full_result_count = False
    exclude = ("input_hash",)


@admin.register(models.MerchantDevice)
class MerchantDeviceAdmin(ReadOnlyAdmin):
    list_display = ("number", "merchant", "shop", "title", "entered_at", "last_seen_at", "ended_at")
    list_select_related = ("merchant", "shop")
    exclude = ("code_hash", "token_hash")


@admin.register(models.MerchantContract)
class MerchantContractAdmin(ReadOnlyAdmin):
    list_display = ("merchant", "contract_from", "contract_to", "rate_bp", "recorded_by", "recorded_at")
    list_select_related = ("merchant",)


@admin.register(models.PayAccount)
class PayAccountAdmin(ReadOnlyAdmin):
    list_display = ("number", "merchant", "bank_name", "recorded_by", "recorded_at", "confirmed_by", "confirmed_at")
    list_select_related = ("merchant",)
    exclude = ("sealed",)


@admin.register(models.ClearingStatement)
class ClearingStatementAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "month", "state", "lines", "net_fen", "checked_by", "approved_by", "paid_at")
    list_filter = ("state", "month")
    search_fields = ("number", "title")


@admin.register(models.ClearingLine)
class ClearingLineAdmin(ReadOnlyAdmin):
    list_display = ("statement", "line", "kind", "amount_fen", "happened_at", "late", "standing")
    list_select_related = ("statement",)
    raw_id_fields = ("statement", "transfer", "redemption")
    show_full_result_count = False


@admin.register(models.ClearingDispute)
class ClearingDisputeAdmin(ReadOnlyAdmin):
    list_display = ("number", "statement", "state", "raised_by", "raised_at", "answered_by", "answered_at")
    list_filter = ("state",)
    list_select_related = ("statement",)
    raw_id_fields = ("line",)


@admin.register(models.ClearingCorrection)
class ClearingCorrectionAdmin(ReadOnlyAdmin):
    list_display = ("number", "merchant", "amount_fen", "state", "proposed_by", "decided_by", "decided_at")
    list_filter = ("state",)
    list_select_related = ("merchant",)


@admin.register(models.ClearingPayment)
class ClearingPaymentAdmin(ReadOnlyAdmin):
    list_display = ("number", "month", "state", "total_fen", "prepared_by", "confirmed_by", "reference", "paid_on")
    list_filter = ("state",)


@admin.register(models.ClearingPaymentLine)
class ClearingPaymentLineAdmin(ReadOnlyAdmin):
    list_display = ("payment", "statement", "amount_fen", "standing")
    list_select_related = ("payment", "statement")


@admin.register(models.MerchantApplication)
class MerchantApplicationAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "name", "credit_code", "state", "received_at")
    list_filter = ("state",)
