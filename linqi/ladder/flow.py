"""The life of a cultivation measure 培育措施流程."""

from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.flow import Flow


class State(Choice):
    """Where a cultivation measure stands 措施状态."""

    OPEN = "open", "进行中"
    HANDED = "handed", "已转办件"
    DONE = "done", "已完成"
    DROPPED = "dropped", "已取消"


LIFE: Final = Flow(
    start=State.OPEN,
    moves={
        "finish": ({State.OPEN, State.HANDED}, State.DONE),
        "hand": ({State.OPEN}, State.HANDED),
        "drop": ({State.OPEN, State.HANDED}, State.DROPPED),
    },
)
