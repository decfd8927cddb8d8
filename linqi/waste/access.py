"""Who may see bins, look at clues, label pictures and keep the devices."""

from typing import Final

from django.db.models import Q

from linqi.kit.access import NOTHING, STREET_STAFF, Reach, Role, Scope, allow, by, by_place, scope, to_nobody
from linqi.kit.clock import today
from linqi.kit.privacy import Kept, declare
from linqi.organisation.queries import companies_of
from linqi.waste.models import (
    Bin,
    Card,
    ChainLink,
    Clue,
    Device,
    DeviceState,
    Duty,
    Event,
    Fitting,
    HaulReport,
    HourFact,
    HourTouched,
    KeepingTerms,
    LadderTerms,
    Paper,
    Picture,
    Point,
    Quarantined,
    Referral,
    RegisterSheet,
    Standing,
    Statement,
    Step,
    Task,
    TaskClue,
)

KEEPERS: Final = (Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, Role.GOVERNANCE_SPECIALIST)
PARTIES: Final = (Role.ENTERPRISE_USER, Role.PROPERTY_MANAGER)  # who may be told to correct, and speak to it

allow("waste.see", *STREET_STAFF, Role.PROPERTY_MANAGER, label="查看垃圾桶和满溢度")
allow("waste.keep", *KEEPERS, label="登记点位、垃圾桶和责任人")
allow("waste.look", *KEEPERS, label="核看线索和图像")
allow("waste.keeping", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="设置分类数据的保存期限")
allow("waste.devices", Role.DISTRICT_OPERATOR, *KEEPERS, label="管理智能终端")

scope(Point, "waste.see", by_place("place"))
scope(Duty, "waste.see", by_place("point__place"))
scope(Bin, "waste.see", by_place("place"))
scope(Standing, "waste.see", by_place("bin__place"))
scope(Device, "waste.devices", by_place("place"))
scope(Fitting, "waste.devices", by_place("device__place"))
scope(DeviceState, "waste.devices", by_place("device__place"))
scope(Quarantined, "waste.devices", by_place("device__place"))
scope(RegisterSheet, "waste.keep", by_place("place"))
scope(Card, "waste.keep", by_place("enterprise__seat"))
scope(Event, "waste.see", to_nobody("read by the bin, which is scoped: it has no foreign keys"))
scope(HourFact, "waste.see", by_place("bin__place"))
scope(HourTouched, "waste.see", to_nobody("a note of what is still to be counted"))
scope(Picture, "waste.look", by_place("bin__place"))
scope(Clue, "waste.look", by_place("bin__place"))
scope(KeepingTerms, "waste.keeping", by_place("street"))

declare(Point, plain=["name"])
declare(Duty)
declare(Bin, plain=["code"])
declare(Standing)
declare(Device, plain=["serial", "key_digest"])
declare(Fitting)
declare(DeviceState, plain=["beyond", "earlier"])
declare(Quarantined, plain=["said_by", "channel", "topic", "reason", "detail"])
declare(RegisterSheet, personal={"rows": Kept.IMPORT, "made_by": Kept.IMPORT}, plain=["file_name", "made"])
declare(Card, plain=["code"])
declare(Event, plain=["told", "stream", "picture", "card"])
declare(HourFact, plain=["told"])
declare(HourTouched)
declare(
    Picture,
    personal={"file": Kept.TERM, "labelled_by": Kept.FILE, "asked_of": Kept.FILE},
    plain=["ref", "sha256", "seen_as", "model", "label"],
)
declare(
    Clue,
    personal={"note": Kept.FILE, "reason": Kept.FILE, "looked_by": Kept.FILE},
    plain=["card", "event_stream", "event_picture"],
)
declare(KeepingTerms, personal={"set_by": Kept.FILE}, plain=["days", "source"])

# --- the ladder -------------------------------------------------------------------------------------------------------------
allow("waste.tasks", *KEEPERS, *PARTIES, label="查看分类任务")
allow("waste.ladder", *KEEPERS, label="办理分类任务")
allow("waste.refer", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="移送执法")
allow("waste.portal", *PARTIES, label="打开本单位的分类整改")
allow("waste.hauls", *KEEPERS, label="登记收运台账")
allow("waste.purity", *STREET_STAFF, label="查看楼宇分类红绿榜")
allow("waste.export", *KEEPERS, label="导出分类任务与台账")
allow("waste.terms", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="设置成案条件与期限")


def _addressed(way: str) -> Scope:
    """What a party was told: an enterprise's own, and a company's own at the places which its people hold, by nobody's clue before."""

    def condition(reach: Reach, _permission: str) -> Q:
        firms = reach.enterprises("waste.portal")
        theirs = Q(**{f"{way}enterprise__in": firms}) if firms else NOTHING
        places = by_place(f"{way}place").condition(reach, "waste.portal")
        if places != NOTHING:
            ours = places & Q(**{f"{way}company__in": companies_of(reach.user.pk, today())})
            theirs = ours if theirs == NOTHING else theirs | ours
        return theirs if theirs == NOTHING else theirs & Q(**{f"{way}told_at__isnull": False})

    return by(condition)


def _of_task(way: str = "") -> Scope:
    """Rows of a task, `way` leads to it: to those who work on it by where it stands, to the party it addresses by what it was told.

    A place alone never opens a party's page: whoever manages a building stands over the tasks of all who throw in there.
    """
    worked, addressed = by_place(f"{way}place"), _addressed(way)
    seen = by(lambda reach, _permission: worked.condition(reach, "waste.ladder")) | addressed

    def condition(reach: Reach, permission: str) -> Q:
        asked = {"waste.portal": addressed, "waste.tasks": seen}.get(permission, worked)
        return asked.condition(reach, permission)

    return by(condition)


scope(Task, "waste.tasks", _of_task())
scope(TaskClue, "waste.ladder", by_place("task__place"))
scope(Step, "waste.tasks", _of_task("task__"))
scope(Referral, "waste.ladder", by_place("step__task__place"))
scope(Statement, "waste.tasks", _of_task("task__"))
scope(Paper, "waste.tasks", _of_task("statement__task__"))
scope(HaulReport, "waste.hauls", by_place("place"))
scope(LadderTerms, "waste.terms", by_place("street"))
scope(ChainLink, "waste.ladder", by_place("clue__bin__place") | by_place("task__place"))

declare(LadderTerms, personal={"set_by": Kept.FILE}, plain=["remind", "order", "recheck", "refer", "source"])
declare(
    Task,
    personal={"addressed_by": Kept.FILE, "addressed_why": Kept.FILE, "end_reason": Kept.FILE},
    plain=["why", "shares", "offence"],
)
declare(TaskClue)
declare(
    Step,
    personal={"text": Kept.FILE, "outcome": Kept.FILE, "began_by": Kept.FILE, "ended_by": Kept.FILE},
    plain=["law"],
)
declare(
    Referral,
    personal={
        "officer_a": Kept.FILE,
        "certificate_a": Kept.FILE,
        "officer_b": Kept.FILE,
        "certificate_b": Kept.FILE,
        "reason": Kept.FILE,
        "answer": Kept.FILE,
    },
    plain=["offence", "citation", "act", "band", "checks"],
)
declare(
    Statement,
    personal={"text": Kept.FILE, "answer": Kept.FILE, "made_by": Kept.FILE, "answered_by": Kept.FILE},
)
declare(Paper, personal={"name": Kept.FILE, "file": Kept.FILE}, plain=["digest"])
declare(
    HaulReport,
    personal={"note": Kept.FILE, "struck_why": Kept.FILE, "made_by": Kept.FILE},
    plain=["hauler", "destination"],
)
declare(ChainLink, personal={"data": Kept.FILE}, plain=["at", "what", "previous", "digest"])
