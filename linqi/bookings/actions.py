"""What is done about bookings: hours set, days closed, seats taken and given back, people received 预约动作."""

from datetime import date, datetime, time
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.accounts.queries import holders_over
from linqi.bookings import queries, rules
from linqi.bookings.flow import LIFE, Move, State
from linqi.bookings.models import Booking, ClosedDay, WindowHours
from linqi.bookings.rules import Refusal
from linqi.cases.actions import Contact, open_case
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category, Service, Window
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.notifications.actions import notify
from linqi.territory.models import Place

NOBODY: Final = Contact()


# --- hours -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def set_hours(
    *,
    place: Place,
    window: Window,
    weekday: int | None,
    begins: time,
    ends: time,
    minutes: int,
    seats: int,
    since: date,
    by: Any,
) -> WindowHours:
    """Let a window take bookings at these hours from a day on; ValidationError when they overlap others 设置开放时间."""
    access.require(by, "bookings.configure", place)
    if place.kind not in queries.KINDS:
        raise ValidationError({"place": _("窗口设在街道或社区，请选择街道或社区。")})
    if ends <= begins:
        raise ValidationError({"ends": _("结束时间应晚于开始时间。")})
    if not rules.SHORTEST <= minutes <= rules.LONGEST:
        raise ValidationError({"minutes": _("每个时段请填 5 到 240 分钟。")})
    if not rules.slots_on(since, [rules.Hours(begins, ends, minutes, seats, None, since)], working=True):
        raise ValidationError({"minutes": _("这段时间容不下一个时段，请缩短每个时段的分钟数。")})
    if since < clock.today():
        raise ValidationError({"since": _("从今天或以后的日期起。")})
    asked = rules.Hours(begins, ends, minutes, seats, weekday, since)
    _in_turn(place)
    for row in queries.hours_in_force(since).filter(place=place, window=window):
        if rules.overlap(asked, queries.as_rule(row)):
            raise ValidationError(
                {
                    "begins": _("与已有的 %(hours)s 重叠，请先停用它或改时间。")
                    % {"hours": f"{row.begins:%H:%M}–{row.ends:%H:%M}"}
                }
            )
    made = WindowHours.objects.create(
        place=place, window=window, weekday=weekday, begins=begins, ends=ends, minutes=minutes, seats=seats, since=since
    )
    journal.write(by=by, verb=Verb.WINDOW_HOURS_SET, subject=made, place=place, window=window.code, since=since)
    return made


@transaction.atomic
def end_hours(*, hours: WindowHours, until: date, by: Any) -> WindowHours:
    """Take no more bookings at these hours from a day on; what is booked stays agreed 停用开放时间."""
    access.require(by, "bookings.configure", hours.place)
    if until < clock.today():
        raise ValidationError({"until": _("从今天或以后的日期起停用。")})
    if hours.until is not None and hours.until <= until:
        raise ValidationError(_("这段开放时间已经停用。"))
    hours.until = max(until, hours.since)
    hours.save(update_fields=["until"])
    journal.write(by=by, verb=Verb.WINDOW_HOURS_ENDED, subject=hours, place=hours.place, until=hours.until)
    return hours


@transaction.atomic
def close_day(*, place: Place, window: Window | None, day: date, reason: str, by: Any) -> int:
    """Take no bookings on a day; those that were made are cancelled and their bookers told why. How many 设置停办日."""
    access.require(by, "bookings.configure", place)
    if day < clock.today():
        raise ValidationError({"day": _("这一天已经过去。")})
    if not reason.strip():
        raise ValidationError({"reason": _("请写明原因，已预约的企业会收到。")})
    _in_turn(place)
    if ClosedDay.objects.filter(place=place, window=window, day=day).exists():
        raise ValidationError({"day": _("这一天已经设为停办。")})
    made = ClosedDay.objects.create(place=place, window=window, day=day, reason=reason.strip()[:100])
    journal.write(by=by, verb=Verb.WINDOW_CLOSED, subject=made, place=place, day=day, window=window and window.code)
    booked = Booking.objects.select_for_update().filter(place=place, day=day, state=State.BOOKED)
    if window is not None:
        booked = booked.filter(window=window)
    listed = list(booked.select_related("place", "window", "enterprise"))
    for one in listed:
        _step(one, Move.CANCEL, by, reason=made.reason)
    return len(listed)


@transaction.atomic
def open_day(*, closed: ClosedDay, by: Any) -> None:
    """Take bookings on a closed day after all; what was cancelled is not brought back 取消停办日."""
    access.require(by, "bookings.configure", closed.place)
    journal.write(by=by, verb=Verb.WINDOW_OPENED, subject=closed, place=closed.place, day=closed.day)
    closed.delete()


# --- seats -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def book(
    *,
    enterprise: Enterprise,
    place: Place,
    window: Window,
    day: date,
    begins: time,
    service: Service | None = None,
    topic: str = "",
    contact: Contact = NOBODY,
    by: Any,
) -> Booking:
    """Agree a time at a window for an enterprise 预约窗口. ValidationError says why a slot cannot be had."""
    staff = _require_booking(by, enterprise, place)
    if not any((one.place, one.window) == (place, window) for one in queries.counters_for(enterprise, clock.today())):
        raise ValidationError(_("这家企业不在这个窗口的服务范围内。"))
    if service is not None and service.window_id != window.pk:
        raise ValidationError({"service": _("这项服务不在这个窗口办理。")})
    made = Booking(
        place=place,
        window=window,
        service=service,
        enterprise=enterprise,
        topic=topic.strip()[:200],
        contact_name=contact.name.strip()[:60],
        contact_phone=contact.phone.strip()[:30],
        state=LIFE.start,
        booked_by_id=by.pk,
        booked_at=clock.now(),
    )
    _take_seat(made, day, begins, staff)
    journal.write(
        by=by,
        verb=Verb.BOOKING_MADE,
        subject=made,
        place=place,
        enterprise=enterprise,
        day=day,
        begins=f"{begins:%H:%M}",
    )
    if staff:
        _tell(made, _("已为您预约：%(when)s") % {"when": _when(made)}, "made")
    return made


@transaction.atomic
def change(*, booking: Booking, day: date, begins: time, by: Any) -> Booking:
    """Agree another time; the seat that was held is free at once 改期."""
    staff = _require_booking(by, booking.enterprise, booking.place)
    kept = _locked(booking)
    kept.state = LIFE.after(Move.CHANGE, kept.state)
    before = _when(kept)
    kept.reminded_at = None
    _take_seat(kept, day, begins, staff)
    journal.write(by=by, verb=Verb.BOOKING_MOVED, subject=kept, place=kept.place, move=Move.CHANGE, before=before)
    if staff:
        _tell(kept, _("预约已改期：%(when)s") % {"when": _when(kept)}, f"change:{kept.day}:{kept.begins}")
    return kept


@transaction.atomic
def move(*, booking: Booking, to: Move, reason: str = "", by: Any) -> Booking:
    """Somebody came, was served, did not come, or the booking is cancelled 更新预约."""
    kept = _locked(booking)
    _require_move(by, kept, to)
    LIFE.after(to, kept.state)  # a state that does not allow it is told as such, not as a missing right
    if to not in queries.moves_open_to(by, kept, clock.now()):
        raise ValidationError(_TOO_EARLY[to]())
    if to == Move.CANCEL and not reason.strip() and access.may(by, "bookings.serve", kept):
        raise ValidationError({"reason": _("请写明原因，企业会收到。")})
    _step(kept, to, by, reason=reason)
    return kept


@transaction.atomic
def take_in(*, booking: Booking, category: Category, title: str, body: str = "", by: Any) -> Case:
    """Open a case of what somebody came for, with what the booking knows 预约转办件."""
    access.require(by, "bookings.serve", booking)
    kept = _locked(booking)
    if kept.case_id is not None:
        raise ValidationError(_("这个预约已经转为办件。"))
    if kept.state not in (State.ARRIVED, State.SERVED):
        raise ValidationError(_("请先登记到场，再转为办件。"))
    case = open_case(
        enterprise=kept.enterprise,
        category=category,
        title=title,
        body=body,
        source=Source.DESK,
        contact=Contact(name=kept.contact_name, phone=kept.contact_phone),
        by=by,
    )
    kept.case = case
    kept.save(update_fields=["case"])
    journal.write(by=by, verb=Verb.BOOKING_BECAME_CASE, subject=kept, place=kept.place, case=case.pk)
    return case


def record_export(*, rows: int, asked: str, by: Any) -> None:
    """Keep who took the list of bookings out of the house, and how many rows 导出留痕; `asked`: the filters as in the address."""
    if not access.may_anywhere(by, "bookings.export"):
        raise PermissionDenied("bookings.export")
    journal.record_export(what="bookings", rows=rows, by=by, asked=asked[:500])


# --- by the tick -----------------------------------------------------------------------------------------------------
def remind(now: datetime) -> int:
    """Tell the bookers of the next working day, from three in the afternoon, once each; how many 预约提醒."""
    if now.time() < rules.REMIND_AT:
        return 0
    told = 0
    for one in queries.to_remind(now):
        with transaction.atomic():
            if Booking.objects.filter(pk=one.pk, reminded_at=None, state=State.BOOKED).update(reminded_at=now):
                _tell(one, _("提醒：%(when)s 到窗口办事") % {"when": _when(one)}, f"remind:{one.day}")
                told += 1
    return told


def forget_contacts(now: datetime) -> int:
    """Erase name and phone of those who came long ago; how many 删除到期联系方式 (PIPL, article 19)."""
    return queries.to_forget(now.date()).update(contact_name="", contact_phone="")


# --- inside ----------------------------------------------------------------------------------------------------------
_TOO_EARLY = {
    Move.CHANGE: lambda: _("预约的时间已到，不能再改期。"),
    Move.ARRIVE: lambda: _("只能在预约当天登记到场。"),
    Move.SERVE: lambda: _("预约的日期还没到。"),
    Move.MISS: lambda: _("预约的时间还没到。"),
    Move.CANCEL: lambda: _("预约的时间已到，不能再取消。"),
}


def _require_booking(by: Any, enterprise: Enterprise, place: Place) -> bool:
    """Staff book at their own counters for firms they see; an enterprise user for its own. Whether staff does it."""
    if access.may(by, "bookings.serve", place):
        access.require(by, "bookings.book", place)
        access.require(by, "enterprises.see", enterprise)
        return True
    if enterprise.pk not in access.reach_of(by).enterprises("bookings.book"):
        raise PermissionDenied("bookings.book")
    return False


def _require_move(by: Any, booking: Booking, to: Move) -> None:
    """Whoever serves may note what happens; whoever booked may cancel besides."""
    if to != Move.CANCEL or not access.may(by, "bookings.book", booking):
        access.require(by, "bookings.serve", booking)


def _in_turn(place: Place) -> None:
    """Whoever sets hours, closes a day or takes a seat at a place does so one after the other; other rows of it go on."""
    Place.objects.select_for_update(no_key=True).get(pk=place.pk)


def _locked(booking: Booking) -> Booking:
    rows = Booking.objects.select_for_update(of=("self",)).select_related("place", "window", "enterprise")
    return rows.get(pk=booking.pk)


def _take_seat(booking: Booking, day: date, begins: time, staff: bool) -> None:
    """Give the booking the lowest free seat of a slot and save it; the table's own key decides between two at once."""
    now = clock.now()
    _in_turn(booking.place)
    Enterprise.objects.select_for_update(no_key=True).get(pk=booking.enterprise_id)  # its own are counted one by one
    slot = queries.slot_at(booking.place_id, booking.window_id, day, begins)
    before = list(queries.open_of(booking.enterprise_id, now.date(), but=booking.pk))
    here = [one for one in before if (one.place_id, one.window_id) == (booking.place_id, booking.window_id)]
    given = queries.standing(
        Booking.objects.filter(place=booking.place_id, window=booking.window_id, day=day, begins=begins)
    ).exclude(pk=booking.pk)
    taken = set(given.values_list("seat", flat=True))
    why = rules.refusal(
        slot,
        taken=len(taken),
        open_=len(here),
        same_time=any(slot and one.day == day and one.begins < slot.ends and begins < one.ends for one in before),
        days=queries.days_ahead(now),
        now=now,
        by_staff=staff,
    )
    if why is not None or slot is None:
        raise ValidationError({"slot": _((why or Refusal.NO_SLOT).label)})
    booking.day, booking.begins, booking.ends = slot.day, slot.begins, slot.ends
    for seat in (one for one in range(slot.seats) if one not in taken):
        booking.seat = seat
        try:
            with transaction.atomic():
                booking.save()
        except IntegrityError:  # somebody else was faster by a moment: the next seat
            continue
        return
    raise ValidationError({"slot": _(Refusal.FULL.label)})


def _step(booking: Booking, to: Move, by: Any, reason: str = "") -> None:
    booking.state = LIFE.after(to, booking.state)
    booking.reason = reason.strip()[:200]
    booking.save(update_fields=["state", "reason"])
    journal.write(by=by, verb=Verb.BOOKING_MOVED, subject=booking, place=booking.place, move=to)
    if to == Move.CANCEL and by.pk != booking.booked_by_id:
        body = booking.reason
        _tell(booking, _("预约已取消：%(when)s") % {"when": _when(booking)}, "cancelled", body=body)


def _tell(booking: Booking, title: str, key: str, body: str = "") -> None:
    """Tell the users of the enterprise, and nobody else."""
    users: list[User] = list(holders_over("enterprise", booking.enterprise_id, clock.today()))
    notify(
        users=users,
        title=title,
        body=body,
        url=reverse("bookings:own_one", args=[booking.pk]),
        key=f"booking:{booking.pk}:{key}",
    )


def _when(booking: Booking) -> str:
    return _("%(day)s %(begins)s %(place)s · %(window)s") % {
        "day": f"{booking.day:%Y-%m-%d}",
        "begins": f"{booking.begins:%H:%M}",
        "place": booking.place.name,
        "window": booking.window.title,
    }
