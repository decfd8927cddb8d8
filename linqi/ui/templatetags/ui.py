"""Components small enough to be tags: icons, badges, values, deadlines, addresses 组件标签."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from linqi.kit import clock
from linqi.ui import shown

register = template.Library()


@register.simple_tag
def icon(name: str, title: str = "") -> SafeString:
    """One icon of the sprite; decorative unless it has a title. Names are Tabler's, collected by `linqi.ui.assets`."""
    href = f"{static('ui/vendor/icons.svg')}#{name}"
    if title:
        return format_html(
            '<svg class="lq-icon" role="img" aria-label="{}"><title>{}</title><use href="{}"/></svg>',
            title,
            title,
            href,
        )
    return format_html('<svg class="lq-icon" aria-hidden="true" focusable="false"><use href="{}"/></svg>', href)


@register.simple_tag
def badge(text: object, tone: str = "plain") -> SafeString:
    """A state as colour and text."""
    return shown.unknown(said=True) if text is None or text == "" else shown.badge(str(text), tone)


@register.simple_tag
def shown_as(value: object, kind: str = "text") -> SafeString:
    """One value as `tables.Column` would show it; None is the sign for unknown."""
    return shown.unknown(said=True) if value is None or value == "" else format_html("{}", shown.plain(value, kind))


@register.filter
def number(value: int | float | Decimal | None) -> SafeString:
    """A number with thousands separated; None is the sign for unknown, never 0."""
    return shown.unknown(said=True) if value is None else format_html("{}", shown.number(value))


@register.filter
def money(value: int | float | Decimal | None) -> SafeString:
    """An amount of yuan in 元, 万元 or 亿元; None is the sign for unknown."""
    return shown.unknown(said=True) if value is None else format_html("{}", shown.money(value))


@register.filter
def of(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The value a mapping holds under a key, None when there is none."""
    return mapping.get(key)


@register.inclusion_tag("ui/components/stat.html")
def stat(
    label: str, value: object, url: str = "", unit: str = "", note: str = "", tone: str = "plain"
) -> dict[str, object]:
    """A number that opens to its rows 数字卡: None is shown as unknown."""
    numeric = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    text = (
        shown.unknown(said=True)
        if value is None
        else format_html("{}", shown.plain(value, "number" if numeric else "text"))
    )
    known = value is not None
    return {"label": label, "text": text, "known": known, "url": url, "unit": unit, "note": note, "tone": tone}


@register.inclusion_tag("ui/components/deadline.html")
def deadline(due: datetime | date | None, left: str = "", why: str = "", done: bool = False) -> dict[str, object]:
    """A due date with how long is left, and on request why it is that date 期限.

    `left`: working time left in words ("还剩 2 个工作日"), from the working-day clock; empty: calendar days are
    said instead.
    `why`: lines that explain the date. `done`: the thing is finished, so nothing is overdue.
    """
    if due is None:
        return {"due": None, "text": "", "tone": "quiet", "left": "", "why": ""}
    now = clock.now()
    moment = isinstance(due, datetime)
    end = due if isinstance(due, datetime) else timezone.make_aware(datetime(due.year, due.month, due.day, 23, 59))
    if done:
        tone = "quiet"
    elif end < now:
        tone = "bad"
    else:
        tone = "warn" if end - now < timedelta(days=2) else "plain"
    if not left and not done:
        days = (timezone.localtime(end).date() - clock.today()).days
        if end < now:
            late = ngettext("已超期 %(days)s 天", "已超期 %(days)s 天", -days) % {"days": -days}
            left = late if days else _("已超期")
        else:
            ahead = ngettext("还有 %(days)s 天", "还有 %(days)s 天", days) % {"days": days}
            left = ahead if days else _("今天到期")
    return {
        "due": due,
        "text": shown.plain(due, "datetime" if moment else "date"),
        "tone": tone,
        "left": left,
        "why": why,
    }


@register.simple_tag(takes_context=True)
def here(context: Mapping[str, Any], **changes: object) -> str:
    """This page's address with some parameters changed (None takes one out)."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = str(value)
    text = query.urlencode()
    return f"{request.path}?{text}" if text else request.path


@register.simple_tag(takes_context=True)
def page_title(context: Context) -> SafeString:
    """What the page put into its `title` block, once more as the heading; so a page says its name in one place."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block("title") if blocks else None
    return block.render(context) if block else SafeString("")
