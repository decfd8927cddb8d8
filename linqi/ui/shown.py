"""How values look on a screen: numbers, money, dates, badges and the unknown 显示."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

TONES = frozenset({"plain", "info", "good", "warn", "bad", "quiet"})  # colours of badges and numbers


def unknown(said: bool = False) -> SafeString:
    """The sign for "we do not know": never a zero; a dash with the word beside it, or only read aloud 未知."""
    hidden = "" if said else "visually-hidden"
    return format_html(
        '<span class="lq-unknown" title="{}">—<span class="{}">{}</span></span>', _("未知"), hidden, _("未知")
    )


def badge(text: str, tone: str = "plain") -> SafeString:
    """A state as colour and text; `tone` is one of TONES 状态标签."""
    return format_html('<span class="lq-badge lq-{}">{}</span>', tone if tone in TONES else "plain", text)


def number(value: int | float | Decimal, places: int | None = None) -> str:
    """A number with thousands separated; `places` digits after the point, or as many as the value has."""
    if places is None:
        places = 0 if value == value.__class__(int(value)) else min(2, max(0, -int(_exponent(value))))
    return f"{value:,.{places}f}"


def money(yuan: int | float | Decimal) -> str:
    """An amount in yuan in the unit people say it in: 元, 万元 or 亿元; in English ungrouped by 10,000 金额."""
    amount = Decimal(str(yuan))
    if (get_language() or "").startswith("en"):
        return f"CN¥{number(amount)}"
    for size, unit in ((Decimal(100_000_000), _("亿元")), (Decimal(10_000), _("万元"))):
        if abs(amount) >= size:
            return f"{number((amount / size).quantize(Decimal('0.01')).normalize())} {unit}"
    return f"{number(amount)} {_('元')}"


def plain(value: object, kind: str = "text") -> str:
    """One value as text in the reader's language; `kind` as in `tables.Column`."""
    if value is None or value == "":
        return "—"
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, (int, float, Decimal)):
        if kind == "money":
            return money(value)
        if kind == "percent":
            return f"{number(Decimal(str(value)) * 100, 1)}%"
        return number(value) if kind == "number" else str(value)
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.strftime("%Y-%m-%d") if kind == "date" else local.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(formats.localize(value))


def _exponent(value: int | float | Decimal) -> int:
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
