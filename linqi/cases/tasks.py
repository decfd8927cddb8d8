"""What runs beside the pages for cases."""

from datetime import datetime, time
from typing import Final

from django.utils import timezone
from django_tasks import task

from linqi.accounts.models import User
from linqi.cases import actions, queries
from linqi.cases.views.lists import cases_in
from linqi.kit import ticker
from linqi.territory.models import Place

ticker.register("cases", actions.tick)
ticker.register("cases.reader", actions.learn_when_due)
ticker.register("cases.hot", actions.find_hot_at_night)

VIEWS_AT: Final = time(8, 0)  # product default: before the day's digest of mail goes out


def news_of_views(now: datetime) -> int:
    """Once a day, from the morning on, each subscriber hears what has come into their lists; how many cases 视图汇总."""
    local = timezone.localtime(now)
    if local.time() < VIEWS_AT:
        return 0
    return sum(
        actions.tell_of_view(
            subscription=one,
            shown=cases_in(one.view.query, one.user).values_list("pk", flat=True)[: actions.MOST_IN_VIEW + 1],
        )
        for one in queries.subscriptions_due(local.date())
    )


ticker.register("cases.views", news_of_views)


@task()
def find_hot(street: int, by: int) -> None:
    """Look for hot issues on behalf of a user."""
    actions.find_hot(street=Place.objects.get(pk=street), by=User.objects.get(pk=by))
