"""Bringing the registry of bins in as a table: read, tried, applied, undone 台账导入.

A preview is the real writing, rolled back: what it complains of is exactly what applying would complain of, clashes between
two rows of the file included.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.identifiers import is_uscc
from linqi.search import actions as search
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import standing_below
from linqi.waste import queries_registry as ask
from linqi.waste.actions import registry
from linqi.waste.kinds import DeviceKind, PartyKind, PointKind, Stream
from linqi.waste.models import (
    Bin,
    Clue,
    Device,
    DeviceState,
    Duty,
    Fitting,
    HourFact,
    Picture,
    Point,
    RegisterSheet,
    SheetState,
    Standing,
)
from linqi.waste.register import REGISTER, read_register

TITLES: Final = {column.key: column.title for column in REGISTER.columns}
FIELDS: Final = {  # the field an action refuses → the column it came from
    "name": "point",
    "kind": "point_kind",
    "code": "bin",
    "serial": "device",
    "enterprise": "party",
    "company": "party",
}
KEEPERS: Final = (PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING)
MOST: Final = 5_000  # rows of one table; a street has three thousand bins. Product default
YES: Final = frozenset({"是", "有", "密闭", "y", "yes", "true", "1"})
NO: Final = frozenset({"否", "无", "不", "n", "no", "false", "0"})
Made = dict[str, list[int]]


@dataclass(slots=True)
class Outcome:
    """What becomes of one row: what is written anew, or why it is refused 逐行结果."""

    number: int
    name: str
    written: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@transaction.atomic
def take_sheet(*, place: Place, path: Path, file_name: str, by: Any) -> RegisterSheet:
    """Keep a file as read; nothing of it is written yet. SheetRefused when it cannot be used at all 上传台账."""
    access.require(by, "waste.keep", place)
    if place.kind not in KEEPERS:
        raise ValidationError({"place": _("请选择街道、社区、园区或楼宇。")})
    rows = read_register(path, file_name)
    if not rows:
        raise ValidationError(_("表头下面没有数据行；请填好后再上传。"))
    if len(rows) > MOST:
        raise ValidationError(_("一份表最多 %(most)s 行；请分成几份再上传。") % {"most": MOST})
    sheet = RegisterSheet.objects.create(
        place=place, file_name=file_name[:200], rows=rows, made_by_id=by.pk, made_at=timezone.now()
    )
    journal.write(by=by, verb=Verb.WASTE_SHEET_READ, subject=sheet, place=place, rows=len(rows))
    return sheet


def try_sheet(*, sheet: RegisterSheet, by: Any) -> list[Outcome]:
    """What applying would do with each row; nothing is left of the trial 预览台账."""
    access.require(by, "waste.keep", sheet)
    with transaction.atomic():
        outcomes, _made = _write(sheet, by)
        transaction.set_rollback(True)
    return outcomes


@transaction.atomic
def apply_sheet(*, sheet: RegisterSheet, by: Any) -> RegisterSheet:
    """Write every row, or none when one is refused 写入台账."""
    access.require(by, "waste.keep", sheet)
    sheet = RegisterSheet.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
    if sheet.state != SheetState.PREVIEWED:
        raise ValidationError(_("这份表已经处理过，请重新上传。"))
    outcomes, made = _write(sheet, by)
    if refused := [one for one in outcomes if one.problems]:
        raise ValidationError(_("有 %(n)s 行不能写入，整份表都没有写入；请改好后重新上传。") % {"n": len(refused)})
    sheet.state, sheet.made, sheet.applied_at = SheetState.APPLIED, made, timezone.now()
    sheet.save(update_fields=["state", "made", "applied_at"])
    journal.write(by=by, verb=Verb.WASTE_SHEET_APPLIED, subject=sheet, place=sheet.place, rows=len(outcomes))
    return sheet


@transaction.atomic
def undo_sheet(*, sheet: RegisterSheet, by: Any) -> RegisterSheet:
    """Take back what a table wrote, unless it was used or somebody has built on it since 撤销台账."""
    access.require(by, "waste.keep", sheet)
    sheet = RegisterSheet.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
    if sheet.state != SheetState.APPLIED:
        raise ValidationError(_("只有已写入的台账表可以撤销。"))
    made = sheet.made
    if _used(made):
        raise ValidationError(
            _("写入之后，已有终端上报、线索或图像，或者有人移动、拆装、登记过；不能整份撤销，请逐项调整。")
        )
    Fitting.objects.filter(pk__in=made["fittings"]).delete()
    Duty.objects.filter(pk__in=made["duties"]).delete()
    Standing.objects.filter(bin__in=made["bins"]).delete()
    Bin.objects.filter(pk__in=made["bins"]).delete()
    Device.objects.filter(pk__in=made["devices"]).delete()
    Point.objects.filter(pk__in=made["points"]).delete()
    search.remove(registry.BINS, made["bins"])
    search.remove(registry.POINTS, made["points"])
    sheet.state = SheetState.UNDONE
    sheet.save(update_fields=["state"])
    journal.write(by=by, verb=Verb.WASTE_SHEET_UNDONE, subject=sheet, place=sheet.place)
    return sheet


def _used(made: Made) -> bool:
    """Whether anything came of what a table wrote: told, seen, moved, ended, or joined with something else."""
    bins, points, devices = made["bins"], made["points"], made["devices"]
    told = DeviceState.objects.filter(device__in=devices, stored__gt=0)
    fitted = Fitting.objects.filter(pk__in=made["fittings"])
    others = Fitting.objects.filter(bin__in=bins) | Fitting.objects.filter(device__in=devices)
    touched = (
        told,
        Clue.objects.filter(bin__in=bins),
        Clue.objects.filter(point__in=points),
        Picture.objects.filter(bin__in=bins),
        HourFact.objects.filter(bin__in=bins),
        Device.objects.filter(pk__in=devices).exclude(key_digest=""),
        Device.objects.filter(gateway__in=devices),
        fitted.exclude(until=None),
        others.exclude(pk__in=made["fittings"]),
        Duty.objects.filter(pk__in=made["duties"]).exclude(until=None),
        Duty.objects.filter(point__in=points).exclude(pk__in=made["duties"]),
        Bin.objects.filter(pk__in=bins).exclude(until=None),
        Standing.objects.filter(bin__in=bins).exclude(until=None),
        Standing.objects.filter(point__in=points).exclude(bin__in=bins),
        Point.objects.filter(pk__in=points).exclude(until=None),
        Point.objects.filter(pk__in=points).exclude(reviewed_on=None, published_on=None),
    )
    return any(rows.exists() for rows in touched)


# --- row by row ------------------------------------------------------------------------------------------------------
def _write(sheet: RegisterSheet, by: Any) -> tuple[list[Outcome], Made]:
    outcomes: list[Outcome] = []
    made: Made = {"points": [], "bins": [], "devices": [], "fittings": [], "duties": []}
    at = _Places(sheet.place)
    for row in sheet.rows:
        said = row["values"]
        outcome = Outcome(row["number"], said.get("bin") or said.get("point", ""), problems=list(row["problems"]))
        outcomes.append(outcome)
        if outcome.problems:
            continue
        try:
            with transaction.atomic():
                written = _Row(said, at, outcome, by).write()
        except ValidationError as refused:
            outcome.written, outcome.problems = [], _told(refused)
        except PermissionDenied:
            outcome.written = []
            outcome.problems = [_("您不能维护这一行所在的地点或终端；请改由有权限的人导入。")]
        else:
            for kind, pk in written:
                made[kind].append(pk)
    return outcomes, made


class _Places:
    """The parks and buildings below a place by name and code, and the floors of each when one is asked for."""

    def __init__(self, root: Place) -> None:
        below = standing_below(root).filter(kind__in=[PlaceKind.PARK, PlaceKind.BUILDING])
        self._named: dict[str, list[Place]] = {}
        for place in [*below, root]:
            for name in {place.name, place.code}:
                self._named.setdefault(name, []).append(place)
        self._floors: dict[int, dict[str, Place]] = {}

    def of(self, name: str, floor: str | None) -> Place:
        found = self._named.get(name, [])
        if not found:
            raise ValidationError({"place": _("“%(name)s”不在这份表的范围内；请核对名称或填代码。") % {"name": name}})
        if len(found) > 1:
            codes = "、".join(one.code for one in found[:3])
            raise ValidationError(
                {"place": _("“%(name)s”有好几处，请改填代码：%(codes)s。") % {"name": name, "codes": codes}}
            )
        if floor is None:
            return found[0]
        if found[0].pk not in self._floors:
            floors = standing_below(found[0], PlaceKind.FLOOR)
            self._floors[found[0].pk] = {
                said: one for one in floors for said in (one.name, str(one.level), f"{one.level}层") if said
            }
        if floor not in self._floors[found[0].pk]:
            raise ValidationError(
                {"floor": _("“%(place)s”没有登记“%(floor)s”；请核对，或留空。") % {"place": name, "floor": floor}}
            )
        return self._floors[found[0].pk][floor]


@dataclass(slots=True)
class _Row:
    """One row on its way into the registry; what is there already in the same form is left as it is."""

    said: dict[str, str]
    at: _Places
    outcome: Outcome
    by: Any
    written: list[tuple[str, int]] = field(default_factory=list)

    def write(self) -> list[tuple[str, int]]:
        for key in ("place", "point", "since"):
            if key not in self.said:
                raise ValidationError({key: _("没有填写；请补上。")})
        since = date.fromisoformat(self.said["since"])
        moment = min(datetime.combine(since, datetime.min.time(), clock.ZONE), clock.now())
        if since > clock.today():
            raise ValidationError({"since": _("启用日期不能晚于今天；到那一天再导入。")})
        point = self._point(since)
        self._duty(point, since)
        if "bin" in self.said:
            self._device(self._bin(point, moment), moment)
        elif "stream" in self.said or "device" in self.said:
            raise ValidationError({"bin": _("填了分类或终端就要填桶号；请补上。")})
        return self.written

    def _point(self, since: date) -> Point:
        place = self.at.of(self.said["place"], self.said.get("floor"))
        found = Point.objects.filter(place=place, name=self.said["point"], until=None).first()
        if found is not None:
            return found
        kind = _one_of(PointKind, self.said.get("point_kind", PointKind.DROP.label), "point_kind")
        made = registry.make_point(place=place, kind=kind, name=self.said["point"], since=since, by=self.by)
        self._tell("points", made.pk, _("登记点位"))
        return made

    def _bin(self, point: Point, moment: datetime) -> Bin:
        if "stream" not in self.said:
            raise ValidationError({"stream": _("填了桶号就要填分类；请补上。")})
        stream = _one_of(Stream, self.said["stream"], "stream")
        found = Bin.objects.filter(code=self.said["bin"]).first()
        if found is not None:
            here = found.until is None and ask.point_of(found, clock.now()) == point and found.stream == stream
            if not here:
                raise ValidationError(
                    {
                        "bin": _("桶号 %(code)s 已经登记在别处或类别不同；请核对，移桶请在桶的页面办。")
                        % {"code": found.code}
                    }
                )
            return found
        litres = int(self.said["litres"]) if "litres" in self.said else None
        airtight = _truth(self.said.get("airtight"), "airtight")
        made = registry.make_bin(
            code=self.said["bin"],
            stream=stream,
            point=point,
            since=moment,
            litres=litres,
            airtight=airtight,
            by=self.by,
        )
        self._tell("bins", made.pk, _("登记垃圾桶"))
        return made

    def _device(self, bin: Bin, moment: datetime) -> None:
        if "device" not in self.said:
            return
        kind = _one_of(DeviceKind, self.said.get("device_kind", DeviceKind.CHIP.label), "device_kind")
        device = access.seen_by(self.by, Device).filter(serial=self.said["device"]).first()
        if device is None:
            device = registry.make_device(serial=self.said["device"], kind=kind, place=bin.place, by=self.by)
            self._tell("devices", device.pk, _("登记终端"))
        elif ask.fitted_on(bin).filter(pk=device.pk).exists():
            return
        made = registry.fit(device=device, bin=bin, since=moment, by=self.by)
        self._tell("fittings", made.pk, _("装上终端"))

    def _duty(self, point: Point, since: date) -> None:
        if "party" not in self.said:
            return
        name = self.said["party"]
        company = ask.companies_for(point.place).filter(name=name).first()
        enterprise = None if company else self._enterprise(name)
        usual = PartyKind.PROPERTY if company else PartyKind.UNIT
        kind = _one_of(PartyKind, self.said.get("party_kind", usual.label), "party_kind")
        if Duty.objects.filter(point=point, enterprise=enterprise, company=company, until=None).exists():
            return
        made = registry.set_duty(
            point=point, kind=kind, enterprise=enterprise, company=company, since=max(since, point.since), by=self.by
        )
        self._tell("duties", made.pk, _("登记责任人"))

    def _enterprise(self, name: str) -> Enterprise:
        seen = enterprises_seen_by(self.by)
        found = list((seen.filter(uscc=name) if is_uscc(name) else seen.filter(name=name))[:2])
        if len(found) != 1:
            raise ValidationError(
                {"party": _("“%(name)s”没有登记，或者不止一家；请填统一社会信用代码，或先登记公司。") % {"name": name}}
            )
        return found[0]

    def _tell(self, kind: str, pk: int, words: str) -> None:
        self.written.append((kind, pk))
        self.outcome.written.append(words)


def _one_of(choice: Any, written: str, key: str) -> str:
    found = next((one.value for one in choice if written in (one.label, one.value)), None)
    if found is None:
        words = "、".join(one.label for one in choice)
        raise ValidationError({key: _("“%(what)s”认不出来；请填写：%(words)s。") % {"what": written, "words": words}})
    return str(found)


def _truth(written: str | None, key: str) -> bool:
    if written is None or written.casefold() in NO:
        return False
    if written.casefold() in YES:
        return True
    raise ValidationError({key: _("“%(what)s”认不出来；请填写是或否。") % {"what": written}})


def _told(refused: ValidationError) -> list[str]:
    named = refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}
    return [
        f"{TITLES[where]}：{text}" if (where := FIELDS.get(key, key)) in TITLES else text
        for key, texts in named.items()
        for text in texts
    ]
