"""What waits for a person's eye: the doubtful pictures, and a stable sample of the sure; and how often people agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet

from linqi.kit import clock
from linqi.kit.access import seen_by
from linqi.kit.measures import wilson
from linqi.waste import recogniser
from linqi.waste.kinds import Doubt
from linqi.waste.models import Picture
from linqi.waste.queries_keeping import pictures_over

NOTHING: Final = "none"  # the label for “nothing of these”
TO_LABEL: Final = Q(labelled_at=None) & (
    ~Q(doubt=Doubt.SURE.value) | Q(sampled=True)
)  # as the index `picture_to_label` has it


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often people saw what the recogniser was sure of, on the sample; the share with its 95 % interval, None when none was asked."""

    asked: int
    agreed: int
    share: float | None
    least: float | None
    most: float | None


def pictures_seen_by(user: Any) -> QuerySet[Picture]:
    """The pictures a user may look at, newest first."""
    return seen_by(user, Picture).select_related("bin", "device")


def waiting(user: Any) -> QuerySet[Picture]:
    """What a person is to look at, the oldest first: it goes first when its time is over 待标注.

    What is kept longer is kept for a clue, and for nothing else.
    """
    return pictures_seen_by(user).filter(TO_LABEL).exclude(pictures_over(clock.today())).order_by("taken_at", "pk")


def offered(user: Any, now: datetime) -> QuerySet[Picture]:
    """What waits and lies before nobody else at this moment 可领取."""
    free = Q(asked_until=None) | Q(asked_until__lte=now)
    return waiting(user).filter(free | Q(asked_of=user.pk))


def labelled(user: Any) -> QuerySet[Picture]:
    """What people have said of, the latest first 已标注."""
    return pictures_seen_by(user).exclude(labelled_at=None).order_by("-labelled_at", "-pk")


def choices() -> list[str]:
    """The words a label may be: every class of the table of streams, what was labelled before, and `none`."""
    return [*recogniser.streams(), NOTHING]


def agreement(user: Any, since: datetime) -> Agreement:
    """On the sampled sure ones labelled since then: the only unbiased look at how right the recogniser is at these bins 抽检一致率."""
    told = (
        labelled(user)
        .filter(sampled=True, labelled_at__gte=since)
        .aggregate(asked=Count("pk"), agreed=Count("pk", filter=Q(label_stream=F("stream"))))
    )
    return agreed(told["asked"], told["agreed"])


def agreed(asked: int, hits: int) -> Agreement:
    """The share and its interval; None when nobody was asked."""
    if not asked:
        return Agreement(0, 0, None, None, None)
    return Agreement(asked, hits, hits / asked, *wilson(hits, asked))


def labels_to_teach(user: Any) -> Iterator[tuple[str, str, Picture]]:
    """Class, file name and picture of every label that names a class, for `linqi waste train` 训练标签."""
    for one in labelled(user).exclude(label__in=["", NOTHING]).order_by("bin", "taken_at", "pk").iterator():
        yield one.label, f"{one.pk}.jpg", one
