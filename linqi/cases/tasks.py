"""What runs beside the pages for cases."""

from django_tasks import task

from linqi.accounts.models import User
from linqi.cases import actions
from linqi.kit import ticker
from linqi.territory.models import Place

ticker.register("cases", actions.tick)
ticker.register("cases.reader", actions.learn_when_due)
ticker.register("cases.hot", actions.find_hot_at_night)


@task()
def find_hot(street: int, by: int) -> None:
    """Look for hot issues on behalf of a user."""
    actions.find_hot(street=Place.objects.get(pk=street), by=User.objects.get(pk=by))
