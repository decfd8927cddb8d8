"""A registry file is previewed, applied and undone 导入.

Everything is written in one transaction: a process that dies in the middle leaves nothing behind. What an import changed is kept row
by row (`ImportRow.before`), so that undo puts back what stood there and takes out what was new.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.core.files import File
from django.db import transaction
from django.db.models import Q

from linqi.accounts.models import Grant
from linqi.enterprises.actions.registry import settle, tell_changed
from linqi.enterprises.intake import FROM_THE_REGISTRY, Candidate, left_out, plain, read_registry, typed
from linqi.enterprises.models import Enterprise, Import, ImportRow, ImportState, Outcome, Relation, Tenancy
from linqi.enterprises.rules.importing import Verdict, judge
from linqi.enterprises.rules.names import name_key
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.bulk import count_anew, insert_many, reserve_ids
from linqi.kit.flow import MoveRefused
from linqi.kit.sheets import SheetRefused, Table
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import standing_below

CHUNK: Final = 800  # keys asked for in one query
BATCH: Final = 500  # rows written in one statement, as far as the database allows
NEW_COLUMNS: Final = (
    "id",
    "uscc",
    "name_key",
    "seat_id",
    "source",
    "as_of",
    "created_at",
    "updated_at",
    *FROM_THE_REGISTRY,
)
TENANCY_COLUMNS: Final = ("enterprise_id", "place_id", "relation", "since", "room", "shared", "clustered", "source")
ROW_COLUMNS: Final = ("batch_id", "number", "outcome", "reason", "name", "uscc", "enterprise_id", "before", "after")
_UNKNOWN: Final = {"established_on": None, "registered_capital": None}  # what is empty text in the other columns
STANDING: Final = (*FROM_THE_REGISTRY, "uscc", "as_of", "source", "updated_at")
LARGE: Final = 1_000  # rows; after so many the database looks at its tables anew
PATIENCE: Final = timedelta(minutes=10)  # a process that reads or writes for longer is taken for dead


class ImportRefused(Exception):
    """The import cannot be applied or undone as asked; the message says why and what can be done."""


@dataclass(slots=True)
class Planned:
    """One row with its verdict and, when it is known already, the enterprise it is about."""

    candidate: Candidate
    verdict: Verdict
    enterprise: int | None = None
    stands: dict[str, Any] | None = None
    written: dict[str, Any] = field(default_factory=dict)  # what an update wrote beside the columns, for undo


@transaction.atomic
def start_import(*, file: File[bytes], file_name: str, street: Place, source: str, as_of: date, by: Any) -> Import:
    """Keep the file that somebody wants to bring in; reading it comes next 上传名册."""
    access.require(by, "enterprises.import", street)
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    batch = Import(
        street=street,
        file_name=file_name[:200],
        sha256=digest.hexdigest(),
        source=source[:200],
        as_of=as_of,
        by=by if by.pk else None,
        started_at=clock.now(),
    )
    batch.file.save(f"{digest.hexdigest()[:16]}{Path(file_name).suffix.lower()[:6]}", file, save=False)
    batch.save()
    return batch


def preview_import(*, batch: Import, by: Any) -> Import:
    """Read the file and say what would become of each row; nothing but the preview is written 预览.

    A file that cannot be used leaves the import FAILED with the reason.
    """
    access.require(by, "enterprises.import", batch.street)
    _move(batch, ImportState.READING, "preview")
    try:
        table, planned = _plan(batch)
    except SheetRefused as refused:
        return _fail(batch, str(refused))
    with transaction.atomic():
        batch.rows.all().delete()
        _keep_rows(batch, planned)
        batch.state = ImportState.PREVIEWED
        batch.rows_total = len(planned)
        batch.counts = _counted(planned) | _about(table)
        batch.save()
        journal.write(
            by=by, verb=Verb.IMPORT_PREVIEWED, subject=batch, place=batch.street_id, **_outcomes(batch.counts)
        )
    return batch


def apply_import(*, batch: Import, valid_only: bool, by: Any) -> Import:
    """Write what the preview announced, compared once more with what stands there now 写入.

    `valid_only` false: nothing at all is written when a row is refused or in conflict (ImportRefused). All or nothing is written
    in either case when the process dies.
    """
    access.require(by, "enterprises.import", batch.street)
    _move(batch, ImportState.PREVIEWED, "apply")
    started = time.monotonic()
    batch.state, batch.valid_only, batch.started_at, batch.error = ImportState.APPLYING, valid_only, clock.now(), ""
    batch.save(update_fields=["state", "valid_only", "started_at", "error"])
    try:
        with transaction.atomic():
            table, planned = _plan(batch)
            counts = _counted(planned)
            bad = counts[Outcome.CONFLICT.value] + counts[Outcome.REFUSED.value]
            if bad and not valid_only:
                raise ImportRefused(
                    f"有 {bad} 行不能写入，按“全部或不写”的要求，一行也没有写；请改好后再试，或选择只写有效行"
                )
            _write(batch, planned)
            batch.rows.all().delete()
            _keep_rows(batch, planned)
            batch.state = ImportState.APPLIED
            batch.rows_total = len(planned)
            batch.counts = counts | _about(table)
            batch.finished_at = clock.now()
            batch.seconds = round(time.monotonic() - started, 3)
            batch.save()
            journal.write(by=by, verb=Verb.IMPORT_APPLIED, subject=batch, place=batch.street_id, **_outcomes(counts))
            if len(planned) >= LARGE:
                count_anew()
    except BaseException:
        Import.objects.filter(pk=batch.pk).update(state=ImportState.PREVIEWED)
        batch.refresh_from_db()
        raise
    return batch


def import_at_once(*, batch: Import, valid_only: bool, by: Any) -> Import:
    """Read and apply without a stop in between, for the command line; a file that cannot be used raises SheetRefused."""
    access.require(by, "enterprises.import", batch.street)
    batch.state = ImportState.PREVIEWED
    batch.save(update_fields=["state"])
    try:
        return apply_import(batch=batch, valid_only=valid_only, by=by)
    except SheetRefused as refused:
        _fail(batch, str(refused))
        raise


def plan_import(*, batch: Import, by: Any) -> list[Planned]:
    """What an import would do, without writing even the preview."""
    access.require(by, "enterprises.import", batch.street)
    return _plan(batch)[1]


def announce_import(*, batch: Import) -> int:
    """Tell those who listen what an import brought or changed, search first of all; how many enterprises.

    A job of its own after the writing, so that the writing holds nobody up.
    """
    rows = batch.rows.filter(outcome__in=[Outcome.CREATED, Outcome.UPDATED]).exclude(enterprise=None)
    ids = list(rows.order_by("enterprise_id").values_list("enterprise_id", flat=True))
    tell_changed(ids)
    return len(ids)


@transaction.atomic
def undo_import(*, batch: Import, leave_changed: bool, by: Any) -> list[ImportRow]:
    """Put back what stood there before the import: updates restored, new enterprises taken out 撤销导入.

    Rows that somebody changed, visited or opened cases for since cannot be undone: ImportRefused names how many, unless
    `leave_changed`, which leaves them as they are and returns them.
    """
    access.require(by, "enterprises.import", batch.street)
    _move(batch, ImportState.APPLIED, "undo")
    rows = list(
        batch.rows.filter(outcome__in=[Outcome.CREATED, Outcome.UPDATED])
        .select_related("enterprise")
        .order_by("number")
    )
    left = _changed_since(rows)
    if left and not leave_changed:
        names = "、".join(row.name for row in left[:5])
        raise ImportRefused(
            f"有 {len(left)} 家企业在导入之后又有变动（{names}{' 等' if len(left) > 5 else ''}），可以选择只撤销其余的"
        )
    kept = {row.pk for row in left}
    undone = [row for row in rows if row.pk not in kept]
    created = [row.enterprise_id for row in undone if row.outcome == Outcome.CREATED and row.enterprise_id]
    added = [
        row.after["tenancy"]
        for row in undone
        if row.outcome == Outcome.UPDATED and row.after and row.after.get("tenancy")
    ]
    for some in _chunks(added):
        Tenancy.objects.filter(pk__in=some).delete()
    for some in _chunks(created):
        Tenancy.objects.filter(enterprise__in=some).delete()
        Enterprise.objects.filter(pk__in=some).delete()
    restored = [row for row in undone if row.outcome == Outcome.UPDATED and row.enterprise and row.before]
    _restore(restored)
    settle([row.enterprise_id for row in restored if row.enterprise_id and row.after and "tenancy" in row.after])
    tell_changed([*created, *(row.enterprise_id for row in restored if row.enterprise_id)])
    batch.state = ImportState.UNDONE
    batch.finished_at = clock.now()
    batch.save(update_fields=["state", "finished_at"])
    journal.write(
        by=by, verb=Verb.IMPORT_UNDONE, subject=batch, place=batch.street_id, undone=len(undone), left=len(left)
    )
    return left


def note_refusal(*, batch: Import, why: str) -> None:
    """Keep why an import was not written, for the one who asked for it."""
    Import.objects.filter(pk=batch.pk).update(error=why)


@transaction.atomic
def recover_imports(now: datetime) -> int:
    """Free the imports whose process died while it read or wrote; nothing of them was written, they can be tried again."""
    broken = Import.objects.filter(started_at__lt=now - PATIENCE)
    reading = broken.filter(state=ImportState.READING).update(
        state=ImportState.FAILED, error="读取中断，没有写入任何内容；请重新上传", finished_at=now
    )
    writing = broken.filter(state=ImportState.APPLYING).update(
        state=ImportState.PREVIEWED, error="写入中断，没有写入任何内容；可以再试一次"
    )
    return reading + writing


@transaction.atomic
def remember_report(*, batch: Import, by: Any) -> None:
    """Keep who took the report of an import out 导出留痕."""
    access.require(by, "enterprises.import", batch.street)
    journal.write(by=by, verb=Verb.EXPORTED, subject=batch, place=batch.street_id, what="import report")


# --- planning --------------------------------------------------------------------------------------------------------
def _plan(batch: Import) -> tuple[Table, list[Planned]]:
    table, candidates = read_registry(Path(batch.file.path), batch.file_name)
    known = _Known(batch, candidates)
    first: dict[str, Candidate] = {}
    about: dict[int, Candidate] = {}
    coded = {one.key: one for one in reversed(candidates) if one.uscc and not one.refused}
    planned = []
    for candidate in candidates:
        if candidate.refused:
            planned.append(Planned(candidate, Verdict(Outcome.REFUSED.value, candidate.refused)))
            continue
        before = first.setdefault(candidate.identity, candidate)
        if before is candidate and candidate.identity == candidate.key:
            before = coded.get(candidate.key, candidate)  # without a code nobody can tell it from its namesake
        enterprise, stands = known.find(candidate)
        if before is candidate and enterprise is not None:
            before = about.setdefault(enterprise, candidate)  # one row named it by its code, another by its name
        if before is not candidate:
            planned.append(Planned(candidate, _within_file(candidate, before)))
            continue
        verdict = judge(candidate.says, stands, batch.as_of, candidate.uscc, here=known.is_here(enterprise))
        planned.append(Planned(candidate, verdict, enterprise, stands))
    return table, planned


def _within_file(candidate: Candidate, before: Candidate) -> Verdict:
    if candidate.says == before.says and candidate.uscc == before.uscc:
        return Verdict(Outcome.UNCHANGED.value, f"与第 {before.number} 行相同")
    return Verdict(Outcome.CONFLICT.value, f"与第 {before.number} 行是同一家企业，内容不同；请只保留正确的一行")


class _Known:
    """The enterprises a file may be about, fetched in a few queries: by code, by old number, by name in the street."""

    def __init__(self, batch: Import, candidates: Sequence[Candidate]) -> None:
        usable = [one for one in candidates if not one.refused]
        self._by_code = self._fetch("uscc", (one.uscc for one in usable if one.uscc))
        self._by_number = self._fetch(
            "old_number", (one.says["old_number"] for one in usable if "old_number" in one.says)
        )
        nameless = (one.key for one in usable if not one.uscc and "old_number" not in one.says)
        here = Q(tenancies__place__in=[batch.street_id, *standing_below(batch.street).values_list("pk", flat=True)])
        self._by_name = self._fetch("name_key", nameless, here)
        found = (row["id"] for some in (self._by_code, self._by_number, self._by_name) for row in some.values())
        self._here = _still_here(batch, found)

    def find(self, candidate: Candidate) -> tuple[int | None, dict[str, Any] | None]:
        """Id and columns of the enterprise a row is about; two Nones when nobody has entered it."""
        if candidate.uscc:
            found = self._by_code.get(candidate.uscc)
        elif "old_number" in candidate.says:
            found = self._by_number.get(candidate.says["old_number"])
        else:
            found = self._by_name.get(candidate.key)
        return (found["id"], found) if found else (None, None)

    def is_here(self, enterprise: int | None) -> bool:
        """Whether the street knows it as one of its own on the day for which the file speaks."""
        return enterprise in self._here

    def _fetch(self, column: str, keys: Iterable[str], only: Q = Q()) -> dict[str, dict[str, Any]]:  # noqa: B008
        found = {}
        for some in _chunks(list(dict.fromkeys(keys))):
            rows = Enterprise.objects.filter(only, merged_into=None, **{f"{column}__in": some}).distinct()
            for row in rows.order_by("-uscc", "-id").values(
                "id", "name_key", *STANDING
            ):  # of namesakes, one without a code
                found[row[column]] = row
        return found


def _still_here(batch: Import, enterprises: Iterable[int]) -> set[int]:
    """Those at a place of the street, or gone from it only after the day for which the file speaks."""
    here: set[int] = set()
    staying = Q(until=None) | Q(until__gt=batch.as_of)
    for some in _chunks(list(dict.fromkeys(enterprises))):
        stays = Tenancy.objects.filter(staying, enterprise__in=some, place__covered__ancestor=batch.street_id)
        here.update(stays.values_list("enterprise_id", flat=True))
    return here


# --- writing ---------------------------------------------------------------------------------------------------------
def _write(batch: Import, planned: list[Planned]) -> None:
    doors = _Doors(batch.street)
    new = [one for one in planned if one.verdict.outcome == Outcome.CREATED.value]
    changed = [one for one in planned if one.verdict.outcome == Outcome.UPDATED.value]
    now = clock.now()
    places = [doors.of(one.candidate) for one in new]
    for one, pk in zip(new, reserve_ids(Enterprise, len(new)), strict=True):
        one.enterprise = pk
    insert_many(
        Enterprise,
        NEW_COLUMNS,
        (
            (
                one.enterprise,
                one.candidate.uscc,
                one.candidate.key,
                place,
                batch.source,
                batch.as_of,
                now,
                now,
                *(one.candidate.says.get(column, _UNKNOWN.get(column, "")) for column in FROM_THE_REGISTRY),
            )
            for one, place in zip(new, places, strict=True)
        ),
    )
    insert_many(
        Tenancy,
        TENANCY_COLUMNS,
        (_tenancy_values(batch, one.candidate, one.enterprise, place) for one, place in zip(new, places, strict=True)),
    )
    _change(batch, changed, doors)


def _change(batch: Import, changed: list[Planned], doors: "_Doors") -> None:
    by_id = {one.enterprise: one for one in changed}
    now = clock.now()
    arrived = []
    for some in _chunks(list(by_id)):
        rows = list(Enterprise.objects.filter(pk__in=some))
        here = _still_here(batch, some)
        for row in rows:
            one = by_id[row.pk]
            for column, value in (one.verdict.changes or {}).items():
                setattr(row, column, value)
            row.name_key, row.source, row.as_of, row.updated_at = name_key(row.name), batch.source, batch.as_of, now
            one.written = {"updated_at": plain(now)}
            if row.pk not in here:
                values = _tenancy_values(batch, one.candidate, row.pk, doors.of(one.candidate))
                arrived.append(Tenancy(**dict(zip(TENANCY_COLUMNS, values, strict=True))))
        Enterprise.objects.bulk_update(rows, [*STANDING, "name_key"], batch_size=50)
    for tenancy in Tenancy.objects.bulk_create(arrived, batch_size=BATCH):
        by_id[tenancy.enterprise_id].written["tenancy"] = tenancy.pk
    settle([tenancy.enterprise_id for tenancy in arrived])


def _tenancy_values(batch: Import, candidate: Candidate, enterprise: int | None, place: int) -> tuple[Any, ...]:
    relation = Relation.REGISTERED.value
    return enterprise, place, relation, candidate.since, candidate.room, False, False, batch.source


class _Doors:
    """The buildings and rooms of a street by name, to put an address on the tree where it fits exactly."""

    def __init__(self, street: Place) -> None:
        self._street = street.pk
        kinds = [PlaceKind.BUILDING.value, PlaceKind.UNIT.value]
        self._buildings: dict[str, int] = {}
        self._rooms: dict[tuple[int, str], int] = {}
        places = list(standing_below(street).filter(kind__in=kinds).values_list("pk", "kind", "name"))
        twice = set()
        for pk, kind, name in places:
            if kind == PlaceKind.BUILDING:
                key = name_key(name)
                twice |= {key} & set(self._buildings)
                self._buildings[key] = pk
        for key in twice:
            del self._buildings[key]  # two buildings of one name: nobody can tell which
        if self._buildings:
            units = Place.objects.filter(kind=PlaceKind.UNIT, covered__ancestor__in=self._buildings.values())
            for pk, name, building in units.values_list("pk", "name", "covered__ancestor"):
                if building in self._buildings.values():
                    self._rooms[(building, _room(name))] = pk

    def of(self, candidate: Candidate) -> int:
        """The unit when building and room are known, else the building, else the street."""
        building = self._buildings.get(name_key(candidate.building)) if candidate.building else None
        if building is None:
            return self._street
        return self._rooms.get((building, _room(candidate.room)), building)


def _room(name: str) -> str:
    return name.removesuffix("室").removesuffix("号").upper()


def _keep_rows(batch: Import, planned: Iterable[Planned]) -> None:
    insert_many(ImportRow, ROW_COLUMNS, (_row_values(batch, one) for one in planned))


def _row_values(batch: Import, one: Planned) -> tuple[Any, ...]:
    candidate, verdict, stands = one.candidate, one.verdict, one.stands
    before = after = None
    if verdict.outcome == Outcome.UPDATED.value and stands is not None:
        before = {key: plain(stands[key]) for key in STANDING}
        after = {key: plain(value) for key, value in (verdict.changes or {}).items()} | one.written
    reason = "；".join([*filter(None, [verdict.reason]), *candidate.remarks])
    name = candidate.name[:200]
    return batch.pk, candidate.number, verdict.outcome, reason, name, candidate.uscc, one.enterprise, before, after


# --- undoing ---------------------------------------------------------------------------------------------------------
def _changed_since(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """The rows whose enterprise is not as the import left it: changed, moved, known better, visited, or asking."""
    touched: set[int] = set()
    new = [row.enterprise_id for row in rows if row.outcome == Outcome.CREATED and row.enterprise_id]
    for some in _chunks(new):
        for relation in Enterprise._meta.related_objects:
            if relation.related_model is not Tenancy:
                column = relation.field.name
                leaning = relation.related_model._base_manager.filter(**{f"{column}__in": some})
                touched.update(leaning.values_list(f"{column}_id", flat=True))
        granted = Grant.objects.filter(enterprise__in=some).values_list("enterprise", flat=True)
        touched.update(enterprise for enterprise in granted if enterprise)
        stays = Tenancy.objects.filter(enterprise__in=some).values_list("enterprise_id", "until", "relation")
        settled: set[int] = set()
        for enterprise, until, stays_as in stays:
            if enterprise in settled or until or stays_as != Relation.REGISTERED.value:
                touched.add(enterprise)
            settled.add(enterprise)
        touched.update(set(some) - settled)
    for some in _chunks([row.after["tenancy"] for row in rows if row.after and "tenancy" in row.after]):
        ended = Tenancy.objects.filter(pk__in=some).exclude(until=None, relation=Relation.REGISTERED.value)
        touched.update(ended.values_list("enterprise_id", flat=True))
    return [row for row in rows if row.enterprise_id in touched or _differs(row)]


def _differs(row: ImportRow) -> bool:
    enterprise = row.enterprise
    if enterprise is None or enterprise.merged_into_id:
        return True
    if row.outcome == Outcome.CREATED:
        return bool(enterprise.updated_at != enterprise.created_at)
    return bool(enterprise.updated_at != typed("updated_at", (row.after or {}).get("updated_at")))


def _restore(rows: Sequence[ImportRow]) -> None:
    enterprises = []
    for row in rows:
        enterprise = row.enterprise
        if enterprise is None or row.before is None:
            continue
        for column, value in row.before.items():
            setattr(enterprise, column, typed(column, value))
        enterprise.name_key = name_key(enterprise.name)
        enterprises.append(enterprise)
    Enterprise.objects.bulk_update(enterprises, [*STANDING, "name_key"], batch_size=50)


# --- small things ----------------------------------------------------------------------------------------------------
def _move(batch: Import, state: ImportState, move: str) -> None:
    """Lock the import and see that it stands where the move starts."""
    with transaction.atomic():
        now = Import.objects.select_for_update().get(pk=batch.pk).state
    if now != state:
        raise MoveRefused(move, now, [])
    batch.state = now


def _fail(batch: Import, why: str) -> Import:
    batch.state, batch.error, batch.finished_at = ImportState.FAILED, why, clock.now()
    batch.save(update_fields=["state", "error", "finished_at"])
    return batch


def _counted(planned: Iterable[Planned]) -> dict[str, Any]:
    counts: dict[str, Any] = {outcome.value: 0 for outcome in Outcome}
    for one in planned:
        counts[one.verdict.outcome] += 1
    return counts


def _about(table: Table) -> dict[str, Any]:
    """What the page says of the file itself: where its heading is, which columns were read and which were left out."""
    personal, unknown = left_out(table)
    return {
        "sheet": table.sheet,
        "header_row": table.header_row,
        "found": table.found,
        "personal": personal,
        "unknown": unknown,
    }


def _outcomes(counts: dict[str, Any]) -> dict[str, int]:
    return {outcome.value: counts.get(outcome.value, 0) for outcome in Outcome}


def _chunks(keys: list[Any]) -> Iterator[list[Any]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
