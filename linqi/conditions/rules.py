"""A rule and what can come of it: pure 规则与结论."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linqi.kit.choices import Choice


class Outcome(Choice):
    """What a rule says of an enterprise; never that it is entitled to anything 判定结论."""

    MET = "met", "可能符合"
    MANUAL_REVIEW = "manual_review", "待主管部门认定"
    UNKNOWN = "unknown", "缺少资料"
    UNMET = "unmet", "暂不符合"
    NOT_APPLICABLE = "not_applicable", "不适用"


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition under a name; `applies` says whom it concerns at all, `manual` what people decide beside it 规则."""

    key: str
    when: Any  # linqi.conditions.tree.Node; that module speaks to readers and is not pure
    applies: Any = None
    manual: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)


def outcome(*, applies: bool | None, computed: bool | None, assumed: bool | None, manual: bool) -> Outcome:
    """The outcome of a rule 结论.

    `applies`: whether it concerns the enterprise; `computed`: the tree with what people decide unknown; `assumed`: the tree with what
    people decide taken as granted; `manual`: whether people decide something beside the tree. A rule whose concern is unknown is
    unknown even where its tree fails, so that what is learnt later never turns an unmet into a not applicable.
    """
    if applies is False:
        return Outcome.NOT_APPLICABLE
    if applies is None:
        return Outcome.UNKNOWN
    if computed is False:
        return Outcome.UNMET
    if computed and not manual:
        return Outcome.MET
    return Outcome.MANUAL_REVIEW if computed or assumed else Outcome.UNKNOWN
