"""The room's registration with Django."""

from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "tanhui.plan"
    label = "plan"
    verbose_name = "实施方案"
    default_auto_field = "django.db.models.BigAutoField"
