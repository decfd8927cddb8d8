"""Addresses that devices call."""

from django.urls import path

from linqi.waste.views import api

urlpatterns = [
    path("api/events", api.events, name="api_events"),
    path("api/telemetry", api.telemetry, name="api_telemetry"),
    path("api/pictures/<str:ref>", api.picture, name="api_picture"),
]
