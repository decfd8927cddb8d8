"""What is known of enterprises, as conditions read it: one enterprise's facts, and all of them as columns in memory 已知信息.

The columns are loaded once and follow the journal: an act about an enterprise makes its row new, an import makes everything new.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, Final

import numpy as np
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.analytics import bits
from linqi.analytics.bits import Words
from linqi.analytics.columns import Column
from linqi.conditions import values
from linqi.conditions.book import Book
from linqi.conditions.book import Field as Asked
from linqi.conditions.facts import Known
from linqi.conditions.population import Answers, Population, made
from linqi.conditions.rules import Rule
from linqi.conditions.values import Kind
from linqi.enterprises import dictionary
from linqi.enterprises.models import Enterprise, Fact, Relation, Tenancy
from linqi.enterprises.queries import COLUMN_KEYS, below_place
from linqi.enterprises.rules import trust
from linqi.journal.models import Entry, Head
from linqi.journal.verbs import Verb
from linqi.kit.clock import today

UNASKED: Final = frozenset(
    {"uscc", "name", "registered_address", "unit_id"}
)  # they name an enterprise; nothing is decided by them
APART: Final = frozenset({"party_org"})  # Party information never decides about an enterprise (ADR 9)
HERE, OPERATES = "registered_here", "actual_operation_here"
_NEW: Final = frozenset(  # after these all rows are read again
    {
        Verb.IMPORT_APPLIED,
        Verb.IMPORT_UNDONE,
        Verb.PAIR_MERGED,
        Verb.PAIR_UNDONE,
        Verb.DEMO_GENERATED,
        Verb.PLACE_CLOSED,
    }
)
_LAST: Final = 1 << 62  # stands behind the number of every recorded fact
_FEW: Final = 500  # rows read again one by one; beyond, all at once
_Best = dict[tuple[str, str], tuple[tuple[int, date], int, Any, str, str, date]]


@lru_cache(maxsize=1)
def book() -> Book:
    """The fields that conditions may ask of an enterprise 判定字段."""
    return Book(
        Asked(
            key=field.key,
            zh=field.zh,
            en=field.en,
            type=field.type,
            unit=field.unit,
            period=field.period,
            values=tuple((word.code, word.zh, word.en) for word in field.values),
            formula=field.derived,
            group=field.holder_label,
            asked=field.asked_for,
            apart=field.key in APART,
        )
        for field in dictionary.fields().values()
        if field.key not in UNASKED
    )


def facts_on(enterprise: Enterprise, day: date) -> dict[tuple[str, str], Known]:
    """What was known of one enterprise on a day, (key, period) → value with its source 某日已知.

    A statement counts from the day it was recorded and the day it speaks for, whichever is later; of several kinds of source the one
    that `rules.trust` prefers counts, and the others make it disputed. The registry's columns and the tenancies are sources too.
    """
    return _facts([enterprise], day)[enterprise.pk]


@dataclass(frozen=True, slots=True)
class Said:
    """A word that is not recorded: what it says, which kind of source it would be, and as of which day 假定说法."""

    key: str
    period: str
    value: Any
    kind: str
    source: str
    as_of: date


def facts_if(enterprise: Enterprise, day: date, said: Said) -> dict[tuple[str, str], Known]:
    """As `facts_on`, if this were recorded as well; nothing is written 假如采信."""
    return _facts([enterprise], day, said)[enterprise.pk]


def facts_of(enterprises: Iterable[Enterprise], day: date) -> dict[int, dict[tuple[str, str], Known]]:
    """As `facts_on` for several enterprises by id; two queries however many they are 多户某日已知."""
    return _facts(enterprises, day)


def population(day: date | None = None) -> Population:
    """Every enterprise that is not merged into another, in columns, as known on a day 企业总体.

    Kept in memory for today and brought up to date from the journal at each call; another day is read anew.
    """
    wanted = today() if day is None else day
    return _read(wanted) if wanted != today() else _kept.population(wanted)


def answers(rules: Iterable[Rule], day: date | None = None) -> Answers:
    """What rules say of every enterprise on a day 批量判定."""
    return population(day).run(rules)


def standing_at(place: int, day: date | None = None) -> Words:
    """Which rows of the population stand at or below a place, as a bitmap; to be asked right after `population`."""
    people = population(day)
    return _kept.place(people, place) if people.day == today() else _standing(people, place)


def forget() -> None:
    """Let go of what is kept in memory, such as between tests that each have their own database."""
    _kept.population_ = None
    _kept.places.clear()


class _Kept:
    """The population of today, and up to which entry of which journal it is true."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.population_: Population | None = None
        self.upto, self.digest = 0, ""
        self.places: dict[int, tuple[int, str, Words]] = {}

    def place(self, people: Population, place: int) -> Words:
        """The rows at a place, kept until the journal goes on."""
        held = self.places.get(place)
        if held is None or held[:2] != (self.upto, self.digest):
            self.places[place] = held = (self.upto, self.digest, _standing(people, place))
        return held[2]

    def population(self, day: date) -> Population:
        with self.lock:
            head = Head.objects.values_list("count", "digest").first() or (0, "")
            kept = self.population_
            if kept is None or kept.day != day or not self._follow(kept, head[0]):
                self.population_ = kept = _read(day)
            self.upto, self.digest = head
            return kept

    def _follow(self, kept: Population, upto: int) -> bool:
        """Make the rows new that the journal speaks of; False when all must be read again."""
        if self.upto and not Entry.objects.filter(pk=self.upto, digest=self.digest).exists():
            return False  # another journal: a restored or a test database
        if upto == self.upto:
            return True
        news = Entry.objects.filter(pk__gt=self.upto, pk__lte=upto)
        if news.filter(verb__in=[verb.value for verb in _NEW]).exists():
            return False
        told = news.filter(verb__startswith="enterprises.").exclude(enterprise=None)
        told = told.exclude(verb=Verb.SECRETS_READ.value)  # reading changes nothing
        touched = {pk for pk in told.values_list("enterprise", flat=True) if pk is not None}
        if len(touched) > _FEW:
            return False
        changed = list(Enterprise.objects.filter(pk__in=touched))
        rows = {one.pk: kept.row_of(one.pk) for one in changed if one.merged_into_id is None}
        if None in rows.values() or len(rows) != len(touched):
            return False
        facts = _facts(changed, kept.day)
        for pk, row in rows.items():
            assert row is not None
            kept.update(row, {at: known for at, known in facts[pk].items() if at[0] in kept.book})
        return True


_kept: Final = _Kept()


def _standing(people: Population, place: int) -> Words:
    rows = below_place(Enterprise.objects.filter(merged_into=None), place, people.day)
    here = np.fromiter(rows.order_by().values_list("pk", flat=True).iterator(chunk_size=10_000), np.int64)
    return bits.pack(np.isin(people.ids, here))


def _facts(
    enterprises: Iterable[Enterprise], day: date, said: Said | None = None
) -> dict[int, dict[tuple[str, str], Known]]:
    listed = list(enterprises)
    best: dict[int, _Best] = {one.pk: {} for one in listed}
    disputed: set[tuple[int, str, str]] = set()
    statements = _statements(day, Q(enterprise__in=list(best)))
    if said is not None:
        statements = _and(statements, said, listed[0].pk)
    for pk, number, key, period, value, kind, source, as_of in statements:
        held = best[pk].get((key, period))
        weight = trust.weight(kind, as_of)
        if held is not None and held[2] != value and held[3] != kind:
            disputed.add((pk, key, period))
        if held is None or (weight, number) > held[:2]:
            best[pk][key, period] = (weight, number, value, kind, source, as_of)
    stays = _stays(day, Q(enterprise__in=list(best)))
    found = {}
    for one in listed:
        known = {
            (key, period): Known(dictionary.typed(key, value), source, as_of, (one.pk, key, period) in disputed)
            for (key, period), (_weight, _number, value, _kind, source, as_of) in best[one.pk].items()
            if key in dictionary.fields()
        }
        for key, column in COLUMN_KEYS.items():
            if (value := getattr(one, column)) not in (None, "") and key not in UNASKED and one.as_of <= day:
                other = known.get((key, ""))
                known[key, ""] = Known(
                    value, one.source, one.as_of, other is not None and other.value != Known(value).value
                )
        if one.uscc:
            known.setdefault(("registration_country", ""), Known("CN", _("统一社会信用代码"), one.as_of))
        for key, value in stays.get(one.pk, {}).items():
            known.setdefault((key, ""), Known(value, _("入驻登记"), day))
        found[one.pk] = known
    return found


_Statement = tuple[int, int, str, str, Any, str, str, date]


def _and(rows: Iterable[_Statement], said: Said, enterprise: int) -> Iterable[_Statement]:
    """The statements and one more: older ones of its kind give way to it, and it gives way to a newer one."""
    newest = True
    for row in rows:
        same = (row[2], row[3], row[5]) == (said.key, said.period, said.kind)
        if same and row[7] <= said.as_of:
            continue
        newest = newest and not same
        yield row
    if newest:
        yield enterprise, _LAST, said.key, said.period, said.value, said.kind, said.source, said.as_of


def _statements(day: date, which: Q) -> Iterable[_Statement]:
    """The facts that were known on a day; of one kind of source only the newest word on each field and period."""
    rows = Fact.objects.filter(which, as_of__lte=day)
    if day >= today():
        rows = rows.filter(superseded_on=None)
    else:
        rows = rows.filter(recorded_at__lt=timezone.make_aware(datetime.combine(day + timedelta(days=1), time())))
    told = ("enterprise", "pk", "key", "period", "value", "source_kind", "source", "as_of")
    if day >= today():
        return rows.values_list(*told).iterator(chunk_size=10_000)
    newest: dict[tuple[int, str, str, str], Any] = {}
    for row in rows.order_by("as_of", "pk").values_list(*told).iterator(chunk_size=10_000):
        newest[row[0], row[2], row[3], row[5]] = row
    return newest.values()


def _stays(day: date, which: Q) -> Mapping[int, Mapping[str, bool]]:
    """Whether enterprises are registered and do business here, as their open tenancies say."""
    open_ = Tenancy.objects.filter(which, Q(until=None) | Q(until__gt=day), Q(since=None) | Q(since__lte=day))
    held: dict[int, dict[str, bool]] = {}
    for pk, relation in open_.values_list("enterprise", "relation"):
        one = held.setdefault(pk, {HERE: False, OPERATES: False})
        one[HERE] |= relation != Relation.OPERATES
        one[OPERATES] |= relation != Relation.REGISTERED
    return held


@dataclass(slots=True)
class _Gathered:
    """Values of one field and period, while they are collected."""

    rows: list[int]
    found: list[Any]


def _read(day: date) -> Population:
    """All enterprises in columns; four queries."""
    asked = book()
    register = list(
        Enterprise.objects.filter(merged_into=None)
        .order_by("pk")
        .values_list("pk", "as_of", "uscc", *COLUMN_KEYS.values())
    )
    ids = [row[0] for row in register]
    row_of = {pk: row for row, pk in enumerate(ids)}
    best: dict[tuple[str, str], dict[int, tuple[Any, ...]]] = {}
    for pk, number, key, period, value, kind, _source, as_of in _statements(day, Q()):
        row = row_of.get(pk)
        if row is None or key not in asked:
            continue
        held = best.setdefault((key, period), {})
        weight = (trust.weight(kind, as_of), number)
        if row not in held or weight > held[row][0]:
            held[row] = (weight, value)
    gathered: dict[tuple[str, str], dict[int, Any]] = {
        (key, period): {
            row: _exact(asked[key].kind, dictionary.typed(key, value), day) for row, (_weight, value) in held.items()
        }
        for (key, period), held in best.items()
    }
    for place, key in enumerate(COLUMN_KEYS):
        if key in asked:
            kind = asked[key].kind
            said = {
                row: _exact(kind, one[3 + place], day)
                for row, one in enumerate(register)
                if one[3 + place] not in (None, "") and one[1] <= day
            }
            gathered.setdefault((key, ""), {}).update(said)
    country = gathered.setdefault(("registration_country", ""), {})
    for row, one in enumerate(register):
        if one[2]:
            country.setdefault(row, "CN")
    for pk, stay in _stays(day, Q()).items():
        if (row := row_of.get(pk)) is not None:
            for key, value in stay.items():
                gathered.setdefault((key, ""), {}).setdefault(row, value)
    recorded: dict[tuple[str, str], Column] = {
        at: made(asked[at[0]].kind, len(ids), list(held), list(held.values())) for at, held in gathered.items() if held
    }
    return Population(np.array(ids, np.int64), asked, day, recorded)


def _exact(kind: Kind, value: Any, day: date) -> Any:
    if kind == Kind.NUMBER:
        return values.exact(value)
    if kind == Kind.SET:
        return values.valid_items(value, day)
    return value
