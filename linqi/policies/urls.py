"""Addresses of this app."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from linqi.kit import access


@access.page("policies.see")
def _soon(request: HttpRequest, **said: int) -> HttpResponse:
    return HttpResponse("")


app_name = "policies"
urlpatterns: list[URLPattern | URLResolver] = [
    path("<int:pk>/", _soon, name="policy"),
    path("mine/", _soon, name="mine"),
    path("applications/<int:pk>/", _soon, name="application"),
]
