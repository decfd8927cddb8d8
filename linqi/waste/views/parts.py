"""What the pages of bins share: a form on a page of its own, filters, colours 共用部分."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.enterprises.queries import PlaceChoice, places_to_choose
from linqi.kit import access
from linqi.territory.models import Place, PlaceKind
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose
from linqi.waste import queries
from linqi.waste.kinds import Stream
from linqi.waste.queries import Ail, Live
from linqi.waste.rules import collection

STREAM_TONES: Final = {
    Stream.RECYCLABLE: "info",
    Stream.HAZARDOUS: "bad",
    Stream.PERISHABLE: "good",
    Stream.RESIDUAL: "plain",
}
LIVE_TONES: Final = {
    Live.FULL: "bad",
    Live.CLUE: "warn",
    Live.SILENT: "warn",
    Live.NO_DEVICE: "quiet",
    Live.LOW: "warn",
    Live.WELL: "good",
}
AIL_TONES: Final = {
    Ail.DISABLED: "quiet",
    Ail.NO_KEY: "warn",
    Ail.NEVER: "warn",
    Ail.SILENT: "bad",
    Ail.SKEWED: "warn",
    Ail.NOISY: "warn",
    Ail.GAPS: "warn",
    Ail.LOST: "bad",
    Ail.LOW: "warn",
}


def stream_words(stream: str) -> str:
    """A stream in the reader's language."""
    return _(Stream(stream).label)


def stream_tone(stream: str) -> str:
    """The colour of a stream; the words always stand beside it."""
    return STREAM_TONES[Stream(stream)]


def level_bar(level: float | None) -> SafeString | None:
    """How full, as a bar with its number; None when it is not known."""
    if level is None:
        return None
    percent = round(level * 100)
    tone = "bad" if level >= collection.FULL else "plain"
    return format_html(
        '<span class="waste-level lq-{}"><meter min="0" max="100" value="{}" aria-hidden="true"></meter> {}%</span>',
        tone,
        percent,
        percent,
    )


def badges(pairs: Sequence[tuple[str, str]]) -> SafeString:
    """Several states, each as colour and text."""
    from django.utils.html import format_html_join

    from linqi.ui import shown

    return format_html_join(" ", "{}", ((shown.badge(text, tone),) for text, tone in pairs))


def made_up(yes: bool) -> str:
    """The mark of what was generated, empty for what is real."""
    return _("模拟") if yes else ""


def form_page(
    request: HttpRequest,
    form: BaseForm,
    act: Callable[[dict[str, Any]], object],
    *,
    title: str,
    back: str | Callable[[object], str],
    note: str = "",
    button: str = "",
    crumbs: Sequence[Crumb] = (),
) -> HttpResponse:
    """A form on a page of its own: done, it leads back; refused, it says why beside the field.

    `back`: where it leads, or how that follows from what was made (the form's way out is then the last crumb).
    """
    made: list[object] = []
    done = request.method == "POST" and form.is_valid()
    if done and attempt(request, lambda: made.append(act(form.cleaned_data)), done=_("已保存。"), form=form):
        return redirect(back(made[0]) if callable(back) else back)
    out = crumbs[-1].url if callable(back) and crumbs else back
    context = {
        "form": form,
        "title": title,
        "back": out,
        "note": note,
        "button": button or _("保存"),
        "crumbs": [*crumbs, Crumb(title)],
    }
    return render(request, "waste/form.html", context)


def keepable_places(user: Any, permission: str = "waste.keep") -> list[PlaceChoice]:
    """Parks and buildings where a user may keep bins or devices, in the order of the tree."""
    kinds = [PlaceKind.PARK, PlaceKind.BUILDING]
    mine = set(access.seen_by(user, Place, permission).filter(kind__in=kinds, until=None).values_list("pk", flat=True))
    return [one for one in places_to_choose(user, permission) if one.pk in mine]


def place_filter(user: Any, column: str, permission: str = "waste.see") -> Choose:
    """Narrows a list to what stands at or below a street, community, park or building."""
    return Choose(
        "place",
        gettext_lazy("地点"),
        lambda: [(one.pk, one.label) for one in places_to_choose(user, permission)],
        apply=lambda rows, values: rows.filter(**{f"{column}__in": queries.below(int(values[0]))}),
    )


def home() -> Crumb:
    """Back to all bins."""
    return Crumb(_("垃圾分类"), reverse("waste:live"))
