"""Keys of devices: given, taken away, given back 终端密钥."""

from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.waste.models import Device
from linqi.waste.outside import broker, mqtt
from linqi.waste.rules.messages import SERIAL


@transaction.atomic
def issue_key(*, device: Device, by: Any) -> str:
    """A new key for a device; the one before is worth nothing from now on. It is shown once and never kept 生成密钥."""
    access.require(by, "waste.devices", device)
    if not SERIAL.fullmatch(device.serial) or device.serial == broker.LISTENER:
        raise ValidationError({"serial": _("序列号只能用字母、数字、点、横线和下划线，且不能叫 linqi；请先改序列号。")})
    key = broker.new_key()
    device.key_digest, device.key_since = broker.digest(key), clock.now()
    device.save(update_fields=["key_digest", "key_since"])
    journal.write(by=by, verb=Verb.WASTE_KEY_ISSUED, subject=device, place=device.place)
    _tell_broker()
    return key


@transaction.atomic
def disable(*, device: Device, by: Any) -> Device:
    """Take nothing more of a device 停用终端."""
    access.require(by, "waste.devices", device)
    if device.disabled_at is not None:
        raise ValidationError(_("该终端已经停用。"))
    device.disabled_at = clock.now()
    device.save(update_fields=["disabled_at"])
    journal.write(by=by, verb=Verb.WASTE_DEVICE_DISABLED, subject=device, place=device.place)
    _tell_broker()
    return device


@transaction.atomic
def enable(*, device: Device, by: Any) -> Device:
    """Listen to a device again, with the key it had 启用终端."""
    access.require(by, "waste.devices", device)
    if device.disabled_at is None:
        raise ValidationError(_("该终端没有停用。"))
    device.disabled_at = None
    device.save(update_fields=["disabled_at"])
    journal.write(by=by, verb=Verb.WASTE_DEVICE_ENABLED, subject=device, place=device.place)
    _tell_broker()
    return device


def write_broker_files() -> int:
    """Write who may connect to our broker, from the digests; how many devices. Nothing happens without a broker of our own."""
    rows = Device.objects.filter(disabled_at=None).exclude(key_digest="").order_by("serial")
    accounts = [broker.Account(serial, digest) for serial, digest in rows.values_list("serial", "key_digest")]
    count = len(accounts)
    where = mqtt.address(settings.MQTT_URL) if settings.MQTT_URL else None
    if where is not None and where.password:
        accounts.append(broker.Account(where.user or broker.LISTENER, broker.digest(where.password)))
    broker.write(settings.MQTT_FOLDER, accounts, port=where.port if where else 1883)
    return count


def _tell_broker() -> None:
    if settings.MQTT_EMBEDDED:
        transaction.on_commit(partial(write_broker_files))
