"""What is done to the rota of a building: set from a day until another, and taken back exactly 设置楼宇轮值."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import now, today
from linqi.territory.models import Place, PlaceKind
from linqi.visits.models import BuildingRota
from linqi.visits.rota import last_set, spell_of
from linqi.visits.rules.rota import Spell, faults_of, laid_over

_COLUMNS: Final = ("id", "visits", "opens", "closes", "since", "until", "reason", "before", "set_by_id", "set_at")


@transaction.atomic
def set_rota(
    *,
    building: Place,
    visits: int | None,
    opens: int | None = None,
    closes: int | None = None,
    since: date | None = None,
    until: date | None = None,
    reason: str = "",
    by: Any,
) -> BuildingRota:
    """How often one building is visited in a week and in which hours, from a day (today) until another (open) 设置楼宇轮值.

    `visits` None: as its street says. Where the days end, what stood before goes on. ValidationError by field.
    """
    access.require(by, "visits.plan", building)
    since = since or today()
    _check(building, visits, opens, closes, since, until)
    rows = {row.pk: row for row in _locked_rows(building)}
    laid = laid_over(map(spell_of, rows.values()), since, until)
    touched = {one.key for one in (*laid.cut, *laid.gone)}
    before = [_kept(row) for pk, row in rows.items() if pk in touched]
    for one in laid.cut:
        BuildingRota.objects.filter(pk=one.key or 0).update(until=one.until)
    BuildingRota.objects.filter(pk__in=[one.key or 0 for one in laid.gone]).delete()
    behind = [_again(rows[one.key or 0], since=one.since) for one in laid.behind]
    made = BuildingRota.objects.create(
        building=building, visits=visits, opens=opens, closes=closes, since=since, until=until, reason=reason.strip(),
        before={"rows": before, "behind": [one.pk for one in behind]}, set_by_id=by.pk, set_at=now(),
    )  # fmt: skip
    journal.write(
        by=by, verb=Verb.ROTA_SET, subject=building, place=building,
        visits=visits, opens=opens, closes=closes, since=since, until=until,
    )  # fmt: skip
    return made


@transaction.atomic
def set_rotas(*, rows: Iterable[tuple[int, Place, Mapping[str, Any]]], by: Any) -> int:
    """Set what the rows of a sheet say, all of them or none; how many 写入轮值表.

    `rows`: number in the file, building, what `set_rota` takes. ValidationError names the row.
    """
    done = 0
    for number, building, said in rows:
        try:
            set_rota(building=building, **said, by=by)
        except ValidationError as refused:
            raise ValidationError(
                _("第 %(row)s 行：%(why)s") % {"row": number, "why": "；".join(refused.messages)}
            ) from refused
        done += 1
    return done


@transaction.atomic
def take_back_rota(*, rota: BuildingRota, by: Any) -> None:
    """Take the last setting of a building back 撤回楼宇轮值.

    One that has not been in force on a day gone by disappears and everything is as it was; one that has ends today, and from today
    on holds what would hold without it. ValidationError when it was not the last one, or is over already.
    """
    access.require(by, "visits.plan", rota.building)
    _locked_rows(rota.building)
    last, day = last_set(rota.building_id), today()
    if last is None or last.pk != rota.pk or last.before is None or last.since is None:
        raise ValidationError(_("这不是最近一次设置，请先撤回较新的一次。"))
    if last.until is not None and last.until <= day:
        raise ValidationError(_("这次设置已到期，无需撤回。"))
    BuildingRota.objects.filter(pk__in=last.before["behind"]).delete()
    if last.since >= day:
        last.delete()
        for kept in last.before["rows"]:
            _put_back(rota.building, kept)
    else:
        BuildingRota.objects.filter(pk=last.pk).update(until=day, before=None)
        for kept in last.before["rows"]:
            _go_on(rota.building, kept, day)
    journal.write(
        by=by, verb=Verb.ROTA_TAKEN_BACK, subject=rota.building, place=rota.building,
        visits=last.visits, since=last.since, until=last.until,
    )  # fmt: skip


def _check(
    building: Place, visits: int | None, opens: int | None, closes: int | None, since: date, until: date | None
) -> None:
    if building.kind != PlaceKind.BUILDING:
        raise ValidationError(_("轮值按楼宇设置。"))
    if wrong := faults_of(Spell(since, until, visits, opens, closes), today()):
        raise ValidationError({one.value: _(one.label) for one in wrong})


def _locked_rows(building: Place) -> list[BuildingRota]:
    """The rows of a building, which nobody else changes until this is done."""
    Place.objects.select_for_update().get(pk=building.pk)
    return list(BuildingRota.objects.filter(building=building))


def _kept(row: BuildingRota) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in _COLUMNS}
    for name in ("since", "until", "set_at"):
        plain[name] = plain[name].isoformat() if plain[name] else None
    return plain


def _read(kept: dict[str, Any]) -> dict[str, Any]:
    days = {name: parse_date(kept[name]) if kept[name] else None for name in ("since", "until")}
    return {**kept, **days, "set_at": parse_datetime(kept["set_at"]) if kept["set_at"] else None}


def _put_back(building: Place, kept: dict[str, Any]) -> None:
    """A row exactly as it was, its number included."""
    BuildingRota.objects.filter(pk=kept["id"]).delete()
    BuildingRota.objects.create(building=building, **_read(kept))


def _go_on(building: Place, kept: dict[str, Any], day: date) -> None:
    """What a row says from a day on, as one that goes on; nothing when it would have ended by then."""
    said = _read(kept)
    if said["until"] is not None and said["until"] <= day:
        return
    since = day if said["since"] is None or said["since"] < day else said["since"]
    BuildingRota.objects.create(
        building=building,
        **{name: said[name] for name in _COLUMNS if name not in ("id", "before", "since")},
        since=since,
    )


def _again(row: BuildingRota, since: date | None) -> BuildingRota:
    """A row once more from a later day on; it was not set anew, so it cannot be taken back."""
    said = {name: getattr(row, name) for name in _COLUMNS if name not in ("id", "before", "since")}
    return BuildingRota.objects.create(building_id=row.building_id, **said, since=since)
