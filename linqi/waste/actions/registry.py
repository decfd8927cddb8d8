"""What is done to the registry: points, who answers for them, bins, devices and cards come, move and go 台账动作.

Every change is dated and closes a row or opens one; none rewrites what counted. A change may be dated back, but never behind a clue
that a person has confirmed: it was judged by the registry as it stood.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock, geodesy
from linqi.organisation.models import Company
from linqi.search import actions as search
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import streets_of
from linqi.waste import queries_registry as ask
from linqi.waste.kinds import CardKind, DeviceKind, PartyKind, PointKind, Stream
from linqi.waste.models import Bin, Card, Device, Duty, Fitting, Point, Standing

BINS: Final = "bin"  # as the search box knows them: one word, for the index takes an underscore for a gap
POINTS: Final = "point"
KINDS: Final = (PlaceKind.PARK, PlaceKind.BUILDING, PlaceKind.FLOOR, PlaceKind.UNIT)
FAR: Final = 2_000  # metres a point may lie from the middle of its place; beyond, figures are mixed up. Product default
LARGEST: Final = (
    20_000  # litres of one bin: the largest compacting containers; more is a slip of the pen. Product default
)
_CODE: Final = re.compile(r"[\w.·-]{1,40}")
_SERIAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,39}")  # also an MQTT client id and part of a topic


# --- points ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def make_point(
    *,
    place: Place,
    kind: str,
    name: str,
    since: date,
    longitude: float | None = None,
    latitude: float | None = None,
    by: Any,
) -> Point:
    """Register where bins stand; ValidationError names the field 登记点位."""
    access.require(by, "waste.keep", place)
    if place.kind not in KINDS:
        raise ValidationError({"place": _("点位设在园区、楼宇、楼层或单元，请选择其中之一。")})
    if (place.until is not None and place.until <= since) or since < place.since:
        raise ValidationError({"since": _("“%(place)s”在这一天不存在，请核对日期或地点。") % {"place": place.name}})
    _one_of(PointKind, kind, "kind")
    name = _worded(name, "name", 80, _("请写点位名称，如“一楼东侧投放点”。"))
    _check_position(place, longitude, latitude)
    Place.objects.select_for_update(no_key=True).get(pk=place.pk)  # two with one name wait for each other
    if Point.objects.filter(place=place, name=name, until=None).exists():
        raise ValidationError({"name": _("这里已有同名的点位，请换个名称，如加上方位。")})
    made = Point.objects.create(place=place, kind=kind, name=name, longitude=longitude, latitude=latitude, since=since)
    _index(POINTS, made.pk, name, place)
    journal.write(by=by, verb=Verb.WASTE_POINT_MADE, subject=made, place=place, kind=kind, since=since)
    return made


@transaction.atomic
def change_point(*, point: Point, name: str, longitude: float | None, latitude: float | None, by: Any) -> Point:
    """Correct what a point is called and where exactly it lies 更正点位."""
    access.require(by, "waste.keep", point)
    point = _locked(Point, point)
    _exists(point, _("这个点位已经撤销，不能再改。"))
    name = _worded(name, "name", 80, _("请写点位名称，如“一楼东侧投放点”。"))
    _check_position(point.place, longitude, latitude)
    if Point.objects.filter(place=point.place_id, name=name, until=None).exclude(pk=point.pk).exists():
        raise ValidationError({"name": _("这里已有同名的点位，请换个名称，如加上方位。")})
    before = {"name": point.name, "longitude": point.longitude, "latitude": point.latitude}
    point.name, point.longitude, point.latitude = name, longitude, latitude
    point.save(update_fields=["name", "longitude", "latitude"])
    _index(POINTS, point.pk, name, point.place)
    journal.write(by=by, verb=Verb.WASTE_POINT_CHANGED, subject=point, place=point.place, before=before, name=name)
    return point


@transaction.atomic
def review_point(
    *, point: Point, reviewed_on: date | None, published_on: date | None, reason: str = "", by: Any
) -> Point:
    """Note when a point's recording equipment passed review and when its location was made public 登记审核与公布.

    Administrative Penalty Law, article 41: without both, no recording of it may serve as evidence of a penalty. A date that was noted
    before is only corrected with a reason.
    """
    access.require(by, "waste.keep", point)
    point = _locked(Point, point)
    for field, day in (("reviewed_on", reviewed_on), ("published_on", published_on)):
        if day is not None and day > clock.today():
            raise ValidationError({field: _("还没到这一天；完成之后再登记。")})
    changed = [
        was
        for was, now in ((point.reviewed_on, reviewed_on), (point.published_on, published_on))
        if was is not None and was != now
    ]
    if changed and not reason.strip():
        raise ValidationError({"reason": _("更正已登记的日期，请写明原因：它关系到记录能否作为证据。")})
    before = {"reviewed_on": point.reviewed_on, "published_on": point.published_on}
    point.reviewed_on, point.published_on = reviewed_on, published_on
    point.save(update_fields=["reviewed_on", "published_on"])
    journal.write(
        by=by,
        verb=Verb.WASTE_POINT_REVIEWED,
        subject=point,
        place=point.place,
        before=before,
        reviewed_on=reviewed_on,
        published_on=published_on,
        reason=reason.strip()[:200],
    )
    return point


@transaction.atomic
def end_point(*, point: Point, until: date, by: Any) -> Point:
    """A point no longer exists from a day on; its bins must have left it, duties end with it 撤销点位."""
    access.require(by, "waste.keep", point)
    point = _locked(Point, point)
    _exists(point, _("这个点位已经撤销。"))
    if until <= point.since:
        raise ValidationError({"until": _("撤销日期应晚于启用日期 %(day)s。") % {"day": point.since}})
    _not_ahead(until, "until")
    if standing := list(ask.standing_at(point)[:4]):
        raise ValidationError(
            _("点位上还有桶：%(bins)s。请先移走或撤销这些桶。") % {"bins": _some(one.code for one in standing)}
        )
    last = Standing.objects.filter(point=point).order_by("-until").first()
    if last is not None and last.until is not None and ask.day_of(last.until) > until:
        raise ValidationError(
            {"until": _("最后一只桶 %(day)s 才离开，撤销日期不能更早。") % {"day": ask.day_of(last.until)}}
        )
    _unjudged(until, "until", point=point)
    Duty.objects.filter(point=point, since__gte=until).delete()  # was only to begin and never did
    Duty.objects.filter(point=point, until=None).update(until=until)
    Duty.objects.filter(point=point, until__gt=until).update(until=until)
    point.until = until
    point.save(update_fields=["until"])
    search.remove(POINTS, [point.pk])
    journal.write(by=by, verb=Verb.WASTE_POINT_ENDED, subject=point, place=point.place, until=until)
    return point


# --- who answers -----------------------------------------------------------------------------------------------------
@transaction.atomic
def set_duty(
    *,
    point: Point,
    kind: str,
    enterprise: Enterprise | None = None,
    company: Company | None = None,
    since: date,
    by: Any,
) -> Duty:
    """Say who answers for sorting at a point from a day on; several may at once 登记管理责任人 (杭州条例第31条)."""
    access.require(by, "waste.keep", point)
    point = _locked(Point, point)
    _exists(point, _("这个点位已经撤销。"))
    _one_of(PartyKind, kind, "kind")
    if (enterprise is None) == (company is None):
        raise ValidationError({"company": _("请选一家企业，或者一家物业、运营公司，二者只选其一。")})
    if kind == PartyKind.UNIT and enterprise is None:
        raise ValidationError({"enterprise": _("自用办公区域由该单位自己负责，请选择企业。")})
    if kind == PartyKind.PROPERTY and company is None:
        raise ValidationError({"company": _("物业服务企业请从登记的公司里选。")})
    if enterprise is not None:
        access.require(by, "enterprises.see", enterprise)
    if company is not None and not ask.companies_for(point.place).filter(pk=company.pk).exists():
        raise ValidationError({"company": _("这家公司不是这里的街道或社区登记的；请先在“公司”里登记。")})
    if since < point.since:
        raise ValidationError({"since": _("点位 %(day)s 才启用，责任不能更早开始。") % {"day": point.since}})
    _near(since, "since")
    _unjudged(since, "since", point=point)
    theirs = Duty.objects.filter(point=point, enterprise=enterprise, company=company)
    if any(one.until is None or one.until > since for one in theirs):
        raise ValidationError({"since": _("这家在这段时间已是责任人；请先结束原来的登记，或改开始日期。")})
    made = Duty.objects.create(point=point, kind=kind, enterprise=enterprise, company=company, since=since)
    journal.write(
        by=by,
        verb=Verb.WASTE_DUTY_SET,
        subject=made,
        place=point.place,
        enterprise=enterprise,
        point=point.pk,
        kind=kind,
        since=since,
    )
    return made


@transaction.atomic
def end_duty(*, duty: Duty, until: date, by: Any) -> Duty:
    """Somebody no longer answers for a point from a day on 结束管理责任."""
    access.require(by, "waste.keep", duty)
    duty = _locked(Duty, duty)
    if duty.until is not None and duty.until <= clock.today():
        raise ValidationError(_("这段责任已经结束。"))
    if until <= duty.since:
        raise ValidationError({"until": _("结束日期应晚于开始日期 %(day)s。") % {"day": duty.since}})
    _near(until, "until")
    _unjudged(until, "until", point=duty.point)
    duty.until = until
    duty.save(update_fields=["until"])
    journal.write(
        by=by,
        verb=Verb.WASTE_DUTY_ENDED,
        subject=duty,
        place=duty.point.place,
        enterprise=duty.enterprise,
        point=duty.point_id,
        until=until,
    )
    return duty


# --- bins ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def make_bin(
    *,
    code: str,
    stream: str,
    point: Point,
    since: datetime | None = None,
    litres: int | None = None,
    airtight: bool = False,
    generated: bool = False,
    by: Any,
) -> Bin:
    """Register a bin and stand it at a point 登记垃圾桶."""
    access.require(by, "waste.keep", point)
    point = _locked(Point, point)
    _exists(point, _("这个点位已经撤销，不能再放桶。"))
    code = code.strip()
    if not _CODE.fullmatch(code):
        raise ValidationError({"code": _("桶号用汉字、字母、数字、点和横线，最多 40 个字，不留空格。")})
    _one_of(Stream, stream, "stream")
    if litres is not None and not 1 <= litres <= LARGEST:
        raise ValidationError({"litres": _("容积请填 1 到 %(most)s 升；不知道就留空。") % {"most": LARGEST}})
    at = _moment(since, point)
    if Bin.objects.filter(code=code).exists():
        raise ValidationError({"code": _("桶号 %(code)s 已经用过；换一个，旧桶号不再用。") % {"code": code}})
    made = Bin.objects.create(
        code=code,
        stream=stream,
        litres=litres,
        airtight=airtight,
        place=point.place,
        since=ask.day_of(at),
        generated=generated,
    )
    Standing.objects.create(bin=made, point=point, since=at)
    _index(BINS, made.pk, code, point.place)
    journal.write(by=by, verb=Verb.WASTE_BIN_MADE, subject=made, place=point.place, point=point.pk, stream=stream)
    return made


@transaction.atomic
def move_bin(*, bin: Bin, point: Point, since: datetime | None = None, by: Any) -> Standing:
    """Stand a bin at another point from a moment on; its devices go with it 移桶."""
    access.require(by, "waste.keep", bin)
    access.require(by, "waste.keep", point)
    bin, point = _locked(Bin, bin), _locked(Point, point)
    _exists(bin, _("这只桶已经撤销。"))
    _exists(point, _("这个点位已经撤销，不能再放桶。"))
    at = _moment(since, point)
    now_at = Standing.objects.select_for_update().filter(bin=bin, until=None).first()
    if now_at is not None and now_at.point_id == point.pk:
        raise ValidationError({"point": _("这只桶已经在这个点位。")})
    if now_at is not None and at <= now_at.since:
        raise ValidationError({"since": _after(now_at.since)})
    _unjudged(at, "since", bin=bin)
    if now_at is not None:
        now_at.until = at
        now_at.save(update_fields=["until"])
    made = Standing.objects.create(bin=bin, point=point, since=at)
    bin.place = point.place
    bin.save(update_fields=["place"])
    ask.fitted_on(bin).update(place=point.place)
    _index(BINS, bin.pk, bin.code, point.place)
    journal.write(
        by=by,
        verb=Verb.WASTE_BIN_MOVED,
        subject=bin,
        place=point.place,
        point=point.pk,
        before=now_at and now_at.point_id,
        since=at,
    )
    return made


@transaction.atomic
def end_bin(*, bin: Bin, until: datetime | None = None, by: Any) -> Bin:
    """A bin is no longer used from a moment on; its devices must have been taken off 撤销垃圾桶."""
    access.require(by, "waste.keep", bin)
    bin = _locked(Bin, bin)
    _exists(bin, _("这只桶已经撤销。"))
    if fitted := list(ask.fitted_on(bin)[:4]):
        raise ValidationError(
            _("桶上还装着终端：%(devices)s。请先拆下。") % {"devices": _some(one.serial for one in fitted)}
        )
    at = _at(until, "until")
    now_at = Standing.objects.select_for_update().filter(bin=bin, until=None).first()
    if now_at is not None and at <= now_at.since:
        raise ValidationError({"until": _after(now_at.since)})
    last = Fitting.objects.filter(bin=bin).order_by("-until").first()
    if last is not None and last.until is not None and at < last.until:
        raise ValidationError({"until": _after(last.until)})
    _unjudged(at, "until", bin=bin)
    if now_at is not None:
        now_at.until = at
        now_at.save(update_fields=["until"])
    bin.until = max(ask.day_of(at), bin.since + timedelta(days=1))
    bin.save(update_fields=["until"])
    search.remove(BINS, [bin.pk])
    journal.write(by=by, verb=Verb.WASTE_BIN_ENDED, subject=bin, place=bin.place, until=at)
    return bin


# --- devices ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def make_device(
    *, serial: str, kind: str, place: Place, gateway: Device | None = None, simulated: bool = False, by: Any
) -> Device:
    """Register a chip, camera or gateway; it may speak once a key was issued 登记终端."""
    access.require(by, "waste.devices", place)
    serial = serial.strip()
    if not _SERIAL.fullmatch(serial):
        raise ValidationError(
            {"serial": _("序列号用字母、数字、点、横线和下划线，3 到 40 个，字母或数字开头，与终端上的一致。")}
        )
    _one_of(DeviceKind, kind, "kind")
    _check_gateway(kind, gateway, by)
    if Device.objects.filter(serial=serial).exists():
        raise ValidationError({"serial": _("序列号 %(serial)s 已经登记过。") % {"serial": serial}})
    made = Device.objects.create(serial=serial, kind=kind, place=place, gateway=gateway, simulated=simulated)
    journal.write(by=by, verb=Verb.WASTE_DEVICE_MADE, subject=made, place=place, kind=kind)
    return made


@transaction.atomic
def set_gateway(*, device: Device, gateway: Device | None, by: Any) -> Device:
    """Say through which gateway a device speaks, or that it speaks by itself 指定网关."""
    access.require(by, "waste.devices", device)
    device = _locked(Device, device)
    _check_gateway(device.kind, gateway, by)
    before = device.gateway_id
    device.gateway = gateway
    device.save(update_fields=["gateway"])
    journal.write(
        by=by,
        verb=Verb.WASTE_DEVICE_LINKED,
        subject=device,
        place=device.place,
        gateway=gateway and gateway.pk,
        before=before,
    )
    return device


@transaction.atomic
def fit(*, device: Device, bin: Bin, since: datetime | None = None, by: Any) -> Fitting:
    """Put a device on a bin from a moment on; what it tells is that bin's from then on 装上终端."""
    access.require(by, "waste.devices", device)
    access.require(by, "waste.see", bin)
    bin, device = _locked(Bin, bin), _locked(Device, device)
    _exists(bin, _("这只桶已经撤销。"))
    if device.kind == DeviceKind.GATEWAY:
        raise ValidationError({"device": _("网关不装在桶上；它替后面的芯片传话。")})
    at = _at(since, "since")
    if ask.day_of(at) < bin.since:
        raise ValidationError({"since": _("这只桶 %(day)s 才启用。") % {"day": bin.since}})
    if now_on := Fitting.objects.filter(device=device, until=None).select_related("bin").first():
        raise ValidationError({"device": _("终端还装在 %(bin)s 上，请先拆下。") % {"bin": now_on.bin.code}})
    last = Fitting.objects.filter(device=device).order_by("-until").first()
    if last is not None and last.until is not None and at < last.until:
        raise ValidationError({"since": _after(last.until)})
    if other := ask.fitted_on(bin).filter(kind=device.kind).first():
        raise ValidationError(
            {"bin": _("桶上已有同类终端 %(serial)s，会重复计数；请先拆下它。") % {"serial": other.serial}}
        )
    made = Fitting.objects.create(device=device, bin=bin, since=at)
    device.place = bin.place
    device.save(update_fields=["place"])
    journal.write(by=by, verb=Verb.WASTE_DEVICE_FITTED, subject=device, place=bin.place, bin=bin.pk, since=at)
    return made


@transaction.atomic
def unfit(*, device: Device, until: datetime | None = None, by: Any) -> Fitting:
    """Take a device off its bin from a moment on 拆下终端."""
    access.require(by, "waste.devices", device)
    device = _locked(Device, device)
    now_on = Fitting.objects.select_for_update(of=("self",)).filter(device=device, until=None).first()
    if now_on is None:
        raise ValidationError(_("终端现在没有装在桶上。"))
    at = _at(until, "until")
    if at <= now_on.since:
        raise ValidationError({"until": _after(now_on.since)})
    now_on.until = at
    now_on.save(update_fields=["until"])
    journal.write(
        by=by, verb=Verb.WASTE_DEVICE_TAKEN_OFF, subject=device, place=device.place, bin=now_on.bin_id, until=at
    )
    return now_on


# --- cards -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def give_card(*, code: str, kind: str, enterprise: Enterprise, since: date, by: Any) -> Card:
    """Give an enterprise a card or a roll of bags, by which its deposits are known from a day on 发放投放凭证."""
    access.require(by, "waste.keep", enterprise)
    code = code.strip()
    if not _CODE.fullmatch(code):
        raise ValidationError({"code": _("凭证号用汉字、字母、数字、点和横线，最多 40 个字，不留空格。")})
    _one_of(CardKind, kind, "kind")
    _near(since, "since")
    before = list(Card.objects.select_for_update(of=("self",)).filter(code=code).select_related("enterprise"))
    if any(one.until is None or one.until > since for one in before):
        raise ValidationError({"code": _("这个凭证号在这段时间已发给别家或同一家，请先收回。")})
    made = Card.objects.create(code=code, kind=kind, enterprise=enterprise, since=since)
    journal.write(by=by, verb=Verb.WASTE_CARD_GIVEN, subject=made, enterprise=enterprise, kind=kind, since=since)
    return made


@transaction.atomic
def take_card(*, card: Card, until: date, by: Any) -> Card:
    """A card is no longer its holder's from a day on 收回投放凭证."""
    access.require(by, "waste.keep", card)
    card = _locked(Card, card)
    if card.until is not None:
        raise ValidationError(_("这张凭证已经收回。"))
    if until <= card.since:
        raise ValidationError({"until": _("收回日期应晚于发放日期 %(day)s。") % {"day": card.since}})
    _near(until, "until")
    card.until = until
    card.save(update_fields=["until"])
    journal.write(by=by, verb=Verb.WASTE_CARD_TAKEN, subject=card, enterprise=card.enterprise, until=until)
    return card


# --- inside ----------------------------------------------------------------------------------------------------------
_NEAR: Final = timedelta(days=3653)  # dates further away are slips of the pen


def _locked(model: Any, row: Any) -> Any:
    """The row as it stands, kept until the transaction ends: who changes it meanwhile waits."""
    return model.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _index(kind: str, pk: int, text: str, place: Place) -> None:
    """Let the search box find it, in its street."""
    search.index(kind, pk, text, streets_of([place.pk]).values())


def _exists(row: Point | Bin, refused: str) -> None:
    if row.until is not None:
        raise ValidationError(refused)


def _one_of(choice: Any, value: str, field: str) -> None:
    if value not in choice.values:
        words = "、".join(_(one.label) for one in choice)
        raise ValidationError({field: _("请选择：%(words)s。") % {"words": words}})


def _worded(text: str, field: str, most: int, missing: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise ValidationError({field: missing})
    if len(text) > most:
        raise ValidationError({field: _("最多 %(most)s 个字，请写短些。") % {"most": most}})
    return text


def _check_position(place: Place, longitude: float | None, latitude: float | None) -> None:
    if (longitude is None) != (latitude is None):
        raise ValidationError({"latitude": _("经度和纬度要么都填，要么都不填（不填就用所在地的）。")})
    if longitude is None or latitude is None:
        return
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValidationError({"longitude": _("经度在 -180 到 180、纬度在 -90 到 90 之间；请核对有没有填反。")})
    if place.longitude is None or place.latitude is None:
        return
    metres = geodesy.distance((longitude, latitude), (place.longitude, place.latitude))
    if metres > FAR:
        raise ValidationError(
            {
                "longitude": _("离“%(place)s”有 %(km).1f 公里；请核对经纬度（WGS 84）。")
                % {"place": place.name, "km": metres / 1000}
            }
        )


def _check_gateway(kind: str, gateway: Device | None, by: Any) -> None:
    if gateway is None:
        return
    access.require(by, "waste.devices", gateway)
    if kind == DeviceKind.GATEWAY:
        raise ValidationError({"gateway": _("网关自己直接联网，不再经过别的网关。")})
    if gateway.kind != DeviceKind.GATEWAY:
        raise ValidationError({"gateway": _("“%(serial)s”不是网关。") % {"serial": gateway.serial}})


def _not_ahead(day: date, field: str) -> None:
    if day > clock.today():
        raise ValidationError({field: _("不能晚于今天；到那一天再办。")})


def _near(day: date, field: str) -> None:
    if abs(day - clock.today()) > _NEAR:
        raise ValidationError({field: _("日期离今天太远，请核对年份。")})


def _at(moment: datetime | None, field: str) -> datetime:
    """The moment meant, now when none is said; never ahead of us."""
    now = clock.now()
    if moment is None:
        return now
    if moment > now:
        raise ValidationError({field: _("时间不能晚于现在；到时候再办。")})
    return moment


def _moment(since: datetime | None, point: Point) -> datetime:
    at = _at(since, "since")
    if ask.day_of(at) < point.since:
        raise ValidationError({"since": _("点位 %(day)s 才启用。") % {"day": point.since}})
    return at


def _after(moment: datetime) -> str:
    local = moment.astimezone(clock.ZONE)
    return _("应晚于 %(moment)s：在那之前的登记已经用过，不再改写。") % {"moment": f"{local:%Y-%m-%d %H:%M}"}


def _unjudged(since: date | datetime, field: str, **where: Any) -> None:
    """Refuse to date a change behind a clue that was judged by the registry as it stood."""
    at = since if isinstance(since, datetime) else datetime.combine(since, datetime.min.time(), clock.ZONE)
    if clue := ask.confirmed_since(at, **where):
        local = clue.at.astimezone(clock.ZONE)
        raise ValidationError(
            {
                field: _("%(moment)s 的线索已按原登记核看属实，不能改写；请选更晚的日期。")
                % {"moment": f"{local:%Y-%m-%d %H:%M}"}
            }
        )


def _some(names: Any) -> str:
    """The first three names, and that there are more."""
    listed = list(names)
    return "、".join(listed[:3]) + ("…" if len(listed) > 3 else "")
