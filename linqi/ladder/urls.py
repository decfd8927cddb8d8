"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.ladder.views import board, firm, standards

app_name = "ladder"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", board.board, name="board"),
    path("list/", board.candidates, name="list"),
    path("proposals/", board.proposals, name="proposals"),
    path("proposals/confirm/", board.confirm, name="confirm"),
    path("mine/", firm.mine, name="mine"),
    path("e/<int:pk>/", firm.firm, name="firm"),
    path("e/<int:pk>/move/", firm.move, name="move"),
    path("e/<int:pk>/owner/", firm.owner, name="owner"),
    path("e/<int:pk>/milestones/<slug:what>/", firm.milestone, name="milestone"),
    path("e/<int:pk>/measures/", firm.cultivate, name="cultivate"),
    path("measures/<int:pk>/<slug:step>/", firm.end, name="end"),
    path("standards/", standards.standards, name="standards"),
    path("standards/<slug:kind>/<slug:key>/", standards.rule, name="rule"),
    path("standards/<slug:kind>/<slug:key>/edit/", standards.edit, name="edit"),
]
