"""The haulers' ledger, and what they report or refuse 收运台账 (杭州条例第33条、浙江条例第33条)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.waste.actions.chain import add_link
from linqi.waste.actions.clues import raised
from linqi.waste.flow import HaulKind
from linqi.waste.kinds import ClueKind, ClueState, Stream, Witness
from linqi.waste.models import Bin, Clue, HaulReport, Point
from linqi.waste.queries_registry import point_of


@transaction.atomic
def keep_haul(
    *,
    point: Point,
    hauler: str,
    kind: HaulKind,
    stream: Stream,
    hauled_at: datetime,
    bin: Bin | None = None,
    kilograms: Decimal | None = None,
    destination: str = "",
    note: str = "",
    by: Any,
) -> HaulReport:
    """Keep one load: source, kind, amount, destination; a load that was not sorted becomes a clue that a person looks at 登记收运.

    What was not weighed stays empty: it is not zero.
    """
    access.require(by, "waste.hauls", point.place)
    if not hauler.strip():
        raise ValidationError({"hauler": _("请写明收运单位。")})
    if hauled_at > clock.now():
        raise ValidationError({"hauled_at": _("还没到的时间不能登记收运。")})
    if kilograms is not None and kilograms < 0:
        raise ValidationError({"kilograms": _("重量不能小于 0；没有称重请留空。")})
    if kind != HaulKind.REFUSED and not destination.strip():
        raise ValidationError({"destination": _("请写明去向（浙江条例第33条）。")})
    if kind == HaulKind.REFUSED and destination.strip():
        raise ValidationError({"destination": _("拒绝收运的没有去向，请留空。")})
    if kind != HaulKind.TAKEN:
        if bin is None:
            raise ValidationError({"bin": _("请选择是哪个桶分类不符。")})
        if not note.strip():
            raise ValidationError({"note": _("请写明哪里分类不符。")})
    if bin is not None and point_of(bin, hauled_at) != point:
        raise ValidationError({"bin": _("这个桶当时不在这个点位。")})
    clue = None
    if kind != HaulKind.TAKEN and bin is not None:
        clue = raised(bin=bin, kind=ClueKind.MIXED, witness=Witness.HAULER, at=hauled_at, note=note, by=by)
    made = HaulReport.objects.create(
        point=point,
        place=point.place,
        bin=bin,
        hauler=hauler.strip()[:80],
        kind=kind.value,
        stream=stream.value,
        kilograms=kilograms,
        destination=destination.strip()[:120],
        hauled_at=hauled_at,
        note=note.strip()[:300],
        clue=clue,
        made_at=clock.now(),
        made_by_id=by.pk,
    )
    journal.write(by=by, verb=Verb.WASTE_HAUL_KEPT, subject=made, place=point.place, kind=made.kind)
    return made


@transaction.atomic
def strike_haul(*, haul: HaulReport, why: str, by: Any) -> HaulReport:
    """Strike out a row that was a mistake; it stays, and its clue is refuted unless a person has looked already 作废."""
    access.require(by, "waste.hauls", haul)
    kept = HaulReport.objects.select_for_update(of=("self",)).get(pk=haul.pk)
    if kept.struck_at is not None:
        raise ValidationError(_("这一条已经作废。"))
    if not why.strip():
        raise ValidationError({"why": _("请写明为什么作废。")})
    if kept.clue_id is not None:
        clue = Clue.objects.select_for_update(of=("self",)).get(pk=kept.clue_id)
        if clue.state == ClueState.CONFIRMED:
            raise ValidationError(_("它的线索已核看属实，不能作废；如有误请先撤销核看。"))
        if clue.state == ClueState.WAITING:
            clue.state, clue.looked_by_id, clue.looked_at = ClueState.REFUTED.value, by.pk, clock.now()
            clue.reason = (_("收运台账作废：%(why)s") % {"why": why.strip()})[:200]
            clue.save(update_fields=["state", "looked_by", "looked_at", "reason"])
            add_link(clue, "struck", {"why": why.strip(), "by": by.pk})
    kept.struck_at, kept.struck_why = clock.now(), why.strip()[:200]
    kept.save(update_fields=["struck_at", "struck_why"])
    journal.write(by=by, verb=Verb.WASTE_HAUL_STRUCK, subject=kept, place=kept.place)
    return kept
