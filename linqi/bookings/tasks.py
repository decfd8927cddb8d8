"""What the tick does about bookings."""

from linqi.bookings import actions
from linqi.kit import ticker

ticker.register("bookings.remind", actions.remind)
ticker.register("bookings.forget", actions.forget_contacts)
