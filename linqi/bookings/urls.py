"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.bookings.views import desk, hours, portal

app_name = "bookings"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.day, name="day"),
    path("list/", desk.list_, name="list"),
    path("new/", desk.new, name="new"),
    path("new/pick/", desk.pick, name="pick"),
    path("hours/", hours.hours, name="hours"),
    path("hours/<int:pk>/end/", hours.end, name="end_hours"),
    path("closed/<int:pk>/open/", hours.open_day, name="open_day"),
    path("mine/", portal.mine, name="mine"),
    path("mine/new/", portal.own_new, name="own_new"),
    path("mine/<int:pk>/", portal.own_one, name="own_one"),
    path("mine/<int:pk>/change/", portal.own_change, name="own_change"),
    path("mine/<int:pk>/cancel/", portal.own_cancel, name="own_cancel"),
    path("mine/<int:pk>/calendar.ics", portal.own_calendar, name="own_calendar"),
    path("<int:pk>/", desk.one, name="one"),
    path("<int:pk>/change/", desk.change, name="change"),
    path("<int:pk>/case/", desk.take_in, name="take_in"),
    path("<int:pk>/<slug:name>/", desk.move, name="move"),
]
