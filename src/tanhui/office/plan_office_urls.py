"""Addresses of the working group's pages of the plan; `urls.py` joins them to the others."""

from __future__ import annotations

from django.urls import path

from tanhui.office.views import plan_appraisal as appraisal
from tanhui.office.views import plan_drafts as drafts
from tanhui.office.views import plan_money as money
from tanhui.office.views import plan_reports as reports
from tanhui.office.views import plan_supervision as supervision
from tanhui.office.views import plan_versions as versions

urlpatterns = [
    path("plan/drafts/", drafts.drafts, name="plan-drafts"),
    path("plan/drafts/<str:number>/", drafts.draft, name="plan-draft"),
    path("plan/drafts/<str:number>/findings/<int:position>/", drafts.finding, name="plan-finding"),
    path("plan/drafts/<str:number>/findings/accept/", drafts.accept_all, name="plan-findings-accept"),
    path("plan/drafts/<str:number>/adopt/", versions.adopt, name="plan-adopt"),
    path("plan/drafts/<str:number>/abandon/", versions.abandon, name="plan-abandon"),
    path("plan/versions/", versions.versions, name="plan-versions"),
    path("plan/versions/<int:version>/", versions.version, name="plan-version"),
    path("plan/versions/<int:version>.json", versions.version_json, name="plan-version-json"),
    path("plan/supervision/", supervision.supervision, name="plan-supervision"),
    path("plan/supervision/open/", supervision.open_meeting, name="plan-meeting-open"),
    path("plan/supervision/<str:number>/", supervision.meeting, name="plan-meeting"),
    path("plan/supervision/<str:number>/close/", supervision.close_meeting, name="plan-meeting-close"),
    path("plan/notices/", supervision.notices, name="plan-notices"),
    path("plan/notices.csv", supervision.notices_csv, name="plan-notices-csv"),
    path("plan/notices/issue/", supervision.issue, name="plan-notice-issue"),
    path("plan/notices/<str:number>/", supervision.notice, name="plan-notice"),
    path("plan/notices/<str:number>/answer/", supervision.answer, name="plan-notice-answer"),
    path("plan/notices/<str:number>/judge/", supervision.judge, name="plan-notice-judge"),
    path("plan/appraisal/", appraisal.appraisal, name="plan-appraisal"),
    path("plan/appraisal.csv", appraisal.appraisal_csv, name="plan-appraisal-csv"),
    path("plan/appraisal/compute/", appraisal.compute, name="plan-appraisal-compute"),
    path("plan/appraisal/publish/", appraisal.publish, name="plan-appraisal-publish"),
    path("plan/cases/", appraisal.cases, name="plan-cases"),
    path("plan/cases/file/", appraisal.file_case, name="plan-case-file"),
    path("plan/cases/<str:number>/publish/", appraisal.publish_case, name="plan-case-publish"),
    path("plan/feedback/", appraisal.feedback, name="plan-feedback"),
    path("plan/feedback/<str:number>/reply/", appraisal.reply, name="plan-feedback-reply"),
    path("plan/funding/", money.funding, name="plan-funding"),
    path("plan/funding.csv", money.funding_csv, name="plan-funding-csv"),
    path("plan/funding/new/", money.new_line, name="plan-funding-new"),
    path("plan/funding/<str:number>/", money.line, name="plan-funding-line"),
    path("plan/funding/<str:number>/add/", money.add_amount, name="plan-funding-add"),
    path("plan/reports/", reports.reports, name="plan-reports"),
    path("plan/reports/publish/", reports.publish, name="plan-report-publish"),
    path("plan/reports/<str:number>/", reports.report, name="plan-report"),
    path("plan/reports/<str:number>/<str:kind>/", reports.report_file, name="plan-report-file"),
    path("plan/coverage/", reports.coverage, name="plan-coverage"),
    path("plan/coverage.csv", reports.coverage_csv, name="plan-coverage-csv"),
]
