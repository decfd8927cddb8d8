"""The door for devices that cannot speak MQTT, and for pictures: HTTP with the serial and key of the device 终端接口.

The answer is the receipt: 200 after the commit. What the answer does not name, a device keeps and sends again. docs/rules/waste_messages.md
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final

from allauth.core import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.waste import door
from linqi.waste.actions.pictures import take_picture
from linqi.waste.models import Device
from linqi.waste.outside.vision import MOST_BYTES as MOST_PICTURE_BYTES
from linqi.waste.outside.vision import VisionAbsent
from linqi.waste.queries_events import device_by_key
from linqi.waste.recognition.keeping import ModelUnusable
from linqi.waste.recognition.streams import StreamsWrong
from linqi.waste.rules.messages import MOST_BYTES, REFERENCE

NAMELESS: Final = "Give the serial of the device and its key by HTTP Basic."
View = Callable[..., HttpResponse]


def for_devices(method: str, most: int) -> Callable[[View], View]:
    """A view that a device calls with its key: no session, nothing read beyond `most` bytes. The view gets device and body."""

    def mark(view: View) -> View:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def answered(request: HttpRequest, **parts: str) -> HttpResponse:
            if request.method != method:
                refused = _no(405, "method", f"{method} only.")
                refused["Allow"] = method
                return refused
            device = _who(request)
            if device is None:
                if not ratelimit.consume(request, action="device_key", key=_name(request)[:40]):
                    return _no(429, "throttled", "Too many wrong keys. Wait five minutes.")
                refused = _no(401, "key", NAMELESS)
                refused["WWW-Authenticate"] = 'Basic realm="Linqi devices"'
                return refused
            if device.disabled_at is not None:
                return _no(403, "disabled", f"{device.serial} is disabled.")
            length = request.META.get("CONTENT_LENGTH") or ""
            if length.isdigit() and int(length) > most:
                door.too_large(device, request.path, int(length), clock.now())
                return _no(413, "too_large", f"{length} bytes; at most {most}.", close=True)
            body = request.read(most + 1)
            if len(body) > most:
                door.too_large(device, request.path, len(body), clock.now())
                return _no(413, "too_large", f"More than {most} bytes.", close=True)
            return view(request, device, body, **parts)

        return answered

    return mark


@for_devices("POST", MOST_BYTES)
def events(request: HttpRequest, device: Device, body: bytes) -> HttpResponse:
    """Events as plain JSON; a gateway's may name the chips behind it."""
    return _told(door.hear(f"linqi/1/{device.serial}/events", body))


@for_devices("POST", MOST_BYTES)
def telemetry(request: HttpRequest, device: Device, body: bytes) -> HttpResponse:
    """Telemetry as ThingsBoard has it; of a gateway in the form of its gateways."""
    form = "gateway" if device.kind == "gateway" else "devices/me"
    return _told(door.hear(f"linqi/1/{device.serial}/v1/{form}/telemetry", body))


@for_devices("PUT", MOST_PICTURE_BYTES)
def picture(request: HttpRequest, device: Device, body: bytes, ref: str) -> HttpResponse:
    """A picture that an event of this device names by `ref`; a gateway says whose by the header X-Device."""
    if not REFERENCE.fullmatch(ref):
        return _no(422, "reference", "The last part of the address is 1 to 64 of A-Z a-z 0-9 . _ -.")
    behind = request.headers.get("X-Device", "")
    if behind and behind != device.serial:
        chip = Device.objects.filter(serial=behind, gateway=device, disabled_at=None).first()
        if chip is None:
            return _no(403, "not_yours", f"{behind[:40]} is not registered behind {device.serial}.")
        device = chip
    if not door.room_for_a_picture(device.pk):
        return _no(429, "limited", "Too many pictures at once. Send it again in a minute.")
    now = clock.now()
    taken = request.headers.get("X-Taken-Ms", "")
    if taken and not (taken.isdecimal() and len(taken) <= 15):
        return _no(422, "time", "X-Taken-Ms is milliseconds since 1970 UTC.")
    taken_at = datetime.fromtimestamp(int(taken) / 1000, UTC) if taken else now
    try:
        made = take_picture(device=device, data=body, taken_at=taken_at, ref=ref, now=now, by=SYSTEM)
    except ValidationError as wrong:
        if isinstance(wrong.__cause__, (VisionAbsent, ModelUnusable, StreamsWrong, OSError)):
            refused = _no(503, "recogniser", "; ".join(wrong.messages))  # no fault of the picture: the device keeps it
            refused["Retry-After"] = "600"
            return refused
        fields = wrong.message_dict if hasattr(wrong, "error_dict") else {"": wrong.messages}
        return JsonResponse({"reason": next(iter(fields)), "detail": fields}, status=422)
    except PermissionDenied:
        return _no(403, "disabled", f"{device.serial} is disabled.")
    return JsonResponse({"picture": ref, "sha256": made.sha256}, status=201)


def _told(heard: "door.Heard") -> HttpResponse:
    told: dict[str, Any] = {"receipts": heard.receipts, "refused": heard.refused}
    if heard.limited:
        told["limited"] = heard.limited
    if heard.limited and not heard.stored:
        answer = JsonResponse(told, status=429)
        answer["Retry-After"] = "30"
        return answer
    whole = any(one["index"] is None for one in heard.refused) and not heard.receipts
    return JsonResponse(told, status=400 if whole else 200)


def _who(request: HttpRequest) -> Device | None:
    """The device whose serial and key came with the request."""
    name, _, key = _credentials(request).partition(":")
    return device_by_key(name, key)


def _name(request: HttpRequest) -> str:
    return _credentials(request).partition(":")[0]


def _credentials(request: HttpRequest) -> str:
    kind, _, said = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic" or len(said) > 400:
        return ""
    try:
        return base64.b64decode(said, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _no(status: int, reason: str, detail: str, *, close: bool = False) -> HttpResponse:
    answer = JsonResponse({"reason": reason, "detail": detail}, status=status)
    if close:
        answer["Connection"] = "close"
    return answer
