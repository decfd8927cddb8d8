"""Devices as the page in the hand is one, a network that drops, doubles and delays, and a checker: for the tests and `bench/sync_faults.py`.

A device keeps its queue and what it holds through a restart; it believes only what it was answered.
"""

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from linqi.visits.models import FieldConflict, Finding, Operation, Visit

DAYS = [timedelta(days=days) for days in (-2, -1, 0, 0, 1, 2)]
WORDS = ["设备进场", "想找厂房", "招人难", "电费高", "一切正常"]


class Lost(Exception):
    """The network did not bring it, or the server died over it."""


@dataclass
class Phone:
    """One device: what it must still send, what it was answered, what it holds."""

    token: str
    rng: random.Random
    off: timedelta = timedelta()
    boot: str = "1"
    queue: list = field(default_factory=list)
    numbered: int = 0
    answered: dict = field(default_factory=dict)
    holds: dict = field(default_factory=dict)
    heard: str | None = None
    keys: list = field(default_factory=list)

    def restart(self):
        """The browser is closed and opened again; the clock may be another then."""
        self.boot = uuid.UUID(int=self.rng.getrandbits(128)).hex
        self.off = self.rng.choice(DAYS)

    def say(self, kind, visit, body, now):
        """Keep one operation in the queue."""
        self.numbered += 1
        held = self.holds.get(int(visit), {}) if visit.isdecimal() else {}
        self.queue.append(
            {
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
        )

    def parcel(self, now, most):
        return json.dumps(
            {
                "now": (now + self.off).isoformat(),
                "boot": self.boot,
                "steady": 0,
                "operations": self.queue[:most],
                "have": {pk: one["mark"] for pk, one in self.holds.items()},
            }
        )

    def take(self, answer):
        """Believe an answer, whichever of the requests it belongs to."""
        for one in answer["outcomes"]:
            before = self.answered.setdefault(one["id"], one)
            assert before == one, "an operation was answered differently the second time"
        self.queue = [one for one in self.queue if one["id"] not in self.answered]
        if "wanted" in answer:
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
            body = {rng.choice(["summary", "next_step", "met"]): f"{rng.choice(WORDS)}{rng.randrange(99)}"}
        elif kind == "finding":
            body = {"kind": "clue", "text": f"线索{rng.getrandbits(60)}"}
        elif kind == "settle":
            clashes = self.holds.get(int(visit), {}).get("conflicts", []) if visit.isdecimal() else []
            if not clashes:
                return None
            body = {"conflict": rng.choice(clashes)["id"], "value": f"确认{rng.randrange(99)}"}
        return self.say(kind, visit, body, now)


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
            try:
                answer = self.send(phone.token, body)
                if self.rng.random() < 0.5:
                    phone.take(answer)
            except Lost:
                self._count("killed")

    def _count(self, what):
        self.told[what] += 1
        return False


def live(phones, network, firms, clock, steps):
    """A time of work with a bad network; then the network is good again until nothing waits. `clock()`: moves on and tells."""
    said = []
    for _step in range(steps):
        phone = network.rng.choice(phones)
        luck = network.rng.random()
        if luck < 0.6:
            before = phone.numbered
            phone.act(firms, clock())
            said += phone.queue[-1:] if phone.numbered > before else []
        elif luck < 0.65:
            phone.restart()
        elif luck < 0.95:
            network.exchange(phone, clock())
        else:
            network.bring_late()
    while network.late:
        network.bring_late()
    network.bad = 0
    for _round in range(1000):
        for phone in phones:
            network.exchange(phone, clock())
        if not any(phone.queue for phone in phones):
            break
    for phone in phones:  # the server may still die over the last contact: then there is another
        while not network.exchange(phone, clock()):
            pass
    return said


def faults(phones, said, whole):
    """What is wrong after all: lost, doubled, unequal, overwritten unseen; empty when nothing is. `whole(phone)`: all sheets, fresh."""
    found = []
    rows = {one.uid: one for one in Operation.objects.filter(uid__in=[one["id"] for one in said])}
    found += [f"lost: {one['id']}" for one in said if one["id"] not in rows]
    found += [f"still waiting: {one['id']}" for phone in phones for one in phone.queue]
    for phone in phones:
        found += [
            f"answered otherwise: {uid}"
            for uid, one in phone.answered.items()
            if rows[uid].outcome != one["outcome"] or rows[uid].reason != one["reason"]
        ]
        server = whole(phone)
        found += [f"replica of {pk} differs" for pk, sheet in server.items() if phone.holds.get(pk) != sheet]
    clues = Counter(
        one["body"]["text"] for one in said if one["kind"] == "finding" and rows[one["id"]].outcome == "applied"
    )
    kept = Counter(Finding.objects.filter(kind="clue", text__in=[*clues, ""]).values_list("text", flat=True))
    found += [] if clues == kept else [f"clues: {clues - kept} lost, {kept - clues} doubled"]
    found += _overwritten_unseen(said, rows)
    for one in rows.values():
        if not one.device.registered_at <= one.happened_at <= one.received_at:
            found.append(f"moment of {one.uid}")
    return found


def _overwritten_unseen(said, rows):
    """A word that is gone must have been seen by who changed it, or be its own device's earlier word, or stand beside it."""
    seen_by_op = {one["id"]: one["seen"] for one in said}
    changes = [one for one in sorted(rows.values(), key=lambda one: one.pk) if one.kind == "set" and one.visit_id]
    for one in changes:
        if one.outcome == "refused":
            continue
        for name, value in one.body.items():
            visit = Visit.objects.get(pk=one.visit_id)
            if getattr(visit, name) == value:
                continue
            beside = FieldConflict.objects.filter(visit=visit, field=name, device=one.device)
            if one.outcome == "conflict":
                later_own = any(
                    two.pk > one.pk and two.device_id == one.device_id and name in two.body
                    for two in changes
                    if two.visit_id == one.visit_id
                )
                if not beside.filter(value=value).exists() and not (beside.exists() and later_own):
                    yield f"conflict about {name} of {visit.pk} was not kept"
                continue
            after = [two for two in changes if two.visit_id == one.visit_id and two.pk > one.pk and name in two.body]
            settled = FieldConflict.objects.filter(visit=visit, field=name, settled_at__isnull=False).exists()
            fair = any(
                two.outcome == "applied"
                and (two.device_id == one.device_id or seen_by_op[two.uid] >= one.result["edition"])
                for two in after
            )
            if not settled and not fair:
                yield f"{name} of {visit.pk}: {value} was overwritten unseen"
