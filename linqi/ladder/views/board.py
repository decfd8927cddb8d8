"""Who stands where on the ladder, and which moves wait for a person 看板、名单与调整建议."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.db.models import Case as Choose
from django.db.models import IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import named_like, shown_name
from linqi.kit import access, clock
from linqi.kit.clock import today
from linqi.ladder import actions, queries, rules
from linqi.ladder.models import Candidate
from linqi.ladder.queries import Overview, Proposed, Reached
from linqi.ladder.rules import Kind, Stage, Tier
from linqi.ladder.views.lists import candidates_table, cards, lacking_of, name_of, reach_in_words, why_of, words_of
from linqi.territory.queries import streets_of
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Tab
from linqi.ui.tables import Choose as Choice
from linqi.ui.tables import Column, Search, Table

# icons: stairs-up, seedling, plant-2, wheat, trophy, arrow-up, arrow-down, list-details, adjustments
SHOWN: Final = 8  # cards of each column before it leads to the list
ICONS: Final = {Tier.SEED: "seedling", Tier.SPROUT: "plant-2", Tier.EAR: "wheat"}
KIND_TONES: Final = {Kind.ENTER: "info", Kind.RISE: "good", Kind.FALL: "warn", Kind.LEAVE: "bad"}


@access.page("ladder.board")
def board(request: HttpRequest) -> HttpResponse:
    """The three tiers side by side and the listed firms, in each the nearest to a listing first."""
    user, day = request.user, today()
    rows = queries.candidates_seen_by(user)
    ids = list(rows.values_list("enterprise", flat=True))
    seen = queries.overviews(user, day)
    reached = queries.reach_of(seen, ids)
    counts = queries.funnel(user)
    columns = []
    for tier in reversed(Tier):
        within = rows.filter(tier=tier.value).exclude(stage=Stage.LISTED.value)
        columns.append(
            {
                "label": _(tier.label),
                "icon": ICONS[tier],
                "count": counts[tier.value],
                "url": f"{reverse('ladder:list')}?tier={tier.value}",
                "cards": cards(_nearest(within, reached), user, day, seen, reached),
            }
        )
    listed = rows.filter(stage=Stage.LISTED.value).order_by("enterprise__name_key")
    columns.append(
        {
            "label": _("已上市"),
            "icon": "trophy",
            "count": counts[Stage.LISTED.value],
            "url": f"{reverse('ladder:list')}?stage={Stage.LISTED.value}",
            "cards": cards(listed[:SHOWN], user, day, seen, reached),
        }
    )
    waiting = len(queries.proposals(user, day, seen))
    context = {
        "columns": columns,
        "shown": SHOWN,
        "total": len(ids),
        "half": sum(one.low >= 0.5 for one in reached.values()),
        "waiting": waiting,
        "late": queries.cultivations_late(user, clock.now()),
        "tabs": tabs(user, "board", waiting),
    }
    return render(request, "ladder/board.html", context)


@access.page("ladder.board")
def candidates(request: HttpRequest) -> HttpResponseBase:
    """The firms on the ladder as a list."""
    user, day = request.user, today()
    rows = queries.candidates_seen_by(user)
    reached = queries.reach_of(queries.overviews(user, day), rows.values_list("enterprise", flat=True))
    names = {one.code: name_of(one) for one in queries.ruleset(None, day).standards}
    rows = queries.with_reach(rows, {pk: (one.low, one.high) for pk, one in reached.items()})
    table = candidates_table(user, reached, names).bind(
        request,
        queries.with_rank(queries.with_next_milestone(rows)),
        may_export=access.may_anywhere(user, "ladder.export"),
    )
    if table.export_format:
        actions.record_export(rows=table.whole, asked=request.GET.urlencode(), by=user)
        return table.export()
    return table.answer("ladder/list.html", {"tabs": tabs(user, "list")})


@access.page("ladder.board")
def proposals(request: HttpRequest) -> HttpResponseBase:
    """The moves that the facts speak for; nobody is moved before a person says so."""
    user, day = request.user, today()
    seen = queries.overviews(user, day)
    waiting = {one.enterprise: one for one in queries.proposals(user, day, seen)}
    table = _proposals_table(user, waiting).bind(request, _in_order(waiting.values()), may_export=False)
    shown = _shown(table.objects, waiting, user, seen)
    context = {"table": table, "rows": shown, "tabs": tabs(user, "proposals", len(waiting))}
    context |= {"total": len(waiting), "may_move": access.may_anywhere(user, "ladder.move")}
    return table.answer("ladder/proposals.html", context)


@require_POST
@access.page("ladder.move")
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the chosen proposals, or decline one with a reason."""
    day = today()
    waiting = {one.enterprise: one for one in queries.proposals(request.user, day)}
    back = redirect(f"{reverse('ladder:proposals')}?{request.GET.urlencode()}")
    declined = an_id(request.POST.get("decline"))
    if declined:
        enterprise = get_object_or_404(queries.firms_here(request.user), pk=declined)
        move = waiting.get(declined)
        why = request.POST.get(f"why-{declined}", "")
        if move is None:
            messages.error(request, _("情况已经变化，这条建议不再成立。请看最新的建议。"))
        else:
            attempt(
                request,
                lambda: actions.decline_move(enterprise=enterprise, to=move.move.to, why=why, by=request.user),
                done=_("已记录不予调整，半年内不再建议。"),
            )
        return back
    chosen = {an_id(text) for text in request.POST.getlist("move")} & set(waiting)
    found = queries.firms_here(request.user).filter(pk__in=chosen)
    done = actions.confirm_moves(moves=[(one, waiting[one.pk].move.to) for one in found], by=request.user)
    if done:
        messages.success(
            request, ngettext("已确认 %(n)s 家企业的调整。", "已确认 %(n)s 家企业的调整。", done) % {"n": done}
        )
    if len(chosen) > done:
        left = len(chosen) - done
        messages.warning(
            request,
            ngettext("%(n)s 家没有调整：情况已变或无权限。", "%(n)s 家没有调整：情况已变或无权限。", left)
            % {"n": left},
        )
    if not chosen:
        messages.warning(request, _("请先勾选要确认的企业。"))
    return back


def tabs(user: Any, active: str, waiting: int | None = None) -> list[Tab]:
    """The pages of the ladder."""
    return [
        Tab(_("看板"), reverse("ladder:board"), active == "board"),
        Tab(_("名单"), reverse("ladder:list"), active == "list"),
        Tab(_("调整建议"), reverse("ladder:proposals"), active == "proposals", waiting),
        Tab(_("上市标准与分层"), reverse("ladder:standards"), active == "standards"),
    ]


def crumbs(*more: Crumb) -> list[Crumb]:
    """From the board down."""
    return [Crumb(_("助企直通车"), reverse("ladder:board")), *more]


def _nearest(rows: QuerySet[Candidate], reached: dict[int, Reached]) -> list[Candidate]:
    """The first few of some rows, the nearest to a listing first."""
    ids = rows.values_list("enterprise", flat=True)
    none = Reached("", 0, 1)
    near = sorted(ids, key=lambda pk: (-reached.get(pk, none).low, -reached.get(pk, none).high, pk))[:SHOWN]
    found = {one.enterprise_id: one for one in rows.filter(enterprise__in=near)}
    return [found[pk] for pk in near]


def _in_order(waiting: Iterable[Proposed]) -> QuerySet[Enterprise]:
    """The firms of some proposals as rows: those that would fall or leave first, then the highest tier."""
    tiers = [None, *Tier]
    kinds = [Kind.LEAVE, Kind.FALL, Kind.RISE, Kind.ENTER]
    ranked: dict[int, list[int]] = {}
    for one in waiting:
        rank = kinds.index(one.move.kind) * 10 + 9 - tiers.index(one.move.to)
        ranked.setdefault(rank, []).append(one.enterprise)
    rows = Enterprise.objects.filter(pk__in=[pk for ids in ranked.values() for pk in ids]).select_related("seat")
    whens = [When(pk__in=ids, then=Value(rank)) for rank, ids in ranked.items()]
    if not whens:
        return rows.annotate(rank=Value(0, output_field=IntegerField()))
    return rows.annotate(rank=Choose(*whens, output_field=IntegerField()))


def _proposals_table(user: Any, waiting: dict[int, Proposed]) -> Table[Enterprise]:
    def by_kind(rows: QuerySet[Enterprise], values: list[str]) -> QuerySet[Enterprise]:
        return rows.filter(pk__in=[pk for pk, one in waiting.items() if one.move.kind.value in values])

    def by_tier(rows: QuerySet[Enterprise], values: list[str]) -> QuerySet[Enterprise]:
        return rows.filter(pk__in=[pk for pk, one in waiting.items() if one.move.to and one.move.to.value in values])

    return Table[Enterprise](
        key="proposals",
        columns=[Column("name", gettext_lazy("企业"), value=lambda one: shown_name(one, user), sort="name_key")],
        order=("rank", "pk"),
        size=20,
        caption=gettext_lazy("调整建议"),
        filters=[
            Search("q", gettext_lazy("企业"), apply=lambda rows, text: named_like(rows, text, user)),
            Choice("kind", gettext_lazy("调整类别"), words_of(Kind), apply=by_kind),
            Choice("to", gettext_lazy("调整到"), words_of(Tier), apply=by_tier),
        ],
    )


def _shown(
    objects: Iterable[Enterprise], waiting: Mapping[int, Proposed], user: Any, seen: Mapping[int, Overview]
) -> list[dict[str, Any]]:
    """What a person should know before confirming: the ground in words, and the nearest standard."""
    listed = list(objects)
    streets = streets_of({one.seat_id for one in listed if one.seat_id})
    shown = []
    for one in listed:
        said = waiting[one.pk]
        ladder = queries.ladder_in(seen.get(streets.get(one.seat_id or 0, 0)), one, today(), said.standing)
        up = said.move.kind in (Kind.ENTER, Kind.RISE)
        nearest = ladder.nearest
        shown.append(
            {
                "pk": one.pk,
                "name": shown_name(one, user),
                "kind": _(said.move.kind.label),
                "tone": KIND_TONES[said.move.kind],
                "before": _(said.standing.label) if said.standing else _("未入库"),
                "after": _(said.move.to.label) if said.move.to else _("出库"),
                "why": [why_of(ladder, said.move.to)] if up else list(lacking_of(ladder, said.standing)),
                "up": up,
                "nearest": name_of(nearest[0]) if nearest and nearest[1].bounds != rules.UNKNOWN else "",
                "reach": reach_in_words(float(nearest[1].bounds.low), float(nearest[1].bounds.high)) if nearest else "",
            }
        )
    return shown
