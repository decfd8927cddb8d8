"""Probable duplicates: cost and quality on the real register with seeded duplicates of known kinds.

    LINQI_DATA=../shared/data .venv/bin/python -m bench.duplicates [--sample 60]

Prints one JSON object: what the register itself yields, and precision and recall on 2,000 seeded duplicates with the
faults registers have (code lost, damaged or replaced by an old number, a character wrong in the name, legal form or
place left out, address written otherwise, date or capital unknown). `--sample N` prints N proposed pairs to read.
"""

import argparse
import csv
import json
import os
import random
import resource
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from linqi.enterprises.rules.matching import Record, branches, candidates, proposals


def register() -> list[Record]:
    path = Path(os.environ["LINQI_DATA"]) / "registry" / "hangzhou.csv"
    records = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            code = row["uscc"]
            records.append(
                Record(
                    number,
                    row["name"],
                    uscc=code if len(code) == 18 else "",
                    old_number=code if len(code) == 15 else "",
                    address=row["address"],
                    established_on=date.fromisoformat(row["reg_date"]) if row["reg_date"] else None,
                    capital=Decimal(row["capital_wan"]) if row["capital_wan"] else None,
                )
            )
    return records


def damaged(one: Record, number: int, chance: random.Random) -> Record:
    """The same enterprise entered a second time, with faults."""
    name, trade_name = one.name, one.parts.trade_name
    fault = chance.random()
    if fault < 0.15 and len(trade_name) >= 2:  # a character wrong
        at = name.find(trade_name) + chance.randrange(len(trade_name))
        name = name[:at] + chance.choice("新华达盛鑫隆丰泰兴源") + name[at + 1 :]
    elif fault < 0.25 and one.parts.form:
        name = name.removesuffix(one.parts.form) or name
    elif fault < 0.40 and one.parts.place and name.startswith(one.parts.place):
        name = name.removeprefix(one.parts.place)
    elif fault < 0.55:
        name = name.replace("(", "（").replace(")", "）").replace("有限公司", " 有限责任公司 ")
    code = one.uscc
    how = chance.random()
    if how < 0.6:
        code = ""
    elif how < 0.8 and code:
        at = chance.randrange(8, 17)
        code = code[:at] + chance.choice("0123456789") + code[at + 1 :]
    address = one.address
    if chance.random() < 0.4:
        address = address.removeprefix("浙江省").removeprefix("杭州市")
    if chance.random() < 0.25:
        address = ""
    day = one.established_on
    if chance.random() < 0.3:
        day = None
    elif day and chance.random() < 0.1:
        day += timedelta(days=chance.randrange(1, 20))
    capital = None if chance.random() < 0.4 else one.capital
    entered = {"name": name, "uscc": code, "old_number": "", "address": address}
    return replace(one, id=number, established_on=day, capital=capital, **entered)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--sample", type=int, default=0)
    sample = asked.parse_args().sample
    records = register()
    started = time.perf_counter()
    found = proposals(records)
    seconds = time.perf_counter() - started
    by_id = {one.id: one for one in records}
    chance = random.Random(7)
    originals = chance.sample([one for one in records if not one.parts.branch], 2000)
    seeded = records + [damaged(one, len(records) + at, chance) for at, one in enumerate(originals)]
    truth = {(one.id, len(records) + at) for at, one in enumerate(originals)}
    pairs = set(candidates(seeded)[0])
    started = time.perf_counter()
    asked_for = proposals(seeded)
    seconds_seeded = time.perf_counter() - started
    clean = {(one.left, one.right) for one in found}
    curve = {}
    for threshold in (0.5, 0.8, 0.95):
        said = {
            (one.left, one.right) for one in asked_for if one.kind == "duplicate" and one.probability >= threshold
        } - clean
        right = len(said & truth)
        curve[str(threshold)] = {
            "proposed": len(said),
            "precision": round(right / max(1, len(said)), 4),
            "recall": round(right / len(truth), 4),
        }
    print(
        json.dumps(
            {
                "records": len(records),
                "seconds": round(seconds, 2),
                "duplicates_proposed": sum(one.kind == "duplicate" for one in found),
                "branches_proposed": sum(one.kind == "branch" for one in found),
                "branches_only_seconds": _timed(lambda: list(branches(records))),
                "seeded": len(truth),
                "seconds_seeded": round(seconds_seeded, 2),
                "candidates_seeded": len(pairs),
                "recall_of_candidates": round(len(pairs & truth) / len(truth), 4),
                "at": curve,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            },
            ensure_ascii=False,
            indent=1,
        )
    )
    for kind in ("duplicate", "branch"):
        of_kind = [one for one in found if one.kind == kind]
        for one in chance.sample(of_kind, min(sample, len(of_kind))):
            left, right = by_id[one.left], by_id[one.right]
            print(kind, one.probability, left.name, left.uscc, left.address, "|", right.name, right.uscc, right.address)
    if sample:
        for pair in sorted({(p.left, p.right) for p in asked_for if p.kind == "duplicate"} - truth - clean)[:sample]:
            both = [next(r for r in seeded if r.id == number) for number in pair]
            print("wrong", *[f"{r.name} {r.uscc} {r.address} {r.established_on}" for r in both], sep=" | ")


def _timed(act: object) -> float:
    started = time.perf_counter()
    act()  # type: ignore[operator]
    return round(time.perf_counter() - started, 2)


if __name__ == "__main__":
    main()
