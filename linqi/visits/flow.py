"""The life of a visit, and of a plan of a week 走访流程."""

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


class PlanState(Choice):
    """Where the plan of a week stands 周计划状态."""

    DRAFT = "draft", "建议方案"
    CONFIRMED = "confirmed", "已确认"
    DROPPED = "dropped", "已作废"


class Search(Choice):
    """Where the search for a better plan stands 求解状态."""

    IDLE = "idle", "未求解"
    WAITING = "waiting", "等待求解"
    RUNNING = "running", "正在求解"
    DONE = "done", "求解完成"
    FAILED = "failed", "求解失败"


PLAN: Final = Flow(
    start=PlanState.DRAFT,
    moves={
        "confirm": ({PlanState.DRAFT}, PlanState.CONFIRMED),
        "drop": ({PlanState.DRAFT}, PlanState.DROPPED),
    },
)
