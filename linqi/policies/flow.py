"""The lives of a policy version and of the two ways to payment 政策流程."""

from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.flow import Flow


class VersionState(Choice):
    """Where a version of a policy stands 版本状态."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待发布"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已撤下"


VERSION: Final = Flow(
    start=VersionState.DRAFT,
    moves={
        "submit": ({VersionState.DRAFT}, VersionState.SUBMITTED),
        "send_back": ({VersionState.SUBMITTED}, VersionState.DRAFT),
        "publish": ({VersionState.SUBMITTED}, VersionState.PUBLISHED),
        "withdraw": ({VersionState.PUBLISHED}, VersionState.WITHDRAWN),
    },
)


class Channel(Choice):
    """How money comes to a firm 兑现方式."""

    NO_APPLICATION = "no_application", "免申即享"
    APPLICATION = "application", "申报"


class Step(Choice):
    """Where a case of payment stands, in either channel 兑现进度."""

    CANDIDATE = "candidate", "候选"
    CHECKED = "checked", "数据已核对"
    LISTED = "listed", "名单已审定"
    NOTICED = "noticed", "公示中"
    CONFIRMED = "confirmed", "企业已确认"
    PAID = "paid", "已拨付"
    RECEIPTED = "receipted", "已回执"
    SAMPLED = "sampled", "已抽查"
    RECALLED = "recalled", "已追回"
    DECLINED = "declined", "企业放弃"
    DROPPED = "dropped", "不予列入"
    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "已提交"
    CORRECTING = "correcting", "待补正"
    WITH_AUTHORITY = "with_authority", "已送主管部门"
    IN_REVIEW = "in_review", "主管部门审核中"
    APPROVED = "approved", "已通过"
    REJECTED = "rejected", "未通过"
    ARCHIVED = "archived", "已归档"
    WITHDRAWN = "withdrawn", "已撤回"


S = Step
NO_APPLICATION: Final = (
    Flow(  # domain.md A15: candidates → check → list → notice → the firm confirms → paid → receipt → sample → recall
        start=S.CANDIDATE,
        moves={
            "check": ({S.CANDIDATE}, S.CHECKED),
            "list": ({S.CHECKED}, S.LISTED),
            "notice": ({S.LISTED}, S.NOTICED),
            "confirm": ({S.NOTICED}, S.CONFIRMED),
            "pay": ({S.CONFIRMED}, S.PAID),
            "receipt": ({S.PAID}, S.RECEIPTED),
            "sample": ({S.RECEIPTED}, S.SAMPLED),
            "recall": ({S.PAID, S.RECEIPTED, S.SAMPLED}, S.RECALLED),
            "decline": ({S.NOTICED}, S.DECLINED),
            "drop": ({S.CANDIDATE, S.CHECKED, S.LISTED, S.NOTICED}, S.DROPPED),
        },
    )
)
APPLICATION: Final = (
    Flow(  # domain.md A15: draft → submitted → formal check → one correction → authority → notice → paid or refused
        start=S.DRAFT,
        moves={
            "submit": ({S.DRAFT, S.CORRECTING}, S.SUBMITTED),
            "ask_correction": ({S.SUBMITTED}, S.CORRECTING),
            "forward": ({S.SUBMITTED}, S.WITH_AUTHORITY),
            "review": ({S.WITH_AUTHORITY}, S.IN_REVIEW),
            "notice": ({S.IN_REVIEW}, S.NOTICED),
            "approve": ({S.NOTICED}, S.APPROVED),
            "reject": ({S.SUBMITTED, S.IN_REVIEW, S.NOTICED}, S.REJECTED),
            "pay": ({S.APPROVED}, S.PAID),
            "archive": ({S.PAID, S.REJECTED}, S.ARCHIVED),
            "withdraw": ({S.DRAFT, S.SUBMITTED, S.CORRECTING}, S.WITHDRAWN),
            "recall": ({S.PAID, S.ARCHIVED}, S.RECALLED),
        },
    )
)
FLOWS: Final = {Channel.NO_APPLICATION: NO_APPLICATION, Channel.APPLICATION: APPLICATION}
BY_THE_FIRM: Final = frozenset({"confirm", "decline", "submit", "withdraw"})
ENDED: Final = frozenset(
    {S.RECEIPTED, S.SAMPLED, S.RECALLED, S.DECLINED, S.DROPPED, S.REJECTED, S.ARCHIVED, S.WITHDRAWN}
)


class Move(Choice):
    """The moves, as buttons and refusals name them 办理动作."""

    CHECK = "check", "核对数据"
    LIST = "list", "审定名单"
    NOTICE = "notice", "开始公示"
    CONFIRM = "confirm", "确认领取"
    DECLINE = "decline", "放弃"
    PAY = "pay", "登记拨付"
    RECEIPT = "receipt", "登记回执"
    SAMPLE = "sample", "登记抽查"
    RECALL = "recall", "追回"
    DROP = "drop", "不予列入"
    SUBMIT = "submit", "提交"
    ASK_CORRECTION = "ask_correction", "一次性告知补正"
    FORWARD = "forward", "形式审查通过，送主管部门"
    REVIEW = "review", "主管部门开始审核"
    APPROVE = "approve", "公示无异议，通过"
    REJECT = "reject", "不予通过"
    ARCHIVE = "archive", "归档"
    WITHDRAW = "withdraw", "撤回"
