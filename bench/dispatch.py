"""A dispatch table looked through whole, beside trying every case there can be.

    .venv/bin/python -m bench.dispatch [--repeat 5]

Random tables over 41 categories, 7 classes, 6 sources, 340 places (a street, communities, parks, buildings) and three
years of days. Brute force tries every kind of case: category × class × source × place × day on which something in the
table changes. Both must find the same holes and the same rows that are never reached; `agrees` says whether they did.
One JSON object on standard output.
"""

import argparse
import json
import random
import time
from datetime import date, timedelta
from itertools import product

from linqi.cases.dispatch import Clause, Facts, Fault, Row, World, analyse

TODAY = date(2026, 11, 24)
CATEGORIES = tuple(f"c{n}" for n in range(41))
CLASSES = tuple(f"k{n}" for n in range(7))
SOURCES = tuple(f"s{n}" for n in range(6))


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--repeat", type=int, default=5)
    options = asked.parse_args()
    told = [measured(rows, 340, options.repeat, brute=rows <= 20) for rows in (10, 20, 50, 200)]
    print(json.dumps({"tables": told}, indent=1))


def measured(count: int, places: int, repeat: int, *, brute: bool) -> dict[str, object]:
    ways = street(places)
    rows = table(random.Random(count), count, ways)
    world = World(CATEGORIES, CLASSES, SOURCES, 0, ways, TODAY)
    best = min(timed(lambda: analyse(rows, world)) for _n in range(repeat))
    found = analyse(rows, world)
    told: dict[str, object] = {"rows": count, "findings": len(found), "analyse_ms": round(best * 1000, 2)}
    if brute:
        began = time.perf_counter()
        cases, holes, dead = tried(rows, ways)
        told |= {
            "brute_force_cases": cases,
            "brute_force_s": round(time.perf_counter() - began, 1),
            "agrees": {code for one in found if one.fault is Fault.HOLE for code in one.touched} == holes
            and {one.row for one in found if one.fault in (Fault.NEVER, Fault.SHADOWED)} == dead,
        }
    return told


def street(count: int) -> dict[int, frozenset[int]]:
    """Places 1 … count, each below an earlier one; 0 is the street."""
    dice, ways = random.Random(0), {0: frozenset({0})}
    for place in range(1, count + 1):
        over = 0 if place <= 3 else dice.randrange(1, 4) if place <= 43 else dice.randrange(4, 44)
        ways[place] = ways[over] | {place}
    return ways


def table(dice: random.Random, count: int, ways: dict[int, frozenset[int]]) -> list[Row]:
    def some(values, most, chance):
        return frozenset(dice.sample(list(values), dice.randint(1, most))) if dice.random() < chance else frozenset()

    rows = []
    for number in range(count - 2):
        since = TODAY + timedelta(days=dice.choice((-200, 0, 30, 90)))
        until = since + timedelta(days=dice.choice((250, 400))) if dice.random() < 0.3 else None
        clause = Clause(some(CATEGORIES, 8, 0.9), some(CLASSES, 3, 0.3), some(SOURCES, 2, 0.2), some(ways, 3, 0.4))
        rows.append(Row(number, clause, dice.randrange(8), since, until))
    rows.append(Row(count - 2, Clause(frozenset(CATEGORIES[:30])), 1, TODAY))
    rows.append(Row(count - 1, Clause(frozenset(CATEGORIES[:10]), frozenset(CLASSES[:2])), 2, TODAY))
    return rows


def tried(rows: list[Row], ways: dict[int, frozenset[int]]) -> tuple[int, set[str], set[int]]:
    days = {TODAY} | {day for row in rows for day in (row.since, row.until) if day and day > TODAY}
    holes, reached, cases = set(), set(), 0
    for category, kind, source, way, day in product(CATEGORIES, CLASSES, SOURCES, ways.values(), sorted(days)):
        facts = Facts(category, kind, source, way, day)
        cases += 1
        first = next((row.id for row in rows if row.on(day) and row.clause.holds(facts)), None)
        if first is None:
            holes.add(category)
        else:
            reached.add(first)
    return cases, holes, {row.id for row in rows} - reached


def timed(act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
