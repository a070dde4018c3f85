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
