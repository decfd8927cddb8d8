"""Whom we must go and see, and what was found where we went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.db.models import Case as Choose
from django.db.models import DateField, Max, Q, QuerySet, Value, When
from django.utils import timezone

from linqi.accounts.queries import valid_on
from linqi.cases import deadlines
from linqi.cases.flow import WORKING
from linqi.cases.flow import State as CaseState
from linqi.cases.models import Case
from linqi.enterprises.models import Enterprise, Tenancy
from linqi.enterprises.queries import shown_name
from linqi.kit.access import seen_by
from linqi.organisation.queries import teams_in_force
from linqi.territory.models import Coverage, PlaceKind
from linqi.visits import rules
from linqi.visits.flow import State
from linqi.visits.models import Finding, Visit
from linqi.visits.rules import Due, Reason


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
    """One enterprise that must be visited, why, by when, and who would go 必访.

    `enterprise`, `building`, `team` are ids; `due` is the earliest day of its reasons; names as the user reads them.
    """

    enterprise: int
    name: str
    place: str
    building: int | None
    building_name: str
    team: int | None
    team_name: str
    dues: tuple[Due, ...]
    last_visit: date | None
    planned_for: date | None

    @property
    def reasons(self) -> list[Reason]:
        """Its reasons, most pressing first."""
        return [due.reason for due in self.dues]

    @property
    def due(self) -> date:
        """By when we must have been there."""
        return min(due.by for due in self.dues)


def must_visits(user: Any, *, today: date, only: Enterprise | None = None) -> list[MustVisit]:
    """Every enterprise the user's places must visit, the most urgent first 必访清单.

    Eight queries however many enterprises; what a reason is, and how long a visit answers it, `visits.rules` decides.
    """
    held = _held(user, today, only)
    last = _last_visits(user, held)
    dues: dict[int, tuple[Due, ...]] = {}
    by = cache(due_by)  # days repeat; the calendar is asked once for each
    for pk, begun in held.items():
        unanswered = {
            reason: min(days)
            for reason, since in begun.items()
            if (days := [day for day in since if rules.reasons_open({reason: day}, last.get(pk), today)])
        }
        if unanswered:
            ordered = rules.reasons_open(unanswered, last.get(pk), today)
            dues[pk] = tuple(Due(reason, unanswered[reason], by(reason, unanswered[reason])) for reason in ordered)
    enterprises = Enterprise.objects.filter(pk__in=list(dues), merged_into=None).select_related("seat")
    buildings = _buildings(one.seat_id for one in enterprises)
    teams = {
        team.building_id: team
        for team in teams_in_force().filter(building__in=[pk for pk, _name in buildings.values()])
    }
    planned = _planned(user, dues)
    found = []
    for one in enterprises:
        building, building_name = buildings.get(one.seat_id or 0, (None, ""))
        team = teams.get(building) if building else None
        found.append(
            MustVisit(
                enterprise=one.pk,
                name=shown_name(one, user),
                place=f"{building_name} {one.seat.name}".strip()
                if one.seat and building != one.seat_id
                else building_name,
                building=building,
                building_name=building_name,
                team=team.pk if team else None,
                team_name=team.name if team else "",
                dues=dues[one.pk],
                last_visit=last.get(one.pk),
                planned_for=planned.get(one.pk),
            )
        )
    return sorted(found, key=lambda must: (must.due, must.enterprise))


def must_visit_of(enterprise: Enterprise, user: Any, today: date) -> MustVisit | None:
    """Why and by when this one enterprise must be visited; None when nothing asks for it."""
    return next(iter(must_visits(user, today=today, only=enterprise)), None)


def in_order_of_due(musts: Iterable[MustVisit]) -> QuerySet[Enterprise]:
    """The enterprises of a must-visit list as rows that can be sorted and paged, with `due`."""
    by_day: dict[date, list[int]] = {}
    for must in musts:
        by_day.setdefault(must.due, []).append(must.enterprise)
    if not by_day:
        return Enterprise.objects.none().annotate(due=Value(None, output_field=DateField()))
    ids = [pk for listed in by_day.values() for pk in listed]
    whens = [When(pk__in=listed, then=Value(day)) for day, listed in by_day.items()]
    return Enterprise.objects.filter(pk__in=ids).annotate(due=Choose(*whens, output_field=DateField()))


def due_by(reason: Reason, since: date) -> date:
    """The day by which a reason that holds since a day asks for the visit, by the working-day clock."""
    return _end(rules.FIRST_VISIT[reason], since)


def need_since(opened: date) -> date:
    """The day from which a case opened on a day, and still not answered, is a need."""
    return _end(rules.NEED_AFTER, opened) + timedelta(days=1)


def _end(term: str, day: date) -> date:
    start = timezone.make_aware(datetime.combine(day, time(9)))
    return timezone.localdate(deadlines.counted(term, start).at)


def _held(user: Any, today: date, only: Enterprise | None) -> dict[int, dict[Reason, set[date]]]:
    """Which reasons each enterprise gives, with every day since when: three queries over the rows that can give one."""
    just = Q(enterprise=only) if only is not None else Q(enterprise__isnull=False)
    held: dict[int, dict[Reason, set[date]]] = {}

    def keep(enterprise: int | None, reason: Reason, since: date) -> None:
        if enterprise is not None:
            held.setdefault(enterprise, {}).setdefault(reason, set()).add(since)

    came = seen_by(user, Tenancy, "visits.see").filter(
        just,
        Q(until=None) | Q(until__gt=today),
        since__gte=today - timedelta(days=rules.NEWCOMER_DAYS),
        since__lte=today,
    )
    for enterprise, since in came.values_list("enterprise", "since"):
        if since is not None and rules.newcomer(since, today):
            keep(enterprise, Reason.NEWCOMER, since)
    need = cache(need_since)
    cases = seen_by(user, Case, "visits.see").filter(just)
    for enterprise, opened in cases.filter(state__in=WORKING).values_list("enterprise", "opened_at"):
        if need(timezone.localdate(opened)) <= today:
            keep(enterprise, Reason.IN_NEED, need(timezone.localdate(opened)))
    rated_since = timezone.make_aware(datetime.combine(today - timedelta(days=rules.LOW_RATING_DAYS), time()))
    poor = cases.filter(state=CaseState.CLOSED, rating__lte=rules.LOW_RATING, rated_at__gte=rated_since)
    for enterprise, rated in poor.values_list("enterprise", "rated_at"):
        if rated is not None:
            keep(enterprise, Reason.IN_NEED, timezone.localdate(rated))
    return held


def _last_visits(user: Any, held: dict[int, Any]) -> dict[int, date]:
    done = seen_by(user, Visit).filter(enterprise__in=list(held), state=State.DONE)
    return dict(done.order_by().values_list("enterprise").annotate(last=Max("visited_on")))


def _planned(user: Any, held: dict[int, Any]) -> dict[int, date]:
    waiting = seen_by(user, Visit).filter(enterprise__in=list(held), state=State.PLANNED)
    return dict(waiting.order_by().values_list("enterprise").annotate(day=Max("planned_for")))


def _buildings(seats: Iterable[int | None]) -> dict[int, tuple[int, str]]:
    """The building each place stands in, by the place's id."""
    today = timezone.localdate()
    rows = Coverage.objects.filter(
        valid_on(today), descendant__in={pk for pk in seats if pk}, ancestor__kind=PlaceKind.BUILDING
    )
    return {place: (pk, name) for place, pk, name in rows.values_list("descendant_id", "ancestor_id", "ancestor__name")}


def buildings_of(musts: Iterable[MustVisit]) -> list[tuple[int, str]]:
    """The buildings in a must-visit list, for a filter."""
    return sorted({(must.building, must.building_name) for must in musts if must.building}, key=lambda pair: pair[1])


def teams_of(musts: Iterable[MustVisit]) -> list[tuple[int, str]]:
    """The link teams in a must-visit list, for a filter."""
    return sorted({(must.team, must.team_name) for must in musts if must.team}, key=lambda pair: pair[1])
