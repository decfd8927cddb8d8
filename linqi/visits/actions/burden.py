"""What is done about burden: a street sets from which contact on it is warned; who reads measures of a person is kept 企业负担动作."""

from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.territory.models import Place, PlaceKind
from linqi.visits import intake, people
from linqi.visits.models import BurdenLimit

BETWEEN: Final = {"limit": (2, 20), "days": (7, 365), "fresh": (1, 1825)}  # what a street may set; product default


def install_burden_limit() -> None:
    """Bring the product's own limit along; what a street set stays as it is 装入默认提醒参数."""
    BurdenLimit.objects.update_or_create(street=None, until=None, defaults=intake.default_limit())


@transaction.atomic
def set_burden_limit(*, street: Place, limit: int, days: int, fresh: int, source: str, by: Any) -> BurdenLimit:
    """Let a street be warned by a limit of its own from today on 修改联系次数提醒.

    What held before ends today and stays on record. ValidationError names the field that lies outside what is sensible.
    """
    access.require(by, "visits.configure", street)
    if street.kind != PlaceKind.STREET:
        raise ValidationError(_("参数按街道设置。"))
    said = {"limit": limit, "days": days, "fresh": fresh}
    for name, (least, most) in BETWEEN.items():
        if not least <= said[name] <= most:
            raise ValidationError({name: _("应在 %(least)s 到 %(most)s 之间。") % {"least": least, "most": most}})
    if not source.strip():
        raise ValidationError({"source": _("请写明依据，如文件名称与文号。")})
    _end(street)
    made = BurdenLimit.objects.create(
        street=street, since=today(), source=source.strip()[:300], set_by_id=by.pk, **said
    )
    journal.write(by=by, verb=Verb.BURDEN_LIMIT_CHANGED, subject=made, place=street, after=said)
    return made


@transaction.atomic
def restore_burden_limit(*, street: Place, by: Any) -> None:
    """Let the product's own limit hold again from today on 恢复产品默认."""
    access.require(by, "visits.configure", street)
    if _end(street):
        journal.write(by=by, verb=Verb.BURDEN_LIMIT_CHANGED, subject=street, place=street, restored=True)


@transaction.atomic
def remember_person_read(*, person: User, rows: int | None = None, by: Any) -> None:
    """Keep that somebody read the measures of another, or took them out of the house (`rows`) 查看留痕.

    PermissionDenied unless one assesses that person; one's own measures leave no trace.
    """
    if person.pk == by.pk:
        return
    if not people.assesses(by, person):
        raise PermissionDenied("visits.assess")
    journal.write(by=by, verb=Verb.PERSON_MEASURES_READ, subject=person, **({"rows": rows} if rows is not None else {}))


def _end(street: Place) -> int:
    """End the street's own row today; one that began today is taken out, for it never held a whole day."""
    rows = BurdenLimit.objects.filter(street=street).filter(Q(until=None) | Q(until__gt=today()))
    young, _kinds = rows.filter(since__gte=today()).delete()
    return young + rows.update(until=today())
