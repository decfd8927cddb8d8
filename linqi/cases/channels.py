"""What other houses send in a file, row by row: read, recognised, told apart from what is here already 外部来件."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from linqi.accounts.queries import valid_on
from linqi.cases import understanding
from linqi.cases.models import Reference
from linqi.catalogue.models import Category
from linqi.enterprises.models import Enterprise
from linqi.enterprises.rules.names import name_key
from linqi.kit import clock
from linqi.kit.identifiers import Code, read_code
from linqi.kit.sheets import Bounds, Column, Row, Sheet, SheetRefused
from linqi.territory.models import Coverage, Place, PlaceKind

MOST_ROWS: Final = 2_000  # of one file; more is sent in parts
BOUNDS: Final = Bounds(bytes=10 * 1024 * 1024, rows=MOST_ROWS + 20)
INCOMING: Final = Sheet(
    "外部来件",
    (
        Column("external_id", "来件编号", ("工单编号", "工单号", "投诉编号", "受理编号", "编号"), kind="code", required=True,
               width=22, example="（示例，请删除）2026-000123"),
        Column("title", "标题", ("诉求标题", "主题", "事项", "诉求摘要"), required=True, width=34),
        Column("body", "内容", ("诉求内容", "详情", "问题描述", "反映内容", "工单内容"), width=50),
        Column("uscc", "统一社会信用代码", ("信用代码", "社会信用代码", "企业代码"), kind="code", width=22),
        Column("enterprise", "企业名称", ("诉求主体", "单位名称", "企业", "诉求单位"), width=28),
        Column("place", "地点", ("楼宇", "园区", "楼宇名称", "事发地址", "地址"), width=22),
        Column("category", "类别", ("诉求类别", "问题类别", "事项类别"), width=22),
        Column("contact_name", "联系人", ("来电人", "姓名", "诉求人")),
        Column("contact_phone", "联系电话", ("电话", "手机", "来电号码", "联系方式"), kind="code"),
        Column("received_on", "来件日期", ("来电时间", "受理时间", "提交时间", "登记时间"), kind="date"),
    ),
)  # fmt: skip


@dataclass(slots=True)
class Incoming:
    """One row as it will be taken in: by ids what was recognised, in words what was not 来件."""

    number: int
    external_id: str
    title: str
    body: str
    enterprise: int | None
    said_enterprise: str
    place: int
    category: str  # code; empty: a person has to say
    proposed: str  # code the reader thinks of, where the file names no category of ours
    contact_name: str
    contact_phone: str
    received_on: str
    problem: str = ""
    known: bool = False


def read_incoming(path: Path, file_name: str, street: Place, channel: str) -> list[dict[str, Any]]:
    """The rows of a file, ready to be looked at; SheetRefused when it cannot be used at all."""
    table = INCOMING.read(path, file_name, BOUNDS)
    if len(table.rows) > MOST_ROWS:
        raise SheetRefused(_("一次最多收 %(n)s 行，请分成几份。") % {"n": MOST_ROWS})
    world = _World(street, table.rows)
    known = set(
        Reference.objects.filter(street=street, channel=channel, external_id__in=world.external_ids).values_list(
            "external_id", flat=True
        )
    )
    read, seen = [], set()
    for row in table.rows:
        one = _read(row, world)
        one.known = one.external_id in known
        if one.external_id and one.external_id in seen:
            one.problem = _("与前面的行编号相同；请删去重复的行")
        seen.add(one.external_id)
        read.append(asdict(one))
    return read


class _World:
    """What a file's words are looked up in, read once for the whole file."""

    def __init__(self, street: Place, rows: Iterable[Row]) -> None:
        every = [row.values for row in rows]
        self.street = street
        self.external_ids = {text for one in every if (text := _text(one, "external_id", 80))}
        codes = {read_code(one.get("uscc")).text for one in every} - {""}
        keys = {name_key(str(one["enterprise"])) for one in every if one.get("enterprise")}
        firms = Enterprise.objects.filter(merged_into=None).select_related("seat")
        self.by_code = {one.uscc: one for one in firms.filter(uscc__in=codes)}
        self.by_name: dict[str, Enterprise | None] = {}
        for one in firms.filter(name_key__in=keys):
            self.by_name[one.name_key] = None if one.name_key in self.by_name else one  # two of a name: nobody's
        below = Coverage.objects.filter(valid_on(clock.today()), ancestor=street).values("descendant")
        self.inside = set(below.values_list("descendant", flat=True))
        wide = (PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING)
        self.places: dict[str, int | None] = {}
        for pk, name, code in Place.objects.filter(pk__in=below, kind__in=wide).values_list("pk", "name", "code"):
            for word in (name, code):
                self.places[word] = None if word in self.places else pk
        self.categories = {
            word: code
            for code, name in Category.objects.filter(offered=True).values_list("code", "name")
            for word in (code, name)
        }


def _read(row: Row, world: _World) -> Incoming:
    said = row.values
    firm = world.by_code.get(read_code(said.get("uscc")).text)
    if firm is None and said.get("enterprise"):
        firm = world.by_name.get(name_key(str(said["enterprise"])))
    if firm is not None and firm.seat_id not in world.inside:
        firm = None  # of another street: not ours to tell
    where = _text(said, "place", 200)
    found = world.places.get(where)
    title, body = _text(said, "title", 120), _text(said, "body", 4000)
    if where and found is None:
        body = f"{body}\n{_('来件地点')}：{where}".strip()
    category = world.categories.get(_text(said, "category", 60), "")
    proposal = None if category else understanding.propose(title, body)
    day = said.get("received_on")
    return Incoming(
        number=row.number,
        external_id=_text(said, "external_id", 80),
        title=title,
        body=body,
        enterprise=firm.pk if firm else None,
        said_enterprise=_text(said, "enterprise", 120) or _text(said, "uscc", 40),
        place=found or (firm.seat_id if firm and firm.seat_id else world.street.pk),
        category=category,
        proposed=proposal.ranked[0][0] if proposal else "",
        contact_name=_text(said, "contact_name", 60),
        contact_phone=_text(said, "contact_phone", 30),
        received_on=day.isoformat() if isinstance(day, date) else "",
        problem=_problem(row, said, title),
    )


def _problem(row: Row, said: dict[str, Any], title: str) -> str:
    if not said.get("external_id"):
        return _("来件编号是空的；请填写对方系统的编号")
    if not title:
        return _("标题是空的；请用一句话写明事项")
    if read_code(said.get("uscc")).kind in (Code.ROUNDED, Code.MALFORMED):
        return _("统一社会信用代码“%(code)s”不对；请核对或留空") % {"code": str(said["uscc"])[:40]}
    return "；".join(str(one) for one in row.problems)


def _text(said: dict[str, Any], key: str, most: int) -> str:
    return str(said.get(key) or "").strip()[:most]
