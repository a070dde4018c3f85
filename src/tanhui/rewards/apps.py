"""The room's registration with Django."""

from django.apps import AppConfig


class RewardsConfig(AppConfig):
    name = "tanhui.rewards"
    label = "rewards"
    verbose_name = "权益与核销"
    default_auto_field = "django.db.models.BigAutoField"
