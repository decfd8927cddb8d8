"""Who stands on the must-visit list of the house, why, since when and how high: computed for all, and for one 必访判定.

For all of a street the conditions run over columns and say whom to look at; whoever is found is then judged one by one, with reasons. So
the list and the question about one firm cannot disagree, unless the columns miss somebody (tests/test_standing.py). The list is kept in
memory and follows the journal: an act about a firm judges that firm again, anything wider makes the list anew. What asks for a firm
(`Ground`: facts, cases, rules) and what answered it (its visits) are told apart, so that a visit is looked up and nothing judged again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import numpy as np
from django.db import connection
from django.db.models import F, Max, Q
from django.utils import timezone

from linqi.accounts.queries import valid_on
from linqi.conditions import periods, values
from linqi.conditions.facts import Facts, Known
from linqi.conditions.one import Reason as Told
from linqi.conditions.one import Sight, Verdict, judge_seen
from linqi.conditions.population import Answers, Population
from linqi.conditions.rules import Outcome
from linqi.conditions.rules import Rule as Condition
from linqi.conditions.tree import AllOf, AtLeast, Comparison, Node, Not, comparisons, parse
from linqi.conditions.values import Day, Op
from linqi.enterprises import dictionary, known
from linqi.enterprises.models import Enterprise, Fact, Tenancy
from linqi.journal.models import Head
from linqi.journal.verbs import Verb
from linqi.kit.clock import clock_in_force, today
from linqi.organisation.queries import teams_in_force
from linqi.territory.models import Coverage, PlaceKind
from linqi.visits import rules, signals
from linqi.visits.flow import State
from linqi.visits.following import FEW, Following
from linqi.visits.models import MustVisitRule, MustVisitScore, Visit
from linqi.visits.rules import Due, Reason, Score, Scoring, Terms
from linqi.visits.signals import Event, Signals


# --- the rules in force -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Kept:
    """One rule row, read: its terms and its condition; `before`: the condition that it took the place of."""

    row: MustVisitRule
    terms: Terms
    condition: Condition
    before: Condition | None = None

    @property
    def reason(self) -> Reason:
        return Reason(self.row.reason)


@dataclass(frozen=True, slots=True)
class Worth:
    """What makes a firm weigh more 企业权重档."""

    name: str
    factor: Decimal
    condition: Condition


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered, read from its row."""

    row: MustVisitScore | None
    scoring: Scoring
    worths: tuple[Worth, ...]


@dataclass(frozen=True)
class Regime:
    """The rules in force on a day: the product's, and where a street has its own, the street's 当日规则."""

    day: date
    by_street: Mapping[int | None, Mapping[Reason, Kept]]
    orders: Mapping[int | None, Order]

    def of(self, street: int | None) -> dict[Reason, Kept]:
        """The rules that hold in a street."""
        return {**self.by_street.get(None, {}), **self.by_street.get(street, {})}

    def order(self, street: int | None) -> Order:
        """The order that holds in a street."""
        return self.orders.get(street) or self.orders.get(None) or Order(None, Scoring(Decimal(1), 30, 60), ())

    @cached_property
    def kept(self) -> list[Kept]:
        """Every rule in force anywhere."""
        return [one for held in self.by_street.values() for one in held.values()]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The fields that any trigger looks at."""
        return frozenset(leaf.key for one in self.kept for leaf in comparisons(one.condition.when) if leaf.key)


def in_force(day: date) -> Q:
    """Rows of settings that hold on a day."""
    return (Q(since=None) | Q(since__lte=day)) & (Q(until=None) | Q(until__gt=day))


def regime(day: date) -> Regime:
    """The rules in force on a day; two queries."""
    by_street: dict[int | None, dict[Reason, Kept]] = defaultdict(dict)
    earlier: dict[tuple[int | None, str], MustVisitRule] = {}
    begun = MustVisitRule.objects.filter(Q(since=None) | Q(since__lte=day)).select_related("set_by")
    for row in begun.order_by(F("since").asc(nulls_first=True), "pk"):
        if row.until is None or row.until > day:
            last = earlier.get((row.street_id, row.reason))
            before = last if last is not None and last.until == row.since else earlier.get((None, row.reason))
            by_street[row.street_id][Reason(row.reason)] = read_rule(row, before if row.since else None)
        earlier[row.street_id, row.reason] = row
    orders = {row.street_id: read_order(row) for row in MustVisitScore.objects.filter(in_force(day)).order_by("pk")}
    return Regime(day, by_street, orders)


def read_rule(row: MustVisitRule, before: MustVisitRule | None = None) -> Kept:
    """A rule row with its condition read; ConditionError when the condition cannot be used."""
    when = parse(row.when, signals.book())
    terms = Terms(row.first_visit, row.repeat, row.most, row.presses, Decimal(row.weight))
    was = None if before is None else Condition(f"{row.reason}:before", parse(before.when, signals.book()))
    return Kept(row, terms, Condition(f"{row.reason}:{row.pk or 'draft'}", when), was)


def read_order(row: MustVisitScore) -> Order:
    """An order row with its conditions read."""
    worths = tuple(
        Worth(one["name"], Decimal(one["factor"]), Condition(f"worth{row.pk}.{at}", parse(one["when"], signals.book())))
        for at, one in enumerate(row.values)
    )
    return Order(row, Scoring(Decimal(row.urgency), row.late_step, row.late_most), worths)


# --- one firm on the list ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Standing:
    """One enterprise that must be visited: where it is, why, by when, how high, and who would go 必访企业.

    `above`: every place at which it is today, and all that these stand in.
    """

    enterprise: Enterprise
    street: int | None
    above: frozenset[int]
    place: str
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


def standing_of(enterprise: Enterprise, day: date) -> Standing | None:
    """Why and by when one enterprise must be visited; None when nothing asks for it."""
    return _shown(_judged(regime(day), [enterprise.pk])).get(enterprise.pk)


def verdicts_of(enterprise: Enterprise, day: date, facts: Facts | None = None) -> dict[Reason, Verdict]:
    """What every rule of its street says of one enterprise, with reasons; `facts`: if that were known instead."""
    street = signals.streets_of([enterprise.pk], day).get(enterprise.pk)
    held = known.facts_on(enterprise, day) if facts is None else facts
    sight = Sight(_with_signals(held, signals.signals_on(day, [enterprise.pk]), enterprise.pk), signals.book(), day)
    return {reason: judge_seen(one.condition, sight) for reason, one in regime(day).of(street).items()}


def worth_of(enterprise: Enterprise, day: date) -> str:
    """In words, what makes a firm weigh more; empty when nothing does."""
    street = signals.streets_of([enterprise.pk], day).get(enterprise.pk)
    facts = _with_signals(known.facts_on(enterprise, day), signals.signals_on(day, [enterprise.pk]), enterprise.pk)
    return worth(regime(day).order(street), Sight(facts, signals.book(), day))[1]


def list_on(day: date) -> Mapping[int, Standing]:
    """Everybody who must be visited, the highest score first; equal ones by day and number 全部必访企业.

    For today it is kept in memory and brought up to date from the journal; one query when nothing happened.
    """
    if day != today():
        return whole_list(day)
    return _view(_kept.on(day))


def whole_list(day: date, *, columns: bool | None = None) -> dict[int, Standing]:
    """Everybody who must be visited, made anew; `columns` False looks at every firm one by one."""
    return _view(_whole(day, columns=columns))


def forget() -> None:
    """Let go of what is kept in memory."""
    _kept.forget()
    _ordered[0] = (None, {})
    _seen_people.clear()


def _whole(day: date, *, columns: bool | None = None) -> "dict[int, Judged]":
    if columns is None:
        columns = Enterprise.objects.filter(merged_into=None)[FEW : FEW + 1].exists()
    held = regime(day)
    return _judged(held, **_candidates(held, day)) if columns else _judged(held, None)


def _shown(found: "Mapping[int, Judged]") -> dict[int, Standing]:
    return {pk: one.standing for pk, one in found.items() if one.standing is not None}


def _view(found: "Mapping[int, Judged]") -> dict[int, Standing]:
    """Those who must be visited among all who were judged, in order; put in order once for each state of what is kept."""
    of, listed = _ordered[0]
    if of is not found:
        listed = dict(sorted(_shown(found).items(), key=lambda one: (-one[1].points, one[1].due, one[0])))
        _ordered[0] = (found, listed)
    return listed


def _moves_others(verb: str, data: Mapping[str, Any]) -> bool:
    return data.get("key") == "tax_paid"  # a place in a ranking moves the others


def _visited_since(day: date, firms: Collection[int], before: "Mapping[int, Judged]") -> "dict[int, Judged]":
    """Firms about which nothing is otherwise but their visits: what asks for them stands as it was."""
    held = regime(day)
    grounds = {pk: before[pk].ground for pk in firms if pk in before}
    followed = _made_for(held, day, firms)
    again = {
        pk for pk, days in followed.items() if pk not in grounds and any(days.values())
    }  # it lives on in its visits
    return _answered(held, grounds, followed) | (_judged(held, again) if again else {})


_ordered: Final[list[tuple[Any, dict[int, Standing]]]] = [(None, {})]
_kept: "Final[Following[Judged]]" = Following(
    whole=_whole,
    some=lambda day, firms: _judged(regime(day), firms),
    wide=_moves_others,
    quiet=frozenset({Verb.SECRETS_READ, Verb.VISIT_FIELDS_SAID, Verb.VISIT_FINDING_ADDED}),
    light="visits.",
    lightly=_visited_since,
)


# --- whom a rule reaches ----------------------------------------------------------------------------------------------
def reach(kept: Iterable[Kept], street: int, day: date) -> dict[str, dict[Outcome, set[int]]]:
    """Which enterprises of a street have which outcome under some rules, by the key of the rule 规则命中."""
    listed = list(kept)
    if Enterprise.objects.filter(merged_into=None)[FEW : FEW + 1].exists():
        answers = run([one.condition for one in listed], day)
        here = np.array(sorted(_firms_in(street, day)), np.int64)
        return {
            one.condition.key: {
                outcome: set(np.intersect1d(answers.ids(one.condition.key, outcome), here).tolist())
                for outcome in Outcome
            }
            for one in listed
        }
    firms = {one.pk: one for one in Enterprise.objects.filter(pk__in=_firms_in(street, day))}
    facts, told = known.facts_of(firms.values(), day), signals.signals_on(day, firms)
    found: dict[str, dict[Outcome, set[int]]] = {one.condition.key: {o: set() for o in Outcome} for one in listed}
    for pk in firms:
        sight = Sight(_with_signals(facts[pk], told, pk), signals.book(), day)
        for one in listed:
            found[one.condition.key][judge_seen(one.condition, sight).outcome].add(pk)
    return found


def _firms_in(street: int, day: date) -> set[int]:
    """Whose principal place stands in a street, while they are there."""
    below = Coverage.objects.filter(valid_on(day), ancestor=street).values("descendant")
    firms = Enterprise.objects.filter(merged_into=None, seat__in=below)
    return set(firms.values_list("pk", flat=True))


# --- whom to look at --------------------------------------------------------------------------------------------------
def _candidates(held: Regime, day: date) -> dict[str, Any]:
    """Everybody who meets a trigger, by columns, and everybody whose reason may live on in its own visits.

    `ids`: whom to look at; `meets`: for each condition, by its key, who meets it.
    """
    worths = [step.condition for order in held.orders.values() for step in order.worths]
    answers = run([*(one.condition for one in held.kept), *worths], day)
    meets = {key: frozenset(answers.ids(key, Outcome.MET).tolist()) for key in (rule.key for rule in answers.rules)}
    ids = frozenset().union(*(meets[one.condition.key] for one in held.kept))
    return {"ids": ids | {pk for pk, days in _made_for(held, day, None).items() if any(days.values())}, "meets": meets}


def run(conditions: Iterable[Condition], day: date) -> Answers:
    """What some conditions say of every enterprise, in columns 批量判定."""
    return _people(day).run(list(conditions))


def _people(day: date) -> Population:
    """Every enterprise with our signals beside its facts; made once for each state of the data."""
    state = (connection.settings_dict["NAME"], day, Head.objects.values_list("count", "digest").first())
    if state[2] is None or _seen_people.get("state") != state:
        people = known.population(day)
        row_of = {pk: row for row, pk in enumerate(people.ids.tolist())}
        added = signals.columns(signals.signals_on(day), row_of)
        _seen_people.update(state=state, people=people.with_columns(added, signals.book()))
    found: Population = _seen_people["people"]
    return found


_seen_people: Final[dict[str, Any]] = {}


def _made_for(held: Regime, day: date, ids: Collection[int] | None) -> dict[int, dict[Reason, list[date]]]:
    """The visits made for reasons that are followed up, by enterprise and reason, in order of time."""
    followed = {one.reason for one in held.kept if one.terms.most}
    asked = Q(pk__in=[])
    for reason in followed:
        asked |= Q(reasons__icontains=f'"{reason.value}"')
    made: dict[int, dict[Reason, list[date]]] = defaultdict(lambda: defaultdict(list))
    if not followed:
        return made
    rows = _visits(ids).filter(asked, state=State.DONE, visited_on__lte=day)
    for pk, on, codes in rows.order_by("visited_on").values_list("enterprise", "visited_on", "reasons"):
        for code in codes:
            if code in followed and on is not None:
                made[pk][Reason(code)].append(on)
    return made


def _visits(ids: Collection[int] | None) -> Any:
    few = ids is not None and len(ids) <= signals.MANY
    return Visit.objects.filter(enterprise__in=list(ids or ())) if few else Visit.objects.all()


# --- judging ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ground:
    """What asks for a firm whatever visits it had: where it is, when which reason began, what it weighs 必访依据."""

    place: "Placed"
    begun: Mapping[Reason, Collection[date]]
    value: Decimal


@dataclass(frozen=True, slots=True)
class Judged:
    """A firm that was looked at, and where it stands on the list; None where its visits have answered all that asks."""

    ground: Ground
    standing: Standing | None


def _judged(
    held: Regime, ids: Collection[int] | None, meets: Mapping[str, Collection[int]] | None = None
) -> dict[int, Judged]:
    """Those of some enterprises (None: all) for which something asks or asked; the queries do not depend on how many there are.

    `meets`: who meets which condition, where that is known already; the others are not judged by it.
    """
    day = held.day
    firms = Enterprise.objects.filter(merged_into=None).select_related("seat")
    if ids is not None and len(ids) <= signals.MANY:
        firms = firms.filter(pk__in=list(ids))
    listed = {one.pk: one for one in firms if ids is None or one.pk in ids}
    where = Where(listed, day)
    told = signals.signals_on(day, listed if len(listed) <= signals.MANY else None)
    facts = known.facts_of(listed.values(), day)
    runs = _Runs(listed, held.keys, day)
    followed = _made_for(held, day, listed)
    book, grounds = signals.book(), {}
    for pk, firm in listed.items():
        if pk not in where.places:  # it left, or nobody knows where it is: nobody could go
            continue
        sight = Sight(_with_signals(facts[pk], told, pk), book, day)
        began = _Began(firm, sight, told, runs, where.since.get(pk))
        begun: dict[Reason, Collection[date]] = {}
        for reason, one in held.of(where.street.get(pk)).items():
            may = meets is None or pk in meets[one.condition.key]
            verdict = judge_seen(one.condition, sight) if may else None
            if verdict is not None and verdict.outcome == Outcome.MET:
                begun[reason] = _under(one, sight, began.of(verdict.reason) or {day})
        if begun or any(followed.get(pk, {}).values()):
            value = worth(held.order(where.street.get(pk)), sight, pk, meets)[0]
            grounds[pk] = Ground(where.of(firm), begun, value)
    return _answered(held, grounds, followed)


def _answered(
    held: Regime, grounds: Mapping[int, Ground], followed: Mapping[int, Mapping[Reason, Sequence[date]]]
) -> dict[int, Judged]:
    """What the visits of some firms left open of what asks for them; two queries. `followed`: as `_made_for` tells."""
    day = held.day
    visits, planned = _days_of_visits(grounds, day), _planned(grounds)
    found = {}
    for pk, ground in grounds.items():
        street, seen = ground.place.street, visits.get(pk, ())
        begun, terms = dict(ground.begun), {}
        for reason, one in held.of(street).items():
            terms[reason] = one.terms
            if reason not in begun and pk in followed:
                lived = rules.followed_up(followed[pk].get(reason, ()), day, one.terms)
                if lived is not None:
                    begun[reason] = {lived}
        asked = rules.reasons_open(begun, seen, day, terms)
        standing = None
        if asked:
            dues = tuple(Due(reason, since, due_by(since, terms[reason])) for reason, since in asked.items())
            total = rules.score(dues, day, terms, held.order(street).scoring, ground.value)
            standing = ground.place.standing(dues, total, seen[-1] if seen else None, planned.get(pk))
        found[pk] = Judged(ground, standing)
    return found


def _under(kept: Kept, sight: Sight, begun: Collection[date]) -> Collection[date]:
    """The beginnings under a rule: whom only a changed rule takes in owes nothing for the time before the change."""
    if kept.before is None or kept.row.since is None or judge_seen(kept.before, sight).outcome == Outcome.MET:
        return begun
    return {max(day, kept.row.since) for day in begun}


def due_by(since: date, terms: Terms) -> date:
    """The day by which a reason that asks since a day wants the visit, by the working-day clock."""
    return clock_in_force().add_working_days(since, terms.first_visit)


def worth(
    order: Order, sight: Sight, pk: int = 0, meets: Mapping[str, Collection[int]] | None = None
) -> tuple[Decimal, str]:
    """What the firm itself weighs, and why: the first step that is met; 1 without words where none is."""
    for one in order.worths:
        if meets is not None:
            if pk in meets[one.condition.key]:
                return one.factor, one.name
        elif judge_seen(one.condition, sight).outcome == Outcome.MET:
            return one.factor, one.name
    return Decimal(1), ""


def _with_signals(facts: Facts, told: Signals, pk: int) -> Facts:
    return {**facts, **{(key, ""): found[pk].known for key, found in told.items() if pk in found}}


def _days_of_visits(listed: Collection[int], day: date) -> dict[int, list[date]]:
    days: dict[int, list[date]] = defaultdict(list)
    done = _visits(listed).filter(state=State.DONE, visited_on__lte=day).order_by("visited_on")
    for pk, on in done.values_list("enterprise", "visited_on"):
        if on is not None:
            days[pk].append(on)
    return days


def _planned(listed: Collection[int]) -> dict[int, date]:
    waiting = _visits(listed).filter(state=State.PLANNED)
    return dict(waiting.order_by().values_list("enterprise").annotate(day=Max("planned_for")))


class Where:
    """Where enterprises are today: open tenancies, and the places these stand in; three queries."""

    def __init__(self, listed: Mapping[int, Enterprise], day: date) -> None:
        few = len(listed) <= signals.MANY
        stays = Tenancy.objects.filter(signals.open_on(day))
        stays = stays.filter(enterprise__in=list(listed)) if few else stays
        self.places: dict[int, set[int]] = defaultdict(set)
        self.since: dict[int, date] = {}
        for pk, place, since in stays.values_list("enterprise", "place", "since"):
            self.places[pk].add(place)
            if since is not None:
                self.since[pk] = min(since, self.since.get(pk, since))
        wanted = {place for places in self.places.values() for place in places}
        wanted |= {one.seat_id for one in listed.values() if one.seat_id}
        rows = Coverage.objects.filter(valid_on(day))
        rows = rows.filter(descendant__in=wanted) if len(wanted) <= signals.MANY else rows
        self.above: dict[int, set[int]] = defaultdict(set)
        kinds: dict[str, dict[int, tuple[int, str]]] = defaultdict(dict)
        for low, high, kind, name in rows.values_list("descendant", "ancestor", "ancestor__kind", "ancestor__name"):
            self.above[low].add(high)
            kinds[kind][low] = (high, name)
        self._kinds = kinds
        streets = kinds[PlaceKind.STREET.value]
        self.street = {pk: streets[one.seat_id][0] for pk, one in listed.items() if one.seat_id in streets}
        self._teams = {team.building_id: team for team in teams_in_force()}

    def above_of(self, pk: int) -> frozenset[int]:
        """Every place at which an enterprise is, and all that these stand in."""
        return frozenset().union(*(self.above[place] for place in self.places.get(pk, ())))

    def in_words(self, firm: Enterprise) -> str:
        """The building and the room of its principal place."""
        building, name = self._kinds[PlaceKind.BUILDING.value].get(firm.seat_id or 0, (None, ""))
        room = firm.seat.name if firm.seat and building != firm.seat_id else ""
        return f"{name} {room}".strip()

    def of(self, firm: Enterprise) -> "Placed":
        """One firm with where it is."""
        seat = firm.seat_id or 0
        building, building_name = self._kinds[PlaceKind.BUILDING.value].get(seat, (None, ""))
        community, community_name = self._kinds[PlaceKind.COMMUNITY.value].get(seat, (None, ""))
        team = self._teams.get(building) if building else None
        return Placed(
            enterprise=firm,
            street=self.street.get(firm.pk),
            above=self.above_of(firm.pk),
            place=self.in_words(firm),
            building=building,
            building_name=building_name,
            community=community,
            community_name=community_name,
            team=team.pk if team else None,
            team_name=team.name if team else "",
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A firm and where it is, in ids and words, as `Standing` tells it 所在位置."""

    enterprise: Enterprise
    street: int | None
    above: frozenset[int]
    place: str
    building: int | None
    building_name: str
    community: int | None
    community_name: str
    team: int | None
    team_name: str

    def standing(self, dues: tuple[Due, ...], total: Score, last: date | None, planned: date | None) -> Standing:
        """The firm on the list."""
        return Standing(
            enterprise=self.enterprise,
            street=self.street,
            above=self.above,
            place=self.place,
            building=self.building,
            building_name=self.building_name,
            community=self.community,
            community_name=self.community_name,
            team=self.team,
            team_name=self.team_name,
            dues=dues,
            due=min(due.by for due in dues),
            score=total,
            points=float(total.total),
            last_visit=last,
            planned_for=planned,
        )


# --- since when -------------------------------------------------------------------------------------------------------
class _Runs:
    """What the sources said of some fields, superseded words included, newest first; one query."""

    def __init__(self, listed: Collection[int], keys: Collection[str], day: date) -> None:
        rows = Fact.objects.filter(key__in=list(keys), as_of__lte=day)
        if len(listed) <= signals.MANY:
            rows = rows.filter(enterprise__in=list(listed))
        self._said: dict[tuple[int, str, str], list[tuple[date, Any]]] = defaultdict(list)
        told = rows.order_by("-as_of", "-pk").values_list("enterprise", "key", "period", "as_of", "value")
        for pk, key, period, as_of, value in told:
            self._said[pk, key, period].append((as_of, value))

    def said(self, pk: int, key: str, period: str) -> Sequence[tuple[date, Any]]:
        """The words on one field and period."""
        return self._said.get((pk, key, period), ())


@dataclass(frozen=True, slots=True)
class _Began:
    """From which days on a met condition has been met, as far as one can know 起始日.

    A group of which k parts must hold began on each day on which one of its parts began and k had begun by then. A comparison began
    when the first word of an unbroken run that meets it was said; a date against a moving day, when the day moved past it. Nothing
    begins before the house knew the firm.
    """

    firm: Enterprise
    sight: Sight
    told: Signals
    runs: _Runs
    stays_since: date | None

    def of(self, reason: Told, *, positive: bool = True) -> frozenset[date]:
        node = reason.node
        if isinstance(node, Comparison):
            return self._compared(node, reason.known, positive=positive)
        if isinstance(node, Not):
            return self.of(reason.parts[0], positive=not positive)
        holding = [part for part in reason.parts if part.met is positive]
        parts = [days for part in holding if (days := self.of(part, positive=positive))]
        least = _least(node) if positive else len(reason.parts) - _least(node) + 1
        days = frozenset().union(*parts)
        return frozenset(day for day in days if sum(min(part) <= day for part in parts) >= least)

    def _compared(self, node: Comparison, seen: Sequence[Known | None], *, positive: bool) -> frozenset[date]:
        day = self.sight.day
        threshold = node.on(day)

        def passes(value: Any) -> bool:
            return node.op == Op.EXISTS or values.holds(node.op, value, threshold) is positive

        events = self._events(node, seen, passes)
        return frozenset(
            min(day, self._turned(node, event, threshold))
            for event in events
            if event.value is None or passes(event.value)
        )

    def _events(self, node: Comparison, seen: Sequence[Known | None], passes: Any) -> Iterable[Event]:
        pk, day = self.firm.pk, self.sight.day
        if node.key in self.told:
            return self.told[node.key][pk].events if pk in self.told[node.key] else ()
        if node.formula is not None or node.aggregate or len(node.periods) > 1 or not seen or seen[0] is None:
            spoken = [self._spoken(one) for one in seen if one is not None]
            return [Event(None, max(spoken))] if spoken else ()
        known_ = seen[0]
        if known_.derived_from:
            return [Event(known_.value, self._spoken(known_))]
        since = None
        for as_of, kept in self.runs.said(pk, node.key, periods.resolved(node.periods[0], day)):
            if known_.as_of is not None and as_of > known_.as_of:
                continue
            value = Known(dictionary.typed(node.key, kept)).value
            if isinstance(value, tuple):
                value = values.valid_items(value, day)
            if not passes(value):
                break
            since = as_of
        if since is None and node.key in (known.HERE, known.OPERATES):
            since = self.stays_since or self.firm.as_of
        return [Event(known_.value, max(since or self._spoken(known_), self._entered))]

    def _spoken(self, known_: Known) -> date:
        """The day for which the youngest source of a value speaks."""
        facts = self.sight.facts
        days = [facts[at].as_of for at in known_.derived_from if at in facts]
        return max((day for day in (*days, known_.as_of) if day is not None), default=self.sight.day)

    @property
    def _entered(self) -> date:
        """The day from which the house has known the firm; none when that lies after the day asked for."""
        entered = timezone.localdate(self.firm.created_at)
        return entered if entered <= self.sight.day else date.min

    def _turned(self, node: Comparison, event: Event, threshold: Any) -> date:
        if not isinstance(event.value, date):
            return event.on
        if node.op in (Op.LTE, Op.LT):
            if not isinstance(node.threshold, Day):
                return event.on
            turned: date = self.sight.day - (threshold - event.value)
            return max(event.on, turned)
        return max(event.on, event.value) if event.value <= self.sight.day else event.on


def _least(node: Node) -> int:
    if isinstance(node, AtLeast):
        return node.count
    return len(node.parts) if isinstance(node, AllOf) else 1
