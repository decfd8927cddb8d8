"""The collection plan: which bins on the next round, why, and in which order 收运计划."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.enterprises.queries import places_to_choose
from linqi.journal.actions import record_export
from linqi.kit import access, clock
from linqi.kit.sheets import Cell
from linqi.ui import exports
from linqi.ui.asked import an_id
from linqi.waste import queries
from linqi.waste.kinds import Stream
from linqi.waste.queries import Plan, Planned
from linqi.waste.rules import collection
from linqi.waste.rules.collection import Reason
from linqi.waste.views.parts import home, level_bar, stream_tone, stream_words

REASON_TONES = {Reason.FULL: "bad", Reason.SOON: "warn", Reason.UNKNOWN: "warn", Reason.DAILY: "plain"}


@access.page("waste.see")
def plan(request: HttpRequest) -> HttpResponseBase:
    """The next round, building by building; as a sheet, and on paper."""
    now = clock.now()
    places = places_to_choose(request.user, "waste.see")
    place = an_id(request.GET.get("place"))
    place = place if place in {one.pk for one in places} else 0
    streams = [one for one in request.GET.getlist("stream") if one in Stream.values]
    found = queries.plan(request.user, now, place=place or None, streams=streams)
    total = sum(len(call.bins) for call in found.calls)
    if (kind := request.GET.get("export", "")) in exports.FORMATS:
        record_export(what="waste_plan", rows=total, by=request.user, asked=request.GET.urlencode()[:500])
        titles = [_("顺序"), _("楼宇"), _("点位"), _("桶号"), _("分类"), _("理由"), _("满溢度"), _("预计满")]
        return exports.answer(kind, f"{_('收运计划')}-{now:%Y%m%d}", titles, _rows(found))
    reasons = [one.reason for call in found.calls for one in call.bins]
    context = {
        "now": now,
        "plan": found,
        "total": total,
        "calls": [(call, [_told(one) for one in call.bins]) for call in found.calls],
        "kilometres": None if found.metres is None else round(found.metres / 1000, 1),
        "counts": [(_(one.label), reasons.count(one), REASON_TONES[one]) for one in Reason],
        "places": places,
        "place": place,
        "streams": [(one.value, _(one.label), one.value in streams) for one in Stream],
        "full": round(collection.FULL * 100),
        "query": request.GET.urlencode(),
        "crumbs": [home()],
    }
    return render(request, "waste/plan.html", context)


def _told(one: Planned) -> dict[str, Any]:
    """One bin on the plan, as the page shows it."""
    outlook = one.outlook
    return {
        "code": one.bin.code,
        "url": reverse("waste:bin", args=[one.bin.pk]),
        "point": one.bin.point,
        "stream": stream_words(one.bin.stream),
        "stream_tone": stream_tone(one.bin.stream),
        "reason": _(one.reason.label),
        "tone": REASON_TONES[one.reason],
        "level": level_bar(outlook.level),
        "full_at": outlook.full_at if outlook.full_at and one.reason != Reason.FULL else None,
        "made_up": one.bin.made_up,
    }


def _rows(found: Plan) -> Iterator[list[Cell]]:
    for turn, call in enumerate(found.calls, start=1):
        for one in call.bins:
            full_at = one.outlook.full_at
            yield [
                turn,
                call.building.name,
                one.bin.point,
                one.bin.code,
                stream_words(one.bin.stream),
                _(one.reason.label),
                one.outlook.level,
                full_at.astimezone(clock.ZONE).replace(tzinfo=None, microsecond=0) if full_at else None,
            ]
