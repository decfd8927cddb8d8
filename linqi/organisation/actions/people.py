"""What is done to people, their posts and employers, and to companies 人员、岗位与用工."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.organisation.actions.dating import end, locked, refuse_clash, refuse_outside, term, term_of
from linqi.organisation.models import Company, Employment, Mandate, Person, PostHolding
from linqi.organisation.rules import (
    WHOLE,
    CompanyKind,
    Footing,
    Post,
    Share,
    footing_refused,
    overbooked,
)
from linqi.territory.models import Place, PlaceKind

KEEPERS = (PlaceKind.STREET, PlaceKind.COMMUNITY)


@transaction.atomic
def enter_person(*, place: Place, name: str, user: User | None = None, generated: bool = False, by: Any) -> Person:
    """Enter somebody who will hold seats or posts, with their account when they have one 登记人员."""
    access.require(by, "organisation.edit", place)
    _refuse_keeper(place)
    if not name.strip():
        raise ValidationError({"name": _("请填写姓名。")})
    if user is not None:
        access.require(by, "accounts.manage", user)  # where one works opens what is told to one's company
    if user is not None and Person.objects.filter(user=user).exists():
        raise ValidationError({"user": _("这个账号已对应另一名人员。")})
    person = Person.objects.create(place=place, name=name.strip(), user=user, generated=generated)
    journal.write(by=by, verb=Verb.PERSON_ENTERED, subject=person, place=place)
    return person


@transaction.atomic
def give_post(
    *,
    community: Place,
    post: str,
    person: Person,
    footing: str = Footing.OWN,
    since: date,
    until: date | None = None,
    by: Any,
) -> PostHolding:
    """Make somebody secretary or specialist of an economic community; one holds a post at a time 社区任职."""
    access.require(by, "organisation.edit", community)
    access.require(by, "organisation.see", person)
    if community.kind != PlaceKind.COMMUNITY or community.community_kind == "residential":
        raise ValidationError({"community": _("书记和专员只设在经济体社区，请另选社区。")})
    if why := footing_refused(post, footing, community.community_kind):
        raise ValidationError({"footing": _(why.label)})
    wanted = term(since, until)
    refuse_outside(wanted, community, str(community))
    locked(community)
    refuse_clash(PostHolding.objects.filter(community=community, post=post), wanted, _(Post(post).label))
    held = PostHolding.objects.create(
        community=community, post=post, person=person, footing=footing, since=since, until=until
    )
    journal.write(by=by, verb=Verb.POST_GIVEN, subject=person, place=community, post=post, footing=footing)
    return held


@transaction.atomic
def end_post(*, holding: PostHolding, on: date, by: Any) -> PostHolding:
    """Let a post end; `on` is the first day on which it is vacant 社区免职."""
    access.require(by, "organisation.edit", holding)
    end(holding, on)
    journal.write(
        by=by, verb=Verb.POST_ENDED, subject=holding.person, place=holding.community, post=holding.post, on=on
    )
    return holding


@transaction.atomic
def enter_company(*, place: Place, kind: str, name: str, since: date, generated: bool = False, by: Any) -> Company:
    """Enter a property company, an operator, or one that lends staff 登记公司."""
    access.require(by, "organisation.edit", place)
    _refuse_keeper(place)
    if not name.strip():
        raise ValidationError({"name": _("请填写公司名称。")})
    if Company.objects.filter(place=place, kind=kind, name=name.strip(), until=None).exists():
        raise ValidationError({"name": _("这家公司已经登记，请直接选用。")})
    company = Company.objects.create(place=place, kind=kind, name=name.strip(), since=since, generated=generated)
    journal.write(by=by, verb=Verb.COMPANY_ENTERED, subject=company, place=place, kind=kind)
    return company


@transaction.atomic
def give_mandate(*, company: Company, place: Place, since: date, until: date | None = None, by: Any) -> Mandate:
    """Say which company manages or operates a park or building; one of each kind at a time 登记委托."""
    access.require(by, "organisation.edit", place)
    access.require(by, "organisation.see", company)
    if company.kind == CompanyKind.OUTSOURCING or place.kind not in (PlaceKind.PARK, PlaceKind.BUILDING):
        raise ValidationError({"place": _("只有物业公司和运营公司可以受托管理园区或楼宇。")})
    wanted = term(since, until)
    refuse_outside(wanted, company, company.name)
    locked(place)
    refuse_clash(Mandate.objects.filter(place=place, company__kind=company.kind), wanted, str(place))
    mandate = Mandate.objects.create(company=company, place=place, since=since, until=until)
    journal.write(by=by, verb=Verb.MANDATE_GIVEN, subject=company, place=place, since=since)
    return mandate


@transaction.atomic
def end_mandate(*, mandate: Mandate, on: date, by: Any) -> Mandate:
    """Let a company's mandate end; `on` is the first day without it 终止委托."""
    access.require(by, "organisation.edit", mandate)
    end(mandate, on)
    journal.write(by=by, verb=Verb.MANDATE_ENDED, subject=mandate.company, place=mandate.place, on=on)
    return mandate


@transaction.atomic
def employ(
    *,
    person: Person,
    community: Place | None = None,
    company: Company | None = None,
    percent: int,
    since: date,
    until: date | None = None,
    by: Any,
) -> Employment:
    """Say which community or company pays for which share of a person's time; never more than all of it 登记用工."""
    access.require(by, "organisation.edit", person)
    if (community is None) == (company is None):
        raise ValidationError({"company": _("请选择一个用人单位：社区或公司，二者选一。")})
    if community is not None and community.kind != PlaceKind.COMMUNITY:
        raise ValidationError({"community": _("用人单位只能是社区或公司。")})
    if not 1 <= percent <= WHOLE:
        raise ValidationError({"percent": _("工时占比应在 1% 到 100% 之间。")})
    if company is not None:
        access.require(by, "organisation.see", company)
    wanted = Share(term(since, until), percent)
    locked(person)
    held = [Share(term_of(row), row.percent) for row in person.employments.all()]
    if (too_much := overbooked(held, wanted)) is not None:
        raise ValidationError(
            {
                "percent": _("%(day)s 的工时占比合计为 %(sum)s%%，不能超过 100%%，请调低或先结束原用工。")
                % {"day": too_much[0], "sum": too_much[1]}
            }
        )
    row = Employment.objects.create(
        person=person, community=community, company=company, percent=percent, since=since, until=until
    )
    journal.write(by=by, verb=Verb.EMPLOYMENT_SET, subject=person, place=person.place, percent=percent)
    return row


@transaction.atomic
def end_employment(*, employment: Employment, on: date, by: Any) -> Employment:
    """Let an employment end; `on` is the first day without it 终止用工."""
    access.require(by, "organisation.edit", employment.person)
    end(employment, on)
    person = employment.person
    journal.write(by=by, verb=Verb.EMPLOYMENT_ENDED, subject=person, place=person.place, on=on)
    return employment


def _refuse_keeper(place: Place) -> None:
    if place.kind not in KEEPERS:
        raise ValidationError({"place": _("请选择街道或社区。")})
