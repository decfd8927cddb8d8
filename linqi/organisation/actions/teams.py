"""What is done to departments and link teams."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import queries
from linqi.organisation.actions.dating import locked, refuse_clash, refuse_outside, term
from linqi.organisation.intake import default_departments
from linqi.organisation.models import Department, HandOver, LinkTeam, LinkTeamSeat, Substitution
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
def change_seat(*, team: LinkTeam, role: TeamRole, user: User | None, note: str = "", by: Any) -> LinkTeamSeat | None:
    """Give a seat of the team to somebody from today on, or leave it vacant (None) 调整小组成员.

    Whoever held it before keeps the dates: the seat's history is not overwritten. `note` is what the new holder is
    told by the old one, and has to receive.
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
        _end_seat(now_held)
    seat = LinkTeamSeat.objects.create(team=team, role=role.value, user=user, since=today()) if user else None
    if seat and note.strip():
        HandOver.objects.create(seat=seat, note=note.strip(), given_at=timezone.now())
        journal.write(by=by, verb=Verb.HANDED_OVER, subject=team, place=team.building, role=role.value)
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


@transaction.atomic
def receive_hand_over(*, hand_over: HandOver, by: Any) -> HandOver:
    """The new holder has read what was handed over 接收交接."""
    access.require(by, "organisation.see", hand_over)
    if hand_over.seat.user_id != by.pk:
        raise PermissionDenied("only the new holder receives")
    if hand_over.received_at is None:
        hand_over.received_at = timezone.now()
        hand_over.save(update_fields=["received_at"])
        team = hand_over.seat.team
        journal.write(by=by, verb=Verb.HAND_OVER_RECEIVED, subject=team, place=team.building)
    return hand_over


@transaction.atomic
def substitute(*, seat: LinkTeamSeat, user: User, since: date, until: date, by: Any) -> Substitution:
    """Somebody sits for the holder of a seat between two days; the holder stays its holder 安排代班."""
    access.require(by, "organisation.edit", seat)
    wanted = term(since, until)
    refuse_outside(wanted, seat, _("该席位的任期"))
    if user.pk == seat.user_id:
        raise ValidationError({"user": _("代班人不能是本席位的担任人。")})
    if not queries.candidates(seat.team.building).filter(pk=user.pk).exists():
        raise ValidationError({"user": _("“%(name)s”不在这幢楼的管理范围内，不能进入小组。") % {"name": user}})
    locked(seat)
    refuse_clash(seat.substitutions.all(), wanted, _("代班"))
    made = Substitution.objects.create(seat=seat, user=user, since=since, until=until)
    journal.write(
        by=by, verb=Verb.SUBSTITUTED, subject=seat.team, place=seat.team.building, role=seat.role, since=since
    )
    return made


@transaction.atomic
def end_team(*, team: LinkTeam, by: Any) -> LinkTeam:
    """Dissolve a building's team from today on; its seats and substitutions end with it 撤销联楼小组."""
    access.require(by, "organisation.edit", team)
    if team.until is not None:
        raise ValidationError(_("这个小组已经撤销。"))
    team.until = today()
    team.save(update_fields=["until"])
    for seat in team.seats.filter(until=None):
        _end_seat(seat)
    journal.write(by=by, verb=Verb.LINK_TEAM_ENDED, subject=team, place=team.building)
    return team


def _end_seat(seat: LinkTeamSeat) -> None:
    """End a seat today; who sat for its holder goes as well, and who was only about to never comes."""
    seat.until = today()
    seat.save(update_fields=["until"])
    seat.substitutions.filter(since__gte=today()).delete()
    seat.substitutions.filter(until__gt=today()).update(until=today())
