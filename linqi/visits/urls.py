"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.visits.views import desk, door, hand, rules, week

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
    path("hand/", door.hand, name="hand"),
    path("hand/sw.js", door.worker, name="worker"),
    path("hand/manifest.webmanifest", door.manifest, name="manifest"),
    path("hand/label/<int:pk>/", door.label, name="label"),
    path("hand/forms/", hand.forms, name="forms"),
    path("hand/at/", hand.at, name="at"),
    path("hand/exchange/", hand.exchange, name="exchange"),
    path("hand/register/", hand.register, name="register"),
    path("hand/devices/", hand.devices, name="devices"),
    path("hand/devices/<int:pk>/revoke/", hand.revoke, name="revoke"),
    path("hand/conflicts/<int:pk>/", hand.conflict, name="conflict"),
    path("plan/", desk.plan, name="plan"),
    path("record/", desk.record_new, name="record_new"),
    path("<int:pk>/", desk.visit, name="detail"),
    path("<int:pk>/record/", desk.record, name="record"),
    path("<int:pk>/end/<slug:move>/", desk.end, name="end"),
    path("<int:pk>/add/<slug:kind>/", desk.add, name="add"),
    # the plan of a week
    path("week/", week.list_, name="weeks"),
    path("week/mine/", week.mine, name="mine"),
    path("week/feed/<slug:turn>/", week.feed, name="feed"),
    path("week/<int:pk>/", week.week, name="week"),
    path("week/<int:pk>/absent/", week.absent, name="week_absent"),
    path("week/<int:pk>/urgent/", week.urgent, name="week_urgent"),
    path("week/<int:pk>/<slug:move>/", week.turn, name="week_turn"),
    path("week/stops/<int:pk>/move/", week.move, name="stop_move"),
    path("week/stops/<int:pk>/release/", week.release, name="stop_release"),
    path("feed/<str:token>.ics", week.calendar, name="calendar"),
]
