"""What a firm may get, what is missing, what it would take 我的政策."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.conditions import words
from linqi.conditions.facts import Missing
from linqi.conditions.questions import Question, next_questions
from linqi.conditions.rules import Outcome
from linqi.enterprises import dictionary, known
from linqi.enterprises.actions.facts import make_claim
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by, shown_name
from linqi.kit import access
from linqi.kit.clock import today
from linqi.policies import queries
from linqi.policies.actions import offers, payment
from linqi.policies.flow import Channel, Step
from linqi.policies.models import Delivery, Level, PolicyVersion
from linqi.policies.queries import Chance
from linqi.policies.views.desk import OUTCOME_TONES
from linqi.policies.views.lists import TONES
from linqi.ui import shown
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb

QUESTIONS = 3  # asked at once; more is a form, and forms are not answered


@dataclass(frozen=True, slots=True)
class Card:
    """One policy as the firm's page shows it."""

    chance: Chance
    title: str
    level: str
    delivery: str
    outcome: str
    tone: str
    amount: str
    lines: tuple[words.Line, ...]
    missing: tuple[str, ...]
    lacks: tuple[str, ...]
    may_start: bool
    application_state: str
    application_tone: str


@access.page("policies.see")
def mine(request: HttpRequest) -> HttpResponse:
    """The firm's own page: chances with reasons, questions that would settle most, applications under way."""
    firms = list(
        enterprises_seen_by(request.user).filter(pk__in=access.reach_of(request.user).enterprises("policies.see"))
    )
    if not firms:
        return (
            redirect("policies:list")
            if access.may_anywhere(request.user, "policies.push")
            else render(request, "policies/mine.html", {"cards": []})
        )
    asked = request.GET.get("firm", "")
    firm = next((one for one in firms if str(one.pk) == asked), firms[0])
    page = _page(request, firm, own=True)
    offers.mark_seen(
        enterprise=firm,
        offers=[card.chance.offer for card in page["all"] if card.chance.offer is not None],
        by=request.user,
    )
    return render(request, "policies/mine.html", page | {"firms": firms if len(firms) > 1 else []})


@access.page("policies.push")
def firm(request: HttpRequest, pk: int) -> HttpResponse:
    """The same page about any firm, for those who advise it."""
    found = get_object_or_404(enterprises_seen_by(request.user), pk=pk)
    page = _page(request, found, own=False)
    crumbs = [
        Crumb(_("企业"), reverse("enterprises:list")),
        Crumb(page["name"], reverse("dashboards:enterprise", args=[pk])),
        Crumb(_("政策体检")),
    ]
    return render(request, "policies/mine.html", page | {"crumbs": crumbs})


@require_POST
@access.page("policies.apply")
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin an application."""
    version = get_object_or_404(access.seen_by(request.user, PolicyVersion).select_related("policy"), pk=pk)
    enterprise = get_object_or_404(
        access.seen_by(request.user, Enterprise, "policies.apply"), pk=an_id(request.POST.get("firm"))
    )
    made: list[Any] = []
    if attempt(
        request, lambda: made.append(payment.start_application(version=version, enterprise=enterprise, by=request.user))
    ):
        return redirect("policies:application", pk=made[0].pk)
    return redirect("policies:mine")


@require_POST
@access.page("policies.see")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The answer to a question becomes a claim that somebody confirms before it counts."""
    enterprise = get_object_or_404(enterprises_seen_by(request.user), pk=pk)
    key, period = request.POST.get("key", ""), request.POST.get("period", "")

    def act() -> None:
        value = dictionary.parse(key, request.POST.get("value", "")) if key in dictionary.fields() else None
        if value is None or isinstance(value, dictionary.Problem):
            raise ValidationError(
                f"{dictionary.field(key).label}：{value}" if value is not None else _("没有这个信息项。")
            )
        make_claim(
            enterprise=enterprise,
            key=key,
            value=value,
            period=period,
            said_by=_("企业用户"),
            said_on=today(),
            origin="policies:question",
            by=request.user,
        )

    attempt(request, act, done=_("谢谢！核实后即按新信息重新比对。"))
    own = access.may_anywhere(request.user, "policies.apply")
    return redirect(reverse("policies:mine") if own else reverse("policies:firm", args=[pk]))


def _page(request: HttpRequest, enterprise: Enterprise, *, own: bool) -> dict[str, Any]:
    day = today()
    chances = queries.chances_of(enterprise, day)
    cards = [_card(chance, own=own) for chance in chances]
    groups = [
        (_("可能符合"), "good", [card for card in cards if card.chance.outcome in queries.MAY]),
        (_("只差一项"), "info", [card for card in cards if card.chance.verdict.near]),
        (_("缺少资料，暂不能判断"), "warn", [card for card in cards if card.chance.outcome == Outcome.UNKNOWN]),
        (
            _("暂不符合"),
            "quiet",
            [card for card in cards if card.chance.outcome == Outcome.UNMET and not card.chance.verdict.near],
        ),
    ]
    applications = queries.applications_seen_by(request.user).filter(enterprise=enterprise)
    return {
        "own": own,
        "enterprise": enterprise,
        "name": shown_name(enterprise, request.user),
        "cards": cards,
        "all": cards,
        "groups": [group for group in groups if group[2]],
        "questions": [_question(one) for one in questions_for(chances)]
        if access.may(request.user, "enterprises.claim", enterprise)
        else [],
        "applications": [(one, _(Step(one.state).label), TONES.get(Step(one.state), "plain")) for one in applications],
        "crumbs": [Crumb(_("我的政策"))],
    }


def questions_for(chances: list[Chance], most: int = QUESTIONS) -> list[Question]:
    """The questions whose answers would settle most for one firm."""
    book = known.book()
    open_ = [(chance.verdict, chance.estimate.amount) for chance in chances if chance.outcome == Outcome.UNKNOWN]
    return [one for one in next_questions(open_) if one.key in book and book[one.key].asked][:most]


def _question(question: Question) -> dict[str, Any]:
    field = dictionary.field(question.key)
    return {
        "key": question.key,
        "period": question.period,
        "label": words.label(question.key, question.period, known.book()),
        "values": _choices(field),
        "rules": question.rules,
        "alone": question.alone,
        "money": shown.money(question.money) if question.money else "",
        "unit": {"CNY": _("元，可写“1200万”"), "ratio": _("如 12%")}.get(field.unit, ""),
    }


def _choices(field: dictionary.Field) -> list[tuple[str, str]]:
    """What a question offers to choose from; nothing when it is typed."""
    if field.type == "bool":
        return [("是", _("是")), ("否", _("否"))]
    return [(word.code, word.label) for word in field.values] if field.type == "enum" else []


def _card(chance: Chance, *, own: bool) -> Card:
    book, version, money = known.book(), chance.version, chance.estimate
    amount = ""
    if money.amount:
        amount = (_("不超过 %(amount)s") if money.ceiling else _("约 %(amount)s")) % {
            "amount": shown.money(money.amount)
        }
    going = chance.application
    return Card(
        chance,
        version.policy.name_zh,
        _(Level(version.policy.level).label),
        _(Delivery(version.policy.delivery).label),
        _(chance.outcome.label),
        OUTCOME_TONES[chance.outcome],
        amount,
        words.explained(chance.verdict, book),
        words.asked([Missing(lack.key, lack.period) for lack in chance.verdict.missing], book),
        tuple(
            " ".join((words.sentence(one.node, book, chance.verdict.day), words.falls_short(one, book)))
            for one in chance.verdict.shortfalls[:3]
        ),
        own
        and going is None
        and version.policy.channel == Channel.APPLICATION
        and version.policy.delivery in (Delivery.APPLY, Delivery.LIST_BASED)
        and chance.outcome not in (Outcome.UNMET, Outcome.NOT_APPLICABLE),
        _(Step(going.state).label) if going else "",
        TONES.get(Step(going.state), "plain") if going else "plain",
    )
