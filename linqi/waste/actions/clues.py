"""What is done about clues: raised, looked at by a person, looked at again; enough of them make a task 线索动作."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.clock import ZONE
from linqi.waste import tracing
from linqi.waste.actions.chain import add_link
from linqi.waste.actions.tasks import make_task_if_due
from linqi.waste.flow import TaskState
from linqi.waste.kinds import ClueKind, ClueState, Witness
from linqi.waste.models import Bin, Clue, Picture
from linqi.waste.queries_registry import point_of
from linqi.waste.rules.tracing import Happened

AHEAD: Final = timedelta(minutes=5)  # how far a clock of ours may differ from that of whoever says so
BY_HAND: Final = frozenset({Witness.PATROL, Witness.HAULER})


@transaction.atomic
def raise_clue(
    *,
    bin: Bin,
    kind: ClueKind,
    witness: Witness,
    at: datetime,
    picture: Picture | None = None,
    confidence: float | None = None,
    note: str = "",
    by: Any,
) -> Clue:
    """Say that something may be wrong at a bin; it is nothing but a clue until a person has looked 登记线索."""
    access.require(by, "waste.look", bin)
    if witness in BY_HAND and not note.strip():
        raise ValidationError({"note": _("请写明看到了什么。")})
    return raised(bin=bin, kind=kind, witness=witness, at=at, picture=picture, confidence=confidence, note=note, by=by)


def raised(
    *,
    bin: Bin,
    kind: ClueKind,
    witness: Witness,
    at: datetime,
    picture: Picture | None = None,
    confidence: float | None = None,
    note: str = "",
    by: Any,
) -> Clue:
    """The same for an action that has asked for permission itself, inside its transaction."""
    now = clock.now()
    if at > now + AHEAD:
        raise ValidationError({"at": _("还没到的时间不能登记线索。")})
    if confidence is not None and not 0 <= confidence <= 1:
        raise ValidationError({"confidence": _("把握应在 0 到 1 之间。")})
    if picture is not None and picture.bin_id != bin.pk:
        raise ValidationError({"picture": _("这张图像不是这个桶的。")})
    made = Clue.objects.create(
        bin=bin,
        point=point_of(bin, at),
        kind=kind.value,
        witness=witness.value,
        at=at,
        raised_at=now,
        device=picture.device if picture else None,
        picture=picture,
        confidence=confidence,
        note=note.strip()[:300],
        simulated=bool(picture and picture.device and picture.device.simulated),
    )
    if by.pk is not None:  # what a device or the recogniser says is no news; what a person does is
        journal.write(by=by, verb=Verb.WASTE_CLUE_RAISED, subject=made, place=bin.place, kind=made.kind)
    return made


@transaction.atomic
def look(*, clue: Clue, confirmed: bool, reason: str = "", by: Any) -> Clue:
    """A person has looked and says whether it is so; only then can anything come of it 人工核看.

    A confirmed clue keeps its picture and counts towards a task of its bin; refuting needs a reason and lets the picture expire.
    ValidationError when somebody else was faster.
    """
    access.require(by, "waste.look", clue)
    if by.pk is None:
        raise ValidationError(_("线索必须由人核看。"))
    kept = _locked(clue)
    if kept.state != ClueState.WAITING:
        raise ValidationError(_("这条线索已由他人核看：%(state)s。") % {"state": _(ClueState(kept.state).label)})
    if not confirmed and not reason.strip():
        raise ValidationError({"reason": _("请写明为什么不属实。")})
    kept.state = (ClueState.CONFIRMED if confirmed else ClueState.REFUTED).value
    kept.looked_by_id, kept.looked_at, kept.reason = by.pk, clock.now(), reason.strip()[:200]
    kept.picture = tracing.picture_of(kept)  # what was looked at belongs to it from now on
    kept.save(update_fields=["state", "looked_by", "looked_at", "reason", "picture"])
    if not kept.links.exists():
        _link_origin(kept)
    if kept.picture is not None:
        _link_picture(kept, kept.picture)
    digest = add_link(kept, "look", {"state": kept.state, "by": by.pk, "reason": kept.reason})
    journal.write(
        by=by, verb=Verb.WASTE_CLUE_LOOKED, subject=kept, place=kept.bin.place, state=kept.state, chain=digest
    )
    if confirmed:
        make_task_if_due(bin=kept.bin, by=access.SYSTEM)
    return kept


@transaction.atomic
def look_many(*, clues: Iterable[Clue], confirmed: bool, reason: str = "", by: Any) -> int:
    """The same for several, all or none; how many 批量核看. Each has been before the person's eyes in the list."""
    done = 0
    for one in sorted(clues, key=lambda clue: (clue.bin_id, clue.at, clue.pk)):  # one order of locks for everybody
        look(clue=one, confirmed=confirmed, reason=reason, by=by)
        done += 1
    return done


@transaction.atomic
def unlook(*, clue: Clue, by: Any) -> Clue:
    """Look again: what was said is taken back while no task rests on it 撤销核看."""
    access.require(by, "waste.look", clue)
    kept = _locked(clue)
    if kept.state == ClueState.WAITING:
        raise ValidationError(_("这条线索还没有核看。"))
    held = getattr(kept, "of_task", None)
    if held is not None and held.task.state != TaskState.DROPPED:
        raise ValidationError(_("这条线索已列入任务 %(task)s，请先在任务中登记查无。") % {"task": held.task.number})
    if held is not None:
        held.delete()
    before = kept.state
    kept.state, kept.looked_by, kept.looked_at, kept.reason = ClueState.WAITING.value, None, None, ""
    kept.save(update_fields=["state", "looked_by", "looked_at", "reason"])
    digest = add_link(kept, "unlook", {"before": before, "by": by.pk})
    journal.write(by=by, verb=Verb.WASTE_CLUE_UNLOOKED, subject=kept, place=kept.bin.place, before=before, chain=digest)
    return kept


@transaction.atomic
def picture_came(picture: Picture) -> None:
    """Give a picture that has just come to the clue whose event named it; a confirmed one has it in its chain, too 线索图像补到.

    What a refuted clue named is a picture as any other.
    """
    if not picture.ref or picture.bin is None:
        return
    named = Clue.objects.filter(device=picture.device_id, event_picture=picture.ref, bin=picture.bin_id, picture=None)
    for one in named.filter(state__in=tracing.NEEDING).order_by("at", "pk"):
        kept = _locked(one)  # who looks at it this very moment is waited for
        if kept.picture is not None or kept.state not in tracing.NEEDING:
            continue
        kept.picture = picture
        kept.save(update_fields=["picture"])
        if kept.state == ClueState.CONFIRMED and (digest := _link_picture(kept, picture)):
            journal.write(
                by=access.SYSTEM,
                verb=Verb.WASTE_CLUE_PICTURED,
                subject=kept,
                place=kept.bin.place,
                picture=picture.pk,
                chain=digest,
            )


def keep_origins(before: datetime, until: float) -> bool:
    """Write into the chains of clues that happened before a moment, and still wait, who could have been it; whether all have it.

    Called before the deposits go that tell of it: staff being slow costs no evidence. `until`: of time.monotonic, when to stop 到期前固定溯源.
    """
    waiting = Clue.objects.filter(state=ClueState.WAITING.value, at__lt=before, links=None).order_by("at", "pk")
    for one in waiting:
        if time.monotonic() > until:
            return False
        with transaction.atomic():
            kept = _locked(one)
            if not kept.links.exists():
                _link_origin(kept)
    return True


# --- inside ---------------------------------------------------------------------------------------------------------------
def _locked(clue: Clue) -> Clue:
    """The clue as it stands, after its bin is locked: who looks at clues of one bin does so one after the other."""
    Bin.objects.select_for_update(no_key=True).get(pk=clue.bin_id)
    rows = Clue.objects.select_for_update(of=("self",))
    return rows.select_related("bin__place", "point__place", "picture", "device").get(pk=clue.pk)


def _link_origin(clue: Clue) -> None:
    """The first links of a clue's chain: what was told, which bin, where it stood, who could be behind it."""
    found = tracing.trace(clue)
    told: dict[str, Any] = {
        "kind": clue.kind,
        "witness": clue.witness,
        "at": clue.at.astimezone(ZONE).isoformat(),
        "confidence": None if clue.confidence is None else f"{clue.confidence:.4f}",
        "note": clue.note,
        "simulated": clue.simulated,
    }
    if clue.event_sequence is not None:
        told["event"] = {
            "device": clue.device.serial if clue.device else None,
            "boot": clue.event_boot,
            "sequence": clue.event_sequence,
            "stored": clue.raised_at.astimezone(ZONE).isoformat(),
            "value": None if clue.event_value is None else str(clue.event_value),
            "stream": clue.event_stream,
            "picture": clue.event_picture,
            "card": clue.card,
            "clock_wrong": clue.event_clock_wrong,
        }
    add_link(clue, "told", told)
    add_link(clue, "bin", {"code": clue.bin.code, "stream": clue.bin.stream})
    point = found.point
    add_link(
        clue,
        "point",
        {"name": point.name if point else None, "path": [{"kind": one.kind, "name": one.name} for one in found.path]},
    )
    add_link(
        clue,
        "parties",
        {
            "duties": [
                {"kind": one.kind, "enterprise": one.enterprise_id, "company": one.company_id} for one in found.duties
            ],
            "shares": tracing.as_kept(found.shares),
        },
    )


def _link_picture(clue: Clue, picture: Picture) -> str:
    """The link of a clue's picture, once; its digest, empty when it is there already."""
    if clue.links.filter(what=Happened.PICTURE.value).exists():
        return ""
    point = clue.point or point_of(clue.bin, clue.at)
    return add_link(
        clue,
        "picture",
        {
            "sha256": picture.sha256,
            "taken": picture.taken_at.astimezone(ZONE).isoformat(),
            "seen_as": picture.seen_as,
            "model": picture.model,
            "reviewed_on": point.reviewed_on.isoformat() if point and point.reviewed_on else None,
            "published_on": point.published_on.isoformat() if point and point.published_on else None,
        },
    )
