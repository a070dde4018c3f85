"""Addresses of the portal."""

from __future__ import annotations

from django.urls import path

from tanhui.portal import community_urls, plan_urls
from tanhui.portal.views import alliance, home, library, mall, mall_funds, pages, receipts, till

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    *plan_urls.urlpatterns,
    *community_urls.urlpatterns,
    path("methods/", library.methods, name="methods"),
    path("methods/<slug:family>/<slug:name>/", library.method, name="method"),
    path("methods/<slug:family>/<slug:name>/<str:version>/", library.method, name="method-version"),
    path("methods/<slug:family>/<slug:name>/<str:version>.md", library.method_file, name="method-file"),
    path("factors/", library.factors, name="factors"),
    path("factors.csv", library.factors_csv, name="factors-csv"),
    path("mall/", mall.mall, name="mall"),
    path("mall/funds/", mall_funds.funds, name="mall-funds"),
    path("mall/funds/<int:year>-<int:month>.json", mall_funds.statement_json, name="mall-funds-json"),
    path("mall/funds/<int:year>-<int:month>.sig", mall_funds.statement_signature, name="mall-funds-signature"),
    path("mall/funds/<int:year>-<int:month>.pem", mall_funds.statement_key, name="mall-funds-key"),
    path("mall/check/<str:number>/<str:digest>/", mall_funds.statement_check, name="statement-check"),
    path("mall/join/", alliance.join, name="mall-join"),
    path("mall/join/<str:number>/", alliance.application, name="mall-join-one"),
    path("till/", till.till, name="till"),
    path("till/worker.js", till.worker, name="till-worker"),
    path("till/manifest.webmanifest", till.manifest, name="till-manifest"),
    path("budget/", pages.budget, name="budget"),
    path("budget.csv", pages.budget_csv, name="budget-csv"),
    path("receipt/", receipts.receipts, name="receipts"),
    path("receipt/<str:number>/", receipts.receipt, name="receipt"),
    path("figures/days.csv", home.days_csv, name="days-csv"),
    path("figures/scenarios.csv", home.scenarios_csv, name="scenarios-csv"),
    path("figures/townships.csv", home.townships_csv, name="townships-csv"),
    path("about/", pages.about, name="about"),
    path("privacy/", pages.privacy, name="privacy"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("display/", pages.display, name="display"),
    path("brand.css", pages.brand, name="brand"),
]
