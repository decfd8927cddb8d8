"""How a demo street is organised: bodies with their seats, posts, employers, companies, ties and a service centre.

Everything goes through the real actions and is marked as generated; some seats stay vacant and some parks without an
organisation, so that the chart and the coverage have something to say.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from linqi.accounts.models import User
from linqi.enterprises.models import Enterprise, Tenancy
from linqi.kit.access import SYSTEM
from linqi.organisation import actions
from linqi.organisation.models import Body, Company, Mandate, Person
from linqi.organisation.queries_matrix import months_before
from linqi.organisation.rules import BodyKind, CompanyKind, Footing, Post
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import standing_below

TIED_PARKS = 6  # parks of which a firm is tied to a member
SURNAMES = "许林沈顾陆苏程叶"  # of companies only: the streets are real ones, so nobody in a seat bears a name that somebody there might bear
SHARES = ((100,), (60, 40), (50, 50))  # of a specialist's time by employer: percent, made up


def fill_organisation(street: Place, random: Random, today: date) -> int:
    """Organise a street; returns how many people it took."""
    began = today - timedelta(days=420)
    people: list[Person] = []

    def somebody(place: Place) -> Person:
        name = f"示例人员{len(people) + 1:02d}"
        people.append(actions.enter_person(place=place, name=name, generated=True, by=SYSTEM))
        return people[-1]

    def body(kind: BodyKind, place: Place, name: str, seats: tuple[str, ...], home: Place) -> Body:
        since = max(began, place.since)
        made = actions.found_body(kind=kind, place=place, name=name, since=since, generated=True, by=SYSTEM)
        for role in seats:
            actions.give_body_seat(body=made, role=role, person=somebody(home), since=since, by=SYSTEM)
        return made

    body(BodyKind.STREET_COMMITTEE, street, f"{street.name}党工委", ("head", "deputy"), street)
    body(BodyKind.AFFAIRS_COMMITTEE, street, f"{street.name}经济体事务委员会", ("head", "deputy", "member"), street)
    communities = standing_below(street, PlaceKind.COMMUNITY, today).exclude(community_kind="residential")
    for community in communities.order_by("code"):
        body(
            BodyKind.COMMUNITY_COMMITTEE,
            community,
            f"{community.name}科创共同体党委",
            ("head", "deputy", "member"),
            community,
        )
        lender = _company(community, CompanyKind.OUTSOURCING, "人力资源", random, began)
        _posts(community, somebody, lender, random, began)
        keeper = _company(community, CompanyKind.PROPERTY, "物业管理", random, began)
        operator = _company(community, CompanyKind.OPERATOR, "园区运营", random, began)
        for park in standing_below(community, PlaceKind.PARK, today).order_by("code"):
            since = max(began, park.since, keeper.since)
            for company in (keeper, operator):
                actions.give_mandate(company=company, place=park, since=since, by=SYSTEM)
            if random.random() < 0.8:
                seats = ("head",) if random.random() < 0.85 else ()
                body(BodyKind.BRANCH, park, f"{park.name}党支部", seats, community)
    _ties(street, people, random, today)
    _centre(street, random, today)
    return len(people)


def works_for_operator(user: User, park: int) -> Person:
    """Enter an account as somebody of the company that operates a park, so that it reads and answers what the company is told."""
    held = Mandate.objects.select_related("company__place").get(
        place=park, company__kind=CompanyKind.OPERATOR, until=None
    )
    person = actions.enter_person(
        place=held.company.place, name=user.display_name, user=user, generated=True, by=SYSTEM
    )
    actions.employ(person=person, company=held.company, percent=100, since=held.since, by=SYSTEM)
    return person


def _posts(community: Place, somebody: Any, lender: Company, random: Random, began: date) -> None:
    since = max(began, community.since)
    footing = Footing.HOST if community.community_kind == "virtual" else Footing.OWN
    for post in Post:
        if post != Post.SECRETARY and random.random() < 0.12:
            continue  # vacant
        person = somebody(community)
        actions.give_post(
            community=community,
            post=post,
            person=person,
            footing=footing if post == Post.SECRETARY else Footing.OWN,
            since=since,
            by=SYSTEM,
        )
        employers: list[dict[str, Any]] = [{"community": community.host or community}, {"company": lender}]
        for percent, employer in zip(random.choice(SHARES), employers, strict=False):
            actions.employ(person=person, percent=percent, since=since, by=SYSTEM, **employer)


def _company(place: Place, kind: CompanyKind, trade: str, random: Random, began: date) -> Company:
    name = f"{random.choice(SURNAMES)}氏{place.name.removesuffix('社区')}{trade}有限公司"
    since = max(began, place.since)
    return actions.enter_company(place=place, kind=kind, name=name, since=since, generated=True, by=SYSTEM)


def _ties(street: Place, people: list[Person], random: Random, today: date) -> None:
    for park in standing_below(street, PlaceKind.PARK, today).order_by("code")[:TIED_PARKS]:
        below = Coverage.objects.filter(ancestor=park, until=None).values("descendant")
        stay = Tenancy.objects.filter(until=None, since__lte=today, place__in=below).order_by("pk").first()
        if stay is not None:
            actions.tie(
                member=random.choice(people),
                enterprise=Enterprise.objects.get(pk=stay.enterprise_id),
                park=park,
                employees=random.choice(("工会小组长", "职工代表", "青年小组组长")),
                since=max(park.since, today - timedelta(days=200)),
                generated=True,
                by=SYSTEM,
            )


def _centre(street: Place, random: Random, today: date) -> None:
    months = months_before(today)
    centre = actions.open_centre(
        place=street, name=f"{street.name}新就业群体服务中心", since=months[0], generated=True, by=SYSTEM
    )
    for service in centre.services.all():
        for month in months[:-1]:
            if random.random() < 0.9:
                actions.count_service(service=service, month=month, number=random.randrange(20, 400), by=SYSTEM)
