"""The lists of bookings 预约列表."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.bookings.flow import State
from linqi.bookings.models import Booking
from linqi.catalogue.models import Window
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import named_like, shown_name
from linqi.ui.tables import Choose, Column, Search, Span, Table

TONES = {
    State.BOOKED: "info",
    State.ARRIVED: "warn",
    State.SERVED: "good",
    State.MISSED: "bad",
    State.CANCELLED: "quiet",
}


def bookings_table(user: Any) -> Table[Booking]:
    """Every booking the staff see."""

    def search(rows: QuerySet[Booking], text: str) -> QuerySet[Booking]:
        firms = named_like(Enterprise.objects.all(), text, user)
        return rows.filter(Q(enterprise__in=firms.values("pk")) | Q(topic__icontains=text))

    return Table[Booking](
        key="bookings",
        columns=[
            *_when(),
            Column(
                "enterprise",
                gettext_lazy("企业"),
                value=lambda one: shown_name(one.enterprise, user),
                sort="enterprise__name_key",
            ),
            *_what(),
            Column("contact", gettext_lazy("到场人"), value="contact_name", visible=False),
            Column("case", gettext_lazy("办件"), value=lambda one: one.case and one.case.number, visible=False),
        ],
        order="-day",
        caption=gettext_lazy("窗口预约"),
        row_url=lambda one: reverse("bookings:one", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("企业、要办什么"), apply=search),
            Choose("state", gettext_lazy("状态"), _states(), facet=True),
            Choose("window", gettext_lazy("窗口"), lambda: [(one.pk, one.title) for one in Window.objects.all()]),
            Span("day", gettext_lazy("日期"), field="day"),
        ],
        empty=gettext_lazy("还没有预约。设置窗口开放时间后，企业就能预约。"),
        empty_url=reverse("bookings:hours"),
        empty_action=gettext_lazy("看开放时间"),
    )


def own_table() -> Table[Booking]:
    """The bookings of one's own enterprises."""
    return Table[Booking](
        key="my_bookings",
        columns=[*_when(), *_what()],
        order="-day",
        caption=gettext_lazy("我的预约"),
        row_url=lambda one: reverse("bookings:own_one", args=[one.pk]),
        filters=[Choose("state", gettext_lazy("状态"), _states())],
        empty=gettext_lazy("还没有预约。约好时间再来，不用排队。"),
        empty_url=reverse("bookings:own_new"),
        empty_action=gettext_lazy("预约窗口"),
    )


def _states() -> list[tuple[str, Any]]:
    return [(one.value, gettext_lazy(one.label)) for one in State]


def _when() -> list[Column[Booking]]:
    return [
        Column("day", gettext_lazy("日期"), sort=("day", "begins"), kind="date", fixed=True),
        Column("begins", gettext_lazy("时段"), value=lambda one: f"{one.begins:%H:%M}–{one.ends:%H:%M}"),
        Column("window", gettext_lazy("窗口"), value="window.title", sort="window__number"),
        Column("place", gettext_lazy("地点"), value="place.name", sort="place__name"),
    ]


def _what() -> list[Column[Booking]]:
    return [
        Column("topic", gettext_lazy("要办什么"), value=topic_of),
        Column(
            "state",
            gettext_lazy("状态"),
            value=lambda one: _(State(one.state).label),
            sort="state",
            kind="badge",
            tone=lambda one: TONES[State(one.state)],
        ),
    ]


def topic_of(booking: Booking) -> str | None:
    """What it is about: the service, the words, or both."""
    said = [booking.service.title if booking.service else "", booking.topic]
    return " · ".join(one for one in said if one) or None
