"""The tree of places, one place, and what may be done to it 空间."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.journal.queries import entries_about
from linqi.kit import access
from linqi.kit.clock import today
from linqi.territory import actions, queries, rules
from linqi.territory.forms import (
    FIELDS_OF,
    CloseForm,
    LayOutForm,
    MoveForm,
    NewPlaceForm,
    OutlineForm,
    PlaceForm,
    day_asked,
)
from linqi.territory.models import CommunityKind, Place, PlaceKind
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Fact, Happening, Map, Shape
from linqi.ui.tables import Choose, Column, Search, Table

OPENED = {PlaceKind.DISTRICT.value, PlaceKind.STREET.value}  # kinds whose next level is shown at once
MOST_BELOW = 200  # places listed on the page of the one above them; the list has them all
HISTORY = 12


@dataclass
class Branch:
    """One place in the tree; `branches` None: they are fetched when it is opened."""

    place: Place
    label: str
    url: str
    count: int
    below_url: str
    branches: list["Branch"] | None = field(default=None)


def kind_of(place: Place) -> str:
    """What a place is, in words; a community says which kind of community."""
    if place.community_kind:
        return _(CommunityKind(place.community_kind).label)
    return _(PlaceKind(place.kind).label)


PLACES = Table[Place](
    key="places",
    columns=[
        Column("name", gettext_lazy("名称"), sort=("name", "pk"), fixed=True),
        Column("kind", gettext_lazy("类别"), value=kind_of, sort=("kind", "name"), kind="badge"),
        Column(
            "above",
            gettext_lazy("所在"),
            value=lambda place: " › ".join(row.ancestor.name for row in place.above if row.ancestor.kind != "district"),  # type: ignore[attr-defined]
        ),
        Column("address", gettext_lazy("地址"), visible=False),
        Column("area", gettext_lazy("面积（平方米）"), value="area_m2", sort="area_m2", kind="number", nullable=True),
        Column("code", gettext_lazy("代码"), sort="code", visible=False),
        Column("since", gettext_lazy("设立"), sort="since", kind="date"),
    ],
    order="code",
    caption=gettext_lazy("空间"),
    row_url=lambda place: reverse("territory:place", args=[place.pk]),
    filters=[
        Search(
            "q",
            gettext_lazy("名称、地址"),
            apply=lambda rows, text: rows.filter(name__icontains=text) | rows.filter(address__icontains=text),
        ),
        Choose("kind", gettext_lazy("类别"), [(one.value, gettext_lazy(one.label)) for one in PlaceKind]),
    ],
    empty=gettext_lazy("这一天您负责的范围内没有空间。"),
)


@access.page("territory.see")
def tree(request: HttpRequest) -> HttpResponse:
    """The tree as it stood on a day; deeper levels come when they are opened."""
    on = day_asked(request.GET.get("on", ""))
    roots = queries.with_children_counted(queries.roots_of(request.user, on), on)
    return render(
        request,
        "territory/tree.html",
        {"branches": _branches(request.user, list(roots), on), "on": on, "past": on < today()},
    )


@access.page("territory.see")
def children(request: HttpRequest, pk: int) -> HttpResponse:
    """What stood directly under one place on a day: a piece of the tree."""
    on = day_asked(request.GET.get("on", ""))
    place = get_object_or_404(queries.places_known_to(request.user, on), pk=pk)
    return render(request, "territory/_branches.html", {"branches": _below(request.user, place, on)})


@access.page("territory.see")
def places(request: HttpRequest) -> HttpResponseBase:
    """Places as a list: of a kind, below a place, by name, on a day."""
    on = day_asked(request.GET.get("on", ""))
    rows = queries.places_known_to(request.user, on)
    asked = request.GET.get("under", "")
    under = rows.filter(pk=an_id(asked)).first()
    if asked and under is None:
        raise Http404
    if under is not None:
        rows = queries.standing_below(under, on=on)
    table = PLACES.bind(request, queries.with_path(rows, on), may_export=False)
    context = {"on": on, "past": on < today(), "under": under, "under_id": under.pk if under else ""}
    return table.answer("territory/list.html", context)


@access.page("territory.see")
def layer(request: HttpRequest) -> JsonResponse:
    """The outlines of a kind of places as GeoJSON, for a map of the reader's own; `?crs=gcj02` for Chinese web maps."""
    kind = request.GET.get("kind", PlaceKind.PARK.value)
    system = "gcj02" if request.GET.get("crs") == "gcj02" else "wgs84"
    if kind not in PlaceKind.values:
        raise Http404
    on = day_asked(request.GET.get("on", ""))
    answer = JsonResponse(
        queries.places_geojson(request.user, kind, on, system),
        content_type="application/geo+json",
        json_dumps_params={"ensure_ascii": False},
    )
    answer["Content-Disposition"] = f'attachment; filename="{kind}-{on}-{system}.geojson"'
    return answer


@access.page("territory.see")
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """One place: what stands above and below it on a day, where it has stood, what was done to it."""
    one = get_object_or_404(queries.places_ever_seen_by(request.user), pk=pk)
    on = day_asked(request.GET.get("on", ""))
    exists = rules.exists_on(one.since, one.until, on)
    below = _below(request.user, one, on) if exists else []
    return render(
        request,
        "territory/place.html",
        {
            "place": one,
            "kind": kind_of(one),
            "on": on,
            "past": on < today(),
            "exists": exists,
            "crumbs": _crumbs(request.user, one, on),
            "facts": _facts(one),
            "counts": [
                (_(PlaceKind(count.kind).label), count.number, _list_url(one, count.kind, on))
                for count in queries.counts_below(one, on)
            ],
            "branches": below[:MOST_BELOW],
            "more": len(below) > MOST_BELOW,
            "list_url": _list_url(one, "", on),
            "placements": queries.placements_of(one),
            "entries": _entries(one),
            "map": _map(one, on),
            "may_edit": one.until is None and access.may(request.user, "territory.edit", one),
            "may_add": bool(rules.kinds_under(one.kind)),
            "movable": one.kind != rules.MAY_STAND_ALONE,
        },
    )


@access.page("territory.edit")
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a place under this one; the kind is chosen first, for it decides what is asked."""
    parent = _editable(request, pk)
    kinds = rules.kinds_under(parent.kind)
    if not kinds:
        raise Http404
    kind = request.GET.get("kind", kinds[0])
    if kind not in kinds:
        raise Http404
    form = NewPlaceForm(
        request.POST or None, kind=kind, hosts=_hosts(parent), initial={"since": today(), "address": parent.address}
    )
    made: list[Place] = []
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if attempt(
            request,
            lambda: made.append(actions.create_place(kind=kind, parent=parent, by=request.user, **asked)),
            done=_("已新增。"),
            form=form,
        ):
            return redirect("territory:place", pk=made[0].pk)
    return render(
        request,
        "territory/add.html",
        {
            "parent": parent,
            "form": form,
            "kinds": [(one, _(PlaceKind(one).label), one == kind) for one in kinds],
            "kind": _(PlaceKind(kind).label),
            "crumbs": [*_crumbs(request.user, parent, today(), last=True), Crumb(_("新增"))],
        },
    )


@access.page("territory.edit")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what is kept about a place."""
    one = _editable(request, pk)
    form = PlaceForm(request.POST or None, kind=one.kind, hosts=_hosts(one), initial=_kept(one))
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if attempt(
            request,
            lambda: actions.change_place(place=one, by=request.user, **asked),
            done=_("已保存。"),
            form=form,
        ):
            return redirect("territory:place", pk=one.pk)
    return _form_page(request, one, form, title=_("修改"), button=_("保存"))


@access.page("territory.edit")
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a place stand under another: first shown what would move, then done."""
    one = _editable(request, pk)
    if one.kind == rules.MAY_STAND_ALONE:
        raise Http404
    sent = request.POST if request.method == "POST" else request.GET if request.GET else None
    targets = queries.move_targets(request.user, one)
    form = MoveForm(sent, targets=targets, initial={"on": today()})
    preview: queries.MovePreview | None = None
    if sent is not None and form.is_valid():
        asked = form.cleaned_data
        if request.method == "POST":
            if attempt(
                request,
                lambda: actions.move_place(place=one, by=request.user, **asked),
                done=_("已调整。这一天以前的统计仍按原来的版图。"),
                form=form,
            ):
                return redirect("territory:place", pk=one.pk)
        else:
            preview = queries.preview_of_move(one, asked["to"], asked["on"])
    return render(
        request,
        "territory/move.html",
        {
            "place": one,
            "form": form,
            "preview": preview,
            "counts": [(_(PlaceKind(count.kind).label), count.number) for count in preview.counts] if preview else [],
            "now_under": queries.parent_of(one),
            "crumbs": [*_crumbs(request.user, one, today(), last=True), Crumb(_("调整隶属"))],
        },
    )


@access.page("territory.edit")
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a place no longer exist from a day on."""
    one = _editable(request, pk)
    form = CloseForm(request.POST or None, initial={"on": today()})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if attempt(
            request,
            lambda: actions.close_place(place=one, by=request.user, **asked),
            done=_("已停用。以前的统计里它仍在原处。"),
            form=form,
        ):
            return redirect("territory:place", pk=one.pk)
    below = queries.standing_below(one).count()
    note = _("下面还有 %(count)d 个空间。") % {"count": below} if below else ""
    return _form_page(
        request, one, form, title=_("停用"), button=_("停用"), note=note, question=_("停用后不能恢复。确定停用？")
    )


@access.page("territory.edit")
def lay_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Floors and units of a building in one go; what exists is kept."""
    one = _editable(request, pk)
    if one.kind != PlaceKind.BUILDING:
        raise Http404
    form = LayOutForm(request.POST or None)
    made: list[tuple[int, int]] = []
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if attempt(request, lambda: made.append(actions.lay_out(building=one, by=request.user, **asked)), form=form):
            floors, units = made[0]
            messages.success(
                request,
                _("新增 %(floors)d 层、%(units)d 个单元；已有的没有改动。") % {"floors": floors, "units": units},
            )
            return redirect("territory:place", pk=one.pk)
    return _form_page(
        request,
        one,
        form,
        title=_("批量建层"),
        button=_("生成"),
        note=_("单元编号由楼层和序号组成，如 12 层第 3 个单元为 1203。已有的楼层和单元保持不变。"),
    )


@access.page("territory.edit")
def outline(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a place its outline from a GeoJSON file or text."""
    one = _editable(request, pk)
    form = OutlineForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if attempt(
            request,
            lambda: actions.change_place(
                place=one, outline=asked["outline"], outline_source=asked["source"], by=request.user
            ),
            done=_("轮廓已保存。"),
        ):
            return redirect("territory:place", pk=one.pk)
    return _form_page(request, one, form, title=_("导入轮廓"), button=_("导入"))


# --- pieces -----------------------------------------------------------------------------------------------------------
def _branches(user: Any, rows: list[Place], on: date) -> list[Branch]:
    """Places of the tree; the widest ones bring their next level along."""
    known = set(queries.places_ever_seen_by(user).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    day = f"?{urlencode({'on': str(on)})}" if on < today() else ""
    return [
        Branch(
            place=row,
            label=kind_of(row),
            url=reverse("territory:place", args=[row.pk]) + day if row.pk in known else "",
            count=row.children,  # type: ignore[attr-defined]
            below_url=reverse("territory:children", args=[row.pk]) + day,
            branches=_below(user, row, on) if row.kind in OPENED else None,
        )
        for row in rows
    ]


def _below(user: Any, place: Place, on: date) -> list[Branch]:
    return _branches(user, list(queries.with_children_counted(queries.children_of(place, on), on)), on)


def _editable(request: HttpRequest, pk: int) -> Place:
    return get_object_or_404(access.seen_by(request.user, Place, "territory.edit"), pk=pk)


def _hosts(place: Place) -> Any:
    """The residential communities of the street, which may be hosts of another community."""
    street = queries.street_of(place) or place
    return queries.standing_below(street, PlaceKind.COMMUNITY).filter(community_kind=CommunityKind.RESIDENTIAL)


def _kept(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in PlaceForm.base_fields}


def _crumbs(user: Any, place: Place, on: date, last: bool = False) -> list[Crumb]:
    """The way down to a place, linked as far as the reader may go; `last`: the place itself is a link too."""
    path = queries.path_of(place, on) or [place]
    seen = queries.places_ever_seen_by(user).filter(pk__in=[one.pk for one in path]).values_list("pk", flat=True)
    linked = set(seen) - (set() if last else {place.pk})
    return [
        Crumb(_("空间"), reverse("territory:tree")),
        *(Crumb(one.name, reverse("territory:place", args=[one.pk]) if one.pk in linked else "") for one in path),
    ]


def _list_url(place: Place, kind: str, on: date) -> str:
    asked: dict[str, Any] = {"under": place.pk}
    if kind:
        asked["kind"] = kind
    if on < today():
        asked["on"] = str(on)
    return f"{reverse('territory:list')}?{urlencode(asked)}"


def _facts(place: Place) -> list[Fact]:
    """What is kept about a place; what its kind does not have is left out."""
    point = None if place.longitude is None else f"{place.longitude:.5f}, {place.latitude:.5f}"
    asked: dict[str, Fact] = {
        "address": Fact(_("地址"), place.address or None),
        "host": Fact(
            _("属地社区"),
            place.host.name if place.host else None,
            url=reverse("territory:place", args=[place.host.pk]) if place.host else "",
        ),
        "level": Fact(_("楼层"), place.level, kind="number"),
        "area_m2": Fact(_("面积（平方米）"), place.area_m2, kind="number"),
        "longitude": Fact(_("经纬度（WGS 84）"), point),
    }
    found = [Fact(_("代码"), place.code)]
    found += [asked[name] for name in FIELDS_OF[place.kind] if name in asked]
    if place.outline is not None:
        found.append(
            Fact(_("轮廓面积（平方米，约）"), queries.outline_area(place), place.outline_source, kind="number")
        )
    found.append(Fact(_("设立"), place.since))
    if place.until is not None:
        found.append(Fact(_("停用"), place.until))
    return found


def _entries(place: Place) -> list[Happening]:
    return [
        Happening(entry.at, entry.verb_label, entry.actor_label, str(entry.data.get("reason", "")))
        for entry in entries_about(place)[:HISTORY]
    ]


def _map(place: Place, on: date) -> Map | None:
    """The outline of a place with the outlines directly below it; None without any."""
    below = queries.children_of(place, on).filter(outline__isnull=False).exclude(kind=PlaceKind.BUILDING)
    shapes = [
        Shape(one.name, one.outline, reverse("territory:place", args=[one.pk]), "good", kind_of(one))
        for one in below
        if one.outline is not None
    ]
    if place.outline is not None:
        shapes.insert(0, Shape(place.name, place.outline, tone="quiet", text=kind_of(place)))
    return Map(key="outline", title=_("轮廓"), shapes=shapes) if shapes else None


def _form_page(
    request: HttpRequest, place: Place, form: Any, *, title: str, button: str, note: str = "", question: str = ""
) -> HttpResponse:
    return render(
        request,
        "territory/form.html",
        {
            "place": place,
            "form": form,
            "title": title,
            "button": button,
            "note": note,
            "question": question,
            "crumbs": [*_crumbs(request.user, place, today(), last=True), Crumb(title)],
        },
    )
