"""Evidence is not lost because staff were slow: pictures, events and deposits of clues, in whatever order they come and are looked at."""

import io
from datetime import date
from itertools import count

import pytest
from PIL import Image

from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.waste import tracing
from linqi.waste.actions import clues, hours, pictures, retention
from linqi.waste.actions.chain import broken_at, links_of
from linqi.waste.models import Card, Clue, Event, Picture
from linqi.waste.rules.messages import Incoming
from linqi.waste.rules.tracing import Ground
from linqi.waste.storing import store

from .conftest import DAY0

ORDERS = (
    ("event", "picture", "look"),
    ("picture", "event", "look"),
    ("event", "look", "picture"),
)
SAID = ("confirmed", "refuted", "waiting")


@pytest.fixture
def street(bins, cast, at, settings, tmp_path):
    """Short ways to tell, to take a picture, to look, and to let a night pass."""
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        }
    }
    return Street(bins.chip, cast.governance_specialist, at)


class Street:
    def __init__(self, device, looker, at):
        self.device, self.looker, self.at, self.numbers = device, looker, at, count(1)

    def tell(self, told="mixed", value=0.1 + 0.2, **more):
        ms = int(clock.now().timestamp() * 1000)
        store([Incoming(self.device.pk, 1, next(self.numbers), told, ms, value, **more)], ms)

    def take(self, ref, taken_at=DAY0):
        data = io.BytesIO()
        Image.new("RGB", (96, 64), "white").save(data, "JPEG")
        how = {"data": data.getvalue(), "taken_at": taken_at, "ref": ref, "now": clock.now(), "by": SYSTEM}
        return pictures.take_picture(device=self.device, **how)

    def look(self, ref, said):
        if said != "waiting":
            reason = "反光" if said == "refuted" else ""
            one = Clue.objects.get(event_picture=ref)
            clues.look(clue=one, confirmed=said == "confirmed", reason=reason, by=self.looker)

    def night(self, days):
        now = self.at(days)
        hours.count_hours(now)
        retention.drop_old(now)
        pictures.tick(now)


def test_in_every_order_an_open_or_confirmed_clue_keeps_its_picture_and_a_refuted_one_does_not(street):
    cases = {f"{said}-{n}": (order, said) for n, order in enumerate(ORDERS) for said in SAID}
    for ref, (order, _said) in cases.items():
        for step in order[: order.index("look")]:
            street.tell(picture=ref) if step == "event" else street.take(ref)
    street.night(1)
    street.at(20)
    for ref, (order, said) in cases.items():
        if order[1] == "look":
            street.look(ref, said)
            street.take(ref)
    for day in (29, 30, 99):
        street.night(day)
    left = set(Picture.objects.values_list("ref", flat=True))
    assert left == set(cases) - {"refuted-2"}, (
        "what nobody has looked at is kept; what was refuted is a picture as any other"
    )
    street.at(100)
    for ref, (order, said) in cases.items():
        if order[2] == "look":
            street.look(ref, said)
    street.night(100)
    slip = Clue.objects.get(event_picture="refuted-0")
    clues.unlook(clue=slip, by=street.looker)
    street.night(101)
    assert set(Picture.objects.values_list("ref", flat=True)) == left - {"refuted-1"}, (
        "a slip can be taken back that day"
    )
    street.look("refuted-0", "refuted")
    street.night(400)
    assert not Event.objects.exists()
    assert {one.ref for one in Picture.objects.all()} == {ref for ref in cases if not ref.startswith("refuted")}
    for one in Clue.objects.exclude(state="refuted"):
        shown = tracing.picture_of(one)
        assert shown is not None, one.event_picture
        assert shown.ref == one.event_picture
    street.night(732)
    left = {one.ref for one in Picture.objects.all()}
    assert left == {ref for ref in cases if ref.startswith("confirmed")}, "after two years nothing can be punished"
    for one in Clue.objects.all():
        links = links_of(one)
        assert broken_at(one) is None, one.event_picture
        if one.state == "confirmed":
            assert [link.what for link in links].count("picture") == 1, one.event_picture
            assert links[0].data["event"]["value"] == str(0.1 + 0.2)
            assert links[0].data["event"]["picture"] == one.event_picture


def test_the_picture_of_another_bin_or_device_is_not_the_clues(street, bins):
    street.tell(picture="p")
    street.device = bins.second
    street.take("p")
    one = Clue.objects.get()
    assert tracing.picture_of(one) is None
    street.night(31)
    assert not Picture.objects.exists()


def test_who_could_have_been_it_is_written_down_before_the_deposits_go(street, cast):
    Card.objects.create(code="K1", kind="card", enterprise=cast.firm, since=date(2026, 1, 1))
    street.tell("deposit", 1.5, card="K1")
    street.at(0.01)
    street.tell()
    one = Clue.objects.get()
    before = tracing.trace(one).shares
    assert before[0].ground is Ground.DEPOSITS
    for day in (1, 89, 92):
        street.night(day)
        assert one.links.exists() is (day == 92)
    assert not Event.objects.filter(told="deposit").exists()
    assert tracing.trace(one).shares == before
    clues.look(clue=one, confirmed=True, by=street.looker)
    assert broken_at(one) is None
    assert tracing.as_read(links_of(one)[3].data["shares"]) == before
