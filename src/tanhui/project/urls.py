"""Addresses: which door answers where."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

admin.site.site_header = admin.site.site_title = "数据窗口（只读）"
admin.site.index_title = "各部分的数据表"

urlpatterns = [
    path("api/", include("tanhui.api.urls")),
    # The window has no doors of its own: one way in, one way out, one place to change a password.
    path("office/admin/login/", RedirectView.as_view(pattern_name="account_login")),
    path("office/admin/logout/", RedirectView.as_view(pattern_name="account_logout")),
    path("office/admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("office/admin/", admin.site.urls),
    path("office/account/", include("tanhui.office.account_urls")),
    path("office/", include("tanhui.office.urls")),
    path("", include("tanhui.portal.urls")),
]

handler400 = "tanhui.api.problems.bad_request"
