"""Bodies, seats, posts and people on a day, and which parks and buildings are covered."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from linqi.accounts.queries import valid_on
from linqi.kit.access import seen_by
from linqi.kit.clock import today
from linqi.organisation.models import (
    Body,
    BodySeat,
    CentreCount,
    CentreService,
    Company,
    Employment,
    Mandate,
    Person,
    PostHolding,
    ServiceCentre,
    Tie,
)
from linqi.organisation.queries import with_teams
from linqi.organisation.rules import BodyKind, BodySeatRole, Organised, Post, body_above, seat_name
from linqi.territory.models import Coverage, Place, PlaceKind

ORDER = {role.value: at for at, role in enumerate(BodySeatRole)}


@dataclass(frozen=True, slots=True)
class Line:
    """One seat or post with who holds it; `person` None: vacant 席位."""

    name: str
    person: Person | None
    since: date | None = None
    pk: int | None = None
    note: str = ""


@dataclass(slots=True)
class Box:
    """One body of the chart with its seats and the bodies under it 组织架构节点."""

    body: Body
    lines: tuple[Line, ...]
    below: list["Box"] = field(default_factory=list)

    @property
    def vacant(self) -> bool:
        """Whether nobody heads it."""
        return self.lines[0].person is None


@dataclass(frozen=True, slots=True)
class Staff:
    """An economic community with its secretary and its four specialists 社区岗位."""

    community: Place
    lines: tuple[Line, ...]


def bodies_seen_by(user: Any) -> QuerySet[Body]:
    """The bodies a user may see, ended ones too; those of the matrix only within the Party space."""
    return seen_by(user, Body).select_related("place")


def bodies_on(user: Any, day: date) -> QuerySet[Body]:
    """Those of a day; a body whose place no longer exists is none."""
    standing = Q(place__until=None) | Q(place__until__gt=day)
    return bodies_seen_by(user).filter(valid_on(day), standing).order_by("pk")


def chart_on(user: Any, day: date) -> list[Box]:
    """The matrix as it was on a day, by where each body's place stood then; three queries 组织架构图."""
    bodies = list(bodies_on(user, day))
    lines = _lines(bodies, day)
    boxes = {body.pk: Box(body, lines[body.pk]) for body in bodies}
    at: dict[int, list[Body]] = {}
    for body in bodies:
        at.setdefault(body.place_id, []).append(body)
    above: dict[int, list[tuple[str, int, int]]] = {}
    standing = Coverage.objects.filter(valid_on(day), descendant__in=list(at), ancestor__in=list(at))
    for ancestor, descendant, depth in standing.values_list("ancestor", "descendant", "depth"):
        above.setdefault(descendant, []).extend((body.kind, depth, body.pk) for body in at[ancestor])
    roots: list[Box] = []
    for body in bodies:
        higher = body_above(body.kind, above.get(body.place_id, ()))
        (boxes[higher].below if higher is not None else roots).append(boxes[body.pk])
    return sorted(roots, key=lambda box: (list(BodyKind.values).index(box.body.kind), box.body.pk))


def lines_of(body: Body, day: date) -> tuple[Line, ...]:
    """The seats of one body on a day, the head's first, vacant or not."""
    return _lines([body], day)[body.pk]


def _lines(bodies: Iterable[Body], day: date) -> dict[int, tuple[Line, ...]]:
    bodies = list(bodies)
    held: dict[int, list[BodySeat]] = {body.pk: [] for body in bodies}
    for seat in BodySeat.objects.filter(valid_on(day), body__in=list(held)).select_related("person"):
        held[seat.body_id].append(seat)
    found = {}
    for body in bodies:
        seats = sorted(held[body.pk], key=lambda seat: (ORDER[seat.role], seat.pk))
        lines = [Line(_(seat_name(body.kind, one.role)), one.person, one.since, one.pk) for one in seats]
        if not seats or seats[0].role != BodySeatRole.HEAD:
            lines.insert(0, Line(_(seat_name(body.kind, BodySeatRole.HEAD)), None))
        found[body.pk] = tuple(lines)
    return found


def past_seats(body: Body) -> QuerySet[BodySeat]:
    """Everybody who ever held a seat in a body, latest first 历任."""
    return body.seats.select_related("person", "body").order_by("-since", "-pk")


def staff_on(user: Any, day: date) -> list[Staff]:
    """Each economic community a user sees with its five posts on a day, vacant ones said 社区岗位."""
    communities = list(
        seen_by(user, Place, "organisation.see")
        .filter(valid_on(day), kind=PlaceKind.COMMUNITY)
        .exclude(community_kind="residential")
        .order_by("code")
    )
    held: dict[tuple[int, str], PostHolding] = {}
    rows = PostHolding.objects.filter(valid_on(day), community__in=communities).select_related("person")
    for row in rows:
        held[row.community_id, row.post] = row
    return [Staff(one, tuple(_post_line(held.get((one.pk, post.value)), post) for post in Post)) for one in communities]


def _post_line(held: PostHolding | None, post: Post) -> Line:
    if held is None:
        return Line(_(post.label), None)
    note = _(held.get_footing_display()) if held.footing == "host" else ""
    return Line(_(post.label), held.person, held.since, held.pk, note)


def people_seen_by(user: Any) -> QuerySet[Person]:
    """The people on record at the user's places."""
    return seen_by(user, Person).select_related("place", "user")


def posts_of(person: Person, user: Any) -> QuerySet[PostHolding]:
    """The posts somebody holds or has held, as far as the user sees them."""
    return seen_by(user, PostHolding).filter(person=person).select_related("community").order_by("-since", "-pk")


def seats_of(person: Person, user: Any) -> QuerySet[BodySeat]:
    """The seats somebody holds or has held in bodies that the user may see."""
    return seen_by(user, BodySeat).filter(person=person).select_related("body").order_by("-since", "-pk")


def employments_of(person: Person, user: Any) -> QuerySet[Employment]:
    """Who pays or paid for which share of somebody's time; nothing for those who may not see it."""
    rows = seen_by(user, Employment).filter(person=person)
    return rows.select_related("community", "company", "person__place").order_by("-since", "-pk")


def companies_seen_by(user: Any) -> QuerySet[Company]:
    """Property, operating and outsourcing companies on record at the user's places."""
    now = Q(mandates__since__lte=today()) & (Q(mandates__until=None) | Q(mandates__until__gt=today()))
    return seen_by(user, Company).select_related("place").annotate(places=Count("mandates", filter=now))


def mandates_of(company: Company, user: Any) -> QuerySet[Mandate]:
    """The parks and buildings a company looks after or has looked after."""
    return seen_by(user, Mandate).filter(company=company).select_related("place").order_by("-since", "-pk")


# --- coverage -----------------------------------------------------------------------------------------------------
def covered_places(user: Any) -> QuerySet[Place]:
    """Parks and buildings of the Party space with `own`, `above` (a Party organisation there, or at the park over it),
    `team_id` and `seats_held`.
    """
    branches = Body.objects.filter(valid_on(today()), kind=BodyKind.BRANCH)
    over = Coverage.objects.filter(valid_on(today()), descendant=OuterRef(OuterRef("pk")), depth__gt=0)
    rows = seen_by(user, Place, "organisation.party_see").filter(
        valid_on(today()), kind__in=[PlaceKind.PARK, PlaceKind.BUILDING]
    )
    return with_teams(rows).annotate(
        own=Exists(branches.filter(place=OuterRef("pk"))),
        above=Exists(branches.filter(place__in=over.values("ancestor"))),
    )


def by_organised(rows: QuerySet[Place], wanted: Iterable[str]) -> QuerySet[Place]:
    """Those of `covered_places` that have an organisation of their own, are covered by the park's, or by none."""
    conditions = {
        Organised.OWN: Q(own=True),
        Organised.ABOVE: Q(own=False, above=True),
        Organised.NONE: Q(own=False, above=False),
    }
    asked = Q(pk__in=[])
    for one in wanted:
        asked |= conditions[Organised(one)]
    return rows.filter(asked)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many parks and buildings there are, and how many no Party organisation covers 党组织覆盖."""

    parks: int
    parks_open: int
    buildings: int
    buildings_open: int


def counted(user: Any) -> Counted:
    """How far Party organisations cover the user's parks and buildings, in one query."""
    park, building = Q(kind=PlaceKind.PARK), Q(kind=PlaceKind.BUILDING)
    none = Q(own=False, above=False)
    found = (
        covered_places(user)
        .order_by()
        .aggregate(
            parks=Count("pk", filter=park),
            parks_open=Count("pk", filter=park & none),
            buildings=Count("pk", filter=building),
            buildings_open=Count("pk", filter=building & none),
        )
    )
    return Counted(**found)


# --- ties and service centres -------------------------------------------------------------------------------------
def ties_seen_by(user: Any) -> QuerySet[Tie]:
    """The ties of the parks in the user's Party space 四联."""
    return seen_by(user, Tie).select_related("member", "enterprise", "park")


def ties_named(rows: QuerySet[Tie], text: str) -> QuerySet[Tie]:
    """Those whose member or park is called so."""
    return rows.filter(Q(member__name__icontains=text) | Q(park__name__icontains=text))


def months_before(day: date, number: int = 6) -> list[date]:
    """The first days of the last months, this one included, oldest first."""
    last = day.year * 12 + day.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - number + 1, last + 1)]


def used(centre: ServiceCentre, months: list[date]) -> list[tuple[CentreService, list[int | None]]]:
    """Each service of a centre with its count of each month; None where nobody entered one 服务量."""
    counts = CentreCount.objects.filter(service__centre=centre, month__in=months)
    known = {(row.service_id, row.month): row.number for row in counts}
    return [(one, [known.get((one.pk, month)) for month in months]) for one in centre.services.all()]
