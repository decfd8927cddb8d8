"""How long cases may take: the product's limits, and those of a street or one of its communities."""

from datetime import date
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.cases.intake import default_limits
from linqi.cases.models import TimeLimit
from linqi.catalogue.models import CaseClass
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.clock import Term
from linqi.territory.models import Place
from linqi.territory.queries import street_of

PRODUCT_DEFAULT: Final = "产品默认（docs/rules/time_limits.md）"


@transaction.atomic
def seed_time_limits() -> None:
    """Bring the product's own limits to what its file says; run at each migrate 默认时限.

    A street's own rows are not touched. A release of the product and not somebody's act, so no journal entry.
    """
    for row in default_limits():
        TimeLimit.objects.update_or_create(
            street=None,
            case_class=CaseClass(row.case_class).value,
            defaults={
                "accept": row.accept,
                "contact": row.contact,
                "close": row.close,
                "extend": row.extend,
                "source": PRODUCT_DEFAULT,
            },
        )


@transaction.atomic
def set_time_limit(
    *,
    street: Place,
    case_class: CaseClass,
    accept: str,
    close: str,
    extend: str,
    source: str,
    by: Any,
    contact: str = "",
    community: Place | None = None,
    since: date | None = None,
) -> TimeLimit:
    """A limit of the street's own for a class, with the document it rests on; cases opened before keep theirs 修改时限.

    `community`: for this community alone. `since`: from this day on, today unless said; what counted until then ends.
    """
    access.require(by, "cases.configure", street)
    today = clock.today()
    first = since or today
    if first < today:
        raise ValidationError({"since": _("启用日期不能早于今天：已经起算的期限不改。")})
    if community is not None and street_of(community) != street:
        raise ValidationError({"community": _("只能选本街道的社区。")})
    terms = {"accept": accept.strip(), "contact": contact.strip(), "close": close.strip(), "extend": extend.strip()}
    for field, text in terms.items():
        if field in ("contact", "extend") and not text:
            continue
        try:
            Term.parse(text)
        except ValueError as error:
            raise ValidationError({field: _("时限须大于零；按自然日计须为整数。")}) from error
    if terms["extend"] and Term.parse(terms["extend"]).unit != Term.parse(terms["close"]).unit:
        raise ValidationError({"extend": _("延期与办结时限须用同一种单位。")})
    if not source.strip():
        raise ValidationError({"source": _("请写明依据，如文件名称与文号。")})
    rows = TimeLimit.objects.select_for_update().filter(street=street, community=community, case_class=case_class.value)
    later = rows.filter(since__gt=first).order_by("since").first()
    counting = rows.filter(Q(since=None) | Q(since__lte=first)).exclude(until__lte=first)
    before = counting.values("accept", "contact", "close", "extend").first()
    counting.filter(Q(since=None) | Q(since__lt=first)).update(until=first)
    limit, _made = TimeLimit.objects.update_or_create(
        street=street,
        community=community,
        case_class=case_class.value,
        since=first,
        defaults={**terms, "source": source.strip(), "until": later.since if later else None},
    )
    journal.write(
        by=by,
        verb=Verb.TIME_LIMIT_CHANGED,
        subject=limit,
        place=street,
        before=before,
        after=terms,
        source=limit.source,
        since=first.isoformat(),
        community=community.pk if community else None,
    )
    return limit


@transaction.atomic
def end_time_limit(*, limit: TimeLimit, by: Any) -> None:
    """A limit of the street's own counts no more from today on; what stands behind it counts again 停用时限.

    One that has not counted for a day is taken away, and the limit that it was to follow goes on.
    """
    if limit.street is None:
        raise PermissionDenied("cases.configure")
    access.require(by, "cases.configure", limit.street)
    today = clock.today()
    locked = TimeLimit.objects.select_for_update().get(pk=limit.pk)
    if locked.until is not None and locked.until <= today:
        return
    if locked.since is not None and locked.since >= today:
        before = TimeLimit.objects.filter(
            street=locked.street, community=locked.community, case_class=locked.case_class, until=locked.since
        )
        before.update(until=locked.until)
        locked.delete()
    else:
        locked.until = today
        locked.save(update_fields=["until"])
    journal.write(
        by=by, verb=Verb.TIME_LIMIT_CHANGED, subject=limit.street, case_class=limit.case_class, ended=today.isoformat()
    )
