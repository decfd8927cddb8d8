"""What requests are about: quality on the hotline data, from nothing upwards, and on the examples the product brings.

    LINQI_DATA=../shared/data .venv/bin/python -m bench.cases_reading [--quick]

Five folds, near-duplicates in one fold; each fold is read by a reader that has not seen it, its confidence calibrated
inside the other four. Cold start: so many labels of each class, one fifth held out. Baselines: engines.md, section 6.
`--quick` leaves the 6,358 tokenised messages out. One JSON object on standard output.
"""

import argparse
import csv
import json
import os
import random
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from linqi.cases.intake import starter_examples
from linqi.cases.reading import alike, measure, normal, train

csv.field_size_limit(4 * 1024 * 1024)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true")
    options = asked.parse_args()
    told: dict[str, object] = {"baseline": {"tokenised_9210_rows": 0.923, "raw_851_rows": 0.853}}
    examples = starter_examples()
    told["starters"] = judged([one.text for one in examples], [one.category for one in examples])
    hotline = Path(os.environ.get("LINQI_DATA", "../shared/data")) / "hotline"
    if (hotline / "raw_labelled.csv").exists():
        rows = read(hotline / "raw_labelled.csv")
        texts, labels = [f"{row['title']}\n{row['body']}" for row in rows], [row["label"] for row in rows]
        told["raw"] = judged(texts, labels)
        told["raw_cold_start"] = cold(texts, labels, (5, 20, 50, 100))
    if not options.quick and (hotline / "train_tokenized.csv").exists():
        rows = read(hotline / "train_tokenized.csv")
        texts, labels = [row["tokens"] for row in rows], [row["label"] for row in rows]
        told["tokenised"] = judged(texts, labels)
        told["tokenised_cold_start"] = cold(texts, labels, (5, 20, 50, 100))
    print(json.dumps(told, ensure_ascii=False, indent=1))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def judged(texts: list[str], labels: list[str]) -> dict[str, object]:
    began = time.perf_counter()
    found = asdict(measure(texts, labels))
    return {
        "rows": len(texts),
        "labels": len(set(labels)),
        "seconds": round(time.perf_counter() - began, 1),
        **{key: round(value, 4) for key, value in found.items()},
    }


def cold(texts: list[str], labels: list[str], counts: tuple[int, ...]) -> dict[str, float]:
    """Macro-F1 on one fifth, by labels of each class learnt from; the mean of three draws."""
    groups: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(texts):
        groups[alike(normal(text))].append(at)
    found: dict[str, float] = {}
    for count in counts:
        scores = []
        for seed in range(3):
            dice = random.Random(seed)
            order = sorted(groups.values())
            dice.shuffle(order)
            held = [at for group in order[: len(order) // 5] for at in group]
            by_label: dict[str, list[int]] = defaultdict(list)
            for group in order[len(order) // 5 :]:
                for at in group:
                    by_label[labels[at]].append(at)
            learn = [at for one in sorted(by_label) for at in by_label[one][:count]]
            reader = train([texts[at] for at in learn], [labels[at] for at in learn])
            said = [one.ranked[0][0] for one in reader.propose_all([texts[at] for at in held])]
            scores.append(f1_score([labels[at] for at in held], said, average="macro", zero_division=0))
        found[str(count)] = round(float(np.mean(scores)), 4)
    return found


if __name__ == "__main__":
    main()
