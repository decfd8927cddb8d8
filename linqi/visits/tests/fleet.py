"""Devices as the page in the hand is one, a person at a desk, and a network that drops, doubles and delays: for the tests and the runs in `bench/`.

A device keeps its queue and what it holds through a restart; it believes only what it was answered. Everybody keeps a diary of what they wrote
and what they saw while they wrote it, from which `oracle.faults` judges.
"""

import html
import itertools
import json
import random
import re
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser

from .oracle import FIELDS, Written

DAYS = [timedelta(days=days) for days in (-2, -1, 0, 0, 1, 2)]
WORDS = ["设备进场", "想找厂房", "招人难", "电费高", "一切正常"]
COMMON = "一切正常"  # what two may say alike


class Lost(Exception):
    """The network did not bring it, or the server died over it."""


@dataclass
class Phone:
    """One device: what it must still send, what it was answered, what it holds."""

    token: str
    rng: random.Random
    name: str = ""
    off: timedelta = timedelta()
    boot: str = "1"
    queue: list = field(default_factory=list)
    numbered: int = 0
    answered: dict = field(default_factory=dict)
    holds: dict = field(default_factory=dict)
    heard: str | None = None
    keys: list = field(default_factory=list)
    diary: list = field(default_factory=list)
    sayings: object = field(default_factory=itertools.count)

    def restart(self):
        """The browser is closed and opened again; the clock may be another then."""
        self.boot = uuid.UUID(int=self.rng.getrandbits(128)).hex
        self.off = self.rng.choice(DAYS)

    def say(self, kind, visit, body, now):
        """Keep one operation in the queue."""
        self.numbered += 1
        held = self.holds.get(int(visit), {}) if visit.isdecimal() else {}
        said = {
            "id": str(uuid.UUID(int=self.rng.getrandbits(128))),
            "seq": self.numbered,
            "kind": kind,
            "visit": visit,
            "at": (now + self.off).isoformat(),
            "boot": self.boot,
            "steady": 0,
            "heard": self.heard,
            "seen": held.get("edition", 0),
            "body": body,
        }
        self.diary.append(self._written(said))
        self.queue.append(said)

    def parcel(self, now, most):
        return json.dumps(
            {
                "now": (now + self.off).isoformat(),
                "boot": self.boot,
                "steady": 0,
                "operations": self.queue[:most],
                "more": len(self.queue) > most > 0,
                "have": {pk: one["mark"] for pk, one in self.holds.items()},
            }
        )

    def take(self, answer):
        """Believe an answer, whichever of the requests it belongs to."""
        for one in answer["outcomes"]:
            before = self.answered.setdefault(one["id"], one)
            assert before == one, "an operation was answered differently the second time"
        self.queue = [one for one in self.queue if one["id"] not in self.answered]
        if "listed" not in answer:
            return
        self.heard = answer["now"]
        for sheet in answer["sheets"]:
            held = self.holds.get(sheet["id"])
            if held is None or held["edition"] <= sheet["edition"]:  # an answer that was delayed may be older
                self.holds[sheet["id"]] = sheet
        self.holds = {pk: sheet for pk, sheet in self.holds.items() if pk in answer["listed"]}

    def act(self, firms, now):
        """One thing a person does, with what they see."""
        rng = self.rng
        known = [str(pk) for pk in self.holds] + self.keys
        if not known or rng.random() < 0.1:
            key = str(uuid.UUID(int=rng.getrandbits(128)))
            self.keys.append(key)
            body = {"enterprise": rng.choice(firms), "why_again": rng.choice(["", "约好再去"])}
            return self.say("start", key, body, now)
        visit = rng.choice(known)
        kind = rng.choices(["set", "finish", "finding", "settle", "miss"], [8, 3, 4, 4, 0.3])[0]
        body = {}
        if kind == "set":
            named = rng.sample(FIELDS, rng.choice([1, 1, 1, 2, 3]))
            body = {name: self._words() for name in named}
        elif kind == "finding":
            body = {"kind": "clue", "text": f"线索{rng.getrandbits(60)}"}
        elif kind == "settle":
            clashes = self.holds.get(int(visit), {}).get("conflicts", []) if visit.isdecimal() else []
            if not clashes:
                return None
            clash = rng.choice(clashes)
            body = {"conflict": clash["id"], "value": f"确认{self._words()}", "beside": clash["value"]}
        return self.say(kind, visit, body, now)

    def _words(self):
        """Something that nobody else says; now and then what everybody may say, or nothing."""
        luck = self.rng.random()
        if luck < 0.05:
            return ""
        return COMMON if luck < 0.15 else f"{self.rng.choice(WORDS)}{next(self.sayings)}-{self.name}"

    def _written(self, said):
        body, fields, text, at = said["body"], {}, "", said["visit"]
        if said["kind"] == "set":
            fields = dict(body)
        elif said["kind"] == "settle":
            clashes = self.holds[int(at)]["conflicts"]
            fields = {one["field"]: body["value"] for one in clashes if one["id"] == body["conflict"]}
        elif said["kind"] == "finding":
            text = body.get("text", "")
        return Written(self.name, at, said["kind"], fields, self._screen(said["visit"]), said["id"], text)

    def _screen(self, visit):
        """What stands on the screen of a visit, field by field: the sheet, what waits to be sent laid over it, and what stands beside."""
        shown = {name: set() for name in FIELDS}
        sheet = self.holds.get(int(visit)) if visit.isdecimal() else None
        for name, said in (sheet["said"] if sheet else {}).items():
            shown[name].add(said["value"])
        for clash in sheet["conflicts"] if sheet else ():
            shown[clash["field"]].add(clash["value"])
        return shown


@dataclass
class Network:
    """Between the devices and the server: `send(token, body)` is the server; it raises Lost when it dies."""

    send: object
    rng: random.Random
    bad: float
    late: list = field(default_factory=list)
    told: Counter = field(default_factory=Counter)

    def exchange(self, phone, now):
        """One contact: maybe dropped on the way there or back, doubled, or kept and brought later. Whether the answer arrived."""
        body = phone.parcel(now, self.rng.randrange(1, 6))
        luck = self.rng.random() if self.bad else 1.0
        if luck < self.bad * 0.25:
            return self._count("dropped")
        if luck < self.bad * 0.45:
            self.late.append((phone, body))
            return self._count("delayed")
        try:
            if luck < self.bad * 0.65:
                self._count("doubled")
                self.send(phone.token, body)
            answer = self.send(phone.token, body)
            if luck < self.bad:
                return self._count("answer dropped")
            phone.take(answer)
        except Lost:
            return self._count("killed")
        return True

    def bring_late(self):
        """Something that was sent long ago arrives after all, in any order."""
        if self.late and self.rng.random() < 0.5:
            phone, body = self.late.pop(self.rng.randrange(len(self.late)))
            self._count("out of order")
            try:
                answer = self.send(phone.token, body)
                if self.rng.random() < 0.5:
                    phone.take(answer)
            except Lost:
                self._count("killed")

    def _count(self, what):
        self.told[what] += 1
        return False


@dataclass
class Desk:
    """A person at a desk whose forms stay open while devices write: `get(path)` and `post(path, form)` give (status, text) or raise Lost."""

    get: object
    post: object
    rng: random.Random
    name: str = "desk"
    diary: list = field(default_factory=list)
    opened: list = field(default_factory=list)
    sayings: object = field(default_factory=itertools.count)

    def open(self, visit):
        """Open the form of a visit, as it stands now."""
        path = f"/visits/{visit}/record/"
        try:
            status, page = self.get(path)
        except Lost:
            return
        if status == 200:
            form = next(form for _action, form in read_forms(page) if "summary" in form)
            self.opened.append((visit, path, form))

    def keep(self):
        """Send a form that has been open for a while, with something changed in it."""
        if not self.opened:
            return
        visit, path, form = self.opened.pop(self.rng.randrange(len(self.opened)))
        changed = {name: f"桌前{next(self.sayings)}-{self.name}" for name in self.rng.sample(FIELDS, 2)}
        if not form["summary"]:  # nothing is recorded without it
            changed.setdefault("summary", f"桌前{next(self.sayings)}-{self.name}")
        shown = {name: {form[name]} for name in FIELDS}
        one = Written(self.name, str(visit), "record", changed, shown, sure=False)
        self.diary.append(one)
        try:
            status, _page = self.post(path, {**form, **changed})
            one.sure = status == 302
        except Lost:
            pass

    def settle(self):
        """Say of something that stands side by side what it is to be."""
        try:
            status, page = self.get("/visits/hand/devices/")
        except Lost:
            return
        clashes = [(action, form, sides) for action, form, sides in read_forms(page, sides=True) if "beside" in form]
        if status != 200 or not clashes:
            return
        action, form, (visit, label, held) = self.rng.choice(clashes)
        value = f"桌前确认{next(self.sayings)}-{self.name}"
        name = dict(zip(("见到谁", "走访情况", "下一步"), FIELDS, strict=True))[label]
        shown = {name: {held, form["beside"]}}
        self.diary.append(Written(self.name, visit, "settle", {name: value}, shown, sure=False))
        with suppress(Lost):
            self.post(action, {**form, "value": value})


class _Forms(HTMLParser):
    """The forms of a page: where each goes, and what stands in its fields."""

    def __init__(self):
        super().__init__()
        self.forms, self._area = [], None

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "form":
            self.forms.append((known.get("action") or "", {}))
        elif self.forms and tag == "input" and known.get("name"):
            self.forms[-1][1][known["name"]] = known.get("value") or ""
        elif self.forms and tag == "textarea":
            self._area = known["name"]
            self.forms[-1][1][self._area] = ""

    def handle_data(self, data):
        if self._area:
            self.forms[-1][1][self._area] += data.removeprefix("\n") if not self.forms[-1][1][self._area] else data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = None


SIDES = re.compile(
    r'<form class="lq-form" method="post" action="([^"]+)">.*?/visits/(\d+)/">.*?</a> · (\S+?)</p>.*?<br>(.*?)</p>',
    re.S,
)


def read_forms(page, *, sides=False):
    """(action, fields) of every form of a page; with `sides` also (visit, label of the field, what it holds) of those about a conflict."""
    reader = _Forms()
    reader.feed(page)
    if not sides:
        return reader.forms
    about = {
        action: (visit, label, html.unescape(held).replace("—", ""))
        for action, visit, label, held in SIDES.findall(page)
    }
    return [(action, form, about[action]) for action, form in reader.forms if action in about]


def live(phones, network, firms, clock, steps, desk=None, visits=()):
    """A time of work with a bad network; then the network is good again until nothing waits. `clock()`: moves on and tells."""
    rng = network.rng
    for _step in range(steps):
        phone = rng.choice(phones)
        luck = rng.random()
        if luck < 0.55:
            phone.act(firms, clock())
        elif luck < 0.6:
            phone.restart()
        elif luck < 0.85:
            network.exchange(phone, clock())
        elif luck < 0.9:
            network.bring_late()
        elif desk is not None:
            clock()
            rng.choice([lambda: desk.open(rng.choice(list(visits))), desk.keep, desk.settle])()
    while network.late:
        network.bring_late()
    while desk is not None and desk.opened:
        desk.keep()
    network.bad = 0
    for _round in range(100_000):
        for phone in phones:
            network.exchange(phone, clock())
        if not any(phone.queue for phone in phones):
            break
    for phone in phones:  # the server may still die over the last contact: then there is another
        while not network.exchange(phone, clock()):
            pass


def everything(phones, desk, whole):
    """What `oracle.faults` asks for: the diary of all, what devices were answered, and what each holds beside a fresh copy."""
    diary = [one for phone in phones for one in phone.diary] + (desk.diary if desk else [])
    answered = {uid: one for phone in phones for uid, one in phone.answered.items()}
    return diary, answered, {phone.name: (phone.holds, whole(phone)) for phone in phones}
