"""Who may plan, record and see visits."""

from django.db.models import Q

from linqi.accounts.queries import valid_on
from linqi.kit.access import (
    COMMUNITY_STAFF,
    NOTHING,
    STREET_STAFF,
    Reach,
    Role,
    allow,
    by,
    by_owner,
    by_place,
    scope,
    to_nobody,
)
from linqi.kit.clock import today
from linqi.kit.privacy import Kept, declare
from linqi.territory.models import Coverage
from linqi.visits.models import (
    BuildingRota,
    BurdenLimit,
    Device,
    Erasure,
    FieldConflict,
    Finding,
    MustVisitRule,
    MustVisitScore,
    Operation,
    Photo,
    PlanFeed,
    PlanFirm,
    PlanShift,
    PlanStop,
    PlanTerms,
    Spot,
    Visit,
    WeekPlan,
)

allow("visits.see", *STREET_STAFF, Role.PROPERTY_MANAGER, label="查看走访")
allow("visits.plan", *COMMUNITY_STAFF, label="安排走访")
allow("visits.record", *COMMUNITY_STAFF, Role.PROPERTY_MANAGER, label="记录走访")
allow("visits.report", *COMMUNITY_STAFF, Role.PROPERTY_MANAGER, label="上报问题")
allow("visits.patrol", Role.COMMUNITY_SECRETARY, Role.GOVERNANCE_SPECIALIST, label="安全、应急巡查")
allow("visits.check", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="走访合规自查")
allow("visits.export", *STREET_STAFF, label="导出走访")
allow("visits.weeks", Role.STREET_LEADER, *COMMUNITY_STAFF, label="查看周计划")
allow("visits.confirm", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="确认周计划")
allow("visits.assess", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="查看所辖人员的走访成效")
allow("visits.portal", Role.ENTERPRISE_USER, label="查看本企业被联系的记录")
allow("visits.configure", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="设置必访规则")


def _product_or_street(reach: Reach, permission: str) -> Q:
    """The product's own rows, and those of the streets in which one works, be it in one building of it."""
    places = reach.places(permission)
    if not places:
        return NOTHING
    around = Coverage.objects.filter(valid_on(today()), descendant__in=places).values("ancestor")
    return Q(street=None) | Q(street__in=around)


scope(Visit, "visits.see", by_place("place", street="street"))
scope(Finding, "visits.see", by_place("visit__place"))
scope(Photo, "visits.see", by_place("visit__place") | by_owner("taken_by"))
scope(Spot, "visits.patrol", by_place("visit__place") | by_owner("taken_by"))
scope(Erasure, "visits.check", to_nobody("how much was taken away in all, shown on the self-check only"))
scope(FieldConflict, "visits.see", by_place("visit__place"))
scope(Device, "visits.record", by_owner("owner"))
scope(Operation, "visits.record", by_owner("device__owner"))
scope(MustVisitRule, "visits.see", by(_product_or_street) | by_place("street"))
scope(MustVisitScore, "visits.see", by(_product_or_street) | by_place("street"))
scope(PlanTerms, "visits.see", by(_product_or_street) | by_place("street"))
scope(BurdenLimit, "visits.see", by(_product_or_street) | by_place("street"))
scope(BuildingRota, "visits.see", by_place("building"))
scope(WeekPlan, "visits.weeks", by_place("place"))
scope(PlanShift, "visits.weeks", by_place("plan__place") | by_owner("user"))
scope(PlanStop, "visits.weeks", by_place("plan__place") | by_owner("shift__user"))
scope(PlanFirm, "visits.weeks", by_place("stop__plan__place") | by_owner("stop__shift__user"))
scope(PlanFeed, "visits.see", by_owner("user"))

declare(
    Visit,
    personal={
        "visitor": Kept.FILE,
        "met": Kept.FILE,
        "summary": Kept.FILE,
        "next_step": Kept.FILE,
        "why_again": Kept.FILE,
        "stamps": Kept.FILE,
    },
    plain=["reasons", "dues"],
)
declare(Finding, personal={"text": Kept.FILE})
declare(Photo, personal={"file": Kept.TERM, "note": Kept.TERM, "taken_by": Kept.TERM}, plain=["uid"])
declare(Spot, personal={"lat": Kept.TERM, "lon": Kept.TERM, "taken_by": Kept.TERM}, plain=["agreed"])
declare(
    MustVisitRule,
    personal={"set_by": Kept.FILE},
    plain=["when", "who", "ask", "done_when", "legal", "source"],
)
declare(MustVisitScore, personal={"set_by": Kept.FILE}, plain=["values", "source"])
declare(PlanTerms, personal={"set_by": Kept.FILE}, plain=["hours", "source"])
declare(BuildingRota, personal={"set_by": Kept.FILE}, plain=["reason", "before"])
declare(BurdenLimit, personal={"set_by": Kept.FILE}, plain=["source"])
declare(WeekPlan, personal={"made_by": Kept.FILE, "confirmed_by": Kept.FILE}, plain=["figures", "found_by"])
declare(PlanShift, personal={"user": Kept.FILE})
declare(PlanStop, plain=["days"])
declare(PlanFirm, plain=["dues"])
declare(PlanFeed, personal={"user": Kept.ACCOUNT}, plain=["digest"])
declare(Device, personal={"owner": Kept.ACCOUNT, "name": Kept.ACCOUNT}, plain=["digest"])
declare(
    Operation,
    personal={
        "body": Kept.TERM,
        "reason": Kept.TERM,
        "result": Kept.TERM,
        "said_at": Kept.TERM,
        "happened_at": Kept.TERM,
    },
    plain=["uid", "boot", "kind", "key"],
)
declare(
    FieldConflict,
    personal={"value": Kept.FILE, "said_by": Kept.FILE, "settled_by": Kept.FILE, "settled_as": Kept.FILE},
    plain=["field"],
)
