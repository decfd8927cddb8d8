"""What is said of a visit, field by field, with who said it; what would overwrite another's word unseen stands beside it 字段填写."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.visits.flow import State
from linqi.visits.merging import FIELDS, Merge, merge
from linqi.visits.models import Device, FieldConflict, Visit


def say(
    visit: Visit,
    said: Mapping[str, str],
    *,
    seen: int | None,
    by: Any,
    device: Device | None = None,
    at: datetime | None = None,
    rivals: Iterable[FieldConflict] | None = None,
) -> list[FieldConflict]:
    """Put what was said into a visit that is locked and will be saved by the caller with its edition one higher.

    `seen`: the edition that the writer had before them, None for the latest. `rivals`: what of this writer on this device stands beside
    a field, where the caller knows it. Gives the conflicts that are now open because of it.
    """
    moment, open_now = at or clock.now(), []
    for name, text in said.items():
        value = text.strip()[: FIELDS[name]]
        stamp = visit.stamps.get(name, {})
        mine = device is not None and stamp.get("device") == device.pk and not stamp.get("shared")
        became = merge(
            getattr(visit, name),
            value,
            set_at=stamp.get("edition", 0),
            seen=visit.edition if seen is None else seen,
            by_same_device=mine,
        )
        if became is Merge.CLASH:
            beside = _beside(visit, name, by, device, rivals)
            rival = beside[0] if beside else FieldConflict(visit=visit, field=name, said_by_id=by.pk, device=device)
            rival.value, rival.said_at = value, moment
            rival.save()
            open_now.append(rival)
        elif became is Merge.TAKE:
            setattr(visit, name, value)
            visit.stamps[name] = {
                "edition": visit.edition + 1,
                "by": by.pk,
                "device": device.pk if device else None,
                "at": moment.isoformat(),
            }
        else:  # they agree now
            if value and stamp and not mine:  # whoever said it first does not take it back unseen
                visit.stamps[name] = {**stamp, "shared": True}
            for rival in _beside(visit, name, by, device, rivals) if device else ():
                rival.settled_at, rival.settled_by_id, rival.settled_as = moment, by.pk, value
                rival.save()
    return open_now


def _beside(
    visit: Visit, name: str, by: Any, device: Device | None, rivals: Iterable[FieldConflict] | None
) -> list[FieldConflict]:
    """What this writer said of a field on this device and that stands beside it still."""
    if rivals is None:
        rivals = FieldConflict.objects.filter(visit=visit, said_by=by.pk, device=device, settled_at=None)
    return [one for one in rivals if one.field == name and one.settled_at is None]


def fill_in(
    visit: Visit,
    said: Mapping[str, str],
    *,
    seen: int | None,
    by: Any,
    device: Device | None = None,
    at: datetime | None = None,
    rivals: Iterable[FieldConflict] | None = None,
) -> tuple[list[FieldConflict], journal.Act]:
    """`say`, where a visit may still be written on; the caller saves the visit and tells the act that this gives."""
    if visit.state not in {State.PLANNED, State.DONE}:
        raise ValidationError(
            _("这次走访已经结束（%(state)s），填写没有写入。") % {"state": _(State(visit.state).label)}
        )
    if visit.state == State.DONE and "summary" in said and not said["summary"].strip():
        raise ValidationError({"summary": _("请用一两句话写明走访情况。")})
    found = say(visit, said, seen=seen, by=by, device=device, at=at, rivals=rivals)
    visit.edition += 1
    told = {"fields": sorted(said), "conflicts": [one.field for one in found]}
    return found, journal.Act(by, Verb.VISIT_FIELDS_SAID, visit, data=told)


@transaction.atomic
def say_of_visit(
    *,
    visit: Visit,
    said: Mapping[str, str],
    seen: int | None,
    device: Device | None = None,
    at: datetime | None = None,
    by: Any,
) -> list[FieldConflict]:
    """Fill in fields of a visit, on a device or at the desk, before it is recorded or after; gives the conflicts it led to 填写走访单."""
    access.require(by, "visits.record", visit)
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    found, act = fill_in(visit, said, seen=seen, by=by, device=device, at=at)
    visit.save(update_fields=["edition", "stamps", *FIELDS])
    journal.write_many([act])
    return found


@transaction.atomic
def settle(
    *,
    conflict: FieldConflict,
    value: str,
    seen: int | None = None,
    beside: str | None = None,
    device: Device | None = None,
    by: Any,
) -> Visit:
    """Say what a field holds of which two said different things 确认填写.

    `value`: one of the two, or words that join them. `seen`, `beside`: the edition of the visit and the other's words that the person had
    before them, None for the latest; what was written since then they have not weighed. ValidationError when somebody was faster or wrote
    meanwhile; it stays open then.
    """
    access.require(by, "visits.record", conflict.visit)
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=conflict.visit_id)
    stamp = visit.stamps.get(conflict.field, {})
    mine = device is not None and stamp.get("device") == device.pk
    unseen = seen is not None and stamp.get("edition", 0) > seen and not mine
    theirs = FieldConflict.objects.get(pk=conflict.pk)
    own = device is not None and theirs.device_id == device.pk
    if theirs.settled_at is None and (unseen or (beside is not None and theirs.value != beside and not own)):
        raise ValidationError(_("确认期间有人改了这一栏，没有覆盖。请看最新内容后再确认。"))
    text = value.strip()[: FIELDS[conflict.field]]
    if conflict.field == "summary" and not text:
        raise ValidationError({"summary": _("请用一两句话写明走访情况。")})
    now = clock.now()
    waiting = FieldConflict.objects.filter(pk=conflict.pk, settled_at=None)
    if not waiting.update(settled_at=now, settled_by=by.pk, settled_as=text):
        raise ValidationError(_("这处不一致已经有人确认过了，请看最新内容。"))
    visit.edition += 1
    setattr(visit, conflict.field, text)
    visit.stamps[conflict.field] = {
        "edition": visit.edition,
        "by": by.pk,
        "device": device.pk if device else None,
        "at": now.isoformat(),
    }
    visit.save(update_fields=["edition", "stamps", conflict.field])
    journal.write(by=by, verb=Verb.VISIT_CONFLICT_SETTLED, subject=visit, field=conflict.field)
    return visit
