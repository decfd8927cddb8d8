"""Who contacted an enterprise, when, by which way, and what it was asked although the house knew: read for some, or for all 企业负担.

The number of queries does not depend on how many enterprises there are. Offices and roles are named, never persons.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from linqi.accounts.models import Grant
from linqi.cases.models import Case, Pause, RatedBy, Rectification
from linqi.enterprises import dictionary
from linqi.enterprises.models import Claim, Enterprise, Fact
from linqi.enterprises.queries import COLUMN_KEYS
from linqi.kit.access import seen_by
from linqi.kit.clock import today
from linqi.visits import intake, standing
from linqi.visits.flow import State
from linqi.visits.following import Following
from linqi.visits.models import BurdenLimit, Visit
from linqi.visits.rules import Reason
from linqi.visits.rules.burden import (
    Asked,
    BurdenTerms,
    ContactKind,
    Recorded,
    Touch,
    gathered,
    known_already,
    number_of_contact,
    within,
)
from linqi.visits.signals import MANY, streets_of
from linqi.visits.standing import in_force

VISITED: Final = (ContactKind.VISIT, ContactKind.DECLINED)
YEAR: Final = 365  # days of contacts that are looked at; no span and no limit is longer
OF_CASES: Final = (ContactKind.PAPERS, ContactKind.CALL_BACK)


@dataclass(frozen=True, slots=True)
class FieldAsked:
    """A field that was asked for on a contact; `known`: what the house held of it then, None when asking was right 询问项.

    `same`: the answer was what we knew; None where we knew nothing.
    """

    key: str
    period: str
    known: Recorded | None
    same: bool | None


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact of an enterprise 一次联系.

    `row`: the visit, the claim, or the case it belongs to. `office`, `role`: of whom, empty when not known. `text`: what was asked for in
    words. `open`: whether the reader may see what it belongs to; where not, nothing but day and kind is told.
    """

    on: date
    kind: ContactKind
    row: int
    by: int | None = None
    office: str = ""
    role: str = ""
    text: str = ""
    asked: tuple[FieldAsked, ...] = ()
    open: bool = True

    @property
    def again(self) -> tuple[FieldAsked, ...]:
        """The fields asked although they were known."""
        return tuple(one for one in self.asked if one.known is not None)


# --- the limit in force -----------------------------------------------------------------------------------------------
class Limits:
    """The limits in force on a day, by street; one query."""

    def __init__(self, day: date) -> None:
        rows = BurdenLimit.objects.filter(in_force(day)).select_related("set_by").order_by("pk")
        self._rows = {row.street_id: row for row in rows}

    def row(self, street: int | None) -> BurdenLimit:
        """The limit of a street, the product's where it has none of its own."""
        return self._rows.get(street) or self._rows.get(None) or BurdenLimit(**intake.default_limit())

    def of(self, street: int | None) -> BurdenTerms:
        """The same as the rules read it."""
        return self.read(self.row(street))

    @property
    def rows(self) -> list[BurdenLimit]:
        """Every limit in force anywhere."""
        return list(self._rows.values())

    @staticmethod
    def read(row: BurdenLimit) -> BurdenTerms:
        """A row as the rules read it."""
        return BurdenTerms(row.limit, row.days, row.fresh)


# --- contacts ---------------------------------------------------------------------------------------------------------
def contacts_of(
    firms: Collection[int] | None, since: date, until: date, limits: Limits | None = None
) -> dict[int, list[Contact]]:
    """Every contact of some enterprises (None: of all) on some days, in order of time; nine queries 联系台账.

    Offices and roles are not named yet: `named` does that for those that are shown.
    """
    few = None if firms is not None and len(firms) > MANY else firms
    claims = _claims(few, since, until)
    touches, kept = _touches(few, since, until)
    for one in claims:
        if not one.on_visit and not one.own:
            touches[one.enterprise].append(Touch(one.on, ContactKind.QUESTION, one.by, one.row))
    wanted = touches if few is firms else {pk: listed for pk, listed in touches.items() if pk in set(firms or ())}
    asked = _asked(claims, limits or Limits(until), until)
    found: dict[int, list[Contact]] = {}
    for pk, listed in wanted.items():
        found[pk] = []
        for touch, taken in gathered(listed):
            office, text = kept.get((touch.kind, touch.row, touch.on), ("", ""))
            heard = [("claim", one.row) for one in taken]
            heard.insert(0, ("claim" if touch.kind is ContactKind.QUESTION else touch.kind.value, touch.row))
            fields = tuple(one for at in heard for one in asked.get(at, ()))
            found[pk].append(Contact(touch.on, touch.kind, touch.row, touch.by, office, "", text, fields))
    return found


def ledger_of(enterprise: Enterprise, user: Any, since: date, until: date, *, own: bool = False) -> list[Contact]:
    """The contacts of one enterprise, the latest first, as one reader may see them 负担台账.

    Every contact is there, or the count would be wrong; of what the reader may not open, day and kind alone. `own`: the enterprise itself
    reads, to whom nothing of its own ledger is closed.
    """
    listed = contacts_of([enterprise.pk], since, until).get(enterprise.pk, [])
    told = named(listed if own else _opened({enterprise.pk: listed}, user)[enterprise.pk])
    return told[::-1]


def named(contacts: Iterable[Contact]) -> list[Contact]:
    """The contacts with the office and the role of whom they came from, on their day; one query."""
    listed = list(contacts)
    people = {one.by for one in listed if one.by is not None and one.open}
    held: dict[int, list[Grant]] = defaultdict(list)
    for grant in Grant.objects.filter(user__in=people).select_related("role", "place").order_by("since", "pk"):
        held[grant.user_id].append(grant)
    return [_signed(one, held.get(one.by or 0, ())) if one.open else one for one in listed]


def _signed(one: Contact, grants: Iterable[Grant]) -> Contact:
    then = [grant for grant in grants if grant.since <= one.on and (grant.until is None or grant.until > one.on)]
    grant = next(iter(then or grants), None)
    if grant is None:
        return one
    place = grant.place.name if grant.place is not None else ""
    return replace(one, office=one.office or place, role=grant.role.label)


def _opened(contacts: Mapping[int, list[Contact]], user: Any) -> dict[int, list[Contact]]:
    """The contacts with what lies behind them closed where the reader may not see it; three queries."""
    rows: dict[type[Any], set[int]] = defaultdict(set)
    for listed in contacts.values():
        for one in listed:
            rows[_model(one.kind)].add(one.row)
    seen = {model: set(seen_by(user, model.objects.filter(pk__in=ids)).values_list("pk", flat=True))
            for model, ids in rows.items()}  # fmt: skip
    return {
        pk: [one if one.row in seen[_model(one.kind)] else _closed(one) for one in listed]
        for pk, listed in contacts.items()
    }


def _closed(one: Contact) -> Contact:
    return replace(one, by=None, office="", role="", text="", asked=(), open=False)


def _model(kind: ContactKind) -> type[Any]:
    return Visit if kind in VISITED else Case if kind in OF_CASES else Claim


# --- everybody --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Pressed:
    """One enterprise that was contacted in the last year: where it is today, and every contact in order of time 被联系企业.

    `above`: every place at which it is today, and all that these stand in; empty when it left.
    """

    firm: Enterprise
    street: int | None
    above: frozenset[int]
    where: str
    contacts: tuple[Contact, ...]


def everybody_on(day: date) -> Mapping[int, Pressed]:
    """Every enterprise that was contacted in the year that ends with a day; for today it is kept in memory and follows the journal."""
    return _kept.on(day) if day == today() else _pressed(day, None)


def forget() -> None:
    """Let go of what is kept in memory."""
    _kept.forget()


def _pressed(day: date, firms: Collection[int] | None) -> dict[int, Pressed]:
    found = contacts_of(firms, day - timedelta(days=YEAR - 1), day)
    rows = Enterprise.objects.filter(_near("pk", found if len(found) <= MANY else None), merged_into=None)
    listed = {one.pk: one for one in rows.select_related("seat") if one.pk in found}
    where = standing.Where(listed, day)
    return {
        pk: Pressed(one, where.street.get(pk), where.above_of(pk), where.in_words(one), tuple(found[pk]))
        for pk, one in listed.items()
    }


_kept: Final = Following[Pressed](whole=lambda day: _pressed(day, None), some=_pressed)


# --- warnings ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Caution:
    """Why to think twice before an enterprise is contacted on a day 再次联系提醒.

    `number`: which contact of the month it would be. `pressing`: reasons for which one goes all the same.
    """

    number: int
    days: int
    earlier: tuple[Contact, ...]
    pressing: tuple[Reason, ...]


def cautions_for(
    asked: Mapping[int, date], user: Any, *, reasons: Mapping[int, Iterable[str]], but: Collection[int] = ()
) -> dict[int, Caution]:
    """Of some enterprises that will be contacted on a day each, those of whom one is warned; the queries do not depend on how many.

    `reasons`: codes of the must-visit reasons for which one goes there. `but`: visits that are the contact itself.
    """
    if not asked:
        return {}
    last, first = max(asked.values()), min(asked.values())
    limits, streets = Limits(last), streets_of(asked, last)
    longest = max(limits.of(streets.get(pk)).days for pk in asked)
    found = contacts_of(list(asked), first - timedelta(days=longest), last, limits)
    over: dict[int, tuple[int, BurdenTerms, list[Contact]]] = {}
    for pk, day in asked.items():
        terms = limits.of(streets.get(pk))
        others = [one for one in found.get(pk, ()) if not (one.kind in VISITED and one.row in but)]
        number = number_of_contact([one.on for one in others], day, terms)
        if number is not None:
            inside = set(within((one.on for one in others), day, terms))
            over[pk] = number, terms, [one for one in others if one.on in inside]
    if not over:
        return {}
    told = _opened({pk: listed for pk, (_number, _terms, listed) in over.items()}, user)
    shown = iter(named(one for listed in told.values() for one in listed))
    pressing = _pressing(over, streets, last)
    return {
        pk: Caution(
            number, terms.days, tuple(next(shown) for _one in told[pk]), _chosen(reasons.get(pk, ()), pressing[pk])
        )
        for pk, (number, terms, _listed) in over.items()
    }


def caution_before(
    enterprise: Enterprise, day: date, user: Any, *, reasons: Iterable[str], but: Collection[int] = ()
) -> Caution | None:
    """Whether to think twice before this one enterprise is contacted on a day."""
    return cautions_for({enterprise.pk: day}, user, reasons={enterprise.pk: reasons}, but=but).get(enterprise.pk)


def _pressing(firms: Iterable[int], streets: Mapping[int, int], day: date) -> dict[int, frozenset[Reason]]:
    """The reasons that press in the street of each firm."""
    held = standing.regime(day)
    return {
        pk: frozenset(reason for reason, one in held.of(streets.get(pk)).items() if one.terms.presses) for pk in firms
    }


def _chosen(codes: Iterable[str], pressing: frozenset[Reason]) -> tuple[Reason, ...]:
    wanted = set(codes)
    return tuple(reason for reason in Reason if reason in pressing and reason.value in wanted)


# --- what the tables hold ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Claim:
    enterprise: int
    row: int
    on: date
    by: int | None
    key: str
    period: str
    value: Any
    origin: str
    own: bool
    fact: int | None

    @property
    def on_visit(self) -> bool:
        return self.origin.startswith("visit:")


def _near(column: str, firms: Collection[int] | None) -> Q:
    return Q() if firms is None else Q(**{f"{column}__in": list(firms)})


def _moments(column: str, since: date, until: date) -> Q:
    start = timezone.make_aware(datetime.combine(since, time()))
    end = timezone.make_aware(datetime.combine(until + timedelta(days=1), time()))
    return Q(**{f"{column}__gte": start, f"{column}__lt": end})


Kept = dict[tuple[ContactKind, int, date], tuple[str, str]]


def _touches(firms: Collection[int] | None, since: date, until: date) -> tuple[dict[int, list[Touch]], Kept]:
    """Visits, papers asked for and calls back, by enterprise; and the office and the words of each. Four queries."""
    found: dict[int, list[Touch]] = defaultdict(list)
    kept: Kept = {}

    def put(pk: int, touch: Touch, office: str | None, text: str = "") -> None:
        found[pk].append(touch)
        kept[touch.kind, touch.row, touch.on] = office or "", text

    visits = Visit.objects.filter(_near("enterprise", firms)).order_by()
    done = Q(state=State.DONE, visited_on__range=(since, until))
    declined = Q(state=State.REFUSED, planned_for__range=(since, until))
    columns = ("enterprise", "pk", "state", "visited_on", "planned_for", "visitor", "team__name")
    for pk, row, state, went, planned, who, team in visits.filter(done | declined).values_list(*columns):
        kind = ContactKind.VISIT if state == State.DONE else ContactKind.DECLINED
        put(pk, Touch(went or planned, kind, who, row), team)
    papers = Pause.objects.filter(_near("case__enterprise", firms), _moments("since", since, until)).order_by()
    of_papers = ("case__enterprise", "case", "since", "asked_by", "case__department__name", "asked")
    for pk, row, at, who, office, text in papers.exclude(case__enterprise=None).values_list(*of_papers):
        put(pk, Touch(_day(at), ContactKind.PAPERS, who, row), office, text)
    calls = Case.objects.filter(_near("enterprise", firms), _moments("rated_at", since, until), rated_by=RatedBy.CALL)
    of_calls = ("enterprise", "pk", "rated_at", "department__name")
    for pk, row, at, office in calls.exclude(enterprise=None).order_by().values_list(*of_calls):
        put(pk, Touch(_day(at), ContactKind.CALL_BACK, None, row), office)
    again = Rectification.objects.filter(_near("case__enterprise", firms), _moments("ended_at", since, until))
    of_again = ("case__enterprise", "case", "ended_at", "case__department__name")
    for pk, row, at, office in again.exclude(revisit="").exclude(case__enterprise=None).values_list(*of_again):
        put(pk, Touch(_day(at), ContactKind.CALL_BACK, None, row), office)
    return found, kept


def _claims(firms: Collection[int] | None, since: date, until: date) -> list[_Claim]:
    """What was said of enterprises; `own`: the enterprise said it by itself, so nobody asked. One query."""
    itself = Grant.objects.filter(user=OuterRef("entered_by"), enterprise=OuterRef("enterprise"))
    rows = Claim.objects.filter(_near("enterprise", firms), said_on__range=(since, until)).order_by("pk")
    columns = ("enterprise", "pk", "said_on", "entered_by", "key", "period", "value", "origin", "own", "fact")
    return [_Claim(*row) for row in rows.annotate(own=Exists(itself)).values_list(*columns)]


def _asked(claims: Iterable[_Claim], limits: Limits, day: date) -> dict[tuple[str, int], list[FieldAsked]]:
    """The fields that were asked for, by the visit or the claim they belong to, each with what was known; four queries."""
    listed = [one for one in claims if not one.own]
    if not listed:
        return {}
    firms, keys = {one.enterprise for one in listed}, {one.key for one in listed}
    streets = streets_of(firms, day)
    facts = _facts(firms, keys)
    found: dict[tuple[str, int], list[FieldAsked]] = defaultdict(list)
    for one in listed:
        home = one.origin.removeprefix("visit:") if one.on_visit else ""
        at = (ContactKind.VISIT.value, int(home)) if home.isdecimal() else ("claim", one.row)
        held = [fact for pk, fact in facts.get((one.enterprise, one.key), ()) if pk is None or pk != one.fact]
        asked = Asked(one.key, one.period, one.value, one.on)
        known = known_already(asked, held, limits.of(streets.get(one.enterprise)))
        same = None if known is None else known.value == one.value
        found[at].append(FieldAsked(one.key, one.period, known, same))
    return found


def _facts(firms: Collection[int], keys: Collection[str]) -> dict[tuple[int, str], list[tuple[int | None, Recorded]]]:
    """What the house holds or held of some fields, by enterprise and field, the registry's own columns included; two queries."""
    few = firms if len(firms) <= MANY else None
    found: dict[tuple[int, str], list[tuple[int | None, Recorded]]] = defaultdict(list)
    columns = ("enterprise", "key", "pk", "period", "value", "as_of", "recorded_at", "superseded_on")
    rows = Fact.objects.filter(_near("enterprise", few), key__in=list(keys)).order_by("pk")
    for firm, key, pk, period, value, as_of, at, until in rows.values_list(*columns):
        found[firm, key].append((pk, Recorded(key, period, value, as_of, _day(at), until)))
    kept = sorted(key for key in keys if key in COLUMN_KEYS)
    if kept:
        held = Enterprise.objects.filter(_near("pk", few))
        for firm, as_of, at, *values in held.values_list("pk", "as_of", "created_at", *(COLUMN_KEYS[k] for k in kept)):
            for key, value in zip(kept, values, strict=True):
                if value not in (None, ""):
                    said = dictionary.stored(key, value)
                    found[firm, key].append((None, Recorded(key, "", said, as_of, _day(at))))
    return found


def _day(at: datetime) -> date:
    return timezone.localdate(at)
