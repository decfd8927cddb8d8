"""Questions about claims: which ones a user may read and decide, beside what they stand, what contradicts them 待核信息."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    DecimalField,
    Exists,
    F,
    Func,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from linqi.enterprises import dictionary
from linqi.enterprises.models import Claim, ClaimState, Enterprise, Fact, SourceKind
from linqi.enterprises.queries import (
    COLUMN_KEYS,
    ClaimShown,
    Statement,
    always,
    below_place,
    claims_beside,
    named_like,
    register_says,
    statement_of,
)
from linqi.kit import access
from linqi.kit.choices import Choice
from linqi.kit.clock import now

MAY_READ: Final = {"secret": "enterprises.see_secrets", "personal": "enterprises.see_personal"}


class Clash(Choice):
    """How a claim stands to what is known already 与现有信息."""

    REGISTER = "register", "与部门登记不一致"
    ANY = "any", "与任一来源不一致"
    SAME = "same", "与现有信息一致"
    ALONE = "alone", "没有其他来源"


def claims_seen_by(user: Any, permission: str = "enterprises.see") -> QuerySet[Claim]:
    """The claims of enterprises a user sees (or may do `permission` to), on fields he may read; merged records have none."""
    rows = access.seen_by(user, Claim, permission).filter(enterprise__merged_into=None)
    if isinstance(user, access.System):
        return rows
    for sensitive, needed in MAY_READ.items():
        if not always(user, needed):
            keys = [one.key for one in dictionary.fields().values() if getattr(one, sensitive)]
            rows = rows.filter(~Q(key__in=keys) | Q(pk__in=access.seen_by(user, Claim, needed).values("pk")))
    return rows


def claims_to_decide(user: Any) -> QuerySet[Claim]:
    """The claims, decided ones too, that a user may confirm, refuse or take back 可核实的信息."""
    return claims_seen_by(user, "enterprises.confirm").select_related(
        "enterprise__seat", "entered_by", "decided_by", "fact"
    )


def claims_waiting(user: Any) -> QuerySet[Claim]:
    """The claims that this user may confirm and nobody has decided, oldest first 待核队列."""
    return claims_to_decide(user).filter(state=ClaimState.WAITING.value).order_by("pk")


def with_facts(rows: QuerySet[Claim]) -> QuerySet[Claim]:
    """The rows with the facts of their enterprises, for a file of any length; one query for each block of rows."""
    standing = Fact.objects.filter(superseded_on=None).order_by("-as_of", "pk")
    return rows.prefetch_related(Prefetch("enterprise__facts", queryset=standing, to_attr="standing"))


def put_beside(claims: Iterable[Claim], user: Any) -> list[ClaimShown]:
    """Give each claim of a page what stands beside it (`shown`), by one query; the same in a list 并列信息."""
    shown = list(claims_beside(claims, user))
    for one in shown:
        one.claim.beside = one.beside  # type: ignore[attr-defined]
    return shown


def beside_of(claim: Claim) -> Sequence[Statement]:
    """What is known already on a claim's field and period, as `put_beside` or `with_facts` has brought it."""
    found: Sequence[Statement] | None = getattr(claim, "beside", None)
    if found is not None:
        return found
    standing: list[Fact] = claim.enterprise.standing  # type: ignore[attr-defined]
    said = [statement_of(fact) for fact in standing if (fact.key, fact.period) == (claim.key, claim.period)]
    register = register_says(claim.enterprise, claim.key)
    return [register, *said] if register else said


def contradicted(claim: Claim, beside: Iterable[Statement]) -> bool:
    """Whether a register says something else than a claim 与登记不一致."""
    return any(one.kind == SourceKind.REGISTER and one.value != claim.value for one in beside)


def earlier_claims(claim: Claim, user: Any) -> QuerySet[Claim]:
    """What else was said of the same field of the same enterprise, the newest first 同项上报."""
    same = claims_seen_by(user).filter(enterprise=claim.enterprise_id, key=claim.key).exclude(pk=claim.pk)
    return same.select_related("decided_by").order_by("-said_on", "-pk")


def decided_since(claim: Claim) -> bool:
    """Whether something newer on the same field was confirmed since a claim was decided, or recorded by the same kind of source."""
    same = {"enterprise": claim.enterprise_id, "key": claim.key, "period": claim.period}
    confirmed = Claim.objects.filter(**same, state=ClaimState.CONFIRMED.value).exclude(pk=claim.pk)
    later = Q(decided_at__gt=claim.decided_at)
    if claim.fact is None:
        return confirmed.filter(later).exists()
    if confirmed.filter(later | Q(fact__gt=claim.fact.pk)).exists():
        return True
    made = bool(claim.before and claim.before["made"])
    recorded = Fact.objects.filter(**same, source_kind=claim.fact.source_kind, pk__gt=claim.fact.pk)
    return made and recorded.exists()


# --- narrowing a list -------------------------------------------------------------------------------------------------
class _Plain(Func):
    """A value kept as JSON as plain text: a string without its quotes, a number, true or false."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="CAST(JSON_EXTRACT(%(expressions)s, '$') AS TEXT)", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s #>> '{}')", **extra)


def at_place(rows: QuerySet[Claim], place: int) -> QuerySet[Claim]:
    """Those of the claims whose enterprise is today at or below a place."""
    return rows.filter(enterprise__in=below_place(Enterprise.objects.filter(merged_into=None), place).values("pk"))


def waiting_for(rows: QuerySet[Claim], days: int) -> QuerySet[Claim]:
    """Those of the claims that were entered more than so many days ago; where nobody knows since when, it is not claimed."""
    return rows.filter(entered_at__lt=now() - timedelta(days=days))


def clashing(rows: QuerySet[Claim], how: Clash) -> QuerySet[Claim]:
    """Those of the claims that stand so to what is known 与现有信息的关系; its own fact is nothing else that is known."""
    beside = Fact.objects.filter(
        enterprise=OuterRef("enterprise"), key=OuterRef("key"), period=OuterRef("period"), superseded_on=None
    ).exclude(pk=Coalesce(OuterRef("fact"), Value(0)))
    other = beside.exclude(value=OuterRef("value"))
    rows = rows.alias(plain=_Plain("value"), amount=_AMOUNT, day=Cast("enterprise__established_on", CharField()))
    if how == Clash.REGISTER:
        return rows.filter(Exists(other.filter(source_kind=SourceKind.REGISTER.value)) | _registry(same=False))
    if how == Clash.ANY:
        return rows.filter(Exists(other) | _registry(same=False))
    if how == Clash.SAME:
        return rows.filter(Exists(beside.filter(value=OuterRef("value"))) | _registry(same=True))
    return rows.exclude(Exists(beside)).exclude(_registry(same=False) | _registry(same=True))


_CAPITAL: Final = Enterprise._meta.get_field("registered_capital")
_AMOUNT: Final = Case(  # only where the value is an amount: the database must not read another one as a number
    When(
        key="registered_capital",
        then=Cast(
            _Plain("value"),
            DecimalField(max_digits=_CAPITAL.max_digits, decimal_places=_CAPITAL.decimal_places),
        ),
    )
)


def _registry(*, same: bool) -> Q:
    """Whether the registry's own columns know the field and say the same as a claim, or something else."""
    asked = Q(pk__in=[])
    for key, column in COLUMN_KEYS.items():
        at = f"enterprise__{column}"
        kind = dictionary.field(key).type
        if kind == "decimal":
            agrees, known = Q(amount=F(at)), Q(**{f"{at}__isnull": False})
        elif kind == "date":
            agrees, known = Q(plain=F("day")), Q(**{f"{at}__isnull": False})
        else:
            agrees, known = Q(plain=F(at)), ~Q(**{at: ""})
        asked |= Q(key=key) & known & (agrees if same else ~agrees)
    return asked


def said_like(rows: QuerySet[Claim], text: str, user: Any) -> QuerySet[Claim]:
    """Those of the claims whose enterprise is named so, or whose value is or holds the text 检索.

    A text is read as each field reads it: 1500万 finds an amount, 民营 the code behind the word, 是 a yes.
    """
    firms = named_like(Enterprise.objects.filter(merged_into=None), text, user)
    found = Q(enterprise__in=firms.values("pk"))
    meant: dict[str, list[str]] = defaultdict(list)
    for field in dictionary.fields().values():
        for value in _meant(field, text):
            meant[json.dumps(value)].append(field.key)
    for value, keys in meant.items():
        found |= Q(key__in=keys, value=json.loads(value))
    wordy = [one.key for one in dictionary.fields().values() if one.type in ("str", "date", "list")]
    return rows.alias(plain=_Plain("value")).filter(found | Q(key__in=wordy, plain__icontains=text))


def _meant(field: dictionary.Field, text: str) -> list[Any]:
    """The values of a field that a text may mean; words of closed fields also by a part of them."""
    if field.values:
        return [one.code for one in field.values if text.casefold() in (one.zh + " " + one.en).casefold()]
    if field.type not in ("int", "decimal", "bool") or field.subject:
        return []
    value = dictionary.parse(field.key, text)
    return [] if isinstance(value, dictionary.Problem) else [value]
