"""Whom we must go and see, and what was found where we went."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.accounts.queries import valid_on
from linqi.cases.flow import WORKING
from linqi.cases.queries import cases_seen_by
from linqi.conditions.one import Reason as Told
from linqi.conditions.rules import Outcome
from linqi.conditions.tree import Comparison, Not, comparisons
from linqi.conditions.words import sentence, shown
from linqi.enterprises import dictionary
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import Sight, enterprises_in_place, shown_name, sight_of
from linqi.kit import access, clock
from linqi.kit.access import System, seen_by
from linqi.organisation.models import LinkTeamSeat
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.visits import standing
from linqi.visits.flow import State
from linqi.visits.merging import FIELDS
from linqi.visits.merging import Outcome as Became
from linqi.visits.models import Device, FieldConflict, Finding, MustVisitRule, MustVisitScore, Operation, Visit
from linqi.visits.rules import Due, Reason, Score
from linqi.visits.signals import FROM_SECRETS, book, streets_of
from linqi.visits.standing import Standing


# --- visits -----------------------------------------------------------------------------------------------------------
def visits_seen_by(user: Any) -> QuerySet[Visit]:
    """The visits at the user's places 走访."""
    return seen_by(user, Visit).select_related("enterprise", "place", "team", "visitor")


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
    def reasons(self) -> list[Reason]:
        """Its reasons, most pressing first."""
        return [due.reason for due in self.dues]


def must_visits(user: Any, *, today: date) -> list[MustVisit]:
    """Every enterprise the user's places must visit, the highest score first 必访清单.

    An enterprise is at a place while a tenancy there is open. The list of the house is kept in memory: one query when nothing happened,
    and never more however many enterprises there are.
    """
    sees = _sight_of(user)
    return [_as_read_by(user, one) for one in standing.list_on(today).values() if sees(one)]


def must_visit_of(enterprise: Enterprise, user: Any, today: date) -> MustVisit | None:
    """Why and by when this one enterprise must be visited; None when nothing asks for it."""
    one = standing.standing_of(enterprise, today)
    return _as_read_by(user, one) if one is not None and _sight_of(user)(one) else None


def _sight_of(user: Any) -> Callable[[Standing], bool]:
    """Whether a user sees an enterprise on the list: it is today at a place of a grant that carries `visits.see`."""
    if isinstance(user, System):
        return lambda one: True
    mine = frozenset(access.reach_of(user).places("visits.see"))
    return lambda one: not mine.isdisjoint(one.above)


def _as_read_by(user: Any, one: Standing) -> MustVisit:
    return MustVisit(
        enterprise=one.enterprise.pk,
        name=shown_name(one.enterprise, user),
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
    """The visits a device keeps: its owner's and those of the owner's teams, of the days round today; and what it worked on."""
    user = device.owner
    near = Q(state=State.PLANNED, planned_for__lte=today + AHEAD) | Q(state=State.DONE, visited_on__gte=today - BEHIND)
    teams = LinkTeamSeat.objects.filter(valid_on(today), user=user).values("team")
    worked = Operation.objects.filter(device=device, received_at__gte=clock.now() - BEHIND, visit__isnull=False)
    mine = (Q(visitor=user) | Q(team__in=teams)) & near
    found = seen_by(user, Visit, "visits.record").filter(mine | Q(pk__in=worked.values("visit")))
    return found.order_by("-planned_for", "-pk")[:MOST_KEPT]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The least that one needs of a visit where there is no signal 走访单."""

    visit: Visit
    name: str
    said: dict[str, dict[str, Any]]
    conflicts: list[FieldConflict]
    findings: list[Finding]
    last: Visit | None
    cases: list[dict[str, Any]]
    building: Place | None


def sheets(device: Device, ids: Iterable[int]) -> list[Sheet]:
    """The sheets of visits that a device keeps; the number of queries does not depend on how many."""
    user = device.owner
    visits = list(visits_seen_by(user).filter(pk__in=list(ids)).order_by("pk"))
    firms = {visit.enterprise_id for visit in visits}
    found = seen_by(user, Finding).filter(visit__in=visits).order_by("pk")
    findings, conflicts, cases, before = (defaultdict[int, list[Any]](list) for _kind in range(4))
    for one in found:
        findings[one.visit_id].append(one)
    for clash in open_conflicts(user).filter(visit__in=visits):
        conflicts[clash.visit_id].append(clash)
    asked = cases_seen_by(user).filter(enterprise__in=firms, state__in=WORKING).order_by("pk")
    for firm, *told in asked.values_list("enterprise_id", "id", "number", "title", "category_id"):
        cases[firm].append(dict(zip(("id", "number", "title", "category"), told, strict=True)))
    earlier = seen_by(user, Visit).filter(enterprise__in=firms, state=State.DONE).order_by("visited_on", "pk")
    for visit in earlier:
        before[visit.enterprise_id].append(visit)
    standing_on = Coverage.objects.filter(valid_on(clock.today()), ancestor__kind=PlaceKind.BUILDING)
    inside = standing_on.filter(descendant__in={visit.place_id for visit in visits}).select_related("ancestor")
    buildings = {one.descendant_id: one.ancestor for one in inside}
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
            last=next((one for one in reversed(before[visit.enterprise_id]) if one.pk != visit.pk), None),
            cases=cases[visit.enterprise_id],
            building=buildings.get(visit.place_id),
        )
        for visit in visits
    ]


def buildings_in_hand(user: Any) -> QuerySet[Place]:
    """The buildings at whose firms a user records visits, by name."""
    return seen_by(user, Place, "visits.record").filter(kind=PlaceKind.BUILDING).order_by("name", "pk")


def firms_in_hand(user: Any, building: Place) -> list[Enterprise]:
    """The firms in a building that the user may visit, by name: what is chosen from at its door 在楼企业."""
    mine = seen_by(user, Enterprise, "visits.record").filter(pk__in=enterprises_in_place(user, building).values("pk"))
    return list(mine.filter(merged_into=None).order_by("name", "pk")[:MOST_AT_A_DOOR])
