"""Windows of the demo community that can be booked, and who has: by the real actions 演示预约."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from linqi.bookings import actions, queries
from linqi.bookings.flow import Move
from linqi.bookings.models import Booking
from linqi.cases.actions import Contact
from linqi.catalogue.models import Window
from linqi.enterprises.models import Enterprise
from linqi.kit import clock
from linqi.territory.models import Place

HOURS: Final = ((time(9), time(11, 30)), (time(14), time(17)))
TOPICS: Final = (
    "社保开户",
    "租金补贴怎么报",
    "高新技术企业认定咨询",
    "人才公寓申请",
    "商标注册咨询",
    "融资对接",
    "劳动合同范本",
)


def fill_windows(
    community: Place, firms: Sequence[Enterprise], secretary: Any, receiver: Any, founder: Any, random: Random
) -> int:
    """Hours of all nine windows, a closed day, and bookings of today and the days after; returns how many bookings."""
    day = clock.today()
    for window in Window.objects.all():
        for begins, ends in HOURS:
            actions.set_hours(
                place=community,
                window=window,
                weekday=None,
                begins=begins,
                ends=ends,
                minutes=30,
                seats=2,
                since=day,
                by=secretary,
            )
    made = 0
    for at, firm in enumerate(firms):
        window = random.choice(list(Window.objects.all()))
        slots = [
            slot
            for found in queries.free_at(community.pk, window.pk, clock.now()).values()
            for slot, n in found.items()
            if n
        ]
        if not slots or community.pk not in {one.place.pk for one in queries.counters_for(firm, day)}:
            continue
        slot = slots[0] if at % 3 == 0 else random.choice(slots)
        actions.book(
            enterprise=firm,
            place=community,
            window=window,
            day=slot.day,
            begins=slot.begins,
            topic=random.choice(TOPICS),
            contact=Contact("示例联系人"),
            by=founder if at == 0 else receiver,
        )
        made += 1
    _receive(community, day, receiver)
    off = clock.clock_in_force().add_working_days(day, 8)
    last = Window.objects.order_by("number").last()
    actions.close_day(place=community, window=last, day=off, reason="（演示）系统升级", by=secretary)
    return made


def _receive(community: Place, day: date, receiver: Any) -> None:
    """The first of today's has come, if anybody is expected today."""
    first = Booking.objects.filter(place=community, day=day).order_by("begins").first()
    if first is not None:
        with clock.standing(max(clock.now(), datetime.combine(day, first.begins, clock.ZONE) - timedelta(minutes=3))):
            actions.move(booking=first, to=Move.ARRIVE, by=receiver)
