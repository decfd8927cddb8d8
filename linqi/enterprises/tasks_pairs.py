"""The job that looks through a street for records that may be one enterprise."""

from django_tasks import task

from linqi.accounts.models import User
from linqi.enterprises.actions.pairs import propose_pairs
from linqi.territory.models import Place


@task()
def find_pairs(street: int, by: int) -> int:
    """Look through one street on behalf of a user; how many pairs stand proposed then."""
    return propose_pairs(street=Place.objects.get(pk=street), by=User.objects.get(pk=by))
