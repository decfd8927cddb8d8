"""Whose measures somebody may see: one's own, and those of whom one assesses 人员成效的知情范围.

No measure of a person is shown to anybody else, and none is set beside another's (国办函〔2026〕12号: no ranking).
"""

from typing import Any

from django.db.models import QuerySet

from linqi.accounts.models import RoleRecord, User
from linqi.accounts.queries import grants_valid, valid_on
from linqi.kit.access import System, reach_of, seen_by
from linqi.kit.clock import today
from linqi.territory.models import Coverage
from linqi.visits.models import Finding, Visit

ASSESS, RECORD = "visits.assess", "visits.record"


def assessed_by(user: Any) -> QuerySet[User]:
    """The people whom a user assesses: they record visits at or below a place over which the user assesses 所辖人员.

    Who assesses as well is assessed only from above: from a place that truly stands over theirs. Nobody assesses themselves.
    """
    nobody: QuerySet[User] = User.objects.none()
    if isinstance(user, System):
        return nobody
    mine = reach_of(user).places(ASSESS)
    if not mine:
        return nobody
    day = today()
    standing = Coverage.objects.filter(valid_on(day), ancestor__in=mine)
    below, strictly = standing.values("descendant"), standing.filter(depth__gt=0).values("descendant")
    held = grants_valid(day).filter(place__isnull=False)
    recording = held.filter(role__in=_carrying(RECORD), place__in=below)
    equals = held.filter(role__in=_carrying(ASSESS)).exclude(place__in=strictly)
    people = User.objects.filter(is_active=True, pk__in=recording.values("user")).exclude(pk__in=equals.values("user"))
    return people.exclude(pk=user.pk).order_by("display_name", "pk")


def assesses(user: Any, person: User) -> bool:
    """Whether a user assesses this person."""
    return assessed_by(user).filter(pk=person.pk).exists()


def person_for(user: Any, pk: int) -> User | None:
    """The person with this id when the user may see their measures: themselves, or one whom they assess; else None."""
    if isinstance(user, User) and user.pk == pk:
        return user
    return assessed_by(user).filter(pk=pk).first()


def visits_of(person: User, reader: Any) -> QuerySet[Visit]:
    """A person's visits as far as the reader may see them: one's own where one still sees them, another's where one assesses."""
    return seen_by(reader, Visit, "" if reader.pk == person.pk else ASSESS).filter(visitor=person)


def findings_of(person: User, reader: Any) -> QuerySet[Finding]:
    """What a person found, as far as the reader may see it."""
    return seen_by(reader, Finding, "" if reader.pk == person.pk else ASSESS).filter(visit__visitor=person)


def _carrying(permission: str) -> list[int]:
    """The roles that carry a permission; which ones do is data that the district may edit."""
    return [role.pk for role in RoleRecord.objects.all() if permission in role.permissions]
