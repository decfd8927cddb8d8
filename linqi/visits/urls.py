"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.visits.views import desk, rules

app_name = "visits"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.visits, name="list"),
    path("must/", desk.must, name="must"),
    path("must/why/", desk.why, name="why"),
    path("must/rules/", rules.rules, name="rules"),
    path("must/rules/<int:street_id>/order/", rules.order, name="order"),
    path("must/rules/<int:street_id>/<slug:reason>/", rules.rule, name="rule"),
    path("must/rules/<int:street_id>/<slug:reason>/trigger/", rules.trigger, name="trigger"),
    path("must/rules/<int:street_id>/<slug:reason>/restore/", rules.restore, name="restore"),
    path("plan/", desk.plan, name="plan"),
    path("record/", desk.record_new, name="record_new"),
    path("<int:pk>/", desk.visit, name="detail"),
    path("<int:pk>/record/", desk.record, name="record"),
    path("<int:pk>/end/<slug:move>/", desk.end, name="end"),
    path("<int:pk>/add/<slug:kind>/", desk.add, name="add"),
]
