"""Lists with search, filters, sorting, paging, column choice and export 列表.

A list page declares a `Table` once, at module level, and binds it to a request and a queryset that is already scoped:

    CASES = Table[Case](
        key="cases",
        columns=[
            Column("number", _("编号"), sort="number", fixed=True),
            Column("title", _("事项")),
            Column("enterprise", _("企业"), value="enterprise.name", sort="enterprise__name"),
            Column("state", _("状态"), value="get_state_display", sort="state", kind="badge", tone=tone_of),
            Column("due_at", _("期限"), sort="due_at", kind="datetime", nullable=True),
            Column("memo", _("备注"), visible=False),
        ],
        order="-due_at",
        row_url=lambda case: reverse("cases:one", args=[case.pk]),
        filters=[
            Search("q", _("编号、事项、企业"), apply=lambda rows, text: rows.filter(title__icontains=text)),
            Choose("state", _("状态"), State.choices, facet=True),
            Span("due", _("期限"), field="due_at"),
        ],
    )

    def cases(request):
        table = CASES.bind(request, cases_seen_by(request.user).select_related("enterprise"))
        if table.export_format:
            record_export(rows=table.whole, by=request.user)  # the caller's action asks for permission and journals
            return table.export()
        return table.answer("cases/list.html", {"more": "context"})

and the page says `{% include "ui/components/list.html" with table=table only %}`. All of it lives in plain GET
parameters, so a link shows another person the same list:
`?q=…&state=open&sort=-due_at&cols=number,title&size=50&page=2`.

The number of queries does not depend on the rows: one for the page, one for the total, and one for each filter with
`facet=True`; with a `cap` both count up to it and say "and more". Related objects named by a dotted `value` belong into the caller's
`select_related` or `prefetch_related`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeVar

from django.db.models import Count, F, Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from linqi.kit import clock
from linqi.kit.counting import counted_up_to
from linqi.kit.sheets import Cell
from linqi.ui import exports, shown

M = TypeVar("M", bound=Model)
Text = str | Promise
Kind = Literal["text", "number", "money", "percent", "date", "datetime", "badge", "html"]

SIZES = (20, 50, 100)  # rows a page may hold; product default
ALWAYS_SHOWN = 5  # filters beside the search box; product default
FOLDED_FROM = 7  # filters, from more than which the rest is folded away
FACETS_TO = 1_000  # rows counted beside a choice of a capped list
LONG_FROM = 200  # rows; sorting whole rows is slower from here on than reading a page by its ids
SELECTED = mark_safe(" selected")
UNKNOWN = "__none"  # the value of a filter that asks for rows where nothing is known
_NUMBER = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,4})?")  # what a filter takes for a number; larger ones no column holds
RESERVED = frozenset({"page", "size", "sort", "cols", "export"})


@dataclass(frozen=True)
class Column(Generic[M]):
    """One column: what it is called, where its value comes from, how it is shown, sorted and exported 列.

    `value`: dotted path from the row (`"park.name"`; methods without arguments are called) or a function; default:
    `key`.
    `sort`: ORM name or names to order by; None: the column cannot be sorted. `nullable`: unknown values come last
    both ways.
    `kind`: how the value is shown; `"html"` trusts `value` to return a SafeString (exports then need `export`).
    `tone`: colour of a badge (one of `shown.TONES`); the text always says it too. `url`: where the cell leads.
    `export`: value in the exported sheet when it differs from the one shown. `fixed`: cannot be switched off.
    `phone`: False hides the column on phones. Columns not everybody may see: `bind(without=…)`.
    """

    key: str
    title: Text
    value: str | Callable[[M], object] | None = None
    sort: str | Sequence[str] | None = None
    kind: Kind = "text"
    tone: Callable[[M], str] | None = None
    url: Callable[[M], str | None] | None = None
    export: Callable[[M], object] | None = None
    visible: bool = True
    fixed: bool = False
    nullable: bool = False
    phone: bool = True
    hint: Text = ""

    def raw(self, row: M) -> object:
        """The value of this column for one row; None when unknown."""
        if callable(self.value):
            return self.value(row)
        return _follow(row, self.value or self.key)

    def exported(self, row: M) -> Cell:
        """The value for a sheet: text, number, date, local time without zone, or None."""
        value = self.export(row) if self.export else self.raw(row)
        if isinstance(value, datetime):
            return timezone.make_naive(value) if timezone.is_aware(value) else value
        if isinstance(value, bool):
            return shown.plain(value)
        return value if value is None or isinstance(value, (int, float, Decimal, date)) else str(value)

    def html(self, row: M) -> SafeString:
        """The cell's content as safe HTML; unknown is a dash that is read aloud as unknown."""
        value = self.raw(row)
        if value is None or value == "":
            return shown.unknown()
        if self.kind == "html":
            return value if isinstance(value, SafeString) else format_html("{}", value)
        if self.kind == "badge":
            body = shown.badge(str(value), self.tone(row) if self.tone else "plain")
        else:
            body = format_html("{}", shown.plain(value, self.kind))
        url = self.url(row) if self.url else None
        return format_html('<a href="{}">{}</a>', url, body) if url else body

    @property
    def orders(self) -> tuple[str, ...]:
        """ORM names to sort by, empty when the column cannot be sorted."""
        if self.sort is None:
            return ()
        return (self.sort,) if isinstance(self.sort, str) else tuple(self.sort)

    @property
    def numeric(self) -> bool:
        """Whether the cells are aligned to the right."""
        return self.kind in {"number", "money", "percent"}


# --- filters -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Chip:
    """One active filter, with the address of the same list without it."""

    title: str
    label: str
    url: str


@dataclass(frozen=True)
class Option:
    """One choice of a filter; `count` is None when it was not counted, `more` when counting stopped there."""

    value: str
    label: str
    chosen: bool
    count: int | None = None
    more: bool = False

    @property
    def counted(self) -> str:
        """The count in words, with a plus when there are more; empty when it was not counted."""
        return "" if self.count is None else f"{shown.number(self.count)}{'+' if self.more else ''}"


@dataclass(frozen=True)
class Search:
    """Free text 检索. `apply(rows, text)` narrows the queryset; the text is stripped and at most 100 characters
    long.
    """

    key: str
    title: Text
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]]
    control: ClassVar[str] = "search"

    def read(self, query: QueryDict) -> list[str]:
        text = " ".join(query.get(self.key, "").replace("\x00", "").split())[:100]
        return [text] if text else []

    def narrow(self, rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
        return self.apply(rows, values[0])

    def label(self, value: str) -> str:
        return f"“{value}”"


@dataclass(frozen=True)
class Choose:
    """One or several of known values 选项.

    `choices`: pairs of value and label, or a function that returns them (called once for each request).
    `field`: ORM name compared with the value (default: `key`), or give `apply(rows, values)`.
    `facet=True` shows beside each choice how many rows it would leave (one query). `unknown=True` offers rows
    without a value.
    """

    key: str
    title: Text
    choices: Iterable[tuple[Any, Any]] | Callable[[], Iterable[tuple[Any, Any]]]
    field: str = ""
    apply: Callable[[QuerySet[Any], list[str]], QuerySet[Any]] | None = None
    many: bool = False
    facet: bool = False
    unknown: bool = False
    control: ClassVar[str] = "choose"

    def pairs(self) -> list[tuple[str, str]]:
        """Known values and their labels, as text."""
        known = self.choices() if callable(self.choices) else self.choices
        pairs = [(str(value), str(label)) for value, label in known]
        return [*pairs, (UNKNOWN, _("未知"))] if self.unknown else pairs

    def read(self, query: QueryDict) -> list[str]:
        asked = [value for value in query.getlist(self.key) if value]
        if not asked:
            return []
        known = {value for value, _label in self.pairs()}
        values = [value for value in dict.fromkeys(asked) if value in known]
        return values if self.many else values[:1]

    def narrow(self, rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
        if self.apply:
            return self.apply(rows, values)
        name = self.field or self.key
        known = [value for value in values if value != UNKNOWN]
        if UNKNOWN not in values:
            return rows.filter(**{f"{name}__in": known})
        missing = rows.filter(**{f"{name}__isnull": True})
        return missing | rows.filter(**{f"{name}__in": known}) if known else missing

    def label(self, value: str) -> str:
        return dict(self.pairs()).get(value, value)

    def counted(self, rows: QuerySet[Any], limit: int | None = None) -> dict[str, int]:
        """How many of `rows` each choice would leave, by one query; with a limit, none is counted further."""
        if limit is not None:
            values = [value for value, _label in self.pairs()]
            return dict(zip(values, counted_up_to(limit, *(self.narrow(rows, [one]) for one in values)), strict=True))
        found = rows.order_by().values_list(self.field or self.key).annotate(rows=Count("pk"))
        return {UNKNOWN if value is None else str(value): count for value, count in found}

    def tallied(self, rows: QuerySet[Any]) -> dict[str, int]:
        """The same of few rows out of many, which a database asked to group them may look for in the whole table."""
        found = rows.order_by().values_list(self.field or self.key, flat=True)
        return Counter(UNKNOWN if value is None else str(value) for value in found)


@dataclass(frozen=True)
class Span:
    """From–to of a date or a number 区间; both ends included, either may be open. Reads `<key>_from` and `<key>_to`."""

    key: str
    title: Text
    field: str
    of: Literal["date", "number"] = "date"
    control: ClassVar[str] = "span"

    def read(self, query: QueryDict) -> list[str]:
        ends = [query.get(f"{self.key}_from", "").strip(), query.get(f"{self.key}_to", "").strip()]
        ends = [end if self._end(end) is not None else "" for end in ends]
        return ends if any(ends) else []

    def narrow(self, rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
        low, high = (self._end(value) for value in values)
        if low is not None:
            rows = rows.filter(**{f"{self.field}__gte": self._instant(low)})
        if isinstance(high, date):
            return rows.filter(**{f"{self.field}__lt": self._instant(high + timedelta(days=1))})
        return rows if high is None else rows.filter(**{f"{self.field}__lte": high})

    def label(self, value: str) -> str:
        return value

    def _end(self, text: str) -> date | Decimal | None:
        if self.of == "date":
            try:
                day = parse_date(text)
            except ValueError:
                return None
            return day if day and 1900 <= day.year <= 2200 else None
        return Decimal(text) if _NUMBER.fullmatch(text) else None

    def _instant(self, end: date | Decimal) -> object:
        """Local midnight, when the column holds moments; it works for plain dates of a day as well."""
        if isinstance(end, date) and self.field.endswith("_at"):
            return timezone.make_aware(datetime(end.year, end.month, end.day))
        return end


Filter = Search | Choose | Span


@dataclass(frozen=True)
class Control:
    """One filter as the page shows it."""

    key: str
    title: str
    kind: str
    values: list[str]
    options: list[Option] = field(default_factory=list)
    many: bool = False
    of: str = ""

    @property
    def value(self) -> str:
        """The single value, empty when none is chosen."""
        return self.values[0] if self.values else ""

    @property
    def options_html(self) -> SafeString:
        """The choices of a select, drawn in one go: a template takes ten times as long over a few hundred of them."""
        return format_html_join(
            "",
            '<option value="{}"{}>{}{}</option>',
            (
                (
                    one.value,
                    SELECTED if one.chosen else "",
                    one.label,
                    f"（{one.counted}）" if one.counted else "",
                )
                for one in self.options
            ),
        )

    @property
    def until(self) -> str:
        """The upper end of a span."""
        return self.values[1] if len(self.values) > 1 else ""


# --- what the template reads ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Head:
    """One column heading: its link sorts by it, and turns the order round when it is sorted already."""

    key: str
    title: str
    hint: str
    url: str
    sorted: Literal["", "ascending", "descending"]
    numeric: bool
    phone: bool


@dataclass(frozen=True)
class Row:
    """One row: its object, where it leads, and its cells as safe HTML (drawn here, for a page has hundreds of them)."""

    object: Any
    url: str
    html: SafeString


@dataclass(frozen=True)
class Choice:
    """One column in the column chooser."""

    key: str
    title: str
    chosen: bool
    fixed: bool


@dataclass(frozen=True)
class PageLink:
    """One link of the pager; `url` is empty for the gap and for the page shown."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Table(Generic[M]):
    """What a list is made of. Declare it once for each list; `bind` joins it with a request 列表定义.

    `order`: default order, as in `?sort=` (a column's key, with `-` for descending) or any ORM names. `cap`: stop
    counting there and
    say "more than". `empty`: sentence when nothing is there; `empty_url`, `empty_action`: what to do next.
    """

    key: str
    columns: Sequence[Column[M]]
    order: str | Sequence[str] = "-pk"
    filters: Sequence[Filter] = ()
    row_url: Callable[[M], str] | None = None
    caption: Text = ""
    size: int = 50
    cap: int | None = None
    empty: Text = ""
    empty_url: str = ""
    empty_action: Text = ""
    head: str = ""

    def __post_init__(self) -> None:
        keys = [column.key for column in self.columns] + [one.key for one in self.filters]
        columns = {column.key for column in self.columns}
        if len(columns) != len(self.columns):
            raise ValueError(f"table {self.key}: two columns share a key")
        if taken := RESERVED.intersection(one.key for one in self.filters):
            raise ValueError(f"table {self.key}: filter keys are reserved: {sorted(taken)}")
        if not keys or self.size not in SIZES:
            raise ValueError(f"table {self.key}: needs columns, and a size of {SIZES}")

    def narrowed(self, rows: QuerySet[M], query: QueryDict, but: str = "") -> QuerySet[M]:
        """The rows that pass the filters as this query asks for them, without the filter `but`."""
        for one in self.filters:
            if one.key != but and (values := one.read(query)):
                rows = one.narrow(rows, values)
        return rows

    def bind(
        self,
        request: HttpRequest,
        rows: QuerySet[M],
        *,
        without: Iterable[str] = (),
        may_export: bool = True,
        path: str = "",
        count: Callable[[QuerySet[M]], int] | None = None,
        picks: Sequence[tuple[Text, str]] = (),
        extra: Mapping[str, object] | None = None,
    ) -> "BoundTable[M]":
        """The list as this request asks for it.

        `rows`: already scoped to the user, unsliced. `without`: keys of columns this user may not see, in page,
        order or export.
        `path`: address of the list when it is not the request's own. `count`: how to count when `.count()` is too slow.
        `picks`: what may be done with several rows at once, as words and the address that is sent their ids (`pick`).
        `extra`: what the table's `head` reads.
        """
        return BoundTable(
            table=self,
            request=request,
            rows=rows,
            without=frozenset(without),
            may_export=may_export,
            path=path or request.path,
            count=count,
            picks=picks,
            extra=extra or {},
        )


class BoundTable(Generic[M]):
    """A table joined with one request. Everything is computed when first read, and only once."""

    def __init__(
        self,
        *,
        table: Table[M],
        request: HttpRequest,
        rows: QuerySet[M],
        without: frozenset[str],
        may_export: bool,
        path: str,
        count: Callable[[QuerySet[M]], int] | None = None,
        picks: Sequence[tuple[Text, str]] = (),
        extra: Mapping[str, object] | None = None,
    ) -> None:
        self.table, self.request, self.path = table, request, path
        self.picks, self.extra = picks, extra or {}
        self._count = count
        self.may_export = may_export
        self.id = f"list-{table.key}"
        self._all = rows
        self._offered = [column for column in table.columns if column.key not in without]

    # -- rows -------------------------------------------------------------------------------------------------------
    @cached_property
    def chosen(self) -> dict[str, list[str]]:
        """Values of the active filters by key."""
        read = {one.key: one.read(self.request.GET) for one in self.table.filters}
        return {key: values for key, values in read.items() if values}

    @cached_property
    def filtered(self) -> QuerySet[M]:
        """Every row that passes the filters, in the order asked for: what is counted, paged and exported."""
        return self._narrowed().order_by(*self._orders())

    @cached_property
    def _counted(self) -> int:
        plain = self._narrowed().order_by()
        if self._count is not None:
            return self._count(plain)
        return plain.count() if self.table.cap is None else counted_up_to(self.table.cap + 1, plain)[0]

    @property
    def total(self) -> int:
        """Number of rows, at most `cap`."""
        return self._counted if self.table.cap is None else min(self._counted, self.table.cap)

    @property
    def capped(self) -> bool:
        """True when there are more rows than were counted."""
        return self.table.cap is not None and self._counted > self.table.cap

    @property
    def whole(self) -> int:
        """Number of rows, counted to the end: what an export holds."""
        return self._narrowed().order_by().count() if self.capped else self.total

    @cached_property
    def size(self) -> int:
        """Rows on a page."""
        asked = self.request.GET.get("size", "")
        return int(asked) if asked in {str(size) for size in SIZES} else self.table.size

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.total // self.size))

    @cached_property
    def page(self) -> int:
        """The page shown, from 1; an impossible one becomes the nearest that exists."""
        asked = self.request.GET.get("page", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1
        return min(max(1, number), self.pages)

    @cached_property
    def objects(self) -> list[M]:
        """The objects of this page; of a long list only the ids are sorted, and then the rows of the page read."""
        if not self.total:
            return []
        start = (self.page - 1) * self.size
        page: Any = self.filtered[start : start + self.size]
        if self.total <= LONG_FROM or isinstance(page, list):  # `ui.listed`: the rows stand in memory
            return list(page)
        ids = list(page.values_list("pk", flat=True))
        read = {row.pk: row for row in self.filtered.order_by().filter(pk__in=ids)}
        return [read[pk] for pk in ids if pk in read]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of this page, cells drawn; the first cell names the row and carries its link."""
        name, *rest = self.columns
        opened = [format_html('<td data-label="{}" class="{}">', column.title, _cell_class(column)) for column in rest]
        rows = []
        for item in self.objects:
            url = self.table.row_url(item) if self.table.row_url else ""
            head = name.html(item)
            named = format_html('<a href="{}">{}</a>', url, head) if url and not name.url else head
            cells: list[str] = [format_html('<th scope="row">{}{}</th>', self._pick(item), named)]
            cells += [f"{start}{column.html(item)}</td>" for start, column in zip(opened, rest, strict=True)]
            rows.append(Row(item, url, mark_safe("".join(cells))))  # noqa: S308 – every part is escaped above
        return rows

    def _pick(self, item: M) -> str:
        """The box by which a row is taken along."""
        if not self.picks:
            return ""
        return format_html(
            '<input class="form-check-input lq-pick" type="checkbox" name="pick" value="{}" form="{}-pick" aria-label="{}">',
            item.pk,
            self.id,
            _("选中 %(name)s") % {"name": self.columns[0].exported(item) or item},
        )

    @property
    def first(self) -> int:
        """Number of the first row shown, 0 when there is none."""
        return (self.page - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.page * self.size, self.total)

    # -- columns ----------------------------------------------------------------------------------------------------
    @cached_property
    def columns(self) -> list[Column[M]]:
        """The columns shown, in the table's own order."""
        asked = {key for part in self.request.GET.getlist("cols") for key in part.split(",") if key}
        asked &= {column.key for column in self._offered}
        if not asked:
            return [column for column in self._offered if column.visible or column.fixed]
        return [column for column in self._offered if column.fixed or column.key in asked]

    @property
    def choices(self) -> list[Choice]:
        """Every column this user may see, for the column chooser."""
        shown_keys = {column.key for column in self.columns}
        return [Choice(c.key, str(c.title), c.key in shown_keys, c.fixed) for c in self._offered]

    @cached_property
    def sort(self) -> str:
        """What `?sort=` asks for when it can be done, else the table's default when that is a column."""
        asked = self.request.GET.get("sort", "")
        if self._sortable(asked):
            return asked
        return self.table.order if isinstance(self.table.order, str) and self._sortable(self.table.order) else ""

    @property
    def heads(self) -> list[Head]:
        """The headings of the columns shown."""
        heads = []
        for column in self.columns:
            state: Literal["", "ascending", "descending"] = ""
            if self.sort.lstrip("-") == column.key:
                state = "descending" if self.sort.startswith("-") else "ascending"
            turned = f"-{column.key}" if state == "ascending" else column.key
            url = self.url(sort=turned) if column.orders else ""
            heads.append(
                Head(column.key, str(column.title), str(column.hint), url, state, column.numeric, column.phone)
            )
        return heads

    # -- filters ----------------------------------------------------------------------------------------------------
    @cached_property
    def controls(self) -> list[Control]:
        """The filters as the page shows them, counted where they are facets."""
        controls = []
        for one in self.table.filters:
            values = self.chosen.get(one.key, [])
            options: list[Option] = []
            if isinstance(one, Choose):
                options = self._options(one, values)
            many = isinstance(one, Choose) and one.many
            of = one.of if isinstance(one, Span) else ""
            controls.append(Control(one.key, str(one.title), one.control, values, options, many, of))
        return controls

    def _options(self, one: Choose, values: list[str]) -> list[Option]:
        if not one.facet:
            return [Option(value, label, value in values) for value, label in one.pairs()]
        rows = self._narrowed(but=one.key)
        if self.table.cap is None:
            counts = one.counted(rows)
        elif self.capped or values:  # without this filter there may be any number of them
            counts = one.counted(rows, FACETS_TO + 1)
        else:
            counts = one.tallied(rows)
        options = []
        for value, label in one.pairs():
            count = counts.get(value, 0)
            more = self.table.cap is not None and count > FACETS_TO
            options.append(Option(value, label, value in values, FACETS_TO if more else count, more))
        return options

    @property
    def search(self) -> Control | None:
        """The text search, shown first."""
        return next((control for control in self.controls if control.kind == "search"), None)

    @property
    def narrowing(self) -> list[Control]:
        """The filters other than the text search, as many as are always shown."""
        return self._others if len(self._others) <= FOLDED_FROM else self._others[:ALWAYS_SHOWN]

    @property
    def seldom(self) -> list[Control]:
        """The filters that are folded away, where there are many."""
        return self._others[len(self.narrowing) :]

    @property
    def seldom_used(self) -> int:
        """How many of those folded away narrow the list now."""
        return sum(any(control.values) for control in self.seldom)

    @property
    def _others(self) -> list[Control]:
        return [control for control in self.controls if control.kind != "search"]

    @cached_property
    def chips(self) -> list[Chip]:
        """The active filters, each with a way out of it."""
        chips = []
        for one in self.table.filters:
            values = self.chosen.get(one.key, [])
            if not values:
                continue
            if isinstance(one, Span):
                label = f"{values[0] or '…'} – {values[1] or '…'}"
                url = self.url(**{f"{one.key}_from": None, f"{one.key}_to": None})
                chips.append(Chip(str(one.title), label, url))
                continue
            for value in values:
                rest = [other for other in values if other != value]
                chips.append(Chip(str(one.title), one.label(value), self.url(**{one.key: rest or None})))
        return chips

    # -- addresses --------------------------------------------------------------------------------------------------
    def url(self, **changes: object) -> str:
        """This list with some parameters changed; None takes one out. The page goes back to the first unless given."""
        query = self.request.GET.copy()
        for gone in ("page", "export"):
            query.pop(gone, None)
        for key, value in changes.items():
            if value is None:
                query.pop(key, None)
            elif isinstance(value, list):
                query.setlist(key, [str(one) for one in value])
            else:
                query[key] = str(value)
        text = query.urlencode(safe=",")
        return f"{self.path}?{text}" if text else self.path

    @property
    def token(self) -> str:
        """For the forms inside the list, which is drawn without the page around it."""
        return get_token(self.request)

    @property
    def here(self) -> str:
        """This list as it is shown, its page included."""
        return self.url(page=self.page) if self.page > 1 else self.url()

    @property
    def clear_url(self) -> str:
        """The list without any filter; order, columns and page size stay."""
        gone: dict[str, object] = {}
        for one in self.table.filters:
            names = [f"{one.key}_from", f"{one.key}_to"] if isinstance(one, Span) else [one.key]
            gone.update(dict.fromkeys(names))
        return self.url(**gone)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters the filter form must carry along as hidden fields: order, columns, page size and the caller's
        own.
        """
        owned = {"page", "export"}
        for one in self.table.filters:
            owned |= {f"{one.key}_from", f"{one.key}_to"} if isinstance(one, Span) else {one.key}
        return [(key, value) for key, values in self.request.GET.lists() if key not in owned for value in values]

    @property
    def kept_for_columns(self) -> list[tuple[str, str]]:
        """Parameters the column chooser must carry along."""
        return [(k, v) for k, vs in self.request.GET.lists() if k not in {"cols", "page", "export"} for v in vs]

    @property
    def sizes(self) -> list[PageLink]:
        """Links to other page sizes."""
        return [PageLink(str(size), self.url(size=size), size == self.size) for size in SIZES]

    @property
    def links(self) -> list[PageLink]:
        """The pager: first, last, the page shown and its neighbours, with gaps between."""
        near = range(self.page - 1, self.page + 2)
        wanted = sorted({number for number in (1, *near, self.pages) if 1 <= number <= self.pages})
        links: list[PageLink] = []
        before = 0
        for number in wanted:
            if number - before > 1:
                links.append(PageLink("…", ""))
            current = number == self.page
            links.append(PageLink(str(number), "" if current else self.url(page=number), current))
            before = number
        return links

    @property
    def previous_url(self) -> str:
        """The page before, empty on the first."""
        return self.url(page=self.page - 1) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        """The page after, empty on the last."""
        return self.url(page=self.page + 1) if self.page < self.pages else ""

    @property
    def export_links(self) -> list[tuple[str, str]]:
        """Kind of file and address of each export, none when the user may not export."""
        if not self.may_export:
            return []
        return [("xlsx", self.url(export="xlsx")), ("csv", self.url(export="csv"))]

    # -- answers ----------------------------------------------------------------------------------------------------
    @property
    def export_format(self) -> str:
        """`xlsx` or `csv` when the request asks for a file and the user may have it, else empty."""
        asked = self.request.GET.get("export", "")
        return asked if self.may_export and asked in exports.FORMATS else ""

    def export(self, name: str = "") -> HttpResponseBase:
        """Every row that passes the filters, uncut, with the columns shown, as a file 导出.

        `name`: file name without ending; default: the caption or key with today's date. Formulas are made harmless
        by the writer.
        """
        title = name or f"{self.table.caption or self.table.key}-{clock.today():%Y%m%d}"
        return exports.answer(
            self.export_format or "xlsx", title, [str(column.title) for column in self.columns], self._export_rows()
        )

    def answer(self, template: str, context: Mapping[str, object] | None = None) -> HttpResponse:
        """The page, or only the list when HTMX asks for the list."""
        asks_for_list = self.request.headers.get("HX-Target") == self.id
        name = "ui/components/list.html" if asks_for_list else template
        response = render(self.request, name, {**(context or {}), "table": self})
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    # -- inside -----------------------------------------------------------------------------------------------------
    @cached_property
    def _narrow(self) -> QuerySet[M]:
        return self.table.narrowed(self._all, self.request.GET)

    def _narrowed(self, but: str = "") -> QuerySet[M]:
        """The rows that pass the filters, all of them or all but one; a filter may have to ask the database first."""
        return self.table.narrowed(self._all, self.request.GET, but) if but in self.chosen else self._narrow

    def _sortable(self, asked: str) -> bool:
        return any(column.key == asked.removeprefix("-") and column.orders for column in self._offered)

    def _orders(self) -> list[Any]:
        """ORM order, always ending in the primary key so that pages never overlap."""
        descending = self.sort.startswith("-")
        column = next((one for one in self._offered if one.key == self.sort.removeprefix("-")), None)
        if column is None:
            default = self.table.order
            names = [default] if isinstance(default, str) else list(default)
            return names if {"pk", "-pk"} & set(names) else [*names, "pk"]
        orders: list[Any] = []
        for name in column.orders:
            if column.nullable:
                plain = F(name)
                orders.append(plain.desc(nulls_last=True) if descending else plain.asc(nulls_last=True))
            else:
                orders.append(f"-{name}" if descending else name)
        return [*orders, "-pk" if descending else "pk"]

    def _export_rows(self) -> Iterator[list[Cell]]:
        columns = self.columns
        for item in self.filtered.iterator(chunk_size=2000):
            yield [column.exported(item) for column in columns]


def _cell_class(column: Column[Any]) -> str:
    dated = column.kind in {"date", "datetime"}
    return " ".join(
        name for name, on in (("lq-num", column.numeric), ("lq-date", dated), ("lq-wide", not column.phone)) if on
    )


def _follow(row: object, path: str) -> object:
    """The value at the end of a dotted path; None as soon as a step is None."""
    value: object = row
    for step in path.split("."):
        if value is None:
            return None
        value = value.get(step) if isinstance(value, Mapping) else getattr(value, step)
        if callable(value) and not isinstance(value, type):
            value = value()
    return value
