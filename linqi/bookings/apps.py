"""How Django finds this app; its bookings follow when their enterprise is merged."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "linqi.bookings"
    label = "bookings"
    verbose_name = _("窗口预约")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.bookings.models import Booking
        from linqi.enterprises.actions.pairs import on_merge

        on_merge(Booking)
