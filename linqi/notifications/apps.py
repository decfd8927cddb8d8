"""How Django finds this app; at start it puts the shipped channels into use."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "linqi.notifications"
    label = "notifications"
    verbose_name = _("通知")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.notifications import outside
        from linqi.notifications.outside.mail import Mail

        outside.register(Mail())
