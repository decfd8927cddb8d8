"""What a device brings at one contact, taken in order; runs of plain operations in one transaction 成批执行.

Plain are the operations that change nothing but their own visit: fields, an end, a clue. A day's work of a person is almost wholly of these;
one by one each would ask the database twenty questions, together they ask as many as one. Everything else goes through
`hand.take_operation`. What becomes of an operation is decided by the same functions either way.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.kit import clock
from linqi.kit.access import seen_by
from linqi.kit.bulk import insert_many, update_many
from linqi.kit.flow import MoveRefused
from linqi.visits import actions, queries
from linqi.visits.actions import hand
from linqi.visits.actions.fields import fill_in
from linqi.visits.actions.hand import Cloned, Done, Gap
from linqi.visits.flow import State
from linqi.visits.merging import FIELDS, Outcome, Parcel, Said, happened
from linqi.visits.models import Device, FieldConflict, Finding, FindingKind, Operation, Visit

PLAIN: Final = frozenset({"set", "finish", "miss", "refuse"})
_LOGGED: Final = tuple(one.attname for one in Operation._meta.concrete_fields if not one.primary_key)
TRIES: Final = 3  # a run that PostgreSQL broke off because two waited for each other is begun again
WRITTEN: Final = ("state", "edition", "stamps", "visited_on", "visitor", *FIELDS)
_WRITTEN: Final = tuple(one.attname for name in WRITTEN for one in Visit._meta.concrete_fields if one.name == name)
_READ: Final = tuple(one.name for one in Visit._meta.concrete_fields)
_OPERATION: Final = tuple(one.name for one in Operation._meta.concrete_fields if not one.primary_key)


def take_parcel(*, device: Device, parcel: Parcel) -> Iterator[Operation]:
    """Apply what a device brings, each operation once and in order, and give its row of the log as it is written 执行同步包.

    Gap or Cloned, as `hand.take_operation` raises them, come after the rows of what went before them. The contact is remembered.
    """
    in_a_run = bool(parcel.said) and _is_plain(parcel.said[0])  # and in its transaction: SQLite has one writer
    if not in_a_run:
        hand.mark_contact(device=device, parcel=parcel)
    for plain, listed in groupby(parcel.said, key=_is_plain):
        run = list(listed)
        if plain:
            taken, stopped = _again(run, device, parcel)
            yield from taken
            if stopped is not None:
                raise stopped
        else:
            for said in run:
                yield hand.take_operation(device=device, said=said, parcel=parcel)


def _is_plain(said: Said) -> bool:
    return said.kind in PLAIN or (said.kind == "finding" and said.body.get("kind") == FindingKind.CLUE)


Stopped = Gap | Cloned | None


def _again(run: Sequence[Said], device: Device, parcel: Parcel) -> tuple[list[Operation], Stopped]:
    for left in range(TRIES - 1, -1, -1):
        try:
            return take_run(device=device, run=run, parcel=parcel)
        except OperationalError:
            if not left:
                raise
    raise AssertionError("the last try gives or raises")


@transaction.atomic
def take_run(*, device: Device, run: Sequence[Said], parcel: Parcel) -> tuple[list[Operation], Stopped]:
    """Apply a run of plain operations: all effects and all rows of the log are written together or not at all 成批执行.

    Gives the rows up to the end or to what stopped it. Rows are locked in the order of every action: device, visits, head of the journal.
    """
    owner = device.owner
    device = Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
    device.owner = owner  # whose grants are known already
    hand.mark_contact(device=device, parcel=parcel)
    before = {one.seq: one for one in _had(device, run)}
    strangers = _uids_known(device, run)
    table = _Table(device, [said for said in run if said.seq > device.taken])
    received, rows, made = clock.now(), [], []
    stopped: Stopped = None
    for said in run:
        if said.seq <= device.taken:
            known = before.get(said.seq)
            if known is None or known.uid != said.id:
                stopped = Cloned()
                break
        elif said.seq != device.taken + 1:
            stopped = Gap(device.taken + 1)
            break
        elif said.id in strangers:
            stopped = Cloned()
            break
        else:
            at = happened(said, parcel, received, device.registered_at)
            known = hand.logged(device, said, at, received, table.tried(said, at))
            made.append(known)
            before[said.seq] = known
            strangers.add(said.id)
            device.taken = said.seq
        rows.append(known)
    table.write()
    if made:
        insert_many(Operation, _OPERATION, ([getattr(one, name) for name in _LOGGED] for one in made))
        Device.objects.filter(pk=device.pk).update(taken=device.taken)
    return rows, stopped


def _had(device: Device, run: Sequence[Said]) -> Sequence[Operation]:
    old = [said.seq for said in run if said.seq <= device.taken]
    return list(Operation.objects.filter(device=device, seq__in=old)) if old else []


def _uids_known(device: Device, run: Sequence[Said]) -> set[str]:
    new = [said.id for said in run if said.seq > device.taken]
    return set(Operation.objects.filter(uid__in=new).values_list("uid", flat=True)) if new else set()


@dataclass
class _Table:
    """The visits a run is about, locked and in memory; what was done to them is written once, at the end."""

    device: Device
    run: Sequence[Said]
    visits: dict[str, Visit] = field(default_factory=dict)
    rivals: dict[int, list[FieldConflict]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[int, Visit] = field(default_factory=dict)
    acts: list[journal.Act] = field(default_factory=list)
    found: list[tuple[Finding, journal.Act]] = field(default_factory=list)

    def __post_init__(self) -> None:
        owner, keys = self.device.owner, {said.visit for said in self.run}
        numbers = {key: int(key[:18]) for key in keys if key.isdecimal()} | hand.started_as(owner, keys)
        if not numbers:
            return
        rows = Visit.objects.select_for_update(of=("self",)).select_related("enterprise").order_by("pk")
        rows = rows.only(*_READ, "enterprise__name", "enterprise__entity_type")
        held = {one.pk: one for one in seen_by(owner, rows.filter(pk__in=numbers.values()), few=True)}
        self.visits = {key: held[pk] for key, pk in numbers.items() if pk in held}
        open_now = FieldConflict.objects.filter(
            visit__in=held, said_by=owner.pk, device=self.device, settled_at=None
        ).order_by("pk")
        for one in open_now:
            self.rivals[one.visit_id].append(one)

    def tried(self, said: Said, at: datetime) -> Done:
        """What becomes of one operation; what is refused has changed nothing."""
        kinds: dict[str, Callable[[Visit, Said, datetime], Done]] = {
            "set": self._set,
            "finish": self._finish,
            "miss": self._end,
            "refuse": self._end,
            "finding": self._clue,
        }
        visit = self.visits.get(said.visit)
        if visit is None:
            return hand.unknown_visit()
        try:
            return kinds[said.kind](visit, said, at)
        except ValidationError as refused:
            return visit, Outcome.REFUSED, "；".join(refused.messages), {}
        except MoveRefused:
            return hand.no_such_move(visit, visit)
        except PermissionDenied:
            return visit, Outcome.REFUSED, _("您没有办这件事的权限。"), {}

    def write(self) -> None:
        """Save every visit that changed and what was found, and tell every act, in the order in which they were said."""
        if self.changed:
            rows = ([getattr(one, name) for name in _WRITTEN] for one in self.changed.values())
            update_many(Visit, WRITTEN, zip(self.changed, rows, strict=True))
        if self.found:
            actions.keep(self.found)
        if self.acts:
            journal.write_many(self.acts)

    def _set(self, visit: Visit, said: Said, at: datetime) -> Done:
        fields, by = hand.fields_said(said), self._writer(visit)
        beside = self.rivals[visit.pk]
        found, act = fill_in(visit, fields, seen=said.seen, by=by, device=self.device, at=at, rivals=beside)
        beside += [one for one in found if one not in beside]
        self._keep(visit, act)
        return hand.what_became(visit, found)

    def _finish(self, visit: Visit, said: Said, at: datetime) -> Done:
        if visit.state == State.DONE:
            return visit, Outcome.APPLIED, "", {"already": True}
        act = actions.recorded(visit, {}, visited_on=hand.day_of(at), seen=None, by=self._writer(visit))
        self._keep(visit, act)
        return visit, Outcome.APPLIED, "", {}

    def _end(self, visit: Visit, said: Said, at: datetime) -> Done:
        self._keep(visit, actions.ended(visit, said.kind, by=self._writer(visit)))
        return visit, Outcome.APPLIED, "", {}

    def _clue(self, visit: Visit, said: Said, at: datetime) -> Done:
        text = hand.words(said.body, "text")
        if visit.pk not in self.may_report:
            raise PermissionDenied("visits.report")
        finding, act = actions.clue_on(visit, text, by=self.device.owner)
        self.found.append((finding, act))
        self._keep(visit, act)
        return visit, Outcome.APPLIED, "", {}

    @cached_property
    def may_record(self) -> set[int]:
        return self._may("visits.record")

    @cached_property
    def may_report(self) -> set[int]:
        return self._may("visits.report")

    def _may(self, permission: str) -> set[int]:
        return queries.reached(self.device.owner, {visit.pk for visit in self.visits.values()}, permission)

    def _writer(self, visit: Visit) -> Any:
        """Who writes, when they may record this visit."""
        if visit.pk not in self.may_record:
            raise PermissionDenied("visits.record")
        return self.device.owner

    def _keep(self, visit: Visit, act: journal.Act) -> None:
        self.changed[visit.pk] = visit
        self.acts.append(act)
