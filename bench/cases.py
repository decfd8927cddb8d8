"""A pool of a million cases: its pages, its search, comparison and opening, as served to a scoped user.

    DATABASE_URL=sqlite:////tmp/b.sqlite3 LINQI_HOME=/tmp/b .venv/bin/python -m bench.cases [--cases 1000000] [--requests 20]

The database must be migrated and its own. Five streets; the user works in one of them with one case in five. Whole
answers through Django's test client, templates included, in one process; p50 and p95 in milliseconds, and the number of
queries with 20 and with 100 rows on the page. Search is held against naive matching over every indexed text. Goals: pages,
search and comparison p95 ≤ 100 ms, recall 100 %. One JSON object on standard output.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

TOPICS = (
    "电梯",
    "停车位",
    "货款",
    "社保",
    "油烟",
    "消防通道",
    "租金",
    "补贴",
    "门禁",
    "班车",
    "食堂",
    "空调",
    "网络",
    "发票",
)
FAULTS = (
    "停运",
    "不够用",
    "拖欠三个月",
    "办不下来",
    "太吵",
    "被堵",
    "涨价",
    "没有到账",
    "失灵",
    "太少",
    "排队",
    "漏水",
    "不稳定",
)
PARTS = ("南区", "北门", "三号楼", "地下一层", "东侧", "创业园", "大堂", "顶楼", "西广场", "二期")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--cases", type=int, default=20_000)
    asked.add_argument("--requests", type=int, default=20)
    options = asked.parse_args()
    from linqi.config import wsgi  # loaded as a server loads it

    assert wsgi.application
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from bench.street import build
    from linqi.cases.models import Case

    session = build()["bench_street"]
    if not Case.objects.exists():
        said("fill", fill(options.cases))
    client = Client(SERVER_NAME="localhost")
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    report: dict[str, object] = {"database": connection.vendor, "cases": Case.objects.count()}
    report["pages"] = pages(client, options.requests)
    report["search"] = search(client, options.requests)
    report["comparison"] = comparison(options.requests)
    report["opening"] = opening()
    print(json.dumps(report, ensure_ascii=False, indent=1))


def said(what: str, found: object) -> None:
    print(json.dumps({what: found}, ensure_ascii=False), file=sys.stderr, flush=True)


def timed(act: Callable[[], object], requests: int) -> dict[str, float]:
    act()
    taken = []
    for _n in range(requests):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return {
        "p50_ms": round(statistics.median(taken), 1),
        "p95_ms": round(sorted(taken)[max(0, -(-len(taken) * 95 // 100) - 1)], 1),
    }


def pages(client, requests: int) -> dict[str, object]:
    """The pool, by the ways people look at it, and how many queries a page costs."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from linqi.cases.models import Case
    from linqi.organisation.models import Department
    from linqi.territory.models import Place

    department = Department.objects.order_by("pk").first()
    park = Place.objects.filter(kind="park").order_by("pk").first()
    newest = Case.objects.order_by("-opened_at").values_list("opened_at", flat=True).first()
    views = {
        "first": {},
        "open": {"state": ["dispatched", "accepted"]},
        "overdue": {"press": "overdue"},
        "department": {"department": department.pk, "state": "accepted"},
        "place": {"place": park.pk},
        "late page": {"page": 200},  # the last that the capped count reaches
        "by deadline": {"sort": "due_at", "state": "accepted"},
        "words": {"q": "电梯停运"},
        "closed in a month": {"state": "closed", "closed_from": str((newest - timedelta(days=30)).date())},
        "bad ratings": {"rating": "low"},
        "waiting for me": {"view": "waiting"},
        "handled": {"view": "done"},
    }
    found: dict[str, object] = {}
    for name, asked in views.items():
        address = "/cases/?" + urlencode(asked, doseq=True)
        answer = client.get(address)
        assert answer.status_code == 200, (name, answer.status_code)
        found[name] = timed(lambda address=address: client.get(address), requests)
        said(name, found[name])
    queries = {}
    for size in (20, 100):
        client.get(f"/cases/?size={size}")
        with CaptureQueriesContext(connection) as caught:
            client.get(f"/cases/?size={size}")
        queries[f"{size} rows"] = len(caught)
    found["queries"] = queries
    one = Case.objects.filter(street=street(), state="accepted").order_by("pk").first()
    found["one case"] = timed(lambda: client.get(f"/cases/{one.pk}/"), requests)
    return found


def search(client, requests: int) -> dict[str, object]:
    """The search box with one to four characters and initials; what it finds beside naive matching."""
    from linqi.search.models import Document
    from linqi.search.queries import CAP, matches
    from linqi.search.tests.plain import holds

    here = street().pk
    questions = ("梯", "电梯", "停车位", "消防通道", "dt", "xftd", "货款拖欠")
    documents = list(
        Document.objects.filter(kind="case", streets__contains=f"s{here}").values_list("object_id", "text", "words")
    )
    naive: dict[str, set[int]] = {question: set() for question in questions}
    for pk, text, words in documents:
        listed = words.split()
        for question in questions:
            if holds(text, listed, question):
                naive[question].add(pk)
    found: dict[str, object] = {"documents": len(documents)}
    for question in questions:
        ids = matches("case", question, [here], limit=len(documents) + 1)
        page = timed(lambda question=question: client.get("/search/", {"q": question}), requests)
        found[question] = {
            **page,
            "hits": len(ids),
            "recall": round(len(set(ids) & naive[question]) / len(naive[question]), 4) if naive[question] else None,
            "wrong": len(set(ids) - naive[question]),
            "capped_at": CAP,
        }
        said(question, found[question])
    return found


def comparison(requests: int) -> dict[str, object]:
    """What is typed beside what came in lately: first the pool is read into memory, then it is asked."""
    from linqi.accounts.models import User
    from linqi.cases import comparing

    user = User.objects.get(username="bench_street")
    here = street()
    began = time.perf_counter()
    comparing.similar(user, street=here, title="三号楼电梯停运")
    read = time.perf_counter() - began
    pool = comparing._pools[here.pk]
    return {
        "pool": pool.size,
        "first_s": round(read, 2),
        **timed(
            lambda: comparing.similar(user, street=here, title="三号楼电梯停运两天没人修", body="员工爬楼"), requests
        ),
    }


def opening(count: int = 200) -> dict[str, float]:
    """Cases opened, dispatched, journalled, indexed and told, one transaction each."""
    from linqi.accounts.models import User
    from linqi.cases.actions import open_case
    from linqi.cases.models import Source
    from linqi.catalogue.models import Category
    from linqi.territory.models import Place

    user = User.objects.get(username="bench_street")
    place = Place.objects.filter(kind="building").order_by("pk").first()
    category = Category.objects.get(code="property-management")
    began = time.perf_counter()
    for number in range(count):
        open_case(
            enterprise=None, place=place, category=category, title=f"电梯停运 {number}", source=Source.DESK, by=user
        )
    return {"cases_per_s": round(count / (time.perf_counter() - began), 1)}


def street():
    """The street the user works in."""
    from linqi.territory.models import Place

    return Place.objects.filter(kind="street").order_by("pk").first()


# --- the pool ---------------------------------------------------------------------------------------------------------
def fill(count: int) -> dict[str, float]:
    """Four more streets, sections and tables for all, and the cases; seconds each took."""
    from django.db import connection, transaction

    from linqi.cases.actions import seed_defaults, seed_time_limits
    from linqi.cases.models import Case
    from linqi.kit.access import SYSTEM
    from linqi.kit.bulk import insert_many
    from linqi.organisation.actions import seed_departments
    from linqi.search import actions as index
    from linqi.territory.models import Place

    began = time.perf_counter()
    with transaction.atomic():
        more_streets()
        seed_time_limits()
        for one in Place.objects.filter(kind="street"):
            seed_departments(street=one, by=SYSTEM)
            seed_defaults(street=one, by=SYSTEM)
        insert_many(Case, COLUMNS, drawn(count))
    inserted = time.perf_counter()
    rows = Case.objects.values_list("pk", "number", "title", "street")
    index.index_many("case", ((pk, f"{number} {title}", [here]) for pk, number, title, here in rows.iterator()))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"insert_s": round(inserted - began, 1), "index_s": round(time.perf_counter() - inserted, 1)}


def more_streets() -> None:
    from linqi.territory.actions import rebuild_coverage
    from linqi.territory.models import Place, Placement

    district = Place.objects.get(kind="district")
    since = district.since
    for number in range(2, 6):
        above = Place.objects.create(
            kind="street", code=f"c{number}", name=f"{number}街道", since=since, generated=True
        )
        Placement.objects.create(child=above, parent=district, since=since)
        units = Place.objects.bulk_create(
            Place(kind="building", code=f"c{number}-{at}", name=f"{at}幢", since=since, generated=True)
            for at in range(300)
        )
        Placement.objects.bulk_create(Placement(child=one, parent=above, since=since) for one in units)
    rebuild_coverage()


COLUMNS = (
    "number", "enterprise", "place", "street", "category", "case_class", "title", "body", "source", "state", "department",
    "dispatch_basis", "dispatch_reason", "opened_at", "accept_term", "contact_term", "close_term", "extend_term",
    "counted_from", "accept_due_at", "due_at", "due_why", "due_provisional", "extended", "accepted_at", "answered_at",
    "answer", "outcome", "route", "closed_at", "reopened", "rating", "rating_comment", "rated_at", "rated_by", "solved",
    "proposal", "contact_name", "contact_phone", "said_enterprise", "handler",
)  # fmt: skip


def drawn(count: int) -> Iterator[tuple[object, ...]]:
    """Cases over three years, one in fifty still open; what it draws from is read at once, before anything is copied."""
    from linqi.accounts.models import User
    from linqi.catalogue.models import Category
    from linqi.enterprises.models import Enterprise
    from linqi.kit import clock
    from linqi.organisation.models import Department
    from linqi.territory.models import Coverage, Place

    dice = random.Random(2026)
    now = clock.now()
    streets = list(Place.objects.filter(kind="street").order_by("pk"))
    places = {
        one.pk: list(
            Coverage.objects.filter(ancestor=one, descendant__kind__in=("unit", "building")).values_list(
                "descendant", flat=True
            )[:5000]
        )
        for one in streets
    }
    firms = list(Enterprise.objects.filter(seat__isnull=False).values_list("pk", "seat")[:20_000])
    sections = {one.pk: dict(Department.objects.filter(street=one).values_list("code", "pk")) for one in streets}
    categories = list(Category.objects.values_list("pk", "case_class", "department_code"))
    handlers = [User.objects.create_user(username=f"handler{number}").pk for number in range(60)]
    handlers.append(User.objects.get(username="bench_street").pk)
    return one_by_one(count, dice, now, streets, places, firms, sections, categories, handlers)


def one_by_one(count, dice, now, streets, places, firms, sections, categories, handlers):
    for number in range(count):
        at = number % 5
        here = streets[at].pk
        firm, place = dice.choice(firms) if at == 0 else (None, dice.choice(places[here]))
        category, kind, code = dice.choice(categories)
        opened = now - timedelta(days=3 * 365 * (1 - number / count), seconds=dice.randrange(80_000))
        due = opened + timedelta(days=7)
        state = "closed" if number < count * 0.98 else dice.choice(("dispatched", "accepted", "accepted", "answered"))
        answered = opened + timedelta(days=dice.randrange(1, 9)) if state in ("closed", "answered") else None
        closed = answered + timedelta(days=1) if state == "closed" and answered else None
        rating = dice.choice((None, 5, 5, 4, 3, 2)) if closed else None
        title = f"{dice.choice(PARTS)}{dice.choice(TOPICS)}{dice.choice(FAULTS)}"
        yield (
            f"LQ{opened:%Y%m%d}-{number:07d}", firm, place, here, category, kind, title, f"{title}，请尽快处理。", "desk",
            state, sections[here].get(code), "table", "", opened, "1 working_days", "", "5 working_days", "", opened,
            opened + timedelta(days=1), due, [], False, False, opened if state != "dispatched" else None, answered,
            "已办好" if answered else "", "solved" if answered else "", "", closed, 0, rating, "", closed if rating else None,
            "portal" if rating else "", "yes" if rating and rating > 2 else "", {}, "", "", "",
            dice.choice(handlers) if state != "dispatched" else None,
        )  # fmt: skip


if __name__ == "__main__":
    main()
