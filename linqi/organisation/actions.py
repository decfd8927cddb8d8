"""What is done to departments and link teams."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import queries
from linqi.organisation.intake import default_departments
from linqi.organisation.models import Department, LinkTeam, LinkTeamSeat
from linqi.organisation.rules import TeamRole
from linqi.territory.models import Place, PlaceKind


@transaction.atomic
def create_department(*, street: Place, code: str, name: str, by: Any) -> Department:
    """Enter a section of the street that settles cases 新增科室."""
    access.require(by, "organisation.edit", street)
    if street.kind != PlaceKind.STREET:
        raise ValidationError(_("科室只能设在街道下。"))
    if Department.objects.filter(street=street, code=code).exists():
        raise ValidationError(_("代码“%(code)s”已被本街道的其他科室使用。") % {"code": code})
    department = Department.objects.create(street=street, code=code, name=name.strip(), since=today())
    journal.write(by=by, verb=Verb.DEPARTMENT_CREATED, subject=department, place=street, code=code)
    return department


@transaction.atomic
def seed_departments(*, street: Place, by: Any) -> list[Department]:
    """Enter those of the usual sections that the street does not have yet; returns the new ones 套用默认科室."""
    access.require(by, "organisation.edit", street)
    known = set(Department.objects.filter(street=street).values_list("code", flat=True))
    return [
        create_department(street=street, code=code, name=name, by=by)
        for code, name in default_departments()
        if code not in known
    ]


@transaction.atomic
def form_team(*, building: Place, name: str = "", members: dict[TeamRole, User] | None = None, by: Any) -> LinkTeam:
    """Give a building its link team; seats without a member stay vacant and are shown so 组建联楼小组."""
    access.require(by, "organisation.edit", building)
    if building.kind != PlaceKind.BUILDING:
        raise ValidationError(_("联楼小组只能按楼宇组建。"))
    if LinkTeam.objects.filter(building=building, until=None).exists():
        raise ValidationError(_("这幢楼已有联楼小组，请调整成员。"))
    team = LinkTeam.objects.create(
        building=building, name=name.strip() or f"{building.name}联楼小组"[:80], since=today()
    )
    journal.write(by=by, verb=Verb.LINK_TEAM_FORMED, subject=team, place=building)
    for role, user in (members or {}).items():
        change_seat(team=team, role=role, user=user, by=by)
    return team


@transaction.atomic
def change_seat(*, team: LinkTeam, role: TeamRole, user: User | None, by: Any) -> LinkTeamSeat | None:
    """Give a seat of the team to somebody from today on, or leave it vacant (None) 调整小组成员.

    Whoever held it before keeps the dates: the seat's history is not overwritten.
    """
    access.require(by, "organisation.edit", team)
    if team.until is not None:
        raise ValidationError(_("这个小组已经撤销。"))
    if user is not None and not queries.candidates(team.building).filter(pk=user.pk).exists():
        raise ValidationError(_("“%(name)s”不在这幢楼的管理范围内，不能进入小组。") % {"name": user})
    now_held = LinkTeamSeat.objects.select_for_update().filter(team=team, role=role, until=None).first()
    if (now_held.user_id if now_held else None) == (user.pk if user else None):
        return now_held
    if now_held:
        now_held.until = today()
        now_held.save(update_fields=["until"])
    seat = LinkTeamSeat.objects.create(team=team, role=role.value, user=user, since=today()) if user else None
    journal.write(
        by=by,
        verb=Verb.LINK_SEAT_CHANGED,
        subject=team,
        place=team.building,
        role=role.value,
        before=now_held.user_id if now_held else None,
        after=user.pk if user else None,
    )
    return seat
