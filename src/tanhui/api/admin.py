"""A read-only window on what the door remembers."""

from __future__ import annotations

from django.contrib import admin

from tanhui.api import models
from tanhui.kernel.admin import ReadOnlyAdmin


@admin.register(models.TokenEpoch)
class TokenEpochAdmin(ReadOnlyAdmin):
    list_display = ("party_number", "epoch")
