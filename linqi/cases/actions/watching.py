"""What a user keeps an eye on, and the lists they have set up for themselves."""

from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.models import Case, SavedView, Subscription, Watch
from linqi.kit import access, clock
from linqi.territory.models import Place

PASSING: Final = frozenset({"page", "export"})  # what belongs to one look at a list
MOST_VIEWS: Final = 30  # of one user; more could not be shown as tabs


@transaction.atomic
def watch(*, case: Case, on: bool = True, by: Any) -> None:
    """Hear of what happens to a case from now on, or no more 关注、取消关注.

    It concerns nobody else, so the journal is not told.
    """
    access.require(by, "cases.desk", case)
    if on:
        Watch.objects.get_or_create(case=case, user_id=by.pk, defaults={"since": clock.now()})
    else:
        Watch.objects.filter(case=case, user=by.pk).delete()


@transaction.atomic
def save_view(*, name: str, query: str, street: Place | None = None, by: Any) -> SavedView:
    """Keep a list as it is asked for, under a name; the same name again replaces it 保存视图.

    `street`: shared with everybody who works on cases there; it must be one in which the user does.
    """
    if not access.may_anywhere(by, "cases.desk"):
        raise PermissionDenied("cases.desk")
    if street is not None and street.pk not in queries.streets_of(access.reach_of(by), "cases.desk"):
        raise PermissionDenied("cases.desk")
    said = " ".join(name.split())[:30]
    if not said:
        raise ValidationError({"name": _("请给视图起个名字。")})
    kept = urlencode([(key, value) for key, value in parse_qsl(query) if key not in PASSING])
    if not kept:
        raise ValidationError({"name": _("还没有任何条件，先筛选再保存。")})
    if len(kept) > 1000:
        raise ValidationError({"name": _("条件太多，保存不下，请减少一些。")})
    own = SavedView.objects.filter(owner=by.pk)
    if own.count() >= MOST_VIEWS and not own.filter(name=said).exists():
        raise ValidationError({"name": _("最多保存 %(n)s 个视图，请先删掉不用的。") % {"n": MOST_VIEWS}})
    before = own.filter(name=said).values_list("query", flat=True).first()
    made, _new = SavedView.objects.update_or_create(
        owner_id=by.pk, name=said, defaults={"query": kept, "street": street, "made_at": clock.now()}
    )
    if before not in (None, kept):  # another question: what it shows from now on is nobody's news
        Subscription.objects.filter(view=made).update(known=None)
    return made


@transaction.atomic
def drop_view(*, view: SavedView, by: Any) -> None:
    """Let go of a list; only whoever set it up 删除视图."""
    if by.pk is None or view.owner_id != by.pk:
        raise PermissionDenied("cases.desk")
    view.delete()
