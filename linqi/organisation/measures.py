"""What we count of link teams 联楼指标."""

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linqi.accounts.queries import valid_on
from linqi.kit.access import SYSTEM
from linqi.kit.clock import today
from linqi.kit.measures import Measure, Number, Span, register, share
from linqi.organisation import queries
from linqi.organisation.rules import Manning
from linqi.territory.models import Coverage


def covered(span: Span, place: int) -> Number:
    """Share of the buildings whose link team is full today; None when there is no building."""
    below = Coverage.objects.filter(valid_on(today()), ancestor=place, descendant=OuterRef("pk"))
    buildings = queries.buildings_with_teams(SYSTEM).filter(Exists(below)).order_by()
    full = queries.by_manning(buildings, [Manning.FULL.value])
    return share(full.count(), buildings.count())


register(
    Measure(
        "organisation.covered",
        _("联楼小组齐备率"),
        "%",
        covered,
        lambda span, place: f"{reverse('organisation:teams')}?manning=full",
    )
)
