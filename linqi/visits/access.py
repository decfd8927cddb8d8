"""Who may plan, record and see visits."""

from linqi.kit.access import COMMUNITY_STAFF, STREET_STAFF, Role, allow, by_place, scope
from linqi.kit.privacy import Kept, declare
from linqi.visits.models import Finding, Visit

allow("visits.see", *STREET_STAFF, Role.PROPERTY_MANAGER, label="查看走访")
allow("visits.plan", *COMMUNITY_STAFF, label="安排走访")
allow("visits.record", *COMMUNITY_STAFF, Role.PROPERTY_MANAGER, label="记录走访")
allow("visits.report", *COMMUNITY_STAFF, Role.PROPERTY_MANAGER, label="上报问题")
allow("visits.export", *STREET_STAFF, label="导出走访")

scope(Visit, "visits.see", by_place("place"))
scope(Finding, "visits.see", by_place("visit__place"))

declare(
    Visit,
    personal={
        "visitor": Kept.FILE,
        "met": Kept.FILE,
        "summary": Kept.FILE,
        "next_step": Kept.FILE,
        "why_again": Kept.FILE,
    },
    plain=["reasons"],
)
declare(Finding, personal={"text": Kept.FILE})
