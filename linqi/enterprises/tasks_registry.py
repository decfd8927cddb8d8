"""Jobs of the registry: look for records that may be one enterprise, and make many enterprises findable."""

from django_tasks import task

from linqi.accounts.models import User
from linqi.enterprises.actions.pairs import propose_pairs
from linqi.territory.models import Place


@task()
def find_pairs(street: int, by: int) -> int:
    """Look through one street on behalf of a user; how many pairs stand proposed then."""
    return propose_pairs(street=Place.objects.get(pk=street), by=User.objects.get(pk=by))


@task()
def make_findable(ids: list[int]) -> None:
    """Bring the words of these enterprises up to date."""
    from linqi.enterprises.searchable import write_words

    write_words(ids)
