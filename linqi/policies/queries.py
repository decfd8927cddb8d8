"""Which policies there are, whom they concern, what they may come to, how far they reach."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from numpy.typing import NDArray

from linqi.conditions import formulas, one, tree
from linqi.conditions.errors import ConditionError
from linqi.conditions.facts import Facts, Known
from linqi.conditions.one import Sight, Verdict
from linqi.conditions.population import Answers, Shift
from linqi.conditions.questions import Question, next_questions_of_all
from linqi.conditions.rules import Outcome, Rule
from linqi.enterprises import dictionary, known
from linqi.enterprises.models import Enterprise
from linqi.kit.access import seen_by
from linqi.policies import rules
from linqi.policies.flow import ENDED, Step, VersionState
from linqi.policies.models import Application, Benefit, Example, Ledger, Offer, Policy, PolicyVersion
from linqi.policies.rules import BenefitKind, Draft, Estimate, LedgerKind, Obstacle, Terms
from linqi.territory.models import Place
from linqi.territory.queries import street_of

MAY: Final = (Outcome.MET, Outcome.MANUAL_REVIEW)  # told to the firm as 可能符合 and 待主管部门认定


# --- policies and versions --------------------------------------------------------------------------------------------
def policies_seen_by(user: Any) -> QuerySet[Policy]:
    """The policies of the streets in the user's reach 惠企政策."""
    return seen_by(user, Policy).select_related("street")


def versions_seen_by(user: Any) -> QuerySet[PolicyVersion]:
    """Published versions, and the drafts where the user writes policies."""
    return seen_by(user, PolicyVersion).select_related("policy", "policy__street", "drafted_by", "published_by")


def offers_seen_by(user: Any) -> QuerySet[Offer]:
    """To whom policies were told."""
    return seen_by(user, Offer).select_related("version__policy", "enterprise")


def applications_seen_by(user: Any) -> QuerySet[Application]:
    """The ways to payment, in both channels 申报与兑现."""
    return seen_by(user, Application).select_related("version__policy", "enterprise", "place")


def ledger_seen_by(user: Any) -> QuerySet[Ledger]:
    """The lines about money 资金台账."""
    return seen_by(user, Ledger).select_related("version__policy", "enterprise", "application")


def in_force(versions: QuerySet[PolicyVersion], day: date) -> QuerySet[PolicyVersion]:
    """Those that are in force on a day: of each policy at most one 有效版本."""
    rows = versions.filter(Q(until=None) | Q(until__gte=day), state=VersionState.PUBLISHED, since__lte=day)
    newer = PolicyVersion.objects.filter(
        Q(until=None) | Q(until__gte=day), policy=OuterRef("policy"), state=VersionState.PUBLISHED, since__lte=day
    ).filter(Q(since__gt=OuterRef("since")) | Q(since=OuterRef("since"), number__gt=OuterRef("number")))
    return rows.exclude(Exists(newer))


def version_in_force(policy: Policy, day: date) -> PolicyVersion | None:
    """What a policy says on a day; None when it is not in force then."""
    return in_force(PolicyVersion.objects.filter(policy=policy), day).select_related("policy").first()


def standings(policies: QuerySet[Policy], day: date) -> dict[int, str]:
    """How each policy stands on a day: in_force, expired, coming, or draft only 政策状态."""
    found: dict[int, str] = {}
    rows = PolicyVersion.objects.filter(policy__in=policies).values_list("policy", "state", "since", "until")
    order = ["draft", "expired", "coming", "in_force"]
    for policy, state, since, until in rows:
        if state != VersionState.PUBLISHED:
            how = "draft"
        elif since > day:
            how = "coming"
        else:
            how = "expired" if until is not None and until < day else "in_force"
        found[policy] = max(found.get(policy, "draft"), how, key=order.index)
    return found


def versions_for(street: Place | int, day: date) -> list[PolicyVersion]:
    """Everything in force in a street on a day, for enterprises, with its benefits."""
    rows = PolicyVersion.objects.filter(policy__street=street, policy__subject="enterprise")
    return list(in_force(rows, day).select_related("policy").prefetch_related("benefits").order_by("policy__key"))


def rule_of(version: PolicyVersion, key: str = "") -> Rule:
    """A version as a rule; ConditionError when its conditions cannot be read (drafts only)."""
    when = _node(json.dumps(version.conditions, ensure_ascii=False))
    applies = None if not version.applies else _node(json.dumps(version.applies, ensure_ascii=False))
    return Rule(key or str(version.pk), when, applies, tuple(version.manual))


@lru_cache(maxsize=2_048)
def _node(text: str) -> tree.Node:
    return tree.parse(json.loads(text), known.book())


# --- one enterprise ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Chance:
    """What one policy says of one enterprise, and what it may come to 政策体检结果."""

    version: PolicyVersion
    verdict: Verdict
    estimate: Estimate
    application: Application | None = None
    offer: Offer | None = None

    @property
    def outcome(self) -> Outcome:
        """May be met, data missing, for the authority to decide, not met, or not applicable."""
        return self.verdict.outcome


def chances_of(enterprise: Enterprise, day: date) -> list[Chance]:
    """What every policy of its street says of an enterprise, the most promising first 政策体检.

    The caller has asked whether the reader may see the enterprise. Fewer than ten queries.
    """
    street = street_of(enterprise.seat, day) if enterprise.seat else None
    if street is None:
        return []
    sight = Sight(known.facts_on(enterprise, day), known.book(), day)
    versions = versions_for(street, day)
    going = {
        one_.version.policy_id: one_
        for one_ in Application.objects.filter(enterprise=enterprise)
        .exclude(state__in=ENDED - {Step.RECEIPTED})
        .select_related("version")
        .order_by("pk")
    }
    offers = {one_.version_id: one_ for one_ in Offer.objects.filter(enterprise=enterprise, version__in=versions)}
    found = [
        Chance(
            version,
            one.judge_seen(rule_of(version), sight),
            estimate_of(version, sight),
            going.get(version.policy_id),
            offers.get(version.pk),
        )
        for version in versions
    ]
    return sorted(found, key=_promise)


def chance_of(version: PolicyVersion, enterprise: Enterprise, day: date) -> Chance:
    """What one version says of one enterprise."""
    sight = Sight(known.facts_on(enterprise, day), known.book(), day)
    application = Application.objects.filter(version=version, enterprise=enterprise).order_by("-pk").first()
    offer = Offer.objects.filter(version=version, enterprise=enterprise).first()
    return Chance(version, one.judge_seen(rule_of(version), sight), estimate_of(version, sight), application, offer)


def estimate_of(version: PolicyVersion, sight: Sight) -> Estimate:
    """What all benefits of a version that are money come to for one enterprise 测算."""
    money = (benefit for benefit in version.benefits.all() if benefit.kind != BenefitKind.OTHER)
    return rules.together(rules.estimate(terms_of(benefit, sight)) for benefit in money)


def terms_of(benefit: Benefit, sight: Sight) -> Terms:
    """One benefit with what is known of the enterprise put in."""
    value: Fraction | None = None
    missing: list[tuple[str, str]] = []
    if benefit.formula:
        formula = formulas.read(benefit.formula, "formula")
        seen = sight.computed(formula, "")
        value = None if seen is None else seen.value
        missing += [(lack.key, lack.period) for lack in sight.missing_of(formula, "")] if seen is None else []
    tiers = []
    for tier in benefit.tiers:
        verdict = one.judge_seen(Rule("", _node(json.dumps(tier["when"], ensure_ascii=False))), sight)
        tiers.append((verdict.reason.met, None if tier.get("amount") is None else Decimal(str(tier["amount"]))))
        missing += [(lack.key, lack.period) for lack in verdict.missing]
    return Terms(
        BenefitKind(benefit.kind),
        benefit.amount,
        benefit.ratio,
        benefit.cap,
        benefit.ceiling,
        value,
        tuple(dict.fromkeys(missing)),
        tuple(tiers),
    )


def _promise(chance: Chance) -> tuple[int, Decimal, int]:
    order = [Outcome.MET, Outcome.MANUAL_REVIEW, Outcome.UNKNOWN, Outcome.UNMET, Outcome.NOT_APPLICABLE]
    place = order.index(chance.outcome) * 2 + (0 if chance.verdict.near or chance.outcome != Outcome.UNMET else 1)
    return place, -(chance.estimate.amount or Decimal(0)), len(chance.verdict.missing)


# --- many enterprises -------------------------------------------------------------------------------------------------
def answers_for(versions: Sequence[PolicyVersion], day: date) -> Answers:
    """What versions say of every enterprise; keys are their ids as text."""
    return known.answers([rule_of(version) for version in versions], day)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a version reaches in its street; firms, and yuan 触达情况."""

    counts: dict[Outcome, int]
    near: int
    offered: int
    seen: int
    applied: int
    paid: int
    offered_money: Decimal
    claimed_money: Decimal
    paid_money: Decimal

    @property
    def may(self) -> int:
        """Firms that may meet it, the authority's decision included."""
        return sum(self.counts[outcome] for outcome in MAY)

    @property
    def unclaimed(self) -> Decimal:
        """Money told to firms and not yet claimed."""
        return max(Decimal(0), self.offered_money - self.claimed_money)


def reach_of(version: PolicyVersion, day: date) -> Reach:
    """The figures of a version's own page."""
    answers = answers_for([version], day)
    within = known.standing_at(version.policy.street_id, day)
    key = str(version.pk)
    offers = version.offers.aggregate(all=Count("pk"), seen=Count("pk", filter=Q(seen_at__isnull=False)))
    applied = version.applications.exclude(
        state__in=[Step.CANDIDATE, Step.CHECKED, Step.LISTED, Step.DRAFT, Step.DROPPED]
    )
    sums = sums_of(version.ledger.all())
    return Reach(
        answers.counts(key, within),
        len(answers.of(answers.near(key) & within)),
        offers["all"],
        offers["seen"],
        applied.count(),
        version.ledger.filter(kind=LedgerKind.PAID).values("enterprise").distinct().count(),
        sums[LedgerKind.OFFERED],
        sums[LedgerKind.CLAIMED],
        sums[LedgerKind.PAID],
    )


def firms_of(version: PolicyVersion, day: date, *outcomes: Outcome, near: bool = False) -> NDArray[np.int64]:
    """The enterprises of the version's street that have one of the outcomes; `near`: those one figure short."""
    answers = answers_for([version], day)
    within = known.standing_at(version.policy.street_id, day)
    key = str(version.pk)
    return answers.of(answers.near(key) & within) if near else answers.ids(key, *outcomes, within=within)


def never_reached(version: PolicyVersion, day: date) -> NDArray[np.int64]:
    """Firms that may meet it and were never told."""
    told = np.fromiter(version.offers.values_list("enterprise", flat=True), np.int64)
    may = firms_of(version, day, *MAY)
    return may[~np.isin(may, told)]


def shift_of(draft: PolicyVersion, before: PolicyVersion, day: date) -> Shift:
    """Who gains, loses, becomes unknown when a draft takes the place of a version 发布前比较."""
    answers = known.answers([rule_of(before, "before"), rule_of(draft, "after")], day)
    return answers.shift("before", "after", known.standing_at(draft.policy.street_id, day))


def counts_of(
    conditions: Any, street: int, day: date, applies: Any = None, manual: Sequence[str] = ()
) -> tuple[dict[Outcome, int], int]:
    """How many firms of a street have each outcome under conditions that are being written, and how many are one figure short.

    ConditionError while they cannot be read.
    """
    book = known.book()
    rule = Rule("live", tree.parse(conditions, book), tree.parse(applies, book) if applies else None, tuple(manual))
    answers, within = known.answers([rule], day), known.standing_at(street, day)
    return answers.counts("live", within), len(answers.of(answers.near("live") & within))


def questions_of(street: int, day: date, most: int = 3_000) -> tuple[list[Question], int, int]:
    """The facts that would settle most for the firms of a street if they were asked for, over all policies in force 街道最该问的信息.

    With how many undecided pairs of firm and policy were looked at, and of how many. A policy is worth the most it can give.
    """
    versions = versions_for(street, day)
    nobody = Sight({}, known.book(), day)
    worth = {str(version.pk): money for version in versions if (money := estimate_of(version, nobody).amount)}
    rules_ = [rule_of(version) for version in versions]
    return next_questions_of_all(known.population(day), rules_, worth, within=known.standing_at(street, day), most=most)


# --- publishing -------------------------------------------------------------------------------------------------------
def obstacles_to(version: PolicyVersion, publisher: int | None = None) -> list[tuple[Obstacle, tuple[str, ...]]]:
    """Everything that stands against publishing a version 发布前检查."""
    book = known.book()
    problems = tree.check(version.conditions, book, "conditions")
    if version.applies:
        problems += tree.check(version.applies, book, "applies")
    bare: list[str] = []
    if not problems:
        bare = [
            _where(node) for node in tree.comparisons(tree.parse(version.conditions, book)) if not node.remarks.clause
        ]
    examples = list(version.examples.all())
    return rules.obstacles(
        Draft(
            since=version.since,
            until=version.until,
            window=(version.window_since, version.window_until),
            comparisons_without_clause=bare,
            expected=[example.expected for example in examples],
            failing=[]
            if problems
            else [example.name for example in examples if result_of(example).outcome != example.expected],
            condition_problems=[str(problem) for problem in problems],
            same_person=publisher is not None and publisher == version.drafted_by_id,
        )
    )


def result_of(example: Example) -> Verdict:
    """What its version says of an example."""
    return one.judge(rule_of(example.version), example_facts(example.facts), example.day, known.book())


def example_facts(listed: Iterable[Sequence[Any]]) -> Facts:
    """The facts of an example as the engine reads them; ConditionError for a field or value that cannot be."""
    facts = {}
    for at, (key, period, value) in enumerate(listed):
        asked = known.book().known(key, f"facts[{at}]")
        try:
            typed = dictionary.typed(key, value if asked.type != "decimal" else str(value))
        except (ValueError, ArithmeticError) as problem:
            raise ConditionError(f"facts[{at}]", str(problem)) from problem
        facts[key, period] = Known(typed, "样例")
    return facts


def _where(node: tree.Comparison) -> str:
    return node.key or node.written.expr


# --- money ------------------------------------------------------------------------------------------------------------
def sums_of(lines: QuerySet[Ledger]) -> dict[LedgerKind, Decimal]:
    """The sum of each kind of line, in yuan."""
    found = dict(lines.order_by().values_list("kind").annotate(sum=Sum("amount")))
    return {kind: found.get(kind.value) or Decimal(0) for kind in LedgerKind}


@dataclass(frozen=True, slots=True)
class Spent:
    """A budget and what became of it in its year, in yuan 预算执行."""

    year: int
    amount: Decimal
    paid: Decimal
    approved: Decimal = field(default=Decimal(0))


def budgets_of(policy: Policy) -> list[Spent]:
    """The budgets of a policy, the newest first."""
    lines = Ledger.objects.filter(version__policy=policy)
    return [
        Spent(
            budget.year,
            budget.amount,
            (sums := sums_of(lines.filter(on__year=budget.year)))[LedgerKind.PAID] - sums[LedgerKind.RECALLED],
            sums[LedgerKind.APPROVED],
        )
        for budget in policy.budgets.order_by("-year")
    ]


def overdue_untold(at: datetime) -> QuerySet[Application]:
    """Applications whose present step should have been done, and nobody was told yet."""
    return Application.objects.filter(due_at__lt=at, overdue_told=False).exclude(state__in=ENDED).order_by("due_at")
