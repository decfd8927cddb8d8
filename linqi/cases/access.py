"""Who may open, settle, see and rate cases."""

from typing import Final

from django.db.models import Q

from linqi.cases import queries
from linqi.cases.models import (
    Attachment,
    Batch,
    Case,
    CaseMaterial,
    CommunityDuty,
    DayCount,
    DispatchRow,
    Escalation,
    Exclusion,
    Extension,
    HotIssue,
    Merge,
    Nudge,
    Objection,
    Pause,
    PublicForm,
    RatingLink,
    Receivable,
    Rectification,
    Reference,
    SavedView,
    Strand,
    Subscription,
    TimeLimit,
    TrainedReader,
    Watch,
)
from linqi.kit.access import (
    COMMUNITY_STAFF,
    NOTHING,
    STREET_STAFF,
    Reach,
    Role,
    Scope,
    allow,
    by,
    by_department,
    by_enterprise,
    by_owner,
    by_place,
    scope,
    to_everyone,
    to_nobody,
)
from linqi.kit.privacy import Kept, declare

allow(
    "cases.see", *STREET_STAFF, Role.DEPARTMENT_HANDLER, Role.PROPERTY_MANAGER, Role.ENTERPRISE_USER, label="查看办件"
)
allow("cases.desk", *STREET_STAFF, Role.DEPARTMENT_HANDLER, Role.PROPERTY_MANAGER, label="打开办件台")
allow("cases.portal", Role.ENTERPRISE_USER, label="打开我的诉求")
allow("cases.open", *COMMUNITY_STAFF, Role.PROPERTY_MANAGER, Role.ENTERPRISE_USER, label="提交办件")
allow("cases.dispatch", Role.STREET_LEADER, *COMMUNITY_STAFF, label="派单")
allow("cases.accept", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="受理")
allow("cases.extend", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="申请延期")
allow("cases.decide", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="审批延期与剔除")
allow("cases.callback", Role.STREET_LEADER, *COMMUNITY_STAFF, label="回访")
allow("cases.verify", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="核实差评")
allow("cases.exclude", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="申请剔除")
allow("cases.supply", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, Role.ENTERPRISE_USER, label="补充材料")
allow("cases.answer", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="答复")
allow("cases.close", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="办结")
allow("cases.withdraw", *COMMUNITY_STAFF, Role.ENTERPRISE_USER, label="撤回")
allow("cases.rate", Role.ENTERPRISE_USER, label="评价")
allow("cases.reopen", Role.ENTERPRISE_USER, *COMMUNITY_STAFF, label="重新办理")
allow("cases.export", *STREET_STAFF, Role.DEPARTMENT_HANDLER, label="导出办件")
allow("cases.configure", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="维护派单表与时限")

allow("cases.join", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="协办")
allow("cases.admit", Role.COMMUNITY_SECRETARY, label="社区准入")
allow("cases.merge", Role.STREET_LEADER, Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="并案与拆分")
allow("cases.urge", Role.ENTERPRISE_USER, label="催办")
allow("cases.supervise", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="督办")

allow("cases.batch", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, *COMMUNITY_STAFF, label="外部渠道收发")
allow("cases.identify", Role.DEPARTMENT_HANDLER, *COMMUNITY_STAFF, label="认定办件企业")

READING: Final = frozenset({"cases.see", "cases.desk"})


def _helping(case: str) -> Scope:
    """A section that does a part reads the whole case; moving it on is for whoever leads. `case`: the way to it."""

    def helped(reach: Reach, permission: str) -> Q:
        sections = reach.departments(permission) if permission in READING else ()
        return (
            Q(**{f"{case}__in": Strand.objects.filter(department__in=sections).values("case")}) if sections else NOTHING
        )

    return by(helped)


def _shared(reach: Reach, permission: str) -> Q:
    """What somebody shared with the staff of a street in which this user works."""
    return Q(street__in=queries.streets_of(reach, permission))


scope(
    Case,
    "cases.see",
    by_place("place", street="street") | by_department("department") | by_enterprise("enterprise") | _helping("pk"),
)
_OF_CASE: Final = (
    by_place("case__place", street="case__street")
    | by_department("case__department")
    | by_enterprise("case__enterprise")
)
_TO_READ: Final = by(
    lambda reach, permission: _OF_CASE.condition(reach, permission) if permission in READING else NOTHING
)
scope(Attachment, "cases.see", _OF_CASE | _helping("case"))
scope(Receivable, "cases.see", _OF_CASE | _helping("case"))
scope(CaseMaterial, "cases.see", _OF_CASE | _helping("case"))
scope(  # moved on by its own section, or its own community, alone
    Strand, "cases.see", _TO_READ | by_department("department") | by_place("community")
)
scope(CommunityDuty, "cases.desk", by_place("community"))
scope(Objection, "cases.desk", _OF_CASE | by_department("department"))
scope(Escalation, "cases.desk", _OF_CASE)
scope(Nudge, "cases.see", _OF_CASE)
scope(Merge, "cases.desk", by_place("part__place", street="part__street") | by_department("part__department"))
scope(Pause, "cases.see", _OF_CASE)
scope(Extension, "cases.desk", _OF_CASE)
scope(Rectification, "cases.desk", _OF_CASE)
scope(Exclusion, "cases.desk", _OF_CASE)
scope(RatingLink, "cases.see", to_nobody("only whoever holds the token gets in by it"))
scope(Reference, "cases.desk", _OF_CASE)
scope(Batch, "cases.batch", by_place("street"))
scope(PublicForm, "cases.configure", by_place("street"))
scope(Watch, "cases.desk", by_owner("user"))
scope(SavedView, "cases.desk", by_owner("owner") | by(_shared))
scope(Subscription, "cases.desk", by_owner("user"))
scope(DispatchRow, "cases.configure", by_place("street"))
scope(TimeLimit, "cases.see", to_everyone("time limits are promises made in public"))
scope(HotIssue, "cases.desk", to_nobody("what a user sees of it is told from the cases they see"))
scope(TrainedReader, "cases.configure", to_nobody("only what proposes categories reads it"))
scope(DayCount, "cases.see", to_nobody("only the action that opens a case counts with it"))

declare(Receivable, personal={"debtor_name": Kept.FILE, "amount": Kept.FILE})
declare(CaseMaterial, personal={"name": Kept.FILE, "reason": Kept.FILE})
declare(Attachment, personal={"name": Kept.FILE, "file": Kept.FILE, "added_by": Kept.FILE}, plain=["digest"])
declare(Strand, personal={"task": Kept.FILE, "result": Kept.FILE, "handler": Kept.FILE, "opened_by": Kept.FILE})
declare(
    Objection,
    personal={"reason": Kept.FILE, "answer": Kept.FILE, "asked_by": Kept.FILE, "decided_by": Kept.FILE},
)
declare(
    Escalation,
    personal={"question": Kept.FILE, "resolution": Kept.FILE, "asked_by": Kept.FILE, "decided_by": Kept.FILE},
)
declare(Nudge, personal={"text": Kept.FILE, "reply": Kept.FILE, "by": Kept.FILE, "replied_by": Kept.FILE})
declare(
    Merge,
    personal={"reason": Kept.FILE, "merged_by": Kept.FILE, "split_by": Kept.FILE},
    plain=["before"],
)
declare(Reference, plain=["external_id"])
declare(Batch, personal={"rows": Kept.FILE, "made_by": Kept.FILE}, plain=["file_name"])
declare(PublicForm, plain=["token", "sites", "greeting"])
declare(CommunityDuty, plain=[])
declare(Watch, personal={"user": Kept.NEWS})
declare(Subscription, personal={"user": Kept.NEWS}, plain=["known"])
declare(SavedView, personal={"owner": Kept.NEWS, "query": Kept.NEWS}, plain=["name"])
declare(DispatchRow, plain=["conditions"])
declare(HotIssue, plain=["cases"])
declare(TrainedReader, plain=["version", "measured", "data"])
declare(TimeLimit, plain=["accept", "contact", "close", "extend", "source"])
declare(Pause, personal={"asked": Kept.FILE, "supplied": Kept.FILE, "asked_by": Kept.FILE})
declare(RatingLink, personal={"made_by": Kept.FILE}, plain=["digest"])
declare(
    Rectification,
    personal={
        "comment": Kept.FILE,
        "finding": Kept.FILE,
        "verified_by": Kept.FILE,
        "measures": Kept.FILE,
        "revisit": Kept.FILE,
    },
)
declare(
    Exclusion,
    personal={"reason": Kept.FILE, "answer": Kept.FILE, "asked_by": Kept.FILE, "decided_by": Kept.FILE},
)
declare(
    Extension,
    personal={"reason": Kept.FILE, "answer": Kept.FILE, "asked_by": Kept.FILE, "decided_by": Kept.FILE},
)
declare(
    Case,
    personal={
        "title": Kept.FILE,
        "body": Kept.FILE,
        "contact_name": Kept.FILE,
        "contact_phone": Kept.FILE,
        "said_enterprise": Kept.FILE,
        "reporter": Kept.FILE,
        "handler": Kept.FILE,
        "dispatch_reason": Kept.FILE,
        "answer": Kept.FILE,
        "rating_comment": Kept.FILE,
        "proposal": Kept.FILE,
    },
    plain=["number", "accept_term", "contact_term", "close_term", "extend_term", "due_why"],
)
