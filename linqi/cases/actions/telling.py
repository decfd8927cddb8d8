"""Whom a change of a case is told to, and how it is found again."""

from collections.abc import Iterable

from django.urls import reverse

from linqi.accounts.models import User
from linqi.cases import queries
from linqi.cases.models import Case
from linqi.cases.rules import Audience
from linqi.notifications.actions import notify
from linqi.search import actions as search


def tell_workers(case: Case, title: str, body: str = "", *, key: str) -> None:
    """Tell the section that holds the case, or the secretary while no section does, and those who watch it."""
    waiting = Audience.DEPARTMENT if case.department_id else Audience.SECRETARY
    tell([*queries.audience(case, {waiting}), *queries.watching(case)], case, title, body, key=key)


def tell_those_who_asked(case: Case, title: str, body: str = "", *, key: str) -> None:
    """Tell the users of the enterprise, whoever reported it for them, and those who watch it."""
    tell([*queries.those_who_asked(case), *queries.watching(case)], case, title, body, key=key)


def tell(users: Iterable[User], case: Case, title: str, body: str = "", *, key: str) -> None:
    """One notice for each user; the same key is not told twice."""
    notify(
        users=users,
        title=title[:200],
        body=(body or f"{case.number} {case.title}")[:500],
        url=reverse("cases:detail", args=[case.pk]),
        key=key,
    )


def index_case(case: Case) -> None:
    """Let a case be found by its number and its title 收录办件.

    Not by the enterprise's name: that of a self-employed person is not for everybody who may see the case.
    """
    search.index("case", case.pk, f"{case.number} {case.title}", [case.street_id])
