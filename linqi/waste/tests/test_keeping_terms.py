"""A street sets how long it keeps what its bins tell: what goes is said before, it begins at midnight, and other streets are left alone."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.waste import queries_keeping as queries
from linqi.waste.actions import hours, keeping, retention
from linqi.waste.actions.pictures import tick
from linqi.waste.law import book
from linqi.waste.models import Event, KeepingTerms, Picture
from linqi.waste.rules.keeping import EVENTS
from linqi.waste.rules.messages import Incoming
from linqi.waste.storing import store


@pytest.fixture
def told(bins, at):
    """On each of forty days a deposit and a fill level, here and in the other street; a picture every tenth day."""
    for day in range(40):
        ms = int(at(day).timestamp() * 1000)
        for device in (bins.chip, bins.far_chip):
            names = ("deposit", "fill")
            store([Incoming(device.pk, 1, 2 * day + n, one, ms, 0.5) for n, one in enumerate(names, 1)], ms)
        if day % 10 == 0:
            for key in ("chip", "far_chip"):
                Picture.objects.create(
                    device=bins.devices[key], bin=bins.bins[key], ref=str(day), file="waste/none.jpg", sha256="0" * 64,
                    size=1, blurred=0, taken_at=clock.now(), stored_on=clock.today(), doubt="unsure",
                )  # fmt: skip
    night(at, 40)


def night(at, day):
    now = at(day)
    hours.count_hours(now)
    retention.drop_old(now)
    tick(now)


def left(device):
    """How many deposits, fill levels and pictures of a device there are."""
    events = Event.objects.filter(device_id=device.pk)
    return (*(events.filter(told=one).count() for one in ("deposit", "fill")), device.pictures.count())


def test_shorter_days_are_told_first_begin_at_midnight_and_hold_in_one_street_only(bins, cast, at, told):
    assert left(bins.chip) == left(bins.far_chip) == (40, 29, 2)
    lying = {one.kind: one for one in queries.kept(cast.street, clock.today())}
    assert [lying["fill"].there, lying["fill"].tonight, lying["deposit"].there] == [29, 1, 40]
    assert [lying["picture"].there, lying["picture"].tonight] == [2, 0]
    days = {**queries.default_days(), "fill": 15, "picture": 20, "deposit": 200}
    said = {"street": cast.street, "days": days, "source": "街办〔2026〕3号", "by": cast.street_leader}
    with pytest.raises(ValidationError) as refused:
        keeping.set_keeping(**said)
    assert re.findall(r"约 (\d+) 条记录、(\d+) 张", refused.value.message_dict["knowing"][0]) == [("15", "1")]
    keeping.set_keeping(**said, knowing=True)
    entry = Entry.objects.latest("pk")
    assert (entry.verb, entry.data["changed"]["fill"]) == ("waste.keeping_set", [30, 15])
    night(at, 40.5)
    assert left(bins.chip) == (40, 29, 2), "nothing goes before midnight"
    tonight = {one.kind: one.tonight for one in queries.kept(cast.street, clock.today())}
    assert (tonight["fill"], tonight["picture"], tonight["deposit"]) == (16, 1, 0)
    night(at, 41)
    assert left(bins.chip) == (40, 13, 1)
    assert left(bins.far_chip) == (40, 28, 2)
    night(at, 120)
    assert left(bins.chip) == (40, 0, 0)
    assert left(bins.far_chip) == (9, 0, 0)
    night(at, 300)
    assert not Event.objects.exists()


def test_until_midnight_it_can_be_taken_back_and_the_default_comes_again(bins, cast, at):
    street, by = cast.street, cast.street_leader
    days = {**queries.default_days(), "fill": 60}
    tomorrow = clock.today() + timedelta(days=1)
    keeping.set_keeping(street=street, days=days, source="一", by=by)
    assert (queries.days_on(street.pk, tomorrow)["fill"], queries.days_on(street.pk, clock.today())["fill"]) == (60, 30)
    keeping.take_back_keeping(street=street, by=by)
    assert not KeepingTerms.objects.exists()
    keeping.set_keeping(street=street, days=days, source="一", by=by)
    at(1)
    keeping.set_keeping(street=street, days={**days, "fill": 70}, source="二", by=by)
    keeping.restore_keeping(street=street, by=by)
    later = clock.today() + timedelta(days=1)
    assert (queries.days_on(street.pk, clock.today())["fill"], queries.days_on(street.pk, later)["fill"]) == (60, 30)
    keeping.take_back_keeping(street=street, by=by)
    assert queries.days_on(street.pk, later)["fill"] == 60
    assert queries.days_on(cast.far_street.pk, later)["fill"] == 30


@pytest.mark.parametrize(
    ("kind", "days"), [("fill", 14), ("fill", 731), ("picture", 6), ("picture", 91), ("lid", None)]
)
def test_days_beyond_the_bounds_are_refused_by_name(cast, at, kind, days):
    said = {**queries.default_days(), kind: days}
    with pytest.raises(ValidationError) as refused:
        keeping.set_keeping(street=cast.street, days=said, source="x", by=cast.street_leader)
    assert list(refused.value.message_dict) == [kind]


def test_the_longest_is_what_the_penalties_law_asks():
    assert timedelta(days=EVENTS.most) == book().limitation


def test_the_page_shows_what_lies_there_and_changes_it(bins, cast, at, as_):
    with pytest.raises(PermissionDenied):
        keeping.restore_keeping(street=cast.street, by=cast.community_secretary)
    assert as_("governance_specialist").get(reverse("waste:keeping")).status_code == 403
    browser = as_("street_leader")
    address = browser.get(reverse("waste:keeping")).url
    assert "行政处罚法第36条" in browser.get(address).content.decode()
    said = {**queries.default_days(), "fill": 45, "source": "街办〔2026〕3号"}
    assert browser.post(address, {**said, "picture": 400}).status_code == 422
    assert browser.post(address, said).status_code == 302
    shown = browser.get(address).content.decode()
    assert "2026-03-03 零点起生效" in shown
    assert "街办〔2026〕3号" in shown
    browser.post(reverse("waste:keeping_take_back", args=[cast.street.pk]))
    assert not KeepingTerms.objects.exists()
    assert as_("stranger").get(address).status_code in {403, 404}
