"""Addresses of what villages and teams do; `urls.py` joins them to the others."""

from __future__ import annotations

from django.urls import URLPattern, path

from tanhui.office.views import community_bookings as bookings
from tanhui.office.views import community_cards as cards
from tanhui.office.views import community_occasions as occasions
from tanhui.office.views import community_points as points
from tanhui.office.views import community_teams as teams
from tanhui.office.views import village_exchange as exchange
from tanhui.office.views import village_mode as mode
from tanhui.office.views import village_weigh as weigh

urlpatterns: list[URLPattern] = [
    path("occasions/", occasions.occasions, name="community-occasions"),
    path("occasions.csv", occasions.occasions_csv, name="community-occasions-csv"),
    path("occasions/new/", occasions.new, name="community-occasion-new"),
    path("occasions/<str:number>/", occasions.occasion, name="community-occasion"),
    path("occasions/<str:number>/change/", occasions.change, name="community-occasion-change"),
    path("occasions/<str:number>/state/", occasions.change_state, name="community-occasion-state"),
    path("occasions/<str:number>/book/", bookings.book, name="community-book"),
    path("occasions/<str:number>/bookings/<str:booking>/release/", bookings.release, name="community-release"),
    path("occasions/<str:number>/route/", bookings.route, name="community-route"),
    path("occasions/<str:number>/route.csv", bookings.route_csv, name="community-route-csv"),
    path("occasions/<str:number>/attendance/", bookings.attendance, name="community-attendance"),
    path("occasions/<str:number>/attendance.csv", bookings.attendance_csv, name="community-attendance-csv"),
    path("occasions/<str:number>/screen/", bookings.screen, name="community-screen"),
    path("occasions/<str:number>/screen/code/", bookings.screen_code, name="community-screen-code"),
    path("points/", points.points, name="community-points"),
    path("points.csv", points.points_csv, name="community-points-csv"),
    path("points/new/", points.new, name="community-point-new"),
    path("points/<str:number>/", points.point, name="community-point"),
    path("points/<str:number>/change/", points.change, name="community-point-change"),
    path("points/<str:number>/state/", points.state, name="community-point-state"),
    path("prices/", points.prices, name="community-prices"),
    path("prices/new/", points.price, name="community-price-new"),
    path("teams/", teams.teams, name="community-teams"),
    path("teams/new/", teams.new, name="community-team-new"),
    path("teams/<str:number>/", teams.team, name="community-team"),
    path("teams/<str:number>/change/", teams.change, name="community-team-change"),
    path("teams/<str:number>/member/", teams.member, name="community-team-member"),
    path("cards/", cards.cards, name="community-cards"),
    path("cards/<str:party>/", cards.cards_of, name="community-cards-of"),
    path("cards/<str:party>/issue/", cards.issue, name="community-card-issue"),
    path("cards/<str:party>/<str:card>/", cards.sheet, name="community-card-sheet"),
    path("cards/<str:party>/<str:card>/revoke/", cards.revoke, name="community-card-revoke"),
    path("village/", mode.mode, name="village-mode"),
    path("village/worker.js", mode.worker, name="village-worker"),
    path("village/pack/", mode.pack, name="village-pack"),
    path("village/upload/", mode.upload, name="village-upload"),
    path("weigh/", weigh.weigh, name="village-weigh"),
    path("weigh/pending/", weigh.pending, name="village-pending"),
    path("weigh/pending/<str:number>/", weigh.confirm, name="village-confirm"),
    path("weigh/receipts/<str:number>/", weigh.receipt, name="village-receipt"),
    path("weigh/receipts/<str:number>/correct/", weigh.correct, name="village-correct"),
    path("weigh/<str:number>/", weigh.weigh_at, name="village-weigh-at"),
    path("exchange-days/", exchange.exchange_days, name="village-exchange"),
    path("exchange-days/stock/", exchange.stock, name="village-stock"),
    path("exchange-days/stock/publish/", exchange.publish, name="village-stock-publish"),
    path("exchange-days/stock/template.xlsx", exchange.template, name="village-stock-template"),
    path("exchange-days/<str:number>/", exchange.day, name="village-exchange-day"),
    path("exchange-days/<str:number>/sheet/", exchange.sheet, name="village-exchange-sheet"),
    path("exchange-days/<str:number>/<str:party>/", exchange.exchange_for, name="village-exchange-for"),
]
