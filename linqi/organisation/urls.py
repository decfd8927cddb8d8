"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.organisation.views import desk

app_name = "organisation"
urlpatterns: list[URLPattern | URLResolver] = [
    path("teams/", desk.teams, name="teams"),
    path("teams/<int:pk>/", desk.team, name="team"),
    path("teams/<int:pk>/form/", desk.form_team, name="form_team"),
    path("teams/<int:pk>/seats/<slug:role>/", desk.change_seat, name="change_seat"),
    path("departments/", desk.departments, name="departments"),
]
