"""The condition engine against its peers and against the memory it must read.

    .venv/bin/python -m bench.match [--sizes small,middle,large] [--peers]

Sizes: 24,000 × 500, 1,000,000 × 300, 10,000,000 × 3,000 (enterprises × rules): 41 typed fields, 30 % unknown, trees of 3–12 comparisons,
near misses counted. Everything runs on one core unless `threads` says otherwise. Peers, on the same rules and rows, in the same run:
Polars expressions (Kleene logic by its nulls), zen-engine, OpenFisca-Core (reads the unknown as zero, so its answers differ), a plain
Python walk; where they would not finish they get fewer rows or rules, said in the figures, and are scaled. Peers that are not installed
are left out: pip install --target DIR --no-deps zen-engine openfisca-core dpath StrEnum sortedcontainers numexpr pendulum psutil, and
PYTHONPATH=DIR. Goals: 24,000 × 500 ≤ 10 ms; ≥ 5 × Polars; ≥ 1,000 × zen; 10 M × 3,000 < 10 s on one core and ≤ 5 GB; one changed
enterprise against 3,000 rules ≤ 1 ms; one changed rule against 1 M ≤ 10 ms. One JSON object on standard output.
"""

import argparse
import copy
import json
import os
import random
import resource
import sys
import time
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # one core each

DAY = date(2026, 11, 24)
NUMBERS = [f"n{at}" for at in range(16)]
DATES = [f"d{at}" for at in range(6)]
CODES = {f"c{at}": count for at, count in enumerate((20, 97, 8, 5, 43, 298, 10, 5, 6))}
SETS = {"s0": 32, "s1": 8, "s2": 64}
FLAGS = [f"f{at}" for at in range(7)]
SIZES = {"small": (24_000, 500), "middle": (1_000_000, 300), "large": (10_000_000, 3_000)}
UNKNOWN = 0.3


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--sizes", default="small,middle,large")
    asked.add_argument("--repeat", type=int, default=9)
    options = asked.parse_args()
    import django

    django.setup()
    told = {"machine": machine(), "bandwidth_gb_s": round(bandwidth(), 1), "sizes": {}}
    for name in options.sizes.split(","):
        told["sizes"][name] = measure(name, options.repeat, told["bandwidth_gb_s"])
        print(json.dumps({name: told["sizes"][name]}), file=sys.stderr, flush=True)
    print(json.dumps(told, indent=1))


def measure(name, repeat, bandwidth_gb_s):
    """One size: ours from raw columns to answers, what it costs again, its peers, its roofline."""
    from linqi.conditions import machine as loops
    from linqi.conditions.population import Population
    from linqi.conditions.rules import Rule
    from linqi.conditions.tree import parse

    firms, count = SIZES[name]
    book = fields()
    data = [drawn(f"rule {at}", book) for at in range(count)]
    rules = [Rule(str(at), parse(one, book)) for at, one in enumerate(data)]
    begun = time.perf_counter()
    recorded = columns(firms)
    generated = time.perf_counter() - begun
    large = name == "large"
    Population(range(64), book, DAY, columns(64)).run(rules[:5])
    loops.compiled()  # loads numba; once in the life of a process
    warm = Population(range(6_400), book, DAY, columns(6_400))
    warm.run(rules[:5])

    def fresh():
        population = Population(np.arange(firms), book, DAY, recorded)
        return population, population.prepare(rules)

    begun = time.perf_counter()
    population, ready = fresh()
    prepared = time.perf_counter() - begun
    seconds, cpu, answers = [], [], None
    for _again in range(1 if large else repeat):
        population, ready = fresh()
        begun, spent = time.perf_counter(), time.process_time()
        answers = population.run(ready, keep=not large)
        seconds.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - spent)
    told = {
        "firms": firms,
        "rules": count,
        "comparisons": len(population._layout.specs),
        "leaves": sum(len(leaves(one)) for one in data),
        "generate_s": round(generated, 2),
        "read_rules_and_plan_s": round(prepared, 4),
        "judge_s": round(min(seconds), 5),
        "judge_median_s": round(sorted(seconds)[len(seconds) // 2], 5),
        "judge_cpu_s": round(min(cpu), 5),
        "answers_kept": not large,
    }
    totals = np.sum([list(answers._counts[at]) for at in range(count)], axis=0)
    told["answers"] = dict(zip(("met", "unknown", "near_miss"), (int(one) for one in totals), strict=True)) | {
        "pairs": firms * count
    }
    least = sum(array_bytes(column) for column in recorded.values()) + (0 if large else firms * count // 4)
    limit = least / bandwidth_gb_s / 1e9
    told["roofline"] = {
        "bytes": least,
        "seconds": round(limit, 5),
        "times_the_limit": round(min(seconds) / limit, 1),
    }
    if not large:
        told["again_with_bitmaps_s"] = round(best(lambda: population.run(ready), repeat), 5)
        told["plain_numpy_s"] = round(plain(lambda: fresh()[0].run(rules)), 4)
        told["one_rule_changed_s"] = round(changed_rule(population, book, repeat), 6)
    if name == "small":
        told["agrees_with_the_plain_path"] = agrees(population, rules, answers, 200)
        told["one_firm_changed_3000_rules_s"] = round(changed_firm(book, recorded, firms, repeat), 6)
    begun = time.perf_counter()
    if large or name == "middle":
        population, ready = fresh()
        begun = time.perf_counter()
        if name == "middle":  # force slices, as the large one does
            population._run_slices(
                ready.program, np.zeros((count, 2, 0), np.uint64), np.zeros((count, 3), np.int64), keep=False, threads=2
            )
        else:
            population.run(ready, keep=False, threads=2)
        told["two_threads_s"] = round(time.perf_counter() - begun, 4)
    if not large:
        told["peers"] = peers(recorded, data, firms, min(seconds), answers)
    told["peak_memory_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    return told


# --- what is generated ------------------------------------------------------------------------------------------------
def fields():
    from linqi.conditions.book import Book, Field

    made = [Field(key, key, key, "decimal") for key in NUMBERS]
    made += [Field(key, key, key, "date") for key in DATES]
    made += [Field(key, key, key, "str") for key in CODES]
    made += [Field(key, key, key, "list") for key in SETS]
    return Book([*made, *(Field(key, key, key, "bool") for key in FLAGS)])


def columns(firms):
    """One column a field, straight into arrays; values repeat as they do in life, 30 % are unknown."""
    from linqi.analytics import bits
    from linqi.analytics.columns import Codes, Days, Flags, Masks, Numbers

    draw = np.random.default_rng(3)
    words = bits.words_for(firms)
    rows = words * bits.ROWS

    def known():
        kept = np.packbits(draw.random(rows, np.float32) >= UNKNOWN, bitorder="little").view(np.uint64)
        return kept & bits.everything(firms)

    made = {}
    for at, key in enumerate(NUMBERS):
        scale = np.exp(draw.normal(5 - at % 4, 2, rows).astype(np.float32)).astype(np.float64)
        made[key, ""] = Numbers(np.floor(scale) if at % 3 else np.round(scale % 1, 3), known())
    today = (DAY - date(1970, 1, 1)).days
    for key in DATES:
        made[key, ""] = Days((today - draw.exponential(1500, rows)).astype(np.int32), known())
    for key, count in CODES.items():
        made[key, ""] = Codes(
            (count * draw.random(rows, np.float32) ** 2).astype(np.int32),
            known(),
            [f"{key}-{at}" for at in range(count)],
        )
    for key, count in SETS.items():
        items = [f"{key}-{at}" for at in range(count)]
        mask = np.zeros(rows, np.uint64)
        for at in range(count):
            mask |= (draw.random(rows, np.float32) < 0.25 / (1 + at / 4)).astype(np.uint64) << np.uint64(at)
        made[key, ""] = Masks(mask, known(), items)
    for key in FLAGS:
        seen = known()
        made[key, ""] = Flags(
            np.packbits(draw.random(rows, np.float32) < 0.3, bitorder="little").view(np.uint64) & seen, seen
        )
    return made


def leaf(draw):
    """One comparison; popular thresholds come back, as they do in real policies."""
    key = draw.choice([*NUMBERS, *DATES, *CODES, *SETS, *FLAGS])
    turn = min(int(draw.expovariate(1 / 8)), 23)
    if key in NUMBERS:
        at = int(key[1:])
        value = (turn * 7 % 24) / 24 if at % 3 == 0 else int(np.exp(5 - at % 4 + 2 * (turn * 7 % 24 - 12) / 8))
        return {"field": key, "op": draw.choice(["gte", "lt"]), "value": round(value, 3)}
    if key in DATES:
        return {
            "field": key,
            "op": draw.choice(["gte", "lt"]),
            "value": (DAY - timedelta(days=90 * (turn + 1))).isoformat(),
        }
    if key in CODES:
        pick = random.Random(f"{key} {turn}")
        some = pick.sample(range(CODES[key]), pick.randint(1, max(2, CODES[key] // 3)))
        return {"field": key, "op": "in", "value": [f"{key}-{at}" for at in some]}
    if key in SETS:
        pick = random.Random(f"{key} {turn}")
        return {
            "field": key,
            "op": "contains_any",
            "value": [f"{key}-{at}" for at in pick.sample(range(SETS[key]), pick.randint(2, 6))],
        }
    return {"field": key, "op": draw.choice(["is_true", "is_false"])}


def tree_of(draw, size=0, depth=0, kind="all"):
    """A nested tree of 3 to 12 comparisons."""
    size = size or draw.randint(3, 12)
    if size == 1:
        return leaf(draw)
    parts = []
    while size:
        if depth < 3 and size > 1 and draw.random() < 0.35:
            taken = draw.randint(2, size)
            parts.append(tree_of(draw, taken, depth + 1, "any" if kind == "all" else "all"))
        else:
            taken = 1
            parts.append(leaf(draw))
        size -= taken
    return parts[0] if len(parts) == 1 else {kind: parts}


def drawn(seed, book):
    """A tree that can be read: one that contradicts itself is refused, and drawn again."""
    from linqi.conditions.tree import check

    draw = random.Random(seed)
    while check(made := tree_of(draw), book):
        pass
    return made


def leaves(data):
    for kind in ("all", "any"):
        if kind in data:
            return [one for part in data[kind] for one in leaves(part)]
    return [data]


# --- ours, again and changed ------------------------------------------------------------------------------------------
def best(act, repeat):
    seconds = []
    for _again in range(repeat):
        begun = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def plain(act):
    os.environ["LINQI_FAST"] = "0"
    try:
        return best(act, 3)
    finally:
        del os.environ["LINQI_FAST"]


def changed_rule(population, book, repeat):
    """A rule nobody asked before: read, planned, its new comparisons made, judged."""
    from linqi.conditions.rules import Rule
    from linqi.conditions.tree import parse

    fresh = iter(range(10_000))

    def act():
        data = drawn(f"changed {next(fresh)}", book)
        number = {"field": "n1", "op": "gte", "value": 1_000 + next(fresh)}
        population.run([Rule("changed", parse({"all": [data, number]}, book))])

    act()
    return best(act, repeat)


def changed_firm(book, recorded, firms, repeat):
    """One enterprise becomes another one: its row written, its bits made again, 3,000 rules judged for it."""
    from linqi.conditions.facts import Known
    from linqi.conditions.population import Population
    from linqi.conditions.rules import Rule
    from linqi.conditions.tree import parse

    rules = [Rule(str(at), parse(drawn(f"rule {at}", book), book)) for at in range(3_000)]
    population = Population(np.arange(firms), book, DAY, copy.deepcopy(recorded))  # rows are written in place
    ready = population.prepare(rules)
    population.run(ready)
    facts = [dict(population.facts(row).items()) for row in (5, 6)]
    facts = [{at: Known(known.value) for at, known in one.items()} for one in facts]
    turn = iter(range(10_000))

    def act():
        population.update(5, facts[next(turn) % 2])
        population.judge_row(ready, 5)

    act()
    return best(act, repeat * 5)


def agrees(population, rules, answers, firms):
    """Whether sampled rows say the same one by one."""
    from linqi.conditions.one import judge_seen

    rows = random.Random(1).sample(range(population.rows), firms)
    for row in rows:
        sight, outcomes = population.sight(row), answers.outcomes(row)
        for rule in rules:
            if judge_seen(rule, sight).outcome != outcomes[rule.key]:
                return False
    return f"{firms} x {len(rules)}"


# --- peers ------------------------------------------------------------------------------------------------------------
def peers(recorded, data, firms, ours, answers):
    told = {"polars": polars(recorded, data, firms, answers)}
    if firms <= 100_000:
        rows = [row_of(recorded, at) for at in range(400)]
        told["plain_python"] = walk(rows, data, firms)
        told["zen_engine"] = zen(rows[:200], data, firms)
        told["openfisca"] = openfisca(recorded, data[:50], firms, len(data))
    for one in told.values():
        if "seconds" in one:
            one["times_ours"] = round(one["seconds"] / ours, 1)
    return told


def polars(recorded, data, firms, answers):
    """Three values by the nulls of Polars: met, unmet, null for unknown; no near misses."""
    import polars as pl

    table = pl.DataFrame([series_of(pl, key, column, firms) for (key, _period), column in recorded.items()])

    def compared(one):
        at, op, value = pl.col(one["field"]), one["op"], one.get("value")
        match op:
            case "gte" | "lt":
                value = date.fromisoformat(value) if isinstance(value, str) else value
                return at >= value if op == "gte" else at < value
            case "in":
                return at.is_in([int(code.split("-")[1]) for code in value])
            case "contains_any":
                return (at & sum(1 << int(code.split("-")[1]) for code in value)) != 0
            case "is_true":
                return at
            case _:
                return ~at

    def expression(one):
        for kind, fold in (("all", lambda a, b: a & b), ("any", lambda a, b: a | b)):
            if kind in one:
                made = expression(one[kind][0])
                for part in one[kind][1:]:
                    made = fold(made, expression(part))
                return made
        return compared(one)

    asked = [expression(one).alias(str(at)) for at, one in enumerate(data)]
    begun = time.perf_counter()
    found = table.lazy().select(asked).collect()
    seconds = time.perf_counter() - begun
    met = found.select(pl.all().sum()).row(0)
    same = all(int(met[at]) == int(answers._counts[at][0]) for at in range(len(data)))
    return {"seconds": round(seconds, 4), "threads": pl.thread_pool_size(), "met_agrees": same, "near_misses": False}


def series_of(pl, key, column, firms):
    from linqi.analytics import bits
    from linqi.analytics.columns import Days, Flags

    known = pl.Series(bits.unpack(column.known, firms))
    if isinstance(column, Flags):
        values = pl.Series(bits.unpack(column.values, firms))
    elif isinstance(column, Days):
        values = pl.Series(column.values[:firms]).cast(pl.Date)
    else:
        values = pl.Series(column.values[:firms])
    return pl.DataFrame({key: values, "known": known}).select(pl.when(pl.col("known")).then(pl.col(key)).alias(key))[
        key
    ]


def row_of(recorded, row):
    from linqi.analytics import bits

    found = {}
    for (key, _period), column in recorded.items():
        if bits.has(column.known, row):
            value = column.at(row)
            found[key] = (
                float(value)
                if isinstance(value, Fraction)
                else sorted(value)
                if isinstance(value, frozenset)
                else value
            )
    return found


def walk(rows, data, firms):
    """The least a program in plain Python does: dictionaries, recursion, three values."""

    def judged(one, row):
        for kind in ("all", "any"):
            if kind in one:
                stop, left = kind == "any", None
                unknown = False
                for part in one[kind]:
                    left = judged(part, row)
                    if left is stop:
                        return stop
                    unknown = unknown or left is None
                return None if unknown else not stop
        value = row.get(one["field"])
        if value is None:
            return None
        op, wanted = one["op"], one.get("value")
        if op == "gte":
            return value >= (date.fromisoformat(wanted) if isinstance(wanted, str) else wanted)
        if op == "lt":
            return value < (date.fromisoformat(wanted) if isinstance(wanted, str) else wanted)
        if op == "in":
            return value in wanted
        if op == "contains_any":
            return any(item in value for item in wanted)
        return value is (op == "is_true")

    begun = time.perf_counter()
    for row in rows:
        for one in data:
            judged(one, row)
    seconds = time.perf_counter() - begun
    return {"seconds": round(seconds * firms / len(rows), 1), "measured_rows": len(rows), "scaled": True}


def zen(rows, data, firms):
    try:
        import zen as library
    except ImportError:
        return {"absent": "zen-engine is not installed"}

    def text(one):
        for kind, word in (("all", " and "), ("any", " or ")):
            if kind in one:
                return "(" + word.join(text(part) for part in one[kind]) + ")"
        key, op, value = one["field"], one["op"], one.get("value")
        if op in ("gte", "lt"):
            number = (date.fromisoformat(value) - date(1970, 1, 1)).days if isinstance(value, str) else value
            return f"({key} != null and {key} {'>=' if op == 'gte' else '<'} {number})"
        if op == "in":
            return f"({key} != null and {key} in {json.dumps(value)})"
        if op == "contains_any":
            return f"({key} != null and some({key}, # in {json.dumps(value)}))"
        return f"({key} == {'true' if op == 'is_true' else 'false'})"

    compiled = [library.compile_expression(text(one)) for one in data]
    blank = dict.fromkeys([*NUMBERS, *DATES, *CODES, *SETS, *FLAGS])
    plain_rows = [
        blank
        | {key: (value - date(1970, 1, 1)).days if isinstance(value, date) else value for key, value in row.items()}
        for row in rows
    ]
    begun = time.perf_counter()
    for row in plain_rows:
        for one in compiled:
            one.evaluate(row)
    seconds = time.perf_counter() - begun
    return {
        "seconds": round(seconds * firms / len(rows), 1),
        "measured_rows": len(rows),
        "scaled": True,
        "three_values": False,
    }


def openfisca(recorded, data, firms, rules):
    """Formulas over arrays as OpenFisca runs them; what is unknown it reads as zero."""
    try:
        from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables
    except ImportError:
        return {"absent": "openfisca-core is not installed"}
    from linqi.analytics import bits
    from linqi.analytics.columns import Flags

    firm = entities.Entity("firm", "firms", "", "")
    system = taxbenefitsystems.TaxBenefitSystem([firm])
    monthly = {"definition_period": periods.DateUnit.MONTH, "label": ""}
    for (key, _period), column in recorded.items():
        kind = bool if isinstance(column, Flags) else float
        system.add_variable(
            type(
                key,
                (variables.Variable,),
                {"value_type": kind, "entity": firm, "definition_period": periods.DateUnit.MONTH, "label": key},
            )
        )

    def judged(one, ask):
        for kind, fold in (("all", np.logical_and), ("any", np.logical_or)):
            if kind in one:
                return fold.reduce([judged(part, ask) for part in one[kind]])
        value, op, wanted = ask(one["field"]), one["op"], one.get("value")
        if op in ("gte", "lt"):
            number = (date.fromisoformat(wanted) - date(1970, 1, 1)).days if isinstance(wanted, str) else wanted
            return value >= number if op == "gte" else value < number
        if op == "in":
            return np.isin(value, [int(code.split("-")[1]) for code in wanted])
        if op == "contains_any":
            return (value.astype(np.uint64) & np.uint64(sum(1 << int(code.split("-")[1]) for code in wanted))) != 0
        return value if op == "is_true" else ~value

    def formula_of(one):
        def formula(population, period):  # OpenFisca counts the arguments
            return judged(one, lambda key: population(key, period))

        return formula

    for at, one in enumerate(data):
        made = {"value_type": bool, "entity": firm, **monthly, "formula": formula_of(one)}
        system.add_variable(type(f"rule{at}", (variables.Variable,), made))
    simulation = simulations.SimulationBuilder().build_default_simulation(system, count=firms)
    for (key, _period), column in recorded.items():
        values = bits.unpack(column.values, firms) if isinstance(column, Flags) else column.values[:firms]
        simulation.set_input(key, "2026-11", values)
    begun = time.perf_counter()
    for at in range(len(data)):
        simulation.calculate(f"rule{at}", "2026-11")
    seconds = time.perf_counter() - begun
    return {
        "seconds": round(seconds * rules / len(data), 2),
        "measured_rules": len(data),
        "scaled": True,
        "three_values": False,
    }


# --- the machine ------------------------------------------------------------------------------------------------------
def bandwidth():
    """Gigabytes a second that one core reads: a sum over an array far beyond the caches."""
    array = np.ones(80_000_000)
    return max(array.nbytes / best(array.sum, 1) for _again in range(5)) / 1e9


def array_bytes(column):
    return column.values.nbytes + column.known.nbytes


def machine():
    with open("/proc/cpuinfo") as told:
        model = next((line.split(":")[1].strip() for line in told if line.startswith("model name")), "")
    return {"cpu": model, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2)}


if __name__ == "__main__":
    main()
