"""Addresses of this app."""

from django.urls import path

from linqi.notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.notices, name="list"),
    path("bell/", views.bell, name="bell"),
    path("wish/", views.wish, name="wish"),
    path("read/", views.read_all, name="read_all"),
    path("<int:notice_id>/read/", views.read, name="read"),
]
