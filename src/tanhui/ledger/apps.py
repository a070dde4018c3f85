"""The room's registration with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tanhui.ledger"
    label = "ledger"
    verbose_name = "账簿"
    default_auto_field = "django.db.models.BigAutoField"
