"""The room as Django sees it."""

import importlib

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "tanhui.parties"
    label = "parties"
    verbose_name = "当事人与权限"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The matrix needs the models, which exist only now.
        importlib.import_module("tanhui.parties.permissions").register_permissions()
