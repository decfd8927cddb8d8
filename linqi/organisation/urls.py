"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.organisation.views import desk, matrix, people, rosters

app_name = "organisation"
urlpatterns: list[URLPattern | URLResolver] = [
    path("teams/", desk.teams, name="teams"),
    path("teams/<int:pk>/", desk.team, name="team"),
    path("teams/<int:pk>/form/", desk.form_team, name="form_team"),
    path("teams/<int:pk>/seats/<slug:role>/", desk.change_seat, name="change_seat"),
    path("teams/<int:pk>/substitutes/<slug:role>/", desk.substitute, name="substitute"),
    path("teams/<int:pk>/received/", desk.receive, name="receive"),
    path("teams/<int:pk>/end/", desk.end_team, name="end_team"),
    path("chart/", matrix.chart, name="chart"),
    path("coverage/", matrix.coverage, name="coverage"),
    path("bodies/", matrix.bodies, name="bodies"),
    path("bodies/new/", matrix.found_body, name="found_body"),
    path("bodies/<int:pk>/", matrix.body, name="body"),
    path("bodies/<int:pk>/seats/", matrix.give_body_seat, name="give_body_seat"),
    path("bodies/<int:pk>/end/", matrix.end_body, name="end_body"),
    path("seats/<int:pk>/end/", matrix.end_body_seat, name="end_body_seat"),
    path("people/", people.people, name="people"),
    path("people/new/", people.enter_person, name="enter_person"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/posts/", people.give_post, name="give_post"),
    path("people/<int:pk>/employers/", people.employ, name="employ"),
    path("posts/<int:pk>/end/", people.end_post, name="end_post"),
    path("employments/<int:pk>/end/", people.end_employment, name="end_employment"),
    path("companies/", people.companies, name="companies"),
    path("companies/new/", people.enter_company, name="enter_company"),
    path("companies/<int:pk>/", people.company, name="company"),
    path("companies/<int:pk>/mandates/", people.give_mandate, name="give_mandate"),
    path("mandates/<int:pk>/end/", people.end_mandate, name="end_mandate"),
    path("rosters/", rosters.rosters, name="rosters"),
    path("rosters/template/", rosters.template, name="roster_template"),
    path("rosters/<int:pk>/", rosters.roster, name="roster"),
    path("rosters/<int:pk>/apply/", rosters.apply_roster, name="apply_roster"),
    path("rosters/<int:pk>/undo/", rosters.undo_roster, name="undo_roster"),
    path("departments/", desk.departments, name="departments"),
]
