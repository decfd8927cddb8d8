"""What may be kept with a visit beside its words, who takes it back, and that it goes when its time is over 走访留存."""

import binascii
from base64 import b64decode
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.access import SYSTEM
from linqi.kit.pictures import NoPicture, PictureRefused, opened
from linqi.visits.flow import State
from linqi.visits.models import Erasure, Operation, Photo, Spot, Visit
from linqi.visits.rules import patrol
from linqi.visits.rules.patrol import PATROLS, VisitKind

ROOT: Final = "visits"  # the folder of the pictures below the uploads
AT_ONCE: Final = 500  # rows erased in one transaction
EVERY: Final = timedelta(hours=24)  # how often what has ended is taken away; product default
STRAY_AFTER: Final = timedelta(days=1)  # a file without a row is a picture whose visit was never written
log = structlog.get_logger("linqi.visits")


# --- kept ---------------------------------------------------------------------------------------------------------------
@transaction.atomic
def keep_photo(*, visit: Visit, uid: str, data: bytes, note: str = "", taken_on: date, by: Any) -> Photo:
    """Keep a picture somebody chose to take; never asked for, drawn anew without where and when, gone after its term 留存照片.

    `uid`: the operation that brings it. ValidationError says what to do when it is not taken.
    """
    access.require(by, "visits.record", visit)
    visit = _open(visit)
    if Photo.objects.filter(visit=visit).count() >= patrol.MOST_PHOTOS:
        raise ValidationError({"photo": _("每次走访最多 %(n)s 张照片，可先撤回一张再传。") % {"n": patrol.MOST_PHOTOS}})
    drawn = _drawn(data)
    made = Photo(
        visit=visit,
        uid=uid,
        size=len(drawn),
        note=note.strip()[:100],
        taken_by_id=by.pk,
        taken_on=taken_on,
        erase_on=patrol.end_of(clock.today(), settings.VISIT_PHOTO_DAYS, patrol.LONGEST_PHOTO_DAYS),
    )
    storage, name = made.file.storage, f"{ROOT}/{taken_on:%Y/%m}/{sha256(uid.encode()).hexdigest()}.jpg"
    storage.delete(name)  # of a try that died before its row was written
    made.file.name = storage.save(name, ContentFile(drawn))
    try:
        made.save()
    except BaseException:
        storage.delete(name)
        raise
    _seen_again(visit)
    journal.write(by=by, verb=Verb.VISIT_PHOTO_KEPT, subject=visit, photo=made.pk, until=made.erase_on)
    return made


@transaction.atomic
def keep_spot(*, visit: Visit, said: Any, agreed: str, taken_on: date, by: Any) -> Spot:
    """Keep where a patrol was, once, because somebody agreed to it on the page; any other visit is refused 留存巡查位置.

    `said`: {lat, lon, within}; `agreed`: the number of the words that were agreed to.
    """
    access.require(by, "visits.record", visit)
    visit = _open(visit)
    if VisitKind(visit.kind) not in PATROLS:
        raise ValidationError({"place": _("只有安全、应急巡查可以留位置，普通走访不留。")})
    if not access.may(by, "visits.patrol", visit):
        raise PermissionDenied("visits.patrol")
    if agreed != patrol.AGREED:
        raise ValidationError({"place": _("没有本人同意就不留位置。请在页面上看过说明、点“同意”后再留。")})
    try:
        spot = patrol.spot(said)
    except patrol.NoSpot as wrong:
        raise ValidationError(
            {"place": _("位置数据读不懂（%(field)s），没有保存。可以不留位置，照常完成巡查。") % {"field": wrong.field}}
        ) from wrong
    try:
        with transaction.atomic():
            made = Spot.objects.create(
                visit=visit,
                lat=spot.lat,
                lon=spot.lon,
                within=spot.within,
                agreed=agreed,
                taken_by_id=by.pk,
                taken_on=taken_on,
                erase_on=patrol.end_of(clock.today(), settings.VISIT_PLACE_DAYS, patrol.LONGEST_PLACE_DAYS),
            )
    except IntegrityError as twice:
        raise ValidationError({"place": _("这次巡查已经留过一次位置。位置只留一次，不记轨迹。")}) from twice
    _seen_again(visit)
    journal.write(by=by, verb=Verb.VISIT_PLACE_KEPT, subject=visit, until=made.erase_on)
    return made


@transaction.atomic
def read_spot(*, spot: Spot, by: Any) -> Spot:
    """Look at where a patrol was; that somebody looked is remembered 查看巡查位置."""
    if spot.taken_by_id != by.pk:
        access.require(by, "visits.patrol", spot)
    journal.write(by=by, verb=Verb.VISIT_PLACE_READ, subject=spot.visit)
    return spot


# --- taken back -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def withdraw_photo(*, photo: Photo, by: Any) -> None:
    """Take back a picture one took oneself, at any time and without a reason; its bytes go too 撤回照片."""
    _own(photo, by)
    visit = _locked(photo.visit)
    storage, name = photo.file.storage, str(photo.file.name)
    photo.delete()
    transaction.on_commit(lambda: storage.delete(name))
    _seen_again(visit)
    journal.write(by=by, verb=Verb.VISIT_DATA_WITHDRAWN, subject=visit, what="photo")


@transaction.atomic
def withdraw_spot(*, spot: Spot, by: Any) -> None:
    """Take back the place one agreed to, at any time and without a reason 撤回位置."""
    _own(spot, by)
    visit = _locked(spot.visit)
    spot.delete()
    _seen_again(visit)
    journal.write(by=by, verb=Verb.VISIT_DATA_WITHDRAWN, subject=visit, what="place")


# --- taken along ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def record_check_export(*, rows: int, by: Any) -> None:
    """Keep who took the self-check out of the house 导出留痕."""
    if not access.may_anywhere(by, "visits.check"):
        raise PermissionDenied("visits.check")
    journal.write(by=by, verb=Verb.EXPORTED, what="visits_check", rows=rows)


@transaction.atomic
def record_own_export(*, rows: int, by: Any) -> None:
    """Keep that somebody took along what is kept about them; anybody may 导出本人数据."""
    journal.write(by=by, verb=Verb.EXPORTED, what="visits_own", rows=rows)


# --- gone when its time is over ---------------------------------------------------------------------------------------------
def tick(now: datetime) -> int:
    """Once a day take away what has been kept long enough; how many rows and files went 到期清除."""
    last = Erasure.objects.order_by("-pk").first()
    if last is not None and last.ran_at > now - EVERY:
        return 0
    run = erase_ended(now=now)
    return run.photos + run.spots + run.operations + run.files


def erase_ended(*, now: datetime) -> Erasure:
    """Take away pictures, places and what devices said word for word when their term is over, and files that belong to nothing.

    A run is on record also when there was nothing to take; the counts are the proof.
    """
    day = timezone.localtime(now).date()
    gone = {"photos": _photos_ended(day), "spots": _spots_ended(day), "operations": _operations_ended(now)}
    gone["files"] = _stray_files(now)
    with transaction.atomic():
        run = Erasure.objects.create(ran_at=now, **gone)
        if any(gone.values()):
            journal.write(by=SYSTEM, verb=Verb.VISIT_DATA_ERASED, subject=run, **gone)
    return run


def _photos_ended(day: date) -> int:
    gone = 0
    while ended := list(Photo.objects.filter(erase_on__lte=day)[:AT_ONCE]):
        with transaction.atomic():
            for one in ended:
                one.file.storage.delete(
                    str(one.file.name)
                )  # first: a row without its file says so, a file without its row hides
            Photo.objects.filter(pk__in=[one.pk for one in ended]).delete()
        gone += len(ended)
    return gone


def _spots_ended(day: date) -> int:
    return Spot.objects.filter(erase_on__lte=day).delete()[0]


def _operations_ended(now: datetime) -> int:
    """Words, answers and hours of what devices sent go; number, kind and outcome stay, so nothing can be taken a second time."""
    ended = Operation.objects.filter(erased_on=None, received_at__lt=now - timedelta(days=patrol.OPERATION_DAYS))
    gone = 0
    while rows := list(ended[:AT_ONCE]):
        for one in rows:
            one.body, one.result, one.reason = {}, {}, ""
            one.said_at, one.happened_at = _day_only(one.said_at), _day_only(one.happened_at)
            one.received_at, one.erased_on = _day_only(one.received_at), timezone.localtime(now).date()
        Operation.objects.bulk_update(
            rows, ["body", "result", "reason", "said_at", "happened_at", "received_at", "erased_on"]
        )
        gone += len(rows)
    return gone


def _stray_files(now: datetime) -> int:
    """Pictures whose operation was never written: the server died between the file and its row."""
    gone = 0
    for name in _files(ROOT):
        if default_storage.get_modified_time(name) > now - STRAY_AFTER or Photo.objects.filter(file=name).exists():
            continue
        default_storage.delete(name)
        log.info("stray picture taken away", name=PurePosixPath(name).name)
        gone += 1
    return gone


def _files(folder: str) -> list[str]:
    if not default_storage.exists(folder):
        return []
    folders, files = default_storage.listdir(folder)
    return [f"{folder}/{name}" for name in files] + [one for name in folders for one in _files(f"{folder}/{name}")]


def _day_only(moment: datetime) -> datetime:
    """A moment with nothing left of it but the day."""
    return datetime.combine(timezone.localtime(moment).date(), time(), clock.ZONE)


def picture_in(text: Any) -> bytes:
    """The bytes of a picture from base64; ValidationError when it is empty, too large or no base64 读取照片."""
    if not isinstance(text, str) or not text:
        raise ValidationError({"photo": _("照片是空的，可能已在本机到期清除。请重新拍摄，或不传照片。")})
    if len(text) > patrol.MOST_PHOTO_BYTES * 4 // 3 + 4:
        raise ValidationError({"photo": _("照片超过 1 MB，没有收下。请重新选一张，页面会先缩小。")})
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise ValidationError({"photo": _("照片传坏了，没有收下。请重新选一张。")}) from wrong


def _drawn(data: bytes) -> bytes:
    """The picture drawn anew as JPEG: nothing of where, when and by which phone remains in it."""
    try:
        _kind, picture = opened(data, patrol.PHOTO_SIDE)
    except PictureRefused as refused:
        if refused.why is NoPicture.PIXELS:
            raise ValidationError({"photo": _("照片像素过大，没有收下。请缩小后再传。")}) from refused
        raise ValidationError(
            {"photo": _("这不是能打开的照片（JPEG、PNG、WebP），没有收下。请重新选一张。")}
        ) from refused
    plain = picture.convert("RGB")
    bare, written = Image.frombytes("RGB", plain.size, plain.tobytes()), BytesIO()
    bare.save(written, "JPEG", quality=80)
    return written.getvalue()


def _open(visit: Visit) -> Visit:
    """A visit that waits or took place, locked; what came to nothing has nothing to be seen."""
    found = _locked(visit)
    if found.state not in {State.PLANNED, State.DONE}:
        raise ValidationError(
            _("这次走访已经结束（%(state)s），不能再留照片或位置。") % {"state": _(State(found.state).label)}
        )
    return found


def _locked(visit: Visit) -> Visit:
    return Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)


def _seen_again(visit: Visit) -> None:
    """Devices fetch the sheet anew."""
    visit.edition += 1
    visit.save(update_fields=["edition"])


def _own(kept: Photo | Spot, by: Any) -> None:
    if by.pk is None or kept.taken_by_id != by.pk:
        raise PermissionDenied("visits.record")
