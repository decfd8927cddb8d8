"""Questions about enterprises: which one sees, under which name, what is known of them and from whom."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from linqi.enterprises import dictionary, industry
from linqi.enterprises.models import (
    Claim,
    Enterprise,
    EntityType,
    Fact,
    Pair,
    PairState,
    RegistrationStatus,
    Relation,
    SourceKind,
    Tenancy,
)
from linqi.enterprises.rules import trust
from linqi.enterprises.rules.names import name_key, split_branch
from linqi.journal.models import Entry, Head
from linqi.kit import access
from linqi.kit.clock import today
from linqi.kit.identifiers import mask_name
from linqi.search.queries import matches
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.ui import shown as shown_values
from linqi.ui.parts import Fact as Shown

T = TypeVar("T")
NEWCOMER_DAYS: Final = 30  # days a newcomer stays one; product default, docs/rules/must_visit.md
COLUMN_KEYS: Final = {  # fields of the dictionary that the registry keeps as columns
    "uscc": "uscc",
    "name": "name",
    "entity_type": "entity_type",
    "registration_status": "registration_status",
    "established_on": "established_on",
    "registered_capital": "registered_capital",
    "registered_address": "registered_address",
    "registration_region": "registration_region",
    "industry_code": "industry_code",
}


# --- which enterprises ---------------------------------------------------------------------------------------------
def enterprises_seen_by(user: Any) -> QuerySet[Enterprise]:
    """The enterprises this user may see, those that left included; merged records are not enterprises any more."""
    return access.seen_by(user, Enterprise).filter(merged_into=None)


def enterprises_in_place(user: Any, below: Place | int | None = None, on: date | None = None) -> QuerySet[Enterprise]:
    """The enterprises that are today at a place this user sees, or at or below the place `below` 在驻企业."""
    tenancies = tenancies_open(access.seen_by(user, Tenancy), on)
    if below is not None:
        tenancies = tenancies.filter(place__in=places_below(below, on))
    return Enterprise.objects.filter(merged_into=None).filter(Exists(tenancies.filter(enterprise=OuterRef("pk"))))


def survivor_of(enterprise: Enterprise) -> Enterprise:
    """The record that stands for this one: itself, or what it was merged into."""
    seen = set()
    while enterprise.merged_into is not None and enterprise.pk not in seen:
        seen.add(enterprise.pk)
        enterprise = enterprise.merged_into
    return enterprise


def tenancies_open(rows: QuerySet[Tenancy] | None = None, on: date | None = None) -> QuerySet[Tenancy]:
    """Tenancies that hold on a day: begun, or of unknown beginning, and not ended."""
    day = on or today()
    return (Tenancy.objects.all() if rows is None else rows).filter(
        Q(until=None) | Q(until__gt=day), Q(since=None) | Q(since__lte=day)
    )


def places_below(place: Place | int, on: date | None = None) -> QuerySet[Coverage, int]:
    """Ids of the places at or below one, for use inside another query."""
    day = on or today()
    pk = place.pk if isinstance(place, Place) else place
    standing = Coverage.objects.filter(Q(until=None) | Q(until__gt=day), since__lte=day, ancestor=pk)
    return standing.values_list("descendant_id", flat=True)


def below_place(rows: QuerySet[Enterprise], place: int, on: date | None = None) -> QuerySet[Enterprise]:
    """Those of the rows that are on a day at or below a place."""
    here = tenancies_open(on=on).filter(place__in=places_below(place, on))
    wide = {PlaceKind.DISTRICT.value, PlaceKind.STREET.value, PlaceKind.COMMUNITY.value}
    if Place.objects.filter(pk=place, kind__in=wide).exists():  # many: ask row by row, so that a page stops early
        return rows.filter(Exists(here.filter(enterprise=OuterRef("pk"))))
    return rows.filter(pk__in=here.values("enterprise"))


WORTH_REMEMBERING: Final = 300  # rows; counting fewer is quick
ELSEWHERE: Final = "visits."  # how the acts begin that change no enterprise, no tenancy and no place, and of which a minute may bring thousands
FOLLOWED: Final = 5_000  # such acts since a question was asked; after more of them it is asked again
_remembered: OrderedDict[tuple[Any, ...], tuple[tuple[int, str], Any]] = OrderedDict()


def counted(rows: QuerySet[Any]) -> int:
    """How many rows there are, exactly; a large number is counted once for each state of the data."""
    return _once(("count", *_told(rows)), rows.count, lambda total: total >= WORTH_REMEMBERING)


def _once(key: tuple[Any, ...], ask: Callable[[], T], worth: Callable[[T], bool]) -> T:
    """The answer to a question asked of the same data before, else asked now and remembered when it was dear.

    Every action writes to the journal in its own transaction, so the journal's head names the state of the data.
    """
    state = Head.objects.values_list("count", "digest").first()
    full = (connection.settings_dict["NAME"], str(today()), *key)
    if state is not None and full in _remembered:
        then, known = _remembered[full]
        if then == state or _unmoved(then, state):
            _remembered[full] = state, known
            same: T = known
            return same
    answer = ask()
    if state is not None and worth(answer):
        _remembered[full] = state, answer
        while len(_remembered) > 500:
            _remembered.popitem(last=False)
    return answer


def _unmoved(then: tuple[int, str], now: tuple[int, str]) -> bool:
    """Whether the journal only went on from one head to another, by few acts and all of them elsewhere."""
    since = Entry.objects.filter(pk__gt=then[0], pk__lte=now[0])
    return (
        0 < now[0] - then[0] <= FOLLOWED
        and Entry.objects.filter(pk=then[0], digest=then[1]).exists()
        and not since.exclude(verb__startswith=ELSEWHERE).exists()
    )


def _told(rows: QuerySet[Any]) -> tuple[Any, ...]:
    try:
        sql, parameters = rows.order_by().query.sql_with_params()
    except EmptyResultSet:
        return ("nothing",)
    return sql, tuple(map(str, parameters))


def newcomers(rows: QuerySet[Enterprise], on: date | None = None, days: int = NEWCOMER_DAYS) -> QuerySet[Enterprise]:
    """Those of the rows that came within the last days and are still there 新入驻."""
    day = on or today()
    lately = tenancies_open(on=day).filter(since__gt=day - timedelta(days=days))
    return rows.filter(pk__in=lately.values("enterprise"))


def off_buildings(rows: QuerySet[Enterprise], on: date | None = None) -> QuerySet[Enterprise]:
    """Those of the rows whose principal place is not in a building of the tree 未落楼."""
    day = on or today()
    housed = Coverage.objects.filter(
        Q(until=None) | Q(until__gt=day),
        since__lte=day,
        ancestor__kind=PlaceKind.BUILDING.value,
        descendant=OuterRef("seat"),
    )
    return rows.filter(~Exists(housed))


def named_like(rows: QuerySet[Enterprise], text: str, user: Any) -> QuerySet[Enterprise]:
    """Those of the rows whose name or code holds the text; a masked name is not found by what the mask hides 检索."""
    key = name_key(text)
    code = key if key.isascii() and key.isalnum() else ""
    by_name = Q(name_key__contains=key) if key else Q(pk__in=[])
    if not sees_all_names(user):
        by_name &= ~Q(entity_type=EntityType.SELF_EMPLOYED.value)
    if len(code) >= 4:
        by_name |= Q(uscc__contains=code) | Q(old_number__startswith=code)
    if code.isalpha() and len(code) >= 2:  # sounds: cqkj finds 仓前科技; the index holds masked names only
        by_name |= Q(pk__in=matches("enterprise", text, streets_within(user)))
    return rows.filter(by_name)


def streets_within(user: Any) -> list[int] | None:
    """Ids of the streets that hold what this user's grants cover; None for everywhere."""
    if isinstance(user, access.System):
        return None
    reach = access.reach_of(user)
    places = set(reach.places("enterprises.see"))
    own = reach.enterprises("enterprises.see")
    if own:
        places |= set(Tenancy.objects.filter(enterprise__in=own).values_list("place_id", flat=True))
    street = PlaceKind.STREET.value
    over = Coverage.objects.filter(descendant__in=places, ancestor__kind=street)
    under = Coverage.objects.filter(ancestor__in=places, descendant__kind=street)
    ids = {*over.values_list("ancestor_id", flat=True), *under.values_list("descendant_id", flat=True)}
    return sorted(ids)


def with_whereabouts(rows: QuerySet[Enterprise], user: Any) -> QuerySet[Enterprise]:
    """The rows with `stays`: their open tenancies that this user sees, each with `place.above`: what it stands under.

    Three queries whatever the number of rows.
    """
    stays = _stays(user).prefetch_related(_above())
    return rows.prefetch_related(Prefetch("tenancies", queryset=stays, to_attr="stays"))


def with_stays(rows: QuerySet[Enterprise], user: Any) -> QuerySet[Enterprise]:
    """The rows with `stays` only; `put_above` adds what each stands under to those that are shown."""
    return rows.prefetch_related(Prefetch("tenancies", queryset=_stays(user), to_attr="stays"))


def put_above(enterprises: Iterable[Enterprise]) -> None:
    """Give each stay of the enterprises its line of places in words, by one query 所在."""
    stays: list[Tenancy] = [stay for one in enterprises for stay in one.stays]  # type: ignore[attr-defined]
    day = today()
    above = Coverage.objects.filter(
        Q(until=None) | Q(until__gt=day),
        since__lte=day,
        descendant__in={stay.place_id for stay in stays},
        ancestor__kind__in=[kind.value for kind in _NAMED_KINDS],
    )
    lines: dict[int, list[tuple[str, str]]] = defaultdict(list)
    listed = above.order_by("-depth").values_list("descendant_id", "ancestor__kind", "ancestor__name")
    for place, kind, name in listed:
        lines[place].append((kind, name))
    for stay in stays:
        stay.line = lines[stay.place_id]  # type: ignore[attr-defined]


def _stays(user: Any) -> QuerySet[Tenancy]:
    stays = tenancies_open(access.seen_by(user, Tenancy)).select_related("place")
    return stays.only("enterprise", "place__name", "place__kind", "relation", "since", "until", "room")


_NAMED_KINDS: Final = (PlaceKind.PARK, PlaceKind.BUILDING, PlaceKind.FLOOR, PlaceKind.UNIT)


def _above() -> Prefetch[str, QuerySet[Coverage], str]:
    day = today()
    above = Coverage.objects.filter(Q(until=None) | Q(until__gt=day), since__lte=day).order_by("-depth")
    named = above.filter(ancestor__kind__in=[kind.value for kind in _NAMED_KINDS]).select_related("ancestor")
    wanted = named.only("descendant", "ancestor__name", "ancestor__kind")
    return Prefetch("place__covered", queryset=wanted, to_attr="above")


def whereabouts(tenancy: Tenancy) -> str:
    """Where a tenancy is, in words: park, building, floor or unit; as `put_above` or `place.above` has it."""
    line: list[tuple[str, str]] | None = getattr(tenancy, "line", None)
    if line is None:
        above: Sequence[Coverage] = getattr(tenancy.place, "above", ())
        line = [(coverage.ancestor.kind, coverage.ancestor.name) for coverage in above]
    in_unit = any(kind == PlaceKind.UNIT for kind, _name in line)
    names = [name for kind, name in line if not (in_unit and kind == PlaceKind.FLOOR)] or [tenancy.place.name]
    words = [name for name, inner in zip(names, [*names[1:], ""], strict=True) if not inner.startswith(name)]
    if tenancy.room and tenancy.room not in words[-1]:
        words.append(tenancy.room)
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """One place to choose from, indented by its depth."""

    pk: int
    label: str


CHOSEN_KINDS: Final = (PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING)


def places_to_choose(user: Any, permission: str = "enterprises.see") -> list[PlaceChoice]:
    """Streets, communities, parks and buildings within reach, in the order of the tree; two queries at most."""
    kinds = [kind.value for kind in CHOSEN_KINDS]
    rows = access.seen_by(user, Place, permission).filter(kind__in=kinds, until=None)
    return _once(("places", *_told(rows)), lambda: _in_order(rows, kinds), lambda places: len(places) >= 100)


def _in_order(rows: QuerySet[Place], kinds: list[str]) -> list[PlaceChoice]:
    places = {pk: (kind, name) for pk, kind, name in rows.values_list("pk", "kind", "name")}
    day = today()
    above: dict[int, list[tuple[int, int]]] = defaultdict(list)
    holds = Q(until=None) | Q(until__gt=day)
    standing = Coverage.objects.filter(holds, since__lte=day, descendant__in=list(places))
    for descendant, ancestor, depth in standing.values_list("descendant_id", "ancestor_id", "depth"):
        if ancestor in places:
            above[descendant].append((-depth, ancestor))
    paths = {pk: [places[one][1] for _depth, one in sorted(above[pk])] for pk in places}
    levels = {kind: level for level, kind in enumerate(kinds)}
    ordered = sorted(places, key=lambda pk: (paths[pk], levels[places[pk][0]]))
    return [PlaceChoice(pk, "\u3000" * (len(paths[pk]) - 1) + places[pk][1]) for pk in ordered]


def locate(place: Place, room: str) -> tuple[Place, str]:
    """The unit below a place that the room's number names, and nothing left to write; else the place and the room."""
    number = room.strip().removesuffix("室")
    if not number:
        return place, ""
    units = Place.objects.filter(
        pk__in=places_below(place), kind=PlaceKind.UNIT.value, name__in=(number, f"{number}室"), until=None
    )
    found = list(units[:2])
    return (found[0], "") if len(found) == 1 else (place, room.strip())


# --- under which name ----------------------------------------------------------------------------------------------
def shown_name(enterprise: Enterprise, user: Any) -> str:
    """The enterprise's name as this user may read it; a self-employed person's may be masked 显示名称.

    The one place where names leave for a page, a search result or a file.
    """
    if enterprise.entity_type != EntityType.SELF_EMPLOYED or _sees_name(enterprise, user):
        return enterprise.name
    return mask_name(enterprise.name)


def sees_all_names(user: Any) -> bool:
    """Whether every grant by which this user sees enterprises also shows the names of self-employed."""
    return always(user, "enterprises.see_personal")


def always(user: Any, permission: str) -> bool:
    """Whether every grant by which this user sees enterprises also carries the permission."""
    if isinstance(user, access.System):
        return True
    seeing = [held for held in access.reach_of(user).held if "enterprises.see" in held.permissions]
    return bool(seeing) and all(permission in held.permissions for held in seeing)


def _sees_name(enterprise: Enterprise, user: Any) -> bool:
    if sees_all_names(user):
        return True
    reach = access.reach_of(user)
    if enterprise.pk in reach.enterprises("enterprises.see"):  # one's own name
        return True
    if "enterprises.see_personal" not in reach.permissions:
        return False
    known: dict[int, bool] = user.__dict__.setdefault("_names_seen", {})  # mixed grants are rare: ask once for each
    if enterprise.pk not in known:
        known[enterprise.pk] = access.may(user, "enterprises.see_personal", enterprise)
    return known[enterprise.pk]


# --- what is known of one ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Sight:
    """How much of one enterprise's sensitive fields a user may read."""

    secrets: bool
    personal: bool

    def reads(self, field: dictionary.Field) -> bool:
        """Whether this field's values may be shown."""
        return (self.secrets or not field.secret) and (self.personal or not field.personal)


@dataclass(frozen=True)
class Statement:
    """What one source says: the value as kept and in words."""

    value: Any
    words: str
    kind: str
    source: str
    as_of: date
    confidence: float = 1.0
    fact: int | None = None
    superseded_on: date | None = None

    @property
    def kind_label(self) -> str:
        """The kind of source in words."""
        return _(SourceKind(self.kind).label)


@dataclass(frozen=True)
class Known:
    """Everything that stands about one field and period; `withheld`: it exists and this user may not read it."""

    field: dictionary.Field
    period: str
    statements: tuple[Statement, ...]
    withheld: bool = False

    @property
    def conflicting(self) -> bool:
        """Whether sources say different things."""
        return len({repr(one.value) for one in self.statements}) > 1

    @property
    def best(self) -> Statement | None:
        """The statement that counts; see `rules.trust`."""
        return max(self.statements, key=lambda one: trust.weight(one.kind, one.as_of), default=None)

    @property
    def label(self) -> str:
        """The field's name with its period."""
        return f"{self.field.label} {self.period}".strip()


@dataclass(frozen=True)
class ClaimShown:
    """A claim beside what is known already; `words` is empty when it is withheld."""

    claim: Claim
    field: dictionary.Field
    words: str
    beside: tuple[Statement, ...]
    withheld: bool = False

    @property
    def agrees(self) -> bool:
        """Whether a source already says the same."""
        return any(one.value == self.claim.value for one in self.beside)


NOTHING_SENSITIVE: Final = Sight(secrets=False, personal=False)


def sight_of(enterprise: Enterprise, user: Any) -> Sight:
    """What of this enterprise's sensitive fields the user may read; two queries at most."""
    return Sight(
        access.may(user, "enterprises.see_secrets", enterprise),
        access.may(user, "enterprises.see_personal", enterprise),
    )


def sights_of(enterprises: Iterable[int], user: Any) -> dict[int, Sight]:
    """As `sight_of` for several enterprises by id; two queries at most however many they are."""
    listed = set(enterprises)

    def open_(permission: str) -> set[int]:
        if not access.may_anywhere(user, permission):
            return set()
        if always(user, permission):
            return listed
        return set(
            access.seen_by(user, Enterprise.objects.filter(pk__in=listed), permission).values_list("pk", flat=True)
        )

    secrets, personal = open_("enterprises.see_secrets"), open_("enterprises.see_personal")
    return {pk: Sight(pk in secrets, pk in personal) for pk in listed}


def facts_of(enterprise: Enterprise, user: Any, *, history: bool = False) -> tuple[Known, ...]:
    """What is known of an enterprise, field by field and newest period first; sensitive fields only as far as allowed.

    The one place where facts are read for a person. A field that may not be read is there with `withheld` and no value.
    `history`: superseded facts too. Three queries.
    """
    sight = sight_of(enterprise, user)
    rows = access.seen_by(user, Fact).filter(enterprise=enterprise)
    if not history:
        rows = rows.filter(superseded_on=None)
    return _known(rows, sight)


def register_says(enterprise: Enterprise, key: str) -> Statement | None:
    """What the registry's own columns say about a field; None when it is no column or unknown."""
    column = COLUMN_KEYS.get(key)
    value = getattr(enterprise, column) if column else None
    if value in (None, ""):
        return None
    kept = dictionary.stored(key, value)
    return Statement(kept, dictionary.show(key, kept), SourceKind.REGISTER.value, enterprise.source, enterprise.as_of)


def claims_of(enterprise: Enterprise, user: Any) -> tuple[ClaimShown, ...]:
    """The claims about an enterprise, newest first, each beside what is known."""
    rows = access.seen_by(user, Claim).filter(enterprise=enterprise).select_related("enterprise", "decided_by")
    return claims_beside(rows.order_by("-pk"), user)


def claims_beside(claims: Iterable[Claim], user: Any) -> tuple[ClaimShown, ...]:
    """Each claim beside the facts that stand on its field and period, and the register's own word."""
    listed = list(claims)
    facts: dict[tuple[int, str, str], list[Statement]] = defaultdict(list)
    firms = {claim.enterprise_id for claim in listed}
    standing = Fact.objects.filter(
        enterprise__in=firms, key__in={claim.key for claim in listed}, superseded_on=None
    ).order_by("-as_of", "pk")
    for fact in standing:
        facts[fact.enterprise_id, fact.key, fact.period].append(statement_of(fact))
    sights = sights_of({claim.enterprise_id for claim in listed if _sensitive(claim)}, user)
    shown = []
    for claim in listed:
        field = dictionary.field(claim.key)
        if not sights.get(claim.enterprise_id, NOTHING_SENSITIVE).reads(field):
            shown.append(ClaimShown(claim, field, "", (), withheld=True))
            continue
        register = register_says(claim.enterprise, claim.key)
        beside = tuple(facts[claim.enterprise_id, claim.key, claim.period])
        beside = (register, *beside) if register else beside
        shown.append(ClaimShown(claim, field, dictionary.show(claim.key, claim.value), beside))
    return tuple(shown)


def _sensitive(claim: Claim) -> bool:
    return dictionary.field(claim.key).sensitivity != "public"


def tenancies_of(enterprise: Enterprise, user: Any) -> QuerySet[Tenancy]:
    """Where the enterprise is and was, as far as this user sees: those that hold first, then the latest 入驻记录."""
    seen = access.seen_by(user, Tenancy).filter(enterprise=enterprise)
    latest = F("until").desc(nulls_first=True), F("since").desc(nulls_last=True), "pk"
    return seen.select_related("place").prefetch_related(_above()).order_by(*latest)


def facts_shown(known: Iterable[Known]) -> list[Shown]:
    """Facts as the component `ui/components/facts.html` shows them, each statement of a conflict on its own line."""
    shown = []
    for one in known:
        if one.withheld:
            shown.append(Shown(one.label, _("无权查看"), note=_("敏感信息，已隐藏")))
        for statement in sorted(one.statements, key=lambda said: said.as_of, reverse=True):
            note = _("各来源说法不一") if one.conflicting else ""
            if statement.superseded_on:
                note = _("已被 %(day)s 的信息取代") % {"day": statement.superseded_on.isoformat()}
            source = f"{statement.kind_label} · {statement.source}"
            shown.append(Shown(one.label, statement.words, source=source, as_of=statement.as_of, note=note))
    return shown


@dataclass(frozen=True)
class Identity:
    """Who the enterprise is, as the registry says and this user may read 身份."""

    enterprise: Enterprise
    name: str
    industry: str
    facts: tuple[Shown, ...]
    head: Enterprise | None
    branches: tuple[Enterprise, ...]

    @cached_property
    def missing(self) -> list[str]:
        """Labels of key fields nobody knows."""
        return [str(fact.label) for fact in self.facts if fact.value is None]


def identity_of(enterprise: Enterprise, user: Any) -> Identity:
    """The registry's own fields with their source and date, in the order in which people ask for them."""
    one = enterprise
    code = one.industry_code
    source, as_of = one.source, one.as_of
    money = one.capital_currency in ("", "CNY")
    capital: Any = one.registered_capital
    if capital is not None and not money:
        capital = f"{capital:,.2f} {one.capital_currency}"
    named = industry.industry_name(code) if code else ""
    by_scope = _("由经营范围推断") if one.industry_source == "scope" else ""
    facts = (
        Shown(_("统一社会信用代码"), one.uscc or None, source, as_of),
        *((Shown(_("旧注册号"), one.old_number, source, as_of),) if one.old_number else ()),
        Shown(_("主体类型"), _(EntityType(one.entity_type).label) if one.entity_type else None, source, as_of),
        Shown(
            _("登记状态"),
            _(RegistrationStatus(one.registration_status).label) if one.registration_status else None,
            source,
            as_of,
        ),
        Shown(_("成立日期"), one.established_on, source, as_of, kind="date"),
        Shown(_("注册资本"), capital, source, as_of, kind="money" if isinstance(capital, Decimal) else "text"),
        Shown(_("行业"), f"{code} {named}".strip() if code else None, source, as_of, note=by_scope),
        Shown(_("住所"), one.registered_address or None, source, as_of),
        Shown(_("经营范围"), one.business_scope or None, source, as_of),
    )
    seen = enterprises_seen_by(user)
    head = seen.filter(pk=one.head_id).first() if one.head_id else None
    branches = tuple(seen.filter(head=one).order_by("name_key")[:50])
    return Identity(one, shown_name(one, user), named, facts, head, branches)


@dataclass(frozen=True)
class Contrast:
    """One field of two records side by side."""

    label: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """Whether both are known and not the same."""
        return bool(self.left and self.right and self.left != self.right)


@dataclass(frozen=True)
class PairShown:
    """A pair as the queue shows it: both records field by field, and why it was proposed."""

    pair: Pair
    left: str
    right: str
    contrasts: tuple[Contrast, ...]
    reasons: tuple[tuple[str, float], ...]
    branch: int | None

    @property
    def percent(self) -> int:
        """The probability for a reader; never said as certain."""
        return max(1, min(99, round(self.pair.probability * 100)))


def pairs_seen_by(user: Any) -> QuerySet[Pair]:
    """The pairs of which this user may judge both records; a merged record is judged by the one that is left."""
    within = access.seen_by(user, Enterprise, "enterprises.resolve").values("pk")
    return access.seen_by(user, Pair).filter(
        Q(left__in=within) | Q(left__merged_into__in=within), Q(right__in=within) | Q(right__merged_into__in=within)
    )


def pairs_to_decide(user: Any) -> QuerySet[Pair]:
    """The proposed pairs that this user may decide, most probable first 疑似同企."""
    waiting = pairs_seen_by(user).filter(state=PairState.PROPOSED.value)
    unmerged = waiting.filter(left__merged_into=None, right__merged_into=None)
    return unmerged.select_related("left", "right").order_by("-probability", "pk")


def pairs_decided(user: Any) -> QuerySet[Pair]:
    """What was decided about pairs, the latest first."""
    decided = pairs_seen_by(user).exclude(state=PairState.PROPOSED.value)
    return decided.select_related("left", "right", "decided_by").order_by("-decided_at", "-pk")


def pairs_shown(pairs: Iterable[Pair], user: Any) -> list[PairShown]:
    """Pairs with both records side by side; four queries whatever their number."""
    listed = list(pairs)
    ids = {number for pair in listed for number in (pair.left_id, pair.right_id)}
    sides = {one.pk: one for one in with_whereabouts(Enterprise.objects.filter(pk__in=ids), user)}
    shown = []
    for pair in listed:
        left, right = sides[pair.left_id], sides[pair.right_id]
        both = [_contrasted(side, user) for side in (left, right)]
        contrasts = tuple(Contrast(label, both[0][label], both[1][label]) for label in both[0])
        tails = [side.pk for side in (left, right) if split_branch(side.name_key)[1]]
        reasons = tuple((_(str(one["words"])), float(one["bits"])) for one in pair.reasons)
        branch = tails[0] if len(tails) == 1 else max((left, right), key=lambda side: len(side.name_key)).pk
        names = shown_name(left, user), shown_name(right, user)
        shown.append(PairShown(pair, *names, contrasts, reasons, branch if pair.kind == "branch" else None))
    return shown


def _contrasted(one: Enterprise, user: Any) -> dict[str, str]:
    stays: list[Tenancy] = one.stays  # type: ignore[attr-defined]
    capital = one.registered_capital
    return {
        _("企业名称"): shown_name(one, user),
        _("代码"): one.uscc or one.old_number,
        _("主体类型"): _(EntityType(one.entity_type).label) if one.entity_type else "",
        _("住所"): one.registered_address,
        _("所在"): "；".join(whereabouts(stay) for stay in stays),
        _("成立日期"): one.established_on.isoformat() if one.established_on else "",
        _("注册资本"): f"{shown_values.number(capital)} {one.capital_currency}".strip() if capital is not None else "",
        _("行业"): one.industry_code,
        _("来源"): f"{one.source} {one.as_of.isoformat()}",
    }


def relation_words(stays: Iterable[Tenancy]) -> str:
    """What an enterprise does here, over all its open tenancies: registered, operates or both."""
    kinds = {stay.relation for stay in stays}
    if not kinds:
        return ""
    if len(kinds) == 1:
        return _(Relation(kinds.pop()).label)
    return _(Relation.BOTH.label)


def _known(rows: QuerySet[Fact], sight: Sight) -> tuple[Known, ...]:
    grouped: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in rows:
        grouped[fact.key, fact.period].append(fact)
    order = {key: at for at, key in enumerate(dictionary.fields())}
    known = []
    newest_first = sorted(grouped, key=lambda at: at[1], reverse=True)
    for key, period in sorted(newest_first, key=lambda at: order.get(at[0], len(order))):
        if key not in order:
            continue
        field = dictionary.field(key)
        if sight.reads(field):
            said = sorted(grouped[key, period], key=lambda fact: (fact.as_of, fact.pk), reverse=True)
            known.append(Known(field, period, tuple(statement_of(fact) for fact in said)))
        else:
            known.append(Known(field, period, (), withheld=True))
    return tuple(known)


def statement_of(fact: Fact) -> Statement:
    """A fact as what its source says."""
    return Statement(
        fact.value,
        dictionary.show(fact.key, fact.value),
        fact.source_kind,
        fact.source,
        fact.as_of,
        fact.confidence,
        fact.pk,
        fact.superseded_on,
    )
