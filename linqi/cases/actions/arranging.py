"""Which section settles what: the table a street makes its own."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.dispatch import Clause, Fault
from linqi.cases.models import DispatchRow, Source
from linqi.catalogue.models import CaseClass, Category
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation.models import Department
from linqi.organisation.queries import departments_of
from linqi.territory.models import Coverage, Place
from linqi.territory.queries import valid_on


@transaction.atomic
def seed_defaults(*, street: Place, by: Any) -> int:
    """Fill the holes of a street's dispatch table: each category to the section with the code it names 套用默认派单表.

    One row for each section, at the bottom. Categories that a row speaks of already, and those whose section the street
    does not have, stay as they are. Returns how many rows were made.
    """
    access.require(by, "cases.configure", street)
    sections = {department.code: department for department in departments_of(street)}
    rows = queries.dispatch_rows(street)
    holes = {code for one in queries.findings(street, rows, today()) if one.fault is Fault.HOLE for code in one.touched}
    wanted: dict[str, list[str]] = {}
    for category in Category.objects.filter(code__in=holes):
        if category.department_code in sections:
            wanted.setdefault(category.department_code, []).append(category.code)
    bottom = DispatchRow.objects.filter(street=street).aggregate(last=Max("order"))["last"] or 0
    made = [
        DispatchRow(
            street=street,
            order=bottom + place,
            conditions=Clause(categories=frozenset(codes)).written(),
            department=sections[section],
            since=today(),
        )
        for place, (section, codes) in enumerate(wanted.items(), 1)
    ]
    DispatchRow.objects.bulk_create(made)
    if made:
        journal.write(by=by, verb=Verb.DISPATCH_TABLE_CHANGED, subject=street, place=street, made=len(made))
    return len(made)


@transaction.atomic
def save_dispatch_row(
    *,
    street: Place,
    clause: Clause,
    department: Department,
    together: Iterable[Department] = (),
    since: date | None = None,
    until: date | None = None,
    instead_of: DispatchRow | None = None,
    by: Any,
) -> DispatchRow:
    """Put a row at the top of a street's table, or in the place of another, which ends that day 维护派单表.

    Without `since` from today. What was in force on an earlier day stays known, so a row cannot begin in the past.
    """
    access.require(by, "cases.configure", street)
    begins = since or today()
    helping = list(together)
    _check_row(street, clause, department, helping, begins, until)
    table = DispatchRow.objects.select_for_update().filter(street=street)
    if instead_of is not None:
        instead_of = table.get(pk=instead_of.pk)
        if instead_of.until is not None and instead_of.until <= begins:
            raise ValidationError(_("这一行已经停用，请新增一行。"))
        instead_of.until = max(begins, instead_of.since)
        instead_of.save(update_fields=["until"])
        order = instead_of.order
    else:
        order = (table.aggregate(top=Min("order"))["top"] or 0) - 1
    row = DispatchRow.objects.create(
        street=street, order=order, conditions=clause.written(), department=department, since=begins, until=until
    )
    row.together.set(helping)
    journal.write(
        by=by,
        verb=Verb.DISPATCH_TABLE_CHANGED,
        subject=row,
        place=street,
        before=instead_of.pk if instead_of else None,
        conditions=row.conditions,
        department=department.pk,
    )
    return row


@transaction.atomic
def end_dispatch_row(*, row: DispatchRow, by: Any) -> DispatchRow:
    """From today on a row no longer counts; it is kept for the days on which it did 停用派单行."""
    access.require(by, "cases.configure", row.street)
    row = DispatchRow.objects.select_for_update(of=("self",)).select_related("street").get(pk=row.pk)
    if row.until is not None and row.until <= today():
        raise ValidationError(_("这一行已经停用。"))
    row.until = max(today(), row.since)
    row.save(update_fields=["until"])
    journal.write(by=by, verb=Verb.DISPATCH_TABLE_CHANGED, subject=row, place=row.street, ended=row.until.isoformat())
    return row


@transaction.atomic
def move_dispatch_row(*, row: DispatchRow, up: bool, by: Any) -> None:
    """Let a row change places with the one above or below it; what decides first has changed 调整派单表顺序."""
    access.require(by, "cases.configure", row.street)
    rows = list(DispatchRow.objects.select_for_update().filter(street=row.street).exclude(until__lte=today()))
    at = next((place for place, one in enumerate(rows) if one.pk == row.pk), None)
    if at is None:
        raise ValidationError(_("这一行已经停用。"))
    other = at - 1 if up else at + 1
    if not 0 <= other < len(rows):
        return
    rows[at], rows[other] = rows[other], rows[at]
    for place, one in enumerate(rows):
        one.order = place
    DispatchRow.objects.bulk_update(rows, ["order"])
    journal.write(by=by, verb=Verb.DISPATCH_TABLE_CHANGED, subject=row, place=row.street, moved="up" if up else "down")


def _check_row(
    street: Place,
    clause: Clause,
    department: Department,
    together: list[Department],
    since: date,
    until: date | None,
) -> None:
    wrong: dict[str, str] = {}
    if since < today():
        wrong["since"] = _("不能从过去的日期起改派：已派的办件不会改变。")
    if until is not None and until <= since:
        wrong["until"] = _("停用日期须晚于启用日期。")
    if department.street_id != street.pk or any(one.street_id != street.pk for one in together):
        wrong["department"] = _("只能选本街道的科室。")
    if department in together:
        wrong["together"] = _("主办科室不必再列为协办。")
    known = set(Category.objects.filter(code__in=clause.categories).values_list("code", flat=True))
    if lost := clause.categories - known:
        wrong["categories"] = _("没有这样的类别：%(codes)s") % {"codes": "、".join(sorted(lost))}
    here = Coverage.objects.filter(valid_on(today()), ancestor=street, descendant__in=clause.places)
    if clause.places - set(here.values_list("descendant", flat=True)):
        wrong["places"] = _("只能选本街道之内的空间。")
    if not clause.classes <= set(CaseClass.values) or not clause.sources <= set(Source.values):
        wrong["classes"] = _("没有这样的类型或来源。")
    if wrong:
        raise ValidationError(wrong)
