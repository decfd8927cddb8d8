"""Points: the list, one point with its bins and who answers, and what is done to it 点位."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.enterprises.queries import shown_name
from linqi.journal.actions import record_export
from linqi.kit import access, clock
from linqi.organisation.models import Company
from linqi.ui.parts import Crumb, Fact
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.waste import queries
from linqi.waste import queries_registry as ask
from linqi.waste.actions import registry
from linqi.waste.forms import BinForm, DutyForm, PointChangeForm, PointForm, ReviewForm, UntilForm
from linqi.waste.kinds import PartyKind, PointKind
from linqi.waste.models import Bin, Duty, Point
from linqi.waste.queries import Check
from linqi.waste.views.parts import form_page, home, keepable_places, place_filter, stream_tone, stream_words


@access.page("waste.see")
def points(request: HttpRequest) -> HttpResponseBase:
    """Every point within reach."""
    table = _table(request.user).bind(request, queries.points_seen_by(request.user))
    if table.export_format:
        record_export(what="waste_points", rows=table.whole, by=request.user, asked=request.GET.urlencode()[:500])
        return table.export()
    return table.answer(
        "waste/points.html", {"may_keep": access.may_anywhere(request.user, "waste.keep"), "crumbs": [home()]}
    )


def _table(user: Any) -> Table[Point]:
    def search(rows: QuerySet[Point], text: str) -> QuerySet[Point]:
        return rows.filter(Q(name__icontains=text) | Q(place__name__icontains=text))

    return Table[Point](
        key="waste_points",
        columns=[
            Column("name", gettext_lazy("点位"), sort="name", fixed=True),
            Column("place", gettext_lazy("所在"), value="place.name", sort="place__name"),
            Column("kind", gettext_lazy("类型"), value=lambda one: _(PointKind(one.kind).label), sort="kind"),
            Column("bins", gettext_lazy("桶"), sort="bins", kind="number"),
            Column(
                "evidence",
                gettext_lazy("记录可否作证据"),
                value=lambda one: _("审核、公布齐全") if _evident(one) else _("不全，不可作证据"),
                kind="badge",
                tone=lambda one: "good" if _evident(one) else "warn",
            ),
            Column("since", gettext_lazy("启用日期"), sort="since", kind="date", phone=False),
            Column("until", gettext_lazy("撤销日期"), sort="until", kind="date", nullable=True, visible=False),
        ],
        order=("place__name", "name"),
        caption=gettext_lazy("点位"),
        row_url=lambda one: reverse("waste:point", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("点位、楼宇"), apply=search),
            place_filter(user, "place"),
            Choose("kind", gettext_lazy("类型"), PointKind.choices),
            Choose(
                "evidence",
                gettext_lazy("审核、公布"),
                [("yes", gettext_lazy("齐全")), ("no", gettext_lazy("不全"))],
                apply=lambda rows, values: (
                    rows.exclude(reviewed_on=None).exclude(published_on=None)
                    if values[0] == "yes"
                    else rows.filter(Q(reviewed_on=None) | Q(published_on=None))
                ),
            ),
            Choose(
                "state",
                gettext_lazy("状态"),
                [("now", gettext_lazy("在用")), ("ended", gettext_lazy("已撤销"))],
                apply=lambda rows, values: rows.filter(until__isnull=values[0] == "now"),
            ),
        ],
        empty=gettext_lazy("还没有点位。先登记点位，再登记桶；也可以用表格整批导入。"),
        empty_url=reverse("waste:point_new"),
        empty_action=gettext_lazy("登记点位"),
    )


def _evident(point: Point) -> bool:
    return point.reviewed_on is not None and point.published_on is not None


@access.page("waste.see")
def point(request: HttpRequest, pk: int) -> HttpResponse:
    """One point: its bins, who answers and answered, article 41, and the minimum of article 29."""
    one = _point(request, pk)
    duties = list(Duty.objects.filter(point=one).select_related("enterprise", "company").order_by("-since", "-pk"))
    today = clock.today()
    held = [duty for duty in duties if duty.since <= today and (duty.until is None or duty.until > today)]
    bins = list(access.seen_by(request.user, ask.standing_at(one)))
    context = {
        "point": one,
        "kind": _(PointKind(one.kind).label),
        "bins": [(bin_, stream_words(bin_.stream), stream_tone(bin_.stream)) for bin_ in bins],
        "duties": [
            (
                duty,
                shown_name(duty.enterprise, request.user) if duty.enterprise else str(duty.company),
                _(PartyKind(duty.kind).label),
                duty in held,
            )
            for duty in duties
        ],
        "answered": bool(held),
        "facts": _facts(one),
        "lacking": _lacking(one),
        "checks": [_told(check) for check in queries.container_checks(one, held)],
        "may_keep": one.until is None and access.may(request.user, "waste.keep", one),
        "crumbs": [home(), Crumb(_("点位"), reverse("waste:points")), Crumb(one.name)],
    }
    return render(request, "waste/point.html", context)


def _facts(one: Point) -> list[Fact]:
    return [
        Fact(_("审核日期"), one.reviewed_on, kind="date", note=_("法制和技术审核")),
        Fact(_("公布日期"), one.published_on, kind="date", note=_("设置地点向社会公布")),
    ]


def _lacking(one: Point) -> str:
    """What article 41 still asks for, in words; empty when nothing."""
    if one.reviewed_on is None and one.published_on is None:
        return _(
            "设备没有登记法制和技术审核，设置地点也没有登记公布：这里的记录可以用来提醒和改正，不得作为处罚的证据。"
        )
    if one.reviewed_on is None:
        return _("设备没有登记法制和技术审核：这里的记录可以用来提醒和改正，不得作为处罚的证据。")
    if one.published_on is None:
        return _("设置地点没有登记向社会公布：这里的记录可以用来提醒和改正，不得作为处罚的证据。")
    return ""


def _told(check: Check) -> dict[str, Any]:
    """One check of article 29 in words."""
    name = _(check.setting.label)
    if check.gaps is None:
        return {"name": name, "tone": "warn", "text": _("责任企业的行业未知，没有检查餐饮要求；补上行业后自动检查。")}
    if not check.gaps:
        return {"name": name, "tone": "good", "text": _("已满足。")}
    words = [
        _("%(stream)s桶要密闭") % {"stream": _(gap.stream.label)}
        if gap.airtight
        else _("缺%(stream)s桶") % {"stream": _(gap.stream.label)}
        for gap in check.gaps
    ]
    return {"name": name, "tone": "bad", "text": "；".join(words) + _("。")}


# --- what is done ----------------------------------------------------------------------------------------------------
@access.page("waste.keep")
def point_new(request: HttpRequest) -> HttpResponse:
    """Register a point."""
    form = PointForm(request.POST or None, places=keepable_places(request.user))
    return form_page(
        request,
        form,
        lambda said: registry.make_point(**said, by=request.user),
        title=_("登记点位"),
        back=lambda made: reverse("waste:point", args=[made.pk]),  # type: ignore[attr-defined]
        crumbs=[home(), Crumb(_("点位"), reverse("waste:points"))],
    )


@access.page("waste.keep")
def point_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a point."""
    one = _point(request, pk, "waste.keep")
    initial = {"name": one.name, "longitude": one.longitude, "latitude": one.latitude}
    form = PointChangeForm(request.POST or None, initial=initial)
    return form_page(
        request,
        form,
        lambda said: registry.change_point(point=one, **said, by=request.user),
        title=_("更正点位"),
        **_back(one),
    )


@access.page("waste.keep")
def point_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Note review and publication."""
    one = _point(request, pk, "waste.keep")
    initial = {"reviewed_on": one.reviewed_on, "published_on": one.published_on}
    form = ReviewForm(request.POST or None, initial=initial)
    return form_page(
        request,
        form,
        lambda said: registry.review_point(point=one, **said, by=request.user),
        title=_("登记审核与公布"),
        note=_("行政处罚法第41条：电子设备记录要经法制和技术审核，设置地点要向社会公布；未经审核的不得作为处罚证据。"),
        **_back(one),
    )


@access.page("waste.keep")
def point_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a point."""
    one = _point(request, pk, "waste.keep")
    form = UntilForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda said: registry.end_point(point=one, **said, by=request.user),
        title=_("撤销点位"),
        note=_("先移走或撤销点位上的桶。责任登记同时结束，以前的记录都留着。"),
        button=_("撤销点位"),
        **_back(one),
    )


@access.page("waste.keep")
def duty_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who answers for a point."""
    one = _point(request, pk, "waste.keep")
    companies: QuerySet[Company] = ask.companies_for(one.place)
    form = DutyForm(request.POST or None, user=request.user, companies=companies)
    return form_page(
        request,
        form,
        lambda said: registry.set_duty(point=one, **said, by=request.user),
        title=_("登记管理责任人"),
        note=_("单位自用办公区域由该单位负责；办公建筑、商场、市场等由经营管理单位负责。可以同时有几家。"),
        **_back(one),
    )


@access.page("waste.keep")
def duty_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a duty end."""
    duty = get_object_or_404(access.seen_by(request.user, Duty, "waste.keep").select_related("point__place"), pk=pk)
    form = UntilForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda said: registry.end_duty(duty=duty, **said, by=request.user),
        title=_("结束管理责任"),
        button=_("结束责任"),
        **_back(duty.point),
    )


@access.page("waste.keep")
def bin_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a bin at a point."""
    one = _point(request, pk, "waste.keep")
    form = BinForm(request.POST or None)

    def led(made: object) -> str:
        assert isinstance(made, Bin)
        return reverse("waste:bin", args=[made.pk])

    back = {**_back(one), "back": led}
    return form_page(
        request,
        form,
        lambda said: registry.make_bin(point=one, **said, by=request.user),
        title=_("登记垃圾桶"),
        note=_("放在“%(point)s”。登记后打印标签贴在桶上。") % {"point": one.name},
        **back,
    )


def _point(request: HttpRequest, pk: int, permission: str = "") -> Point:
    rows = access.seen_by(request.user, Point, permission)
    return get_object_or_404(rows.select_related("place"), pk=pk)


def _back(one: Point) -> dict[str, Any]:
    back = reverse("waste:point", args=[one.pk])
    return {"back": back, "crumbs": [home(), Crumb(_("点位"), reverse("waste:points")), Crumb(one.name, back)]}
