"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.territory.views import desk

app_name = "territory"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.tree, name="tree"),
    path("list/", desk.places, name="list"),
    path("layer/", desk.layer, name="layer"),
    path("<int:pk>/", desk.place, name="place"),
    path("<int:pk>/children/", desk.children, name="children"),
    path("<int:pk>/add/", desk.add, name="add"),
    path("<int:pk>/edit/", desk.edit, name="edit"),
    path("<int:pk>/move/", desk.move, name="move"),
    path("<int:pk>/close/", desk.close, name="close"),
    path("<int:pk>/lay-out/", desk.lay_out, name="lay_out"),
    path("<int:pk>/outline/", desk.outline, name="outline"),
]
