"""A long run of the exchange of visits under faults, against a real `linqi serve` that is killed again and again; an independent judge at the end.

    LINQI_HOME=/tmp/s .venv/bin/python -m bench.sync_faults [--visits 500] [--steps 6000] [--kills 25] [--seed 1]
    DATABASE_URL=postgres://… LINQI_HOME=/tmp/s .venv/bin/python -m bench.sync_faults

Made for a scratch database (DATABASE_URL, else a file in LINQI_HOME): the cast of the tests is put into it, with so many firms and planned visits.
Three people: two with a device each and one at a desk, all writing on the same visits. Requests are dropped on the way there or back, doubled,
kept and brought in another order; devices restart with another clock within two days either way. Meanwhile a thread kills the server with
signal 9, by turns whole (supervisor, web server, workers) or only what serves requests, at random moments, and starts it again.
The judge (`visits/tests/oracle.py`) reads the tables by SQL and the diaries of the writers. Goal: no fault, and the journal's chain whole.
"""

import argparse
import http.client
import itertools
import json
import os
import random
import threading
import time
from datetime import date
from pathlib import Path
from urllib.parse import urlencode


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--visits", type=int, default=500)
    asked.add_argument("--steps", type=int, default=6000)
    asked.add_argument("--kills", type=int, default=25)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--port", type=int, default=8108)
    given = asked.parse_args()
    home = Path(os.environ.setdefault("LINQI_HOME", "var"))
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{home.resolve() / 'faults.sqlite3'}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")

    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    report = run(given)
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 1 if report["faults_found"] else 0


def run(given):
    from django.db import connection

    from bench.serving import Served
    from linqi.journal.queries import verify
    from linqi.kit import clock
    from linqi.visits.tests.fleet import Desk, Network, Phone, everything, live
    from linqi.visits.tests.oracle import Held, faults

    rng, began = random.Random(given.seed), time.perf_counter()
    users, firms, visits = fill(given.visits)
    tokens, session = keys(users)
    with connection.cursor() as cursor:
        before = Held.of(cursor)
    connection.close()
    with Served(given.port, workers=1) as served:
        line = Line(given.port, served.answers)
        phones = [Phone(token, rng, name) for name, token in tokens.items()]
        desk = Desk(
            lambda path: line.page("GET", path, session),
            lambda path, form: line.page("POST", path, session, form),
            rng,
        )
        network = Network(line.exchange, rng, bad=0.6)
        killer = Killer(served, given.kills, random.Random(given.seed))
        killer.start()
        live(phones, network, firms, clock.now, steps=given.steps, desk=desk, visits=visits)
        killer.over.set()
        killer.join()
        served.answers()
        while any(phone.queue for phone in phones):
            for phone in phones:
                network.exchange(phone, clock.now())
        for phone in phones:
            while not network.exchange(phone, clock.now()):
                pass

        def whole(one):
            fresh = Phone(one.token, rng)
            fresh.take(line.exchange(one.token, fresh.parcel(clock.now(), 0)))
            return fresh.holds

        diary, answered, screens = everything(phones, desk, whole)
    with connection.cursor() as cursor:
        found = faults(cursor, diary, answered, screens, before)
        cursor.execute("SELECT COUNT(*) FROM visits_operation")
        rows = cursor.fetchone()[0] - len(before.operations)
        cursor.execute("SELECT COUNT(*) FROM visits_fieldconflict")
        conflicts = cursor.fetchone()[0]
    broken: list[str] = []
    verify(lambda problem: broken.append(str(problem)))
    outcomes = [one["outcome"] for one in answered.values()]
    return {
        "database": connection.vendor,
        "visits": len(visits),
        "people": 3,
        "devices": len(phones),
        "operations_written": len([one for one in diary if one.uid]),
        "operations_in_the_table": rows,
        "outcomes": {name: outcomes.count(name) for name in sorted(set(outcomes))},
        "written_at_the_desk": len(desk.diary),
        "conflicts_kept": conflicts,
        "faults_put_in": {**network.told, "kill -9, whole": killer.whole, "kill -9, web workers": killer.workers},
        "requests_cut_off": line.cut,
        "faults_found": [*found[:20], *broken[:5]],
        "seconds": round(time.perf_counter() - began, 1),
    }


def fill(count):
    """The cast of the tests, so many firms in its building with a planned visit each, and the team whose members carry devices."""
    import conftest
    from linqi.accounts.models import User
    from linqi.cases.actions import seed_defaults
    from linqi.enterprises.models import Enterprise, Relation, Tenancy
    from linqi.kit import clock
    from linqi.kit.identifiers import make_uscc
    from linqi.organisation.models import LinkTeam, LinkTeamSeat
    from linqi.territory.models import Place
    from linqi.territory.queries import street_of
    from linqi.visits.models import Visit

    if not Enterprise.objects.exists():
        cast = conftest.cast.__wrapped__(None)
        seed_defaults(street=cast.street, by=cast.street_leader)
    users = {one.username: one for one in User.objects.all()}
    unit, building = Place.objects.get(code="t-unit"), Place.objects.get(code="t-building")
    have = Enterprise.objects.filter(seat=unit).count()
    since, today = date(2024, 6, 1), clock.today()
    for number in range(have, count):
        firm = Enterprise.objects.create(
            uscc=make_uscc("9", "1", "330110", f"MB{number:06}"), name=f"滨湖走访{number}有限公司", name_key=f"滨湖走访{number}",
            entity_type="company", established_on=since, seat=unit, source="测试", as_of=since,
        )  # fmt: skip
        Tenancy.objects.create(enterprise=firm, place=unit, relation=Relation.BOTH, since=since, source="测试")
    team, made = LinkTeam.objects.get_or_create(
        building=building, until=None, defaults={"name": "一号楼联络组", "since": since}
    )
    if made:
        for role, who in (("operator", "econ_specialist"), ("party_member", "community_secretary")):
            LinkTeamSeat.objects.create(team=team, role=role, user=users[who], since=since)
    firms = list(Enterprise.objects.filter(seat=unit).order_by("pk")[:count])
    Visit.objects.filter(state="planned").update(state="cancelled")
    visits = Visit.objects.bulk_create(
        Visit(
            enterprise=firm,
            place=unit,
            street=street_of(unit),
            visitor=users["econ_specialist"],
            team=team,
            state="planned",
            planned_for=today,
        )
        for firm in firms
    )
    return users, [firm.pk for firm in firms], [visit.pk for visit in visits]


def keys(users):
    """A device each for two people, by name; and the session of a third at a desk."""
    from linqi.kit import clock
    from linqi.visits.actions import hand
    from linqi.visits.models import Device

    Device.objects.update(revoked_at=clock.now())
    owners = {"econ_specialist": "手机甲", "community_secretary": "手机乙"}
    tokens = {name: hand.register_device(name=name, by=users[who])[1] for who, name in owners.items()}
    return tokens, session_of(users["party_specialist"])


def session_of(user):
    """The session key of a user who signed in."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key


class Line:
    """Real requests to the real server; what breaks off is `Lost`."""

    def __init__(self, port, answers):
        self._port, self._answers, self.cut = port, answers, 0
        self._csrf = "a" * 32

    def exchange(self, token, body):
        """One contact of a device."""
        head = {"Authorization": f"Device {token}", "Content-Type": "application/json"}
        for _again in itertools.count():
            status, text, headers = self._ask("POST", "/visits/hand/exchange/", body, head)
            if status != 503:
                break
            time.sleep(float(headers["Retry-After"]))
        if status >= 500:
            raise self._lost()
        assert status == 200, text
        return json.loads(text)

    def page(self, method, path, session, form=None):
        """A page as the browser of somebody signed in asks for it."""
        head = {"Cookie": f"sessionid={session}; csrftoken={self._csrf}", "Accept-Language": "zh-CN"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self._csrf})
            head["Content-Type"] = "application/x-www-form-urlencoded"
        status, text, _headers = self._ask(method, path, body, head)
        if status >= 500:
            raise self._lost()
        return status, text

    def _ask(self, method, path, body, head):
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=40)
        try:
            line.request(method, path, body.encode() if body else None, head)
            answer = line.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        except (OSError, http.client.HTTPException):
            self._answers()  # nobody writes a day's work into a server that is not there
            raise self._lost() from None
        finally:
            line.close()

    def _lost(self):
        from linqi.visits.tests.fleet import Lost

        self.cut += 1
        return Lost()


class Killer(threading.Thread):
    """Kills the server so many times, each at a random moment after it answered again."""

    def __init__(self, served, kills, rng):
        super().__init__(daemon=True)
        self._served, self._kills, self._rng = served, kills, rng
        self.over, self.whole, self.workers = threading.Event(), 0, 0

    def run(self):
        for number in range(self._kills):
            if self.over.wait(self._rng.uniform(0.2, 3)):
                return
            if number % 2:
                self._served.kill_web_workers()
                self.workers += 1
            else:
                self._served.kill()
                self.whole += 1
                self._served.start()
            self._served.answers()


if __name__ == "__main__":
    raise SystemExit(main())
