"""Devices for whoever keeps them: what ails each and what helps, keys, fittings, messages set aside 终端."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from linqi.journal.actions import record_export
from linqi.kit import access, clock
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Fact
from linqi.ui.tables import Choose, Column, Search, Span, Table
from linqi.waste import queries, queries_events
from linqi.waste.actions import credentials, registry
from linqi.waste.forms import DeviceForm, FitForm, GatewayForm, MomentUntilForm
from linqi.waste.kinds import DeviceKind
from linqi.waste.models import Bin, Device, Fitting, Quarantined
from linqi.waste.queries import REMEDIES, Ail
from linqi.waste.rules.messages import Reason
from linqi.waste.views.parts import AIL_TONES, badges, form_page, home, keepable_places, made_up, place_filter


@access.page("waste.devices")
def devices(request: HttpRequest) -> HttpResponseBase:
    """Every device within reach, with what ails it."""
    rows = queries.devices_seen_by(request.user)
    table = _table(request.user).bind(request, rows)
    if table.export_format:
        record_export(what="waste_devices", rows=table.whole, by=request.user, asked=request.GET.urlencode()[:500])
        return table.export()
    return table.answer("waste/devices.html", {"crumbs": [home()]})


def _table(user: Any) -> Table[Device]:
    now = clock.now()

    def search(rows: QuerySet[Device], text: str) -> QuerySet[Device]:
        return rows.filter(Q(serial__icontains=text) | Q(bin_code__icontains=text) | Q(place__name__icontains=text))

    def number(name: str) -> Any:
        return lambda one: getattr(getattr(one, "state", None), name, None)

    return Table[Device](
        key="waste_devices",
        columns=[
            Column("serial", gettext_lazy("序列号"), sort="serial", fixed=True),
            Column(
                "ails",
                gettext_lazy("问题"),
                value=lambda one: (
                    badges([(_(ail.label), AIL_TONES[ail]) for ail in queries.ails_of(one, now)])
                    or badges([(_("一切正常"), "good")])
                ),
                kind="html",
                export=lambda one: "、".join(_(ail.label) for ail in queries.ails_of(one, now)),
            ),
            Column("kind", gettext_lazy("类型"), value=lambda one: _(DeviceKind(one.kind).label), sort="kind"),
            Column("bin", gettext_lazy("桶"), value="bin_code", sort="bin_code", nullable=True),
            Column("place", gettext_lazy("所在"), value="place.name", sort="place__name"),
            Column("gateway", gettext_lazy("网关"), value="gateway.serial", visible=False),
            Column(
                "seen", gettext_lazy("最近上报"), value=_seen, sort="state__last_at", kind="datetime", nullable=True
            ),
            Column(
                "stored",
                gettext_lazy("已存"),
                value=number("stored"),
                sort="state__stored",
                kind="number",
                nullable=True,
                phone=False,
            ),
            Column(
                "repeated",
                gettext_lazy("重复"),
                value=number("repeated"),
                sort="state__repeated",
                kind="number",
                nullable=True,
                visible=False,
            ),
            Column(
                "refused",
                gettext_lazy("隔离"),
                value=number("refused"),
                sort="state__refused",
                kind="number",
                nullable=True,
                visible=False,
            ),
            Column(
                "lost",
                gettext_lazy("丢失"),
                value=number("lost"),
                sort="state__lost",
                kind="number",
                nullable=True,
                visible=False,
            ),
            Column(
                "battery",
                gettext_lazy("电量"),
                value=number("battery"),
                sort="state__battery",
                kind="percent",
                nullable=True,
                phone=False,
            ),
            Column("simulated", gettext_lazy("模拟"), value=lambda one: made_up(one.simulated) or None),
        ],
        order="serial",
        caption=gettext_lazy("终端"),
        row_url=lambda one: reverse("waste:device", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("序列号、桶号、楼宇"), apply=search),
            Choose(
                "ail",
                gettext_lazy("问题"),
                Ail.choices,
                apply=lambda rows, values: queries.ailing(rows, values[0], now),
            ),
            Choose("kind", gettext_lazy("类型"), DeviceKind.choices),
            place_filter(user, "place", "waste.devices"),
        ],
        empty=gettext_lazy("还没有终端。登记终端、签发密钥、装到桶上，就开始上报。"),
        empty_url=reverse("waste:device_new"),
        empty_action=gettext_lazy("登记终端"),
    )


def _seen(one: Any) -> Any:
    state = getattr(one, "state", None)
    return None if state is None or state.last_at is None else queries.moment(state.last_at)


@access.page("waste.devices")
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """One device: what ails it and what helps, how far it is stored, where it sat."""
    return _shown(request, _device(request, pk))


@require_POST
@never_cache
@access.page("waste.devices")
def device_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue a key and show it, this once."""
    one = _device(request, pk)
    keys: list[str] = []
    attempt(request, lambda: keys.append(credentials.issue_key(device=one, by=request.user)))
    one.refresh_from_db()
    return _shown(request, one, key=keys[0] if keys else "")


@require_POST
@access.page("waste.devices")
def device_switch(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Take nothing more of a device, or listen to it again."""
    one = _device(request, pk)
    if name == "disable":
        attempt(
            request,
            lambda: credentials.disable(device=one, by=request.user),
            done=_("已停用；它发来的内容一概不收。"),
        )
    elif name == "enable":
        attempt(request, lambda: credentials.enable(device=one, by=request.user), done=_("已启用，用原来的密钥上报。"))
    return redirect("waste:device", pk=pk)


def _shown(request: HttpRequest, one: Any, key: str = "") -> HttpResponse:
    now = clock.now()
    ails = queries.ails_of(one, now)
    fittings = Fitting.objects.filter(device=one).select_related("bin").order_by("-since")
    set_aside = access.seen_by(request.user, Quarantined).filter(device=one)[:10]
    context = {
        "device": one,
        "kind": _(DeviceKind(one.kind).label),
        "key": key,
        "mark": made_up(one.simulated),
        "ails": [(_(ail.label), AIL_TONES[ail], REMEDIES[ail]) for ail in ails],
        "facts": _facts(one),
        "fittings": fittings[:30],
        "behind": access.seen_by(request.user, Device).filter(gateway=one)[:100],
        "set_aside": [(row, reason_words(row.reason)) for row in set_aside],
        "may_fit": one.kind != DeviceKind.GATEWAY,
        "crumbs": [home(), Crumb(_("终端"), reverse("waste:devices")), Crumb(one.serial)],
    }
    return render(request, "waste/device.html", context)


def _facts(one: Any) -> list[Fact]:
    state = getattr(one, "state", None)
    told = [
        Fact(_("桶"), one.bin_code, url=reverse("waste:bin", args=[one.bin_pk]) if one.bin_pk else ""),
        Fact(_("所在"), one.place.name),
        Fact(_("网关"), one.gateway.serial if one.gateway else None),
        Fact(_("密钥签发"), one.key_since, kind="datetime"),
    ]
    if state is None:
        return told
    skew = None if state.skew_ms is None else round(state.skew_ms / 1000)
    return [
        *told,
        Fact(_("最近上报"), _seen(one), kind="datetime"),
        Fact(_("已收讫"), _("第 %(boot)s 次启动，到 %(n)s 号") % {"boot": state.boot, "n": state.sequence}),
        Fact(_("已存（条）"), state.stored, kind="number"),
        Fact(_("缺号"), queries.missing_of(state), kind="number", note=_("本次启动以来，后面的到了而它没到")),
        Fact(_("丢失"), state.lost, kind="number", note=_("终端自己说已没有")),
        Fact(_("重复"), state.repeated, kind="number"),
        Fact(_("隔离"), state.refused, kind="number"),
        Fact(_("时钟偏差（秒）"), skew, kind="number", note=_("终端减平台")),
        Fact(_("电量"), state.battery, kind="percent"),
    ]


def reason_words(reason: str) -> str:
    """Why a message was set aside, in the reader's language; an unknown reason as it stands."""
    found = next((one for one in Reason if one.value == reason), None)
    return _(found.label) if found is not None else reason


# --- messages set aside ----------------------------------------------------------------------------------------------
@access.page("waste.devices")
def quarantine(request: HttpRequest) -> HttpResponseBase:
    """Messages that could not be taken, and why."""
    rows = queries_events.quarantined_seen_by(request.user)
    table = _set_aside().bind(request, rows)
    if table.export_format:
        record_export(what="waste_quarantine", rows=table.whole, by=request.user, asked=request.GET.urlencode()[:500])
        return table.export()
    return table.answer(
        "waste/quarantine.html", {"crumbs": [home(), Crumb(_("终端"), reverse("waste:devices")), Crumb(_("隔离消息"))]}
    )


def _set_aside() -> Table[Quarantined]:
    return Table[Quarantined](
        key="waste_quarantine",
        columns=[
            Column("at", gettext_lazy("时间"), sort="at", kind="datetime", fixed=True),
            Column(
                "device",
                gettext_lazy("终端"),
                value=lambda one: one.device.serial if one.device else one.said_by or None,
                url=lambda one: reverse("waste:device", args=[one.device_id]) if one.device_id else None,
            ),
            Column("reason", gettext_lazy("原因"), value=lambda one: reason_words(one.reason), sort="reason"),
            Column("detail", gettext_lazy("细节"), value="detail"),
            Column("channel", gettext_lazy("通道"), value="channel", phone=False),
            Column("topic", gettext_lazy("主题"), value="topic", visible=False),
            Column("size", gettext_lazy("字节"), sort="size", kind="number", phone=False),
            Column("times", gettext_lazy("次数"), sort="times", kind="number"),
            Column("payload", gettext_lazy("开头"), value=_beginning, visible=False),
        ],
        order="-at",
        cap=10_000,
        caption=gettext_lazy("隔离消息"),
        filters=[
            Search(
                "q",
                gettext_lazy("终端、细节"),
                apply=lambda rows, text: rows.filter(
                    Q(device__serial__icontains=text) | Q(said_by__icontains=text) | Q(detail__icontains=text)
                ),
            ),
            Choose("reason", gettext_lazy("原因"), lambda: [(one.value, _(one.label)) for one in Reason]),
            Span("at", gettext_lazy("日期"), field="at"),
        ],
        empty=gettext_lazy("没有隔离的消息：都能读懂。"),
    )


def _beginning(one: Quarantined) -> str:
    """The first hundred characters of what came, for a technician's eye."""
    return bytes(one.payload)[:200].decode("utf-8", "replace")[:100]


# --- what is done ----------------------------------------------------------------------------------------------------
@access.page("waste.devices")
def device_new(request: HttpRequest) -> HttpResponse:
    """Register a device."""
    form = DeviceForm(
        request.POST or None,
        places=keepable_places(request.user, "waste.devices"),
        gateways=queries.gateways_seen_by(request.user),
    )

    def led(made: object) -> str:
        assert isinstance(made, Device)
        return reverse("waste:device", args=[made.pk])

    return form_page(
        request,
        form,
        lambda said: registry.make_device(**said, by=request.user),
        title=_("登记终端"),
        note=_("登记后签发密钥，写入终端，再装到桶上。"),
        back=led,
        crumbs=[home(), Crumb(_("终端"), reverse("waste:devices"))],
    )


@access.page("waste.devices")
def device_fit(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a device on a bin."""
    one = _device(request, pk)
    form = FitForm(request.POST or None, bins=access.seen_by(request.user, Bin).filter(until=None))
    return form_page(
        request,
        form,
        lambda said: registry.fit(device=one, **said, by=request.user),
        title=_("装到桶上"),
        note=_("从这时起，它上报的都算这只桶的。"),
        **_back(one),
    )


@access.page("waste.devices")
def device_unfit(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a device off its bin."""
    one = _device(request, pk)
    form = MomentUntilForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda said: registry.unfit(device=one, **said, by=request.user),
        title=_("从桶上拆下"),
        button=_("拆下"),
        **_back(one),
    )


@access.page("waste.devices")
def device_gateway(request: HttpRequest, pk: int) -> HttpResponse:
    """Say through which gateway a device speaks."""
    one = _device(request, pk)
    form = GatewayForm(
        request.POST or None,
        gateways=queries.gateways_seen_by(request.user).exclude(pk=one.pk),
        initial={"gateway": one.gateway_id},
    )
    return form_page(
        request,
        form,
        lambda said: registry.set_gateway(device=one, **said, by=request.user),
        title=_("指定网关"),
        **_back(one),
    )


def _device(request: HttpRequest, pk: int) -> Any:
    return get_object_or_404(queries.devices_seen_by(request.user), pk=pk)


def _back(one: Device) -> dict[str, Any]:
    back = reverse("waste:device", args=[one.pk])
    return {"back": back, "crumbs": [home(), Crumb(_("终端"), reverse("waste:devices")), Crumb(one.serial, back)]}
