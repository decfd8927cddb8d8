"""A street of full size for measurements, without the demo: 30,000 places, 24,000 enterprises, one user of each role.

    DATABASE_URL=sqlite:////tmp/bench.sqlite3 .venv/bin/python -m bench.street

Deterministic; names and codes are made up. Where the demo (`linqi demo`) has filled the database, it is not needed.
"""

import os
import random
from datetime import date, timedelta

SINCE = date(2019, 1, 1)
ENTERPRISES = 24_000


def build() -> dict[str, str]:
    """Fill the empty database; returns the session key of a specialist over the street and of one over a community."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import transaction

    from linqi.accounts.actions import sync_roles
    from linqi.accounts.models import Grant, RoleRecord, User
    from linqi.enterprises.models import Enterprise
    from linqi.journal import actions as journal
    from linqi.journal.verbs import Verb
    from linqi.kit.access import SYSTEM
    from linqi.territory.models import Place

    if not os.environ.get("DATABASE_URL"):
        raise SystemExit("Set DATABASE_URL: measuring data do not belong into anybody's own database.")
    with transaction.atomic():
        sync_roles()
        if not Enterprise.objects.exists():
            _fill()
            journal.write(by=SYSTEM, verb=Verb.DEMO_GENERATED, enterprises=ENTERPRISES)
    street = Place.objects.filter(kind="street").order_by("pk").first()
    community = Place.objects.filter(kind="community").order_by("pk").first()
    sessions = {}
    for name, place in (("bench_street", street), ("bench_community", community)):
        user, made = User.objects.get_or_create(username=name, defaults={"display_name": name})
        if made:
            user.set_unusable_password()
            user.save()
            Grant.objects.create(
                user=user, role=RoleRecord.objects.get(code="econ_specialist"), place=place, since=SINCE
            )
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        sessions[name] = session.session_key
    return sessions


def _fill() -> None:
    from linqi.enterprises.models import Enterprise, Tenancy
    from linqi.enterprises.rules.names import name_key
    from linqi.kit.identifiers import make_uscc
    from linqi.territory.actions import rebuild_coverage
    from linqi.territory.models import Place, Placement

    chance = random.Random(2026)
    places: list[Place] = []
    parents: list[int | None] = []

    def place(kind: str, name: str, parent: int | None, **extra: object) -> int:
        places.append(Place(kind=kind, code=f"b{len(places)}", name=name, since=SINCE, generated=True, **extra))
        parents.append(parent)
        return len(places) - 1

    district = place("district", "测试区", None)
    street = place("street", "测试街道", district)
    units: list[int] = []
    communities = [place("community", f"{n}号社区", street, community_kind="established") for n in range(3)]
    buildings = []
    for number in range(43):
        park = place("park", f"{number}号园", communities[number % 3])
        buildings += [place("building", f"{n}幢", park) for n in range(7)]
    for building in buildings:
        for level in range(1, 10):
            floor = place("floor", f"{level}层", building, level=level)
            units += [place("unit", f"{level}{room:02}室", floor) for room in range(1, 11)]
    Place.objects.bulk_create(places, batch_size=2000)
    Placement.objects.bulk_create(
        (
            Placement(child=child, parent=places[parent], since=SINCE)
            for child, parent in zip(places, parents, strict=True)
            if parent is not None
        ),
        batch_size=5000,
    )
    rebuild_coverage()
    firms = []
    syllables = "晨川远航启明星河云帆博瑞恒信嘉禾智汇天成锦程卓越鼎盛弘毅泰和"
    for number in range(ENTERPRISES):
        trade_name = "".join(chance.sample(syllables, 3))
        name = f"杭州{trade_name}{chance.choice(['科技', '贸易', '文化传媒', '建筑工程', '餐饮管理'])}有限公司"
        firms.append(
            Enterprise(
                uscc=make_uscc("9", "1", "330110", f"MA{number:06}"),
                name=name,
                name_key=name_key(name),
                entity_type=chance.choice(["company", "company", "company", "self_employed", ""]),
                registration_status="active",
                established_on=date(2000, 1, 1) + timedelta(days=chance.randrange(9000)),
                registered_capital=chance.choice([None, 100_000, 1_000_000, 5_000_000]),
                industry_code=chance.choice(["", "I6513", "F5179", "C3919", "L7271"]),
                seat=places[chance.choice(units)],
                source="基准数据",
                as_of=SINCE,
            )
        )
    Enterprise.objects.bulk_create(firms, batch_size=1000)
    Tenancy.objects.bulk_create(
        (
            Tenancy(
                enterprise=firm,
                place_id=firm.seat_id,
                relation=chance.choice(["both", "both", "registered", "operates"]),
                since=SINCE + timedelta(days=chance.randrange(2800)),
                source="基准数据",
            )
            for firm in firms
        ),
        batch_size=2000,
    )


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    django.setup()
    print(build())
