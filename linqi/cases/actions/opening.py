"""How a case comes to be: one door for every way of sensing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.cases import queries, rules, understanding
from linqi.cases.actions.attaching import Sent, keep
from linqi.cases.actions.strands import open_strand
from linqi.cases.actions.telling import index_case, tell_workers
from linqi.cases.deadlines import counted
from linqi.cases.dispatch import dispatch
from linqi.cases.flow import LIFE
from linqi.cases.models import Case, DayCount, Source
from linqi.catalogue.models import CaseClass, Category
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.organisation.models import Department
from linqi.territory.models import Place
from linqi.territory.queries import street_of


@dataclass(frozen=True, slots=True)
class Contact:
    """Who asks, where it is no user of ours, and for which enterprise they say they do 联系人."""

    name: str = ""
    phone: str = ""
    enterprise: str = ""


@transaction.atomic
def open_case(
    *,
    enterprise: Enterprise | None,
    place: Place | None = None,
    category: Category,
    title: str,
    body: str = "",
    source: Source,
    case_class: CaseClass | None = None,
    files: Iterable[Sent] = (),
    contact: Contact = Contact(),
    by: Any,
) -> Case:
    """Take in a request, send it to the section that settles such things, and set its deadlines 提交办件.

    Without a place it is where the enterprise sits; without a class it has the one of its category. A street whose
    table names no section loses nothing: the case waits in the secretary's queue. `files` are kept with it, all or
    none. ValidationError says what is missing.
    """
    place = place or (enterprise.seat if enterprise else None)
    if place is None:
        raise ValidationError({"place": _("不知道这家企业在哪里，请选择所在的楼宇或单元。")})
    _require(by, enterprise, place)
    case = take_in(
        enterprise=enterprise,
        place=place,
        category=category,
        title=title,
        body=body,
        source=source,
        case_class=case_class,
        contact=contact,
        reporter=by.pk,
        by=by,
    )
    keep(case, files, by)  # last: nothing that can fail comes after bytes were written
    return case


def take_in(
    *,
    enterprise: Enterprise | None,
    place: Place,
    category: Category,
    title: str,
    body: str,
    source: Source,
    case_class: CaseClass | None = None,
    contact: Contact,
    reporter: int | None = None,
    term: str = "",
    by: Any,
) -> Case:
    """The same for an action that has asked for permission itself, inside its transaction.

    `term`: how long it may take, where whoever opens it has a term of their own (kit.clock Term).
    """
    street = street_of(place)
    if street is None:
        raise ValidationError({"place": _("办件须落在某个街道之内，请选择街道以下的空间。")})
    if not title.strip():
        raise ValidationError({"title": _("请用一句话写明事项。")})
    now = clock.now()
    today = timezone.localdate(now)
    kind = case_class or CaseClass(category.case_class)
    limit = queries.limit_for(place, street, kind, today)
    if limit is None:
        raise ValidationError(_("还没有设置“%(class)s”的办理时限，请联系区级运维。") % {"class": _(kind.label)})
    decision = dispatch(queries.dispatch_rows(street), queries.dispatch_facts(place, category, kind, source, today))
    term = term or limit.close
    due = counted(term, now)
    case = Case.objects.create(
        number=_take_number(today),
        enterprise=enterprise,
        place=place,
        street=street,
        category=category,
        case_class=kind.value,
        title=title.strip(),
        body=body.strip(),
        source=source.value,
        state=LIFE.start,
        contact_name=contact.name.strip()[:60],
        contact_phone=contact.phone.strip()[:30],
        said_enterprise="" if enterprise else contact.enterprise.strip()[:120],
        reporter_id=reporter,
        department_id=decision.department,
        dispatch_basis=decision.basis.value,
        dispatch_row_id=decision.row,
        proposal=understanding.as_kept(understanding.propose(title, body)),
        opened_at=now,
        accept_term=limit.accept,
        contact_term=limit.contact,
        close_term=term,
        extend_term=limit.extend,
        counted_from=now,
        accept_due_at=counted(limit.accept, now).at,
        contact_due_at=counted(limit.contact, now).at if limit.contact else None,
        due_at=due.at,
        due_why=due.why,
        due_provisional=due.provisional,
    )
    journal.write(
        by=by, verb=Verb.CASE_OPENED, subject=case, number=case.number, source=case.source, category=category.code
    )
    journal.write(
        by=access.SYSTEM,
        verb=Verb.CASE_DISPATCHED,
        subject=case,
        department=case.department_id,
        department_name=case.department.name if case.department else "",
        basis=case.dispatch_basis,
        row=case.dispatch_row_id,
    )
    for section in Department.objects.filter(pk__in=decision.together):
        open_strand(case, section, case.title, by=access.SYSTEM)
    index_case(case)
    tell_workers(case, _("新办件：%(title)s") % {"title": case.title}, key=f"case:{case.pk}:dispatched:0")
    return case


def _require(by: Any, enterprise: Enterprise | None, place: Place) -> None:
    """Staff may open what lies in their places; an enterprise user what concerns its own enterprise where it is."""
    if access.may(by, "cases.open", place):
        if enterprise is not None:
            access.require(by, "cases.open", enterprise)
        return
    own = enterprise is not None and enterprise.pk in access.reach_of(by).enterprises("cases.open")
    if enterprise is None or not own or not queries.stands_at(enterprise, place):
        raise PermissionDenied("cases.open")


def _take_number(day: date) -> str:
    """The next number of the day; its row is locked until the case is stored, so two cases never share one."""
    DayCount.objects.get_or_create(day=day, defaults={"last": 0})
    count = DayCount.objects.select_for_update().get(day=day)
    if count.last == 0:  # cases brought in by other ways (the demo street) may have numbers of this day
        highest = Case.objects.filter(number__startswith=rules.number(day, 0)[:-4]).aggregate(top=Max("number"))["top"]
        count.last = int(highest.rpartition("-")[2]) if highest else 0
    count.last += 1
    while Case.objects.filter(number=rules.number(day, count.last)).exists():
        count.last += 1
    count.save(update_fields=["last"])
    return rules.number(day, count.last)
