"""What runs beside the pages for visits: searching for better plans."""

from django_tasks import task

from linqi.accounts.models import User
from linqi.visits.actions.planning import search_week
from linqi.visits.models import WeekPlan


@task()
def search(plan: int, by: int) -> None:
    """Look for a better plan of a week on behalf of a user."""
    search_week(plan=WeekPlan.objects.get(pk=plan), by=User.objects.get(pk=by))
