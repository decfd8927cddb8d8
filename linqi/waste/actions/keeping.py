"""How long a street keeps what its bins tell: set, taken back before it holds, or as the product has it 设置保存期限."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.territory.models import Place
from linqi.waste import queries_keeping as queries
from linqi.waste.models import KeepingTerms
from linqi.waste.rules import keeping
from linqi.waste.rules.keeping import PICTURE


@transaction.atomic
def set_keeping(*, street: Place, days: Mapping[str, int], source: str, knowing: bool = False, by: Any) -> KeepingTerms:
    """Let a street keep things for other days from tomorrow on; until midnight it can be taken back 设置保存期限.

    `knowing`: what goes at midnight because of it has been seen; asked for when anything does. ValidationError names the kind.
    """
    access.require(by, "waste.keeping", street)
    wrong = {}
    for kind in keeping.KINDS:
        bound = keeping.bound_of(kind)
        if not keeping.fits(kind, days.get(kind)):
            wrong[kind] = _("应为 %(least)s 到 %(most)s 天。") % {"least": bound.least, "most": bound.most}
    if not source.strip():
        wrong["source"] = _("请写明依据，如文件名称与文号。")
    if wrong:
        raise ValidationError(wrong)
    today = clock.today()
    before = queries.days_on(street.pk, today)
    if not knowing:
        _refuse_blind(street, before, days)
    _begin_anew(street)
    made = KeepingTerms.objects.create(
        street=street,
        days={kind: days[kind] for kind in keeping.KINDS},
        source=source.strip()[:200],
        since=today + timedelta(days=1),
        set_by_id=by.pk,
    )
    changed = {kind: [before[kind], days[kind]] for kind in keeping.KINDS if before[kind] != days[kind]}
    journal.write(by=by, verb=Verb.WASTE_KEEPING_SET, subject=made, place=street, since=made.since, changed=changed)
    return made


@transaction.atomic
def restore_keeping(*, street: Place, by: Any) -> None:
    """Keep things as the product does again from tomorrow on 恢复产品默认."""
    access.require(by, "waste.keeping", street)
    if _begin_anew(street):
        journal.write(by=by, verb=Verb.WASTE_KEEPING_SET, subject=street, place=street, restored=True)


@transaction.atomic
def take_back_keeping(*, street: Place, by: Any) -> None:
    """Let what would change at midnight not change 撤回."""
    access.require(by, "waste.keeping", street)
    rows, tomorrow = _rows(street), clock.today() + timedelta(days=1)
    gone, _kinds = rows.filter(since__gte=tomorrow).delete()
    if rows.filter(until=tomorrow).update(until=None) or gone:
        journal.write(by=by, verb=Verb.WASTE_KEEPING_SET, subject=street, place=street, taken_back=True)


def _begin_anew(street: Place) -> bool:
    """End what holds at midnight, and drop what was to begin then; whether there was anything."""
    rows, tomorrow = _rows(street), clock.today() + timedelta(days=1)
    gone, _kinds = rows.filter(since__gte=tomorrow).delete()
    return bool(rows.filter(Q(until=None) | Q(until__gt=tomorrow)).update(until=tomorrow) or gone)


def _rows(street: Place) -> Any:
    """The street's rows, one writer at a time."""
    Place.objects.select_for_update(no_key=True).get(pk=street.pk)
    return KeepingTerms.objects.filter(street=street)


def _refuse_blind(street: Place, before: Mapping[str, int], days: Mapping[str, int]) -> None:
    """What goes at midnight only because of shorter days must have been seen."""
    shorter = {kind: min(days[kind], before[kind]) for kind in keeping.KINDS}
    if shorter == dict(before):
        return
    today = clock.today()
    more, usual = (queries.going(street, before, then, today) for then in (shorter, before))
    events = sum(more[kind] - usual[kind] for kind in more if kind != PICTURE)
    pictures = more[PICTURE] - usual[PICTURE]
    if events or pictures:
        told = _(
            "缩短后，明天零点要多清理约 %(events)s 条记录、%(pictures)s 张图像，不能恢复。确定的话请勾选后再保存。"
        )
        raise ValidationError({"knowing": told % {"events": f"{events:,}", "pictures": f"{pictures:,}"}})
