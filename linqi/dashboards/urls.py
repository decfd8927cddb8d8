"""Addresses of the overview pages."""

from django.urls import path

from linqi.dashboards.views import building, desk, enterprise, map, wall

app_name = "dashboards"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("e/<int:pk>/", enterprise.enterprise_file, name="enterprise"),
    path("e/<int:pk>/timeline/", enterprise.timeline, name="timeline"),
    path("b/<int:pk>/", building.building_file, name="building"),
    path("map/", map.places_map, name="map"),
    path("wall/", wall.wall, name="wall"),
]
