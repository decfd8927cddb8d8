"""What is done to the journal: rows are added, and nothing else."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from linqi.journal.models import Bookmark, Entry, Head
from linqi.journal.rules import COLUMNS, GENESIS, Row, digest_of, plain, text, values_of
from linqi.journal.verbs import Verb
from linqi.kit.bulk import insert_many

ONLY = 1  # id of the only Head
_in_json = DjangoJSONEncoder().encode


class ChainBroken(Exception):
    """There are entries but no head: somebody took it away, and adding rows would hide that."""


@dataclass(frozen=True)
class Act:
    """One act that is to be told; `at` empty means now. `by` is a user or `kit.access.SYSTEM`."""

    by: Any
    verb: Verb
    subject: Model | None = None
    place: int | Model | None = None
    enterprise: int | Model | None = None
    at: datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)


def write(
    *,
    by: Any,
    verb: Verb,
    subject: Model | None = None,
    place: int | Model | None = None,
    enterprise: int | Model | None = None,
    **data: Any,
) -> Entry:
    """Tell one act, inside the transaction of the action that does it 记一笔.

    Where and about which enterprise are read off the subject when they are not given. `data`: what a reader wants to
    know besides (dates and decimals are kept as text); never a secret, never a personal detail that the subject
    itself hides.
    """
    ((row, digest),) = _sealed([Act(by, verb, subject, place, enterprise, None, data)])
    return Entry(**dict(zip(COLUMNS, values_of(row), strict=True)), digest=digest)


def write_many(acts: Iterable[Act]) -> int:
    """Tell several acts at once, in this order; one lock and one pass for all of them. How many it were."""
    return len(_sealed(acts))


@transaction.atomic
def _sealed(acts: Iterable[Act]) -> list[tuple[Row, str]]:
    """The acts as rows of the journal, each with its digest, written.

    The head is locked until the transaction ends, so entries are numbered without gaps in the order in which they
    become visible (SQLite's IMMEDIATE transactions wait for each other anyway).
    """
    head = _locked_head()
    before, number = head.digest, head.count
    rows = []
    for act in acts:
        number += 1
        row = _row(act, number, before)
        before = digest_of(row)
        rows.append((row, before))
    insert_many(Entry, (*COLUMNS, "digest"), ((*values_of(row), digest) for row, digest in rows))
    head.count, head.digest, head.seal = number, before, seal_of(number, before)
    head.save()
    return rows


@transaction.atomic
def turn_page(*, reader: str, to: int) -> bool:
    """Remember that a reader has dealt with everything up to this id; False when another run was further already 书签.

    Called in the transaction in which the reader acts on what it read, so that nothing is acted on twice or lost.
    """
    Bookmark.objects.get_or_create(reader=reader)
    return Bookmark.objects.filter(reader=reader, entry__lt=to).update(entry=to) == 1


@transaction.atomic
def record_export(*, what: str, rows: int, by: Any, **where: Any) -> Entry:
    """Tell that rows left the house as a file; `what` is the list's key, `where` its filters 导出."""
    return write(by=by, verb=Verb.EXPORTED, what=what, rows=rows, **where)


def row_of(entry: Entry) -> Row:
    """An entry as plain values."""
    return Row(*values_of(entry))


def seal_of(count: int, digest: str, key: str | bytes | None = None) -> str:
    """The head under the secret key."""
    return salted_hmac("linqi.journal.head", f"{count}:{digest}", secret=key, algorithm="sha256").hexdigest()


def sealed_by_us(head: Head) -> bool:
    """Whether the head was sealed with this installation's key, or with one that it used before."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(head.seal, seal_of(head.count, head.digest, key)) for key in keys)


def _locked_head() -> Head:
    head = Head.objects.select_for_update().filter(pk=ONLY).first()
    if head is None:
        # entries without a head are a broken chain, unless the first writer of all has just finished
        if Entry.objects.exists() and not Head.objects.filter(pk=ONLY).exists():
            raise ChainBroken("The journal has entries but no head; run `linqi journal verify`.")
        Head.objects.get_or_create(pk=ONLY, defaults={"count": 0, "digest": GENESIS, "seal": seal_of(0, GENESIS)})
        head = Head.objects.select_for_update().get(pk=ONLY)
    return head


def _row(act: Act, number: int, previous: str) -> Row:
    subject = act.subject
    return Row(
        id=number,
        at=act.at or timezone.now(),
        actor=act.by.pk,
        actor_name=text(str(act.by))[:80],
        verb=Verb(act.verb).value,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=subject.pk if subject is not None else None,
        subject_name=text(str(subject))[:200] if subject is not None else "",
        place=_id_of(act.place) if act.place is not None else _place_of(subject),
        enterprise=_id_of(act.enterprise) if act.enterprise is not None else _enterprise_of(subject),
        data=plain(json.loads(_in_json(act.data))) if act.data else {},
        previous=previous,
    )


def _id_of(thing: int | Model) -> int:
    number: int = thing if isinstance(thing, int) else thing.pk
    return number


def _place_of(subject: Model | None) -> int | None:
    if subject is None:
        return None
    if subject._meta.label == "territory.Place":
        return _id_of(subject)
    return next(
        (found for name in ("place_id", "seat_id", "street_id") if (found := getattr(subject, name, None)) is not None),
        None,
    )


def _enterprise_of(subject: Model | None) -> int | None:
    if subject is None:
        return None
    if subject._meta.label == "enterprises.Enterprise":
        return _id_of(subject)
    found = getattr(subject, "enterprise_id", None)
    if found is None:
        found = getattr(subject, "enterprise", None)  # grants keep the bare id
    return found if isinstance(found, int) else None
