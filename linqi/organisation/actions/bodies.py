"""What is done to bodies of the Party matrix and to the committee: founded, seated, ended 组织."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.organisation.actions.dating import end, locked, refuse_clash, refuse_outside, term
from linqi.organisation.models import Body, BodySeat, Person
from linqi.organisation.rules import SITS_AT, BodyKind, BodySeatRole, is_party, seat_name
from linqi.territory.models import Place


def edit_of(kind: str) -> str:
    """Which permission it takes to change a body of this kind 维护权限."""
    return "organisation.party_edit" if is_party(kind) else "organisation.edit"


@transaction.atomic
def found_body(*, kind: str, place: Place, name: str, since: date, generated: bool = False, by: Any) -> Body:
    """Enter a Party organisation or a committee at a place, from a day on 成立组织."""
    access.require(by, edit_of(kind), place)
    if kind not in BodyKind.values or place.kind not in SITS_AT[BodyKind(kind)]:
        raise ValidationError({"place": _("这类组织不能设在“%(place)s”，请另选空间。") % {"place": place}})
    if not name.strip():
        raise ValidationError({"name": _("请填写组织名称。")})
    wanted = term(since, None)
    refuse_outside(wanted, place, str(place))
    locked(place)
    if kind != BodyKind.BRANCH:
        refuse_clash(Body.objects.filter(kind=kind, place=place), wanted, f"{place} {_(BodyKind(kind).label)}")
    elif Body.objects.filter(kind=kind, place=place, name=name.strip(), until=None).exists():
        raise ValidationError({"name": _("这里已有同名组织，请改名或先撤销原组织。")})
    body = Body.objects.create(kind=kind, place=place, name=name.strip(), since=since, generated=generated)
    journal.write(by=by, verb=Verb.BODY_FOUNDED, subject=body, place=place, kind=kind, since=since)
    return body


@transaction.atomic
def end_body(*, body: Body, on: date, by: Any) -> Body:
    """Let a body end: every seat in it ends on the same day; `on` is the first day without it 撤销组织."""
    access.require(by, edit_of(body.kind), body)
    locked(body)
    body.refresh_from_db()
    seats = list(body.seats.filter(Q(until=None) | Q(until__gt=on)))
    if later := [seat for seat in seats if seat.since >= on]:
        raise ValidationError(
            {
                "until": _("有 %(n)s 个任职从 %(day)s 起才开始，请改晚撤销日期。")
                % {"n": len(later), "day": min(seat.since for seat in later)}
            }
        )
    end(body, on)
    for seat in seats:
        end(seat, on)
    journal.write(by=by, verb=Verb.BODY_ENDED, subject=body, place=body.place, on=on, seats=len(seats))
    return body


@transaction.atomic
def give_body_seat(
    *, body: Body, role: str, person: Person, since: date, until: date | None = None, by: Any
) -> BodySeat:
    """Give somebody a seat in a body; the head's seat is held by one at a time, nobody sits twice at once 组织任职."""
    access.require(by, edit_of(body.kind), body)
    access.require(by, "organisation.see", person)
    wanted = term(since, until)
    refuse_outside(wanted, body, body.name)
    locked(body)
    if role == BodySeatRole.HEAD:
        refuse_clash(body.seats.filter(role=role), wanted, _(seat_name(body.kind, role)))
    refuse_clash(body.seats.filter(person=person), wanted, str(person))
    seat = BodySeat.objects.create(body=body, role=role, person=person, since=since, until=until)
    journal.write(by=by, verb=Verb.BODY_SEAT_GIVEN, subject=body, place=body.place, role=role, person=person.pk)
    return seat


@transaction.atomic
def end_body_seat(*, seat: BodySeat, on: date, by: Any) -> BodySeat:
    """Let a seat end; `on` is the first day on which it is vacant 组织免职."""
    access.require(by, edit_of(seat.body.kind), seat)
    end(seat, on)
    journal.write(by=by, verb=Verb.BODY_SEAT_ENDED, subject=seat.body, place=seat.body.place, role=seat.role, on=on)
    return seat
