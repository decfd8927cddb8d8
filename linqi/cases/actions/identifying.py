"""For which enterprise a case is, found out later."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases.actions.telling import tell_those_who_asked
from linqi.cases.flow import OPEN
from linqi.cases.models import Case
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access


@transaction.atomic
def identify(*, case: Case, enterprise: Enterprise, by: Any) -> Case:
    """Say for which enterprise of the registry a case is that came in without one 认定企业.

    From then on the enterprise sees it, so it is said by a person who has checked, and only once.
    """
    access.require(by, "cases.identify", case)
    if not enterprises_seen_by(by).filter(pk=enterprise.pk, merged_into=None).exists():
        raise ValidationError({"enterprise": _("没有找到这家企业。")})
    locked = Case.objects.select_for_update(of=("self",)).select_related("place", "reporter").get(pk=case.pk)
    if locked.enterprise_id is not None:
        raise ValidationError({"enterprise": _("这件已经认定了企业。")})
    if locked.state not in OPEN:
        raise ValidationError({"enterprise": _("这件已经结束，不能再认定企业。")})
    locked.enterprise = enterprise
    locked.save(update_fields=["enterprise"])
    journal.write(
        by=by, verb=Verb.CASE_IDENTIFIED, subject=locked, enterprise=enterprise.pk, said=locked.said_enterprise
    )
    tell_those_who_asked(
        locked, _("已受理登记：%(title)s") % {"title": locked.title}, key=f"case:{locked.pk}:identified"
    )
    return locked
