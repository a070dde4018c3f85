"""Addresses of the plan's public pages."""

from __future__ import annotations

from django.urls import path, re_path

from tanhui.portal.views import plan, plan_pages, plan_registers, plan_work

urlpatterns = [
    path("plan/", plan.plan, name="plan"),
    path("plan.json", plan.plan_json, name="plan-json"),
    path("plan.csv", plan.plan_csv, name="plan-csv"),
    path("plan/tasks/<int:no>/", plan_pages.task, name="plan-task"),
    path("plan/tasks/<int:no>/feedback/", plan_work.feedback_new, name="plan-feedback-new"),
    path("plan/indicators/<slug:code>/", plan_pages.indicator, name="plan-indicator"),
    path("plan/departments/", plan_pages.departments, name="plan-departments"),
    path("plan/departments/<slug:code>/", plan_pages.department, name="plan-department"),
    path("plan/topics/", plan_pages.topics, name="plan-topics"),
    path("plan/map/", plan_registers.plan_map, name="plan-map"),
    path("plan/map.geojson", plan_registers.map_geojson, name="plan-map-geojson"),
    path("plan/registers/", plan_registers.registers, name="plan-registers"),
    path("plan/registers/<slug:code>/", plan_registers.register, name="plan-register"),
    path("plan/registers/<slug:code>.xlsx", plan_registers.register_xlsx, name="plan-register-xlsx"),
    path("plan/registers/<slug:code>.csv", plan_registers.register_csv, name="plan-register-csv"),
    path("plan/reports/", plan_work.reports, name="plan-reports"),
    path("plan/reports/<slug:number>/", plan_work.report, name="plan-report"),
    re_path(r"^plan/reports/(?P<number>[\w-]+)\.(?P<kind>docx|xlsx)$", plan_work.report_file, name="plan-report-file"),
    path("plan/cases/", plan_work.cases, name="plan-cases"),
    path("plan/cases/<slug:number>/", plan_work.case, name="plan-case"),
    path("plan/feedback/", plan_work.feedback, name="plan-feedback"),
    path("plan/feedback/<str:number>/", plan_work.feedback_one, name="plan-feedback-one"),
    path("plan/versions/", plan_pages.versions, name="plan-versions"),
    path("plan/versions/<int:version>.json", plan_pages.version_json, name="plan-version-json"),
]
