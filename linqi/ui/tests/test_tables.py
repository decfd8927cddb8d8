"""Lists: what the address asks for is what the page shows, and rows never cost queries."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linqi.ui import tables
from linqi.ui.tables import Choose, Column, Search, Span, Table

PEOPLE = Table[Permission](
    key="people",
    columns=[
        Column("name", "名称", sort="name", fixed=True),
        Column("codename", "代号", sort="codename"),
        Column(
            "kind",
            "类别",
            value="content_type.model",
            sort="content_type__model",
            kind="badge",
            tone=lambda row: "good",
        ),
        Column("secret", "内部编号", value="pk", sort="pk", visible=False),
    ],
    order="name",
    filters=[
        Search("q", "名称", apply=lambda rows, text: rows.filter(name__icontains=text)),
        Choose("kind", "类别", [("one", "甲"), ("two", "乙")], field="content_type__model", facet=True, many=True),
        Span("pk", "编号", field="pk", of="number"),
    ],
    row_url=lambda row: f"/people/{row.pk}/",
    size=20,
)


@pytest.fixture
def rows(db):
    Permission.objects.all().delete()
    one, two = (ContentType.objects.create(app_label="test", model=model) for model in ("one", "two"))
    Permission.objects.bulk_create(
        Permission(name=f"Name {n:03}", codename=f"code{200 - n:03}", content_type=one if n % 3 else two)
        for n in range(120)
    )
    return Permission.objects.filter(content_type__app_label="test").select_related("content_type")


def bind(rows, query="", table=PEOPLE, **more):
    return table.bind(RequestFactory().get(f"/people/?{query}"), rows, **more)


def names(table):
    return [row.name for row in table.objects]


def test_a_page_is_bounded_and_says_the_total(rows):
    table = bind(rows)
    assert (len(table.objects), table.total, table.pages, table.first, table.last) == (20, 120, 6, 1, 20)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        pytest.param("size=50", 50, id="a size on offer"),
        pytest.param("size=100000", 20, id="a size nobody offers"),
        pytest.param("size=-1", 20, id="a negative size"),
        pytest.param("size=x", 20, id="no number"),
    ],
)
def test_page_size(rows, query, size):
    assert bind(rows, query).size == size


@pytest.mark.parametrize(
    ("query", "page"),
    [
        pytest.param("page=3", 3, id="a page that exists"),
        pytest.param("page=99", 6, id="past the end becomes the last"),
        pytest.param("page=0", 1, id="before the start becomes the first"),
        pytest.param("page=²", 1, id="a digit that is no number"),
        pytest.param("page=99999999999999999999", 1, id="absurdly large"),
    ],
)
def test_page_number(rows, query, page):
    assert bind(rows, query).page == page


def test_pages_do_not_overlap_when_the_order_has_ties(rows):
    seen = [name for page in range(1, 7) for name in names(bind(rows, f"sort=kind&page={page}"))]
    assert len(seen) == len(set(seen)) == 120


def test_sorting_follows_the_address_and_turns_round(rows):
    assert names(bind(rows, "sort=codename"))[0] == "Name 119"
    descending = bind(rows, "sort=-name")
    assert names(descending)[0] == "Name 119"
    head = next(head for head in descending.heads if head.key == "name")
    assert (head.sorted, head.url) == ("descending", "/people/?sort=name")


def test_an_unknown_order_is_the_default_order(rows):
    assert names(bind(rows, "sort=password"))[0] == "Name 000"


def test_unknown_values_come_last_both_ways(rows):
    table = Table[Permission](key="t", columns=[Column("name", "名称", sort="maybe", nullable=True)], order="name")
    from django.db.models import Case, CharField, F, When

    some = rows.annotate(maybe=Case(When(name__lt="Name 100", then=F("name")), default=None, output_field=CharField()))
    for query in ("sort=name", "sort=-name"):
        last = names(
            bind(
                some,
                f"{query}&page=6",
                table=table,
            )
        )[-1]
        assert last >= "Name 100"


def test_filters_narrow_and_show_chips_that_lead_out(rows):
    table = bind(rows, "q=Name&kind=two&pk_from=1&sort=name&page=2")
    assert table.total == 40
    labels = {chip.label: chip.url for chip in table.chips}
    assert labels["乙"] == "/people/?q=Name&pk_from=1&sort=name"
    assert table.clear_url == "/people/?sort=name"


def test_values_that_were_never_offered_are_ignored(rows):
    table = bind(rows, "kind=three&pk_from=abc&q=%20%00")
    assert (table.total, table.chips) == (120, [])


def test_facets_count_what_each_choice_would_leave(rows):
    control = next(one for one in bind(rows, "kind=one&q=Name 00").controls if one.key == "kind")
    assert [(option.value, option.count, option.chosen) for option in control.options] == [
        ("one", 6, True),
        ("two", 4, False),
    ]


def test_chosen_columns_and_the_fixed_one(rows):
    assert [column.key for column in bind(rows, "cols=secret,kind").columns] == ["name", "kind", "secret"]
    assert [column.key for column in bind(rows, "cols=kind&cols=codename").columns] == ["name", "codename", "kind"]
    assert [column.key for column in bind(rows, "cols=nothing").columns] == ["name", "codename", "kind"]


def test_a_column_the_user_may_not_see_is_nowhere(rows):
    table = bind(rows, "cols=secret&sort=-secret", without={"secret"})
    assert "secret" not in {column.key for column in table.columns} | {choice.key for choice in table.choices}
    assert names(table)[0] == "Name 000"


def test_the_total_can_be_capped(rows):
    table = Table[Permission](key="t", columns=PEOPLE.columns, cap=50, size=20)
    bound = bind(rows, table=table)
    assert (bound.total, bound.capped, bound.pages) == (50, True, 3)
    assert bound.whole == 120, "an export holds everything, and says so"


def facet(rows, query, cap):
    table = Table[Permission](key="t", columns=PEOPLE.columns, filters=PEOPLE.filters, cap=cap, size=20)
    control = next(one for one in bind(rows, query, table=table).controls if one.key == "kind")
    return [(option.value, option.counted) for option in control.options]


@pytest.mark.parametrize(
    ("query", "cap", "counted"),
    [
        pytest.param("", None, [("one", "80"), ("two", "40")], id="without a cap"),
        pytest.param("", 50, [("one", "60+"), ("two", "40")], id="more rows than the cap: none is counted further"),
        pytest.param("q=Name 00", 50, [("one", "6"), ("two", "4")], id="few rows are counted one by one"),
        pytest.param("kind=two", 50, [("one", "60+"), ("two", "40")], id="a chosen kind says nothing of the other"),
    ],
)
def test_what_is_beside_a_choice_is_counted_as_far_as_the_cap(rows, monkeypatch, query, cap, counted):
    monkeypatch.setattr(tables, "FACETS_TO", 60)
    assert facet(rows, query, cap) == counted


def test_queries_do_not_grow_with_the_rows(rows):
    def count(query):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            render_to_string("ui/components/list.html", {"table": bind(rows, query)})
        return len(caught)

    assert count("size=20") == count("size=100") == 3  # the page, the total, one facet


def test_the_list_renders_in_every_state(rows):
    full = render_to_string("ui/components/list.html", {"table": bind(rows, "kind=one&cols=name,kind")})
    assert "/people/" in full
    assert "lq-badge" in full
    none = render_to_string("ui/components/list.html", {"table": bind(rows, "q=nothing like it")})
    assert "lq-empty" in none
    empty = render_to_string("ui/components/list.html", {"table": bind(Permission.objects.none())})
    assert "lq-empty" in empty


def test_cells_are_escaped(rows):
    rows.filter(name="Name 000").update(name="<script>alert(1)</script>")
    html = render_to_string("ui/components/list.html", {"table": bind(rows, "sort=name")})
    assert "<script>" not in html


def test_an_answer_to_htmx_is_only_the_list(rows):
    request = RequestFactory().get("/people/", headers={"HX-Request": "true", "HX-Target": "list-people"})
    response = PEOPLE.bind(request, rows).answer("no/such/page.html")
    assert b"<html" not in response.content
    assert "HX-Target" in response["Vary"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_holds_every_row_uncut(rows, kind):
    table = bind(rows, f"export={kind}&kind=one&page=2")
    assert table.export_format == kind
    content = b"".join(table.export())
    assert content.count(b"\n") == 81 if kind == "csv" else content.startswith(b"PK")


def test_no_export_without_permission(rows):
    table = bind(rows, "export=csv", may_export=False)
    assert (table.export_format, table.export_links) == ("", [])


@given(
    query=st.dictionaries(
        st.sampled_from(["q", "kind", "pk_from", "pk_to", "sort", "cols", "size", "page", "export", "other"]),
        st.one_of(
            st.text(max_size=20), st.sampled_from(["one", "-name", "name,kind", "1e999", "-1", "__none", "99999999999"])
        ),
    )
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_the_address_the_list_holds(rows, query):
    request = RequestFactory().get("/people/", query)
    table = PEOPLE.bind(request, rows)
    assert len(table.rows) <= 100
    assert 1 <= table.page <= table.pages
    assert render_to_string("ui/components/list.html", {"table": table})


def test_a_span_of_days_includes_both_ends():
    span = Span("due", "期限", field="due_at")
    assert span.read(QueryDict("due_from=2026-03-02&due_to=2026-13-01")) == ["2026-03-02", ""]
    assert span.read(QueryDict("due_from=9999-12-31")) == []


def test_a_dotted_value_stops_at_the_unknown():
    assert tables._follow(Group(name="x"), "name") == "x"
    assert tables._follow(type("Row", (), {"place": None})(), "place.name") is None


def test_declaring_a_table_wrongly_is_refused():
    with pytest.raises(ValueError, match="share a key"):
        Table[Group](key="t", columns=[Column("a", "甲"), Column("a", "乙")])
    with pytest.raises(ValueError, match="reserved"):
        Table[Group](key="t", columns=[Column("a", "甲")], filters=[Choose("page", "页", [])])


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        pytest.param(0, "number", "0", id="zero is a number"),
        pytest.param(None, "number", "—", id="unknown is not zero"),
        pytest.param(1234567, "number", "1,234,567", id="thousands"),
        pytest.param(Decimal("5000000"), "money", "500 万元", id="capital in 万元"),
        pytest.param(Decimal("120000000"), "money", "1.2 亿元", id="capital in 亿元"),
        pytest.param(800, "money", "800 元", id="small money"),
        pytest.param(0.125, "percent", "12.5%", id="a share"),
        pytest.param(date(2026, 3, 2), "date", "2026-03-02", id="a day"),
        pytest.param(True, "text", "是", id="yes"),
    ],
)
def test_how_values_look(value, kind, text):
    from linqi.ui.shown import plain

    assert plain(value, kind) == text


def test_an_exported_moment_is_local_time_and_a_truth_is_a_word():
    from datetime import UTC, datetime

    moment = Column("at", "时间", value=lambda row: datetime(2026, 3, 2, 16, 30, tzinfo=UTC))
    assert moment.exported(Group()) == datetime(2026, 3, 3, 0, 30)
    assert Column("ok", "是否", value=lambda row: True).exported(Group()) == "是"
    assert Column("none", "无", value=lambda row: None).exported(Group()) is None
