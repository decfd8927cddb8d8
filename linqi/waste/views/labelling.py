"""The labelling queue: one picture after the other, by number keys; and pictures for who may see them 标注."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from linqi.kit import access, clock
from linqi.ui.asked import words
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.waste import queries_labels, recogniser
from linqi.waste.actions import pictures
from linqi.waste.kinds import Stream
from linqi.waste.models import Picture
from linqi.waste.queries_keeping import pictures_over
from linqi.waste.views.parts import home, stream_tone

AT_ONCE: Final = 12  # pictures before one person at a time; product default
KEYS: Final = "1234567890qwertyiopasdfghl"  # n, u: nothing, undo; j, k, x: lists; ?, /: the shell
NAMED: Final = {  # classes of the shipped table of streams; a site's own are shown as they are called
    "cardboard": "纸板",
    "carton": "纸盒",
    "paper": "纸张",
    "glass": "玻璃",
    "metal": "金属",
    "aluminium": "铝",
    "plastic": "塑料",
    "textiles": "织物",
    "wood": "木材",
    "battery": "电池",
    "lamp": "灯管",
    "medicine": "药品",
    "paint": "油漆",
    "food": "食物残渣",
    "organic_waste": "花草等易腐物",
    "trash": "杂物",
    "tissue": "用过的纸巾",
    "diaper": "尿布",
    "ceramics": "陶瓷",
}


@require_GET
@access.page("waste.look")
def label_queue(request: HttpRequest) -> HttpResponse:
    """The queue; what the machine thinks is not shown, so that nobody is led by it."""
    waiting = queries_labels.waiting(request.user)
    first = queries_labels.offered(request.user, clock.now()).first() or waiting.first()
    context = {
        "first": first,
        "waiting": waiting.count(),
        "done": _done_today(request.user),
        "classes": _classes(),
        "words": {
            "next": reverse("waste:label_next"),
            "first": _addresses(first) if first else None,
            "said": {
                "none": _("没有待标注的图像了。"),
                "failed": _("没有存上，请再试一次。"),
                "offline": _("网络不通，请检查后再试。"),
                "undone": _("已撤回，请重新标注。"),
                "labelled": _("已标为"),
                "picture": _("待标注的桶内图像，第 %s 张"),
            },
        },
        "crumbs": [home(), Crumb(_("标注"))],
    }
    return render(request, "waste/label_queue.html", context)


@require_POST
@access.page("waste.look")
def label_next(request: HttpRequest) -> JsonResponse:
    """The next pictures, given to nobody else meanwhile."""
    given = pictures.hand_out(count=AT_ONCE, now=clock.now(), by=request.user)
    return JsonResponse(
        {
            "pictures": [_addresses(one) for one in given],
            "waiting": queries_labels.waiting(request.user).count(),
            "done": _done_today(request.user),
        }
    )


@require_POST
@access.page("waste.look")
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is on one picture."""
    return _answer(
        request,
        pk,
        lambda one: pictures.label(
            picture=one, label=words(request.POST.get("label"), 40), now=clock.now(), by=request.user
        ),
    )


@require_POST
@access.page("waste.look")
def label_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own label back."""
    return _answer(request, pk, lambda one: pictures.unlabel(picture=one, by=request.user))


def _answer(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    """To the page's program in JSON; to a plain form with the next picture."""
    found = get_object_or_404(queries_labels.pictures_seen_by(request.user), pk=pk)
    if request.headers.get("Accept") != "application/json":
        attempt(request, lambda: act(found))
        return redirect("waste:label_queue")
    try:
        act(found)
    except ValidationError as refused:
        return JsonResponse({"refused": " ".join(refused.messages)}, status=409)
    return JsonResponse({"waiting": queries_labels.waiting(request.user).count(), "done": _done_today(request.user)})


def _addresses(one: Picture) -> dict[str, Any]:
    """What the page's program needs of one picture."""
    return {
        "pk": one.pk,
        "url": reverse("waste:picture", args=[one.pk]),
        "label": reverse("waste:label", args=[one.pk]),
        "undo": reverse("waste:label_undo", args=[one.pk]),
    }


def _done_today(user: Any) -> int:
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return Picture.objects.filter(labelled_by=user.pk, labelled_at__gte=today).count()


def _classes() -> list[dict[str, str]]:
    """The classes in the order of the streams, each with its key and its stream."""
    streams = recogniser.streams()
    order = list(Stream)
    listed = sorted(
        (name for name in queries_labels.choices() if name != queries_labels.NOTHING),
        key=lambda name: order.index(Stream(streams[name])) if streams.get(name) else len(order),
    )
    return [
        {
            "name": name,
            "words": _(NAMED[name]) if name in NAMED else name,
            "stream": _(Stream(streams[name]).label) if streams.get(name) else "",
            "tone": stream_tone(streams[name]) if streams.get(name) else "plain",
            "key": KEYS[at] if at < len(KEYS) else "",
        }
        for at, name in enumerate(listed)
    ]


@require_GET
@access.page("waste.look")
def picture(request: HttpRequest, pk: int) -> FileResponse:
    """One picture, for who may look at clues there; it is not left in any cache."""
    kept = access.seen_by(request.user, Picture).exclude(pictures_over(clock.today()))
    found = get_object_or_404(kept, pk=pk)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as gone:
        raise Http404(pk) from gone
    answer = FileResponse(content, filename=f"{found.pk}.jpg", content_type="image/jpeg")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
