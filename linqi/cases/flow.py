"""The life of a case 办件流程."""

from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.flow import Flow


class State(Choice):
    """Where a case stands 办件状态."""

    DISPATCHED = "dispatched", "待受理"
    ACCEPTED = "accepted", "办理中"
    WAITING = "waiting", "待企业补充"
    ANSWERED = "answered", "已答复"
    CLOSED = "closed", "已办结"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN: Final = frozenset({State.DISPATCHED, State.ACCEPTED, State.WAITING, State.ANSWERED})  # not finished
WORKING: Final = frozenset({State.DISPATCHED, State.ACCEPTED})  # somebody still owes an answer: the clock runs

LIFE: Final = Flow(
    start=State.DISPATCHED,
    moves={
        "accept": ({State.DISPATCHED}, State.ACCEPTED),
        "redispatch": ({State.DISPATCHED, State.ACCEPTED}, State.DISPATCHED),
        "send_back": ({State.DISPATCHED, State.ACCEPTED}, State.DISPATCHED),
        "contact": ({State.ACCEPTED}, State.ACCEPTED),
        "ask_more": ({State.ACCEPTED}, State.WAITING),
        "supply": ({State.WAITING}, State.ACCEPTED),
        "ask_extension": ({State.ACCEPTED}, State.ACCEPTED),
        "grant_extension": ({State.ACCEPTED}, State.ACCEPTED),
        "refuse_extension": ({State.ACCEPTED}, State.ACCEPTED),
        "answer": ({State.ACCEPTED}, State.ANSWERED),
        "close": ({State.ANSWERED}, State.CLOSED),
        "rate": ({State.CLOSED}, State.CLOSED),
        "reopen": ({State.ANSWERED, State.CLOSED}, State.ACCEPTED),
        "withdraw": ({State.DISPATCHED, State.ACCEPTED, State.WAITING}, State.WITHDRAWN),
    },
)


class Move(Choice):
    """The moves of a case, as the buttons and the refusals name them 办理动作."""

    ACCEPT = "accept", "受理"
    CONTACT = "contact", "登记首次联系"
    ANSWER = "answer", "答复"
    ASK_MORE = "ask_more", "请企业补充"
    SUPPLY = "supply", "补充材料"
    CLOSE = "close", "办结"
    ASK_EXTENSION = "ask_extension", "申请延期"
    GRANT_EXTENSION = "grant_extension", "同意延期"
    REFUSE_EXTENSION = "refuse_extension", "不同意延期"
    SEND_BACK = "send_back", "退单"
    REDISPATCH = "redispatch", "派单"
    REOPEN = "reopen", "重新办理"
    RATE = "rate", "评价"
    WITHDRAW = "withdraw", "撤回"
