"""Addresses of the office."""

from __future__ import annotations

from django.urls import path

from tanhui.office.views import books, evidence, methods, partners, settlement, start, trail

app_name = "office"
urlpatterns = [
    path("", start.start, name="start"),
    path("partners/", partners.partners, name="partners"),
    path("partners.csv", partners.partners_csv, name="partners-csv"),
    path("partners/admit/", partners.admit, name="partner-admit"),
    path("partners/<slug:source>/", partners.partner, name="partner"),
    path("partners/<slug:source>/change/", partners.change, name="partner-change"),
    path("partners/<slug:source>/deliveries/<str:number>/", partners.delivery, name="delivery"),
    path("partners/<slug:source>/deliveries/<str:number>.csv", partners.delivery_csv, name="delivery-csv"),
    path("evidence/", evidence.evidence, name="evidence"),
    path("evidence.csv", evidence.evidence_csv, name="evidence-csv"),
    path("evidence/<str:number>/", evidence.case, name="case"),
    path("evidence/<str:number>/rule/", evidence.rule, name="case-rule"),
    path("methods/", methods.methods, name="methods"),
    path("methods/register/", methods.register, name="method-register"),
    path("methods/<str:rule_hash>/", methods.method, name="method"),
    path("methods/<str:rule_hash>/propose/", methods.propose, name="method-propose"),
    path("methods/<str:rule_hash>/sign/", methods.sign, name="method-sign"),
    path("methods/<str:rule_hash>/replay/", methods.replay, name="method-replay"),
    path("methods/<str:rule_hash>/replay.csv", methods.replay_csv, name="method-replay-csv"),
    path("settlement/", settlement.runs, name="runs"),
    path("settlement.csv", settlement.runs_csv, name="runs-csv"),
    path("settlement/now/", settlement.settle, name="settle"),
    path("settlement/<str:number>/", settlement.run, name="run"),
    path("books/", books.books, name="books"),
    path("books.csv", books.books_csv, name="books-csv"),
    path("books/transfers/<str:number>/", books.transfer, name="transfer"),
    path("trail/", trail.trail, name="trail"),
    path("trail.csv", trail.trail_csv, name="trail-csv"),
]
