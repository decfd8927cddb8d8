"""Addresses of this app."""

from django.urls import path

from linqi.journal import views

app_name = "journal"
urlpatterns = [path("", views.entries, name="list")]
