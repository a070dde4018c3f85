"""The room as Django sees it."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "tanhui.parties"
    label = "parties"
    verbose_name = "当事人与权限"
    default_auto_field = "django.db.models.BigAutoField"
