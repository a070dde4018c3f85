"""Addresses of cases of suspected misuse; `urls.py` joins them to the others."""

from __future__ import annotations

from django.urls import path

from tanhui.office.views import integrity

urlpatterns = [
    path("cases/", integrity.cases, name="integrity-cases"),
    path("cases.csv", integrity.cases_csv, name="integrity-cases-csv"),
    path("cases/scan/", integrity.scan, name="integrity-scan"),
    path("cases/<str:number>/", integrity.case, name="integrity-case"),
    path("cases/<str:number>/decide/", integrity.decide, name="integrity-decide"),
    path("cases/<str:number>/rule/", integrity.rule, name="integrity-rule"),
    path("till/cases/", integrity.own_cases, name="till-cases"),
    path("till/cases/<str:number>/", integrity.appeal, name="till-appeal"),
]
