"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.catalogue.views import desk

app_name = "catalogue"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.windows, name="windows"),
    path("services/<int:pk>/", desk.service, name="service"),
    path("services/<int:pk>/guide/", desk.edit_guide, name="guide"),
    path("categories/<int:pk>/", desk.edit_category, name="category"),
]
