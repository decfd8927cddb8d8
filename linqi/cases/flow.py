"""The life of a case 办件流程."""

from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.flow import Flow


class State(Choice):
    """Where a case stands 办件状态."""

    DISPATCHED = "dispatched", "待受理"
    ACCEPTED = "accepted", "办理中"
    ANSWERED = "answered", "已答复"
    CLOSED = "closed", "已办结"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN: Final = frozenset({State.DISPATCHED, State.ACCEPTED, State.ANSWERED})  # not finished
WORKING: Final = frozenset({State.DISPATCHED, State.ACCEPTED})  # somebody still owes an answer: the clock runs

LIFE: Final = Flow(
    start=State.DISPATCHED,
    moves={
        "accept": ({State.DISPATCHED}, State.ACCEPTED),
        "redispatch": ({State.DISPATCHED, State.ACCEPTED}, State.DISPATCHED),
        "send_back": ({State.DISPATCHED, State.ACCEPTED}, State.DISPATCHED),
        "extend": ({State.ACCEPTED}, State.ACCEPTED),
        "answer": ({State.ACCEPTED}, State.ANSWERED),
        "close": ({State.ANSWERED}, State.CLOSED),
        "rate": ({State.CLOSED}, State.CLOSED),
        "reopen": ({State.ANSWERED, State.CLOSED}, State.ACCEPTED),
        "withdraw": ({State.DISPATCHED, State.ACCEPTED}, State.WITHDRAWN),
    },
)


class Move(Choice):
    """The moves of a case, as the buttons and the refusals name them 办理动作."""

    ACCEPT = "accept", "受理"
    ANSWER = "answer", "答复"
    CLOSE = "close", "办结"
    EXTEND = "extend", "延期"
    SEND_BACK = "send_back", "退单"
    REDISPATCH = "redispatch", "派单"
    REOPEN = "reopen", "重新办理"
    RATE = "rate", "评价"
    WITHDRAW = "withdraw", "撤回"
