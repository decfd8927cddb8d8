"""What conditions may ask beside the facts: when a firm came, what it waits for, how it rated us, what changed 必访信号.

Each is absent when it is not known. Read set-wise: the number of queries does not depend on the number of enterprises.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.accounts.queries import valid_on
from linqi.analytics.columns import Column
from linqi.cases import deadlines
from linqi.cases.flow import WORKING
from linqi.cases.flow import State as CaseState
from linqi.cases.models import Case
from linqi.conditions import periods
from linqi.conditions.book import Book, Field
from linqi.conditions.facts import Known
from linqi.conditions.population import made
from linqi.enterprises import known
from linqi.enterprises.models import Enterprise, Fact, Tenancy
from linqi.enterprises.rules import trust
from linqi.territory.models import Coverage, PlaceKind
from linqi.visits import rules

CAME, WAITS, RATED = "tenancy_began_on", "oldest_open_case_on", "lowest_rating_90d"
INVESTED, STAFFED, TAXED = "outbound_new_on", "insured_change_3m", "tax_rank_share"
MONTHS_BACK: Final = 3  # how many months old the latest count of the insured may be; product default
ENOUGH_TAXED: Final = 20  # firms of a street whose tax is known before a rank means anything; product default
SIGNALS: Final = (
    Field(CAME, "入驻日期", "Moved in on", "date", group="community"),
    Field(WAITS, "最早未答复诉求的提交日（满1个工作日）", "Oldest request without an answer (for over one working day), sent on", "date", group="community"),
    Field(RATED, "近90天最低评价（星）", "Lowest rating in 90 days (stars)", "int", group="enterprise"),
    Field(INVESTED, "最近一次区外投资日期", "Latest investment outside the district on", "date", group="market_supervision"),
    Field(STAFFED, "参保人数三个月变化", "Change of the insured in three months", "decimal", unit="ratio", group="social_insurance"),
    Field(TAXED, "街道内实缴税金排名占比", "Place by tax paid within the street, as a share", "decimal", unit="ratio", group="tax"),
)  # fmt: skip
FROM_SECRETS: Final = {STAFFED: "insured_count", TAXED: "tax_paid"}  # signals that give away a business secret


@dataclass(frozen=True, slots=True)
class Event:
    """One value of a signal and the day from which it was so."""

    value: Any
    on: date


@dataclass(frozen=True, slots=True)
class Told:
    """What conditions compare, and the events behind it."""

    value: Any
    source: str
    events: tuple[Event, ...]

    @property
    def known(self) -> Known:
        """As a fact among the others."""
        return Known(self.value, self.source, max(event.on for event in self.events))


Signals = Mapping[str, Mapping[int, Told]]  # key → enterprise → what is told


@lru_cache(maxsize=1)
def book() -> Book:
    """The fields of the dictionary and our own signals 必访判定字段."""
    return known.book().with_fields(SIGNALS)


def signals_on(day: date, ids: Collection[int] | None = None) -> Signals:
    """Every signal of some enterprises, or of all: at most eight queries."""
    which = Q(enterprise__isnull=False) if ids is None else Q(enterprise__in=ids)
    return {
        CAME: _came(day, which),
        WAITS: _waits(day, which),
        RATED: _rated(day, which),
        INVESTED: _invested(day, which),
        STAFFED: _staffed(day, which),
        TAXED: _taxed(day, ids),
    }


def columns(signals: Signals, row_of: Mapping[int, int]) -> dict[tuple[str, str], Column]:
    """The signals as columns of a population; `row_of`: enterprise → row."""
    asked = book()
    found = {}
    for key, told in signals.items():
        here = [(row_of[pk], one.known.value) for pk, one in told.items() if pk in row_of]
        found[key, ""] = made(asked[key].kind, len(row_of), [row for row, _v in here], [value for _row, value in here])
    return found


def need_since(opened: date) -> date:
    """The day from which a case opened on a day, and still not answered, is a need."""
    start = timezone.make_aware(datetime.combine(opened, time(9)))
    return timezone.localdate(deadlines.counted(rules.NEED_AFTER, start).at) + timedelta(days=1)


def open_on(day: date) -> Q:
    """Tenancies that hold on a day."""
    return (Q(until=None) | Q(until__gt=day)) & (Q(since=None) | Q(since__lte=day))


# --- one signal after the other ---------------------------------------------------------------------------------------
def _came(day: date, which: Q) -> dict[int, Told]:
    rows = Tenancy.objects.filter(which, open_on(day), since__isnull=False)
    return _latest(rows.values_list("enterprise", "since"), _("入驻登记"))


def _waits(day: date, which: Q) -> dict[int, Told]:
    need = cache(need_since)
    held: dict[int, list[Event]] = defaultdict(list)
    for pk, at in Case.objects.filter(which, state__in=WORKING).values_list("enterprise", "opened_at"):
        opened = timezone.localdate(at)
        if pk is not None and need(opened) <= day:
            held[pk].append(Event(opened, need(opened)))
    return _gathered(held, min, _("办件"))


def _rated(day: date, which: Q) -> dict[int, Told]:
    since = timezone.make_aware(datetime.combine(day - timedelta(days=rules.LOW_RATING_DAYS), time()))
    rows = Case.objects.filter(which, state=CaseState.CLOSED, rating__isnull=False, rated_at__gte=since)
    held: dict[int, list[Event]] = defaultdict(list)
    for pk, stars, at in rows.values_list("enterprise", "rating", "rated_at"):
        if pk is not None and stars is not None and at is not None and timezone.localdate(at) <= day:
            held[pk].append(Event(Fraction(stars), timezone.localdate(at)))
    return _gathered(held, min, _("企业评价"))


def _invested(day: date, which: Q) -> dict[int, Told]:
    """Investments in another district than the one of the firm's own registration; a region nobody knows tells nothing."""
    rows = Fact.objects.filter(which, key="outbound_investments", superseded_on=None, as_of__lte=day)
    held: dict[int, list[Event]] = defaultdict(list)
    for pk, home, value, as_of in rows.values_list("enterprise", "enterprise__registration_region", "value", "as_of"):
        for item in value:
            on = _day(item.get("date")) if isinstance(item, Mapping) else None
            region = str(item.get("region") or "") if isinstance(item, Mapping) else ""
            if on is not None and on <= day and home and region and region != home:
                held[pk].append(Event(on, max(on, min(as_of, day))))
    return _gathered(held, max, _("对外投资登记"))


def _staffed(day: date, which: Q) -> dict[int, Told]:
    """The latest known month against the one three months before; absent when either is not known."""
    months = [periods.resolved(f"M-{back}", day) for back in range(1, MONTHS_BACK + 4)]
    counts = _recorded("insured_count", months, day, which)
    found = {}
    for pk, by_month in counts.items():
        for at in range(MONTHS_BACK):
            now, before = by_month.get(months[at]), by_month.get(months[at + 3])
            if now is not None and before is not None and before[0] > 0:
                change = (now[0] - before[0]) / before[0]
                found[pk] = Told(change, _("参保人数"), (Event(change, now[1]),))
                break
    return found


def _taxed(day: date, ids: Collection[int] | None) -> dict[int, Told]:
    """Which share of the firms of its street, as far as their tax of last year is known, paid as much or more."""
    year = periods.resolved("Y-1", day)
    paid = {pk: one[year] for pk, one in _recorded("tax_paid", [year], day, Q()).items() if year in one}
    if not paid or (ids is not None and not set(ids) & paid.keys()):
        return {}
    by_street: dict[int, list[tuple[Fraction, int]]] = defaultdict(list)
    for pk, street in streets_of(paid, day).items():
        by_street[street].append((paid[pk][0], pk))
    found = {}
    for listed in by_street.values():
        if len(listed) < ENOUGH_TAXED:
            continue
        ranks: dict[Fraction, int] = {}
        for place, (amount, _pk) in enumerate(sorted(listed, reverse=True), start=1):
            ranks.setdefault(amount, place)  # equal amounts share the better place
        for amount, pk in listed:
            if ids is None or pk in ids:
                share = Fraction(ranks[amount], len(listed))
                found[pk] = Told(share, _("实缴税金"), (Event(share, paid[pk][1]),))
    return found


def streets_of(ids: Iterable[int], day: date) -> dict[int, int]:
    """The street in which the principal place of enterprises stands on a day; those without one are left out."""
    listed = list(ids)
    firms = Enterprise.objects.filter(merged_into=None, seat__isnull=False)
    seats = dict((firms.filter(pk__in=listed) if len(listed) <= MANY else firms).values_list("pk", "seat"))
    above = Coverage.objects.filter(valid_on(day), ancestor__kind=PlaceKind.STREET)
    if len(listed) <= MANY:
        above = above.filter(descendant__in={seats[pk] for pk in listed if pk in seats})
    street = dict(above.values_list("descendant", "ancestor"))
    return {pk: street[seats[pk]] for pk in listed if pk in seats and seats[pk] in street}


MANY: Final = 8_000  # ids that one query may name; beyond, all rows are read


def _recorded(key: str, wanted: Collection[str], day: date, which: Q) -> dict[int, dict[str, tuple[Fraction, date]]]:
    """The number that counts for each enterprise and period, as `enterprises.known` chooses among sources."""
    rows = Fact.objects.filter(which, key=key, period__in=list(wanted), superseded_on=None, as_of__lte=day)
    best: dict[int, dict[str, tuple[Any, Fraction, date]]] = defaultdict(dict)
    told = ("enterprise", "pk", "period", "value", "source_kind", "as_of")
    for pk, number, period, value, kind, as_of in rows.values_list(*told):
        weight = (trust.weight(kind, as_of), number)
        if period not in best[pk] or weight > best[pk][period][0]:
            best[pk][period] = (weight, Fraction(value), as_of)
    return {pk: {period: (value, as_of) for period, (_w, value, as_of) in one.items()} for pk, one in best.items()}


def _latest(rows: Iterable[tuple[int, date | None]], source: str) -> dict[int, Told]:
    held: dict[int, list[Event]] = defaultdict(list)
    for pk, on in rows:
        if on is not None:
            held[pk].append(Event(on, on))
    return _gathered(held, max, source)


def _gathered(held: Mapping[int, list[Event]], choose: Callable[..., Any], source: str) -> dict[int, Told]:
    return {
        pk: Told(choose(event.value for event in events), source, tuple(sorted(events, key=lambda one: one.on)))
        for pk, events in held.items()
    }


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
