"""The week of a demo street: a plan in ten seconds, its bound, the plan made at once, and one searched for much longer.

    LINQI_HOME=/tmp/b .venv/bin/python -m bench.plan [--staff 12] [--seconds 10] [--long 0]

Makes the full demo street where the database holds none (298 buildings, three visits a week to each, whoever must be visited). Staff are
Party members of its communities, taken in turn. Values in points of the must-visit score; the gap is what the bound leaves open, so the
distance to the best possible plan is at most that. One JSON object on standard output.
"""

import argparse
import io
import json
import os
import time
from datetime import timedelta


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--staff", type=int, default=12)
    asked.add_argument("--seconds", type=float, default=10)
    asked.add_argument("--long", type=float, default=0, help="seconds of a second, long search; 0: none")
    options = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from linqi.kit.access import SYSTEM
    from linqi.kit.clock import today
    from linqi.territory.models import Place
    from linqi.visits import planning
    from linqi.visits.actions.planning import propose_week
    from linqi.visits.models import PlanStop
    from linqi.visits.outside.solver import solved
    from linqi.visits.rules import weekly
    from linqi.visits.rules.bound import bound
    from linqi.visits.rules.greedy import greedy

    call_command("migrate", verbosity=0)
    if not Place.objects.filter(kind="street").exists():
        call_command("demo", size="full", verbosity=0, stdout=io.StringIO())
    street = Place.objects.filter(kind="street").order_by("pk")[0]
    monday = today() + timedelta(days=7 - today().weekday())
    report: dict[str, object] = {"database": connection.vendor, "monday": monday.isoformat(), "staff": options.staff}
    with transaction.atomic():
        people = staff(street, options.staff)
        plan, report["propose_s"] = timed(lambda: propose_week(place=street, monday=monday, people=people, by=SYSTEM))
        problem = planning.posed(plan, today()).problem
        report["buildings"] = len({stop.at for stop in problem.stops})
        report["rota_visits"] = PlanStop.objects.filter(plan=plan, extra=False).count()
        report["extra_visits"] = PlanStop.objects.filter(plan=plan, extra=True).count()
        transaction.set_rollback(True)
    report["hours_out"] = sum(shift.minutes for shift in problem.shifts) / 60
    report["hours_wanted_inside"] = round(sum(stop.minutes for stop in problem.stops) / 60, 1)
    most, report["bound_s"] = timed(lambda: bound(problem))
    report["bound"] = most / 100
    first, seconds = timed(lambda: greedy(problem))
    report["greedy"] = said(weekly, problem, first, most, seconds)
    found, seconds = timed(lambda: solved(problem, options.seconds))
    report["pyvrp"] = {"by": found.by, "rounds": found.rounds, **said(weekly, problem, found.routes, most, seconds)}
    if options.long:
        found, seconds = timed(lambda: solved(problem, options.long))
        report["pyvrp_long"] = {
            "by": found.by,
            "rounds": found.rounds,
            **said(weekly, problem, found.routes, most, seconds),
        }
    print(json.dumps(report, ensure_ascii=False, indent=1))


def staff(street, wanted):
    """Party members of the communities of a street, one of each community in turn."""
    from linqi.accounts.models import Grant
    from linqi.kit.clock import today
    from linqi.visits import planning

    people = {one.pk: one for one in planning.may_go(street, today())}
    grants = Grant.objects.filter(user__in=people, role__code="party_specialist").order_by("place", "user")
    by_place: dict[int, list[int]] = {}
    for grant in grants:
        by_place.setdefault(grant.place_id, []).append(grant.user_id)
    turns = [
        pk
        for turn in range(max(map(len, by_place.values())))
        for held in by_place.values()
        for pk in held[turn : turn + 1]
    ]
    return [people[pk] for pk in turns[:wanted]]


def timed(act):
    """What an act answers, and its seconds."""
    began = time.perf_counter()
    answer = act()
    return answer, round(time.perf_counter() - began, 2)


def said(weekly, problem, routes, most, seconds):
    """A plan in figures."""
    whole, out = weekly.worth(problem, routes), weekly.missing(problem, routes)
    assert not weekly.faults(problem, routes)
    return {
        "seconds": seconds,
        "value": whole.total / 100,
        "gap": round(1 - whole.total / most, 4) if most else None,
        "stops": whole.stops,
        "left_out": len(out.stops),
        "hours_short": round(out.minutes / 60, 1),
        "hours_walked": round(whole.walked / 60, 1),
        "hours_inside": round(whole.inside / 60, 1),
    }


if __name__ == "__main__":
    main()
