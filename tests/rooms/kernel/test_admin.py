"""The admin is a window: nobody edits through it, whatever rights he has."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from tanhui.kernel.admin import ReadOnlyAdmin


def test_nothing_is_edited() -> None:
    window = ReadOnlyAdmin(model=admin.models.LogEntry, admin_site=admin.site)
    request = HttpRequest()
    assert not window.has_add_permission(request)
    assert not window.has_change_permission(request)
    assert not window.has_delete_permission(request)


def test_every_window_of_the_house_is_read_only() -> None:
    admin.autodiscover()
    windows = [window for model, window in admin.site._registry.items() if model.__module__.startswith("tanhui.")]
    assert windows
    assert [type(window).__name__ for window in windows if not isinstance(window, ReadOnlyAdmin)] == []
