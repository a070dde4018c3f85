"""Addresses of recycling and activities."""

from __future__ import annotations

from django.urls import path

from tanhui.portal.views import community

urlpatterns = [
    path("community/", community.materials, name="community"),
    path("community/materials/<slug:code>.svg", community.picture, name="community-picture"),
    path("community/prices.csv", community.prices_csv, name="community-prices-csv"),
    path("community/points/", community.points, name="community-points"),
    path("community/points.csv", community.points_csv, name="community-points-csv"),
    path("community/points.geojson", community.points_geojson, name="community-points-geojson"),
    path("community/points/<slug:number>/", community.point, name="community-point"),
    path("community/occasions/", community.occasions, name="community-occasions"),
    path("community/occasions.csv", community.occasions_csv, name="community-occasions-csv"),
    path("community/occasions/<slug:number>/", community.occasion, name="community-occasion"),
    path("community/quizzes/", community.quizzes, name="community-quizzes"),
    path("community/quizzes/<slug:code>/", community.quiz, name="community-quiz"),
    path("community/teams/", community.teams, name="community-teams"),
]
