"""The door's registration with Django."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "tanhui.portal"
    label = "portal"
    verbose_name = "公众门户"
