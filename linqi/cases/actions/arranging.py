"""Which section settles what, and how long it may take: the two tables a street may make its own."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases.intake import default_limits
from linqi.cases.models import DispatchRow, TimeLimit
from linqi.catalogue.models import CaseClass, Category
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import Term, today
from linqi.organisation.models import Department
from linqi.organisation.queries import departments_of
from linqi.territory.models import Place

PRODUCT_DEFAULT: Final = "产品默认（docs/rules/time_limits.md）"


@transaction.atomic
def seed_time_limits() -> None:
    """Bring the product's own limits to what its file says; run at each migrate 默认时限.

    A street's own rows are not touched. A release of the product and not somebody's act, so no journal entry.
    """
    for row in default_limits():
        TimeLimit.objects.update_or_create(
            street=None,
            case_class=CaseClass(row.case_class).value,
            defaults={
                "accept": row.accept,
                "contact": row.contact,
                "close": row.close,
                "extend": row.extend,
                "source": PRODUCT_DEFAULT,
            },
        )


@transaction.atomic
def seed_defaults(*, street: Place, by: Any) -> int:
    """Fill the gaps of a street's dispatch table: each category to the section with the code it names 套用默认派单表.

    Categories that the street has decided already, and those whose section it does not have, stay as they are. Returns
    how many rows were made.
    """
    access.require(by, "cases.configure", street)
    sections = {department.code: department for department in departments_of(street)}
    decided = set(DispatchRow.objects.filter(street=street, until=None).values_list("category", flat=True))
    rows = [
        DispatchRow(street=street, category=category, department=sections[category.department_code], since=today())
        for category in Category.objects.exclude(pk__in=decided)
        if category.department_code in sections
    ]
    DispatchRow.objects.bulk_create(rows)
    if rows:
        journal.write(by=by, verb=Verb.DISPATCH_TABLE_CHANGED, subject=street, place=street, made=len(rows))
    return len(rows)


@transaction.atomic
def set_dispatch_row(
    *, street: Place, category: Category, department: Department | None, by: Any
) -> DispatchRow | None:
    """From today on a category goes to this section, or to the secretary when none is given 修改派单表.

    The row before ends today and is kept: which section was in charge on an earlier day stays known.
    """
    access.require(by, "cases.configure", street)
    if department is not None and department.street_id != street.pk:
        raise ValidationError({"department": _("只能选本街道的科室。")})
    now_held = DispatchRow.objects.select_for_update().filter(street=street, category=category, until=None).first()
    if (now_held.department_id if now_held else None) == (department.pk if department else None):
        return now_held
    if now_held:
        now_held.until = today()
        now_held.save(update_fields=["until"])
    row = (
        DispatchRow.objects.create(street=street, category=category, department=department, since=today())
        if department
        else None
    )
    journal.write(
        by=by,
        verb=Verb.DISPATCH_TABLE_CHANGED,
        subject=category,
        place=street,
        before=now_held.department_id if now_held else None,
        after=department.pk if department else None,
    )
    return row


@transaction.atomic
def set_time_limit(
    *,
    street: Place,
    case_class: CaseClass,
    accept: str,
    close: str,
    extend: str,
    source: str,
    by: Any,
    contact: str = "",
) -> TimeLimit:
    """The street's own limit for a class, with the document it rests on; cases opened before keep theirs 修改时限."""
    access.require(by, "cases.configure", street)
    terms = {"accept": accept.strip(), "contact": contact.strip(), "close": close.strip(), "extend": extend.strip()}
    for field, text in terms.items():
        if field in ("contact", "extend") and not text:
            continue
        try:
            Term.parse(text)
        except ValueError as error:
            raise ValidationError({field: _("时限须大于零；按自然日计须为整数。")}) from error
    if terms["extend"] and Term.parse(terms["extend"]).unit != Term.parse(terms["close"]).unit:
        raise ValidationError({"extend": _("延期与办结时限须用同一种单位。")})
    if not source.strip():
        raise ValidationError({"source": _("请写明依据，如文件名称与文号。")})
    before = (
        TimeLimit.objects.filter(street=street, case_class=case_class.value)
        .values("accept", "contact", "close", "extend")
        .first()
    )
    limit, _made = TimeLimit.objects.update_or_create(
        street=street, case_class=case_class.value, defaults={**terms, "source": source.strip()}
    )
    journal.write(
        by=by,
        verb=Verb.TIME_LIMIT_CHANGED,
        subject=limit,
        place=street,
        before=before,
        after=terms,
        source=limit.source,
    )
    return limit
