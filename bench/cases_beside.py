"""A peer beside ours: django-helpdesk with as many tickets, its list and its search, on the same machine.

    python -m venv /tmp/hd && /tmp/hd/bin/pip install django-helpdesk
    /tmp/hd/bin/python bench/cases_beside.py [--tickets 100000] [--requests 20]        # the peer, by its own interpreter
    DATABASE_URL=sqlite:////tmp/b.sqlite3 LINQI_HOME=/tmp/b .venv/bin/python -m bench.cases --cases 100000   # ours

SQLite in a new file, five queues, the titles of `bench/cases.py`. A look at the list is two requests there, the page and its rows
as JSON (25 of them), and one with us (50 rows); both are counted whole, through Django's test client, templates included. The
user is a staff member who sees every queue: scoping, deadlines and dispatch are not asked of the peer. One JSON object on
standard output, in milliseconds.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.cases import FAULTS, PARTS, TOPICS

APPS = ("auth", "contenttypes", "sessions", "sites", "messages", "admin", "humanize")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--tickets", type=int, default=100_000)
    asked.add_argument("--requests", type=int, default=20)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as home:
        client = ready(Path(home))
        fill(options.tickets)
        report: dict[str, object] = {"peer": "django-helpdesk", "tickets": options.tickets}
        looks = {
            "first": {},
            "open": {"filtering": {"status__in": [1, 2]}},
            "queue": {"filtering": {"queue__id__in": [1]}},
            "words": {"search_string": "电梯停运"},
        }
        report["pages"] = {
            name: timed(lambda look=look: listed(client, look), options.requests) for name, look in looks.items()
        }
        report["opening"] = {"tickets_per_s": opening()}
        print(json.dumps(report, ensure_ascii=False, indent=1))


def ready(home: Path):
    """A project of nothing but the peer, its tables, and a signed-in staff member's client."""
    import django
    from django.conf import settings

    (home / "bench_urls.py").write_text(
        "from django.urls import include, path\n"
        "from django.contrib import admin\n"
        "urlpatterns = [path('', include('helpdesk.urls', namespace='helpdesk')), path('admin/', admin.site.urls)]\n"
    )
    sys.path.insert(0, str(home))
    settings.configure(
        SECRET_KEY="bench",
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bench_urls",
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in APPS), "rest_framework", "helpdesk"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "peer.sqlite3")}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        TIME_ZONE="Asia/Shanghai",
        STATIC_URL="/static/",
        SITE_ID=1,
        HELPDESK_TEAMS_MODE_ENABLED=False,
        HELPDESK_ACTIVATE_API_ENDPOINT=False,
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    )
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_superuser("bench", "bench@example.cn", "bench")
    client = Client()
    client.force_login(user)
    return client


def fill(tickets: int) -> None:
    """As many tickets as asked for, in bulk, spread over five queues, a year and the states of the peer."""
    from datetime import timedelta

    from django.utils import timezone
    from helpdesk.models import Queue, Ticket

    dice, now = random.Random(1), timezone.now()
    queues = [Queue.objects.create(title=f"科室{n}", slug=f"q{n}") for n in range(1, 6)]
    for start in range(0, tickets, 2_000):
        Ticket.objects.bulk_create(
            Ticket(
                title=f"{dice.choice(PARTS)}{dice.choice(TOPICS)}{dice.choice(FAULTS)}",
                queue=dice.choice(queues),
                created=now - timedelta(minutes=n * 5),
                modified=now,
                status=dice.choices((1, 2, 3, 4), (4, 1, 3, 42))[0],
                submitter_email="a@example.cn",
                description="希望尽快解决。",
                secret_key=f"{n}",
            )
            for n in range(start, min(start + 2_000, tickets))
        )


def listed(client, look: dict[str, object]) -> None:
    """What a browser asks for to show the list: the page, then its rows."""
    from django.urls import reverse

    page = client.get(reverse("helpdesk:list"))
    assert page.status_code == 200, page.status_code
    query = b64encode(json.dumps({"filtering": {}, "search_string": "", **look}).encode()).decode()
    order = {"order[0][column]": "0", "order[0][dir]": "desc", "columns[0][data]": "id", "draw": "1"}
    address = reverse("helpdesk:datatables_ticket_list", args=[query])
    rows = client.get(address, {"start": "0", "length": "25", "search[value]": "", **order})
    assert rows.status_code == 200, rows.content[:300]
    assert json.loads(rows.content)["recordsTotal"] > 0


def opening() -> float:
    """Tickets a second, one after the other, as the public form of the peer saves one."""
    from helpdesk.models import Queue, Ticket

    queue, count = Queue.objects.first(), 200
    began = time.perf_counter()
    for n in range(count):
        Ticket.objects.create(title=f"电梯停运{n}", queue=queue, submitter_email="a@example.cn", description="停运")
    return round(count / (time.perf_counter() - began), 1)


def timed(act: Callable[[], None], requests: int) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, after one for warming."""
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


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
