"""A building of the cast with a point, its bins, cards and duties, and clues that can be looked at."""

import io
from datetime import date, datetime, timedelta

import pytest
from PIL import Image

from linqi.kit import clock
from linqi.kit.clock import ZONE

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
BEGAN = date(2026, 1, 1)


@pytest.fixture
def at(monkeypatch):
    """Set the clock of the product; it starts on a Monday morning."""

    def move(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    move(MONDAY)
    return move


def jpeg(colour=(90, 120, 60)):
    """A small picture of one colour, as a phone sends it."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def stored(settings, tmp_path):
    """Files of this test lie in a folder of its own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


@pytest.fixture
def point(cast):
    """The drop point of the third floor: the firm and its neighbour throw in here, the property company answers for it."""
    from linqi.organisation.models import Company
    from linqi.waste.models import Duty, Point

    made = Point.objects.create(
        place=cast.floor, kind="drop", name="3层投放点", since=BEGAN, reviewed_on=BEGAN, published_on=BEGAN
    )
    company = Company.objects.create(place=cast.street, kind="property", name="云谷物业有限公司", since=BEGAN)
    Duty.objects.create(point=made, kind="operator", company=company, since=BEGAN)
    return made


@pytest.fixture
def company(point):
    """The property company that answers for the point."""
    return point.duties.get().company


@pytest.fixture
def works_for(cast):
    """Enter a user of the cast as somebody who works for a company."""
    from linqi.organisation.models import Employment, Person

    def enter(who, company, until=None):
        person = Person.objects.create(place=cast.street, name=who, user=cast.users[who])
        return Employment.objects.create(person=person, company=company, percent=100, since=BEGAN, until=until)

    return enter


@pytest.fixture
def bin(cast, point):
    """A bin for residual waste that has stood there since January."""
    from linqi.waste.models import Bin, Standing

    made = Bin.objects.create(code="FL-001", stream="residual", place=cast.floor, since=BEGAN)
    Standing.objects.create(bin=made, point=point, since=datetime(2026, 1, 1, tzinfo=ZONE))
    return made


@pytest.fixture
def clue(bin, at):
    """Makes clues of the bin, as `storing` does: one an hour."""
    from linqi.waste.models import Clue

    def make(hours_ago=1, kind="mixed", of=None, **said):
        where = of or bin
        moment = clock.now() - timedelta(hours=hours_ago)
        point = where.standings.first().point
        return Clue.objects.create(
            bin=where, point=point, kind=kind, witness="device", at=moment, raised_at=moment, **said
        )

    return make


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def task(cast, clue):
    """Three clues of the bin that a person has confirmed: the threshold of the product."""
    from linqi.waste.actions.clues import look_many
    from linqi.waste.models import Task

    look_many(clues=[clue(n) for n in (1, 2, 3)], confirmed=True, by=cast.governance_specialist)
    return Task.objects.get()


@pytest.fixture
def ladder(cast, task, at):
    """Lead a task up to a state, a day a step, each by a person."""
    from linqi.waste.actions import tasks

    def lead(to, offence="HZ65u", **party):
        by = cast.governance_specialist
        party = party or {"enterprise": cast.firm}
        steps = {
            "addressed": lambda: tasks.address(task=task, **party, why="刷卡记录", by=by),
            "reminded": lambda: tasks.remind(task=task, text="请按要求分类投放。", by=by),
            "ordered": lambda: tasks.order(task=task, text="责令五个工作日内改正。", offence=offence, by=by),
            "rechecking": lambda: tasks.recheck(task=task, by=by),
            "repeated": lambda: tasks.failed(task=task, note="桶内仍有厨余", by=by),
        }
        for state, act in steps.items():
            at(clock.now() + timedelta(days=1))
            act()
            task.refresh_from_db()
            if state == to:
                return task
        return task

    return lead
