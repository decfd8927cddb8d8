"""Who may see the ladder, move firms on it, cultivate them and set its rules."""

from django.db.models import Q

from linqi.kit.access import (
    COMMUNITY_STAFF,
    STREET_STAFF,
    Reach,
    Role,
    allow,
    by,
    by_enterprise,
    by_place,
    scope,
    to_everyone,
)
from linqi.kit.privacy import Kept, declare
from linqi.ladder.models import Answer, Candidate, Cultivation, Milestone, Move, Standard, TierRule

allow("ladder.see", *STREET_STAFF, Role.ENTERPRISE_USER, label="查看助企直通车")
allow("ladder.board", *STREET_STAFF, label="打开直通车看板")
allow("ladder.mine", Role.ENTERPRISE_USER, label="打开本企业的上市培育")
allow("ladder.move", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, Role.ECON_SPECIALIST, label="确认层级调整")
allow("ladder.cultivate", Role.STREET_LEADER, *COMMUNITY_STAFF, label="登记培育措施和里程碑")
allow("ladder.configure", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="维护上市标准与分层标准")
allow("ladder.export", *STREET_STAFF, label="导出培育企业")

HERE = by_place("enterprise__seat") | by_enterprise("enterprise")
"""Firms whose principal place is today within reach, and one's own."""


def _moves(reach: Reach, permission: str) -> Q:
    """A firm sees how it moved, not which moves were thought of and declined."""
    staff = by_place("enterprise__seat").condition(reach, permission)
    own = by_enterprise("enterprise").condition(reach, permission)
    return staff | (own & Q(answer=Answer.CONFIRMED.value))


scope(Standard, "ladder.see", to_everyone("the rules of the exchanges, and what a street makes of them, are public"))
scope(TierRule, "ladder.see", to_everyone("by which rule one stands in a tier is a promise made in public"))
scope(Candidate, "ladder.see", HERE)
scope(Move, "ladder.see", by(_moves))
scope(Milestone, "ladder.see", HERE)
scope(Cultivation, "ladder.see", HERE)

declare(Standard, personal={"set_by": Kept.FILE}, plain=["name", "when", "source", "note", "code"])
declare(TierRule, personal={"set_by": Kept.FILE}, plain=["name", "when", "source", "note"])
declare(Candidate, personal={"owner": Kept.FILE})
declare(Move, personal={"by": Kept.FILE, "why": Kept.FILE}, plain=["snapshot"])
declare(Milestone, personal={"entered_by": Kept.FILE, "evidence": Kept.FILE})
declare(Cultivation, personal={"owner": Kept.FILE, "title": Kept.FILE, "result": Kept.FILE}, plain=["term"])
