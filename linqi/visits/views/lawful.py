"""The self-check of going to see, and what is kept about oneself 合规自查."""

from itertools import groupby
from typing import Any, cast

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from linqi.kit import access, clock
from linqi.kit.access import seen_by
from linqi.ui.attempts import attempt
from linqi.ui.listed import Listed
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Table
from linqi.visits import queries
from linqi.visits.actions import keeping
from linqi.visits.lawful import Kept, self_check
from linqi.visits.models import Photo, Spot
from linqi.visits.rules import patrol
from linqi.visits.views.lists import words

TONES = {Kept.MET: "good", Kept.UNMET: "bad", Kept.UNKNOWN: "warn"}


@access.page("visits.check")
def check(request: HttpRequest) -> HttpResponseBase:
    """Each article with its state here and now, why, and what to do; as a sheet, and on paper."""
    now = clock.now()
    found = self_check(request.user, now=now)
    table = _table().bind(request, cast(Any, Listed(found)))
    if table.export_format:
        keeping.record_check_export(rows=len(found), by=request.user)
        return table.export()
    context = {
        "laws": [
            (law, [(one, _(one.found.state.label), TONES[one.found.state]) for one in listed])
            for law, listed in groupby(found, key=lambda one: str(one.article.law))
        ],
        "counts": [(_(state.label), sum(one.found.state is state for one in found), TONES[state]) for state in Kept],
        "now": now,
        "crumbs": [Crumb(_("走访"), reverse("visits:list")), Crumb(_("合规自查"))],
    }
    return render(request, "visits/check.html", context)


def _table() -> Table[Any]:
    return Table[Any](
        key="check",
        columns=[
            Column("law", gettext_lazy("法规"), value=lambda one: str(one.article.law), fixed=True),
            Column("article", gettext_lazy("条款"), value=lambda one: str(one.article.article)),
            Column("asks", gettext_lazy("要求"), value=lambda one: str(one.article.asks)),
            Column("keeps", gettext_lazy("本系统怎么做"), value=lambda one: str(one.article.keeps)),
            Column("state", gettext_lazy("状态"), value=lambda one: _(one.found.state.label)),
            Column("why", gettext_lazy("依据"), value=lambda one: one.found.why),
            Column("remedy", gettext_lazy("怎么办"), value=lambda one: one.found.remedy),
            Column("proof", gettext_lazy("检验"), value=lambda one: "、".join(one.article.proof)),
        ],
        order=(),
        caption=gettext_lazy("走访合规自查"),
    )


# --- about oneself ------------------------------------------------------------------------------------------------------
@access.open_to_signed_in("one's own: what visits keep about whoever asks")
def my_data(request: HttpRequest) -> HttpResponseBase:
    """What going to see keeps about whoever asks, for what and how long, to read and to take along."""
    rows = queries.kept_about(request.user)
    table = _own_table().bind(request, cast(Any, Listed(rows)))
    if table.export_format:
        keeping.record_own_export(rows=len(rows), by=request.user)
        return table.export()
    context = {
        "contact": settings.PRIVACY_CONTACT,
        "terms": _terms(),
        "crumbs": [Crumb(_("走访"), reverse("visits:list")), Crumb(_("我的走访数据"))],
    }
    return table.answer("visits/my_data.html", context)


def _terms() -> list[tuple[str, str, str]]:
    """What is kept, what for, how long."""
    photo = min(settings.VISIT_PHOTO_DAYS, patrol.LONGEST_PHOTO_DAYS)
    place = min(settings.VISIT_PLACE_DAYS, patrol.LONGEST_PLACE_DAYS)
    taken_back = _("%(n)s 天后自动清除，本人可随时撤回")
    return [
        (_("走访记录"), _("证明企业的事办到哪一步"), _("随企业档案保存")),
        (_("照片"), _("本人选择留存的现场情况"), taken_back % {"n": photo}),
        (_("巡查位置"), _("安全、应急巡查到过现场，经本人同意"), taken_back % {"n": place}),
        (
            _("设备操作"),
            _("没有信号时写的内容不丢、不重"),
            _("%(n)s 天后清除内容和时刻，只有本人可见") % {"n": patrol.OPERATION_DAYS},
        ),
        (_("随身设备"), _("令牌失效、遗失停用"), _("账号存续期间")),
        (_("外出安排"), _("排出一周的走访路线"), _("随周计划保存，不是考勤")),
    ]


def _own_table() -> Table[Any]:
    return Table[Any](
        key="my_data",
        columns=[
            Column("kind", gettext_lazy("类别"), value=lambda one: _(one.kind.label), sort="kind", fixed=True),
            Column("on", gettext_lazy("日期"), sort="on", kind="date"),
            Column("what", gettext_lazy("内容"), value=lambda one: one.what),
            Column("until", gettext_lazy("保存到"), value=lambda one: one.until, kind="date"),
        ],
        order="-on",
        caption=gettext_lazy("我的走访数据"),
        filters=[
            Choose(
                "kind",
                gettext_lazy("类别"),
                words(queries.OwnKind),
                apply=lambda rows, chosen: cast(Any, rows).where(lambda one: one.kind.value in chosen),
            )
        ],
        empty=gettext_lazy("走访里还没有关于您的内容。"),
    )


# --- pictures and places ------------------------------------------------------------------------------------------------
@access.page("visits.see")
def photo(request: HttpRequest, pk: int) -> FileResponse:
    """One picture, for who may see its visit; it is not left in any cache."""
    found = get_object_or_404(seen_by(request.user, Photo), pk=pk)
    if found.erase_on <= clock.today():
        raise Http404(pk)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as gone:
        raise Http404(pk) from gone
    answer = FileResponse(content, filename=f"{found.taken_on}.jpg", content_type="image/jpeg")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@access.page("visits.record")
def withdraw_photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a picture of one's own."""
    found = get_object_or_404(seen_by(request.user, Photo), pk=pk)
    attempt(request, lambda: keeping.withdraw_photo(photo=found, by=request.user), done=_("照片已撤回并删除。"))
    return redirect(f"{reverse('visits:detail', args=[found.visit_id])}#kept")


@require_POST
@access.page("visits.see")
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where a patrol was; that somebody looked is remembered, so it is asked for by a button."""
    found = get_object_or_404(seen_by(request.user, Spot).select_related("visit"), pk=pk)
    keeping.read_spot(spot=found, by=request.user)
    crumbs = [
        Crumb(_("走访"), reverse("visits:list")),
        Crumb(str(found.visit), reverse("visits:detail", args=[found.visit_id])),
        Crumb(_("巡查位置")),
    ]
    return render(request, "visits/place.html", {"spot": found, "crumbs": crumbs})


@require_POST
@access.page("visits.see")
def withdraw_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back the place one agreed to."""
    found = get_object_or_404(seen_by(request.user, Spot).select_related("visit"), pk=pk)
    attempt(request, lambda: keeping.withdraw_spot(spot=found, by=request.user), done=_("位置已撤回并删除。"))
    return redirect(f"{reverse('visits:detail', args=[found.visit_id])}#kept")
