"""Who may book a window, serve those who come, and set its hours."""

from linqi.bookings.models import Booking, ClosedDay, WindowHours
from linqi.kit.access import COMMUNITY_STAFF, STREET_STAFF, Role, allow, by_enterprise, by_place, scope
from linqi.kit.privacy import Kept, declare

allow("bookings.see", *STREET_STAFF, Role.ENTERPRISE_USER, label="查看预约")
allow("bookings.serve", Role.STREET_LEADER, *COMMUNITY_STAFF, label="接待预约")
allow("bookings.portal", Role.ENTERPRISE_USER, label="打开我的预约")
allow("bookings.book", *COMMUNITY_STAFF, Role.ENTERPRISE_USER, label="预约窗口")
allow("bookings.export", *STREET_STAFF, label="导出预约")
allow("bookings.configure", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="设置窗口开放时间")

scope(Booking, "bookings.see", by_place("place") | by_enterprise("enterprise"))
scope(WindowHours, "bookings.serve", by_place("place"))  # what an enterprise may choose comes from queries.counters_for
scope(ClosedDay, "bookings.serve", by_place("place"))

declare(
    Booking,
    personal={
        "topic": Kept.FILE,
        "contact_name": Kept.FILE,
        "contact_phone": Kept.FILE,
        "reason": Kept.FILE,
        "booked_by": Kept.FILE,
    },
)
declare(WindowHours)
declare(ClosedDay, plain=["reason"])
