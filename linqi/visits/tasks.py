"""What runs beside the pages for visits: searching for better plans, and taking away what was kept long enough."""

from django_tasks import task

from linqi.accounts.models import User
from linqi.kit import ticker
from linqi.visits.actions import keeping
from linqi.visits.actions.planning import search_week
from linqi.visits.models import WeekPlan

ticker.register("visits.keeping", keeping.tick)


@task()
def search(plan: int, by: int) -> None:
    """Look for a better plan of a week on behalf of a user."""
    search_week(plan=WeekPlan.objects.get(pk=plan), by=User.objects.get(pk=by))
