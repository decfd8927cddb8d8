"""Addresses of the Open311 façade."""

from django.urls import path

from linqi.cases.views import open311

urlpatterns = [
    path("discovery.<slug:form>", open311.discovery, name="open311_discovery"),
    path("services.<slug:form>", open311.services, name="open311_services"),
    path("services/<slug:code>.<slug:form>", open311.service, name="open311_service"),
    path("requests.<slug:form>", open311.requests, name="open311_requests"),
    path("requests/<slug:number>.<slug:form>", open311.one_request, name="open311_request"),
]
