"""Addresses of this door; `tanhui.project.urls` mounts them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from tanhui.api.app import api
from tanhui.api.problems import as_problems, no_such_path

_patterns, _app_name, _namespace = api.urls
for _pattern in _patterns:
    if isinstance(_pattern, URLPattern):
        _pattern.callback = as_problems(_pattern.callback)

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include((_patterns, _app_name), namespace=_namespace)),
    re_path(r"^(?P<path>.*)$", as_problems(no_such_path)),
]
