"""What users hold, and what stands below it."""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from linqi.accounts.models import Grant
from linqi.kit.access import Held
from linqi.kit.clock import today
from linqi.territory.models import Coverage


class Directory:
    """What `kit.access` asks: the grants valid today, and the rows that stand below a place today."""

    def held_by(self, user: Any) -> tuple[Held, ...]:
        grants = grants_valid(today()).filter(user=user).select_related("role")
        return tuple(
            Held(
                role=grant.role.code,
                permissions=frozenset(grant.role.permissions),
                place=grant.place_id,
                enterprise=grant.enterprise,
                department=grant.department,
            )
            for grant in grants
        )

    def below(self, places: tuple[int, ...], column: str) -> Q:
        standing = Coverage.objects.filter(valid_on(today()), ancestor__in=places, descendant=OuterRef(column))
        return Q(Exists(standing))


def grants_valid(day: date) -> QuerySet[Grant]:
    """Grants that are held on this day."""
    return Grant.objects.filter(valid_on(day))


def valid_on(day: date) -> Q:
    """Rows with `since` and `until` that hold on this day."""
    return Q(since__lte=day) & (Q(until=None) | Q(until__gt=day))
