"""What we count of bins 垃圾分类指标. None is unknown: a share of no bins is none."""

from datetime import datetime, time, timedelta

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linqi.kit import clock
from linqi.kit.measures import Measure, Number, Span, register, share
from linqi.territory.models import Place
from linqi.waste import purity, queries
from linqi.waste.models import Clue

LOOKED_WITHIN = timedelta(hours=24)  # a clue is looked at within a day; product default


def bins_reporting(span: Span, place: int) -> Number:
    """Share of the bins in use of which something was stored within six hours; bins without a device count as not reporting."""
    found = queries.reporting(place, clock.now())
    return share(found.reporting, found.bins)


def looked_in_time(span: Span, place: int) -> Number:
    """Share of the clues raised in the span that a person looked at within a day; those whose day is not over are left out."""
    begins = datetime.combine(span.since, time(), clock.ZONE)
    ends = min(datetime.combine(span.until + timedelta(days=1), time(), clock.ZONE), clock.now() - LOOKED_WITHIN)
    rows = Clue.objects.filter(bin__place__in=queries.below(place), raised_at__gte=begins, raised_at__lt=ends)
    soon = rows.filter(looked_at__lte=F("raised_at") + LOOKED_WITHIN)
    return share(soon.count(), rows.count())


def pure(span: Span, place: int) -> Number:
    """Share of what people looked at below a place that was sorted rightly; None when nothing was looked at."""
    rows = purity.of_buildings(Place.objects.get(pk=place), (span.since, span.until + timedelta(days=1)))
    return share(sum(one.clean for one in rows), sum(one.looked_at for one in rows))


register(
    Measure(
        "waste.reporting",
        _("垃圾桶在线率"),
        _("%"),
        bins_reporting,
        lambda span, place: f"{reverse('waste:live')}?state=silent",
    )
)
register(
    Measure("waste.looked", _("线索按时核看率"), _("%"), looked_in_time, lambda span, place: reverse("waste:clues"))
)
register(Measure("waste.purity", _("分类纯度"), _("%"), pure, lambda span, place: reverse("waste:purity")))
