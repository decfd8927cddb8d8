"""What is done to ties between members, enterprises, parks and employees, and in service centres 四联与服务中心."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Enterprise, Tenancy
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation.actions.dating import end, locked, refuse_clash, refuse_outside, term
from linqi.organisation.actions.people import KEEPERS
from linqi.organisation.intake import default_centre_services
from linqi.organisation.models import CentreCount, CentreService, Person, ServiceCentre, Tie
from linqi.territory.models import Coverage, Place, PlaceKind


@transaction.atomic
def tie(
    *,
    member: Person,
    enterprise: Enterprise,
    park: Place,
    employees: str,
    since: date,
    generated: bool = False,
    by: Any,
) -> Tie:
    """Tie a Party member to an enterprise of a park and to those who speak for its employees 建立四联."""
    access.require(by, "organisation.party_edit", park)
    access.require(by, "organisation.see", member)
    access.require(by, "enterprises.see", enterprise)
    if park.kind != PlaceKind.PARK:
        raise ValidationError({"park": _("请选择园区。")})
    below = Coverage.objects.filter(valid_on(today()), ancestor=park).values("descendant")
    if not Tenancy.objects.filter(valid_on(today()), enterprise=enterprise, place__in=below).exists():
        raise ValidationError({"enterprise": _("这家企业现在不在该园区，请核对企业或园区。")})
    if not employees.strip():
        raise ValidationError({"employees": _("请写明员工一方由谁联系，写身份，不写姓名。")})
    wanted = term(since, None)
    refuse_outside(wanted, park, str(park))
    locked(member)
    refuse_clash(Tie.objects.filter(member=member, enterprise=enterprise), wanted, str(member))
    made = Tie.objects.create(
        member=member,
        enterprise=enterprise,
        park=park,
        employees=employees.strip(),
        since=since,
        generated=generated,
    )
    journal.write(by=by, verb=Verb.TIED, place=park, tie=made.pk)
    return made


@transaction.atomic
def end_tie(*, tie: Tie, on: date, by: Any) -> Tie:
    """Let a tie end; `on` is the first day without it 解除四联."""
    access.require(by, "organisation.party_edit", tie)
    end(tie, on)
    journal.write(by=by, verb=Verb.TIE_ENDED, place=tie.park, tie=tie.pk, on=on)
    return tie


@transaction.atomic
def open_centre(
    *, place: Place, name: str, address: str = "", since: date, generated: bool = False, by: Any
) -> ServiceCentre:
    """Enter a service centre with the services such a centre usually has 设立服务中心."""
    access.require(by, "organisation.edit", place)
    if place.kind not in KEEPERS:
        raise ValidationError({"place": _("请选择街道或社区。")})
    if not name.strip():
        raise ValidationError({"name": _("请填写服务中心名称。")})
    refuse_outside(term(since, None), place, str(place))
    centre = ServiceCentre.objects.create(
        place=place, name=name.strip(), address=address.strip(), since=since, generated=generated
    )
    CentreService.objects.bulk_create(
        CentreService(centre=centre, name=name, unit=unit) for name, unit in default_centre_services()
    )
    journal.write(by=by, verb=Verb.CENTRE_OPENED, subject=centre, place=place)
    return centre


@transaction.atomic
def add_centre_service(*, centre: ServiceCentre, name: str, unit: str, by: Any) -> CentreService:
    """Add something that a centre offers 新增服务项目."""
    access.require(by, "organisation.edit", centre)
    if centre.services.filter(name=name.strip()).exists():
        raise ValidationError({"name": _("这个服务项目已经有了。")})
    service = CentreService.objects.create(centre=centre, name=name.strip(), unit=unit.strip())
    journal.write(by=by, verb=Verb.CENTRE_SERVICE_ADDED, subject=centre, place=centre.place, name=service.name)
    return service


@transaction.atomic
def count_service(*, service: CentreService, month: date, number: int, by: Any) -> CentreCount:
    """Enter how often a service was used in a month; entering it again corrects it 登记服务量."""
    access.require(by, "organisation.count", service)
    first, centre = month.replace(day=1), service.centre
    if first > today() or first < centre.since.replace(day=1):
        raise ValidationError({"month": _("月份应在服务中心成立之后、不晚于本月，请改选月份。")})
    if number < 0:
        raise ValidationError({"number": _("服务量不能是负数。")})
    before = CentreCount.objects.filter(Q(service=service) & Q(month=first)).values_list("number", flat=True).first()
    count, _new = CentreCount.objects.update_or_create(service=service, month=first, defaults={"number": number})
    journal.write(
        by=by,
        verb=Verb.CENTRE_COUNTED,
        subject=centre,
        place=centre.place,
        service=service.name,
        month=first,
        before=before,
        after=number,
    )
    return count
