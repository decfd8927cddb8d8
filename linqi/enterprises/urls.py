"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from linqi.enterprises.views import facts, pairs, registry

app_name = "enterprises"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", registry.enterprise_list, name="list"),
    path("imports/", include("linqi.enterprises.urls_imports")),
    path("new/", registry.create, name="new"),
    path("<int:pk>/edit/", registry.edit, name="edit"),
    path("<int:pk>/tenancies/new/", registry.begin, name="begin_tenancy"),
    path("tenancies/<int:pk>/end/", registry.end, name="end_tenancy"),
    path("<int:pk>/facts/", facts.known, name="facts"),
    path("<int:pk>/facts/new/", facts.record, name="record"),
    path("<int:pk>/claims/new/", facts.claim, name="claim"),
    path("claims/", facts.queue, name="claims"),
    path("claims/<int:pk>/decide/", facts.decide, name="decide_claim"),
    path("imports/", include("linqi.enterprises.urls_imports")),
    path("pairs/", pairs.queue, name="pairs"),
    path("pairs/find/", pairs.find, name="find_pairs"),
    path("pairs/<int:pk>/decide/", pairs.decide, name="decide_pair"),
    path("pairs/<int:pk>/undo/", pairs.undo, name="undo_pair"),
]
