"""The gallery: every component with made-up data, on one page; the visual test of the face 组件库."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from linqi.kit import clock
from linqi.kit.access import open_to_signed_in
from linqi.ui.asked import an_id
from linqi.ui.parts import Chart, Crumb, Fact, Happening, Map, Node, Room, Series, Shape, Spot, Storey, Tab
from linqi.ui.tables import Choose, Column, Search, Table

# icons: check, home, building, walk, alert-triangle, file-text


class SampleForm(forms.Form):
    """One field of each sort."""

    name = forms.CharField(label=gettext_lazy("企业名称"), help_text=gettext_lazy("与营业执照一致。"))
    kind = forms.ChoiceField(
        label=gettext_lazy("企业类型"),
        choices=[("", gettext_lazy("请选择")), ("company", gettext_lazy("公司")), ("branch", gettext_lazy("分支机构"))],
    )
    visited = forms.DateField(
        label=gettext_lazy("走访日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": gettext_lazy("请填写走访日期；记不清可填大致日期并在备注说明。")},
    )
    memo = forms.CharField(label=gettext_lazy("备注"), required=False, widget=forms.Textarea)
    reasons = forms.MultipleChoiceField(
        label=gettext_lazy("走访事由"),
        required=False,
        choices=[("new", gettext_lazy("新入驻")), ("need", gettext_lazy("有诉求"))],
        widget=forms.CheckboxSelectMultiple,
    )
    agreed = forms.BooleanField(label=gettext_lazy("已向企业说明记录用途"), required=False)


_APPS = ("accounts", "cases", "enterprises", "journal", "territory", "visits")
_STATES = (
    ("good", gettext_lazy("已办结")),
    ("warn", gettext_lazy("待受理")),
    ("bad", gettext_lazy("已超期")),
    ("info", gettext_lazy("办理中")),
)

SAMPLE = Table[ContentType](
    key="sample",
    caption=gettext_lazy("示例列表"),
    columns=[
        Column("name", gettext_lazy("名称"), value=lambda row: row.model, sort="model", fixed=True),
        Column("app_label", gettext_lazy("分类"), sort="app_label", hint=gettext_lazy("点列名可以排序")),
        Column(
            "state",
            gettext_lazy("状态"),
            kind="badge",
            value=lambda row: _STATES[row.pk % 4][1],
            tone=lambda row: _STATES[row.pk % 4][0],
        ),
        Column(
            "amount",
            gettext_lazy("注册资本"),
            kind="money",
            value=lambda row: None if row.pk % 5 == 0 else row.pk * 1_250_000,
        ),
        Column(
            "staff", gettext_lazy("员工数"), kind="number", value=lambda row: None if row.pk % 3 == 0 else row.pk * 117
        ),
        Column("pk", gettext_lazy("编号"), kind="number", sort="pk", visible=False, phone=False),
    ],
    order="name",
    filters=[
        Search("q", gettext_lazy("搜名称"), apply=lambda rows, text: rows.filter(model__icontains=text)),
        Choose(
            "app",
            gettext_lazy("分类"),
            choices=lambda: [(label, label) for label in _APPS],
            field="app_label",
            facet=True,
        ),
    ],
    row_url=lambda row: reverse("ui:gallery") + f"?q={row.model}",
    size=20,
)


@require_GET
@open_to_signed_in("shows made-up data only")
def gallery(request: HttpRequest) -> HttpResponseBase:
    """Every component once."""
    table = SAMPLE.bind(request, ContentType.objects.all())
    if table.export_format:
        return table.export()
    return table.answer("ui/gallery.html", _samples(request))


@require_GET
@open_to_signed_in("shows made-up data only")
def progress(request: HttpRequest) -> HttpResponse:
    """A bar that moves a step at each question, and stops asking when it is full."""
    done = min(31950, an_id(request.GET.get("done")) + 6390)
    poll = "" if done == 31950 else f"{reverse('ui:progress')}?done={done}"
    context = {"id": "sample-progress", "label": _("正在导入企业名单"), "done": done, "total": 31950, "poll": poll}
    return render(request, "ui/components/progress.html", context)


@require_POST
@open_to_signed_in("does nothing but answer")
def done(request: HttpRequest) -> HttpResponse:
    """What a confirmed action would answer with."""
    messages.success(request, _("已办结，企业将收到评价邀请。"))
    return redirect("ui:gallery")


def _samples(request: HttpRequest) -> dict[str, Any]:
    now = clock.now()
    form = SampleForm({"name": _("滨湖晴川科技有限公司"), "kind": "company", "visited": ""})
    return {
        "crumbs": [Crumb(_("首页"), "/"), Crumb(_("组件库"))],
        "tabs": [Tab(_("概况"), "#", active=True), Tab(_("走访"), "#", count=12), Tab(_("办件"), "#", count=0)],
        "form": form,
        "wrong": form.errors,
        "soon": now + timedelta(hours=20),
        "later": now + timedelta(days=9),
        "late": now - timedelta(days=3),
        "why": _(
            "3 月 30 日（周一）受理，次日起算；\n期限 5 个工作日，4 月 4–6 日清明放假不计；\n到期日 4 月 7 日（周二）。"
        ),
        "entries": _timeline(now),
        "facts": _facts(),
        "storeys": _storeys(),
        "nodes": _nodes(),
        "bars": _bars(),
        "lines": _lines(),
        "pie": _pie(),
        "map": _map(),
        "poll": reverse("ui:progress"),
    }


def _timeline(now: datetime) -> list[Happening]:
    return [
        Happening(now, _("企业评价：满意"), _("企业用户"), _("处理及时，说明清楚。"), tone="good", icon="check"),
        Happening(now - timedelta(days=1), _("办结：消防通道已清理"), _("应急管理科"), tone="info", icon="file-text"),
        Happening(
            now - timedelta(days=4),
            _("走访中发现消防通道被占用"),
            _("综合治理专员"),
            url="#",
            tone="warn",
            icon="alert-triangle",
        ),
        Happening(now - timedelta(days=40), _("企业入驻一号楼 301 室"), tone="plain", icon="building"),
    ]


def _facts() -> list[Fact]:
    today = clock.today()
    register = _("市场监管登记")
    return [
        Fact(_("统一社会信用代码"), "91330110MA0000001X", register, today),
        Fact(_("注册资本"), 5_000_000, register, today, kind="money"),
        Fact(_("员工数"), 86, _("走访记录"), today - timedelta(days=30), kind="number", note=_("待确认")),
        Fact(_("年营业收入"), None),
        Fact(_("参加工会"), True, _("企业自报"), today - timedelta(days=100)),
        Fact(_("成立日期"), today - timedelta(days=900), register, today, kind="date"),
    ]


def _storeys() -> list[Storey]:
    let, empty, part = _("已租"), _("空置"), _("注册未经营")
    return [
        Storey(
            "12F",
            [Room("1201", let, "good", _("滨湖晴川科技有限公司"), "#", 3), Room("1202", empty, "plain")],
            _("1,240 ㎡"),
        ),
        Storey(
            "11F",
            [
                Room("1101", let, "good", _("云谷设计"), "#"),
                Room("1102", part, "warn", _("前滩贸易"), "#"),
                Room("1103", let, "good", _("南岭智造"), "#", 2),
            ],
        ),
        Storey("3F", [Room("301", let, "good", _("共享办公（34 家）"), "#", 6)], _("1,310 ㎡")),
        Storey("2F"),
        Storey(
            "1F", [Room("101", _("物业自用"), "info"), Room("102", _("合同 30 天内到期"), "bad", _("邻里咖啡"), "#")]
        ),
    ]


def _nodes() -> list[Node]:
    building = [Node(_("一号楼"), "#", 132), Node(_("二号楼"), "#", 0), Node(_("三号楼"), "#", None, _("尚未登记"))]
    park = Node(_("云谷一园"), "#", 298, open=True, children=building)
    return [
        Node(
            _("前滩街道"),
            "#",
            24016,
            open=True,
            children=[Node(_("创新一社区"), "#", 1207, open=True, children=[park], active=True)],
        )
    ]


def _bars() -> Chart:
    labels = [_("软件和信息服务"), _("科技推广"), _("批发"), _("商务服务"), _("零售"), _("专用设备制造")]
    return Chart(
        "bars",
        _("行业分布"),
        labels,
        [Series(_("企业数"), [6120, 4210, 3875, 2950, None, 640])],
        unit=_("家"),
        lying=True,
        links=["#"] * 6,
    )


def _lines() -> Chart:
    labels = [_("1月"), _("2月"), _("3月"), _("4月"), _("5月"), _("6月")]
    series = [Series(_("新入驻"), [82, 41, 130, 96, None, 88]), Series(_("迁出"), [30, 22, 51, 47, None, 39], "warn")]
    return Chart("lines", _("入驻与迁出"), labels, series, kind="line", unit=_("家"))


def _pie() -> Chart:
    series = [Series(_("办件"), [210, 64, 12])]
    return Chart("pie", _("办件状态"), [_("已办结"), _("办理中"), _("已超期")], series, kind="pie", unit=_("件"))


def _map() -> Map:
    west, south = 119.985, 30.285

    def block(column: int, row: int) -> dict[str, Any]:
        x, y = west + column * 0.011, south + row * 0.009
        ring = [[x, y], [x + 0.0104, y + 0.0006], [x + 0.0100, y + 0.0084], [x - 0.0003, y + 0.0080], [x, y]]
        return {"type": "Polygon", "coordinates": [ring]}

    shapes = [
        Shape(_("创新一社区"), block(0, 0), "#", "plain", _("1,207 家企业")),
        Shape(_("创新二社区"), block(1, 0), "#", "good", _("860 家企业")),
        Shape(_("云谷社区"), block(0, 1), "#", "warn", _("12 件待受理")),
        Shape(_("未来社区"), block(1, 1), "#", "quiet", _("尚无数据")),
    ]
    spots = [
        Spot(
            _("%(n)s 号楼") % {"n": n},
            south + 0.002 + (n % 5) * 0.0031,
            west + 0.002 + (n % 7) * 0.0028,
            "#",
            "info",
            count=n,
        )
        for n in range(1, 19)
    ]
    return Map(
        "places", _("街道地图"), shapes, spots, [("plain", _("正常")), ("warn", _("有待办")), ("quiet", _("尚无数据"))]
    )
