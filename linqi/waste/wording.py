"""The words that are proposed for each step; whoever serves them may say it otherwise 文书用语."""

from django.utils.translation import gettext as _

from linqi.kit import clock
from linqi.kit.clock import ZONE, Term
from linqi.waste import queries_tasks as queries
from linqi.waste.actions.tasks import kinds_of
from linqi.waste.kinds import Stream
from linqi.waste.models import Task
from linqi.waste.rules.ladder import StepKind


def found_in_words(task: Task) -> str:
    """What was confirmed, when and where, in one sentence; it names no other enterprise."""
    clues = queries.clues_of(task)
    first, last = (one.at.astimezone(ZONE) for one in (clues[0], clues[-1]))
    where = task.point.name if task.point else task.place.name
    return _("%(first)s至%(last)s，%(where)s的%(stream)s桶（%(bin)s）有 %(n)s 条线索经人工核看属实：%(kinds)s。") % {
        "first": f"{first:%Y-%m-%d %H:%M}",
        "last": f"{last:%Y-%m-%d %H:%M}",
        "where": where,
        "stream": _(Stream(task.bin.stream).label),
        "bin": task.bin.code,
        "n": len(clues),
        "kinds": "、".join(_(one.label).removeprefix(_("疑似")) for one in kinds_of(task)),
    }


def term_in_words(task: Task, kind: StepKind) -> str:
    """How long a step may take, in words."""
    term = Term.parse(queries.terms_of(task.street_id, clock.today()).of(kind))
    return f"{term.amount.normalize():f} {_(term.unit.label)}"


def remind_text(task: Task) -> str:
    """The words of a reminder."""
    return found_in_words(task) + _(
        "请贵单位自查并在 %(term)s内改正。初次、轻微并及时改正的，不予处罚；如有不同情况，可在系统中陈述申辩。"
    ) % {"term": term_in_words(task, StepKind.REMIND)}


def order_text(task: Task) -> str:
    """The words of an order to correct."""
    return found_in_words(task) + _(
        "责令贵单位在 %(term)s内改正，届时复查。贵单位有权陈述、申辩，不会因此加重处理。"
    ) % {"term": term_in_words(task, StepKind.ORDER)}


def refer_text(task: Task) -> str:
    """The words with which a matter is handed over."""
    return found_in_words(task) + _("已提醒并责令改正，经复查未改正或再次发生，现移送执法机关依法处理。")
