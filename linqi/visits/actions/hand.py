"""What devices do: registered, revoked, and each of their operations applied once and in order 走访设备."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.cases.models import Case
from linqi.cases.queries import similar_open
from linqi.catalogue.queries import categories_offered
from linqi.enterprises import dictionary
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.access import seen_by
from linqi.kit.flow import MoveRefused
from linqi.visits import actions, queries
from linqi.visits.actions import keeping
from linqi.visits.actions.fields import say_of_visit, settle
from linqi.visits.flow import State
from linqi.visits.merging import FIELDS, Outcome, Parcel, Said, happened
from linqi.visits.models import Device, FieldConflict, FindingKind, Operation, Photo, Spot, Visit
from linqi.visits.rules.patrol import VisitKind

LASTS: Final = timedelta(days=30)  # a device is registered anew once a month; product default
MOST_DEVICES: Final = 5  # in use at once by one person; product default
NOT_KEPT: Final = frozenset(
    {"data", "lat", "lon", "within"}
)  # of what was sent: pictures and places stand once, where they can be taken back


class Gap(Exception):
    """An operation came before the one that goes before it; `wanted` is the number to send."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        super().__init__(wanted)


class Cloned(Exception):
    """Two different operations under one number: the device was set back or copied, and must be registered anew."""


# --- devices ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def register_device(*, name: str, by: User) -> tuple[Device, str]:
    """Let a device of one's own keep visits; gives its token, told here and never again 登记走访设备."""
    if not access.may_anywhere(by, "visits.record"):
        raise PermissionDenied("visits.record")
    if not name.strip():
        raise ValidationError({"name": _("请写明是哪台设备，如“工作手机”。")})
    User.objects.select_for_update().get(pk=by.pk)
    now = clock.now()
    if Device.objects.filter(owner=by, revoked_at=None, ends_at__gt=now).count() >= MOST_DEVICES:
        raise ValidationError({"name": _("最多 %(n)s 台设备，请先停用不用的。") % {"n": MOST_DEVICES}})
    token = secrets.token_urlsafe(32)
    device = Device.objects.create(
        owner=by, name=name.strip()[:60], digest=digest_of_token(token), registered_at=now, ends_at=now + LASTS
    )
    journal.write(by=by, verb=Verb.DEVICE_REGISTERED, device=device.pk)
    return device, token


@transaction.atomic
def revoke_device(*, device: Device, by: Any) -> None:
    """From now on the device's token opens nothing, and at its next contact it forgets what it kept 停用走访设备."""
    access.require(by, "visits.record", device)
    if Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=clock.now()):
        journal.write(by=by, verb=Verb.DEVICE_REVOKED, device=device.pk)


def device_by_token(token: str) -> Device | None:
    """The device behind a token, in use or not; None when there is none."""
    return Device.objects.select_related("owner").filter(digest=digest_of_token(token)).first()


def may_exchange(device: Device) -> bool:
    """Whether a device still brings and takes visits; one that may not is told to forget what it kept."""
    good = (
        device.revoked_at is None
        and device.ends_at > clock.now()
        and device.owner.is_active
        and access.may_anywhere(device.owner, "visits.record")
    )
    if not good:
        Device.objects.filter(pk=device.pk, wiped_at=None).update(wiped_at=clock.now())
    return good


def mark_contact(*, device: Device, parcel: Parcel) -> None:
    """Remember when a device came and how far its clock was off 记录联络."""
    now = clock.now()
    off = int((parcel.now - now).total_seconds())
    Device.objects.filter(pk=device.pk).update(seen_at=now, clock_off=max(-(2**31), min(off, 2**31 - 1)))


# --- operations ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def take_operation(*, device: Device, said: Said, parcel: Parcel) -> Operation:
    """Apply one operation of a device, once: the effect and its row in the log are written together or not at all 执行操作.

    One that was taken before gives the row of then. Gap when one before it is missing; Cloned when its number was another's.
    What an action refuses is no fault: it is kept as an outcome with the reason in words.
    """
    device = Device.objects.select_for_update(of=("self",)).select_related("owner").get(pk=device.pk)
    if said.seq <= device.taken:
        before = Operation.objects.filter(device=device, seq=said.seq).first()
        if before is None or before.uid != said.id:
            raise Cloned
        return before
    if said.seq != device.taken + 1:
        raise Gap(device.taken + 1)
    if Operation.objects.filter(uid=said.id).exists():
        raise Cloned
    received = clock.now()
    at = happened(said, parcel, received, device.registered_at)
    made = logged(device, said, at, received, _tried(device, said, at))
    made.save()
    Device.objects.filter(pk=device.pk).update(taken=said.seq)
    return made


Done = tuple[Visit | None, Outcome, str, dict[str, Any]]


def logged(device: Device, said: Said, at: datetime, received: datetime, done: Done) -> Operation:
    """The row of the log for an operation and what became of it, not saved yet."""
    visit, outcome, reason, result = done
    return Operation(
        device_id=device.pk,
        uid=said.id,
        seq=said.seq,
        boot=said.boot,
        kind=said.kind,
        key=said.visit,
        visit_id=visit.pk if visit else None,
        body={name: value for name, value in said.body.items() if name not in NOT_KEPT},
        said_at=said.at,
        happened_at=at,
        received_at=received,
        outcome=outcome.value,
        reason=reason[:300],
        result=result,
    )


def _tried(device: Device, said: Said, at: datetime) -> Done:
    kinds: dict[str, Callable[[Device, Said, datetime], Done]] = {
        "start": _start,
        "set": _set,
        "finish": _finish,
        "miss": _end,
        "refuse": _end,
        "finding": _finding,
        "settle": _settle,
        "photo": _photo,
        "place": _place,
        "withdraw": _withdraw,
    }
    visit = None if said.kind == "start" else _visit(device, said.visit)
    if said.kind not in kinds:
        return visit, Outcome.REFUSED, _("服务器不认识这种操作，请更新页面后再试。"), {}
    if visit is None and said.kind != "start":
        return unknown_visit()
    try:
        with transaction.atomic():
            return kinds[said.kind](device, said, at)
    except ValidationError as refused:
        return visit, Outcome.REFUSED, "；".join(refused.messages), {}
    except MoveRefused:
        return no_such_move(visit, _visit(device, said.visit))
    except PermissionDenied:
        return visit, Outcome.REFUSED, _("您没有办这件事的权限。"), {}


def unknown_visit() -> Done:
    """The answer to an operation on a visit that its writer cannot see, or that is not there."""
    return None, Outcome.REFUSED, _("没有找到这次走访，或您看不到。"), {}


def no_such_move(visit: Visit | None, now: Visit | None) -> Done:
    """The answer to a move that the state of a visit, as it is `now`, does not allow."""
    state = _(State(now.state).label) if now else ""
    return visit, Outcome.REFUSED, _("这次走访现在是“%(state)s”，这一步不能办。") % {"state": state}, {}


def _start(device: Device, said: Said, at: datetime) -> Done:
    pk = said.body.get("enterprise")
    firms = seen_by(device.owner, enterprises_seen_by(device.owner), "visits.record").select_related("seat")
    firm: Enterprise | None = firms.filter(pk=pk).first() if isinstance(pk, int) else None
    if firm is None or len(said.visit) != 36:
        return None, Outcome.REFUSED, _("没有找到这家企业，或您看不到。"), {}
    if Operation.objects.filter(kind="start", key=said.visit).exists():
        return None, Outcome.REFUSED, _("这次走访已经开始过了。"), {}
    kind = said.body.get("kind", VisitKind.PLAIN.value)
    if kind not in VisitKind.values:
        raise ValidationError({"kind": _("请选择走访类别：普通走访、安全巡查或应急巡查。")})
    visit = actions.start_visit(
        enterprise=firm,
        day=day_of(at),
        kind=VisitKind(kind),
        why_again=words(said.body, "why_again"),
        by=device.owner,
    )
    return visit, Outcome.APPLIED, "", {"visit": visit.pk}


def _set(device: Device, said: Said, at: datetime) -> Done:
    visit = _known(device, said)
    fields = fields_said(said)
    found = say_of_visit(visit=visit, said=fields, seen=said.seen, device=device, at=at, by=device.owner)
    visit.refresh_from_db(fields=["edition"])
    return what_became(visit, found)


def fields_said(said: Said) -> dict[str, str]:
    """The fields that a `set` names; ValidationError when there is none or one is no text."""
    fields = {name: words(said.body, name) for name in FIELDS if name in said.body}
    if not fields:
        raise ValidationError(_("没有填写任何内容。"))
    return fields


def what_became(visit: Visit, found: Sequence[FieldConflict]) -> Done:
    """The answer to a `set`: which edition it made, and what now stands side by side because of it."""
    result: dict[str, Any] = {"edition": visit.edition}
    if not found:
        return visit, Outcome.APPLIED, "", result
    result["conflicts"] = [one.pk for one in found]
    return visit, Outcome.CONFLICT, _("别人也填了同一栏，两种写法都保留了，请确认。"), result


def _finish(device: Device, said: Said, at: datetime) -> Done:
    """A visit that somebody else recorded meanwhile is one visit: what both said of it has met field by field already."""
    visit = _known(device, said)
    if visit.state == State.DONE:
        return visit, Outcome.APPLIED, "", {"already": True}
    actions.record_visit(
        visit=visit,
        visited_on=day_of(at),
        met=visit.met,
        summary=visit.summary,
        next_step=visit.next_step,
        by=device.owner,
    )
    return visit, Outcome.APPLIED, "", {}


def _end(device: Device, said: Said, at: datetime) -> Done:
    visit = _known(device, said)
    act = actions.miss_visit if said.kind == "miss" else actions.refuse_visit
    act(visit=visit, by=device.owner)
    return visit, Outcome.APPLIED, "", {}


def _finding(device: Device, said: Said, at: datetime) -> Done:
    visit, body, by = _known(device, said), said.body, device.owner
    kind = body.get("kind")
    if kind == FindingKind.FACT:
        key = words(body, "key")
        if key not in dictionary.fields():
            raise ValidationError({"key": _("信息字典里没有这一项。")})
        made = actions.add_fact(visit=visit, key=key, text=words(body, "value"), period=words(body, "period"), by=by)
        return visit, Outcome.APPLIED, "", {"claim": made.claim_id}
    if kind == FindingKind.CLUE:
        actions.add_clue(visit=visit, text=words(body, "text"), by=by)
        return visit, Outcome.APPLIED, "", {}
    if kind not in {FindingKind.NEED, FindingKind.PROBLEM}:
        raise ValidationError({"kind": _("请选择发现的类别。")})
    return _need(visit, body, FindingKind(kind), by)


def _need(visit: Visit, body: Mapping[str, Any], kind: FindingKind, by: Any) -> Done:
    """A need or a problem is compared with what is open first; what the device could not know of is asked of a person."""
    title = words(body, "title")
    if (join := body.get("join")) is not None:
        case = Case.objects.filter(pk=join).first() if isinstance(join, int) else None
        if case is None:
            raise ValidationError(_("只能并入这家企业自己的办件。"))
        actions.join_case(visit=visit, case=case, text=title, kind=kind, by=by)
        return visit, Outcome.APPLIED, "", {"case": case.pk}
    pk = body.get("category")
    category = categories_offered(by).filter(pk=pk).first() if isinstance(pk, int) else None
    if category is None or not title:
        raise ValidationError(_("请写明事项并选择诉求类别。"))
    shown = body.get("compared")
    known = set(shown) if isinstance(shown, list) and all(isinstance(one, int) for one in shown) else set()
    like = [
        one
        for one in similar_open(by, enterprise=visit.enterprise, place=None, category=category)
        if one.category_id == category.pk and one.pk not in known
    ]
    if like:
        listed = [{"id": one.pk, "number": one.number, "title": one.title} for one in like]
        return visit, Outcome.CONFLICT, _("这家企业有同类办件正在办理，请确认是不是同一件事。"), {"cases": listed}
    case = actions.report_problem(
        visit=visit, title=title[:120], category=category, body=words(body, "body", 5000), kind=kind, by=by
    )
    return visit, Outcome.APPLIED, "", {"case": case.pk, "number": case.number}


def _settle(device: Device, said: Said, at: datetime) -> Done:
    visit, pk = _known(device, said), said.body.get("conflict")
    conflict = FieldConflict.objects.filter(pk=pk, visit=visit).first() if isinstance(pk, int) else None
    if conflict is None:
        raise ValidationError(_("没有找到这处不一致。"))
    shown = words(said.body, "beside") if "beside" in said.body else None
    value = words(said.body, "value")
    settle(conflict=conflict, value=value, seen=said.seen, beside=shown, device=device, by=device.owner)
    return visit, Outcome.APPLIED, "", {}


def _photo(device: Device, said: Said, at: datetime) -> Done:
    visit = _known(device, said)
    made = keeping.keep_photo(
        visit=visit,
        uid=said.id,
        data=keeping.picture_in(said.body.get("data")),
        note=words(said.body, "note", 100),
        taken_on=day_of(at),
        by=device.owner,
    )
    return visit, Outcome.APPLIED, "", {"photo": made.pk}


def _place(device: Device, said: Said, at: datetime) -> Done:
    visit = _known(device, said)
    keeping.keep_spot(
        visit=visit, said=said.body, agreed=words(said.body, "agreed", 20), taken_on=day_of(at), by=device.owner
    )
    return visit, Outcome.APPLIED, "", {}


def _withdraw(device: Device, said: Said, at: datetime) -> Done:
    """Take back one's own picture (`photo`: its number) or place (`place`: true); one that is gone already is gone."""
    visit, pk = _known(device, said), said.body.get("photo")
    if said.body.get("place") is True:
        for spot in Spot.objects.filter(visit=visit):
            keeping.withdraw_spot(spot=spot, by=device.owner)
    elif isinstance(pk, int) and not isinstance(pk, bool):
        for photo in Photo.objects.filter(visit=visit, pk=pk):
            keeping.withdraw_photo(photo=photo, by=device.owner)
    else:
        raise ValidationError(_("没有说明要撤回哪张照片，或是不是撤回位置。"))
    return visit, Outcome.APPLIED, "", {}


def _visit(device: Device, key: str) -> Visit | None:
    """The visit a device means: our number, or the id under which one of the owner's devices started it."""
    mine = queries.visits_seen_by(device.owner)
    if key.isdecimal():
        return mine.filter(pk=int(key[:18])).first()
    return mine.filter(pk=started_as(device.owner, [key]).get(key, 0)).first()


def started_as(owner: User, keys: Iterable[str]) -> dict[str, int]:
    """The visits that devices of a person started under ids of their own, by these ids."""
    own = [key for key in keys if not key.isdecimal()]
    if not own:
        return {}
    rows = Operation.objects.filter(kind="start", key__in=own, device__owner=owner, outcome=Outcome.APPLIED.value)
    return dict(rows.filter(visit__isnull=False).values_list("key", "visit"))


def _known(device: Device, said: Said) -> Visit:
    visit = _visit(device, said.visit)
    assert visit is not None, "asked for before"
    return visit


def words(body: Mapping[str, Any], name: str, most: int = 2000) -> str:
    """A text in the body of an operation, empty when it is not there; ValidationError when it is too long or none."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise ValidationError({name: _("这一栏写得太长，或不是文字。")})
    return value.strip()


def day_of(at: datetime) -> date:
    """The day of a moment where we are, never after today."""
    return min(at.astimezone(clock.ZONE).date(), clock.today())


def digest_of_token(token: str) -> str:
    """What is kept of a device's token instead of the token."""
    return sha256(token.encode()).hexdigest()
