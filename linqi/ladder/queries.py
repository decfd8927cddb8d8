"""Which rules are in force, who stands on the ladder, how far from a listing, and which moves the facts speak for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Final, TypeVar

import numpy as np
from django.db.models import Case as Choose
from django.db.models import Count, DateField, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from linqi.accounts.models import User
from linqi.conditions.book import Book
from linqi.conditions.facts import Facts, Known, Missing
from linqi.conditions.one import Sight, Verdict, judge_seen
from linqi.conditions.population import Population
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tree import Comparison, Node, comparisons, parse, reads
from linqi.enterprises import known
from linqi.enterprises.models import Enterprise
from linqi.kit import access
from linqi.kit.access import seen_by
from linqi.ladder import distance as distances
from linqi.ladder import rules
from linqi.ladder.distance import FIT, Distance
from linqi.ladder.flow import State
from linqi.ladder.models import Answer, Candidate, Cultivation, Dated, Milestone, Move, Standard, TierRule
from linqi.ladder.rules import Bounds, Proposal, Stage, Step, Tier
from linqi.organisation.queries import staff_over
from linqi.territory.models import Place
from linqi.territory.queries import street_of, streets_of

D = TypeVar("D", bound=Dated)
MANY: Final = 10_000  # ids beyond which a question is asked of all rows instead


# --- the rules in force -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ruleset:
    """What counts in a street on a day: the standards and the tiers, read 施行规则."""

    street: int | None
    day: date
    standards: tuple[Standard, ...]
    tiers: Mapping[Tier, TierRule]

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The condition of each standard by its code."""
        return {one.code: read(one.when) for one in self.standards}

    @cached_property
    def rules(self) -> dict[Tier, Rule]:
        """Each tier as a rule that speaks of the reach of the nearest standard."""
        return {tier: Rule(tier.value, read(one.when)) for tier, one in self.tiers.items()}

    @cached_property
    def plain(self) -> dict[Tier, Rule]:
        """Each tier as a rule about recorded facts alone."""
        standards = list(self.nodes.values())
        return {tier: replace(rule, when=distances.expanded(rule.when, standards)) for tier, rule in self.rules.items()}

    @property
    def own(self) -> bool:
        """Whether the street has set something itself."""
        return any(one.street_id for one in (*self.standards, *self.tiers.values()))


@lru_cache(maxsize=1)
def book() -> Book:
    """What conditions of the ladder may speak of: the dictionary, and how far the nearest standard is reached."""
    return known.book().with_fields([distances.FIELD])


def read(when: Any) -> Node:
    """A stored condition as a tree; the same text is read once."""
    return _read(json.dumps(when, sort_keys=True))


def ruleset(street: Place | int | None, day: date) -> Ruleset:
    """The standards and tiers in force in a street on a day; a street's own go before the product's."""
    pk = street.pk if isinstance(street, Place) else street
    order = {board: at for at, board in enumerate(rules.Board)}
    standards = sorted(
        _in_force(Standard, "code", pk, day).values(),
        key=lambda one: (order[rules.Board(one.board)], _number(one.name)),
    )
    tiers = _in_force(TierRule, "tier", pk, day)
    return Ruleset(pk, day, tuple(standards), {tier: tiers[tier.value] for tier in Tier if tier.value in tiers})


def history_of(model: type[D], key: str, value: str, street: Place) -> list[D]:
    """Every row that was, is or will be in force for a standard or tier in a street, the newest first."""
    rows = model._default_manager.filter(Q(street=None) | Q(street=street), **{key: value})
    return list(rows.select_related("set_by").order_by("-since", "street"))


def streets_to_configure(user: Any) -> QuerySet[Place]:
    """The streets whose rules this user may set."""
    return seen_by(user, Place, "ladder.configure").filter(kind="street", until=None).order_by("name", "pk")


def streets_seen(user: Any) -> QuerySet[Place]:
    """The streets whose rules this user meets: those within reach, or where the own enterprise is."""
    if (own := access.reach_of(user).enterprises("ladder.see")) and not access.reach_of(user).places("ladder.see"):
        seats = Enterprise.objects.filter(pk__in=own).exclude(seat=None).values_list("seat", flat=True)
        return Place.objects.filter(pk__in=set(streets_of(list(seats)).values()))
    return seen_by(user, Place, "ladder.see").filter(kind="street", until=None).order_by("name", "pk")


def _number(name: str) -> tuple[int, str]:
    """Standards in the order of their Chinese numerals."""
    return "一二三四五六七八九".find(name[-1:]), name


@lru_cache(maxsize=500)
def _read(text: str) -> Node:
    return parse(json.loads(text), book())


def _in_force(model: type[D], key: str, street: int | None, day: date) -> dict[str, D]:
    rows = model._default_manager.filter(
        Q(until=None) | Q(until__gt=day), Q(street=None) | Q(street=street), since__lte=day
    )
    found = sorted(rows, key=lambda one: (one.street_id is not None, one.since))
    return {str(getattr(one, key)): one for one in found}


# --- one firm -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ladder:
    """One firm on the ladder on a day: each tier judged with its reasons, each standard measured 直通车判定."""

    ruleset: Ruleset
    standing: Tier | None
    stage: Stage
    verdicts: Mapping[Tier, Verdict]
    distances: tuple[tuple[Standard, Distance], ...]

    @property
    def met(self) -> dict[Tier, bool | None]:
        """Whether each tier's conditions hold."""
        said = {Outcome.MET: True, Outcome.UNMET: False, Outcome.NOT_APPLICABLE: False}
        return {tier: said.get(verdict.outcome) for tier, verdict in self.verdicts.items()}

    @property
    def by_facts(self) -> Tier | None:
        """The tier that the facts speak for, whatever was confirmed."""
        return rules.tier_of(self.met)

    @property
    def proposal(self) -> Proposal | None:
        """The move that the facts speak for."""
        return rules.proposal(self.standing, self.met)

    @property
    def next(self) -> Tier | None:
        """The tier to reach next."""
        return rules.tier_above(self.standing)

    @property
    def nearest(self) -> tuple[Standard, Distance] | None:
        """The standard that is nearest; None where none is in force."""
        return max(self.distances, key=lambda pair: pair[1].order, default=None)

    @property
    def best(self) -> Bounds:
        """How far the nearest standard is reached."""
        return best_of(self.distances)

    def lacking(self, tier: Tier) -> tuple[Missing, ...]:
        """The facts that would settle a tier; for the reach of the nearest standard, the facts of that standard."""
        return _with_those_of_nearest(self.verdicts[tier].missing, self.nearest)

    @property
    def snapshot(self) -> dict[str, Any]:
        """What is kept beside a move: outcomes, and the nearest standard with its reach."""
        nearest = self.nearest
        said: dict[str, Any] = {"tiers": {tier.value: verdict.outcome.value for tier, verdict in self.verdicts.items()}}
        if nearest:
            low, high = (float(round(one, 4)) for one in (nearest[1].bounds.low, nearest[1].bounds.high))
            said["nearest"] = {"code": nearest[0].code, "low": low, "high": high}
        return said


def ladder_of(enterprise: Enterprise, day: date, *, standing: Tier | None = None, facts: Facts | None = None) -> Ladder:
    """Where one firm stands by what was known of it on a day, with every reason and source 单户判定.

    `facts`: if that were known instead.
    """
    asked = ruleset(street_of(enterprise.seat) if enterprise.seat else None, day)
    sight = Sight(known.facts_on(enterprise, day) if facts is None else facts, book(), day)
    return _ladder(asked, standing or standing_of(enterprise), sight)


def _ladder(asked: Ruleset, standing: Tier | None, seen: Sight) -> Ladder:
    measured = tuple((one, distances.distance(asked.nodes[one.code], seen)) for one in asked.standards)
    verdicts = {tier: _judged(rule, seen, best_of(measured)) for tier, rule in asked.rules.items()}
    said = seen.known("listing_stage", "")
    stage = Stage(said.value) if said is not None and said.value in Stage.values else Stage.NONE
    return Ladder(asked, standing, stage, verdicts, measured)


def best_of(measured: Iterable[tuple[Standard, Distance]]) -> Bounds:
    """How far the nearest of some standards is reached."""
    listed = [one.bounds for _standard, one in measured if one.figures]
    return rules.best(listed) if listed else rules.UNKNOWN


def standing_of(enterprise: Enterprise) -> Tier | None:
    """The confirmed tier of a firm; None when it is not on the ladder."""
    held = {Tier(tier) for tier in Candidate.objects.filter(enterprise=enterprise).values_list("tier", flat=True)}
    return next((tier for tier in reversed(Tier) if tier in held), None)


def fields_asked(asked: Ruleset) -> list[str]:
    """Every recorded field that the standards and tiers speak of, in the order in which they do."""
    nodes = [*asked.nodes.values(), *(rule.when for rule in asked.rules.values())]
    keys = [key for node in nodes for one in comparisons(node) for key, _period in reads(one, book()) if key != FIT]
    inputs = book().inputs
    return list(dict.fromkeys(leaf for key in keys for leaf in inputs.get(key, (key,))))


def _judged(rule: Rule, sight: Sight, best: Bounds) -> Verdict:
    """A tier over one firm; the reach of the nearest standard is told as one figure, where it decides."""
    asked = [one for one in comparisons(rule.when) if one.key == FIT]
    value = _deciding(asked, best)
    facts = {**sight.facts}
    if value is not None:
        facts[FIT, ""] = Known(value, _("按施行的上市标准测算"), sight.day)
    return judge_seen(rule, Sight(facts, book(), sight.day))


def _deciding(asked: Sequence[Comparison], best: Bounds) -> Fraction | None:
    """The reach that gives the right answer to every question about it; None when what is missing could decide."""
    if not asked or best.exact:
        return best.low if best.exact else None
    thresholds = [one.threshold for one in asked]
    if best.low >= max(thresholds):
        return best.low
    return best.high if best.high < min(thresholds) else None


def _with_those_of_nearest(
    missing: Iterable[Missing], nearest: tuple[Standard, Distance] | None
) -> tuple[Missing, ...]:
    found: list[Missing] = []
    for one in missing:
        found += nearest[1].missing if one.key == FIT and nearest else [one] if one.key != FIT else []
    return tuple(dict.fromkeys(found))


# --- all firms ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Overview:
    """Every firm within reach on a day: reach of the nearest standard, and what each tier says of it 全街道测算."""

    ruleset: Ruleset
    population: Population
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    nearest: NDArray[np.int64]
    codes: tuple[str, ...]
    true: Mapping[Tier, NDArray[np.bool_]]
    false: Mapping[Tier, NDArray[np.bool_]]

    def row(self, enterprise: int) -> int | None:
        """The row of a firm."""
        return self.population.row_of(enterprise)

    def met(self, row: int) -> dict[Tier, bool | None]:
        """What each tier says of a row."""
        return {tier: True if self.true[tier][row] else False if self.false[tier][row] else None for tier in self.true}


@dataclass(frozen=True, slots=True)
class Proposed:
    """One move that the facts speak for and nobody has decided 待确认调整."""

    enterprise: int
    standing: Tier | None
    move: Proposal


def overview(street: int | None, day: date) -> Overview:
    """Every enterprise by the rules of one street; one run of the engine and some arithmetic on columns."""
    population, asked = known.population(day), ruleset(street, day)
    reach = distances.fits(asked.nodes, population)
    low, high = reach.best
    answers = population.run(asked.plain.values())
    places = np.arange(population.rows)

    def rows(tier: Tier, outcome: Outcome) -> NDArray[np.bool_]:
        marked = np.zeros(population.rows, np.bool_)
        marked[places[np.isin(population.ids, answers.ids(tier.value, outcome), assume_unique=True)]] = True
        return marked

    true = {tier: rows(tier, Outcome.MET) for tier in asked.plain}
    false = {tier: rows(tier, Outcome.UNMET) for tier in asked.plain}
    return Overview(asked, population, low, high, reach.nearest, reach.codes, true, false)


def ladder_in(view: Overview | None, enterprise: Enterprise, day: date, standing: Tier | None) -> Ladder:
    """One firm as `ladder_of` has it, read from the columns of an overview where it is in one; no query then."""
    row = view.row(enterprise.pk) if view else None
    if view is None or row is None:
        return ladder_of(enterprise, day, standing=standing)
    sight = Sight(view.population.facts(row), book(), day)
    return _ladder(view.ruleset, standing, sight)


def overviews(user: Any, day: date) -> dict[int, Overview]:
    """One overview for each street within reach; streets without rules of their own share it."""
    made: dict[int, Overview] = {}
    shared: Overview | None = None
    for street in streets_seen(user).values_list("pk", flat=True):
        if Standard.objects.filter(street=street).exists() or TierRule.objects.filter(street=street).exists():
            made[street] = overview(street, day)
        else:
            shared = made[street] = shared or overview(None, day)
    return made


def proposals(user: Any, day: date, seen: Mapping[int, Overview] | None = None) -> list[Proposed]:
    """The moves that the facts speak for at the user's places, those that were declined lately left out 调整建议.

    `seen`: the overviews, where they are at hand already.
    """
    standing = _standings()
    resting = set(
        Move.objects.filter(answer=Answer.DECLINED.value, day__gt=day - timedelta(days=rules.DECLINED_FOR)).values_list(
            "enterprise", "tier_after"
        )
    )
    found: list[Proposed] = []
    for street, view in (overviews(user, day) if seen is None else seen).items():
        any_true = (
            np.logical_or.reduce(list(view.true.values())) if view.true else np.zeros(view.population.rows, np.bool_)
        )
        asked = {int(view.population.ids[row]): int(row) for row in np.flatnonzero(any_true)}
        asked |= {pk: row for pk in standing if (row := view.row(pk)) is not None}
        moves = [
            Proposed(pk, standing.get(pk), move)
            for pk, row in asked.items()
            if (move := rules.proposal(standing.get(pk), view.met(row)))
            and (pk, move.to.value if move.to else "") not in resting
        ]
        here = _here(user, {one.enterprise for one in moves}, street)
        found += [one for one in moves if one.enterprise in here]
    return found


def proposal_of(enterprise: Enterprise, day: date) -> Proposal | None:
    """The move that the facts speak for today for one firm, whether or not it was declined before."""
    return ladder_of(enterprise, day).proposal


@dataclass(frozen=True, slots=True)
class Change:
    """What a changed rule would do in a street, before it counts: firms within it now and then, and those in between 影响."""

    before: int
    after: int
    gains: int
    loses: int


def change_of(street: Place, before: Node, after: Node, day: date, user: Any) -> Change:
    """How many firms of a street meet a rule as it is and as it would be; standards in force are looked at for both."""
    standards = list(ruleset(street, day).nodes.values())
    population = known.population(day)
    rules_ = []
    for key, node in (("before", before), ("after", after)):
        plain = distances.reaches(distances.expanded(node, standards), Fraction(1))
        if plain is None:
            return Change(0, 0, 0, 0)
        rules_.append(Rule(key, plain))
    answers = population.run(rules_)
    now, then = (set(answers.ids(key, Outcome.MET).tolist()) for key in ("before", "after"))
    here = _here(user, now | then, street.pk)
    now, then = now & here, then & here
    return Change(len(now), len(then), len(then - now), len(now - then))


def counts_of(street: Place, when: Node, day: date, user: Any) -> tuple[dict[Outcome, int], int]:
    """What a rule says of the firms of a street, and how many fail by one figure; the reach is that of the standards in force."""
    population = known.population(day)
    rule = Rule("asked", distances.expanded(when, list(ruleset(street, day).nodes.values())))
    answers = population.run([rule])
    here = np.array(sorted(_here(user, set(population.ids.tolist()), street.pk)), np.int64)
    counts = {one: int(np.isin(answers.ids("asked", one), here, assume_unique=True).sum()) for one in Outcome}
    return counts, int(np.isin(answers.of(answers.near("asked")), here, assume_unique=True).sum())


def _standings() -> dict[int, Tier]:
    order = {tier.value: at for at, tier in enumerate(Tier)}
    rows = sorted(Candidate.objects.values_list("enterprise", "tier"), key=lambda row: order[row[1]])
    return {pk: Tier(tier) for pk, tier in rows}


def _here(user: Any, ids: set[int], street: int) -> set[int]:
    """Those of some enterprises whose principal place is in a street and within this user's reach.

    Asked of the places and not of the enterprises: a thousand seats are found in milliseconds.
    """
    rows = Enterprise.objects.filter(merged_into=None).exclude(seat=None)
    rows = rows.filter(pk__in=ids) if len(ids) <= MANY else rows
    seats = {pk: seat for pk, seat in rows.values_list("pk", "seat") if pk in ids}
    wanted = set(seats.values())
    places = Place.objects.filter(pk__in=wanted) if len(wanted) <= MANY else Place.objects.all()
    within = set(seen_by(user, places, "ladder.see").values_list("pk", flat=True))
    within &= set(places.filter(access.standing_below((street,), "pk")).values_list("pk", flat=True))
    return {pk for pk, seat in seats.items() if seat in within}


def firms_here(user: Any) -> QuerySet[Enterprise]:
    """The enterprises whose principal place is within reach today, and one's own."""
    rows = seen_by(user, Enterprise, "ladder.see").filter(merged_into=None)
    if isinstance(user, access.System):
        return rows.exclude(seat=None)
    reach = access.reach_of(user)
    within = Q(pk__in=reach.enterprises("ladder.see"))
    if places := reach.places("ladder.see"):
        within |= access.standing_below(places, "seat")
    return rows.filter(within)


# --- who is on it -------------------------------------------------------------------------------------------------------
def candidates_seen_by(user: Any) -> QuerySet[Candidate]:
    """The firms on the ladder whose principal place is within reach, and one's own 培育企业."""
    return seen_by(user, Candidate).filter(enterprise__merged_into=None).select_related("enterprise", "owner")


def with_next_milestone(rows: QuerySet[Candidate]) -> QuerySet[Candidate]:
    """The rows with `next_on`: the day of the next milestone that is planned and not reached."""
    planned = Milestone.objects.filter(enterprise=OuterRef("enterprise"), reached_on=None).exclude(planned_on=None)
    first = Subquery(planned.order_by("planned_on").values("planned_on")[:1], output_field=DateField())
    return rows.annotate(next_on=first)


def with_rank(rows: QuerySet[Candidate]) -> QuerySet[Candidate]:
    """The rows with `tier_rank`: 0 for the lowest tier."""
    whens = [When(tier=tier.value, then=Value(at)) for at, tier in enumerate(Tier)]
    return rows.annotate(tier_rank=Choose(*whens, output_field=IntegerField()))


def with_reach(rows: QuerySet[Candidate], reach: Mapping[int, tuple[float, float]]) -> QuerySet[Candidate]:
    """The rows with `reach`, so that a list can be sorted by it: in whole per cent, certain before possible."""
    by_share: dict[int, list[int]] = {}
    for pk, (low, high) in reach.items():
        by_share.setdefault(int(low * 100) * 1000 + int(high * 100), []).append(pk)
    if not by_share:
        return rows.annotate(reach=Value(0, output_field=IntegerField()))
    whens = [When(enterprise__in=ids, then=Value(share)) for share, ids in by_share.items()]
    return rows.annotate(reach=Choose(*whens, default=Value(0), output_field=IntegerField()))


@dataclass(frozen=True)
class Reached:
    """The nearest standard of one firm and how far it is reached, for lists."""

    code: str
    low: float
    high: float


def reach_of(seen: Mapping[int, Overview], ids: Iterable[int]) -> dict[int, Reached]:
    """How far each of some firms is from the standard nearest to it; firms outside the streets that were looked at are left out."""
    listed = list(ids)
    seats = dict(Enterprise.objects.filter(pk__in=listed).exclude(seat=None).values_list("pk", "seat"))
    streets = streets_of(set(seats.values()))
    found = {}
    for pk in listed:
        view = seen.get(streets.get(seats.get(pk, 0), 0))
        row = view.row(pk) if view else None
        if view is not None and row is not None:
            code = view.codes[int(view.nearest[row])] if view.codes else ""
            found[pk] = Reached(code, float(view.low[row]), float(view.high[row]))
    return found


def moves_seen_by(user: Any) -> QuerySet[Move]:
    """The moves on the ladder that this user may see, the latest first 层级调整记录."""
    return seen_by(user, Move).select_related("enterprise", "by")


def milestones_of(enterprise: Enterprise, user: Any) -> list[Milestone]:
    """The milestones of a firm in their usual order."""
    order = {step.value: at for at, step in enumerate(Step)}
    return sorted(seen_by(user, Milestone).filter(enterprise=enterprise), key=lambda one: order[one.step])


def steps_of(ids: Iterable[int]) -> dict[int, tuple[Step, date | None]]:
    """What comes next on the way of each of some firms: what is planned first, else what usually follows."""
    listed = list(ids)
    reached: dict[int, set[Step]] = {pk: set() for pk in listed}
    planned: dict[int, list[tuple[date, Step]]] = {pk: [] for pk in listed}
    rows = Milestone.objects.filter(enterprise__in=listed)
    for pk, step, planned_on, reached_on in rows.values_list("enterprise", "step", "planned_on", "reached_on"):
        if reached_on:
            reached[pk].add(Step(step))
        elif planned_on:
            planned[pk].append((planned_on, Step(step)))
    found: dict[int, tuple[Step, date | None]] = {}
    for pk in listed:
        if planned[pk]:
            day, step = min(planned[pk])
            found[pk] = step, day
        elif follows := rules.next_step(reached[pk]):
            found[pk] = follows, None
    return found


def cultivations_seen_by(user: Any) -> QuerySet[Cultivation]:
    """The cultivation measures of the firms within reach, and of one's own 培育措施."""
    return seen_by(user, Cultivation).select_related("enterprise", "owner", "department", "case")


def owners_for(enterprise: Enterprise) -> list[User]:
    """Who may look after a firm: those whose role reaches its place, nearest first."""
    if enterprise.seat is None:
        return []
    found = [one for role in _OWNERS for one in staff_over(enterprise.seat, role)]
    return list({one.pk: one for one in found}.values())


_OWNERS: Final = ("econ_specialist", "community_secretary", "party_specialist", "street_leader")


# --- figures ------------------------------------------------------------------------------------------------------------
def funnel(user: Any) -> dict[str, int]:
    """How many firms stand in each tier and have reached each stage, listed ones counted apart 漏斗."""
    rows = seen_by(user, Candidate).filter(enterprise__merged_into=None)
    counts = {tier.value: 0 for tier in Tier} | {stage.value: 0 for stage in Stage}
    for tier, stage, number in rows.order_by().values_list("tier", "stage").annotate(n=Count("pk")):
        counts[stage] += number
        if stage != Stage.LISTED.value:
            counts[tier] += number
    return counts


def cultivations_late(user: Any, now: Any) -> int:
    """Cultivation measures that run and are past their day."""
    return seen_by(user, Cultivation).filter(state__in=(State.OPEN.value, State.HANDED.value), due_at__lt=now).count()
