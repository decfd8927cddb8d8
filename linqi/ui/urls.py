"""Addresses of the gallery."""

from django.urls import path

from linqi.ui import gallery

app_name = "ui"
urlpatterns = [
    path("", gallery.gallery, name="gallery"),
    path("progress/", gallery.progress, name="progress"),
    path("done/", gallery.done, name="done"),
]
