"""What was noted wrongly is put right, without undoing what somebody else put right meanwhile."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases.actions.telling import index_case
from linqi.cases.flow import OPEN
from linqi.cases.models import Case
from linqi.catalogue.models import Category
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.territory.models import Place
from linqi.territory.queries import street_of

FIELDS: Final = ("title", "body", "place", "category", "contact_name", "contact_phone")


@transaction.atomic
def correct(*, case: Case, before: Mapping[str, str], after: Mapping[str, str], by: Any) -> Case:
    """Put right what was noted of a case 更正登记; section and deadline stay as they are.

    `before`, `after`: the fields (`FIELDS`, ids as text) as the user saw them and as they should be. A field that
    somebody else changed meanwhile is left alone, unless the user changed it too: then nothing is written, and
    ValidationError names each such field and what stands there now.
    """
    access.require(by, "cases.answer", case)
    locked = Case.objects.select_for_update(of=("self",)).select_related("place", "category").get(pk=case.pk)
    if locked.state not in OPEN:
        raise ValidationError(_("这件已经结束，不能再更正。"))
    now = noted(locked)
    wanted = {name: after[name].strip() for name in FIELDS if name in after and after[name].strip() != before[name]}
    clash = {
        name: _("别人刚改成了“%(theirs)s”。要用您填的，请再提交一次。") % {"theirs": _shown(locked, name)}
        for name, value in wanted.items()
        if now[name] != before[name] and now[name] != value
    }
    if clash:
        raise ValidationError(clash)
    changed = {name: value for name, value in wanted.items() if now[name] != value}
    if not changed:
        return locked
    if not changed.get("title", locked.title):
        raise ValidationError({"title": _("请用一句话写明事项。")})
    for name, value in changed.items():
        setattr(locked, name, _read(locked, name, value))
    locked.save(update_fields=list(changed))
    journal.write(
        by=by,
        verb=Verb.CASE_CORRECTED,
        subject=locked,
        before={name: now[name] for name in changed},
        after=changed,
    )
    index_case(locked)
    return locked


def noted(case: Case) -> dict[str, str]:
    """The fields that can be put right, as text."""
    return {name: str(getattr(case, f"{name}_id", None) or getattr(case, name)) for name in FIELDS}


def _read(case: Case, name: str, value: str) -> Any:
    if name == "category":
        return Category.objects.get(pk=value)
    if name == "place":
        place = Place.objects.get(pk=value)
        street = street_of(place) or place
        if street.pk != case.street_id:
            raise ValidationError({"place": _("只能选本街道以内的地点。")})
        return place
    return value


def _shown(case: Case, name: str) -> str:
    return case.category.title if name == "category" else str(getattr(case, name))
