"""What is done to cases: opening, moving along, keeping time, arranging the tables 办件动作."""

from linqi.cases.actions.arranging import (
    seed_defaults,
    seed_time_limits,
    set_dispatch_row,
    set_time_limit,
)
from linqi.cases.actions.exporting import record_export
from linqi.cases.actions.moving import (
    accept,
    answer,
    close,
    redispatch,
    reopen,
    send_back,
    withdraw,
)
from linqi.cases.actions.opening import open_case
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
from linqi.cases.actions.timing import recompute_deadlines, tick
from linqi.cases.actions.waiting import (
    ask_extension,
    ask_more,
    contact,
    decide_extension,
    supply,
)

__all__ = [
    "accept",
    "answer",
    "ask_exclusion",
    "ask_extension",
    "ask_more",
    "call_back",
    "close",
    "contact",
    "decide_exclusion",
    "decide_extension",
    "link_of",
    "make_rating_link",
    "move_rectification",
    "open_case",
    "rate",
    "rate_by_link",
    "recompute_deadlines",
    "record_export",
    "redispatch",
    "reopen",
    "seed_defaults",
    "seed_time_limits",
    "send_back",
    "set_dispatch_row",
    "set_time_limit",
    "supply",
    "tick",
    "withdraw",
]
