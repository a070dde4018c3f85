"""A read-only window on what came in and what became of it."""

from __future__ import annotations

from django.contrib import admin

from tanhui.kernel.admin import ReadOnlyAdmin
from tanhui.scenarios import models


@admin.register(models.Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "status", "top_grade", "admitted_at")
    list_filter = ("status",)
    search_fields = ("code", "title")


@admin.register(models.SourceKey)
class SourceKeyAdmin(ReadOnlyAdmin):
    list_display = ("key_id", "source", "created_at", "revoked_at")
    list_select_related = ("source",)


@admin.register(models.Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "source",
        "channel",
        "name",
        "received_at",
        "rows_read",
        "rows_accepted",
        "rows_waiting",
        "rows_duplicate",
        "rows_refused",
    )
    list_filter = ("channel", "source")
    list_select_related = ("source",)
    search_fields = ("number", "name")
    exclude = ("content_digest",)


@admin.register(models.RefusedRow)
class RefusedRowAdmin(ReadOnlyAdmin):
    list_display = ("delivery", "row_number", "code", "message")
    list_filter = ("code",)
    list_select_related = ("delivery",)
    exclude = ("content",)


@admin.register(models.Scenario)
class ScenarioAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "method_name", "enabled", "exclusive_group")


@admin.register(models.Behavior)
class BehaviorAdmin(ReadOnlyAdmin):
    list_display = ("external_id", "revision", "source", "scenario", "day", "grade", "recorded_at")
    list_filter = ("scenario", "source")
    list_select_related = ("source", "scenario")
    search_fields = ("external_id",)
    show_full_result_count = False
    exclude = ("content_digest",)


@admin.register(models.WaitingEvidence)
class WaitingEvidenceAdmin(ReadOnlyAdmin):
    list_display = ("external_id", "revision", "source", "recorded_at", "drop_after", "withdrawn_at")
    list_select_related = ("source",)
    show_full_result_count = False
    exclude = ("content_digest", "subject_key")


@admin.register(models.Supersession)
class SupersessionAdmin(ReadOnlyAdmin):
    list_display = ("behavior", "replaced_by", "reason", "recorded_at")
    list_select_related = ("behavior", "replaced_by")
    raw_id_fields = ("behavior", "replaced_by")


@admin.register(models.MethodVersion)
class MethodVersionAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "version", "valid_from", "valid_to")


@admin.register(models.MethodDecision)
class MethodDecisionAdmin(ReadOnlyAdmin):
    list_display = ("method", "stage", "decided_by", "decided_at")
    list_select_related = ("method",)


@admin.register(models.SettlementRun)
class SettlementRunAdmin(ReadOnlyAdmin):
    list_display = ("number", "started_at", "behaviors", "lines", "transfers", "reduction_g", "points")


@admin.register(models.Contest)
class ContestAdmin(ReadOnlyAdmin):
    list_display = ("number", "behavior", "recorded_at")
    list_select_related = ("behavior",)


@admin.register(models.Ruling)
class RulingAdmin(ReadOnlyAdmin):
    list_display = ("behavior", "counts", "decided_by", "decided_at")
    list_select_related = ("behavior",)
