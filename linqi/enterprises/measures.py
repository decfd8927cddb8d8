"""What is counted of enterprises: who is here, since when, and what nobody knows yet."""

from datetime import timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linqi.enterprises.models import Claim, ClaimState, Enterprise, Relation, Tenancy
from linqi.enterprises.queries import below_place, places_below, tenancies_open
from linqi.kit.clock import today
from linqi.kit.measures import Measure, Span, register


def _stays(span: Span, place: int) -> QuerySet[Tenancy]:
    here = tenancies_open(on=span.until).filter(place__in=places_below(place, span.until))
    return here.filter(enterprise__merged_into=None)


def _enterprises(stays: QuerySet[Tenancy]) -> int:
    return stays.values("enterprise").distinct().count()


def in_place(span: Span, place: int) -> int:
    """Enterprises that are there on the last day of the span 在驻企业."""
    return _enterprises(_stays(span, place))


def registered(span: Span, place: int) -> int:
    """Those registered there, whether or not they operate there 注册企业."""
    return _enterprises(_stays(span, place).exclude(relation=Relation.OPERATES.value))


def operating(span: Span, place: int) -> int:
    """Those that operate there, whether or not they are registered there 经营企业."""
    return _enterprises(_stays(span, place).exclude(relation=Relation.REGISTERED.value))


def arrived(span: Span, place: int) -> int:
    """Those that came within the span and are there on its last day 新入驻企业."""
    return _enterprises(_stays(span, place).filter(since__gte=span.since))


def left(span: Span, place: int) -> int:
    """Those whose stay there ended within the span 迁出企业."""
    ended = Tenancy.objects.filter(
        until__gte=span.since, until__lte=span.until, place__in=places_below(place, span.until)
    )
    return ended.values("enterprise").distinct().count()


def incomplete(span: Span, place: int) -> int | None:
    """Those of whom industry, capital, founding day or code is unknown; known for today only 关键信息缺失."""
    if span.until != today():
        return None
    rows = below_place(Enterprise.objects.filter(merged_into=None), place)
    unknown = Q(industry_code="") | Q(registered_capital=None) | Q(established_on=None) | Q(uscc="")
    return rows.filter(unknown).count()


def claims_waiting(span: Span, place: int) -> int | None:
    """Claims that nobody has confirmed or rejected; known for today only 待核信息."""
    if span.until != today():
        return None
    here = _stays(span, place).values("enterprise")
    return Claim.objects.filter(state=ClaimState.WAITING.value, enterprise__in=here).count()


def _rows(**filters: str) -> str:
    return f"{reverse('enterprises:list')}?{urlencode(filters)}"


def _today_only(span: Span, **filters: str) -> str:
    return _rows(**filters) if span.until == today() else ""


def _newcomer_rows(span: Span, place: int) -> str:
    month = span.until == today() and span.until - span.since == timedelta(days=29)
    return _rows(place=str(place), newcomer="1") if month else ""


FIRMS = _("家")
register(Measure("enterprises.in_place", _("在驻企业"), FIRMS, in_place, lambda s, p: _today_only(s, place=str(p))))
register(Measure("enterprises.registered", _("注册企业"), FIRMS, registered))
register(Measure("enterprises.operating", _("经营企业"), FIRMS, operating))
register(Measure("enterprises.arrived", _("新入驻企业"), FIRMS, arrived, _newcomer_rows))
register(Measure("enterprises.left", _("迁出企业"), FIRMS, left))
register(Measure("enterprises.incomplete", _("关键信息缺失企业"), FIRMS, incomplete))
register(
    Measure(
        "enterprises.claims_waiting",
        _("待核信息"),
        _("条"),
        claims_waiting,
        lambda s, p: f"{reverse('enterprises:claims')}?place={p}",
    )
)
