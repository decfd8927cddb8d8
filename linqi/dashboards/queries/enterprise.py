"""One enterprise, everything known of it in one place 一企一档."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linqi.cases.flow import State
from linqi.cases.models import Case
from linqi.dashboards.queries.places import where_are
from linqi.enterprises.models import Enterprise, Tenancy
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import seen_by
from linqi.ladder.models import Candidate, Milestone
from linqi.ladder.queries import firms_here
from linqi.ui.parts import Happening
from linqi.visits.burden import Limits, contacts_of
from linqi.visits.flow import State as VisitState
from linqi.visits.models import Visit
from linqi.visits.signals import streets_of

# icons: login, logout, flag, walk, clipboard-list, circle-check, star, edit
SHOWN = 10  # rows of each list on the page before it leads to the whole list
REGISTRY_ACTS = frozenset(  # an import tells of thousands at once and is no act on one enterprise
    verb.value for verb in Verb if verb.value.startswith("enterprises.") and "import" not in verb.value
)


@dataclass(frozen=True)
class EnterpriseFile:
    """The lists on the page of one enterprise, as far as the user may see them."""

    tenancies: list[Tenancy]
    cases: list[Case]
    cases_total: int
    visits: list[Visit]
    visits_total: int
    on_ladder: bool
    candidate: Candidate | None


def enterprise_file(*, enterprise: Enterprise, user: Any) -> EnterpriseFile:
    """Tenancies, visits and cases of the enterprise, and its place on the ladder; seven queries whatever their number."""
    cases = seen_by(user, Case).filter(enterprise=enterprise)
    visits = seen_by(user, Visit).filter(enterprise=enterprise)
    return EnterpriseFile(
        tenancies=list(
            seen_by(user, Tenancy).filter(enterprise=enterprise).select_related("place").order_by("until", "-since")
        ),
        cases=list(cases.select_related("category", "department").order_by("-opened_at")[:SHOWN]),
        cases_total=cases.count(),
        visits=list(visits.select_related("visitor", "place").order_by("-planned_for", "-pk")[:SHOWN]),
        visits_total=visits.count(),
        on_ladder=firms_here(user).filter(pk=enterprise.pk).exists(),
        candidate=seen_by(user, Candidate).filter(enterprise=enterprise).first(),
    )


@dataclass(frozen=True)
class Contacted:
    """How often the enterprise was contacted lately, from which time on one is warned, and where the ledger is 近期联系."""

    times: int
    days: int
    limit: int
    url: str

    @property
    def near(self) -> bool:
        """Whether one more contact would be warned of."""
        return self.times + 1 >= self.limit


def contacted(*, enterprise: Enterprise, user: Any, on: date) -> Contacted | None:
    """The contacts of the month that ends with a day; None for whoever sees neither visits nor an enterprise of their own."""
    mine = Enterprise.objects.filter(pk=enterprise.pk)
    if seen_by(user, mine, "visits.see").exists():
        url = reverse("visits:ledger", args=[enterprise.pk])
    elif seen_by(user, mine, "visits.portal").exists():
        url = f"{reverse('visits:ours')}?enterprise={enterprise.pk}"
    else:
        return None
    terms = Limits(on).of(streets_of([enterprise.pk], on).get(enterprise.pk))
    found = contacts_of([enterprise.pk], on - timedelta(days=terms.days - 1), on)
    return Contacted(len(found.get(enterprise.pk, ())), terms.days, terms.limit, url)


def timeline_of(*, enterprise: Enterprise, user: Any, limit: int) -> list[Happening]:
    """What happened to the enterprise and with it, newest first: moves, visits, cases, and acts on its record."""
    happenings = [*_moves(enterprise, user), *_visits(enterprise, user, limit), *_cases(enterprise, user, limit)]
    happenings += [*_acts(enterprise, user, limit), *_milestones(enterprise, user)]
    return sorted(happenings, key=lambda one: _moment(one.at), reverse=True)[:limit]


def _moves(enterprise: Enterprise, user: Any) -> Iterator[Happening]:
    tenancies = list(seen_by(user, Tenancy).filter(enterprise=enterprise).select_related("place"))
    where = where_are(tenancy.place for tenancy in tenancies)
    for tenancy in tenancies:
        if tenancy.since:
            text = _("入驻 %(place)s") % {"place": where[tenancy.place_id]}
            yield Happening(tenancy.since, text, detail=_(tenancy.get_relation_display()), tone="good", icon="login")
        if tenancy.until:
            yield Happening(
                tenancy.until, _("迁出 %(place)s") % {"place": where[tenancy.place_id]}, tone="warn", icon="logout"
            )
    if enterprise.established_on:
        yield Happening(enterprise.established_on, _("企业成立"), detail=enterprise.source, icon="flag")


def _visits(enterprise: Enterprise, user: Any, limit: int) -> Iterator[Happening]:
    done = seen_by(user, Visit).filter(enterprise=enterprise, state=VisitState.DONE).select_related("visitor")
    for visit in done.order_by("-visited_on")[:limit]:
        if visit.visited_on:
            yield Happening(
                visit.visited_on,
                _("走访"),
                who=str(visit.visitor or ""),
                detail=visit.summary,
                url=reverse("visits:detail", args=[visit.pk]),
                tone="info",
                icon="walk",
            )


def _cases(enterprise: Enterprise, user: Any, limit: int) -> Iterator[Happening]:
    for case in seen_by(user, Case).filter(enterprise=enterprise).order_by("-opened_at")[:limit]:
        url = reverse("cases:detail", args=[case.pk])
        yield Happening(
            case.opened_at,
            _("提出：%(title)s") % {"title": case.title},
            detail=f"{case.number} · {_(State(case.state).label)}",
            url=url,
            icon="clipboard-list",
        )
        if case.closed_at:
            yield Happening(
                case.closed_at, _("办结：%(title)s") % {"title": case.title}, url=url, tone="good", icon="circle-check"
            )
        if case.rated_at and case.rating:
            yield Happening(
                case.rated_at,
                _("企业评价 %(stars)s 星") % {"stars": case.rating},
                detail=case.rating_comment,
                url=url,
                tone="good" if case.rating > 3 else "warn",
                icon="star",
            )


def _milestones(enterprise: Enterprise, user: Any) -> Iterator[Happening]:
    for one in seen_by(user, Milestone).filter(enterprise=enterprise).exclude(reached_on=None):
        if one.reached_on:
            url = reverse("ladder:firm", args=[enterprise.pk])
            yield Happening(
                one.reached_on, one.get_step_display(), detail=one.evidence, url=url, tone="good", icon="flag"
            )


def _acts(enterprise: Enterprise, user: Any, limit: int) -> Iterator[Happening]:
    entries = seen_by(user, Entry).filter(enterprise=enterprise.pk, verb__in=REGISTRY_ACTS).order_by("-pk")
    for entry in entries[:limit]:
        yield Happening(entry.at, pgettext("journal", Verb(entry.verb).label), who=entry.actor_name, icon="edit")


def _moment(at: date | datetime) -> datetime:
    return at if isinstance(at, datetime) else timezone.make_aware(datetime.combine(at, time.min))
