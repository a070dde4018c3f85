"""A read-only window on cases and what became of them."""

from __future__ import annotations

from django.contrib import admin

from tanhui.integrity import models
from tanhui.kernel.admin import ReadOnlyAdmin


@admin.register(models.Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "subject", "state", "opened_at")
    list_filter = ("kind", "state")
    raw_id_fields = ("party",)


@admin.register(models.Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ("number", "rule", "kind", "subject", "day", "sentence")
    list_filter = ("rule",)
    raw_id_fields = ("case",)


@admin.register(models.Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("case", "action", "until", "decided_by", "decided_at")
    list_filter = ("action",)
    raw_id_fields = ("case",)


@admin.register(models.Appeal)
class AppealAdmin(ReadOnlyAdmin):
    list_display = ("case", "raised_by", "raised_at")
    raw_id_fields = ("case",)
    exclude = ("sealed_text",)


@admin.register(models.Ruling)
class RulingAdmin(ReadOnlyAdmin):
    list_display = ("case", "upheld", "ruled_by", "ruled_at")
    raw_id_fields = ("case",)
