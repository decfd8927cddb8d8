"""When a counter is staffed, when it is not, and who comes."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linqi.bookings.flow import State
from linqi.cases.models import Case
from linqi.catalogue.models import Service, Window
from linqi.enterprises.models import Enterprise
from linqi.territory.models import Place


class WindowHours(models.Model):
    """A window of a street or community takes bookings from … to … 窗口开放时间.

    A row that has counted is never rewritten: it ends and another takes its place.
    """

    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Street or community of the counter.")
    window = models.ForeignKey(Window, models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField(null=True, help_text="0 is Monday; empty: every working day.")
    begins = models.TimeField()
    ends = models.TimeField()
    minutes = models.PositiveSmallIntegerField(help_text="Length of a slot.")
    seats = models.PositiveSmallIntegerField(help_text="How many are served side by side.")
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day it no longer counts.")

    class Meta:
        ordering = ["place", "window", "weekday", "begins"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="window_hours_not_reversed"),
            models.CheckConstraint(condition=Q(minutes__gte=1, seats__gte=1), name="window_hours_offer_something"),
            models.CheckConstraint(condition=Q(weekday=None) | Q(weekday__lte=6), name="window_hours_weekday_known"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="window_hours_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.window} {self.begins:%H:%M}–{self.ends:%H:%M}"


class ClosedDay(models.Model):
    """A working day on which a window, or all windows of a place, take no bookings 停办日."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    window = models.ForeignKey(Window, models.PROTECT, null=True, related_name="+", help_text="Empty: all windows.")
    day = models.DateField()
    reason = models.CharField(max_length=100)

    class Meta:
        ordering = ["day", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["place", "window", "day"], name="closed_day_once"),
            models.UniqueConstraint(fields=["place", "day"], condition=Q(window=None), name="closed_day_all_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.day}"


class Booking(models.Model):
    """An enterprise comes to a window at an agreed time 窗口预约.

    Each seat of a slot is its own row of the table's key, so two can never be given the same, whatever runs beside it.
    """

    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    window = models.ForeignKey(Window, models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, models.SET_NULL, null=True, related_name="+")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="bookings")
    day = models.DateField()
    begins = models.TimeField()
    ends = models.TimeField()
    seat = models.PositiveSmallIntegerField()
    topic = models.CharField(max_length=200, blank=True)
    contact_name = models.CharField(max_length=60, blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=12, choices=State.choices)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was cancelled.")
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    booked_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="+", help_text="What came of it.")

    class Meta:
        ordering = ["day", "begins", "pk"]
        indexes = [
            models.Index(fields=["place", "day", "begins"], name="booking_place_day"),
            models.Index(fields=["enterprise", "day"], name="booking_enterprise"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["place", "window", "day", "begins", "seat"],
                condition=~Q(state=State.CANCELLED.value),
                name="booking_seat_once",
            ),
            models.CheckConstraint(condition=Q(state__in=sorted(State.values)), name="booking_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.begins:%H:%M} {self.window}"
