"""Addresses of clearing and the programme's money; `urls.py` joins them to the others."""

from __future__ import annotations

from django.urls import path

from tanhui.office.views import clearing_months as months
from tanhui.office.views import clearing_own as own
from tanhui.office.views import clearing_payments as payments
from tanhui.office.views import clearing_questions as questions
from tanhui.office.views import clearing_statements as statements
from tanhui.office.views import clearing_terms as terms
from tanhui.office.views import funds

urlpatterns = [
    path("clearing/", months.months, name="clearing"),
    path("clearing/draft/", months.draft, name="clearing-draft"),
    path("clearing/months/<str:month>/", months.month_page, name="clearing-month"),
    path("clearing/months/<str:month>.csv", months.month_csv, name="clearing-month-csv"),
    path("clearing/months/<str:month>/pay/", payments.prepare, name="clearing-prepare"),
    path("clearing/statements/<str:number>/", statements.statement, name="clearing-statement"),
    path("clearing/statements/<str:number>/<str:kind>", statements.statement_file, name="clearing-statement-file"),
    path("clearing/statements/<str:number>/check/", statements.check, name="clearing-check"),
    path("clearing/statements/<str:number>/approve/", statements.approve, name="clearing-approve"),
    path("clearing/statements/<str:number>/void/", statements.void, name="clearing-void"),
    path("clearing/statements/<str:number>/revoke/", statements.revoke, name="clearing-revoke"),
    path("clearing/disputes/", questions.disputes, name="clearing-disputes"),
    path("clearing/disputes/<str:number>/", questions.dispute, name="clearing-dispute"),
    path("clearing/corrections/", questions.corrections, name="clearing-corrections"),
    path("clearing/corrections/new/", questions.correction_new, name="clearing-correction-new"),
    path("clearing/corrections/<str:number>/", questions.correction_decide, name="clearing-correction-decide"),
    path("clearing/payments/<str:number>/", payments.payment, name="clearing-payment"),
    path("clearing/payments/<str:number>/<str:kind>", payments.payment_file, name="clearing-payment-file"),
    path("clearing/payments/<str:number>/confirm/", payments.confirm, name="clearing-payment-confirm"),
    path("clearing/payments/<str:number>/cancel/", payments.cancel, name="clearing-payment-cancel"),
    path("clearing/merchants/<str:number>/", terms.terms, name="clearing-terms"),
    path("clearing/merchants/<str:number>/contract/", terms.contract, name="clearing-contract"),
    path("clearing/merchants/<str:number>/account/", terms.account, name="clearing-account"),
    path("clearing/merchants/<str:number>/account/confirm/", terms.account_confirm, name="clearing-account-confirm"),
    path("clearing/own/", own.statements, name="clearing-own"),
    path("clearing/own/<str:number>/", own.statement, name="clearing-own-statement"),
    path("clearing/own/<str:number>/<str:kind>", own.statement_file, name="clearing-own-file"),
    path("clearing/own/<str:number>/lines/<int:line>/", own.dispute, name="clearing-own-dispute"),
    path("funds/", funds.funds, name="funds"),
    path("funds/line/", funds.line, name="funds-line"),
    path("funds/sign/", funds.sign, name="funds-sign"),
]
