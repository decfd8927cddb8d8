"""The life of a visit 走访流程."""

from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.flow import Flow


class State(Choice):
    """Where a visit stands 走访状态 (services.yaml, visit_rules)."""

    PLANNED = "planned", "待走访"
    DONE = "done", "已走访"
    NO_ANSWER = "no_answer", "未见到人"
    REFUSED = "refused", "企业婉拒"
    CANCELLED = "cancelled", "已取消"


LIFE: Final = Flow(
    start=State.PLANNED,
    moves={
        "record": ({State.PLANNED}, State.DONE),
        "miss": ({State.PLANNED}, State.NO_ANSWER),
        "refuse": ({State.PLANNED}, State.REFUSED),
        "cancel": ({State.PLANNED}, State.CANCELLED),
    },
)
