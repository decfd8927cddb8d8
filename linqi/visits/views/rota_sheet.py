"""The rota of many buildings by a sheet: downloaded as it is, uploaded, looked at, written 导入轮值表."""

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from linqi.accounts.queries import account
from linqi.kit import access
from linqi.kit.clock import today
from linqi.kit.sheets import Table
from linqi.territory.models import Place
from linqi.ui import exports
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.ui.uploads import taken
from linqi.visits import rota
from linqi.visits.actions import record_export
from linqi.visits.actions.rota import set_rotas
from linqi.visits.forms import RotaFileForm
from linqi.visits.rota_sheet import ROTA, Planned, lines_of, planned

# icons: upload, download
SALT: Final = "linqi.visits.rota_sheet"
HOLDS: Final = 3600  # seconds for which a preview may be written: what it compared with may change; product default
MOST: Final = 2_000  # rows; the largest street has some hundred buildings; product default


@access.page("visits.plan")
def sheet(request: HttpRequest) -> HttpResponse:
    """Upload a sheet and see what each row would do; nothing is written yet."""
    form = RotaFileForm(request.POST or None, request.FILES or None)
    listed: list[Planned] = []
    if request.method == "POST" and form.is_valid():
        read = _read(request, form)
        if read is not None:
            buildings = list(rota.buildings_seen_by(request.user, "visits.plan"))
            now = rota.rota_on([one.pk for one in buildings], today())
            listed = planned(read.rows, buildings, now, today())
    wrong, new = [one for one in listed if one.problems], [one for one in listed if one.said is not None]
    context = {
        "form": form,
        "listed": [*wrong, *new],
        "wrong": len(wrong),
        "new": len(new),
        "same": sum(one.same for one in listed),
        "read": bool(listed),
        "payload": _sealed(new, account(request).pk) if new and not wrong else "",
        "crumbs": [Crumb(_("楼宇轮值"), reverse("visits:rota")), Crumb(_("导入轮值表"))],
    }
    return render(request, "visits/rota_sheet.html", context, status=422 if form.errors or wrong else 200)


@access.page("visits.plan")
@require_GET
def template(request: HttpRequest) -> HttpResponseBase:
    """The buildings one plans with what holds for each now, to be changed and sent back."""
    buildings = list(rota.buildings_seen_by(request.user, "visits.plan").order_by("name", "pk"))
    if access.may_anywhere(request.user, "visits.export"):
        record_export(what="visits.BuildingRota", rows=len(buildings), asked="template", by=request.user)
    else:
        buildings = []
    now = rota.rota_on([one.pk for one in buildings], today())
    return exports.answer("xlsx", "楼宇轮值", [column.title for column in ROTA.columns], lines_of(buildings, now))


@require_POST
@access.page("visits.plan")
def apply(request: HttpRequest) -> HttpResponse:
    """Write what the preview showed, all of it or nothing."""
    try:
        rows = signing.loads(request.POST.get("payload", ""), salt=f"{SALT}:{account(request).pk}", max_age=HOLDS)
    except signing.BadSignature:
        messages.error(request, _("预览已过期或不完整，请重新上传。"))
        return redirect("visits:rota_sheet")
    mine = rota.buildings_seen_by(request.user, "visits.plan").filter(pk__in={pk for _row, pk, _said in rows})
    places: dict[int, Place] = {one.pk: one for one in mine}
    if len(places) != len({pk for _row, pk, _said in rows}):
        messages.error(request, _("有的楼宇已不在您可安排的范围内，请重新上传。"))
        return redirect("visits:rota_sheet")
    listed = [(row, places[pk], _opened(said)) for row, pk, said in rows]
    written = attempt(
        request,
        lambda: set_rotas(rows=listed, by=request.user),
        done=_("已设置 %(n)s 幢楼。") % {"n": len(listed)},
    )
    return redirect("visits:rota" if written else "visits:rota_sheet")


def _read(request: HttpRequest, form: RotaFileForm) -> Table | None:
    """The file as read; None with its words beside the field when it cannot be used."""
    read = taken(request, form, ROTA.read)
    if read is None:
        return None
    if not read.rows:
        form.add_error("file", _("表里没有数据行。"))
        return None
    if len(read.rows) > MOST:
        form.add_error("file", _("超过 %(n)s 行，请分开上传。") % {"n": MOST})
        return None
    return read


def _sealed(rows: list[Planned], user: int) -> str:
    """What the preview showed, so that exactly this is written, by the same person."""
    plain = [
        [one.number, one.building, {key: _closed(value) for key, value in (one.said or {}).items()}] for one in rows
    ]
    return signing.dumps(plain, salt=f"{SALT}:{user}", compress=True)


def _closed(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _opened(said: dict[str, Any]) -> dict[str, Any]:
    return {key: parse_date(value) if key in ("since", "until") and value else value for key, value in said.items()}
