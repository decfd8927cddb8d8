"""A long run of the exchange of visits under faults, against the real server over a real database; the checker of the tests judges.

    DATABASE_URL=sqlite:////tmp/s.sqlite3 LINQI_HOME=/tmp/s .venv/bin/python -m bench.sync_faults [--runs 20] [--steps 2500] [--seed 1]

Made for a scratch database: the cast of the tests is put into it. Two devices of one person and one of another; messages are dropped, doubled,
kept and brought in another order, one request in seven dies in the middle of its work at a random query, programs restart with another clock
within two days either way. Goal: no fault found.
"""

import argparse
import json
import os
import random
import time
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.test_settings")


class Killed(BaseException):
    """The server is gone, in the middle of whatever it did."""


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=20)
    asked.add_argument("--steps", type=int, default=2500)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()

    import logging

    import django

    django.setup()
    logging.disable(logging.INFO)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(json.dumps(run(given), ensure_ascii=False))


def run(given):
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    import conftest
    from linqi.accounts.models import User
    from linqi.cases.actions import seed_defaults
    from linqi.enterprises.models import Enterprise
    from linqi.kit import clock
    from linqi.visits.actions import hand
    from linqi.visits.models import Device, Operation, Visit
    from linqi.visits.tests.fleet import Lost, Network, Phone, faults, live

    if not Enterprise.objects.exists():
        cast = conftest.cast.__wrapped__(None)
        seed_defaults(street=cast.street, by=cast.street_leader)
    firms = list(Enterprise.objects.order_by("pk")[:2])
    users = {one.username: one for one in User.objects.all()}
    began, said_in_all, found, told = time.perf_counter(), 0, [], {}
    before = Operation.objects.count()
    for number in range(given.runs):
        rng = random.Random(given.seed * 1000 + number)
        moment = [clock.now()]
        day = moment[0].date()
        Device.objects.update(revoked_at=moment[0])
        Visit.objects.filter(state="planned").update(state="cancelled")
        for firm in firms:
            Visit.objects.create(
                enterprise=firm, place=firm.seat, visitor=users["econ_specialist"], state="planned", planned_for=day
            )
        owners = [users[who] for who in ("econ_specialist", "econ_specialist", "community_secretary")]
        phones = [Phone(hand.register_device(name="手机", by=owner)[1], rng) for owner in owners]

        def onwards(moment=moment, rng=rng):
            moment[0] += timedelta(milliseconds=rng.randrange(1, 400))
            return moment[0]

        def send(token, body, rng=rng):
            left = [rng.randrange(1, 200) if rng.random() < 0.15 else 10**6]

            def kill(execute, sql, params, many, context):
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
                return execute(sql, params, many, context)

            try:
                with connection.execute_wrapper(kill):
                    answer = post(token, body)
            except Killed:
                raise Lost from None
            assert answer.status_code == 200, answer.content.decode()
            return answer.json()

        def post(token, body):
            head = {"Authorization": f"Device {token}"}
            return Client().post(reverse("visits:exchange"), body, content_type="application/json", headers=head)

        def whole(one, moment=moment, rng=rng):
            fresh = Phone(one.token, rng)
            fresh.take(post(one.token, fresh.parcel(moment[0], 0)).json())
            return fresh.holds

        network = Network(send, rng, bad=0.6)
        said = live(phones, network, [firm.pk for firm in firms], onwards, steps=given.steps)
        said_in_all += len(said)
        found += [f"run {number}: {one}" for one in faults(phones, said, whole)]
        for what, times in network.told.items():
            told[what] = told.get(what, 0) + times
    return {
        "runs": given.runs,
        "operations": said_in_all,
        "rows": Operation.objects.count() - before,
        "faults put in": told,
        "faults found": found[:20],
        "seconds": round(time.perf_counter() - began, 1),
        "database": connection.vendor,
    }


if __name__ == "__main__":
    main()
