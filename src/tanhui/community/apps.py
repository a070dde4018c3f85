"""The room's registration with Django."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "tanhui.community"
    label = "community"
    verbose_name = "活动与回收"
    default_auto_field = "django.db.models.BigAutoField"
