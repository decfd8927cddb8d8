"""What is done about records that may be one enterprise, or branch and parent 疑似同企."""

from dataclasses import asdict
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from linqi.accounts.models import Grant
from linqi.enterprises import flow
from linqi.enterprises.actions.registry import REGISTRY_COLUMNS, settle
from linqi.enterprises.models import Claim, Enterprise, Fact, Pair, PairState, Tenancy
from linqi.enterprises.queries import places_below, tenancies_open
from linqi.enterprises.rules import matching
from linqi.enterprises.rules.names import split_branch
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import now
from linqi.territory.models import Place

_FILLED: Final = tuple(name for name in REGISTRY_COLUMNS if name not in ("name", "source", "as_of"))
_followers: list[tuple[type[Model], str]] = [
    (Tenancy, "enterprise_id"),
    (Fact, "enterprise_id"),
    (Claim, "enterprise_id"),
    (Enterprise, "head_id"),
    (Grant, "enterprise"),
]


def on_merge(model: type[Model], column: str = "enterprise_id") -> None:
    """Have rows of an app above follow when their enterprise is merged, and go back when that is undone.

    `column`: where the enterprise's id is kept. Called once for each model, in the app's `ready()`.
    """
    if (model, column) not in _followers:
        _followers.append((model, column))


@transaction.atomic
def propose_pairs(*, street: Place, by: Any) -> int:
    """Look through a street's enterprises for pairs that a person should judge; how many stand proposed then.

    What a person has decided stays decided; a proposal that no longer holds is taken back.
    """
    access.require(by, "enterprises.resolve", street)
    found = {(one.left, one.right): one for one in matching.proposals(_records(street))}
    here = [number for pair in found for number in pair]
    standing = {(pair.left_id, pair.right_id): pair for pair in Pair.objects.filter(left__in=set(here))}
    stale = Pair.objects.filter(
        state=PairState.PROPOSED.value, left__in=_ids(street), right__in=_ids(street)
    ).values_list("pk", "left_id", "right_id")
    Pair.objects.filter(pk__in=[pk for pk, left, right in stale if (left, right) not in found]).delete()
    made, changed = [], []
    for key, one in found.items():
        reasons = [asdict(reason) for reason in one.reasons]
        pair = standing.get(key)
        if pair is None:
            made.append(
                Pair(left_id=one.left, right_id=one.right, kind=one.kind, probability=one.probability, reasons=reasons)
            )
        elif pair.state == PairState.PROPOSED:
            pair.kind, pair.probability, pair.reasons = one.kind, one.probability, reasons
            changed.append(pair)
    Pair.objects.bulk_create(made, batch_size=500)
    Pair.objects.bulk_update(changed, ["kind", "probability", "reasons"], batch_size=500)
    journal.write(by=by, verb=Verb.PAIRS_PROPOSED, subject=street, found=len(found), new=len(made))
    return len(made) + len(changed)


@transaction.atomic
def merge_pair(*, pair: Pair, keep: Enterprise, by: Any) -> Enterprise:
    """Make two records one: everything known moves to the one that is kept; the other leads to it 合并企业.

    Fields that the kept record does not know are filled from the other. Undone by `undo_pair`.
    """
    pair = _locked(pair, by)
    pair.state = flow.PAIR.after("merge", pair.state)
    if keep.pk not in (pair.left_id, pair.right_id):
        raise ValidationError(_("请从这两条记录中选择保留哪一条。"))
    kept, gone = (pair.left, pair.right) if keep.pk == pair.left_id else (pair.right, pair.left)
    if kept.merged_into_id or gone.merged_into_id:
        raise ValidationError(_("其中一条记录已被合并。"))
    if kept.pk == gone.head_id or gone.pk == kept.head_id:
        raise ValidationError(_("两者已是总部与分支，不能合并。"))
    moved = []
    for model, column in _followers:
        rows = model._default_manager.filter(**{column: gone.pk})
        ids = _follow(model, column, sorted(rows.values_list("pk", flat=True)), kept.pk)
        if ids:
            moved.append([model._meta.label, column, ids])
    filled = {name: getattr(gone, name) for name in _FILLED if not _known(kept, name) and _known(gone, name)}
    pair.before = {
        "kept": kept.pk,
        "gone": gone.pk,
        "moved": moved,
        "filled": {name: _plain(value) for name, value in filled.items()},
    }
    Enterprise.objects.filter(pk=gone.pk).update(merged_into=kept, seat=None)
    Enterprise.objects.filter(pk=kept.pk).update(**filled)
    _decide(pair, by)
    settle([kept.pk, gone.pk])
    kept.refresh_from_db()
    journal.write(by=by, verb=Verb.PAIR_MERGED, subject=pair, enterprise=kept, place=kept.seat_id, gone=gone.pk)
    return kept


@transaction.atomic
def link_pair(*, pair: Pair, branch: Enterprise | None = None, by: Any) -> Enterprise:
    """Enter that one record is a branch of the other 关联总部与分支; the branch is found by its name unless given."""
    pair = _locked(pair, by)
    pair.state = flow.PAIR.after("link", pair.state)
    child = branch or branch_of(pair)
    if child is None or child.pk not in (pair.left_id, pair.right_id):
        raise ValidationError(_("请指明哪一条是分支机构。"))
    child, head = (pair.left, pair.right) if child.pk == pair.left_id else (pair.right, pair.left)
    if head.head_id == child.pk:
        raise ValidationError(_("两者的总部与分支关系已相反登记。"))
    pair.before = {"branch": child.pk, "head": child.head_id}
    Enterprise.objects.filter(pk=child.pk).update(head=head)
    _decide(pair, by)
    child.refresh_from_db()
    journal.write(by=by, verb=Verb.PAIR_LINKED, subject=pair, enterprise=child, place=child.seat_id, head=head.pk)
    return child


@transaction.atomic
def keep_pair_apart(*, pair: Pair, by: Any) -> Pair:
    """Enter that the two are not one enterprise, so that nobody is asked again 确认不是同一家."""
    pair = _locked(pair, by)
    pair.state = flow.PAIR.after("keep_apart", pair.state)
    pair.before = None
    _decide(pair, by)
    journal.write(by=by, verb=Verb.PAIR_KEPT_APART, subject=pair, enterprise=pair.left, place=pair.left.seat_id)
    return pair


@transaction.atomic
def undo_pair(*, pair: Pair, by: Any) -> Pair:
    """Take a decision back: what a merge moved returns, filled fields are empty again, and the pair waits anew 撤销.

    What came after the merge stays where it was entered; a filled field that somebody has changed since is left alone.
    """
    pair = _locked(pair, by)
    was = PairState(pair.state)
    pair.state = flow.PAIR.after("undo", pair.state)
    before = pair.before or {}
    if was == PairState.MERGED:
        _part(before)
    if was == PairState.LINKED:
        Enterprise.objects.filter(pk=before["branch"]).update(head=before["head"])
    pair.before, pair.decided_by, pair.decided_at = None, None, None
    pair.save(update_fields=["state", "before", "decided_by", "decided_at"])
    if was == PairState.MERGED:
        settle([before["kept"], before["gone"]])
    journal.write(
        by=by, verb=Verb.PAIR_UNDONE, subject=pair, enterprise=pair.left, place=pair.left.seat_id, was=was.value
    )
    return pair


def branch_of(pair: Pair) -> Enterprise | None:
    """Which of the two is the branch, by the names; None when the names do not say."""
    sides = [side for side in (pair.left, pair.right) if split_branch(side.name_key)[1]]
    return sides[0] if len(sides) == 1 else max(sides, key=lambda side: len(side.name_key), default=None)


def _follow(model: type[Model], column: str, ids: list[int], kept: int) -> list[int]:
    """Have rows follow to the kept record; one that it has already (an offer, an application) stays behind. Which went."""
    try:
        with transaction.atomic():
            model._default_manager.filter(pk__in=ids).update(**{column: kept})
    except IntegrityError:
        return [pk for pk in ids if len(ids) > 1 and _follow(model, column, [pk], kept)]
    return ids


def _part(before: dict[str, Any]) -> None:
    kept, gone = before["kept"], before["gone"]
    later = Pair.objects.filter(state=PairState.MERGED.value, before__gone=kept)
    if later.exists():
        raise ValidationError(_("保留的记录后来又被合并，请先撤销后一次合并。"))
    for label, column, ids in before["moved"]:
        rows = apps.get_model(label)._default_manager.filter(pk__in=ids, **{column: kept})
        rows.update(**{column: gone})
    now_kept = Enterprise.objects.get(pk=kept)
    blank = {field.name: field.get_default() for field in Enterprise._meta.concrete_fields}
    emptied = {
        name: blank[name] for name, value in before["filled"].items() if _plain(getattr(now_kept, name)) == value
    }
    Enterprise.objects.filter(pk=kept).update(**emptied)
    Enterprise.objects.filter(pk=gone).update(merged_into=None)


def _locked(pair: Pair, by: Any) -> Pair:
    pair = Pair.objects.select_for_update(of=("self",)).select_related("left", "right").get(pk=pair.pk)
    sides = Enterprise.objects.select_for_update().filter(pk__in=(pair.left_id, pair.right_id)).order_by("pk")
    pair.left, pair.right = list(sides)
    for side in (pair.left, pair.right):
        survivor = side.merged_into if side.merged_into_id else side
        access.require(by, "enterprises.resolve", survivor or side)
    return pair


def _decide(pair: Pair, by: Any) -> None:
    pair.decided_by_id, pair.decided_at = by.pk, now()
    pair.save(update_fields=["state", "before", "decided_by", "decided_at"])


def _records(street: Place) -> list[matching.Record]:
    places: dict[int, set[int]] = {}
    open_here = tenancies_open().filter(place__in=places_below(street), enterprise__merged_into=None)
    for enterprise, place in open_here.values_list("enterprise_id", "place_id"):
        places.setdefault(enterprise, set()).add(place)
    rows = Enterprise.objects.filter(pk__in=_ids(street), merged_into=None).order_by("pk").only(
        "name", "uscc", "old_number", "registered_address", "established_on", "registered_capital"
    )  # fmt: skip
    return [
        matching.Record(
            row.pk,
            row.name,
            row.uscc,
            row.old_number,
            row.registered_address,
            row.established_on,
            row.registered_capital,
            frozenset(places[row.pk]),
        )
        for row in rows.iterator()
        if row.pk in places
    ]


def _ids(street: Place) -> Any:
    return tenancies_open().filter(place__in=places_below(street)).values("enterprise")


def _known(enterprise: Enterprise, name: str) -> bool:
    return getattr(enterprise, name) not in (None, "")


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
