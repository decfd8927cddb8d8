"""What becomes of a row: new, changed, same, in conflict, refused. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

LABELS: Final = {
    "name": "名称", "entity_type": "主体类型", "registration_status": "登记状态", "established_on": "成立日期",
    "registered_capital": "注册资本", "capital_currency": "币种", "registered_address": "住所",
    "registration_region": "登记地区划", "business_scope": "经营范围", "industry_code": "行业代码",
    "industry_source": "行业来源", "old_number": "注册号", "uscc": "统一社会信用代码",
}  # fmt: skip
_SHOWN: Final = 30  # characters of a value in a reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row (enterprises.models.Outcome), why, and which columns it changes."""

    outcome: str
    reason: str = ""
    changes: Mapping[str, Any] | None = None


def judge(
    says: Mapping[str, Any], stands: Mapping[str, Any] | None, as_of: date, uscc: str, here: bool = True
) -> Verdict:
    """Compare what a row says with what stands in the registry; `stands` None: nobody has entered it yet.

    Only what the row knows can change anything: an empty cell erases nothing. An older source never overwrites a newer one. The same
    code with another name and another day of foundation is not the same enterprise: a person must look. `here` false: only another
    street knows it until now; it comes to this one too, and what the other street knows is not told.
    """
    if stands is None:
        return Verdict("created")
    if uscc and stands["uscc"] and stands["uscc"] != uscc:
        return Verdict("conflict", f"本街道已有同名企业，但信用代码是 {stands['uscc']}；请核对后手工处理")
    changes = {key: value for key, value in says.items() if value != stands[key]}
    if says.get("industry_source") == "scope" and stands["industry_code"]:
        changes.pop("industry_code", None)
        changes.pop("industry_source", None)
    if uscc and not stands["uscc"]:
        changes["uscc"] = uscc
    if not changes and here:
        return Verdict("unchanged")
    both = says.get("established_on") and stands["established_on"]
    if "name" in changes and both and says["established_on"] != stands["established_on"]:
        known = f"：现为“{stands['name']}”" if here else ""
        return Verdict("conflict", f"同一信用代码，名称和成立日期都不同{known}；请核对后手工处理")
    if as_of < stands["as_of"]:
        told = f"：{_told(changes, stands)}" if here else ""
        return Verdict("conflict", f"现有信息截至 {stands['as_of']}，比这份名册新，没有覆盖{told}")
    if not here:
        return Verdict("updated", "已在别处登记，新增在本街道的入驻", changes)
    return Verdict("updated", _told(changes, stands), changes)


def _told(changes: Mapping[str, Any], stands: Mapping[str, Any]) -> str:
    return "；".join(
        f"{LABELS[key]}由“{_short(stands.get(key))}”改为“{_short(value)}”"
        for key, value in changes.items()
        if key not in {"industry_source"}
    )


def _short(value: Any) -> str:
    text = "未知" if value in (None, "") else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
