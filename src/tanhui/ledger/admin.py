"""A read-only window on the books. Entries and accounts have composite keys and are read through the office."""

from __future__ import annotations

from django.contrib import admin

from tanhui.kernel.admin import ReadOnlyAdmin
from tanhui.ledger.models import AccountCode, PeriodClose, Transfer


@admin.register(AccountCode)
class AccountCodeAdmin(ReadOnlyAdmin):
    """The codes in use."""

    list_display = ("book", "holder", "code", "min_balance", "max_balance", "opened_at")
    list_filter = ("book", "holder")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Transfers, newest first. No total is counted: there are many."""

    list_display = ("key", "kind", "lines", "recorded_at", "reason")
    ordering = ("-id",)
    search_fields = ("key__exact",)
    show_full_result_count = False


@admin.register(PeriodClose)
class PeriodCloseAdmin(ReadOnlyAdmin):
    """Which book is closed until when, and by whom."""

    list_display = ("book", "through_on", "closed_by", "recorded_at")
    list_filter = ("book",)
