"""Addresses: which door answers where."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/", include("tanhui.api.urls")),
    path("office/admin/", admin.site.urls),
    path("office/account/", include("tanhui.office.account_urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("office/", include("tanhui.office.urls")),
    path("", include("tanhui.portal.urls")),
]
