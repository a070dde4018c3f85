"""The door's registration with Django."""

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "tanhui.office"
    label = "office"
    verbose_name = "工作台"
