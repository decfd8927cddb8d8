"""The journal as a page: what happened in one's reach."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from linqi.journal import actions, queries
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import page, reach_of, standing_below
from linqi.ui.tables import Choose, Column, Filter, Search, Span, Table


def _searched(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    return rows.filter(Q(subject_name__icontains=text) | Q(actor_name__icontains=text))


def _in_place(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    return rows.filter(standing_below((int(values[0]),), "place"))


def _table(choices: list[tuple[str, str]], names: dict[int, str]) -> Table[Entry]:
    filters: list[Filter] = [
        Search("q", _("对象、人员"), apply=_searched),
        Choose("verb", _("动作"), lambda: [(verb.value, pgettext("journal", verb.label)) for verb in Verb], many=True),
        Choose("place", _("范围"), choices, apply=_in_place),
        Span("at", _("时间"), field="at"),
    ]
    return Table[Entry](
        key="journal",
        caption=_("日志"),
        columns=[
            Column("at", _("时间"), kind="datetime", fixed=True),
            Column("actor", _("人员"), value="actor_label"),
            Column("verb", _("动作"), value="verb_label"),
            Column("subject", _("对象"), value="subject_name"),
            Column("place", _("范围"), value=lambda entry: names.get(entry.place or 0), phone=False),
            Column("data", _("详情"), value=_data, visible=False),
            Column("number", _("序号"), value="pk", kind="number", visible=False),
            Column("digest", _("摘要"), value="digest", visible=False),
        ],
        order="-pk",
        filters=filters,
        cap=100_000,
        empty=_("您的管理范围内还没有发生什么。"),
    )


def _data(entry: Entry) -> str:
    return "；".join(f"{key}: {value}" for key, value in entry.data.items() if value not in (None, "", [], {}))


@page("journal.read")
@require_GET
def entries(request: HttpRequest) -> HttpResponseBase:
    """Who did what to which thing, where and when, in one's reach 日志."""
    names: dict[int, str] = {}
    rows = queries.entries_seen_by(request.user)
    definition = _table(queries.place_choices(request.user), names)
    table = definition.bind(request, rows)
    if table.export_format:
        told = actions.record_export(what="journal", rows=table.total, by=request.user, **_home(request))
        table = definition.bind(request, rows.filter(pk__lt=told.pk))  # streamed later; without what came meanwhile
        names.update(queries.place_names(queries.places_of(table.filtered)))
        return table.export()
    names.update(queries.place_names(entry.place for entry in table.objects if entry.place))
    return table.answer("journal/entries.html")


def _home(request: HttpRequest) -> dict[str, Any]:
    """Where the export is told: the first place over which the reader reads."""
    places = reach_of(request.user).places("journal.read")
    return {"place": places[0]} if places else {}
