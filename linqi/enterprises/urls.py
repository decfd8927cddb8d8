"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from linqi.enterprises.views import claims, facts, licence, pairs, registry

app_name = "enterprises"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", registry.enterprise_list, name="list"),
    path("imports/", include("linqi.enterprises.urls_imports")),
    path("new/", registry.create, name="new"),
    path("licence/", licence.read, name="licence"),
    path("<int:pk>/edit/", registry.edit, name="edit"),
    path("<int:pk>/tenancies/new/", registry.begin, name="begin_tenancy"),
    path("tenancies/<int:pk>/end/", registry.end, name="end_tenancy"),
    path("<int:pk>/facts/", facts.known, name="facts"),
    path("<int:pk>/facts/new/", facts.record, name="record"),
    path("<int:pk>/claims/new/", facts.claim, name="claim"),
    path("claims/", claims.claims, name="claims"),
    path("claims/many/<slug:step>/", claims.many, name="claims_many"),
    path("claims/<int:pk>/", claims.claim, name="one_claim"),
    path("claims/<int:pk>/decide/", claims.decide, name="decide_claim"),
    path("pairs/", pairs.queue, name="pairs"),
    path("pairs/find/", pairs.find, name="find_pairs"),
    path("pairs/<int:pk>/decide/", pairs.decide, name="decide_pair"),
    path("pairs/<int:pk>/undo/", pairs.undo, name="undo_pair"),
]
