"""The room's registration with Django."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "tanhui.project"
    label = "project"
    verbose_name = "平台"
    default_auto_field = "django.db.models.BigAutoField"
