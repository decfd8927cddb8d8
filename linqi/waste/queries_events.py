"""Who a device is by its key, and which messages were set aside 终端与隔离消息."""

from typing import Any, Final

from django.db.models import Q, QuerySet

from linqi.kit import access
from linqi.territory.models import Place
from linqi.waste.models import Device, Quarantined
from linqi.waste.outside.broker import fits
from linqi.waste.rules.messages import SERIAL

WHOLE_PLACES: Final = ("district", "street")


def device_by_key(serial: str, key: str) -> Device | None:
    """The device with this serial and key; None whatever is wrong with them."""
    if not key or not SERIAL.fullmatch(serial):
        return None
    device = Device.objects.filter(serial=serial).first()
    if device is None or not fits(key, device.key_digest):
        return None
    return device


# --- what was set aside -------------------------------------------------------------------------------------------------
def quarantined_seen_by(user: Any) -> QuerySet[Quarantined]:
    """Messages set aside, of the devices this user keeps; those of nobody we know only for who keeps a whole street or district."""
    if user is access.SYSTEM or _keeps_a_whole_street(user):
        nobodys = Quarantined.objects.filter(device=None).values("pk")
        own = access.seen_by(user, Quarantined).values("pk")
        return Quarantined.objects.filter(Q(pk__in=own) | Q(pk__in=nobodys)).select_related("device")
    return access.seen_by(user, Quarantined).select_related("device")


def _keeps_a_whole_street(user: Any) -> bool:
    places = access.reach_of(user).places("waste.devices")
    return Place.objects.filter(pk__in=places, kind__in=WHOLE_PLACES).exists()
