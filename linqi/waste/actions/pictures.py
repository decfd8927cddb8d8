"""Pictures from inside bins: taken in blurred, looked at by the recogniser, labelled by people, gone when their time is over 桶内图像."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.access import SYSTEM
from linqi.kit.pictures import PictureRefused
from linqi.waste import queries_keeping, queries_labels, recogniser, tracing
from linqi.waste.actions import clues
from linqi.waste.kinds import ClueKind, ClueState, Doubt, Witness
from linqi.waste.models import Clue, Device, Fitting, Picture
from linqi.waste.outside.faces import blurred
from linqi.waste.outside.vision import MOST_BYTES, VisionAbsent
from linqi.waste.recognition.keeping import ModelUnusable
from linqi.waste.recognition.streams import StreamsWrong
from linqi.waste.rules.keeping import PICTURE

AHEAD: Final = timedelta(minutes=10)  # by which a device's clock may be fast
SAMPLED: Final = 0.05  # share of the sure ones that a person looks at all the same; issue 6
ASKED_FOR: Final = timedelta(
    minutes=15
)  # a picture given to one person is given to no other meanwhile; product default
MOST_AT_ONCE: Final = 60  # pictures given to one person
AT_ONCE: Final = 200  # rows erased in one transaction
NOTHING: Final = queries_labels.NOTHING
log = structlog.get_logger("linqi.waste")


# --- taken in -------------------------------------------------------------------------------------------------------
def take_picture(*, device: Device, data: bytes, taken_at: datetime, ref: str = "", now: datetime, by: Any) -> Picture:
    """Take in what a device saw in its bin: bounded, recognised, faces and plates blurred, then stored 接收图像.

    The same `ref` of a device again gives the picture that is there. ValidationError names the field and the remedy; nothing is
    stored when faces cannot be looked for. What is slow is done before the transaction.
    """
    if by is not SYSTEM:
        access.require(by, "waste.devices", device)
    _acceptable(device, data, taken_at, ref, now)
    if ref and (known := Picture.objects.filter(device=device, ref=ref).first()):
        return known
    fitted = Fitting.objects.filter(Q(until=None) | Q(until__gt=taken_at), device=device, since__lte=taken_at).first()
    if fitted is None:
        raise ValidationError({"device": _("设备当时没有装在任何垃圾桶上，请先登记装桶。")})
    try:
        safe = blurred(data)
        verdict = recogniser.recognised([data])[0]
        version = recogniser.version()
    except PictureRefused as refused:
        raise ValidationError({"file": _(refused.why.label)}) from refused
    except VisionAbsent as absent:
        raise ValidationError({"file": _("本机没有安装图像识别组件，无法遮挡人脸和车牌，因此不接收图像。")}) from absent
    except (ModelUnusable, StreamsWrong, OSError) as broken:
        log.error("the recogniser cannot be used", error=str(broken))
        raise ValidationError({"file": _("识别模型不可用，请联系运维检查模型文件。")}) from broken
    digest = sha256(safe.data).hexdigest()
    made = Picture(
        device=device,
        bin_id=fitted.bin_id,
        ref=ref,
        sha256=digest,
        size=len(safe.data),
        blurred=min(safe.places, 32767),
        taken_at=taken_at,
        stored_on=timezone.localtime(now).date(),
        seen_as=verdict.klass,
        stream=verdict.stream or "",
        confidence=verdict.confidence,
        doubt=verdict.doubt,
        model=version,
        sampled=verdict.doubt == Doubt.SURE and is_sampled(digest),
    )
    return _stored(made, safe.data)


def _acceptable(device: Device, data: bytes, taken_at: datetime, ref: str, now: datetime) -> None:
    if device.disabled_at is not None and device.disabled_at <= now:
        raise PermissionDenied("device disabled")
    if not data:
        raise ValidationError({"file": _("没有收到图像内容。")})
    if len(data) > MOST_BYTES:
        raise ValidationError({"file": _("图像超过 8 MB，请降低分辨率后再传。")})
    if len(ref) > 64:
        raise ValidationError({"ref": _("图像编号最长 64 个字符。")})
    kept = queries_keeping.days_at(device.place, timezone.localtime(now).date())[PICTURE]
    if taken_at > now + AHEAD or taken_at < now - timedelta(days=kept):
        raise ValidationError({"taken_at": _("拍摄时间不在可接收的范围内，请检查设备时钟。")})


def _stored(made: Picture, data: bytes) -> Picture:
    """File and row together; of two that bring the same at once, the row that came first."""
    storage = made._meta.get_field("file").storage
    made.file.name = storage.save(f"waste/{made.taken_at:%Y/%m}/{made.sha256}.jpg", ContentFile(data))
    try:
        with transaction.atomic():
            made.save()
            clues.picture_came(made)
            if made.doubt == Doubt.SURE:
                _suspect(made, made.stream, made.confidence, SYSTEM)
    except BaseException as failed:
        storage.delete(made.file.name)
        if isinstance(failed, IntegrityError) and made.ref:
            first = Picture.objects.filter(device=made.device, ref=made.ref).first()
            if first is not None:
                return first
        raise
    return made


def _suspect(picture: Picture, stream: str, confidence: float | None, by: Any) -> None:
    """What was seen belongs into another bin: a clue, at which a person looks; nothing else follows from it."""
    if picture.bin is None or stream in {"", picture.bin.stream} or _suspicions(picture).exists():
        return
    at = min(picture.taken_at, clock.now())  # a camera's clock may be fast
    clues.raised(
        bin=picture.bin,
        kind=ClueKind.MIXED,
        witness=Witness.PICTURE,
        at=at,
        picture=picture,
        confidence=confidence,
        by=by,
    )


def is_sampled(digest: str) -> bool:
    """Whether a sure picture is looked at all the same: as if by lot, and always the same answer for the same picture 抽检."""
    return int(sha256(f"sample {digest}".encode()).hexdigest()[:8], 16) < SAMPLED * 16**8


# --- labelled -------------------------------------------------------------------------------------------------------
@transaction.atomic
def hand_out(*, count: int = 12, now: datetime, by: Any) -> list[Picture]:
    """The next pictures for one person to label; no other is given them meanwhile, and one's own are given again 领取待标注图像."""
    if not access.may_anywhere(by, "waste.look"):
        raise PermissionDenied("waste.look")
    wanted = min(max(count, 1), MOST_AT_ONCE)
    waiting = queries_labels.waiting(by)
    mine = list(waiting.filter(asked_of=by.pk, asked_until__gt=now)[:wanted])
    free = Q(asked_until=None) | Q(asked_until__lte=now)
    for one in waiting.filter(free)[: 3 * (wanted - len(mine))]:
        if len(mine) == wanted:
            break
        if Picture.objects.filter(free, pk=one.pk, labelled_at=None).update(
            asked_of=by.pk, asked_until=now + ASKED_FOR
        ):
            mine.append(one)
    Picture.objects.filter(pk__in=[one.pk for one in mine], asked_of=by.pk).update(asked_until=now + ASKED_FOR)
    return mine


@transaction.atomic
def give_back(*, now: datetime, by: Any) -> int:
    """Give back what one has before one and will not label now; how many 放回."""
    return Picture.objects.filter(asked_of=by.pk, labelled_at=None, asked_until__gt=now).update(
        asked_of=None, asked_until=None
    )


@transaction.atomic
def label(*, picture: Picture, label: str, now: datetime, by: Any) -> Picture:
    """Say what one sees: a class, or `none` for nothing of these 标注.

    ValidationError when the word is none of `queries_labels.choices()`, or another person was first (nothing is overwritten: they may
    take theirs back). One's own label may be changed.
    """
    access.require(by, "waste.look", picture)
    said = label.strip()
    if said not in queries_labels.choices():
        raise ValidationError({"label": _("没有“%(label)s”这个类别，请从列表中选择。") % {"label": said[:40]}})
    stream = recogniser.streams().get(said)
    mine = Q(labelled_at=None) | Q(labelled_by=by.pk)
    taken = Picture.objects.filter(mine, pk=picture.pk).update(
        label=said, label_stream=stream or "", labelled_by=by.pk, labelled_at=now, asked_of=None, asked_until=None
    )
    if not taken:
        raise ValidationError({"label": _("这张图像已由他人标注。如有不同意见，请对方先撤回。")})
    picture.refresh_from_db()
    _drop_suspicion(picture)
    _suspect(picture, picture.label_stream, None, by)
    journal.write(
        by=by, verb=Verb.WASTE_LABELLED, subject=picture, place=_place(picture), label=said, seen_as=picture.seen_as
    )
    return picture


@transaction.atomic
def unlabel(*, picture: Picture, by: Any) -> Picture:
    """Take one's own label back; the picture waits again 撤回标注."""
    access.require(by, "waste.look", picture)
    gone = Picture.objects.filter(pk=picture.pk, labelled_by=by.pk).exclude(labelled_at=None)
    was = gone.values_list("label", flat=True).first()
    if not gone.update(label="", label_stream="", labelled_by=None, labelled_at=None):
        raise ValidationError({"label": _("只能撤回自己的标注。")})
    picture.refresh_from_db()
    _drop_suspicion(picture)
    journal.write(by=by, verb=Verb.WASTE_UNLABELLED, subject=picture, place=_place(picture), label=was)
    return picture


def _drop_suspicion(picture: Picture) -> None:
    """A clue that rests on a label goes with it, as long as nobody has looked at it."""
    _suspicions(picture).filter(confidence=None, state=ClueState.WAITING.value).delete()


def _suspicions(picture: Picture) -> QuerySet[Clue]:
    """What was said because of what is seen on it; a clue of the device that it only belongs to is none."""
    return Clue.objects.filter(picture=picture, witness=Witness.PICTURE.value)


def _place(picture: Picture) -> int | None:
    return picture.bin.place_id if picture.bin is not None else None


# --- gone when their time is over -----------------------------------------------------------------------------------
def tick(now: datetime) -> int:
    """Take away pictures whose last day is over; how many went."""
    return forget_pictures(now=now, by=SYSTEM)


def forget_pictures(*, now: datetime, by: Any) -> int:
    """Erase pictures and files whose time is over and that no clue needs which is open or confirmed 清除到期图像."""
    if by is not SYSTEM:
        raise PermissionDenied("waste.forget")
    today, gone = timezone.localtime(now).date(), 0
    over = Picture.objects.filter(queries_keeping.pictures_over(today)).exclude(tracing.needed(today))
    while ended := list(over.order_by("pk")[:AT_ONCE]):
        gone += _erased(ended, over)
    if gone:
        with transaction.atomic():
            journal.write(by=by, verb=Verb.WASTE_PICTURES_ERASED, pictures=gone)
    return gone


def _erased(ended: Sequence[Picture], over: QuerySet[Picture]) -> int:
    """File first: a row without its file says so, a file without its row hides. One that became evidence meanwhile stays."""
    gone = 0
    for one in ended:
        with transaction.atomic():
            held = over.select_for_update(of=("self",)).filter(pk=one.pk).first()
            if held is None:
                continue
            held.file.storage.delete(str(held.file.name))
            held.delete()
            gone += 1
    return gone
