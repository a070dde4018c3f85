"""Addresses of clearing and the programme's money; `urls.py` joins them to the others."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
