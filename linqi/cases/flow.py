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
        "call_back": ({State.CLOSED}, State.CLOSED),
        "reopen": ({State.ANSWERED, State.CLOSED}, State.ACCEPTED),
        "withdraw": ({State.DISPATCHED, State.ACCEPTED, State.WAITING}, State.WITHDRAWN),
    },
)


class Move(Choice):
    """The moves of a case, as the buttons and the refusals name them 办理动作."""

    ACCEPT = "accept", "受理"
    ANSWER = "answer", "答复"
    CONTACT = "contact", "登记首次联系"
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
    CALL_BACK = "call_back", "回访登记"
    WITHDRAW = "withdraw", "撤回"


class Mending(Choice):
    """Where a bad rating stands 差评整改状态."""

    TO_VERIFY = "to_verify", "待核实"
    TO_MEND = "to_mend", "待整改"
    TO_REVISIT = "to_revisit", "待回访"
    SETTLED = "settled", "企业认可"
    REOPENED = "reopened", "转重新办理"
    UNFOUNDED = "unfounded", "核实不成立"


MENDING: Final = Flow(
    start=Mending.TO_VERIFY,
    moves={
        "uphold": ({Mending.TO_VERIFY}, Mending.TO_MEND),
        "reject": ({Mending.TO_VERIFY}, Mending.UNFOUNDED),
        "mend": ({Mending.TO_MEND}, Mending.TO_REVISIT),
        "content": ({Mending.TO_REVISIT}, Mending.SETTLED),
        "discontent": ({Mending.TO_REVISIT}, Mending.REOPENED),
    },
)
UNSETTLED: Final = frozenset({Mending.TO_VERIFY, Mending.TO_MEND, Mending.TO_REVISIT})


class Mend(Choice):
    """The moves of a bad rating 差评整改动作."""

    UPHOLD = "uphold", "核实属实"
    REJECT = "reject", "核实不成立"
    MEND = "mend", "整改完成"
    CONTENT = "content", "回访：企业认可"
    DISCONTENT = "discontent", "回访：仍不满意"
