"""The life of a task from confirmed clues to the correction 线索任务流程."""

from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.flow import Flow
from linqi.waste.rules.ladder import StepKind


class TaskState(Choice):
    """Where a task stands 任务状态."""

    WAITING = "waiting", "待确认对象"
    ADDRESSED = "addressed", "待提醒"
    REMINDED = "reminded", "已提醒"
    ORDERED = "ordered", "已责令改正"
    RECHECKING = "rechecking", "待复查"
    REPEATED = "repeated", "未改正或再次发生"
    REFERRED = "referred", "已移送执法"
    CORRECTED = "corrected", "已改正"
    ANSWERED = "answered", "执法机关已反馈"
    DROPPED = "dropped", "查无"
    WITHDRAWN = "withdrawn", "已撤回"


class TaskMove(Choice):
    """What may be done to a task 任务动作."""

    ADDRESS = "address", "确认对象"
    REMIND = "remind", "提醒"
    UNREMIND = "unremind", "撤回提醒"
    CORRECT = "correct", "当场改正，不予处罚"
    ORDER = "order", "责令改正"
    UNORDER = "unorder", "撤回责令"
    RECHECK = "recheck", "开始复查"
    PASS = "pass", "复查：已改正"
    FAIL = "fail", "复查：未改正或再次发生"
    REFER = "refer", "移送执法"
    UNREFER = "unrefer", "撤回移送"
    ANSWER = "answer", "登记执法反馈"
    DROP = "drop", "查无"
    RESTORE = "restore", "恢复任务"
    WITHDRAW = "withdraw", "撤回任务"


SERVED: Final = frozenset(
    {
        TaskState.REMINDED,
        TaskState.ORDERED,
        TaskState.RECHECKING,
        TaskState.REPEATED,
        TaskState.REFERRED,
        TaskState.CORRECTED,
        TaskState.ANSWERED,
        TaskState.WITHDRAWN,
    }
)  # the addressed party has been told: from here on it sees the task
ENDED: Final = frozenset({TaskState.CORRECTED, TaskState.ANSWERED, TaskState.DROPPED, TaskState.WITHDRAWN})
OPEN: Final = frozenset(TaskState) - ENDED

LIFE: Final = Flow(
    start=TaskState.WAITING,
    moves={
        TaskMove.ADDRESS: ({TaskState.WAITING, TaskState.ADDRESSED}, TaskState.ADDRESSED),
        TaskMove.REMIND: ({TaskState.ADDRESSED}, TaskState.REMINDED),
        TaskMove.CORRECT: ({TaskState.REMINDED}, TaskState.CORRECTED),  # 行政处罚法第33条
        TaskMove.ORDER: ({TaskState.REMINDED, TaskState.REPEATED}, TaskState.ORDERED),
        TaskMove.RECHECK: ({TaskState.ORDERED}, TaskState.RECHECKING),
        TaskMove.PASS: ({TaskState.RECHECKING}, TaskState.CORRECTED),
        TaskMove.FAIL: ({TaskState.RECHECKING}, TaskState.REPEATED),
        TaskMove.REFER: ({TaskState.REPEATED}, TaskState.REFERRED),
        TaskMove.ANSWER: ({TaskState.REFERRED}, TaskState.ANSWERED),
        TaskMove.DROP: ({TaskState.WAITING, TaskState.ADDRESSED}, TaskState.DROPPED),
        TaskMove.RESTORE: ({TaskState.DROPPED}, TaskState.WAITING),
        TaskMove.UNREMIND: ({TaskState.REMINDED}, TaskState.ADDRESSED),
        TaskMove.UNORDER: ({TaskState.ORDERED}, TaskState.REMINDED),
        TaskMove.UNREFER: ({TaskState.REFERRED}, TaskState.REPEATED),
        TaskMove.WITHDRAW: (
            {TaskState.REMINDED, TaskState.ORDERED, TaskState.RECHECKING, TaskState.REPEATED},
            TaskState.WITHDRAWN,
        ),
    },
)
STEP_OF: Final = {  # which rung a move climbs
    TaskMove.REMIND: StepKind.REMIND,
    TaskMove.ORDER: StepKind.ORDER,
    TaskMove.RECHECK: StepKind.RECHECK,
    TaskMove.REFER: StepKind.REFER,
}


class HaulKind(Choice):
    """What a hauler says of a load 收运情况."""

    TAKEN = "taken", "正常收运"
    REPORTED = "reported", "分类不符，已收运并报告"
    REFUSED = "refused", "分类不符，拒绝收运"


class Said(Choice):
    """What the addressed party says of a task 陈述与改正报告."""

    CORRECTED = "corrected", "报告已改正"
    DEFENCE = "defence", "陈述申辩"


class Hearing(Choice):
    """What came of a statement 陈述申辩处理."""

    WAITING = "waiting", "待复核"
    UPHELD = "upheld", "采纳"
    REJECTED = "rejected", "不采纳"
    NOTED = "noted", "已知悉"
