"""Addresses of the alliance, the mall and the till; `urls.py` joins them to the others."""

from __future__ import annotations

from django.urls import path

from tanhui.office.views import rewards_applications as applications
from tanhui.office.views import rewards_merchants as merchants
from tanhui.office.views import rewards_offers as offers
from tanhui.office.views import rewards_own as own
from tanhui.office.views import rewards_till as till

urlpatterns = [
    path("merchants/", merchants.merchants, name="rewards-merchants"),
    path("merchants.csv", merchants.merchants_csv, name="rewards-merchants-csv"),
    path("merchants/apply/", merchants.apply, name="rewards-apply"),
    path("applications/", applications.applications, name="rewards-applications"),
    path("applications/<str:number>/", applications.application, name="rewards-application"),
    path("applications/<str:number>/decide/", applications.decide, name="rewards-application-decide"),
    path("merchants/<str:number>/", merchants.merchant, name="rewards-merchant"),
    path("merchants/<str:number>/decide/", merchants.decide, name="rewards-merchant-decide"),
    path("merchants/<str:number>/staff/", merchants.staff, name="rewards-merchant-staff"),
    path("merchants/<str:number>/shops/", merchants.shop_add, name="rewards-shop-add"),
    path("merchants/<str:number>/shops/<str:shop>/", merchants.shop_change, name="rewards-shop"),
    path("merchants/<str:number>/shops/<str:shop>/plate/", merchants.plate, name="rewards-plate"),
    path("merchants/<str:number>/devices/<str:device>/end/", merchants.device_end, name="rewards-merchant-device-end"),
    path("offers/", offers.offers, name="rewards-offers"),
    path("offers.csv", offers.offers_csv, name="rewards-offers-csv"),
    path("offers/new/", offers.new, name="rewards-offer-new"),
    path("offers/<str:number>/", offers.offer, name="rewards-offer"),
    path("offers/<str:number>/<str:state>/", offers.change_state, name="rewards-offer-state"),
    path("till/", till.till, name="till"),
    path("till/own/", own.own, name="till-own"),
    path("till/own/<str:number>/staff/", own.staff, name="till-staff"),
    path("till/own/<str:number>/devices/", own.device, name="till-device"),
    path("till/own/<str:number>/devices/<str:device>/end/", own.device_end, name="till-device-end"),
    path("till/own/<str:number>/shops/<str:shop>/", own.shop, name="till-shop"),
    path("till/own/<str:number>/shops/<str:shop>/plate/", own.plate, name="till-plate"),
    path("till/<str:number>/undo/", till.undo, name="till-undo"),
]
