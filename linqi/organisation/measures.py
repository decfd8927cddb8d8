"""What we count of link teams and posts 组织指标. Party organisations are counted only inside their own space."""

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linqi.accounts.queries import valid_on
from linqi.kit.access import SYSTEM
from linqi.kit.clock import today
from linqi.kit.measures import Measure, Number, Span, register, share
from linqi.organisation import queries
from linqi.organisation.models import LinkTeamSeat, PostHolding
from linqi.organisation.rules import SEATS, Manning, Post
from linqi.territory.models import Coverage, Place, PlaceKind


def covered(span: Span, place: int) -> Number:
    """Share of the buildings whose link team is full today; None when there is no building."""
    below = Coverage.objects.filter(valid_on(today()), ancestor=place, descendant=OuterRef("pk"))
    buildings = queries.buildings_with_teams(SYSTEM).filter(Exists(below)).order_by()
    full = queries.by_manning(buildings, [Manning.FULL.value])
    return share(full.count(), buildings.count())


def vacant_seats(span: Span, place: int) -> Number:
    """Seats of today's link teams that nobody holds; None when there is no team."""
    below = Coverage.objects.filter(valid_on(today()), ancestor=place, descendant=OuterRef("building"))
    teams = queries.teams_in_force().filter(Exists(below))
    number = teams.count()
    held = LinkTeamSeat.objects.filter(team__in=teams.values("pk"), until=None, role__in=SEATS).count()
    return number * len(SEATS) - held if number else None


def vacant_posts(span: Span, place: int) -> Number:
    """Posts of secretaries and specialists that nobody holds today; None when there is no economic community."""
    below = Coverage.objects.filter(valid_on(today()), ancestor=place, descendant=OuterRef("pk"))
    communities = Place.objects.filter(Exists(below), valid_on(today()), kind=PlaceKind.COMMUNITY).exclude(
        community_kind="residential"
    )
    number = communities.count()
    held = PostHolding.objects.filter(valid_on(today()), community__in=communities.values("pk")).count()
    return number * len(Post) - held if number else None


register(
    Measure(
        "organisation.vacant_seats",
        _("联楼小组空缺席位"),
        _("个"),
        vacant_seats,
        lambda span, place: f"{reverse('organisation:teams')}?manning=vacant",
    )
)
register(
    Measure(
        "organisation.vacant_posts",
        _("社区岗位空缺"),
        _("个"),
        vacant_posts,
        lambda span, place: reverse("organisation:chart"),
    )
)
register(
    Measure(
        "organisation.covered",
        _("联楼小组齐备率"),
        "%",
        covered,
        lambda span, place: f"{reverse('organisation:teams')}?manning=full",
    )
)
