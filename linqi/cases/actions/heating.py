"""Hot issues, looked for at night: open cases of several askers that may be one problem."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.cases import comparing
from linqi.cases.models import Case, HotIssue
from linqi.kit import access, clock
from linqi.kit.access import Role
from linqi.notifications.actions import notify
from linqi.organisation.queries import staff_over
from linqi.territory.models import Place

EVERY: Final = timedelta(hours=20)  # once a night
NIGHT: Final = range(1, 6)  # hours of the day; product default


def find_hot(*, street: Place, by: Any) -> int:
    """Look through a street's pool and keep what was found, in place of the last time; how many groups 查找热点.

    The leader hears of a group that begins with a case not known as hot before. It proposes and changes no case, so
    the journal is not told.
    """
    access.require(by, "cases.merge", street)
    groups = comparing.hot(street)
    now = clock.now()
    with transaction.atomic():
        known = {pk for row in HotIssue.objects.filter(street=street) for pk in row.cases}
        HotIssue.objects.filter(street=street).delete()
        kept = groups or [[]]  # an empty one says that this night has been looked through
        HotIssue.objects.bulk_create(HotIssue(street=street, cases=group, found_at=now) for group in kept)
        new = [group for group in groups if not known.intersection(group)]
        firsts, leaders = Case.objects.in_bulk([group[0] for group in new]), staff_over(street, Role.STREET_LEADER)
        for group in new:
            notify(
                users=leaders,
                title=_("可能是热点：%(title)s") % {"title": firsts[group[0]].title},
                body=_("有 %(n)s 件相近的诉求，请看是不是一回事。") % {"n": len(group)},
                url=reverse("cases:hot"),
                key=f"hot:{group[0]}",
            )
    return len(groups)


def find_hot_at_night(now: datetime) -> int:
    """Once a night for each street that has cases 夜间热点."""
    if timezone.localtime(now).hour not in NIGHT:
        return 0
    since = HotIssue.objects.filter(found_at__gt=now - EVERY).values("street")
    streets = Place.objects.filter(pk__in=Case.objects.values("street").distinct()).exclude(pk__in=since)
    return sum(find_hot(street=street, by=access.SYSTEM) for street in streets)
