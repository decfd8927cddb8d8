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
    MERGED = "merged", "并案办理中"
    ROUTED = "routed", "已引导至法定途径"


WORKING: Final = frozenset({State.DISPATCHED, State.ACCEPTED, State.MERGED})  # an answer is owed: the clock runs
OPEN: Final = WORKING | {State.WAITING, State.ANSWERED}  # not finished
ENDED: Final = frozenset({State.CLOSED, State.WITHDRAWN, State.ROUTED})

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
        "object": ({State.DISPATCHED}, State.DISPATCHED),
        "uphold_objection": ({State.DISPATCHED}, State.DISPATCHED),
        "reject_objection": ({State.DISPATCHED}, State.DISPATCHED),
        "add_strand": ({State.ACCEPTED}, State.ACCEPTED),
        "ask_community": ({State.ACCEPTED}, State.ACCEPTED),
        "escalate": ({State.ACCEPTED}, State.ACCEPTED),
        "resolve": ({State.ACCEPTED}, State.ACCEPTED),
        "merge": ({State.DISPATCHED, State.ACCEPTED}, State.MERGED),
        "split_untaken": ({State.MERGED}, State.DISPATCHED),
        "split_taken": ({State.MERGED}, State.ACCEPTED),
        "route_out": ({State.DISPATCHED, State.ACCEPTED}, State.ROUTED),
        "answer": ({State.ACCEPTED}, State.ANSWERED),
        "answer_with_main": ({State.MERGED}, State.ANSWERED),
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
    ADD_STRAND = "add_strand", "请科室协办"
    ASK_COMMUNITY = "ask_community", "交社区办理"
    ESCALATE = "escalate", "提请联席会议"
    RESOLVE = "resolve", "登记联席会议决定"
    OBJECT = "object", "派单异议"
    UPHOLD_OBJECTION = "uphold_objection", "异议成立，改派"
    REJECT_OBJECTION = "reject_objection", "异议不成立"
    SEND_BACK = "send_back", "退单"
    REDISPATCH = "redispatch", "派单"
    REOPEN = "reopen", "重新办理"
    RATE = "rate", "评价"
    CALL_BACK = "call_back", "回访登记"
    MERGE = "merge", "并入另一件"
    SPLIT_UNTAKEN = "split_untaken", "从并案中拆出"
    SPLIT_TAKEN = "split_taken", "从并案中拆出继续办理"
    ROUTE_OUT = "route_out", "引导至法定途径"
    WITHDRAW = "withdraw", "撤回"


class StrandState(Choice):
    """Where the part of another section, or of the community, stands 协办状态."""

    TO_ADMIT = "to_admit", "待社区准入"
    ASKED = "asked", "待接收"
    TAKEN = "taken", "协办中"
    DONE = "done", "已办好"
    CANNOT = "cannot", "办不了"
    DROPPED = "dropped", "已取消"
    REFUSED = "refused", "社区不予准入"


class Join(Choice):
    """The moves of another section's or the community's part 协办动作."""

    ADMIT = "admit", "同意准入"
    REFUSE = "refuse", "不予准入"
    TAKE = "take", "接收"
    DONE = "done", "办好了"
    CANNOT = "cannot", "办不了"
    DROP = "drop", "取消协办"


STRAND: Final = Flow(  # what a section does, and what stands on the community's list, begins as asked for
    start=StrandState.TO_ADMIT,
    moves={
        "admit": ({StrandState.TO_ADMIT}, StrandState.ASKED),
        "refuse": ({StrandState.TO_ADMIT}, StrandState.REFUSED),
        "take": ({StrandState.ASKED}, StrandState.TAKEN),
        "done": ({StrandState.ASKED, StrandState.TAKEN}, StrandState.DONE),
        "cannot": ({StrandState.ASKED, StrandState.TAKEN}, StrandState.CANNOT),
        "drop": ({StrandState.TO_ADMIT, StrandState.ASKED, StrandState.TAKEN}, StrandState.DROPPED),
    },
)
RUNNING: Final = frozenset(
    {StrandState.TO_ADMIT, StrandState.ASKED, StrandState.TAKEN}
)  # the case cannot be answered yet


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


class MaterialState(Choice):
    """Where one thing that the guide asks for stands 材料状态."""

    MISSING = "missing", "尚缺"
    OWED = "owed", "容缺待补"
    HELD = "held", "已收到"
    WAIVED = "waived", "免交"
    FAILED = "failed", "承诺未履行，已终止"


class Bring(Choice):
    """The moves of one thing to bring 材料动作."""

    PROMISE = "promise", "承诺补交"
    BRING = "bring", "已交来"
    WAIVE = "waive", "免交"
    END = "end", "承诺终止"


MATERIAL: Final = Flow(
    start=MaterialState.MISSING,
    moves={
        "promise": ({MaterialState.MISSING}, MaterialState.OWED),
        "bring": ({MaterialState.MISSING, MaterialState.OWED}, MaterialState.HELD),
        "waive": ({MaterialState.MISSING, MaterialState.OWED}, MaterialState.WAIVED),
        "end": ({MaterialState.OWED}, MaterialState.FAILED),
    },
)
OUTSTANDING: Final = frozenset({MaterialState.MISSING, MaterialState.OWED})  # the case cannot be closed yet
