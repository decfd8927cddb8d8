"""What happened to a case, from the journal, for those who see the case 办理过程."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linqi.cases.dispatch import Basis
from linqi.cases.flow import Join, Mend
from linqi.cases.models import Case, Pressed
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.ui import shown
from linqi.ui.parts import Happening

# icons: send, user-check, corner-up-left, calendar-plus, message-check, circle-check, refresh, star, ban, alarm, inbox
LOOKS = {
    Verb.CASE_OPENED: ("info", "inbox"),
    Verb.CASE_DISPATCHED: ("info", "send"),
    Verb.CASE_ACCEPTED: ("plain", "user-check"),
    Verb.CASE_SENT_BACK: ("warn", "corner-up-left"),
    Verb.CASE_CONTACTED: ("plain", "message"),
    Verb.CASE_ASKED_MORE: ("warn", "file-text"),
    Verb.CASE_SUPPLIED: ("info", "inbox"),
    Verb.CASE_WAIT_REMINDED: ("warn", "alarm"),
    Verb.CASE_NOT_CONTACTED: ("bad", "alarm"),
    Verb.CASE_EXTENSION_ASKED: ("plain", "calendar-plus"),
    Verb.CASE_EXTENSION_REFUSED: ("plain", "calendar-plus"),
    Verb.CASE_EXTENDED: ("warn", "calendar-plus"),
    Verb.CASE_ANSWERED: ("good", "message-check"),
    Verb.CASE_CLOSED: ("good", "circle-check"),
    Verb.CASE_REOPENED: ("warn", "refresh"),
    Verb.CASE_RATING_LINK: ("plain", "send"),
    Verb.CASE_RECTIFICATION: ("warn", "refresh"),
    Verb.CASE_EXCLUSION_ASKED: ("plain", "ban"),
    Verb.CASE_EXCLUSION_DECIDED: ("plain", "ban"),
    Verb.CASE_WITHDRAWN: ("plain", "ban"),
    Verb.CASE_RATED: ("good", "star"),
    Verb.CASE_NOT_ACCEPTED: ("bad", "alarm"),
    Verb.CASE_NEAR_DUE: ("warn", "alarm"),
    Verb.CASE_OVERDUE: ("bad", "alarm"),
    Verb.CASE_RECEIVABLE: ("plain", "coin"),
    Verb.CASE_MATERIALS_CHECKED: ("info", "checklist"),
    Verb.CASE_MATERIAL_PROMISED: ("warn", "file-text"),
    Verb.CASE_MATERIAL_SETTLED: ("good", "file-text"),
    Verb.CASE_MATERIAL_REMINDED: ("warn", "alarm"),
    Verb.CASE_ATTACHED: ("plain", "paperclip"),
    Verb.CASE_DETACHED: ("plain", "paperclip"),
    Verb.CASE_CORRECTED: ("plain", "pencil"),
    Verb.CASE_IDENTIFIED: ("info", "building"),
    Verb.CASE_OBJECTED: ("warn", "message-report"),
    Verb.CASE_OBJECTION_DECIDED: ("plain", "message-report"),
    Verb.CASE_STRAND_OPENED: ("info", "users-group"),
    Verb.CASE_STRAND_MOVED: ("plain", "users-group"),
    Verb.CASE_STRAND_LATE: ("bad", "alarm"),
    Verb.CASE_ESCALATED: ("warn", "users-group"),
    Verb.CASE_RESOLVED: ("good", "users-group"),
    Verb.CASE_ROUTED: ("plain", "corner-up-left"),
    Verb.CASE_NUDGED: ("warn", "alarm"),
    Verb.CASE_NUDGE_ANSWERED: ("plain", "message"),
    Verb.CASE_MERGED: ("info", "git-merge"),
    Verb.CASE_SPLIT: ("plain", "git-merge"),
    Verb.DEADLINES_RECOMPUTED: ("plain", "calendar-plus"),
}
INSIDE = frozenset(  # not for the enterprise's page
    {
        Verb.CASE_NOT_ACCEPTED,
        Verb.CASE_NOT_CONTACTED,
        Verb.CASE_NEAR_DUE,
        Verb.CASE_SENT_BACK,
        Verb.CASE_EXTENSION_ASKED,
        Verb.CASE_EXTENSION_REFUSED,
        Verb.CASE_RATING_LINK,
        Verb.CASE_EXCLUSION_ASKED,
        Verb.CASE_EXCLUSION_DECIDED,
        Verb.CASE_OBJECTED,
        Verb.CASE_OBJECTION_DECIDED,
        Verb.CASE_STRAND_LATE,
        Verb.CASE_ESCALATED,
        Verb.CASE_MERGED,  # would name another enterprise's case
        Verb.CASE_SPLIT,
        Verb.CASE_CORRECTED,
        Verb.CASE_IDENTIFIED,
    }
)


def happenings(case: Case, *, inside: bool) -> list[Happening]:
    """The acts on this case, oldest first; `inside` adds who did it and what concerns only the staff."""
    entries = Entry.objects.filter(subject_type=Case._meta.label_lower, subject_id=case.pk).order_by("pk")
    lines = []
    for entry in entries:
        if entry.verb not in Verb.values or (not inside and Verb(entry.verb) in INSIDE):
            continue
        verb = Verb(entry.verb)
        tone, icon = LOOKS.get(verb, ("plain", "point"))
        lines.append(
            Happening(
                at=entry.at,
                text=_title(verb, entry.data),
                who=entry.actor_name if inside and entry.actor else "",
                detail=_detail(verb, entry.data, inside),
                tone=tone,
                icon=icon,
            )
        )
    return lines


def _title(verb: Verb, data: dict[str, Any]) -> str:
    if verb is Verb.CASE_DISPATCHED:
        name = data.get("department_name")
        return _("派给 %(name)s") % {"name": _(name)} if name else _("等待书记派单")
    if verb is Verb.CASE_RATED:
        return _("企业评价 %(stars)s 星") % {"stars": data.get("stars")}
    if verb is Verb.DEADLINES_RECOMPUTED:
        return _("期限重算")
    if verb is Verb.CASE_STRAND_OPENED:
        return _("请 %(name)s 协办") % {"name": _(data.get("department_name") or "")}
    if verb is Verb.CASE_STRAND_MOVED and data.get("step") in Join.values:
        return f"{_(data.get('department_name') or '')} {_(Join(data['step']).label)}".strip()
    if verb is Verb.CASE_NUDGED and data.get("kind") in Pressed.values:
        return _(Pressed(data["kind"]).label)
    if verb is Verb.CASE_RECTIFICATION and data.get("step") in Mend.values:
        return _(Mend(data["step"]).label)
    return pgettext("journal", verb.label)


def _detail(verb: Verb, data: dict[str, Any], inside: bool) -> str:
    if verb is Verb.CASE_DISPATCHED:
        basis = data.get("basis")
        parts = [_(Basis(basis).label)] if inside and basis in Basis.values else []
        return "；".join([*parts, *([str(data["reason"])] if inside and data.get("reason") else [])])
    if verb is Verb.CASE_CORRECTED:
        return ""  # which words were changed is for the journal
    if data.get("after") and _day(data["after"]) != _day(data["before"]):  # else the date stayed
        moved = _("期限由 %(before)s 改为 %(after)s") % {"before": _day(data["before"]), "after": _day(data["after"])}
        return "；".join([moved, *([str(data["reason"])] if data.get("reason") else [])])
    if data.get("files"):
        return "、".join(str(one) for one in data["files"])
    said = data.get("answer") or data.get("comment") or data.get("reason") or ""
    return str(said)


def _day(text: str) -> str:
    return shown.plain(timezone.localtime(datetime.fromisoformat(text)))
