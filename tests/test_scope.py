"""Whole house: every address is tried as nobody, as an enterprise user and as another street's specialist.

The addresses are discovered, so a new page is tried on the day it is written. Two tables below say what an address
takes (`TAKES`) and what a word in it may be (`WORDS`); an address that fits neither fails the test until somebody
says so. The stage (`stage`) has a row of every scoped model on both sides; a new model fails the test until a row of
it is put there.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from linqi.config.middleware import is_declared
from linqi.kit import access

# --- what an address takes: the longest beginning counts ----------------------------------------------------------
TAKES = {
    "e/": "enterprises.Enterprise",
    "b/": "building",
    "accounts/users/": "accounts.User",
    "accounts/grants/": "accounts.Grant",
    "notices/": "notifications.Notice",
    "enterprises/": "enterprises.Enterprise",
    "enterprises/tenancies/": "enterprises.Tenancy",
    "enterprises/facts/": "enterprises.Fact",
    "enterprises/claims/": "enterprises.Claim",
    "enterprises/pairs/": "enterprises.Pair",
    "enterprises/import": "enterprises.Import",
    "catalogue/categories/": "catalogue.Category",
    "catalogue/services/": "catalogue.Service",
    "organisation/teams/": "building",
    "organisation/departments/": "organisation.Department",
    "organisation/bodies/": "organisation.Body",
    "organisation/seats/": "organisation.BodySeat",
    "organisation/people/": "organisation.Person",
    "organisation/posts/": "organisation.PostHolding",
    "organisation/employments/": "organisation.Employment",
    "organisation/companies/": "organisation.Company",
    "organisation/mandates/": "organisation.Mandate",
    "organisation/rosters/": "organisation.Roster",
    "organisation/ties/": "organisation.Tie",
    "organisation/centres/": "organisation.ServiceCentre",
    "cases/": "cases.Case",
    "cases/mine/": "cases.Case",
    "cases/tables/": "street",
    "cases/tables/rows/": "cases.DispatchRow",
    "cases/tables/limits/": "cases.TimeLimit",
    "cases/strands/": "cases.Strand",
    "cases/files/": "cases.Attachment",
    "cases/materials/": "cases.CaseMaterial",
    "cases/views/": "cases.SavedView",
    "cases/channels/": "cases.Batch",
    "visits/": "visits.Visit",
    "visits/findings/": "visits.Finding",
    "visits/photos/": "visits.Photo",
    "visits/places/": "visits.Spot",
    "visits/week/": "visits.WeekPlan",
    "visits/week/stops/": "visits.PlanStop",
    "visits/hand/label/": "building",
    "visits/hand/devices/": "visits.Device",
    "visits/hand/conflicts/": "visits.FieldConflict",
    "visits/must/rules/": "street",
    "bookings/": "bookings.Booking",
    "bookings/hours/": "bookings.WindowHours",
    "bookings/closed/": "bookings.ClosedDay",
    "visits/rota/": "building",
    "visits/terms/": "street",
    "visits/coverage/": "territory.Place",
    "visits/burden/": "enterprises.Enterprise",
    "visits/burden/limit/": "street",
    "visits/people/": "accounts.User",
    "ladder/e/": "enterprises.Enterprise",
    "ladder/measures/": "ladder.Cultivation",
    "policies/": "policies.Policy",
    "policies/versions/": "policies.PolicyVersion",
    "policies/examples/": "policies.Example",
    "policies/applications/": "policies.Application",
    "policies/mine/start/": "policies.PolicyVersion",
    "policies/mine/answer/": "enterprises.Enterprise",
    "policies/firms/": "enterprises.Enterprise",
    "waste/clues/": "waste.Clue",
    "waste/tasks/": "waste.Task",
    "waste/statements/": "waste.Statement",
    "waste/papers/": "waste.Paper",
    "waste/hauls/": "waste.HaulReport",
    "waste/terms/": "street",
    "waste/keeping/": "street",
    "waste/mine/": "waste.Task",
    "waste/mine/said/": "waste.Statement",
    "waste/points/": "waste.Point",
    "waste/duties/": "waste.Duty",
    "waste/bins/": "waste.Bin",
    "waste/devices/": "waste.Device",
    "waste/cards/": "waste.Card",
    "waste/sheets/": "waste.RegisterSheet",
    "waste/pictures/": "waste.Picture",
    "places/": "territory.Place",
    "places/placements/": "territory.Placement",
}
PUBLIC = {"catalogue.Category"}  # to everyone: there is no foreign one
WORDS = {
    "accounts/roles/": ["econ_specialist", "district_operator"],
    "cases/many/": ["accept", "dispatch", "supervise", "close", "watch", "unwatch"],
    "cases/": [
        "accept",
        "contact",
        "answer",
        "ask_more",
        "supply",
        "ask_extension",
        "grant_extension",
        "refuse_extension",
        "close",
        "send_back",
        "redispatch",
        "reopen",
        "rate",
        "withdraw",
        "object",
        "uphold_objection",
        "reject_objection",
        "add_strand",
        "ask_community",
        "escalate",
        "resolve",
        "merge",
        "split_untaken",
        "route_out",
    ],
    "waste/api/pictures/": ["picture-1"],
    "open311/v2/": ["json", "xml", "LQ20260302-0001"],
    "api/v1/": ["LQ20260302-0001", "accept"],
    "cases/materials/": ["promise", "bring", "waive", "end"],
    "cases/strands/": ["take", "done", "cannot", "drop", "admit", "refuse"],
    "cases/tables/rows/": ["up", "down", "end"],
    "cases/<int:pk>/mend/": ["uphold", "reject", "mend", "content", "discontent"],
    "cases/rate/": ["x" * 43],
    "cases/ask/": ["x" * 16],
    "cases/follow/": ["x:y:z"],
    "cases/mine/": ["rate", "supply", "reopen", "withdraw"],
    "organisation/teams/": ["leader", "building_head", "member"],
    "visits/": ["miss", "refuse", "cancel", "need", "problem", "fact", "clue"],
    "visits/must/rules/": ["premium", "at_risk"],
    "visits/feed/": ["x" * 43],
    "waste/devices/": ["disable", "enable"],
    "waste/scan/": ["none-such"],
    "visits/week/feed/": ["open", "close"],
    "visits/week/": ["search", "confirm", "drop"],
    "enterprises/claims/many/": ["confirm", "reject", "undo"],
    "enterprises/import": ["xlsx", "csv", "template"],
    "bookings/": ["arrive", "serve", "miss", "cancel"],
    "ladder/e/": ["plan", "reach", "back"],
    "ladder/measures/": ["finish", "hand", "drop"],
    "ladder/standards/": ["standard", "tier", "28", "seed"],
    "policies/versions/": ["met", "near", "never", "submit", "send_back", "publish", "withdraw", "discard"],
    "policies/applications/": ["check", "list", "notice", "confirm", "pay", "submit", "reject", "withdraw"],
    "waste/clues/many/": ["confirm", "refute"],
    "waste/tasks/": [
        "address",
        "remind",
        "unremind",
        "correct",
        "order",
        "unorder",
        "recheck",
        "pass",
        "fail",
        "refer",
        "unrefer",
        "answer",
        "drop",
        "restore",
        "withdraw",
    ],
    "waste/mine/": ["corrected", "defence"],
    "places/": ["street", "community", "building", "close", "move"],
}
OPEN_TO_ALL = {  # addresses that answer a stranger with a page; each shows nothing of anybody
    "accounts/login/",
    "accounts/inactive/",
    "accounts/logout/",
    "health",
    "open311/v2/discovery.<slug:form>",
    "api/v1/openapi.json",
    "visits/hand/",
    "visits/hand/sw.js",
    "visits/hand/manifest.webmanifest",
}
QUERIES = ["", "?q=科技", "?q=91330110", "?export=csv", "?export=xlsx"]


# --- the addresses ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Address:
    """One URL pattern: its route as text, its view, and what stands in it."""

    route: str
    view: object
    converters: tuple[tuple[str, str], ...]

    @property
    def ours(self) -> bool:
        return self.view.__module__.startswith("linqi.")

    @property
    def permission(self) -> str:
        return getattr(self.view, "permission", "")


def addresses() -> list[Address]:
    return sorted(_walk(get_resolver(), ""), key=lambda one: one.route)


def _walk(resolver: URLResolver, before: str) -> Iterator[Address]:
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLPattern):
            kinds = tuple((name, type(kind).__name__) for name, kind in one.pattern.converters.items())
            yield Address(route, one.callback, kinds)
        else:
            yield from _walk(one, route)


MADE_UP = ("ui/",)  # the gallery of components shows made-up rows, the same to everybody, with the names of the cast


def _longest(table, route):
    fitting = [beginning for beginning in table if route.startswith(beginning)]
    return table[max(fitting, key=len)] if fitting else None


def filled(address: Address, ids: dict[str, list[int]]) -> list[str]:
    """The address with each id and each word that it may take; fails when the tables above do not know it."""
    paths = ["/" + address.route]
    for name, kind in address.converters:
        if kind == "IntConverter":
            takes = _longest(TAKES, address.route)
            assert takes is not None, f"{address.route}: say in TAKES what <{name}> is"
            values = ids.get(takes, [])
        else:
            values = _longest(WORDS, address.route)
            assert values is not None, f"{address.route}: say in WORDS what <{name}> may be"
        token = re.compile(rf"<(?:\w+:)?{name}>")
        paths = [token.sub(str(value), path) for path in paths for value in values]
    return paths


# --- the stage ----------------------------------------------------------------------------------------------------
SURNAMES = {"": "近案", "far_": "远案"}


@dataclass
class Stage:
    """The cast, with a row of everything on each side, and the words by which a side is known."""

    cast: object
    ids: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {"": {}, "far_": {}, "neighbour": {}})
    marks: dict[str, set[str]] = field(default_factory=lambda: {"": set(), "far_": set(), "neighbour": set()})

    def put(self, side, row, *marks):
        self.ids[side].setdefault(row._meta.label, []).append(row.pk)
        self.marks[side].update(mark for mark in marks if mark)
        return row


@pytest.fixture
def stage(cast):
    made = Stage(cast)
    cast_rows = {"enterprises": "enterprises.Enterprise", "departments": "organisation.Department"}
    for group, label in cast_rows.items():
        for key, row in getattr(cast, group).items():
            side = "neighbour" if key == "neighbour" else "far_" if key.startswith("far_") else ""
            made.ids[side].setdefault(label, []).append(row.pk)
    for key, place in cast.places.items():
        if key == "district":
            continue
        side = "far_" if key.startswith("far_") else ""
        made.put(side, place)
        for kind in ("street", "building"):
            if key.removeprefix("far_") == kind:
                made.ids[side].setdefault(kind, []).append(place.pk)
        for placement in place.placements.all():
            made.put(side, placement)
    for key, user in cast.users.items():
        side = "far_" if key in {"stranger", "far_enterprise_user"} else ""
        if key in {"nobody", "district_operator"}:
            continue
        user.display_name = f"{'远' if side else '近'}某{user.pk:05d}"
        user.save(update_fields=["display_name"])
        made.put(side, user, user.display_name)
        for grant in user.grants.all():
            made.put(side, grant)
    made.marks[""] |= {"前滩", "晴川", "创新一社区", "云谷一园", "一号楼", cast.firm.uscc}
    made.marks["neighbour"] |= {"南岭", cast.neighbour.uscc}
    made.marks["far_"] |= {"远山", "创新二社区", "云谷二园", "二号楼", cast.far_firm.uscc}
    _furnish(made, "", cast.firm, "", cast.econ_specialist)
    _furnish(made, "far_", cast.far_firm, "far_", cast.stranger)
    _furnish(made, "neighbour", cast.neighbour, "", cast.econ_specialist)
    _ruled(made, "", cast.street)
    _ruled(made, "far_", cast.far_street)
    _planned(made, "", cast.firm, cast.econ_specialist)
    _planned(made, "far_", cast.far_firm, cast.stranger)
    near, far = _policy(made, "", cast.street), _policy(made, "far_", cast.far_street)
    for side, firm, version in (
        ("", cast.firm, near),
        ("far_", cast.far_firm, far),
        ("neighbour", cast.neighbour, near),
    ):
        _under_a_policy(made, side, firm, version)
        _booked(made, side, firm, "far_" if side == "far_" else "")
    _binned(made, "", cast.firm, "")
    _binned(made, "far_", cast.far_firm, "far_")
    return made


def _furnish(stage, side, firm, prefix, worker, serial=1):
    """One row of everything that hangs on an enterprise or a building."""
    from linqi.cases.models import Case
    from linqi.catalogue.models import Category
    from linqi.enterprises import models as enterprises
    from linqi.journal import actions as journal
    from linqi.journal.verbs import Verb
    from linqi.kit.identifiers import make_uscc
    from linqi.notifications.actions import notify
    from linqi.organisation.models import LinkTeam, LinkTeamSeat
    from linqi.visits.models import Finding, Visit

    now, day = timezone.now(), timezone.localdate()
    place = lambda key: stage.cast.places[f"{prefix}{key}"]  # noqa: E731
    category = Category.objects.order_by("pk").first()
    mark = f"{ {'': '近', 'far_': '远', 'neighbour': '邻'}[side] }案{serial:03d}"
    case = Case(
        number=f"LQ{mark}",
        enterprise=firm,
        place=firm.seat,
        street=place("street"),
        category=category,
        case_class=category.case_class,
        title=f"{mark}灯坏了",
        body=f"{mark}正文",
        source="visit",
        state="dispatched",
        reporter=worker,
        department=stage.cast.departments[f"{prefix}economy"],
        dispatch_basis="table",
        opened_at=now,
        accept_term="1 working_days",
        close_term="5 working_days",
        counted_from=now,
        accept_due_at=now + timedelta(days=1),
        due_at=now + timedelta(days=5),
    )
    case.save()
    stage.put(side, case, mark)
    _about_a_case(stage, side, case, mark, now, worker)
    visit = Visit.objects.create(
        enterprise=firm, place=firm.seat, street=place("street"), visitor=worker, state="done", reasons=["newcomer"], planned_for=day,
        visited_on=day, met="前台", summary=f"{mark}走访小结",
    )  # fmt: skip
    stage.put(side, visit)
    stage.put(
        side,
        Visit.objects.create(
            enterprise=firm,
            place=firm.seat,
            street=place("street"),
            visitor=worker,
            state="planned",
            planned_for=day,
        ),
    )
    stage.put(side, Finding.objects.create(visit=visit, kind="problem", text=f"{mark}发现", case=case))
    _on_a_device(stage, side, visit, mark, now, worker)
    stage.ids[side].setdefault("enterprises.Tenancy", []).extend(firm.tenancies.values_list("pk", flat=True))
    fact = enterprises.Fact.objects.create(
        enterprise=firm, key="employees", value=7, source_kind="visit", source=f"{mark}来源", as_of=day
    )
    stage.put(side, fact)
    claim = enterprises.Claim.objects.create(
        enterprise=firm, key="employees", value=8, said_by=f"{mark}前台", said_on=day, origin="visit:1"
    )
    stage.put(side, claim)
    twin = enterprises.Enterprise.objects.create(
        uscc=make_uscc("9", "1", "330110", f"MB{serial:03d}{ {'': 1, 'far_': 2, 'neighbour': 3}[side] }00"),
        name=f"{firm.name}{mark}分公司",
        name_key=f"{firm.name}{mark}分公司",
        entity_type="company",
        seat=firm.seat,
        source="测试",
        as_of=day,
    )
    stage.put(side, twin, twin.uscc)
    enterprises.Tenancy.objects.create(enterprise=twin, place=firm.seat, relation="both", since=day, source="测试")
    stage.put(
        side,
        enterprises.Pair.objects.create(left=firm, right=twin, kind="branch", probability=0.9, reasons=[f"{mark}理由"]),
    )
    _on_the_ladder(stage, side, firm, mark, day)
    batch = enterprises.Import.objects.create(
        street=place("street"), file=f"{mark}.xlsx", file_name=f"{mark}.xlsx", source=mark, as_of=day, state="previewed"
    )
    stage.put(side, batch)
    stage.put(
        side,
        enterprises.ImportRow.objects.create(
            batch=batch, number=2, outcome="created", name=f"{mark}行", enterprise=firm
        ),
    )
    from linqi.accounts.models import ApiToken

    token = ApiToken.objects.create(
        user=worker, name=f"{mark}钥匙", digest=f"{side}{ApiToken.objects.count()}", made_at=now, ends_at=now
    )
    stage.put(side, token)
    from linqi.notifications.models import Wish

    wish, new = Wish.objects.get_or_create(user=worker, defaults={"mail": "daily"})
    if new:
        stage.put(side, wish)
    for notice in notify(users=[worker], title=f"{mark}通知"):
        stage.put(side, notice)
    stage.put(side, journal.write(by=worker, verb=Verb.CASE_OPENED, subject=case))
    if side != "neighbour" and serial == 1:
        team = stage.put(side, LinkTeam.objects.create(building=place("building"), name=f"{mark}小组", since=day))
        role = LinkTeamSeat._meta.get_field("role").choices[0][0]
        seat = stage.put(side, LinkTeamSeat.objects.create(team=team, role=role, user=worker, since=day))
        _organised(stage, side, seat, place, mark, day)
        from linqi.cases.models import DispatchRow

        row = DispatchRow.objects.create(
            street=place("street"),
            conditions={"categories": [category.code]},
            department=stage.cast.departments[f"{prefix}economy"],
            since=day,
        )
        stage.put(side, row)
    _index(place("street"), [firm, twin], case, [place("building"), place("park"), place("street")])
    return case


def _organised(stage, side, seat, place, mark, day):
    """Bodies, people, posts, companies and employers, and what is arranged for a seat of a link team."""
    from linqi.organisation import models as rows

    later = day + timedelta(days=3)
    stage.put(side, rows.Substitution.objects.create(seat=seat, user=seat.user, since=day, until=later))
    stage.put(side, rows.HandOver.objects.create(seat=seat, note=f"{mark}交接", given_at=timezone.now()), f"{mark}交接")
    person = stage.put(side, rows.Person.objects.create(place=place("community"), name=f"{mark}人员"), f"{mark}人员")
    for kind, at in (("branch", "park"), ("affairs_committee", "community")):
        body = rows.Body.objects.create(kind=kind, place=place(at), name=f"{mark}{kind}", since=day)
        stage.put(side, body, f"{mark}{kind}")
        stage.put(side, rows.BodySeat.objects.create(body=body, role="head", person=person, since=day))
    post = {"community": place("community"), "post": "economy", "footing": "own"}
    stage.put(side, rows.PostHolding.objects.create(person=person, since=day, **post))
    company = rows.Company.objects.create(place=place("community"), kind="property", name=f"{mark}物业", since=day)
    stage.put(side, company, f"{mark}物业")
    stage.put(side, rows.Mandate.objects.create(company=company, place=place("building"), since=day))
    firm = stage.cast.enterprises["far_firm" if side else "firm"]
    tie = {"member": person, "enterprise": firm, "park": place("park"), "employees": f"{mark}工会"}
    stage.put(side, rows.Tie.objects.create(since=day, **tie), f"{mark}工会")
    centre = rows.ServiceCentre.objects.create(place=place("community"), name=f"{mark}中心", since=day)
    stage.put(side, centre, f"{mark}中心")
    service = stage.put(side, rows.CentreService.objects.create(centre=centre, name=f"{mark}歇脚", unit="人次"))
    stage.put(side, rows.CentreCount.objects.create(service=service, month=day.replace(day=1), number=7))
    roster = {"place": place("community"), "file_name": f"{mark}名册.xlsx", "made_at": timezone.now()}
    stage.put(side, rows.Roster.objects.create(**roster), f"{mark}名册")
    stage.put(side, rows.Employment.objects.create(person=person, company=company, percent=50, since=day))


def _on_a_device(stage, side, visit, mark, now, worker):
    """A device of the worker, something it said that did not take effect, and a field that two said differently."""
    from linqi.visits.models import Device, FieldConflict, Operation, Photo, Spot

    kept = {"visit": visit, "taken_by": worker, "taken_on": now.date(), "erase_on": now.date() + timedelta(days=30)}
    stage.put(
        side,
        Photo.objects.create(uid=f"{side}{visit.pk}", file=f"visits/{mark}.jpg", size=9, note=f"{mark}照片", **kept),
    )
    stage.put(side, Spot.objects.create(lat=30.3, lon=120.0, within=20, agreed="place-1", **kept))
    device = Device.objects.create(
        owner=worker, name=f"{mark}手机", digest=f"{side}{visit.pk}", registered_at=now, ends_at=now
    )
    stage.put(side, device)
    said = {"seq": 1, "kind": "set", "key": str(visit.pk), "said_at": now, "happened_at": now, "received_at": now}
    refused = {"outcome": "refused", "reason": f"{mark}没有生效", "uid": f"{side}{visit.pk}"}
    stage.put(side, Operation.objects.create(device=device, visit=visit, **said, **refused))
    stage.put(
        side,
        FieldConflict.objects.create(visit=visit, field="met", value=f"{mark}财务", said_by=worker, said_at=now),
    )


def _about_a_case(stage, side, case, mark, now, worker):
    """What hangs on a case: a wait, an extension, a bad rating, an exclusion, a link."""
    from linqi.cases import models as cases
    from linqi.territory.models import Place

    stage.put(side, cases.Pause.objects.create(case=case, round=9, since=now, until=now, asked=mark, remind_at=now))
    stage.put(side, cases.Extension.objects.create(case=case, round=9, reason=f"{mark}要时间", asked_at=now))
    stage.put(
        side,
        cases.Rectification.objects.create(
            case=case, stars=1, comment=f"{mark}不满意", state="to_verify", opened_at=now, due_at=now
        ),
    )
    stage.put(
        side,
        cases.Exclusion.objects.create(case=case, ground="duplicate", reason=f"{mark}重复", asked_at=now),
    )
    stage.put(
        side,
        cases.Attachment.objects.create(
            case=case, name=f"{mark}.pdf", kind="pdf", size=1, digest="0", file="cases/none.pdf", added_at=now
        ),
    )
    stage.put(
        side,
        cases.Receivable.objects.create(
            case=case, amount=1, debtor="other", debtor_name=f"{mark}付款方", delivered_on=now.date()
        ),
    )
    stage.put(side, cases.CaseMaterial.objects.create(case=case, name=f"{mark}证明", later=True, state="missing"))
    number = cases.Reference.objects.create(
        case=case, street=case.street, channel="hotline", external_id=f"{mark}{case.pk}"
    )
    stage.put(side, number)
    batch = cases.Batch.objects.create(
        street=case.street, channel="hotline", file_name=f"{mark}来件.csv", rows=[], made_by=worker, made_at=now
    )
    stage.put(side, batch)
    form, new = cases.PublicForm.objects.get_or_create(
        street=case.street, defaults={"token": f"t{case.street_id}", "on": True, "changed_at": now}
    )
    if new:
        stage.put(side, form)
    place = Place.objects.filter(kind="community", covers__descendant=case.place).first()
    duty, new = cases.CommunityDuty.objects.get_or_create(
        community=place, category=case.category, defaults={"since": now.date()}
    )
    if new:
        stage.put(side, duty)
    stage.put(side, cases.Watch.objects.create(case=case, user=worker, since=now))
    view = cases.SavedView.objects.create(
        owner=worker, name=f"{mark}{case.pk}", query="q=x", street=case.street, made_at=now
    )
    stage.put(side, view)
    stage.put(side, cases.Subscription.objects.create(view=view, user=worker, told_on=now.date(), known=[]))
    section = case.street.departments.first()
    stage.put(
        side,
        cases.Strand.objects.create(
            case=case, department=section, task=f"{mark}协办", state="asked", opened_at=now, due_at=now
        ),
    )
    stage.put(
        side,
        cases.Objection.objects.create(case=case, department=section, reason=f"{mark}异议", asked_at=now),
    )
    stage.put(side, cases.Escalation.objects.create(case=case, question=f"{mark}难题", asked_at=now))
    stage.put(side, cases.Nudge.objects.create(case=case, kind="urged", text=f"{mark}催", at=now))
    part = cases.Case.objects.get(pk=case.pk)
    part.pk, part.number, part.state, part.merged_into = None, f"{case.number}-并", "merged", case
    part.save()
    stage.put(side, part)
    stage.put(
        side,
        cases.Merge.objects.create(
            part=part, main=case, reason=f"{mark}同一件", before={"state": "dispatched"}, merged_at=now
        ),
    )


def _ruled(stage, side, street):
    """A street's own rule of a must-visit, and its own order of the list."""
    from linqi.visits.models import BurdenLimit, MustVisitRule, MustVisitScore, PlanTerms

    mark = f"{'远' if side else '近'}街规〔2026〕"
    rule = MustVisitRule.objects.get(street=None, reason="premium")
    rule.pk, rule.street, rule.source, rule.who = None, street, f"{mark}1号", f"{mark}专班"
    rule.save(force_insert=True)
    stage.put(side, rule, f"{mark}1号", f"{mark}专班")
    order = MustVisitScore.objects.get(street=None)
    order.pk, order.street, order.source = None, street, f"{mark}2号"
    order.save(force_insert=True)
    stage.put(side, order)
    terms = PlanTerms.objects.get(street=None)
    terms.pk, terms.street, terms.source, terms.seconds = (
        None,
        street,
        f"{mark}3号",
        0,
    )  # no search: jobs run at once here
    terms.save(force_insert=True)
    stage.put(side, terms, f"{mark}3号")
    limit = BurdenLimit.objects.get(street=None)
    limit.pk, limit.street, limit.source = None, street, f"{mark}4号"
    limit.save(force_insert=True)
    stage.put(side, limit, f"{mark}4号")


def _planned(stage, side, firm, worker):
    """A week of visits: proposed, one person's hours, a stop for a firm, a building's own rota, a calendar address."""
    from linqi.visits.models import BuildingRota, PlanFeed, PlanFirm, PlanShift, PlanStop, WeekPlan

    place = lambda key: stage.cast.places[f"{side}{key}"]  # noqa: E731
    day = timezone.localdate()
    monday = day - timedelta(days=day.weekday())
    plan = stage.put(
        side,
        WeekPlan.objects.create(place=place("street"), monday=monday, state="draft", search="idle", made_by=worker),
    )
    shift = stage.put(
        side, PlanShift.objects.create(plan=plan, user=worker, day=day, begins=570, ends=690, base=place("building"))
    )
    stop = stage.put(
        side,
        PlanStop.objects.create(
            plan=plan, building=place("building"), days=[day.isoformat()], minutes=20, value=300, shift=shift
        ),
    )
    stage.put(side, PlanFirm.objects.create(stop=stop, enterprise=firm))
    stage.put(side, BuildingRota.objects.create(building=place("building"), visits=1))
    stage.put(side, PlanFeed.objects.create(user=worker, digest=f"{side}digest", made_at=timezone.now()))


def _policy(stage, side, street):
    """A policy of a street with a version in force, a draft, a benefit, an example and a budget."""
    from linqi.policies.models import Benefit, Budget, Example, Policy, PolicyVersion

    mark = f"{'远' if side else '近'}策"
    policy = Policy.objects.create(
        street=street, key=f"p-{side}x", name_zh=f"{mark}补贴", kind="subsidy", level="street", delivery="apply"
    )
    stage.put(side, policy, f"{mark}补贴")
    said = {
        "since": date(2024, 1, 1),
        "confidence": "partly",
        "conditions": {"all": [{"field": "registered_here", "op": "is_true"}]},
    }
    version = stage.put(
        side,
        PolicyVersion.objects.create(
            policy=policy, number=1, state="published", document_no=f"{mark}〔2024〕1号", **said
        ),
    )
    draft = stage.put(
        side, PolicyVersion.objects.create(policy=policy, number=2, document_no=f"{mark}〔2025〕2号", **said)
    )
    stage.put(side, Benefit.objects.create(version=version, name=f"{mark}奖励", kind="fixed", amount=5))
    example = {"facts": [["registered_here", "", True]], "day": date(2024, 1, 1), "expected": "met"}
    stage.put(side, Example.objects.create(version=draft, name=f"{mark}样例", **example))
    stage.put(side, Budget.objects.create(policy=policy, year=2026, amount=100))
    return version


def _under_a_policy(stage, side, firm, version):
    """A firm that was told of the policy, and applies for it."""
    from linqi.policies.models import Application, Ledger, Material, Offer

    now, mark = timezone.now(), f"{ {'': '近', 'far_': '远', 'neighbour': '邻'}[side] }申"
    at = {"version": version, "enterprise": firm, "place": firm.seat}
    stage.put(side, Offer.objects.create(**at, outcome="met", amount=5, offered_at=now))
    said = {"channel": "application", "state": "submitted", "year": now.year, "opened_at": now, "moved_at": now}
    application = Application.objects.create(**at, number=f"{mark}001", statement=f"{mark}说明", **said)
    stage.put(side, application, f"{mark}001", f"{mark}说明")
    stage.put(side, Material.objects.create(application=application, name="申请表", given=f"{mark}已交"))
    stage.put(side, Ledger.objects.create(**at, application=application, kind="claimed", amount=5, on=now.date()))


def _booked(stage, side, firm, prefix):
    """A window with hours and a closed day, and the firm's booking there."""
    from linqi.bookings.models import Booking, ClosedDay, WindowHours
    from linqi.catalogue.models import Window

    day, mark = timezone.localdate(), f"{ {'': '近', 'far_': '远', 'neighbour': '邻'}[side] }约"
    at = {"place": stage.cast.places[f"{prefix}street"], "window": Window.objects.first()}
    times = {"begins": time(9), "ends": time(9, 30)}
    if side != "neighbour":
        stage.put(side, WindowHours.objects.create(**at, **times, minutes=30, seats=3, since=day))
        stage.put(
            side, ClosedDay.objects.create(**at, day=day + timedelta(days=3), reason=f"{mark}停办"), f"{mark}停办"
        )
    said = {"topic": f"{mark}开户", "contact_name": f"{mark}联系人", "state": "booked", "booked_at": timezone.now()}
    seat = 1 if side == "neighbour" else 0
    booked = Booking.objects.create(**at, **times, enterprise=firm, day=day + timedelta(days=1), seat=seat, **said)
    stage.put(side, booked, f"{mark}开户", f"{mark}联系人")


def _binned(stage, side, firm, prefix):
    """A point of the building with a bin, its device, and what was told and seen there."""
    from linqi.waste.models import (
        Bin,
        Card,
        Clue,
        Device,
        DeviceState,
        Duty,
        Fitting,
        HourFact,
        Picture,
        Point,
        Quarantined,
        RegisterSheet,
        Standing,
    )

    now, day = timezone.now(), timezone.localdate()
    mark = f"{ {'': '近', 'far_': '远'}[side] }桶"
    building = stage.cast.places[f"{prefix}building"]
    point = stage.put(side, Point.objects.create(place=building, kind="drop", name=f"{mark}投放点", since=day))
    stage.marks[side].add(f"{mark}投放点")
    stage.put(side, Duty.objects.create(point=point, kind="unit", enterprise=firm, since=day))
    one = stage.put(side, Bin.objects.create(code=f"{mark}001", stream="residual", place=building, since=day))
    stage.marks[side].add(f"{mark}001")
    stage.put(side, Standing.objects.create(bin=one, point=point, since=now))
    device = stage.put(side, Device.objects.create(serial=f"{prefix}chip-001", kind="chip", place=building))
    stage.put(side, DeviceState.objects.create(device=device))
    stage.put(side, Fitting.objects.create(device=device, bin=one, since=now))
    stage.put(side, Card.objects.create(code=f"{prefix}card-001", kind="card", enterprise=firm, since=day))
    stage.put(
        side,
        Quarantined.objects.create(device=device, channel="mqtt", reason="not_json", payload=b"{", size=1, at=now),
    )
    stage.put(side, HourFact.objects.create(bin=one, hour=now, told="deposit", count=1, total=1.5))
    picture = Picture.objects.create(
        device=device,
        bin=one,
        file="waste/none.jpg",
        sha256="0" * 64,
        size=1,
        blurred=0,
        taken_at=now,
        doubt="unsure",
        stored_on=now.date(),
    )
    stage.put(side, picture)
    clue = Clue.objects.create(
        bin=one, point=point, kind="mixed", witness="device", at=now, raised_at=now, note=f"{mark}线索"
    )
    stage.put(side, clue, f"{mark}线索")
    sheet = RegisterSheet.objects.create(place=building, file_name=f"{mark}台账.xlsx", made_at=now)
    stage.put(side, sheet, f"{mark}台账.xlsx")
    _enforced(stage, side, firm, prefix, clue, mark)


def _enforced(stage, side, firm, prefix, clue, mark):
    """A task of that clue, of which the firm has been told, with everything that hangs on it."""
    from linqi.cases.models import Case
    from linqi.waste.models import (
        ChainLink,
        HaulReport,
        KeepingTerms,
        LadderTerms,
        Paper,
        Referral,
        Statement,
        Step,
        Task,
        TaskClue,
    )
    from linqi.waste.queries_keeping import default_days

    now, day = timezone.now(), timezone.localdate()
    street, building = (stage.cast.places[f"{prefix}{key}"] for key in ("street", "building"))
    task = Task.objects.create(
        bin=clue.bin, point=clue.point, place=building, street=street, state="referred", made_at=now, why="1/1",
        enterprise=firm, addressed_at=now, addressed_why=f"{mark}刷卡", told_at=now, offence="HZ65u",
    )  # fmt: skip
    stage.put(side, task, f"{mark}刷卡")
    stage.put(side, TaskClue.objects.create(task=task, clue=clue, added_at=now))
    case = Case.objects.filter(street=street).first()
    step = Step.objects.create(task=task, kind="refer", text=f"{mark}告知", case=case, began_at=now)
    stage.put(side, step, f"{mark}告知")
    officers = {"officer_a": f"{mark}甲", "certificate_a": "1", "officer_b": f"{mark}乙", "certificate_b": "2"}
    referral = Referral.objects.create(
        step=step,
        offence="HZ65u",
        citation="第65条",
        act="未按分类规定投放",
        band="由执法机关裁量",
        reason="未改",
        **officers,
    )
    stage.put(side, referral, f"{mark}甲", f"{mark}乙")
    said = Statement.objects.create(task=task, kind="defence", text=f"{mark}申辩", made_at=now)
    stage.put(side, said, f"{mark}申辩")
    paper = {"name": f"{mark}.jpg", "kind": "jpeg", "size": 1, "digest": "0" * 64, "file": "waste/none.jpg"}
    stage.put(side, Paper.objects.create(statement=said, **paper), f"{mark}.jpg")
    haul = HaulReport.objects.create(
        point=clue.point, place=building, hauler=f"{mark}收运", kind="taken", stream="residual", destination="处置中心",
        hauled_at=now, made_at=now,
    )  # fmt: skip
    stage.put(side, haul, f"{mark}收运")
    terms = {
        "remind": "3 working_days",
        "order": "5 working_days",
        "recheck": "3 working_days",
        "refer": "9 working_days",
    }
    terms = LadderTerms.objects.create(
        street=street, clues=3, days=7, since=day - timedelta(days=1), source=f"{mark}文件", **terms
    )
    stage.put(side, terms, f"{mark}文件")
    keeping = KeepingTerms.objects.create(
        street=street, days=dict(default_days()), since=day - timedelta(days=1), source=f"{mark}保存"
    )
    stage.put(side, keeping, f"{mark}保存")
    link = {"number": 1, "at": now.isoformat(), "what": "made", "data": {}, "previous": "0" * 64, "digest": "1" * 64}
    stage.put(side, ChainLink.objects.create(task=task, **link))


def _on_the_ladder(stage, side, firm, mark, day):
    """The firm in the lowest tier, with a move, a milestone and a measure."""
    from linqi.ladder.models import Candidate, Cultivation, Milestone, Move

    stage.put(side, Candidate.objects.create(enterprise=firm, tier="seed", since=day, entered_on=day))
    move = {
        "kind": "enter",
        "tier_after": "seed",
        "answer": "confirmed",
        "proposed": True,
        "why": f"{mark}入库",
        "day": day,
    }
    stage.put(side, Move.objects.create(enterprise=firm, **move))
    stage.put(side, Milestone.objects.create(enterprise=firm, step="broker", reached_on=day, evidence=f"{mark}协议"))
    due = timezone.now() + timedelta(days=9)
    measure = Cultivation.objects.create(enterprise=firm, title=f"{mark}措施", term="9 natural_days", due_at=due)
    stage.put(side, measure, f"{mark}措施")


def _index(street, firms, case, buildings):
    """Put the rows into the search, as the actions that make such rows do."""
    from linqi.search.actions import index

    for firm in firms:
        index("enterprise", firm.pk, f"{firm.name} {firm.uscc}", [street.pk])
    for building in buildings:
        index("place", building.pk, building.name, [street.pk])
    index("case", case.pk, f"{case.number} {case.title}", [street.pk])


# --- who tries, and what is foreign to them -----------------------------------------------------------------------
WHO = {  # user of the cast: the sides that are foreign
    "stranger": [""],
    "far_enterprise_user": ["", "neighbour"],
    "enterprise_user": ["far_", "neighbour"],
    "nobody": ["", "far_", "neighbour"],
}


def _foreign(stage, who):
    ids: dict[str, list[int]] = {}
    marks: set[str] = set()
    for side in WHO[who]:
        for label, numbers in stage.ids[side].items():
            ids.setdefault(label, []).extend(numbers[:2])
        marks |= stage.marks[side]
    if who == "enterprise_user":  # its own building and street are no secret to it
        ids = {label: numbers for label, numbers in ids.items() if not label.startswith("territory.")}
    return ids, marks - {stage.cast.users[who].display_name}


def _own(stage, side):
    return {label: numbers[:1] for label, numbers in stage.ids[side].items()}


def body_of(response):
    """Everything that came back, a workbook unpacked."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    told = (
        " ".join(str(one) for one in get_messages(response.wsgi_request)) if hasattr(response, "wsgi_request") else ""
    )
    text = (
        content.decode("utf-8", "replace").replace("<mark>", "").replace("</mark>", "")
    )  # search marks what was asked for
    return text + told


def led(client, response):
    """The status that one ends with: a door may first lead to another door."""
    while response.status_code in {301, 302}:
        response = client.get(response["Location"])
    return response.status_code


def hostile(stage, who):
    """A form filled with everything foreign, under every name that a form of ours gives its fields."""
    ids, _ = _foreign(stage, who)
    one = lambda label: str(ids[label][0]) if ids.get(label) else ""  # noqa: E731
    day = timezone.localdate().isoformat()
    from linqi.catalogue.models import Category

    return {
        "enterprise": one("enterprises.Enterprise"),
        "place": one("territory.Place"),
        "seat": one("territory.Place"),
        "unit": one("territory.Place"),
        "parent": one("territory.Place"),
        "street": one("street") or one("territory.Place"),
        "building": one("building") or one("territory.Place"),
        "department": one("organisation.Department"),
        "user": one("accounts.User"),
        "visit": one("visits.Visit"),
        "session": "1",
        "category": str(Category.objects.order_by("pk").first().pk),
        "title": "试试看",
        "body": "试试看",
        "text": "试试看",
        "summary": "试试看",
        "reason": "试试看",
        "answer": "试试看",
        "name": "试试看有限公司",
        "key": "employees",
        "value": "99",
        "said_by": "前台",
        "said_on": day,
        "as_of": day,
        "since": day,
        "planned_for": day,
        "visited_on": day,
        "source": "试试看",
        "stars": "1",
        "rating": "1",
        "decision": "confirm",
        "q": "科技",
        "reasons": "newcomer",
        "met": "前台",
        "relation": "both",
        "role": "econ_specialist",
    }


def state_of_house():
    """Every row of every model of ours, by model and id."""
    found = {}
    for model in apps.get_models():
        if model.__module__.startswith("linqi."):
            for row in model._base_manager.values():
                found[model._meta.label, row[model._meta.pk.attname]] = row
    return found


UNHEARD = {"accounts.User"}  # last sign-in, language: one's own row may change
POINTERS = {"enterprise": "enterprises.Enterprise", "place": "territory.Place", "department": "organisation.Department"}


def touched(before, after, ids):
    """What a foreign hand changed: foreign rows that differ or are gone, new rows that hang on foreign things."""
    problems = []
    if after is None:
        return problems
    for key, row in before.items():
        label, number = key
        if number in ids.get(label, ()) and after.get(key) != row:
            problems.append(f"{label} {number} was changed")
    for key in after.keys() - before.keys():
        label, number = key
        model = apps.get_model(label)
        for column in model._meta.concrete_fields:
            target = column.related_model._meta.label if column.related_model else POINTERS.get(column.name, "")
            if after[key][column.attname] in ids.get(target, ()) and target:
                problems.append(f"new {label} hangs on foreign {target}")
    return problems


def ask(client, method, path, data=None, **extra):
    """One request in a savepoint that is rolled back; a fault of the program is an answer too.

    Returns the response, everything in it, and the state of the house after it when anything was written.
    """
    try:
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            response = getattr(client, method)(path, data or {}, **extra)
            body = body_of(response)
            wrote = any(one["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for one in queries.captured_queries)
            after = state_of_house() if wrote and method == "post" else None
            transaction.set_rollback(True)
    except Exception as fault:
        return None, f"raises {type(fault).__name__}: {str(fault)[:160]}", None
    return response, body, after


# --- the tests ----------------------------------------------------------------------------------------------------
def test_every_view_of_ours_says_who_may_call_it():
    assert [one.route for one in addresses() if one.ours and not is_declared(one.view)] == []


def test_every_permission_that_a_view_asks_for_was_declared():
    asked = {one.permission for one in addresses() if one.ours and one.permission}
    assert asked - set(access.PERMISSIONS) == set()


def test_the_stage_has_a_row_of_every_scoped_model_on_both_sides(stage):
    everyone = {
        "accounts.RoleRecord",
        "cases.TimeLimit",
        "catalogue.Window",
        "catalogue.Service",
        "catalogue.Category",
        "catalogue.Guide",
    }
    everyone |= {"ladder.Standard", "ladder.TierRule"}
    for model, (_see, where) in access._SCOPES.items():
        label = model._meta.label
        is_ours_alone = where.condition(access.Reach(stage.cast.nobody), _see) == access.NOTHING and not (
            access.seen_by(stage.cast.district_operator, model).exists()
            or access.seen_by(stage.cast.stranger, model).exists()
            or access.seen_by(stage.cast.street_leader, model).exists()
            or access.seen_by(stage.cast.econ_specialist, model).exists()
        )
        if label in everyone or (is_ours_alone and label not in stage.ids[""]):
            continue
        assert stage.ids[""].get(label), f"put a near {label} on the stage"
        assert stage.ids["far_"].get(label), f"put a far {label} on the stage"


def test_what_is_seen_is_ones_own_side_model_by_model(stage):
    for who, sides in WHO.items():
        for model in access._SCOPES:
            seen = set(access.seen_by(stage.cast.users[who], model).values_list("pk", flat=True))
            for side in sides:
                foreign = set(stage.ids[side].get(model._meta.label, ()))
                assert not seen & foreign, f"{who} sees foreign {model._meta.label}"


def test_few_rows_each_looked_at_by_itself_are_those_of_the_whole_list(stage):
    for who, user in stage.cast.users.items():
        for model in access._SCOPES:
            whole = set(access.seen_by(user, model).values_list("pk", flat=True))
            few = set(access.seen_by(user, model, few=True).values_list("pk", flat=True))
            assert few == whole, f"{who}: {model._meta.label}"


def test_nobody_gets_in_without_signing_in(stage):
    every = {}
    for side in stage.ids.values():
        for label, numbers in side.items():
            every.setdefault(label, []).extend(numbers[:1])
    every["catalogue.Category"] = [1]
    marks = set().union(*stage.marks.values())
    problems = []
    for address in addresses():
        for path in filled(address, every)[:3]:
            for method in ("get", "post"):
                response, body, _ = ask(Client(), method, path)
                if response is None:
                    problems.append(f"{method} {path}: {body}")
                    continue
                if response.status_code == 200 and address.route not in OPEN_TO_ALL:
                    problems.append(f"{method} {path}: answers a stranger")
                if response.status_code in {301, 302} and not response["Location"].startswith(
                    ("/accounts/login/", "/accounts/2fa/", "/")
                ):
                    problems.append(f"{method} {path}: leads to {response['Location']}")
                problems += [f"{method} {path}: tells {mark}" for mark in marks if mark in body]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("who", WHO)
def test_nothing_foreign_is_shown_or_exported(stage, who):
    ids, marks = _foreign(stage, who)
    user = stage.cast.users[who]
    own = _own(stage, "far_" if who in {"stranger", "far_enterprise_user"} else "")
    own["catalogue.Category"] = [1]
    client = Client()
    client.force_login(user)
    narrowed = "&".join(
        f"{name}={ids[label][0]}"
        for name, label in (
            ("enterprise", "enterprises.Enterprise"),
            ("place", "territory.Place"),
            ("street", "street"),
            ("building", "building"),
            ("department", "organisation.Department"),
        )
        if ids.get(label)
    )
    problems = []
    for address in addresses():
        if address.route.startswith(MADE_UP):
            continue
        for path in filled(address, own)[:3]:
            for query in [*QUERIES, f"?{narrowed}"] if not address.converters else [""]:
                for extra in ({}, {"headers": {"HX-Request": "true"}}) if not query else ({},):
                    response, body, _ = ask(client, "get", path + query, **extra)
                    if response is None:
                        problems.append(f"{path}{query}: {body}")
                        continue
                    problems += [f"{path}{query}: shows {mark}" for mark in sorted(marks) if mark in body]
    assert not problems, "\n".join(sorted(set(problems)))


@pytest.mark.parametrize("who", WHO)
def test_foreign_things_are_not_there_and_do_not_move(stage, who):
    ids, marks = _foreign(stage, who)
    user = stage.cast.users[who]
    client = Client()
    client.force_login(user)
    before = state_of_house()
    problems = []
    for address in addresses():
        if not address.ours or address.route.startswith(MADE_UP):
            continue
        takes_id = any(kind == "IntConverter" for _, kind in address.converters)
        if takes_id and _longest(TAKES, address.route) in PUBLIC:
            continue
        paths = filled(address, ids)
        for path in paths if takes_id else paths[:2]:
            if takes_id:
                response, body, _ = ask(client, "get", path)
                may_enter = not address.permission or access.may_anywhere(user, address.permission)
                allowed = {404, 405} if may_enter else {403, 404, 405}
                if response is None:
                    problems.append(f"get {path}: {body}")
                elif led(client, response) not in allowed:
                    problems.append(f"get {path}: {response.status_code} instead of 404")
                else:
                    problems += [f"get {path}: tells {mark}" for mark in marks if mark in body]
            for data in ({}, hostile(stage, who)):
                response, body, after = ask(client, "post", path, data)
                if response is None:
                    problems.append(f"post {path}: {body}")
                    continue
                if takes_id and led(client, response) not in {403, 404, 405}:
                    problems.append(f"post {path}: {response.status_code} instead of 404")
                problems += [f"post {path}: tells {mark}" for mark in sorted(marks) if mark in body]
                problems += [f"post {path}: {what}" for what in touched(before, after, ids)]
    assert not problems, "\n".join(sorted(set(problems)))


def _plain(body):
    """A page without what differs at each request: tokens and times."""
    body = re.sub(r'(name="csrfmiddlewaretoken" value|name="csrf-token" content)="[^"]*"', "", body)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?", "", body)


@pytest.mark.parametrize("who", ["stranger", "enterprise_user"])
def test_nothing_foreign_is_counted(stage, who):
    """More on the other side changes no byte of one's own pages: not a list, not a number, not a facet."""
    own = _own(stage, "far_" if who == "stranger" else "")
    own["catalogue.Category"] = [1]
    client = Client()
    client.force_login(stage.cast.users[who])

    def pages():
        found = {}
        for address in addresses():
            if not address.ours or address.route.startswith(("ui/", "health")):
                continue
            for path in filled(address, own)[:2]:
                for query in ("", "?q=科技", "?export=csv") if not address.converters else ("",):
                    response, body, _ = ask(client, "get", path + query)
                    if response is not None and response.status_code == 200:
                        found[path + query] = _plain(body)
        return found

    before = pages()
    side, firm, prefix = ("", "firm", "") if who == "stranger" else ("far_", "far_firm", "far_")
    worker = stage.cast.econ_specialist if who == "stranger" else stage.cast.stranger
    for serial in (2, 3, 4):
        _furnish(stage, side, stage.cast.enterprises[firm], prefix, worker, serial)
    after = pages()
    assert [path for path in before if after.get(path) != before[path]] == []


STRICT = ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'")


@pytest.mark.parametrize("who", ["district_operator", "street_leader", "econ_specialist", "enterprise_user"])
def test_every_page_keeps_the_strict_policy(stage, who):
    own = _own(stage, "")
    own["catalogue.Category"] = [1]
    client = Client()
    client.force_login(stage.cast.users[who])
    problems = []
    for address in addresses():
        for path in filled(address, own)[:2]:
            response, body, _ = ask(client, "get", path)
            if response is None:
                problems.append(f"{path}: {body}")
                continue
            policy = response.get("Content-Security-Policy", "")
            problems += [f"{path}: no {rule}" for rule in STRICT if rule not in policy]
            if "unsafe" in policy or "*" in policy or response.get("Access-Control-Allow-Origin"):
                problems.append(f"{path}: {policy}")
            if "text/html" not in response.get("Content-Type", ""):
                continue
            page = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
            for script in re.findall(r"<script\b([^>]*)>", page):
                if "src=" not in script and "application/json" not in script:
                    problems.append(f"{path}: inline script")
            if re.search(r"<[a-zA-Z][^>]*\sstyle\s*=", page) or "<style" in page:
                problems.append(f"{path}: inline style")
            if handler := re.search(r"<[a-zA-Z][^>]*\s(on[a-z]+)\s*=", page):
                problems.append(f"{path}: inline handler {handler.group(1)}")
            if other := re.search(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=[\"'](?:https?:)?//", page):
                problems.append(f"{path}: from another host {other.group(0)[:80]}")
    assert not problems, "\n".join(sorted(set(problems)))


def test_a_model_without_a_scope_does_not_start():
    with isolate_apps("linqi.journal"):

        class Forgotten(models.Model):  # noqa: DJ008
            class Meta:
                app_label = "journal"

    with pytest.raises(ImproperlyConfigured, match=r"journal\.Forgotten"):
        access.check_declared([Forgotten])


def test_a_scope_by_a_permission_that_nobody_declared_does_not_start(monkeypatch):
    from linqi.journal.models import Entry

    _, where = access._SCOPES[Entry]
    monkeypatch.setitem(access._SCOPES, Entry, ("journal.raed", where))
    with pytest.raises(ImproperlyConfigured, match=r"journal\.raed"):
        access.check_declared([Entry])


def test_every_model_of_ours_has_a_scope():
    access.check_declared(model for model in apps.get_models() if model.__module__.startswith("linqi."))


def test_a_scope_open_to_everyone_needs_a_reason():
    for declare in (access.to_everyone, access.to_nobody, access.open_to_signed_in):
        with pytest.raises(ImproperlyConfigured):
            declare("  ")
