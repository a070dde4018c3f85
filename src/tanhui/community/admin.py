"""A read-only window on points, occasions, bookings, check-ins, cards, teams and quizzes."""

from __future__ import annotations

from django.contrib import admin

from tanhui.community import models
from tanhui.kernel.admin import ReadOnlyAdmin


@admin.register(models.CollectionPoint)
class CollectionPointAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "title", "division_code", "state", "state_at")
    list_filter = ("kind", "state")
    search_fields = ("number", "title")


@admin.register(models.PointNotice)
class PointNoticeAdmin(ReadOnlyAdmin):
    list_display = ("point", "state", "official", "at")
    list_filter = ("official", "state")
    list_select_related = ("point",)
    raw_id_fields = ("party",)


@admin.register(models.MaterialPrice)
class MaterialPriceAdmin(ReadOnlyAdmin):
    list_display = ("number", "organization", "material", "price_fen", "valid_from")
    list_select_related = ("organization",)


@admin.register(models.Occasion)
class OccasionAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "title", "division_code", "starts_at", "ends_at", "state")
    list_filter = ("kind", "state")
    search_fields = ("number", "title")
    raw_id_fields = ("host", "point")


@admin.register(models.Places)
class PlacesAdmin(ReadOnlyAdmin):
    list_display = ("occasion", "capacity", "taken")
    list_select_related = ("occasion",)


@admin.register(models.Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = ("number", "occasion", "state", "booked_at", "changed_at")
    list_filter = ("state",)
    list_select_related = ("occasion",)
    raw_id_fields = ("occasion", "party", "by_party")
    search_fields = ("number",)
    show_full_result_count = False
    exclude = ("input_hash",)


@admin.register(models.CheckIn)
class CheckInAdmin(ReadOnlyAdmin):
    list_display = ("number", "occasion", "state", "offline", "happened_at", "recorded_at")
    list_filter = ("state", "offline")
    list_select_related = ("occasion",)
    raw_id_fields = ("occasion", "party", "by_party", "card", "corrects")
    search_fields = ("number",)
    show_full_result_count = False
    exclude = ("input_hash",)


@admin.register(models.Measurement)
class MeasurementAdmin(ReadOnlyAdmin):
    list_display = ("check_in", "line", "material", "mass_g", "item_count", "weighed", "scenario")
    list_filter = ("weighed", "material")
    list_select_related = ("check_in",)
    raw_id_fields = ("check_in",)
    show_full_result_count = False


@admin.register(models.CheckInNews)
class CheckInNewsAdmin(ReadOnlyAdmin):
    list_display = ("id", "check_in", "state", "at")
    list_select_related = ("check_in",)
    raw_id_fields = ("check_in",)
    show_full_result_count = False


@admin.register(models.Card)
class CardAdmin(ReadOnlyAdmin):
    list_display = ("number", "serials", "issued_at", "valid_until", "revoked_at")
    raw_id_fields = ("party",)
    search_fields = ("number",)


@admin.register(models.Team)
class TeamAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "division_code", "created_at", "ended_at")
    search_fields = ("number", "title")
    raw_id_fields = ("host",)


@admin.register(models.Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("team", "role", "joined_at", "left_at")
    list_filter = ("role",)
    list_select_related = ("team",)
    raw_id_fields = ("party",)


@admin.register(models.QuizAttempt)
class QuizAttemptAdmin(ReadOnlyAdmin):
    list_display = ("number", "quiz", "score", "score_of", "passed", "at")
    list_filter = ("quiz", "passed")
    raw_id_fields = ("party",)
    show_full_result_count = False
    exclude = ("input_hash",)


@admin.register(models.NewsCursor)
class NewsCursorAdmin(ReadOnlyAdmin):
    list_display = ("name", "position")
