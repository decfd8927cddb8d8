"""Learning what requests are about, from what was written for it and what was closed here."""

import io
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from linqi.cases import understanding
from linqi.cases.intake import starter_terms
from linqi.cases.models import Case, TrainedReader
from linqi.cases.reading import measure, train
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock

AGAIN_AFTER: Final = timedelta(days=7)
NIGHT: Final = range(1, 5)  # hours of the day; product default


def learn(*, by: Any) -> TrainedReader:
    """Learn anew and use it from now on; the same lessons give the same reader, which is then kept as it is 研判训练.

    Takes a minute for ten thousand texts, so it is done by a command or a task and never while somebody waits.
    """
    texts, labels, starters = understanding.lessons()
    terms = starter_terms()
    reader = train(texts, labels, terms)
    kept = io.BytesIO()
    reader.save(kept)
    known = TrainedReader.objects.filter(version=reader.version).first()
    if known is not None:
        known.trained_at, known.data = clock.now(), kept.getvalue()
        known.save(update_fields=["trained_at", "data"])
        understanding.forget()
        return known
    measured = {key: round(value, 4) for key, value in asdict(measure(texts, labels, terms)).items()}
    with transaction.atomic():
        made, new = TrainedReader.objects.get_or_create(
            version=reader.version,
            defaults={
                "trained_at": clock.now(),
                "starters": starters,
                "own": len(texts) - starters,
                "measured": measured,
                "data": kept.getvalue(),
            },
        )
        if not new:  # somebody else learnt the same at the same time
            return made
        journal.write(by=by, verb=Verb.READER_TRAINED, subject=made, version=made.version, **measured)
    return made


def learn_when_due(now: datetime) -> int:
    """Learn when there are cases and nothing that can be read was learnt yet; then once a week at night 定期训练."""
    last = TrainedReader.objects.order_by("-trained_at").values_list("trained_at", flat=True).first()
    night = timezone.localtime(now).hour in NIGHT
    if not Case.objects.exists():
        return 0
    if understanding.reader() is not None and (last is None or now - last < AGAIN_AFTER or not night):
        return 0
    learn(by=access.SYSTEM)
    return 1
