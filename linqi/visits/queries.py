"""Whom we must go and see, and what was found where we went."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.accounts.queries import valid_on
from linqi.cases.flow import WORKING
from linqi.cases.models import Case
from linqi.cases.queries import cases_seen_by
from linqi.conditions.one import Reason as Told
from linqi.conditions.rules import Outcome
from linqi.conditions.tree import Comparison, Not, comparisons
from linqi.conditions.words import sentence, shown
from linqi.enterprises import dictionary
from linqi.enterprises.models import Enterprise, EntityType, Tenancy
from linqi.enterprises.queries import Sight, places_below, sees_all_names, shown_name, sight_of, tenancies_open
from linqi.kit import access, clock
from linqi.kit.access import System, seen_by
from linqi.kit.choices import Choice
from linqi.organisation.models import LinkTeamSeat
from linqi.territory.models import Coverage, Place, PlaceKind, Placement
from linqi.territory.queries import standing_below
from linqi.visits import standing
from linqi.visits.flow import State
from linqi.visits.merging import FIELDS
from linqi.visits.merging import Outcome as Became
from linqi.visits.models import (
    Device,
    FieldConflict,
    Finding,
    MustVisitRule,
    MustVisitScore,
    Operation,
    Photo,
    PlanShift,
    Spot,
    Visit,
)
from linqi.visits.rules import Due, Reason, Score
from linqi.visits.rules.patrol import OPERATION_DAYS, PATROLS, VisitKind
from linqi.visits.signals import FROM_SECRETS, book, streets_of
from linqi.visits.standing import Standing


# --- visits -----------------------------------------------------------------------------------------------------------
def visits_seen_by(user: Any) -> QuerySet[Visit]:
    """The visits at the user's places 走访."""
    return seen_by(user, Visit).select_related("enterprise", "place", "team", "visitor")


def reached(user: Any, known: Collection[int], permission: str, *, by: str = "visits.see") -> set[int]:
    """Those of some visits, known to be reached `by` one permission, to which another reaches too; not asked where it reaches as far."""
    reach = access.reach_of(user)
    if set(reach.places(by)) <= set(reach.places(permission)):  # the scope of a visit is its place and nothing else
        return set(known)
    return set(seen_by(user, Visit.objects.filter(pk__in=known), permission, few=True).values_list("pk", flat=True))


def findings_of(visit: Visit, user: Any) -> QuerySet[Finding]:
    """What was found on a visit, in the order it was entered."""
    return seen_by(user, Finding).filter(visit=visit).select_related("case", "claim").order_by("pk")


def last_visit_to(enterprise: Enterprise, user: Any, but: Visit | None = None) -> date | None:
    """The day of the latest visit that took place, as far as the user sees; `but` leaves one out."""
    done = seen_by(user, Visit).filter(enterprise=enterprise, state=State.DONE).exclude(pk=but.pk if but else 0)
    day: date | None = done.aggregate(last=Max("visited_on"))["last"]
    return day


def visits_standing_at(visits: QuerySet[Visit], place: int, today: date) -> QuerySet[Visit]:
    """Those of the visits whose place stands at or below this one today."""
    below = Coverage.objects.filter(valid_on(today), ancestor=place).values("descendant")
    return visits.filter(place__in=below)


# --- must-visits ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class MustVisit:
    """One enterprise that must be visited, as one reader sees it 必访.

    `enterprise`, `building`, `community`, `team` are ids; `due` is the earliest day of its reasons; `score` says why it stands where it
    stands.
    """

    enterprise: int
    name: str
    name_key: str
    place: str
    street: int | None
    building: int | None
    building_name: str
    community: int | None
    community_name: str
    team: int | None
    team_name: str
    dues: tuple[Due, ...]
    due: date
    score: Score
    points: float
    last_visit: date | None
    planned_for: date | None

    @property
    def pk(self) -> int:
        """By what it is told apart in a list."""
        return self.enterprise

    @property
    def reasons(self) -> list[Reason]:
        """Its reasons, most pressing first."""
        return [due.reason for due in self.dues]


def must_visits(user: Any, *, today: date) -> list[MustVisit]:
    """Every enterprise the user's places must visit, the highest score first 必访清单.

    An enterprise is at a place while a tenancy there is open. The list of the house is kept in memory: one query when nothing happened,
    and never more however many enterprises there are.
    """
    sees, all_names = _sight_of(user), sees_all_names(user)
    return [
        told if all_names or not veiled else replace(told, name=shown_name(one.enterprise, user))
        for one, told, veiled in _told_of(standing.list_on(today))
        if sees(one)
    ]


_Told = tuple[Standing, "MustVisit", bool]
_told: Final[list[tuple[Any, dict[int, _Told]]]] = [(None, {})]


def _told_of(listed: Mapping[int, Standing]) -> Iterable[_Told]:
    """Who stands on a list, the same with its name in the open, and whether that may have to be masked; made once for each standing."""
    of, held = _told[0]
    if of is not listed:
        fresh: dict[int, _Told] = {}
        for pk, one in listed.items():
            before = held.get(pk)
            if before is None or before[0] is not one:
                before = (
                    one,
                    _as_told(one, one.enterprise.name),
                    one.enterprise.entity_type == EntityType.SELF_EMPLOYED,
                )
            fresh[pk] = before
        _told[0] = (listed, fresh)
        held = fresh
    return held.values()


def must_visit_of(enterprise: Enterprise, user: Any, today: date) -> MustVisit | None:
    """Why and by when this one enterprise must be visited; None when nothing asks for it."""
    one = standing.standing_of(enterprise, today)
    return _as_told(one, shown_name(one.enterprise, user)) if one is not None and _sight_of(user)(one) else None


def _sight_of(user: Any) -> Callable[[Standing], bool]:
    """Whether a user sees an enterprise on the list: it is today at a place of a grant that carries `visits.see`."""
    if isinstance(user, System):
        return lambda one: True
    mine = frozenset(access.reach_of(user).places("visits.see"))
    return lambda one: not mine.isdisjoint(one.above)


def _as_told(one: Standing, name: str) -> MustVisit:
    return MustVisit(
        enterprise=one.enterprise.pk,
        name=name,
        name_key=one.enterprise.name_key,
        place=one.place,
        street=one.street,
        building=one.building,
        building_name=one.building_name,
        community=one.community,
        community_name=one.community_name,
        team=one.team,
        team_name=one.team_name,
        dues=one.dues,
        due=one.due,
        score=one.score,
        points=one.points,
        last_visit=one.last_visit,
        planned_for=one.planned_for,
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """One condition that a firm meets, in words, with the value it rests on; empty where the reader may not know 命中依据."""

    text: str
    value: str = ""
    source: str = ""
    as_of: date | None = None
    key: str = ""


def grounds_of(enterprise: Enterprise, user: Any, day: date) -> dict[Reason, list[Ground]]:
    """For each kind of must-visit whose trigger a firm meets, the conditions that are met, as far as the reader may know them."""
    sight = sight_of(enterprise, user)
    return {
        reason: [_ground(one, sight, day) for one in _met(verdict.reason)]
        for reason, verdict in standing.verdicts_of(enterprise, day).items()
        if verdict.outcome == Outcome.MET
    }


def worth_of(enterprise: Enterprise, day: date) -> str:
    """In words, what makes a firm weigh more in the order; empty when nothing does."""
    return standing.worth_of(enterprise, day)


def _met(told: Told) -> list[Told]:
    """The comparisons that make a condition true."""
    if isinstance(told.node, Comparison):
        return [told]
    if isinstance(told.node, Not):
        return [told]
    return [one for part in told.parts if part.met for one in _met(part)]


def _ground(told: Told, sight: Sight, day: date) -> Ground:
    leaves = comparisons(told.node)
    secret = [FROM_SECRETS.get(leaf.key, leaf.key) for leaf in leaves]
    fields = [dictionary.fields()[key] for key in secret if key in dictionary.fields()]
    if not all(sight.reads(one) for one in fields) or any(not leaf.key for leaf in leaves):
        return Ground(_("依据属于商业秘密或个人信息，您没有查看权限"))
    text = sentence(told.node, book(), day)
    seen = told.known[0] if told.known else None
    if seen is None:
        return Ground(text)
    kept = next((one.key for one in fields if one.sensitivity != "public"), "")
    return Ground(text, _value(seen.value, leaves[0].key), seen.source, seen.as_of, kept)


def _value(value: Any, key: str) -> str:
    """A value as a reader wants it: a share to the tenth of a percent, nothing for yes and no, which the sentence says already."""
    if isinstance(value, bool):
        return ""
    return f"{float(value):.1%}" if key in FROM_SECRETS else shown(value, book().get(key))


def buildings_of(musts: Iterable[MustVisit]) -> list[tuple[int, str]]:
    """The buildings in a must-visit list, for a filter."""
    return sorted({(must.building, must.building_name) for must in musts if must.building}, key=lambda pair: pair[1])


def communities_of(musts: Iterable[MustVisit]) -> list[tuple[int, str]]:
    """The communities in a must-visit list, for a filter."""
    return sorted({(must.community, must.community_name) for must in musts if must.community}, key=lambda pair: pair[1])


def teams_of(musts: Iterable[MustVisit]) -> list[tuple[int, str]]:
    """The link teams in a must-visit list, for a filter."""
    return sorted({(must.team, must.team_name) for must in musts if must.team}, key=lambda pair: pair[1])


def due_by(reason: Reason, since: date, street: int | None = None) -> date:
    """The day by which a reason that asks since a day wants the visit, by the rule that holds in a street on that day."""
    return standing.due_by(since, standing.regime(since).of(street)[reason].terms)


# --- rules ------------------------------------------------------------------------------------------------------------
def streets_with_rules(user: Any, day: date, permission: str = "visits.see") -> QuerySet[Place]:
    """The streets whose must-visit rules a user reads, or with `visits.configure` may change."""
    mine = Q(pk__in=seen_by(user, Place, permission).values("pk"))
    if permission == "visits.see" and not isinstance(user, System):  # in one building of it one works by its rules too
        places = access.reach_of(user).places(permission)
        mine |= Q(pk__in=Coverage.objects.filter(valid_on(day), descendant__in=places).values("ancestor"))
    return Place.objects.filter(mine, kind=PlaceKind.STREET).order_by("pk")


def rules_of(street: Place | None, day: date) -> list[MustVisitRule]:
    """The six rules that hold in a street on a day, most pressing first."""
    held = standing.regime(day).of(street.pk if street else None)
    return [held[reason].row for reason in Reason if reason in held]


def rules_for(enterprise: Enterprise, day: date) -> list[MustVisitRule]:
    """The six rules of the street in which an enterprise has its principal place."""
    held = standing.regime(day).of(streets_of([enterprise.pk], day).get(enterprise.pk))
    return [held[reason].row for reason in Reason if reason in held]


def order_of(street: Place | None, day: date) -> MustVisitScore | None:
    """How the list of a street is ordered on a day."""
    return standing.regime(day).order(street.pk if street else None).row


def history_of(street: Place, reason: Reason) -> QuerySet[MustVisitRule]:
    """Every row a street ever had for a kind of must-visit, the newest first; those still to come included."""
    return MustVisitRule.objects.filter(street=street, reason=reason.value).select_related("set_by").order_by("-pk")


# --- in the hand --------------------------------------------------------------------------------------------------------
AHEAD, BEHIND = timedelta(days=6), timedelta(days=7)  # which visits a device keeps; product default
MOST_KEPT = 300  # visits on one device; product default
MOST_AT_A_DOOR = 500  # firms offered at one building; product default
LATEST = 3  # earlier visits to the firm on a sheet; product default


def devices_of(user: Any) -> QuerySet[Device]:
    """The devices a user registered, the newest first."""
    return seen_by(user, Device)


def needing_attention(user: Any) -> QuerySet[Operation]:
    """What devices of the user said in the last week and did not take effect 需要处理."""
    since = clock.now() - BEHIND
    rows = seen_by(user, Operation).exclude(outcome=Became.APPLIED.value).filter(received_at__gte=since)
    return rows.select_related("device", "visit__enterprise").order_by("-pk")


def open_conflicts(user: Any) -> QuerySet[FieldConflict]:
    """Fields of which two said different things, at the user's places."""
    return seen_by(user, FieldConflict).filter(settled_at=None).select_related("visit__enterprise", "said_by", "device")


def visits_in_hand(device: Device, today: date) -> QuerySet[Visit]:
    """The visits a device keeps: its owner's and those of the owner's teams, of the days round today; and what it worked on.

    Read with what `sheets` wants of them.
    """
    user = device.owner
    near = Q(state=State.PLANNED, planned_for__lte=today + AHEAD) | Q(state=State.DONE, visited_on__gte=today - BEHIND)
    teams = LinkTeamSeat.objects.filter(valid_on(today), user=user).values("team")
    worked = Operation.objects.filter(device=device, received_at__gte=clock.now() - BEHIND, visit__isnull=False)
    mine = (Q(visitor=user) | Q(team__in=teams)) & near
    found = seen_by(user, Visit, "visits.record", few=True).filter(mine | Q(pk__in=worked.values("visit")))
    found = found.select_related("enterprise", "place").only(*_ON_A_SHEET)
    return found.order_by("-planned_for", "-pk")[:MOST_KEPT]


class Before(NamedTuple):
    """An earlier visit to the firm, as a sheet tells it."""

    visit: int
    on: date | None
    met: str
    summary: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The least that one needs of a visit where there is no signal 走访单."""

    visit: Visit
    name: str
    said: dict[str, dict[str, Any]]
    conflicts: list[FieldConflict]
    findings: list[Finding]
    before: list[Before]
    cases: list[dict[str, Any]]
    building: tuple[int, str] | None
    asked: list[MustVisitRule]
    photos: list[Photo]
    spot: Spot | None


def sheets(device: Device, kept: Iterable[Visit]) -> list[Sheet]:
    """The sheets of `visits_in_hand`, by number; how many queries does not depend on how many visits."""
    user = device.owner
    by_number = {visit.pk: visit for visit in kept}
    visits = [by_number[pk] for pk in sorted(reached(user, by_number, "visits.see", by="visits.record"))]
    firms = {visit.enterprise_id for visit in visits}
    seen = [
        visit.pk for visit in visits
    ]  # who sees a visit sees its findings, conflicts and photos: they stand at its place
    findings, conflicts, cases, before = (defaultdict[int, list[Any]](list) for _kind in range(4))
    for one in Finding.objects.filter(visit__in=seen).order_by("pk"):
        findings[one.visit_id].append(one)
    clashes = FieldConflict.objects.filter(visit__in=seen, settled_at=None).select_related("said_by", "device")
    for clash in clashes.order_by("pk"):
        conflicts[clash.visit_id].append(clash)
    at_work = Case.objects.filter(enterprise__in=firms, state__in=WORKING)
    if at_work.exists():  # whose they are to see is asked only where there are any: that costs most
        working = cases_seen_by(user).filter(enterprise__in=firms, state__in=WORKING).order_by("pk")
        for firm, *told in working.values_list("enterprise_id", "id", "number", "title", "category_id"):
            cases[firm].append(dict(zip(("id", "number", "title", "category"), told, strict=True)))
    done = Visit.objects.filter(enterprise__in=firms, state=State.DONE)
    earlier = seen_by(user, done, few=True).order_by("visited_on", "pk")
    went = earlier.values_list("enterprise_id", "pk", "visited_on", "met", "summary", "next_step")
    for firm, pk, on, met, summary, step in went:
        before[firm].append(Before(pk, on, met, summary, step))
    photos: defaultdict[int, list[Photo]] = defaultdict(list)
    for photo in Photo.objects.filter(visit__in=seen).order_by("pk"):
        photos[photo.visit_id].append(photo)
    said = Spot.objects.filter(visit__in=seen)  # whose they are to see is asked only where there are any
    spots = {one.visit_id: one for one in seen_by(user, said, few=True)} if said.exists() else {}
    asked = _asked_on(visits)
    standing_on = Coverage.objects.filter(valid_on(clock.today()), ancestor__kind=PlaceKind.BUILDING)
    inside = standing_on.filter(descendant__in={visit.place_id for visit in visits})
    buildings = {low: (pk, name) for low, pk, name in inside.values_list("descendant", "ancestor", "ancestor__name")}
    people = {
        stamp["by"] for visit in visits for stamp in visit.stamps.values() if isinstance(stamp, dict) and stamp["by"]
    }
    names = {one.pk: str(one) for one in User.objects.filter(pk__in=people)}
    return [
        Sheet(
            visit=visit,
            name=shown_name(visit.enterprise, user),
            said={
                name: {
                    "value": getattr(visit, name),
                    "by": names.get(visit.stamps.get(name, {}).get("by"), ""),
                    "at": visit.stamps.get(name, {}).get("at"),
                }
                for name in FIELDS
            },
            conflicts=conflicts[visit.pk],
            findings=findings[visit.pk],
            before=[one for one in reversed(before[visit.enterprise_id]) if one.visit != visit.pk][:LATEST],
            cases=cases[visit.enterprise_id],
            building=buildings.get(visit.place_id),
            asked=asked.get(visit.pk, []),
            photos=photos[visit.pk],
            spot=spots.get(visit.pk),
        )
        for visit in visits
    ]


_ON_A_SHEET: Final = (
    "edition", "state", "kind", "reasons", "stamps", "planned_for", "visited_on", "enterprise", "place", *FIELDS,
    "enterprise__name", "enterprise__entity_type", "place__name",
)  # fmt: skip


def _asked_on(visits: Iterable[Visit]) -> dict[int, list[MustVisitRule]]:
    """The rules that ask for visits ahead, by visit; nothing is read where no visit has a reason."""
    asking = [one for one in visits if one.state == State.PLANNED and one.reasons]
    if not asking:
        return {}
    day = clock.today()
    regime, streets = standing.regime(day), streets_of({one.enterprise_id for one in asking}, day)
    found = {}
    for one in asking:
        held = regime.of(streets.get(one.enterprise_id))
        found[one.pk] = [held[reason].row for reason in Reason if reason.value in one.reasons and reason in held]
    return found


def buildings_in_hand(user: Any) -> QuerySet[Place]:
    """The buildings at whose firms a user records visits, by name."""
    return seen_by(user, Place, "visits.record").filter(kind=PlaceKind.BUILDING).order_by("name", "pk")


def kinds_in_hand(user: Any) -> list[tuple[str, str]]:
    """The kinds of visit a user may start: patrols only with the permission for them 走访类别."""
    patrols = access.may_anywhere(user, "visits.patrol")
    return [(kind.value, _(kind.label)) for kind in VisitKind if patrols or kind not in PATROLS]


def firms_in_hand(user: Any, building: Place) -> list[Enterprise]:
    """The firms in a building that the user may visit, by name: what is chosen from at its door 在楼企业."""
    stays = tenancies_open(seen_by(user, Tenancy)).filter(place__in=places_below(building))
    here = set(
        stays.values_list("enterprise", flat=True)
    )  # asked for first: a planner without statistics joins them for minutes
    mine = seen_by(user, Enterprise, "visits.record").filter(pk__in=here, merged_into=None)
    return list(mine.order_by("name", "pk")[:MOST_AT_A_DOOR])


@dataclass(frozen=True, slots=True)
class Storey:
    """One floor of a building with its units and who is in each; `firms` are on the floor without a unit of their own 楼层."""

    name: str
    units: tuple[tuple[str, tuple[int, ...]], ...]
    firms: tuple[int, ...]


def plan_in_hand(user: Any, building: Place, firms: Iterable[int]) -> list[Storey]:
    """A building floor by floor from the top, with the firms the user may visit there, by their ids 楼层图.

    The last storey, without a name, holds the units and firms of which no floor is known. Four queries.
    """
    day, mine = clock.today(), set(firms)
    below = list(standing_below(building, on=day).select_related(None))
    ids = [building.pk, *(place.pk for place in below)]
    parents = dict(Placement.objects.filter(valid_on(day), child__in=ids).values_list("child_id", "parent_id"))
    at: defaultdict[int, list[int]] = defaultdict(list)
    here = tenancies_open(seen_by(user, Tenancy), day).filter(place__in=ids, enterprise__in=mine)
    for place, firm in here.order_by("enterprise__name_key").values_list("place_id", "enterprise_id"):
        if firm not in at[place]:
            at[place].append(firm)
    floors = [place for place in below if place.kind == PlaceKind.FLOOR]
    floors.sort(key=lambda floor: (floor.level is not None, floor.level or 0), reverse=True)
    known = {floor.pk for floor in floors}
    units: defaultdict[int | None, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for unit in sorted((place for place in below if place.kind == PlaceKind.UNIT), key=lambda place: place.name):
        parent = parents.get(unit.pk)
        units[parent if parent in known else None].append((unit.name, tuple(at[unit.pk])))
    told = [Storey(floor.name, tuple(units[floor.pk]), tuple(at[floor.pk])) for floor in floors]
    if units[None] or at[building.pk]:
        told.append(Storey("", tuple(units[None]), tuple(at[building.pk])))
    return told


# --- about oneself ------------------------------------------------------------------------------------------------------
class OwnKind(Choice):
    """What going to see keeps about the person who goes 本人数据类别."""

    VISIT = "visit", "走访记录"
    FIELD = "field", "不一致的填写"
    PHOTO = "photo", "照片"
    PLACE = "place", "巡查位置"
    DEVICE = "device", "随身设备"
    OPERATION = "operation", "设备操作"
    SHIFT = "shift", "外出安排"


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One thing kept about a person: what, of which day, until when; no day means as long as what it belongs to 本人数据."""

    kind: OwnKind
    on: date
    what: str
    until: date | None = None

    @property
    def pk(self) -> str:
        """By what it is told apart in a list."""
        return f"{self.kind.value} {self.on} {self.what}"


MOST_OWN = 5000  # rows of each kind, the newest; product default


def kept_about(user: Any) -> list[KeptRow]:
    """Everything that going to see keeps about one person, for that person alone 我的走访数据."""
    told = [
        KeptRow(
            OwnKind.VISIT, one.visited_on or one.planned_for, _line(one.enterprise, one.met, one.summary, one.next_step)
        )
        for one in Visit.objects.filter(visitor=user.pk).select_related("enterprise").order_by("-pk")[:MOST_OWN]
    ]
    told += [
        KeptRow(OwnKind.FIELD, _day_of(one.said_at), one.value)
        for one in FieldConflict.objects.filter(said_by=user.pk).order_by("-pk")[:MOST_OWN]
    ]
    told += [
        KeptRow(OwnKind.PHOTO, one.taken_on, _line(one.visit.enterprise, one.note), one.erase_on)
        for one in Photo.objects.filter(taken_by=user.pk).select_related("visit__enterprise")[:MOST_OWN]
    ]
    told += [
        KeptRow(OwnKind.PLACE, one.taken_on, f"{one.lat:.5f}, {one.lon:.5f} ± {one.within} m", one.erase_on)
        for one in Spot.objects.filter(taken_by=user.pk).order_by("-pk")[:MOST_OWN]
    ]
    told += [
        KeptRow(OwnKind.DEVICE, _day_of(one.registered_at), one.name, _day_of(one.ends_at))
        for one in Device.objects.filter(owner=user.pk)
    ]
    told += [
        KeptRow(
            OwnKind.OPERATION,
            _day_of(one.happened_at),
            f"{one.kind} {json.dumps(one.body, ensure_ascii=False)}",
            _ends(one),
        )
        for one in Operation.objects.filter(device__owner=user.pk).order_by("-pk")[:MOST_OWN]
    ]
    told += [
        KeptRow(
            OwnKind.SHIFT, one.day, f"{one.begins // 60:02}:{one.begins % 60:02}–{one.ends // 60:02}:{one.ends % 60:02}"
        )
        for one in PlanShift.objects.filter(user=user.pk).order_by("-pk")[:MOST_OWN]
    ]
    return told


def _ends(one: Operation) -> date | None:
    return None if one.erased_on else _day_of(one.received_at) + timedelta(days=OPERATION_DAYS)


def _day_of(moment: datetime) -> date:
    return moment.astimezone(clock.ZONE).date()


def _line(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part)
