"""What is known of every enterprise today, kept in memory and brought up to date from the journal 随日志更新.

An act about one enterprise asks for that one again; anything wider makes all of it anew. What many acts of a day move only a little may
be brought up to date from what was there (`lightly`). Where there are few enterprises nothing is kept.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from linqi.enterprises.models import Enterprise
from linqi.journal.models import Entry, Head
from linqi.journal.verbs import Verb

V = TypeVar("V")
FEW: Final = 500  # enterprises up to which everything is made anew
FOLLOWED: Final = 3_000  # acts; after more of them everything is made again, which then is no slower
NARROW: Final = ("enterprises.", "cases.", "visits.")  # acts about one enterprise
WIDE: Final = frozenset(  # after these everything is made again
    {
        Verb.IMPORT_APPLIED,
        Verb.IMPORT_UNDONE,
        Verb.PAIR_MERGED,
        Verb.PAIR_UNDONE,
        Verb.MUST_VISIT_RULE_CHANGED,
        Verb.WEEK_PLAN_CONFIRMED,
        Verb.WEEK_PLAN_CHANGED,
        Verb.LINK_TEAM_FORMED,
        Verb.PLACE_CREATED,
        Verb.PLACE_CHANGED,
        Verb.PLACE_MOVED,
        Verb.PLACE_CLOSED,
        Verb.DEMO_GENERATED,
    }
)


@dataclass
class Following(Generic[V]):
    """Today's answer for every enterprise, and up to which entry of which journal it is true.

    `whole`: makes it for all. `some`: makes it for these alone; who is not in its answer is taken out. `wide`: which acts move others too,
    beside WIDE. `quiet`: acts about an enterprise that change nothing here. `light`: how the acts begin after which `lightly` brings those
    up to date about whom nothing else is told, from the answer of before; empty: none.
    """

    whole: Callable[[date], dict[int, V]]
    some: Callable[[date, Collection[int]], Mapping[int, V]]
    wide: Callable[[str, Mapping[str, Any]], bool] = lambda verb, data: False
    quiet: Collection[Verb] = (Verb.SECRETS_READ,)
    light: str = ""
    lightly: Callable[[date, Collection[int], Mapping[int, V]], Mapping[int, V]] = lambda day, firms, before: before
    held: dict[int, V] | None = None
    day: date | None = None
    upto: int = 0
    digest: str = ""
    lock: Lock = field(default_factory=Lock)

    def on(self, day: date) -> Mapping[int, V]:
        """The answer of today; one query when nothing happened."""
        with self.lock:
            head = Head.objects.values_list("count", "digest").first() or (0, "")
            if self.held is not None and self.day == day and head == (self.upto, self.digest):
                return self.held
            if self.held is None or self.day != day or not self._follow(day, head[0]):
                found = self.whole(day)
                large = head[0] and Enterprise.objects.filter(merged_into=None)[FEW : FEW + 1].exists()
                self.held = found if large else None
                self.day = day
                if self.held is None:
                    return found
            self.upto, self.digest = head
            return self.held

    def forget(self) -> None:
        """Let go of it."""
        self.held = None

    def _follow(self, day: date, upto: int) -> bool:
        """Ask again about whom the journal speaks of; False when everything must be made again."""
        assert self.held is not None
        if not Entry.objects.filter(pk=self.upto, digest=self.digest).exists():
            return False  # another journal: a restored or a test database
        since = Entry.objects.filter(pk__gt=self.upto, pk__lte=upto).exclude(verb__in=list(self.quiet))
        told = since.order_by("pk").values_list("verb", "enterprise", "data")[: FOLLOWED + 1]
        touched: set[int] = set()
        moved: set[int] = set()
        for verb, enterprise, data in told:
            if verb in WIDE or self.wide(verb, data):
                return False
            if enterprise is not None and verb.startswith(NARROW):
                (moved if self.light and verb.startswith(self.light) else touched).add(enterprise)
        if len(told) > FOLLOWED:
            return False
        moved -= touched
        if touched or moved:
            fresh = dict(self.lightly(day, moved, self.held)) if moved else {}
            if touched:
                fresh.update(self.some(day, touched))
            asked = touched | moved
            self.held = {pk: one for pk, one in self.held.items() if pk not in asked} | fresh
        return True
