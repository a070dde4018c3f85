"""The room's registration with Django."""

from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    name = "tanhui.integrity"
    label = "integrity"
    verbose_name = "异常核查"
    default_auto_field = "django.db.models.BigAutoField"
