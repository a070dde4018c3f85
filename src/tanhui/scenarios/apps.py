"""The room's registration with Django."""

from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "tanhui.scenarios"
    label = "scenarios"
    verbose_name = "低碳场景"
    default_auto_field = "django.db.models.BigAutoField"
