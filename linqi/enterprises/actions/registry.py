"""What is done to the registry: enterprises come, change, move in and move out 企业登记."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.enterprises.models import Enterprise, Relation, Tenancy
from linqi.enterprises.rules.names import name_key
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.territory.models import Place

REGISTRY_COLUMNS: Final = (
    "uscc",
    "old_number",
    "name",
    "entity_type",
    "registration_status",
    "established_on",
    "registered_capital",
    "capital_currency",
    "registered_address",
    "registration_region",
    "business_scope",
    "industry_code",
    "industry_source",
    "source",
    "as_of",
)
Changed = Callable[[list[int]], None]
_changed: list[Changed] = []


def on_change(told: Changed) -> Changed:
    """Have `told(ids)` called in the same transaction when enterprises changed or moved; usable as a decorator."""
    if told not in _changed:
        _changed.append(told)
    return told


@transaction.atomic
def create_enterprise(
    *,
    name: str,
    place: Place,
    relation: str,
    source: str,
    as_of: date,
    since: date | None = None,
    room: str = "",
    shared: bool = False,
    clustered: bool = False,
    registered: Mapping[str, Any] | None = None,
    by: Any,
) -> Enterprise:
    """Enter an enterprise that nobody has entered yet, at the place where it is 登记企业.

    `registered`: other columns of the registry (REGISTRY_COLUMNS); what is left out is unknown. ValidationError when
    its credit code is already there.
    """
    access.require(by, "enterprises.edit", place)
    columns = _known_columns(registered or {}) | {"name": name, "source": source, "as_of": as_of}
    _refuse_taken(columns.get("uscc", ""))
    enterprise = Enterprise.objects.create(**columns, name_key=name_key(name))
    Tenancy.objects.create(
        enterprise=enterprise,
        place=place,
        relation=Relation(relation).value,
        since=since,
        room=room,
        shared=shared,
        clustered=clustered,
        source=source,
    )
    settle([enterprise.pk])
    enterprise.refresh_from_db()
    journal.write(by=by, verb=Verb.ENTERPRISE_CREATED, subject=enterprise, enterprise=enterprise, place=place)
    return enterprise


@transaction.atomic
def change_enterprise(*, enterprise: Enterprise, changes: Mapping[str, Any], by: Any) -> Enterprise:
    """Correct what the registry says of an enterprise; the journal keeps what stood there before 修改企业."""
    access.require(by, "enterprises.edit", enterprise)
    enterprise = Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    columns = {key: value for key, value in _known_columns(changes).items() if getattr(enterprise, key) != value}
    if not columns:
        return enterprise
    if columns.get("uscc"):
        _refuse_taken(columns["uscc"], but=enterprise.pk)
    before = {key: _plain(getattr(enterprise, key)) for key in columns}
    for key, value in columns.items():
        setattr(enterprise, key, value)
    enterprise.name_key = name_key(enterprise.name)
    enterprise.save(update_fields=[*columns, "name_key", "updated_at"])
    tell_changed([enterprise.pk])
    after = {key: _plain(value) for key, value in columns.items()}
    journal.write(
        by=by, verb=Verb.ENTERPRISE_CHANGED, subject=enterprise, enterprise=enterprise, before=before, after=after
    )
    return enterprise


@transaction.atomic
def begin_tenancy(
    *,
    enterprise: Enterprise,
    place: Place,
    relation: str,
    since: date | None,
    source: str,
    room: str = "",
    area_m2: Any = None,
    shared: bool = False,
    clustered: bool = False,
    by: Any,
) -> Tenancy:
    """Enter that an enterprise is at a place from a day on 登记入驻. One who may edit the place may do it."""
    access.require(by, "enterprises.edit", place)
    day = today()
    if Tenancy.objects.filter(_open_on(day), enterprise=enterprise, place=place, room=room).exists():
        raise ValidationError({"place": _("该企业已登记在此处。")})
    tenancy = Tenancy.objects.create(
        enterprise=enterprise,
        place=place,
        relation=Relation(relation).value,
        since=since,
        room=room,
        area_m2=area_m2,
        shared=shared,
        clustered=clustered,
        source=source,
    )
    settle([enterprise.pk])
    journal.write(
        by=by, verb=Verb.TENANCY_BEGUN, subject=tenancy, enterprise=enterprise, place=place, relation=tenancy.relation
    )
    return tenancy


@transaction.atomic
def end_tenancy(*, tenancy: Tenancy, until: date, by: Any) -> Tenancy:
    """Enter that an enterprise has left a place; `until` is the first day it is no longer there 登记迁出."""
    access.require(by, "enterprises.edit", tenancy)
    tenancy = Tenancy.objects.select_for_update().get(pk=tenancy.pk)
    if tenancy.until is not None:
        raise ValidationError({"until": _("该入驻已经结束。")})
    if tenancy.since is not None and until <= tenancy.since:
        raise ValidationError({"until": _("迁出日期须晚于入驻日期。")})
    tenancy.until = until
    tenancy.save(update_fields=["until"])
    settle([tenancy.enterprise_id])
    journal.write(
        by=by,
        verb=Verb.TENANCY_ENDED,
        subject=tenancy,
        enterprise=tenancy.enterprise_id,
        place=tenancy.place_id,
        until=until.isoformat(),
    )
    return tenancy


@transaction.atomic
def settle(enterprises: Enterprise | int | Iterable[Enterprise | int], on: date | None = None) -> int:
    """Say anew where each enterprise principally is, from the tenancies open on the day 主要场所; how many changed.

    Operating goes before registered, then the latest arrival. Called by whoever writes tenancies, in bulk too: four
    queries for each 1,000 enterprises.
    """
    several = [enterprises] if isinstance(enterprises, (Enterprise, int)) else list(enterprises)
    ids = list(dict.fromkeys(one.pk if isinstance(one, Enterprise) else one for one in several))
    day = on or today()
    changed = 0
    for start in range(0, len(ids), 1000):
        changed += _settle_block(ids[start : start + 1000], day)
    tell_changed(ids)
    return changed


@transaction.atomic
def remember_export(*, rows: int, query: str, by: Any) -> None:
    """Keep who took a list of enterprises out, how many rows and by which filters 导出留痕."""
    if not access.may_anywhere(by, "enterprises.export"):
        raise PermissionDenied("enterprises.export")
    journal.write(by=by, verb=Verb.EXPORTED, what="enterprises.Enterprise", rows=rows, query=query[:500])


def principal(tenancies: Iterable[Tenancy]) -> Tenancy | None:
    """The principal one among open tenancies: operating before registered, then the latest, then the first entered."""
    return min(tenancies, key=_rank, default=None)


def _settle_block(ids: list[int], day: date) -> int:
    held: dict[int, list[Tenancy]] = defaultdict(list)
    for tenancy in Tenancy.objects.filter(_open_on(day), enterprise__in=ids):
        held[tenancy.enterprise_id].append(tenancy)
    moved = []
    for enterprise in Enterprise.objects.filter(pk__in=ids).only("pk", "seat_id"):
        first = principal(held[enterprise.pk])
        seat = first.place_id if first else None
        if enterprise.seat_id != seat:
            enterprise.seat_id = seat
            moved.append(enterprise)
    Enterprise.objects.bulk_update(moved, ["seat"], batch_size=500)
    return len(moved)


def _rank(tenancy: Tenancy) -> tuple[bool, int, int]:
    since = tenancy.since.toordinal() if tenancy.since else 0
    return tenancy.relation == Relation.REGISTERED, -since, tenancy.pk


def _open_on(day: date) -> Q:
    return (Q(until=None) | Q(until__gt=day)) & (Q(since=None) | Q(since__lte=day))


def _known_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    if strange := set(values) - set(REGISTRY_COLUMNS):
        raise ValueError(f"Not columns of the registry: {sorted(strange)}")
    return dict(values)


def _refuse_taken(uscc: str, but: int | None = None) -> None:
    taken = Enterprise.objects.filter(uscc=uscc, merged_into=None)
    if uscc and (taken if but is None else taken.exclude(pk=but)).exists():
        raise ValidationError({"uscc": _("该统一社会信用代码已登记。")})


def tell_changed(ids: list[int]) -> None:
    """Tell those who listen (`on_change`) that these enterprises changed, came or left; they keep search true."""
    for told in _changed:
        told(ids)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
