"""The list of firms on the ladder, and how its values are said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.conditions import words
from linqi.conditions.one import Reason, Shortfall
from linqi.conditions.tree import AllOf, AnyOf, Comparison
from linqi.conditions.values import Op
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import below_place, named_like, places_to_choose, shown_name
from linqi.kit.choices import Choice
from linqi.ladder import queries
from linqi.ladder.distance import FIT, Distance, Figure
from linqi.ladder.models import Candidate, Standard, TierRule
from linqi.ladder.queries import Ladder, Overview, Reached
from linqi.ladder.rules import Board, Bounds, Stage, Tier
from linqi.territory.queries import streets_of
from linqi.ui.tables import Choose, Column, Search, Span, Table

TIER_TONES = {Tier.SEED: "info", Tier.SPROUT: "good", Tier.EAR: "warn"}


def words_of(choice: type[Choice]) -> list[tuple[str, Any]]:
    """Values and labels of a choice, the labels translated when they are shown."""
    return [(member.value, gettext_lazy(member.label)) for member in choice]


def name_of(one: Standard | TierRule) -> str:
    """A standard or tier by its name, in the reader's language."""
    if isinstance(one, TierRule):
        return _(Tier(one.tier).label)
    return _("%(board)s%(name)s") % {"board": _(Board(one.board).label), "name": _(one.name)}


def percent(share: float) -> int:
    """A reach in whole per cent, never rounded up to the whole."""
    return int(share * 100 + 1e-9)


def reach_in_words(low: float, high: float) -> str:
    """A reach for a reader: one figure when nothing missing could change it, else what is certain and what is possible."""
    if percent(low) == percent(high):
        return f"{percent(low)}%"
    if low == 0 and high == 1:
        return _("资料不足，尚不能测算")
    if low == 0:
        return _("至多 %(high)s%%") % {"high": percent(high)}
    return _("%(low)s%%–%(high)s%%") % {"low": percent(low), "high": percent(high)}


def bounds_in_words(bounds: Bounds) -> str:
    """As `reach_in_words`, for exact bounds."""
    return reach_in_words(float(bounds.low), float(bounds.high))


def short_in_words(figure: Figure, day: date) -> str:
    """What one figure asks for and how much is lacking: 2025年净利润 ≥ 6,000 万元（还差 1,200 万元）."""
    said = words.sentence(figure.node, queries.book(), day)
    lacking = words.falls_short(figure.short, queries.book()) if figure.short else ""
    return _("%(what)s（%(lacking)s）") % {"what": said, "lacking": lacking} if lacking else said


def lacking_of(ladder: Ladder, tier: Tier | None) -> tuple[str, ...]:
    """What still stands between a firm and a tier, in words: what falls short, and where that does not decide what nobody knows."""
    if tier is None or tier not in ladder.verdicts:
        return ()
    verdict = ladder.verdicts[tier]
    short = list(verdict.shortfalls) or [one for one in _leaves(verdict.reason) if one.node.key == FIT]
    said = []
    for one in short:
        text = words.sentence(one.node, queries.book(), ladder.ruleset.day)
        lacking = words.falls_short(one, queries.book())
        said.append(_("%(what)s（%(lacking)s）") % {"what": text, "lacking": lacking} if lacking else text)
    missing = words.asked(ladder.lacking(tier), queries.book())
    return tuple(dict.fromkeys([*said, *(_("缺少：%(what)s") % {"what": one} for one in missing)]))


def _leaves(reason: Reason) -> list[Shortfall]:
    """Everything in a tree that is known and falls short."""
    return [*([reason.short] if reason.short else []), *(one for part in reason.parts for one in _leaves(part))]


def why_of(ladder: Ladder, tier: Tier | None) -> str:
    """By what a firm stands in a tier: of the conditions that are met, those that make the difference."""
    if tier is None or tier not in ladder.verdicts:
        return ""
    verdict = ladder.verdicts[tier]
    top = verdict.reason.parts[-1] if isinstance(verdict.reason.node, AllOf) else verdict.reason
    said = []
    for leaf in _ground(top):
        (line,) = words.explained(replace(verdict, reason=leaf, applies=None), queries.book())
        plain = not line.value or (isinstance(leaf.node, Comparison) and leaf.node.op in (Op.IS_TRUE, Op.IS_FALSE))
        said.append(line.text if plain else _("%(what)s（现为 %(value)s）") % {"what": line.text, "value": line.value})
    return "；".join(said)


def _ground(reason: Reason) -> list[Reason]:
    """The comparisons that a met condition rests on."""
    if isinstance(reason.node, AnyOf):
        return _ground(next(part for part in reason.parts if part.met)) if reason.met else []
    if isinstance(reason.node, AllOf):
        return [leaf for part in reason.parts for leaf in _ground(part)]
    return [reason] if isinstance(reason.node, Comparison) and reason.met else []


def near_in_words(code: str, low: float, high: float, names: Mapping[str, str]) -> str:
    """The name of the nearest standard; empty while too little is known to say which it is."""
    return "" if low == 0 and high == 1 else names.get(code, "")


# --- cards ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Card:
    """One firm on the board."""

    candidate: Candidate
    name: str
    url: str
    stage: str
    nearest: str
    percent: int
    reach: str
    lacking: tuple[str, ...]
    next_tier: str
    next_step: str
    next_on: date | None
    late: bool


def cards(
    rows: Iterable[Candidate], user: Any, day: date, seen: Mapping[int, Overview], reached: Mapping[int, Reached]
) -> list[Card]:
    """The cards of some firms; each judged exactly, from the columns in memory."""
    made = []
    listed = list(rows)
    seats = {one.enterprise.seat_id for one in listed if one.enterprise.seat_id}
    streets = streets_of(seats)
    steps = queries.steps_of(one.enterprise_id for one in listed)
    for one in listed:
        ladder = queries.ladder_in(
            seen.get(streets.get(one.enterprise.seat_id or 0, 0)), one.enterprise, day, Tier(one.tier)
        )
        names = {rule.code: name_of(rule) for rule in ladder.ruleset.standards}
        near = reached.get(one.enterprise_id, Reached("", 0, 1))
        upcoming = steps.get(one.enterprise_id)
        made.append(
            Card(
                one,
                shown_name(one.enterprise, user),
                reverse("ladder:firm", args=[one.enterprise_id]),
                _(Stage(one.stage).label),
                near_in_words(near.code, near.low, near.high, names),
                percent(near.low),
                reach_in_words(near.low, near.high),
                lacking_of(ladder, ladder.next)[:2],
                _(ladder.next.label) if ladder.next else "",
                _(upcoming[0].label) if upcoming else "",
                upcoming[1] if upcoming else None,
                bool(upcoming and upcoming[1] and upcoming[1] < day),
            )
        )
    return made


# --- one standard -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Measured:
    """One standard beside a firm, as the page shows it."""

    name: str
    percent: int
    reach: str
    state: str
    tone: str
    met: int
    figures: int
    short: tuple[str, ...]
    missing: tuple[str, ...]
    manual: tuple[str, ...]


def measured(pairs: Iterable[tuple[Standard, Distance]], day: date) -> list[Measured]:
    """Every standard beside a firm, the nearest first; the wording is that of the law: nobody is entitled to anything."""
    made = []
    for standard, one in sorted(pairs, key=lambda pair: pair[1].order, reverse=True):
        if one.bounds.met:
            state, tone = (_("数字已达到，其余待认定"), "good") if one.manual else (_("数字已达到"), "good")
        else:
            state, tone = (_("缺少资料"), "plain") if one.bounds.met is None else (_("数字未达到"), "warn")
        made.append(
            Measured(
                name_of(standard),
                percent(float(one.bounds.low)),
                bounds_in_words(one.bounds),
                state,
                tone,
                one.met,
                len(one.figures),
                tuple(short_in_words(figure, day) for figure in one.short),
                words.asked(one.missing, queries.book()),
                one.manual,
            )
        )
    return made


# --- the list -----------------------------------------------------------------------------------------------------------
def candidates_table(user: Any, reached: Mapping[int, Reached], names: Mapping[str, str]) -> Table[Candidate]:
    """The firms on the ladder as this user may filter them."""
    none = Reached("", 0, 1)

    def at(one: Candidate) -> Reached:
        return reached.get(one.enterprise_id, none)

    def search(rows: QuerySet[Candidate], text: str) -> QuerySet[Candidate]:
        return rows.filter(enterprise__in=named_like(Enterprise.objects.all(), text, user).values("pk"))

    def by_place(rows: QuerySet[Candidate], values: list[str]) -> QuerySet[Candidate]:
        return rows.filter(enterprise__in=below_place(Enterprise.objects.all(), int(values[0])).values("pk"))

    def by_reach(rows: QuerySet[Candidate], values: list[str]) -> QuerySet[Candidate]:
        least = float(values[0]) / 100
        return rows.filter(enterprise__in=[pk for pk, one in reached.items() if one.low >= least])

    def by_owner(rows: QuerySet[Candidate], values: list[str]) -> QuerySet[Candidate]:
        return rows.filter(Q(owner=user.pk) if values[0] == "mine" else Q(owner=None))

    return Table[Candidate](
        key="ladder",
        columns=[
            Column(
                "enterprise",
                gettext_lazy("企业"),
                value=lambda one: shown_name(one.enterprise, user),
                sort="enterprise__name_key",
                fixed=True,
            ),
            Column(
                "tier",
                gettext_lazy("层级"),
                value=lambda one: _(Tier(one.tier).label),
                kind="badge",
                sort="tier_rank",
                tone=lambda one: TIER_TONES[Tier(one.tier)],
            ),
            Column("stage", gettext_lazy("上市阶段"), value=lambda one: _(Stage(one.stage).label), sort="stage"),
            Column(
                "nearest",
                gettext_lazy("最接近的标准"),
                value=lambda one: near_in_words(at(one).code, at(one).low, at(one).high, names) or None,
            ),
            Column(
                "reach",
                gettext_lazy("达成度"),
                value=lambda one: reach_in_words(at(one).low, at(one).high),
                sort="reach",
                hint=gettext_lazy("该标准的财务数字中最落后的一项达到几成"),
            ),
            Column("next_on", gettext_lazy("下一里程碑"), sort="next_on", kind="date", nullable=True),
            Column("owner", gettext_lazy("责任人"), value=lambda one: str(one.owner) if one.owner else None),
            Column("since", gettext_lazy("在本层自"), sort="since", kind="date", visible=False),
            Column("entered_on", gettext_lazy("入库日期"), sort="entered_on", kind="date", visible=False),
        ],
        order=("-tier_rank", "-reach", "pk"),
        caption=gettext_lazy("培育企业"),
        row_url=lambda one: reverse("ladder:firm", args=[one.enterprise_id]),
        filters=[
            Search("q", gettext_lazy("企业"), apply=search),
            Choose("tier", gettext_lazy("层级"), words_of(Tier), facet=True),
            Choose("stage", gettext_lazy("上市阶段"), words_of(Stage), facet=True),
            Choose(
                "reach",
                gettext_lazy("达成度至少"),
                [("50", "50%"), ("80", "80%"), ("100", "100%")],
                apply=by_reach,
            ),
            Choose(
                "place",
                gettext_lazy("地点"),
                lambda: [(one.pk, one.label) for one in places_to_choose(user, "ladder.see")],
                apply=by_place,
            ),
            Choose(
                "owner",
                gettext_lazy("责任人"),
                [("mine", gettext_lazy("由我负责")), ("none", gettext_lazy("还没有责任人"))],
                apply=by_owner,
            ),
            Span("since", gettext_lazy("在本层自"), field="since"),
        ],
        empty=gettext_lazy("还没有企业入库。先看调整建议，由人确认后入库。"),
        empty_url=reverse("ladder:proposals"),
        empty_action=gettext_lazy("看调整建议"),
    )
