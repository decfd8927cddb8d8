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


LIFE: Final = Flow(
    start=State.DISPATCHED,
    moves={
        "accept": ({State.DISPATCHED}, State.ACCEPTED),
        "redispatch": ({State.DISPATCHED, State.ACCEPTED}, State.DISPATCHED),
        "answer": ({State.ACCEPTED}, State.ANSWERED),
        "close": ({State.ANSWERED}, State.CLOSED),
        "reopen": ({State.ANSWERED, State.CLOSED}, State.ACCEPTED),
        "withdraw": ({State.DISPATCHED, State.ACCEPTED}, State.WITHDRAWN),
    },
)
