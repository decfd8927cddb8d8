"""A registry file becomes rows that can be compared with what is known: plain values, nothing written 名册读入."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from linqi.enterprises.industry import full_code, industries
from linqi.enterprises.rules import rows as read
from linqi.enterprises.rules.names import name_key, split_name
from linqi.enterprises.rules.trades import group_of
from linqi.kit.identifiers import Code, read_code
from linqi.kit.sheets import Bounds, Column, Row, Sheet, Table

REGISTRY: Final = Sheet(
    "企业名册",
    (
        Column("name", "企业名称", ("单位名称", "名称", "公司名称", "企业全称", "商户名称", "市场主体名称", "name"), required=True, width=34,
               example="（示例，请删除）杭州某某科技有限公司"),
        Column("uscc", "统一社会信用代码", ("信用代码", "社会信用代码", "统一信用代码", "统一代码", "税号",
                "纳税人识别号", "注册号", "工商注册号", "营业执照号", "uscc", "creditcode"), kind="code", width=24),
        Column("established_on", "成立日期", ("成立时间", "注册日期", "注册时间", "登记日期", "设立日期", "reg_date"), kind="date"),
        Column("entity_type", "企业类型", ("主体类型", "类型", "公司类型", "经济类型", "市场主体类型", "type")),
        Column("registration_status", "登记状态", ("经营状态", "企业状态", "状态", "status")),
        Column("capital", "注册资本", ("注册资金", "注册资本金", "出资额", "capital")),
        Column("currency", "币种", ("注册资本币种", "capital_ccy")),
        Column("registered_address", "住所", ("注册地址", "地址", "企业地址", "住所地", "单位地址", "登记地址", "address"), width=40),
        Column("business_scope", "经营范围", ("业务范围", "scope"), width=40),
        Column("industry_code", "行业代码", ("国民经济行业代码", "行业", "所属行业", "industry")),
        Column("region", "行政区划代码", ("登记地区划代码", "区划代码", "reg_area_code"), kind="code"),
        Column("is_individual", "是否个体", ("个体户", "is_individual")),
        Column("building", "楼宇", ("楼宇名称", "所在楼宇", "楼栋", "大厦"), width=20),
        Column("room", "房间号", ("房号", "室号", "单元号", "门牌号")),
        Column("since", "入驻日期", ("入驻时间", "起租日期", "进驻日期"), kind="date"),
    ),
)  # fmt: skip
PERSONAL_HEADINGS: Final = (
    "法定代表人",
    "法人",
    "联系人",
    "负责人",
    "经营者",
    "姓名",
    "投资人",
    "股东",
    "联系电话",
    "电话",
    "手机",
    "身份证",
)
FROM_THE_REGISTRY: Final = (
    "name", "entity_type", "registration_status", "established_on", "registered_capital", "capital_currency",
    "registered_address", "registration_region", "business_scope", "industry_code", "industry_source", "old_number",
)  # fmt: skip


@dataclass(slots=True)
class Candidate:
    """One row, ready to be compared: whom it is about, what it says (only what is known), and what is wrong with it."""

    number: int
    name: str
    key: str
    uscc: str
    says: dict[str, Any]
    refused: str = ""
    remarks: list[str] = field(default_factory=list)
    building: str = ""
    room: str = ""
    since: date | None = None

    @property
    def identity(self) -> str:
        """What tells it from other rows of the file: the code, the old number, or the name."""
        return self.uscc or str(self.says.get("old_number", "")) or self.key


def read_registry(path: Path, file_name: str, bounds: Bounds = Bounds()) -> tuple[Table, list[Candidate]]:  # noqa: B008
    """Read a registry file; SheetRefused when it cannot be used at all. Rows that cannot be used say why."""
    table = REGISTRY.read(path, file_name, bounds)
    return table, [candidate(row, table.units) for row in table.rows]


def left_out(table: Table) -> tuple[list[str], list[str]]:
    """Columns of the file that are not imported: those that name persons, and those nobody knows."""
    personal = [title for title in table.unknown if any(word in title for word in PERSONAL_HEADINGS)]
    return personal, [title for title in table.unknown if title not in personal]


def candidate(row: Row, units: Mapping[str, str]) -> Candidate:
    """What one row says."""
    cells = row.values
    name = cells.get("name") or ""
    code = read_code(cells.get("uscc"))
    remarks = [str(problem) for problem in row.problems]
    refused = "" if name else "没有企业名称；请补上，或删除这一行"
    if code.problem:
        refused = refused or code.problem
    if len(name) > 200:
        refused = refused or "企业名称超过 200 个字；请检查是不是串了列"
    says: dict[str, Any] = {"name": name}
    if code.kind is Code.OLD_NUMBER:
        says["old_number"] = code.text
    entity_type = _entity_type(cells, name)
    if entity_type:
        says["entity_type"] = entity_type
    if status := read.read_status(cells.get("registration_status") or ""):
        says["registration_status"] = status
    if cells.get("established_on"):
        says["established_on"] = cells["established_on"]
    if capital := cells.get("capital"):
        amount = read.read_capital(capital + (cells.get("currency") or ""), units.get("capital", ""))
        if amount:
            says["registered_capital"], says["capital_currency"] = amount.amount, amount.currency
        else:
            remarks.append(f"注册资本“{capital[:30]}”看不出金额，按未知处理")
    if address := cells.get("registered_address"):
        says["registered_address"] = address[:300]
    if (region := cells.get("region")) and len(str(region)) == 6 and str(region).isdigit():
        says["registration_region"] = str(region)
    if scope := cells.get("business_scope"):
        says["business_scope"] = scope
    says |= _industry(cells.get("industry_code") or "", name, scope or "")
    place = read.read_address(address) if address else read.Address()
    return Candidate(
        number=row.number,
        name=name,
        key=name_key(name),
        uscc=code.text if code.kind is Code.USCC else "",
        says=says,
        refused=refused,
        remarks=remarks,
        building=cells.get("building") or place.building,
        room=(cells.get("room") or place.room)[:60],
        since=cells.get("since"),
    )


def _entity_type(cells: Mapping[str, Any], name: str) -> str:
    if read.read_truth(cells.get("is_individual") or ""):
        return "self_employed"
    return read.read_type(cells.get("entity_type") or "") or read.type_of_name(name)


def _industry(given: str, name: str, scope: str) -> dict[str, str]:
    """The industry as given, else as name and scope tell it without doubt, else nothing."""
    if given:
        digits = given.lstrip("ABCDEFGHIJKLMNOPQRSTabcdefghijklmnopqrst").strip()[:4]
        if digits in industries() and digits.isdigit():
            return {"industry_code": full_code(digits), "industry_source": "given"}
    group = group_of(split_name(name).trade or name, scope)
    return {"industry_code": full_code(group), "industry_source": "scope"} if group else {}


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value


def typed(column: str, value: Any) -> Any:
    """The value back from JSON, for a column of the registry."""
    if value is None or not isinstance(value, str):
        return value
    if column in {"established_on", "as_of"}:
        return date.fromisoformat(value)
    if column == "updated_at":
        return datetime.fromisoformat(value)
    return Decimal(value) if column == "registered_capital" else value
