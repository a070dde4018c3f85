"""A read-only window on the plan, its registers and the work on it."""

from __future__ import annotations

from django.contrib import admin

from tanhui.kernel.admin import ReadOnlyAdmin
from tanhui.plan import models


@admin.register(models.PlanDocument)
class PlanDocumentAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "status", "state", "received_by", "received_at")
    list_filter = ("state",)


@admin.register(models.Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ("document", "position", "severity", "code", "message")
    list_filter = ("severity", "code")
    list_select_related = ("document",)


@admin.register(models.FindingDecision)
class FindingDecisionAdmin(ReadOnlyAdmin):
    list_display = ("finding", "choice", "decided_by", "decided_at")
    list_select_related = ("finding",)


@admin.register(models.PlanVersion)
class PlanVersionAdmin(ReadOnlyAdmin):
    list_display = ("version", "title", "status", "content_hash", "adopted_by", "adopted_at")


@admin.register(models.Department)
class DepartmentAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "short_name")


@admin.register(models.Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("no", "title", "group_title", "dropped")
    list_filter = ("dropped",)


@admin.register(models.Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ("task", "department", "leads", "position")
    list_filter = ("leads",)
    list_select_related = ("task", "department")


@admin.register(models.ActionBox)
class ActionBoxAdmin(ReadOnlyAdmin):
    list_display = ("task", "no", "title")
    list_select_related = ("task",)


@admin.register(models.Indicator)
class IndicatorAdmin(ReadOnlyAdmin):
    list_display = ("code", "task", "text", "kind", "by", "source", "weight", "dropped")
    list_filter = ("by", "kind", "dropped")
    list_select_related = ("task",)


@admin.register(models.Target)
class TargetAdmin(ReadOnlyAdmin):
    list_display = ("indicator", "due_on", "comparator", "value", "value_max", "staged")
    list_filter = ("staged",)
    list_select_related = ("indicator",)


@admin.register(models.RoadmapItem)
class RoadmapItemAdmin(ReadOnlyAdmin):
    list_display = ("task", "period", "due_year", "stance", "text")
    list_filter = ("stance",)
    list_select_related = ("task",)


@admin.register(models.Register)
class RegisterAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "retired_at")
    search_fields = ("code", "title")


@admin.register(models.RegisterEdition)
class RegisterEditionAdmin(ReadOnlyAdmin):
    list_display = ("register", "content_hash", "loaded_by", "loaded_at")
    list_select_related = ("register",)


@admin.register(models.Record)
class RecordAdmin(ReadOnlyAdmin):
    list_display = ("number", "register", "indicator", "department", "happened_on", "state", "sample", "filed_at")
    list_filter = ("state", "sample")
    list_select_related = ("register", "indicator", "department")
    raw_id_fields = ("corrects",)
    search_fields = ("number",)
    show_full_result_count = False
    exclude = ("live_key",)


@admin.register(models.Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ("number", "record", "name", "media_type", "digest", "added_at")
    list_select_related = ("record",)
    exclude = ("content",)


@admin.register(models.Figure)
class FigureAdmin(ReadOnlyAdmin):
    list_display = ("indicator", "value", "rows", "as_of", "counted_from", "counted_at")
    list_select_related = ("indicator",)
    show_full_result_count = False


@admin.register(models.Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ("task", "department", "user", "since_at", "ended_at")
    list_select_related = ("task", "department", "user")


@admin.register(models.SubTask)
class SubTaskAdmin(ReadOnlyAdmin):
    list_display = ("number", "task", "department", "title", "due_on", "done_on", "cancelled")
    list_select_related = ("task", "department")


@admin.register(models.Dependency)
class DependencyAdmin(ReadOnlyAdmin):
    list_display = ("before", "after")
    list_select_related = ("before", "after")


@admin.register(models.Override)
class OverrideAdmin(ReadOnlyAdmin):
    list_display = ("indicator", "status", "reason", "decided_by", "decided_at")
    list_select_related = ("indicator",)


@admin.register(models.Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    list_display = ("department", "kind", "subject", "occasion", "message", "made_at")
    list_filter = ("kind",)
    list_select_related = ("department",)


@admin.register(models.ProgressReview)
class ProgressReviewAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "held_on", "opened_by", "closed_at")


@admin.register(models.Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("number", "department", "task", "due_on", "answered_at", "closed_at")
    list_select_related = ("department", "task")


@admin.register(models.Appraisal)
class AppraisalAdmin(ReadOnlyAdmin):
    list_display = ("number", "year", "rules_hash", "computed_by", "computed_at", "published_at")


@admin.register(models.GoodCase)
class GoodCaseAdmin(ReadOnlyAdmin):
    list_display = ("number", "task", "department", "title", "sample", "published_at")
    list_select_related = ("task", "department")


@admin.register(models.FundingLine)
class FundingLineAdmin(ReadOnlyAdmin):
    list_display = ("number", "task", "department", "title", "origin", "year", "sample")
    list_select_related = ("task", "department")


@admin.register(models.FundingEntry)
class FundingEntryAdmin(ReadOnlyAdmin):
    list_display = ("line", "kind", "amount_fen", "happened_on", "entered_by")
    list_filter = ("kind",)
    list_select_related = ("line",)


@admin.register(models.Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    list_display = ("number", "task", "received_at", "due_on", "replied_at", "public")
    list_filter = ("public",)
    list_select_related = ("task",)


@admin.register(models.Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "as_of", "content_hash", "published_by", "published_at")
    exclude = ("word", "excel")
