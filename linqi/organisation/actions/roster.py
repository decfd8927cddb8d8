"""Bringing a roster of people in: read, tried, applied, undone 人员名册.

A preview is the real writing, rolled back: what it complains of is exactly what applying would complain of, clashes between
two rows of the file included.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.organisation.actions.people import KEEPERS, employ, enter_person, give_post
from linqi.organisation.intake import ROSTER, read_roster
from linqi.organisation.models import Company, Employment, Person, PostHolding, Roster, RosterState
from linqi.organisation.rules import Footing, Post
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import standing_below

TITLES = {column.key: column.title for column in ROSTER.columns}
FIELDS = {"company": "employer", "community": "community", "footing": "footing", "percent": "percent", "user": "name"}


@dataclass(slots=True)
class Outcome:
    """What becomes of one row: what is written anew, or why it is refused 逐行结果."""

    number: int
    name: str
    written: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@transaction.atomic
def take_roster(*, place: Place, path: Path, file_name: str, by: Any) -> Roster:
    """Keep a file as read; nobody of it is written yet. SheetRefused when it cannot be used at all 上传名册."""
    access.require(by, "organisation.edit", place)
    if place.kind not in KEEPERS:
        raise ValidationError({"place": _("请选择街道或社区。")})
    rows = read_roster(path, file_name)
    if not rows:
        raise ValidationError(_("表头下面没有数据行；请填好后再上传。"))
    roster = Roster.objects.create(
        place=place, file_name=file_name[:200], rows=rows, made_by_id=by.pk, made_at=timezone.now()
    )
    journal.write(by=by, verb=Verb.ROSTER_READ, subject=roster, place=place, rows=len(rows))
    return roster


def try_roster(*, roster: Roster, by: Any) -> list[Outcome]:
    """What applying would do with each row; nothing is left of the trial 预览名册."""
    access.require(by, "organisation.edit", roster)
    with transaction.atomic():
        outcomes, _made = _write(roster, by)
        transaction.set_rollback(True)
    return outcomes


@transaction.atomic
def apply_roster(*, roster: Roster, by: Any) -> Roster:
    """Write every row, or none when one is refused 写入名册."""
    access.require(by, "organisation.edit", roster)
    roster = Roster.objects.select_for_update().get(pk=roster.pk)
    if roster.state != RosterState.PREVIEWED:
        raise ValidationError(_("这份名册已经处理过，请重新上传。"))
    outcomes, made = _write(roster, by)
    if refused := [one for one in outcomes if one.problems]:
        raise ValidationError(_("有 %(n)s 行不能写入，整份名册都没有写入；请改好后重新上传。") % {"n": len(refused)})
    roster.state, roster.made, roster.applied_at = RosterState.APPLIED, made, timezone.now()
    roster.save(update_fields=["state", "made", "applied_at"])
    journal.write(by=by, verb=Verb.ROSTER_APPLIED, subject=roster, place=roster.place, rows=len(outcomes))
    return roster


@transaction.atomic
def undo_roster(*, roster: Roster, by: Any) -> Roster:
    """Take back what a roster wrote, unless somebody has built on it since 撤销名册."""
    access.require(by, "organisation.edit", roster)
    roster = Roster.objects.select_for_update().get(pk=roster.pk)
    if roster.state != RosterState.APPLIED:
        raise ValidationError(_("只有已写入的名册可以撤销。"))
    posts = PostHolding.objects.filter(pk__in=roster.made["posts"])
    work = Employment.objects.filter(pk__in=roster.made["employments"])
    people = Person.objects.filter(pk__in=roster.made["people"])
    changed = posts.exclude(until=None).exists() or work.exclude(until=None).exists()
    built_on = (
        PostHolding.objects.filter(person__in=people).exclude(pk__in=roster.made["posts"]).exists()
        or Employment.objects.filter(person__in=people).exclude(pk__in=roster.made["employments"]).exists()
        or people.filter(pk__in=_seated(people)).exists()
    )
    if changed or built_on:
        raise ValidationError(_("名册写入后，有人的任职或用工又有变动，不能整份撤销；请逐人调整。"))
    work.delete()
    posts.delete()
    people.delete()
    roster.state = RosterState.UNDONE
    roster.save(update_fields=["state"])
    journal.write(by=by, verb=Verb.ROSTER_UNDONE, subject=roster, place=roster.place)
    return roster


def _seated(people: Any) -> list[int]:
    from_seats = Person.objects.filter(pk__in=people, body_seats__isnull=False)
    return list(from_seats.values_list("pk", flat=True))


def _write(roster: Roster, by: Any) -> tuple[list[Outcome], dict[str, list[int]]]:
    outcomes: list[Outcome] = []
    made: dict[str, list[int]] = {"people": [], "posts": [], "employments": []}
    at = [*standing_below(roster.place, PlaceKind.COMMUNITY), roster.place]
    communities = {place.name: place for place in at if place.kind == PlaceKind.COMMUNITY}
    for row in roster.rows:
        outcome = Outcome(row["number"], row["values"].get("name", ""), problems=list(row["problems"]))
        outcomes.append(outcome)
        if not outcome.problems:
            try:
                with transaction.atomic():
                    written = _write_row(row["values"], communities, outcome, by)
            except ValidationError as refused:
                outcome.written, outcome.problems = [], _told(refused)
            except PermissionDenied:
                outcome.written, outcome.problems = [], [_("社区：您不能维护这个社区的人员；请改由有权限的人导入。")]
            else:
                for kind, pk in written:
                    made[kind].append(pk)
    return outcomes, made


def _write_row(
    values: dict[str, str], communities: dict[str, Place], outcome: Outcome, by: Any
) -> list[tuple[str, int]]:
    """Write one row; what is there already in the same form is left as it is."""
    written: list[tuple[str, int]] = []
    for key in ("name", "community", "since"):
        if key not in values:
            raise ValidationError({key: _("没有填写；请补上。")})
    community = communities.get(values["community"])
    if community is None:
        raise ValidationError(
            {"community": _("“%(name)s”不在这份名册的范围内；请核对名称。") % {"name": values["community"]}}
        )
    since = date.fromisoformat(values["since"])
    same = list(Person.objects.filter(place=community, name=values["name"])[:2])
    if len(same) > 1:
        raise ValidationError({"name": _("本社区有同名人员，分不清是谁；请在人员页面单独登记。")})
    person = same[0] if same else enter_person(place=community, name=values["name"], by=by)
    if not same:
        written.append(("people", person.pk))
        outcome.written.append(_("登记人员"))
    if "post" in values:
        post = _one_of(Post, values["post"], "post")
        footing = _one_of(Footing, values.get("footing", Footing.OWN.label), "footing")
        held = PostHolding.objects.filter(community=community, post=post, person=person, until=None)
        if not held.exists():
            made = give_post(community=community, post=post, person=person, footing=footing, since=since, by=by)
            written.append(("posts", made.pk))
            outcome.written.append(_("安排岗位"))
    if "employer" in values:
        if "percent" not in values:
            raise ValidationError({"percent": _("填了用人单位就要填工时占比；请补上。")})
        percent, employer = int(values["percent"]), _employer(values["employer"], communities, by)
        if not person.employments.filter(**employer, percent=percent, until=None).exists():
            work = employ(person=person, percent=percent, since=since, by=by, **employer)
            written.append(("employments", work.pk))
            outcome.written.append(_("登记用工"))
    return written


def _employer(name: str, communities: dict[str, Place], by: Any) -> dict[str, Any]:
    if name in communities:
        return {"community": communities[name]}
    company = access.seen_by(by, Company).filter(name=name, until=None).first()
    if company is None:
        raise ValidationError(
            {"employer": _("“%(name)s”不是本范围的社区，也没有登记为公司；请先登记公司。") % {"name": name}}
        )
    return {"company": company}


def _one_of(choice: Any, written: str, key: str) -> str:
    found = next((one.value for one in choice if written in (one.label, one.value)), None)
    if found is None:
        words = "、".join(one.label for one in choice)
        raise ValidationError({key: _("“%(what)s”认不出来；请填写：%(words)s。") % {"what": written, "words": words}})
    return str(found)


def _told(refused: ValidationError) -> list[str]:
    named = refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}
    return [
        f"{TITLES[where]}：{text}" if (where := FIELDS.get(key, key)) in TITLES else text
        for key, texts in named.items()
        for text in texts
    ]
