"""What is done to cases: opening, moving along, keeping time, arranging the tables 办件动作."""

from linqi.cases.actions.arranging import (
    end_dispatch_row,
    move_dispatch_row,
    save_dispatch_row,
    seed_defaults,
)
from linqi.cases.actions.asking import ask, case_of, follow_token, set_public_form
from linqi.cases.actions.attaching import attach, detach
from linqi.cases.actions.bringing import check_materials, promise_material, settle_material
from linqi.cases.actions.correcting import correct, noted
from linqi.cases.actions.disputing import decide_objection, escalate, object_to, resolve, route_out
from linqi.cases.actions.exporting import record_export
from linqi.cases.actions.heating import find_hot, find_hot_at_night
from linqi.cases.actions.identifying import identify
from linqi.cases.actions.learning import learn, learn_when_due
from linqi.cases.actions.limits import end_time_limit, seed_time_limits, set_time_limit
from linqi.cases.actions.merging import merge, split
from linqi.cases.actions.moving import (
    accept,
    answer,
    close,
    redispatch,
    reopen,
    send_back,
    withdraw,
)
from linqi.cases.actions.opening import Contact, open_case
from linqi.cases.actions.owing import note_receivable
from linqi.cases.actions.pressing import answer_nudges, nudge
from linqi.cases.actions.rating import (
    ask_exclusion,
    call_back,
    decide_exclusion,
    link_of,
    make_rating_link,
    move_rectification,
    rate,
    rate_by_link,
)
from linqi.cases.actions.receiving import read_batch, return_to_channel, take_batch
from linqi.cases.actions.strands import add_strand, ask_community, move_strand, set_duties
from linqi.cases.actions.subscribing import MOST_IN_VIEW, subscribe, tell_of_view, unsubscribe
from linqi.cases.actions.timing import recompute_deadlines, tick
from linqi.cases.actions.waiting import (
    ask_extension,
    ask_more,
    contact,
    decide_extension,
    supply,
)
from linqi.cases.actions.watching import drop_view, save_view, watch

__all__ = [
    "MOST_IN_VIEW",
    "Contact",
    "accept",
    "add_strand",
    "answer",
    "answer_nudges",
    "ask",
    "ask_community",
    "ask_exclusion",
    "ask_extension",
    "ask_more",
    "attach",
    "call_back",
    "case_of",
    "check_materials",
    "close",
    "contact",
    "correct",
    "decide_exclusion",
    "decide_extension",
    "decide_objection",
    "detach",
    "drop_view",
    "end_dispatch_row",
    "end_time_limit",
    "escalate",
    "find_hot",
    "find_hot_at_night",
    "follow_token",
    "identify",
    "learn",
    "learn_when_due",
    "link_of",
    "make_rating_link",
    "merge",
    "move_dispatch_row",
    "move_rectification",
    "move_strand",
    "note_receivable",
    "noted",
    "nudge",
    "object_to",
    "open_case",
    "promise_material",
    "rate",
    "rate_by_link",
    "read_batch",
    "recompute_deadlines",
    "record_export",
    "redispatch",
    "reopen",
    "resolve",
    "return_to_channel",
    "route_out",
    "save_dispatch_row",
    "save_view",
    "seed_defaults",
    "seed_time_limits",
    "send_back",
    "set_duties",
    "set_public_form",
    "set_time_limit",
    "settle_material",
    "split",
    "subscribe",
    "supply",
    "take_batch",
    "tell_of_view",
    "tick",
    "unsubscribe",
    "watch",
    "withdraw",
]
