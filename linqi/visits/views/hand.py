"""Visits in the hand: where devices exchange with us, which devices there are, and what two said differently 随身走访."""

import json
from collections.abc import Collection
from datetime import date, timedelta
from hashlib import blake2b
from math import ceil
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from linqi.catalogue.queries import categories_offered, grouped_by_window
from linqi.enterprises.queries import shown_name
from linqi.kit import access, clock
from linqi.kit.aside import Aside, Gone
from linqi.kit.turns import Turns
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.visits import queries, standing
from linqi.visits.actions import fields, hand, together
from linqi.visits.burden import cautions_for
from linqi.visits.cautions import in_words
from linqi.visits.flow import State
from linqi.visits.forms import FactForm, RecordForm
from linqi.visits.merging import CACHED_FOR, Outcome, Parcel, Unreadable, read
from linqi.visits.models import Device, FindingKind, Operation, Photo, Spot
from linqi.visits.rules import Reason
from linqi.visits.rules.patrol import VisitKind
from linqi.visits.views.must import asked_by

EXCHANGES = Turns(at_work=1, waiting=2)  # of this process; the other threads of `linqi serve` are for pages
ANEW = 2  # seconds after which to come again when the process of the exchanges died and another begins
FIELD_LABELS = {"met": _lazy("见到谁"), "summary": _lazy("走访情况"), "next_step": _lazy("下一步")}


@login_not_required
@csrf_exempt  # the token comes in a header that no other site can make a browser send
@never_cache
@require_POST
def exchange(request: HttpRequest) -> HttpResponse:
    """One contact of a device: what it brings is applied, once and in order; what it lacks is sent, unless it brings more at once.

    401: the token is nobody's or its owner may no longer, forget everything; 400: cannot be read, `field` says what; 409: register anew;
    503: too many at once, come again after `Retry-After` seconds.
    """
    said = request.body  # all of it, before anybody's turn waits for a slow line
    with EXCHANGES.turn() as wait:
        if wait:
            return _come_again(wait)
        try:
            status, told = _aside(request.headers.get("Authorization", ""), said, get_language())
        except Gone:
            return _come_again(ANEW)
    return HttpResponse(told, status=status, content_type="application/json")


def exchanged(authorization: str, said: bytes, language: str) -> tuple[int, bytes]:
    """What an exchange answers, as status and JSON, to what a device said under a header, in a language."""
    with override(language):
        answer = _exchanged(authorization, said)
        return answer.status_code, answer.content


_aside: Final = Aside(exchanged)


def _exchanged(authorization: str, said: bytes) -> JsonResponse:
    device = _device(authorization)
    if device is None:
        return _gone()
    try:
        parcel = read(json.loads(said))
    except Unreadable as wrong:
        return _problem(400, _("同步内容读不懂，请更新页面后再试。"), field=wrong.field)
    except (ValueError, RecursionError):
        return _problem(400, _("同步内容读不懂，请更新页面后再试。"), field="")
    taken: list[Operation] = []
    try:
        for one in together.take_parcel(device=device, parcel=parcel):
            taken.append(one)  # noqa: PERF402 – what went before a gap is answered too
    except hand.Gap as gap:
        return JsonResponse({"wanted": gap.wanted, "outcomes": [_outcome(one) for one in taken], **_time()})
    except hand.Cloned:
        return _problem(409, _("这台设备的编号与服务器不一致，可能来自备份或复制。请重新登记。"))
    lacking = {} if parcel.more else _pulled(device, parcel)
    return JsonResponse({"outcomes": [_outcome(one) for one in taken], **lacking, **_time()})


@login_not_required
@never_cache
@require_GET
def forms(request: HttpRequest) -> HttpResponse:
    """What the forms of a visit choose from, for a device: categories, fields of facts, roles, buildings."""
    device = _device(request.headers.get("Authorization", ""))
    if device is None:
        return _gone()
    chosen = FactForm().fields["key"]
    told = {
        "categories": grouped_by_window(categories_offered(device.owner).select_related("window")),
        "facts": [[key, str(label)] for key, label in chosen.choices if key],  # type: ignore[attr-defined]
        "met": [str(role) for role in RecordForm.MET],
        "buildings": [[one.pk, one.name] for one in queries.buildings_in_hand(device.owner)],
        "kinds": queries.kinds_in_hand(device.owner),
        **_time(),
    }
    return JsonResponse(told)


@login_not_required
@never_cache
@require_GET
def at(request: HttpRequest) -> HttpResponse:
    """The firms in one building, and its floors with who is where, for a device; 404 when its owner visits nobody there."""
    device = _device(request.headers.get("Authorization", ""))
    if device is None:
        return _gone()
    building = queries.buildings_in_hand(device.owner).filter(pk=an_id(request.GET.get("b"))).first()
    if building is None:
        return _problem(404, _("没有找到这幢楼，或不在您的走访范围内。"))
    here = queries.firms_in_hand(device.owner, building)
    floors = [
        {"name": one.name, "units": one.units, "firms": one.firms}
        for one in queries.plan_in_hand(device.owner, building, [one.pk for one in here])
    ]
    must = standing.list_on(clock.today())
    reasons = {one.pk: [due.reason.value for due in must[one.pk].dues] for one in here if one.pk in must}
    cautions = _cautions(device, {one.pk: clock.today() for one in here}, reasons, ())
    firms = [[one.pk, shown_name(one, device.owner)] for one in here]
    told = {"id": building.pk, "name": building.name, "firms": firms, "floors": floors, "cautions": cautions}
    return JsonResponse({**told, **_time()})


@ensure_csrf_cookie  # the page was kept long ago: the mark in it would be stale
@never_cache
@access.page("visits.record")
def register(request: HttpRequest) -> HttpResponse:
    """Register the device one holds; its token is told once. Asked first, it says who one is."""
    if request.method != "POST":
        return JsonResponse({"who": str(request.user)})
    try:
        device, token = hand.register_device(name=request.POST.get("name", ""), by=request.user)  # type: ignore[arg-type]
    except ValidationError as refused:
        return _problem(422, "；".join(refused.messages))
    return JsonResponse({"device": device.pk, "name": device.name, "token": token, "owner": device.owner_id})


@access.page("visits.record")
def devices(request: HttpRequest) -> HttpResponse:
    """One's own devices, what they said and did not take effect, and what two said differently."""
    now = clock.now()
    rows = [
        (one, _state(one), abs(one.clock_off or 0) > 300, one.revoked_at is None and one.ends_at > now)
        for one in queries.devices_of(request.user)
    ]
    context = {
        "devices": rows,
        "attention": [(one, _(Outcome(one.outcome).label)) for one in queries.needing_attention(request.user)[:50]],
        "conflicts": [
            (one, FIELD_LABELS[one.field], getattr(one.visit, one.field))
            for one in queries.open_conflicts(request.user)[:50]
        ],
        "days": CACHED_FOR.days,
        "crumbs": [Crumb(_("走访"), reverse("visits:list")), Crumb(_("随身设备"))],
    }
    return render(request, "visits/devices.html", context)


@require_POST
@access.page("visits.record")
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a device that was lost or is no longer used."""
    device = get_object_or_404(queries.devices_of(request.user), pk=pk)
    attempt(
        request,
        lambda: hand.revoke_device(device=device, by=request.user),
        done=_("已停用。它下次联网时清除本机内容。"),
    )
    return redirect("visits:devices")


@require_POST
@access.page("visits.record")
def conflict(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which of two it is, or a third."""
    found = get_object_or_404(queries.open_conflicts(request.user), pk=pk)
    if attempt(
        request,
        lambda: fields.settle(
            conflict=found,
            value=request.POST.get("value", "")[:2000],
            seen=an_id(request.POST.get("seen")) if "seen" in request.POST else None,
            beside=request.POST["beside"].replace("\r\n", "\n") if "beside" in request.POST else None,
            by=request.user,
        ),
    ):
        messages.success(request, _("已确认。"))
    return redirect("visits:devices")


def _device(authorization: str) -> Device | None:
    """The device that asks, by the token in this header; None when it may not, and it is told to forget what it keeps."""
    kind, _space, token = authorization.partition(" ")
    device = hand.device_by_token(token) if kind == "Device" and token else None
    return device if device is not None and hand.may_exchange(device) else None


def _gone() -> JsonResponse:
    return _problem(401, _("这台设备已停用或登记已到期，本机内容已清除。请重新登录并登记。"), wipe=True)


def _come_again(wait: float) -> JsonResponse:
    answer = _problem(503, _("现在同步的设备较多，稍后会自动再试。"))
    answer["Retry-After"] = str(ceil(wait))
    return answer


def _pulled(device: Device, parcel: Parcel) -> dict[str, Any]:
    """What the device lacks: the sheets that are not as it holds them, and which visits are still its own."""
    kept = list(queries.visits_in_hand(device, clock.today()))
    held = queries.sheets(device, kept)
    ahead = [one.visit for one in held if one.visit.state == State.PLANNED]
    cautions = _cautions(
        device,
        {one.enterprise_id: max(one.planned_for, clock.today()) for one in ahead},
        {one.enterprise_id: one.reasons for one in ahead},
        [one.pk for one in ahead],
    )
    sheets = [_marked({**_sheet(one, device.owner_id), "caution": _of_sheet(one, cautions)}) for one in held]
    listed = sorted(visit.pk for visit in kept)
    return {"listed": listed, "sheets": [one for one in sheets if parcel.have.get(one["id"]) != one["mark"]]}


def _cautions(
    device: Device, asked: dict[int, date], reasons: dict[int, list[str]], but: Collection[int]
) -> dict[int, dict[str, Any]]:
    """Before which enterprises to think twice, in words: told while there is a signal, and kept with the sheet."""
    found = cautions_for(asked, device.owner, reasons=reasons, but=but)
    said = {pk: in_words(one) for pk, one in found.items()}
    return {
        pk: {"text": one.text, "brief": one.brief, "earlier": list(one.earlier), "why": one.why}
        for pk, one in said.items()
        if one is not None
    }


def _of_sheet(one: queries.Sheet, cautions: dict[int, dict[str, Any]]) -> dict[str, Any] | None:
    return cautions.get(one.visit.enterprise_id) if one.visit.state == State.PLANNED else None


def _marked(sheet: dict[str, Any]) -> dict[str, Any]:
    """A sheet with what stands for all of it: the device tells us this mark, and we see whether anything is otherwise."""
    said = _in_order(sheet).encode()
    return {**sheet, "mark": blake2b(said, digest_size=8).hexdigest()}


_in_order: Final = DjangoJSONEncoder(sort_keys=True).encode


def _sheet(one: queries.Sheet, owner: int) -> dict[str, Any]:
    """A sheet as the device keeps it. That a place was kept is told, the place itself is not."""
    visit = one.visit

    def mine(kept: Photo | Spot) -> bool:
        return kept.taken_by_id == owner

    return {
        "id": visit.pk,
        "edition": visit.edition,
        "state": visit.state,
        "state_label": _(State(visit.state).label),
        "enterprise": visit.enterprise_id,
        "name": one.name,
        "place": visit.place.name,
        "building": one.building,
        "reasons": [_(Reason(code).label) for code in visit.reasons if code in Reason.values],
        "planned_for": visit.planned_for.isoformat(),
        "visited_on": visit.visited_on.isoformat() if visit.visited_on else None,
        "said": one.said,
        "conflicts": [
            {
                "id": clash.pk,
                "field": clash.field,
                "value": clash.value,
                "by": str(clash.said_by or ""),
                "device": str(clash.device or ""),
                "at": clash.said_at.isoformat(),
            }
            for clash in one.conflicts
        ],
        "findings": [
            {"kind": _(FindingKind(found.kind).label), "text": found.text, "case": found.case_id}
            for found in one.findings
        ],
        "before": [
            {"on": last.on, "met": last.met, "summary": last.summary, "next_step": last.next_step}
            for last in one.before
        ],
        "asked": [
            {"label": told.label, "questions": told.questions, "done_when": told.done_when}
            for told in map(asked_by, one.asked)
        ],
        "cases": one.cases,
        "kind": visit.kind,
        "kind_label": _(VisitKind(visit.kind).label),
        "photos": [
            {"id": photo.pk, "on": photo.taken_on, "until": photo.erase_on, "note": photo.note, "mine": mine(photo)}
            for photo in one.photos
        ],
        "place_kept": {"until": one.spot.erase_on, "mine": mine(one.spot)} if one.spot else None,
    }


def _outcome(one: Operation) -> dict[str, Any]:
    return {
        "id": one.uid,
        "seq": one.seq,
        "outcome": one.outcome,
        "reason": one.reason,
        "result": one.result,
        "visit": one.visit_id,
    }


def _time() -> dict[str, Any]:
    return {"now": clock.now().isoformat(), "cached_for": int(CACHED_FOR / timedelta(seconds=1))}


def _state(device: Device) -> str:
    if device.revoked_at is not None:
        return _("已停用，已通知清除") if device.wiped_at else _("已停用，等它联网后清除")
    return _("登记已到期") if device.ends_at <= clock.now() else _("使用中")


def _problem(status: int, title: str, **more: Any) -> JsonResponse:
    return JsonResponse({"title": title, "status": status, **more}, status=status)
