"""What the pages of bins ask: points, bins, how full each is, which devices are well, what is to be emptied."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from linqi.kit import clock
from linqi.kit.access import may_anywhere, seen_by
from linqi.kit.choices import Choice
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import valid_on
from linqi.waste.kinds import DeviceKind, Stream
from linqi.waste.models import Bin, Card, Clue, Device, DeviceState, Duty, Event, Fitting, HourFact, Point, Standing
from linqi.waste.rules import collection
from linqi.waste.rules.collection import Outlook, Reading
from linqi.waste.rules.containers import Gap, Held, Setting, gaps, serves_food

SILENT_AFTER: Final = timedelta(hours=6)  # a chip tells something each quarter of an hour. Product default
LEVEL_DAYS: Final = (
    2  # days of storing looked through for the last fill level; older is no longer known. Product default
)
RATE_DAYS: Final = 7  # days of hourly facts from which a rate is reckoned. Product default
SKEWED: Final = timedelta(minutes=10)  # a device's clock off by more is said. Product default
NOISY_SHARE: Final = 0.05  # share of repetitions among what was stored from which a device is noisy. Product default
NOISY_LEAST: Final = 20  # repetitions or refusals below which nothing is said. Product default


# --- lists -----------------------------------------------------------------------------------------------------------
def points_seen_by(user: Any) -> QuerySet[Point]:
    """Points within the user's reach, with where they are and how many bins stand there now."""
    rows = seen_by(user, Point).select_related("place")
    return rows.annotate(bins=Count("standings", filter=Q(standings__until=None)))


def bins_seen_by(user: Any) -> QuerySet[Bin]:
    """Bins within the user's reach, with the point where each stands now."""
    now_at = Standing.objects.filter(bin=OuterRef("pk"), until=None)
    return (
        seen_by(user, Bin)
        .select_related("place")
        .annotate(
            point_pk=Subquery(now_at.values("point")[:1]),
            point_name=Subquery(now_at.values("point__name")[:1]),
        )
    )


def devices_seen_by(user: Any) -> QuerySet[Device]:
    """Devices within the user's reach, with how far they are stored and the bin on which each sits now."""
    now_on = Fitting.objects.filter(device=OuterRef("pk"), until=None)
    return (
        seen_by(user, Device)
        .select_related("place", "gateway", "state")
        .annotate(
            bin_pk=Subquery(now_on.values("bin")[:1]),
            bin_code=Subquery(now_on.values("bin__code")[:1]),
        )
    )


def cards_seen_by(user: Any) -> QuerySet[Card]:
    """Cards and rolls of bags of the enterprises within the user's reach."""
    return seen_by(user, Card).select_related("enterprise")


def buildings_of(places: Iterable[int]) -> dict[int, Place]:
    """The building (or else the park) in which each of many places stands today, by ids; one query."""
    kinds = (PlaceKind.BUILDING, PlaceKind.PARK)
    rows = Coverage.objects.filter(valid_on(clock.today()), descendant__in=list(places), ancestor__kind__in=kinds)
    found: dict[int, Place] = {}
    for row in rows.select_related("ancestor").order_by("-depth"):
        found[row.descendant_id] = row.ancestor  # the nearest comes last
    return found


def below(place: int) -> QuerySet[Coverage, int]:
    """Ids of what stands at or below a place today, to narrow a list that is scoped already."""
    return Coverage.objects.filter(valid_on(clock.today()), ancestor=place).values_list("descendant", flat=True)


def buildings_with_bins(user: Any) -> list[Place]:
    """The parks and buildings in which the user sees bins, by name: what a filter offers."""
    places = seen_by(user, Bin).filter(until=None).order_by().values_list("place", flat=True).distinct()
    return sorted({one.pk: one for one in buildings_of(places).values()}.values(), key=lambda one: one.name)


# --- how full --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a bin from the devices on it now; None is unknown."""

    devices: int = 0
    simulated: bool = False
    last: Reading | None = None
    seen_at: datetime | None = None
    battery: float | None = None


NOTHING_TOLD: Final = Told()


def told_by(bins: Iterable[int], now: datetime) -> dict[int, Told]:
    """What the devices on these bins told last; one query, whose cost grows with the bins and not with the events.

    The key of the events begins with the day and the device, so the last fill level is found from its end.
    """
    asked: dict[str, Any] = {}
    for back in range(LEVEL_DAYS):
        stored = Event.objects.filter(
            day=now.astimezone(clock.ZONE).date() - timedelta(days=back),
            device_id=OuterRef("device_id"),
            bin_id=OuterRef("bin_id"),
            told="fill",
            value__isnull=False,
        ).order_by("-boot", "-sequence")
        asked[f"level_{back}"] = Subquery(stored.values("value")[:1])
        asked[f"at_{back}"] = Subquery(stored.values("at")[:1])
    rows = Fitting.objects.filter(bin__in=list(bins), until=None).annotate(
        **asked,
        stored_ms=F("device__state__last_at"),
        charge=F("device__state__battery"),
        made_up=F("device__simulated"),
    )
    found: dict[int, Told] = {}
    for row in rows:
        found[row.bin_id] = _with(found.get(row.bin_id, NOTHING_TOLD), row)
    return found


def _with(known: Told, row: Any) -> Told:
    last = known.last
    for back in range(LEVEL_DAYS):
        value, at = getattr(row, f"level_{back}"), getattr(row, f"at_{back}")
        if value is not None:
            read = Reading(moment(at), min(1.0, max(0.0, value)))
            last = read if last is None or read.at > last.at else last
            break
    seen = None if row.stored_ms is None else moment(row.stored_ms)
    seen = max((one for one in (seen, known.seen_at) if one is not None), default=None)
    charges = [one for one in (row.charge, known.battery) if one is not None]
    return Told(known.devices + 1, known.simulated or row.made_up, last, seen, min(charges) if charges else None)


def moment(ms: int) -> datetime:
    """A moment from milliseconds since 1970 UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def readings_of(bins: Iterable[int], now: datetime, days: int = RATE_DAYS) -> dict[int, list[Reading]]:
    """The greatest fill level of each hour, by bin: from which a rate is reckoned."""
    rows = HourFact.objects.filter(
        bin__in=list(bins), told="fill", hour__gte=now - timedelta(days=days), most__isnull=False
    )
    found: dict[int, list[Reading]] = defaultdict(list)
    for bin_, hour, most in rows.order_by("bin", "hour").values_list("bin", "hour", "most"):
        found[bin_].append(Reading(hour + timedelta(hours=1), min(1.0, max(0.0, most or 0.0))))
    return found


# --- live ------------------------------------------------------------------------------------------------------------
class Live(Choice):
    """What stands out about a bin just now 桶的状态."""

    FULL = "full", "已满"
    CLUE = "clue", "有线索待核看"
    SILENT = "silent", "失联"
    NO_DEVICE = "no_device", "没有终端"
    LOW = "low", "电量低"
    WELL = "well", "一切正常"


LOW_BATTERY: Final = 0.15  # product default


@dataclass(frozen=True, slots=True)
class LiveBin:
    """One bin as it stands now: where, how full, when it was last heard of, and how many clues wait for a look."""

    pk: int
    code: str
    stream: str
    place: Place
    building: Place | None
    point: str | None
    told: Told
    clues: int | None
    states: tuple[Live, ...]
    generated: bool

    @property
    def level(self) -> float | None:
        """Share of the bin that is full; None: not told lately."""
        return self.told.last.level if self.told.last else None

    @property
    def level_at(self) -> datetime | None:
        return self.told.last.at if self.told.last else None

    @property
    def seen_at(self) -> datetime | None:
        return self.told.seen_at

    @property
    def building_name(self) -> str:
        return self.building.name if self.building else self.place.name

    @property
    def made_up(self) -> bool:
        """Whether the bin or what it tells was generated."""
        return self.generated or self.told.simulated


def live(user: Any, now: datetime, *, place: int | None = None) -> list[LiveBin]:
    """Every bin in use within the user's reach, or below one place, as it stands now; five queries."""
    rows = bins_seen_by(user).filter(until=None)
    if place is not None:
        rows = rows.filter(place__in=below(place))
    return live_of(user, list(rows.order_by("code")), now)


def live_of(user: Any, bins: Sequence[Bin], now: datetime) -> list[LiveBin]:
    """These bins, from `bins_seen_by`, as they stand now; four queries."""
    ids = [one.pk for one in bins]
    told = told_by(ids, now)
    waiting = clues_waiting(user, ids)
    buildings = buildings_of({one.place_id for one in bins})
    return [_live(one, told.get(one.pk, NOTHING_TOLD), waiting, buildings.get(one.place_id), now) for one in bins]


def clues_waiting(user: Any, bins: Sequence[int]) -> dict[int, int] | None:
    """How many clues of each bin wait for a look; None for whoever may not look at clues."""
    if not may_anywhere(user, "waste.look"):
        return None
    rows = seen_by(user, Clue).filter(bin__in=bins, state="waiting").order_by()
    return dict(rows.values_list("bin").annotate(number=Count("pk")))


def _live(one: Any, told: Told, waiting: dict[int, int] | None, building: Place | None, now: datetime) -> LiveBin:
    clues = None if waiting is None else waiting.get(one.pk, 0)
    states = []
    if told.last is not None and told.last.level >= collection.FULL:
        states.append(Live.FULL)
    if clues:
        states.append(Live.CLUE)
    if not told.devices:
        states.append(Live.NO_DEVICE)
    elif told.seen_at is None or told.seen_at < now - SILENT_AFTER:
        states.append(Live.SILENT)
    if told.battery is not None and told.battery < LOW_BATTERY:
        states.append(Live.LOW)
    return LiveBin(
        pk=one.pk,
        code=one.code,
        stream=one.stream,
        place=one.place,
        building=building,
        point=one.point_name,
        told=told,
        clues=clues,
        states=tuple(states) or (Live.WELL,),
        generated=one.generated,
    )


# --- a point ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Check:
    """Whether the bins of a place meet the minimum of article 29; `gaps` None: cannot be said."""

    setting: Setting
    gaps: tuple[Gap, ...] | None


def container_checks(point: Point, duties: Iterable[Duty]) -> list[Check]:
    """What article 29 asks of the building of a point, and of the point itself where food is served 容器设置."""
    building = buildings_of([point.place_id]).get(point.place_id, point.place)
    stands = Q(bin__until=None, until=None)
    around = Standing.objects.filter(stands, point__place__in=below(building.pk)).select_related("bin")
    rows = [(row.point_id, Held(row.bin.stream, row.bin.airtight)) for row in around]
    checks = [Check(Setting.BUILDING, gaps(Setting.BUILDING, [held for _point, held in rows]))]
    served = [serves_food(one.enterprise.industry_code) for one in duties if one.enterprise is not None]
    if any(served):
        here = [held for at, held in rows if at == point.pk]
        checks.append(Check(Setting.CATERING, gaps(Setting.CATERING, here)))
    elif None in served:
        checks.append(Check(Setting.CATERING, None))
    return checks


# --- devices ---------------------------------------------------------------------------------------------------------
class Ail(Choice):
    """What is wrong with a device 终端问题."""

    DISABLED = "disabled", "已停用"
    NO_KEY = "no_key", "还没有密钥"
    NEVER = "never", "从未上报"
    SILENT = "silent", "失联"
    SKEWED = "skewed", "时钟偏差"
    NOISY = "noisy", "重复或出错太多"
    GAPS = "gaps", "有缺号"
    LOST = "lost", "有丢失"
    LOW = "low", "电量低"


REMEDIES: Final = {
    Ail.DISABLED: _("它发来的内容一概不收。要恢复，请在终端页面启用。"),
    Ail.NO_KEY: _("请在终端页面签发密钥，写入终端后才能上报。"),
    Ail.NEVER: _("请核对序列号、密钥和网络；消息若被隔离，原因在“隔离消息”里。"),
    Ail.SILENT: _("请检查供电、信号和网关；恢复后它会补报没有收讫的内容。"),
    Ail.SKEWED: _("请给终端对时；偏差过大的时间由平台推算，并标明。"),
    Ail.NOISY: _("请检查固件和网络：收到收讫后不应再发。"),
    Ail.GAPS: _("中间有编号没有收到；终端会补报，几小时后仍有，请现场查看。"),
    Ail.LOST: _("终端自己说已丢失这些编号，补不回来；请检查存储和断网时间。"),
    Ail.LOW: _("请尽快更换电池。"),
}


def ails_of(device: Device, now: datetime) -> list[Ail]:
    """What is wrong with a device, most pressing first; `device` from `devices_seen_by`."""
    state: DeviceState | None = getattr(device, "state", None)
    found = []
    if device.disabled_at is not None:
        return [Ail.DISABLED]
    if not device.key_digest and device.gateway_id is None:
        found.append(Ail.NO_KEY)
    if state is None or state.last_at is None:
        return [*found, Ail.NEVER]
    if moment(state.last_at) < now - SILENT_AFTER:
        found.append(Ail.SILENT)
    if state.skew_ms is not None and abs(state.skew_ms) > SKEWED.total_seconds() * 1000:
        found.append(Ail.SKEWED)
    noise = state.repeated + state.refused
    if state.limited or (noise >= NOISY_LEAST and noise > NOISY_SHARE * max(1, state.stored)):
        found.append(Ail.NOISY)
    if state.beyond or state.earlier:
        found.append(Ail.GAPS)
    if state.lost:
        found.append(Ail.LOST)
    if state.battery is not None and state.battery < LOW_BATTERY:
        found.append(Ail.LOW)
    return found


def missing_of(state: DeviceState) -> int:
    """How many numbers of its present start have not come, though later ones have."""
    if not state.beyond:
        return 0
    highest = max(int(high) for _low, high in state.beyond)
    held = sum(int(high) - int(low) + 1 for low, high in state.beyond)
    return max(0, highest - state.sequence - held)


def ailing(rows: QuerySet[Device], ail: str, now: datetime) -> QuerySet[Device]:
    """Those of many devices that ail in one way: the same judgement as `ails_of`, in the database."""
    limit = int((now - SILENT_AFTER).timestamp() * 1000)
    if ail == Ail.DISABLED:
        return rows.exclude(disabled_at=None)
    rows = rows.filter(disabled_at=None)
    if ail == Ail.NO_KEY:
        return rows.filter(key_digest="", gateway=None)
    if ail == Ail.NEVER:
        return rows.filter(Q(state=None) | Q(state__last_at=None))
    rows = rows.filter(state__last_at__isnull=False)
    if ail == Ail.SILENT:
        return rows.filter(state__last_at__lt=limit)
    if ail == Ail.SKEWED:
        most = int(SKEWED.total_seconds() * 1000)
        return rows.filter(Q(state__skew_ms__gt=most) | Q(state__skew_ms__lt=-most))
    if ail == Ail.NOISY:
        noise = F("state__repeated") + F("state__refused")
        rows = rows.annotate(noise=noise).filter(noise__gte=NOISY_LEAST)
        return rows.filter(Q(noise__gt=NOISY_SHARE * F("state__stored")) | Q(state__stored=0))
    if ail == Ail.GAPS:
        return rows.exclude(state__beyond=[], state__earlier={})
    if ail == Ail.LOST:
        return rows.filter(state__lost__gt=0)
    return rows.filter(state__battery__lt=LOW_BATTERY)


# --- the plan --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Planned:
    """One bin on the plan, why, and how full it is and will be."""

    bin: LiveBin
    reason: collection.Reason
    outlook: Outlook


@dataclass(slots=True)
class Call:
    """One building on the way, with the bins to empty there."""

    building: Place
    metres: float | None
    bins: list[Planned] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls of a round in order, how long the way is, and how many bins can wait."""

    calls: list[Call]
    metres: float | None
    waiting: int
    unplaced: int


def plan(user: Any, now: datetime, *, place: int | None = None, streams: Iterable[str] = ()) -> Plan:
    """What is to be emptied on the next round, building by building; seven queries whatever the number of bins."""
    wanted = set(streams) or set(Stream.values)
    bins = [one for one in live(user, now, place=place) if one.stream in wanted]
    readings = readings_of([one.pk for one in bins], now)
    by_building: dict[int, Call] = {}
    waiting = 0
    for one in bins:
        seen = collection.outlook(one.told.last, readings.get(one.pk, []), now)
        reason = collection.why(one.stream, seen, now)
        if reason is None:
            waiting += 1
            continue
        where = one.building or one.place
        by_building.setdefault(where.pk, Call(where, None)).bins.append(Planned(one, reason, seen))
    stops = [collection.Stop(pk, call.building.name, _position(call.building)) for pk, call in by_building.items()]
    legs = collection.in_order(stops)
    calls = []
    for leg in legs:
        call = by_building[leg.stop.key]
        call.metres = leg.metres
        calls.append(call)
    return Plan(calls, collection.length(legs), waiting, sum(leg.stop.at is None for leg in legs))


def _position(place: Place) -> tuple[float, float] | None:
    if place.longitude is None or place.latitude is None:
        return None
    return place.longitude, place.latitude


# --- numbers ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Reporting:
    """How many bins in use below a place have a device, and of how many something was stored lately."""

    bins: int
    fitted: int
    reporting: int


def reporting(place: int, now: datetime) -> Reporting:
    """Bins in use at or below a place, with a device, and heard of within the last hours."""
    rows = Bin.objects.filter(until=None, place__in=below(place))
    limit = int((now - SILENT_AFTER).timestamp() * 1000)
    fitted = Fitting.objects.filter(until=None, bin__in=rows.values("pk"))
    heard = fitted.filter(device__state__last_at__gte=limit)
    return Reporting(rows.count(), fitted.values("bin").distinct().count(), heard.values("bin").distinct().count())


def gateways_seen_by(user: Any) -> QuerySet[Device]:
    """Gateways that a device may be put behind."""
    return seen_by(user, Device).filter(kind=DeviceKind.GATEWAY, disabled_at=None).order_by("serial")
